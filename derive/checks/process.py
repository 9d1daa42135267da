"""The process in which the generated module runs: started early, so that it works while LaTeX is written."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from derive.checks.asked import Take
from derive.network import Network

RUNNER = Path(__file__).with_name("runner.py")


class ModuleFailed(Exception):
    """The generated module raised an error; the text is its traceback."""


class Run:
    """A running module.  Use it as a context manager: its folder and process go when it is left."""

    def __init__(self, network: Network, module: Path, probe: str | None, takes: Sequence[Take], values: bool) -> None:
        self.takes = list(takes)
        self._values = values
        self.numbers: dict[Take, float] = {}
        self.trace: dict[str, Any] = {}
        self.taylor: dict[str, Any] = {}
        self.epochs: int | None = None
        self.updates: int | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="derive-")
        folder = Path(self._folder.name)
        if probe is not None:
            (folder / "probe.py").write_text(probe, encoding="utf-8")
        names = [*network.inputs, *network.targets]
        data = network.data or example_data(network)
        _save(folder / "data.npz", {"data": data, "test": network.test})
        request = {
            "module": str(module.resolve()), "probe": str(folder / "probe.py") if probe is not None else None,
            "data": str(folder / "data.npz"), "names": names, "takes": [asdict(take) for take in self.takes],
            "constants": {name: q.value for name, q in network.constants.items()}, "loss": network.loss,
            "values": values, "seed": network.seed}
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(RUNNER), str(folder / "request.json")], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, encoding="utf-8")
        self._answers = self._read()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def start(self) -> None:
        """Wait for the numbers at the start, and for the trace where it was asked for.

        Raises:
            ModuleFailed: the module raised an error.
        """
        next(self._answers, None)
        if self._values:
            next(self._answers, None)

    def finish(self) -> None:
        """Wait for everything else."""
        for _ in self._answers:
            pass

    def _read(self) -> Iterator[None]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            if "error" in answer:
                raise ModuleFailed(answer["error"])
            self.numbers |= {self.takes[place]: value for place, value in answer.get("numbers", [])}
            for name in ("trace", "taylor", "epochs", "updates"):
                if name in answer:
                    setattr(self, name, answer[name])
            yield
        if self._process.wait():
            assert self._process.stderr is not None
            raise ModuleFailed(self._process.stderr.read() or f"exit code {self._process.returncode}")


def example_data(network: Network, samples: int = 5) -> dict[str, Any]:
    """Random data of the right kind for a file that has none of its own."""
    import numpy as np

    rng = np.random.default_rng(network.seed)
    data: dict[str, Any] = {}
    for name in network.inputs:
        data[name] = rng.standard_normal((samples, *_row(network, name)))
    units = _row(network, network.prediction)
    for name in network.targets:
        quantity = network.system.quantities[name]
        if quantity.integer:
            data[name] = rng.integers(0, units[-1], samples)
        elif network.kind == "distribution":
            data[name] = np.eye(units[-1])[rng.integers(0, units[-1], samples)]
        elif network.kind == "probability":
            data[name] = rng.integers(0, 2, (samples, *units)).astype(float)
        else:
            data[name] = rng.standard_normal((samples, *units))
    return data


def _row(network: Network, name: str) -> tuple[int, ...]:
    return tuple(size for size in network.shape(name)[1:] if size is not None)


def _save(path: Path, sets: Mapping[str, Mapping[str, Any]]) -> None:
    import numpy as np

    np.savez(path, allow_pickle=False, **{f"{which}/{name}": array for which, data in sets.items()
                                          for name, array in data.items()})
