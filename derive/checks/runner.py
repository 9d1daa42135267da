"""Runs a generated module in a process of its own; knows nothing of this project.

    python -I runner.py

Each line of standard input is a JSON object {"do": …, …}: "load" a module and data, "read" numbers, "taylor" or "fit".
Each is answered by one line of standard output or more, the last of them {"done": …}.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

STEPS = np.logspace(-1.5, -5, 15)
NEEDED = 5  # steps that a slope is taken from: the smallest whose remainder is well above rounding
SAMPLES, DIRECTIONS = 16, 5  # few samples, so that few of them lie near a kink; the median over directions


def load(path: str, name: str) -> Any:
    """The module of a file as it is now: nothing compiled earlier is read, and nothing is left beside it."""
    module = sys.modules[name] = ModuleType(name)
    module.__file__ = path
    exec(compile(Path(path).read_bytes(), path, "exec"), vars(module))
    return module


def answer(**parts: Any) -> None:
    print(json.dumps(parts), flush=True)


class Session:
    """A loaded module with its data."""

    def __init__(self, module: str, data: str | dict[str, dict[str, Any]], names: list[str], constants: dict[str, float],
                 loss: str) -> None:
        self.module = load(module, "network")
        self.constants = constants
        self.loss = loss
        self.names = names
        if isinstance(data, str):
            with np.load(data, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        else:
            arrays = {f"{which}/{name}": np.array(numbers) for which, few in data.items() for name, numbers in few.items()}
        self.sets = {which: {name: arrays[f"{which}/{name}"] for name in names}
                     for which in ("data", "test") if f"{which}/{names[0]}" in arrays}

    def values(self, parameters: dict[str, Any], on: str, trace: Any) -> dict[str, Any]:
        data = self.sets[on]
        return {**data, **self.constants, **parameters, **trace(parameters, *data.values())}

    def start(self, values: bool) -> None:
        """All numbers at the start, if they are wanted."""
        found = self.values(self.module.initial_parameters(), "data", self.module.trace) if values else {}
        answer(trace={name: np.asarray(value).tolist() for name, value in found.items()})

    def compute(self, parameters: dict[str, Any], data: dict[str, Any]) -> None:
        """All numbers at other parameters and data than those of the start."""
        self.sets["data"] = {name: np.array(data[name]) for name in self.names}
        start = self.module.initial_parameters()
        found = self.values({**start, **{name: np.array(value) for name, value in parameters.items()}}, "data",
                            self.module.trace)
        answer(trace={name: np.asarray(value).tolist() for name, value in found.items()})

    def read(self, takes: list[dict[str, Any]], probe: str | None) -> None:
        """Numbers at the start and after updates, of the network itself or of a module that traces more."""
        trace = load(probe, "probe").trace if probe else self.module.trace
        for full_batch in (False, True):
            chosen = [(place, take) for place, take in enumerate(takes) if take["full_batch"] == full_batch]
            if not chosen:
                continue
            model = self.module.Model(batch_size=None, shuffle=False) if full_batch else self.module.Model()
            training = model.training(*self.sets["data"].values())
            moments = sorted({take["after"] or 0 for _, take in chosen})
            often = max(1, moments[-1] // 100)
            for moment in moments:
                while model.updates_ < moment:
                    next(training)
                    if model.updates_ % often == 0:
                        answer(progress=f"update {model.updates_} of {moments[-1]}")
                now = [(place, take) for place, take in chosen if (take["after"] or 0) == moment]
                values = {on: self.values(model.parameters, on, trace) for on in {take["on"] or "data" for _, take in now}}
                answer(numbers=[[place, float(np.asarray(values[take["on"] or "data"][take["name"]])[tuple(take["entry"])])]
                                for place, take in now])

    def history(self, moments: list[int], samples: int, first: dict[str, int | None] | None, seconds: float) -> None:
        """Every quantity at moments of training, on the first samples.

        Args:
            moments: numbers of updates, rising.
            first: of these quantities the entries, of the first sample along the axis given; without it the root mean
                square of each quantity.
            seconds: how long training may take; what comes after is left out.
        """
        end = time.monotonic() + seconds
        model = self.module.Model()
        training = model.training(*self.sets["data"].values())
        data = _first(self.module, self.sets["data"], samples)
        for moment in moments:
            while model.updates_ < moment:
                next(training)
                if time.monotonic() > end:
                    return
            found = {**data, **model.parameters, **self.module.trace(model.parameters, *data.values())}
            if first is None:
                numbers = {name: _root_mean_square(value) for name, value in found.items()}
            else:
                numbers = {name: (np.asarray(found[name]) if axis is None else np.take(found[name], 0, axis)).tolist()
                           for name, axis in first.items() if name in found}
            answer(moment=numbers, progress=f"update {moment} of {moments[-1]}")

    def curves(self, moments: list[int], samples: int, entries: bool) -> None:
        """Loss and score on the first samples of each set, parameters and gradients, at moments of training.

        Args:
            moments: numbers of updates, rising.
            entries: whether every entry is told, or the root mean square of each parameter.
        """
        model = self.module.Model()
        training = model.training(*self.sets["data"].values())
        sets = {which: _first(self.module, data, samples) for which, data in self.sets.items()}
        told = (lambda value: np.asarray(value).tolist()) if entries else _root_mean_square
        for moment in moments:
            while model.updates_ < moment:
                next(training)
            parameters = {name: np.array(value) for name, value in model.parameters.items()}
            found = {which: self.module.loss_and_gradients(parameters, *data.values()) for which, data in sets.items()}
            answer(point={"loss": {which: float(loss) for which, (loss, _) in found.items()},
                          "score": {which: float(model.score(*data.values())) for which, data in sets.items()}
                          if hasattr(model, "score") else {},
                          "parameters": {name: told(value) for name, value in parameters.items()},
                          "gradients": {name: told(value) for name, value in found["data"][1].items()}},
                   progress=f"update {moment} of {moments[-1]}")

    def fit(self, takes: list[dict[str, Any]]) -> None:
        """What is measured after training."""
        model = self.module.Model()
        answer(progress=f"training, {model.epochs} epochs")
        model.fit(*self.sets["data"].values())
        found = []
        for place, take in enumerate(takes):
            on = self.sets[take["on"]].values()
            if take["name"] == "updates":
                measured = model.updates_
            elif take["name"] == self.loss:
                measured = self.module.loss_and_gradients(model.parameters, *on)[0]
            else:
                measured = model.score(*on)
            found.append([place, float(measured)])
        answer(numbers=found)


def _root_mean_square(value: Any) -> float:
    return float(np.sqrt(np.mean(np.square(value))))


def _first(module: Any, data: dict[str, Any], count: int) -> dict[str, Any]:
    """The first samples of the data; the shapes that a module states begin with those of its data."""
    axes = [shape.index("m") for shape in list(module.SHAPES.values())[:len(data)]]
    return {name: array[(*[slice(None)] * axis, slice(count))]
            for (name, array), axis in zip(data.items(), axes, strict=True)}


def taylor(module: Any, data: dict[str, Any], seed: int) -> dict[str, Any]:
    """|J(θ + hv) − J(θ) − h·∇J·v| for falling h along random directions v, and its slope in log-log: 2."""
    rng = np.random.default_rng(seed)
    data = _first(module, data, SAMPLES)
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
        remainders = []
        for h in STEPS:
            moved = {name: value + h * direction[name] for name, value in parameters.items()}
            remainders.append(abs(module.loss_and_gradients(moved, *data.values())[0] - start - h * slope))
        left = np.array(remainders)
        rounding = 1e-15 * max(abs(start), abs(slope), 1e-300)
        clear = np.flatnonzero(left > 1000 * rounding)[-NEEDED:]
        if len(clear) == NEEDED:
            slopes.append(float(np.polyfit(np.log(STEPS[clear]), np.log(left[clear]), 1)[0]))
        straight = straight and bool((left <= 1e5 * rounding).all())
    return {"slope": float(np.median(slopes)) if slopes else None, "linear": straight}


def main() -> None:
    session: Any = None
    for line in sys.stdin:
        request = json.loads(line)
        do = request.pop("do")
        if do == "load":
            session = Session(**request)
        elif do == "taylor":
            answer(taylor=taylor(session.module, session.sets["data"], request["seed"]))
        else:
            getattr(session, do)(**request)
        answer(done=do)


if __name__ == "__main__":
    try:
        main()
    except Exception:
        answer(error=traceback.format_exc())
        sys.exit(1)
