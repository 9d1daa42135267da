"""Runs a generated module in a process of its own; knows nothing of this project.

    python -I runner.py request.json

The request names the module, the data and what to read; answers go to standard output, one JSON object a line:
first the numbers at the start, then those after updates, then the metrics after training, and the Taylor slope.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import traceback
from pathlib import Path

import numpy as np

STEPS = np.logspace(-1, -3, 9)


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
    """|J(θ + hv) − J(θ) − h·∇J·v| for falling h along a random direction v, and its slope in log-log: 2."""
    rng = np.random.default_rng(seed)
    parameters = {name: np.array(value, dtype=np.float64) for name, value in module.initial_parameters(seed).items()}
    parameters = {name: value + 0.01 * rng.standard_normal(value.shape) for name, value in parameters.items()}
    start, gradients = module.loss_and_gradients(parameters, *data.values())
    direction = {name: rng.standard_normal(value.shape) for name, value in parameters.items()}
    length = np.sqrt(sum(float(np.sum(v * v)) for v in direction.values()))
    size = max(np.sqrt(sum(float(np.sum(p * p)) for p in parameters.values())), 1e-3)
    direction = {name: v * (0.1 * size / length) for name, v in direction.items()}
    slope = sum(float(np.sum(gradients[name] * v)) for name, v in direction.items() if name in gradients)
    left = []
    for h in STEPS:
        moved = {name: value + h * direction[name] for name, value in parameters.items()}
        left.append(abs(module.loss_and_gradients(moved, *data.values())[0] - start - h * slope))
    left = np.array(left)
    rounding = 1e-14 * max(abs(start), abs(slope), 1e-300)
    clear = left > 100 * rounding
    if clear.sum() < 3:  # J is a straight line along v, to rounding
        return {"slope": None, "remainders": left.tolist(), "linear": bool((left <= 1e4 * rounding).all())}
    slopes = np.diff(np.log(left[clear])) / np.diff(np.log(STEPS[clear]))
    return {"slope": float(np.median(slopes)), "remainders": left.tolist()}


def run(request) -> None:
    module = load(request["module"], "network")
    probe = load(request["probe"], "probe") if request["probe"] else None
    with np.load(request["data"], allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    data = {name: arrays[f"data/{name}"] for name in request["names"]}
    takes = list(enumerate(request["takes"]))
    entries = [(place, take) for place, take in takes if take["kind"] == "entry"]
    start = module.initial_parameters()
    now = readings(request, module, probe, start, data, [e for e in entries if not e[1]["after"]])
    trace = {}
    if request["values"]:
        everything = {**data, **start, **module.trace(start, *data.values())}
        trace = {name: np.asarray(value).tolist() for name, value in everything.items()}
    answer(numbers=now, trace=trace)

    moments = sorted({take["after"] for _, take in entries if take["after"]})
    if moments:
        model = module.Model()
        training = model.training(*data.values())
        for moment in moments:
            while model.updates_ < moment:
                next(training)
            answer(numbers=readings(request, module, probe, model.parameters, data,
                                    [e for e in entries if e[1]["after"] == moment]))
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
