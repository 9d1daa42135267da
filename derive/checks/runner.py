"""Runs a generated module in a process of its own; knows nothing of this project.

    python -I runner.py request.json

The request names the module, the data and what to read; answers go to standard output, one JSON object a line:
first the numbers at the start, then those after updates, the slope of the Taylor test, and the metrics after training.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import traceback
from pathlib import Path

import numpy as np

STEPS = np.logspace(-0.5, -5, 19)
NEEDED = 5  # steps that a slope is taken from: the smallest whose remainder is well above rounding
SAMPLES, DIRECTIONS = 16, 5  # few samples, so that few of them lie near a kink; the median over directions


def load(path: str, name: str):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def answer(**parts) -> None:
    print(json.dumps(parts), flush=True)


def number(array, entry) -> float:
    return float(np.asarray(array)[tuple(entry)])


def readings(request, module, probe, parameters, data, takes) -> list[list]:
    """[position of the take, value] for takes of one moment."""
    values = {**data, **request["constants"], **parameters, **module.trace(parameters, *data.values())}
    if probe is not None:
        values |= probe.trace(parameters, *data.values())
    return [[place, number(values[take["name"]], take["entry"])] for place, take in takes]


def taylor(module, data, seed: int) -> dict:
    """|J(θ + hv) − J(θ) − h·∇J·v| for falling h along random directions v, and its slope in log-log: 2."""
    rng = np.random.default_rng(seed)
    data = {name: array[:SAMPLES] for name, array in data.items()}
    parameters = {name: np.array(value, dtype=np.float64) for name, value in module.initial_parameters(seed).items()}
    parameters = {name: value + 0.01 * rng.standard_normal(value.shape) for name, value in parameters.items()}
    start, gradients = module.loss_and_gradients(parameters, *data.values())
    size = max(np.sqrt(sum(float(np.sum(p * p)) for p in parameters.values())), 1e-3)
    slopes, straight = [], True
    for _ in range(DIRECTIONS):
        direction = {name: rng.standard_normal(value.shape) for name, value in parameters.items()}
        length = np.sqrt(sum(float(np.sum(v * v)) for v in direction.values()))
        direction = {name: v * (0.1 * size / length) for name, v in direction.items()}
        slope = sum(float(np.sum(gradients[name] * v)) for name, v in direction.items() if name in gradients)
        left = []
        for h in STEPS:
            moved = {name: value + h * direction[name] for name, value in parameters.items()}
            left.append(abs(module.loss_and_gradients(moved, *data.values())[0] - start - h * slope))
        left = np.array(left)
        rounding = 1e-15 * max(abs(start), abs(slope), 1e-300)
        clear = np.flatnonzero(left > 1000 * rounding)[-NEEDED:]
        if len(clear) == NEEDED:
            slopes.append(float(np.polyfit(np.log(STEPS[clear]), np.log(left[clear]), 1)[0]))
        straight = straight and bool((left <= 1e5 * rounding).all())
    return {"slope": float(np.median(slopes)) if slopes else None, "linear": straight}


def run(request) -> None:
    module = load(request["module"], "network")
    probe = load(request["probe"], "probe") if request["probe"] else None
    with np.load(request["data"], allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    data = {name: arrays[f"data/{name}"] for name in request["names"]}
    takes = list(enumerate(request["takes"]))
    entries = [(place, take) for place, take in takes if take["kind"] == "entry"]
    start = module.initial_parameters()
    sets = {which: {name: arrays[f"{which}/{name}"] for name in request["names"]}
            for which in ("data", "test") if f"{which}/{request['names'][0]}" in arrays}
    moments = sorted({(take["on"] or "", take["after"] or 0) for _, take in entries})
    first = [(on, after) for on, after in moments if after == 0]
    answer(numbers=[found for on, _ in first for found in readings(
        request, module, probe, start, sets[on or "data"],
        [e for e in entries if not e[1]["after"] and (e[1]["on"] or "") == on])])
    if request["values"]:
        everything = {**data, **start, **module.trace(start, *data.values())}
        answer(trace={name: np.asarray(value).tolist() for name, value in everything.items()})
    for on in sorted({on for on, after in moments if after}):
        model = module.Model(batch_size=None, shuffle=False) if on else module.Model()
        training = model.training(*sets[on or "data"].values())
        for moment in [after for each, after in moments if each == on and after]:
            while model.updates_ < moment:
                next(training)
            answer(numbers=readings(request, module, probe, model.parameters, sets[on or "data"],
                                    [e for e in entries if e[1]["after"] == moment and (e[1]["on"] or "") == on]))
    answer(taylor=taylor(module, data, request["seed"]))
    metrics = [(place, take) for place, take in takes if take["kind"] == "metric"]
    if metrics:
        model = module.Model().fit(*data.values())
        found = []
        for place, take in metrics:
            on = [arrays[f"{take['on']}/{name}"] for name in request["names"]]
            if take["name"] == "updates":
                measured = model.updates_
            elif take["name"] == request["loss"]:
                measured = module.loss_and_gradients(model.parameters, *on)[0]
            else:
                measured = model.score(*on)
            found.append([place, float(measured)])
        answer(numbers=found, epochs=len(model.loss_history_), updates=model.updates_)


if __name__ == "__main__":
    try:
        run(json.loads(Path(sys.argv[1]).read_text()))
    except Exception:
        answer(error=traceback.format_exc())
        sys.exit(1)
