"""The process in which the generated module runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the process starts before SymPy is loaded, so that both load at once
    from derive.checks.asked import Take
    from derive.network import Network

RUNNER = Path(__file__).with_name("runner.py")
FOREVER = 1e9  # seconds
EXAMPLES = 5  # random samples for a file that has no data
# The products here are small: threads of the BLAS would spend their time waiting for each other, above all where other
# programs run, and the last digits would depend on how many there are.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class ModuleFailed(Exception):
    """The generated module raised an error; the text is its traceback."""


class Runner:
    """A process that runs generated modules.

    It is started before there is a module, so that Python and NumPy have loaded there when the module is written, and
    it works while this process goes on.  Use it as a context manager: process and folder go when it is left.
    """

    def __init__(self) -> None:
        self.numbers: dict[Take, float] = {}
        self.trace: dict[str, Any] = {}
        self.taylor: dict[str, Any] = {}
        self.moments: list[dict[str, Any]] = []
        self.points: list[dict[str, Any]] = []
        self._folder = tempfile.TemporaryDirectory(prefix="derive-")
        self._process = subprocess.Popen([sys.executable, "-I", str(RUNNER)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
                                         env={**ONE_THREAD, **os.environ})
        self._pending: list[tuple[str, Sequence[Take]]] = []
        self._modules = 0
        self._name = ""

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def load(self, network: Network, module: Path, values: bool) -> None:
        """Load a module and the network's data; with `values`, `trace` gets all numbers at the start."""
        from derive.data import Arrays

        self._name = network.name
        sets = {"data": Arrays.of(network.data or example_data(network)), "test": Arrays.of(network.test)}
        data: Any = {which: arrays.written() for which, arrays in sets.items()}
        if None in data.values():
            data = str(path := Path(self._folder.name, "data.npz"))
            _save(path, sets)
        self._ask("load", module=str(module.resolve()), data=data, names=[*network.inputs, *network.targets],
                  constants={name: q.value for name, q in network.constants.items()}, loss=network.loss)
        self._ask("start", values=values)

    def read(self, takes: Sequence[Take], probe: Mapping[str, str] | None = None) -> None:
        """Read entries, of what the module traces or of what a probe module (its files) does."""
        if takes:
            self._ask("read", takes, probe=None if probe is None else str(self._written(probe, "probe", self._name)))

    def fit(self, takes: Sequence[Take]) -> None:
        """Train as the file says, and measure."""
        if takes:
            self._ask("fit", takes)

    def history(self, moments: Sequence[int], samples: int, first: Mapping[str, int | None] | None,
                seconds: float = FOREVER) -> None:
        """Read numbers while the module trains: `moments` gets, for each number of updates, all by quantity.

        Args:
            samples: how many of the data are computed, from the first.
            first: the quantities whose entries are read, of the first sample along the axis given; None reads the root
                mean square of every quantity.
            seconds: how long training may take; `moments` ends where they are over.
        """
        self._ask("history", moments=list(moments), samples=samples, first=first, seconds=seconds)

    def curves(self, moments: Sequence[int], samples: int, entries: bool) -> None:
        """Measure while the module trains: `points` gets, for each number of updates, losses, scores, parameters, gradients.

        Args:
            samples: how many of each set are computed, from the first.
            entries: whether parameters and gradients are nested lists, or root mean squares.
        """
        self._ask("curves", moments=list(moments), samples=samples, entries=entries)

    def compute(self, parameters: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Compute all numbers at other parameters (nested lists) and data (arrays); `trace` gets them."""
        self._ask("compute", parameters=dict(parameters), data={name: array.tolist() for name, array in data.items()})

    @property
    def values(self) -> dict[tuple[str, tuple[int, ...]], float]:
        """The numbers of `trace` by (quantity, indices from 0)."""
        return {(name, place): number for name, nested in self.trace.items() for place, number in entries(nested)}

    def test_gradients(self, seed: int) -> None:
        self._ask("taylor", seed=seed)

    def load_files(self, network: Network, files: Mapping[str, str]) -> None:
        """Load a module that nobody is to keep, and forget all numbers."""
        self.numbers = {}
        self._modules += 1
        self.load(network, self._written(files, f"module{self._modules}", network.name), values=False)

    def _written(self, files: Mapping[str, str], folder: str, name: str) -> Path:
        """The path of a module after its files are written, under the network's name, which they call each other by."""
        path = Path(self._folder.name, folder)
        path.mkdir(exist_ok=True)
        for ending, text in files.items():
            (path / f"{name}{ending}").write_text(text, encoding="utf-8")
        return path / f"{name}.py"

    def wait(self, for_: str | None = None, progress: Callable[[str], None] = lambda _: None) -> None:
        """Wait until the first request of a kind is answered, or all of them.

        Args:
            progress: is told what the process is doing.

        Raises:
            ModuleFailed: the module raised an error.
        """
        assert self._process.stdout is not None
        while self._pending and (for_ is None or any(kind == for_ for kind, _ in self._pending)):
            line = self._process.stdout.readline()
            if not line:
                raise ModuleFailed(self._process.communicate()[1] or f"exit code {self._process.returncode}")
            answer = json.loads(line)
            if "error" in answer:
                raise ModuleFailed(answer["error"])
            if "progress" in answer:
                progress(answer["progress"])
            takes = self._pending[0][1]
            self.numbers |= {takes[place]: value for place, value in answer.get("numbers", [])}
            self.trace = answer.get("trace", self.trace)
            self.taylor = answer.get("taylor", self.taylor)
            self.moments += [answer["moment"]] if "moment" in answer else []
            self.points += [answer["point"]] if "point" in answer else []
            if "done" in answer:
                del self._pending[0]

    def _ask(self, do: str, takes: Sequence[Take] = (), **what: Any) -> None:
        assert self._process.stdin is not None
        try:
            if takes:
                what["takes"] = [asdict(take) for take in takes]
            self._process.stdin.write(json.dumps({"do": do, **what}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:  # it has failed; what it said is read by `wait`
            pass
        self._pending.append((do, takes))


def entries(nested: Any, place: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], float]]:
    """The numbers of nested lists with their places, which count from 0."""
    if isinstance(nested, list):
        for position, part in enumerate(nested):
            yield from entries(part, (*place, position))
    else:
        yield place, nested


def example_data(network: Network, samples: int = EXAMPLES) -> dict[str, Any]:
    """Random data of the right kind for a file that has none of its own."""
    import numpy as np

    rng = np.random.default_rng(network.seed)
    data: dict[str, Any] = {}
    for name in network.inputs:
        shape = (samples, *_row(network, name))
        data[name] = rng.integers(0, network.labels[name], shape) if name in network.labels else rng.standard_normal(shape)
    units = _row(network, network.prediction)
    for name in network.targets:
        quantity = network.system.quantities[name]
        if quantity.integer:
            data[name] = rng.integers(0, units[-1], (samples, *units[:-1]))
        elif name == network.sample_weight:
            data[name] = rng.uniform(0.5, 1.5, samples)
        elif network.kind == "margin":
            data[name] = rng.choice([-1.0, 1.0], (samples, *units))
        elif network.kind in ("distribution", "logits"):
            data[name] = np.eye(units[-1])[rng.integers(0, units[-1], (samples, *units[:-1]))]
        elif network.kind in ("probability", "logit"):
            data[name] = rng.integers(0, 2, (samples, *units)).astype(float)
        else:
            data[name] = rng.standard_normal((samples, *units))
    quantities = network.system.quantities
    return {name: np.ascontiguousarray(np.moveaxis(array, 0, quantities[name].sample_axis or 0))
            for name, array in data.items()}


def _row(network: Network, name: str) -> tuple[int, ...]:
    return tuple(size for size in network.shape(name) if size is not None)


def _save(path: Path, sets: Mapping[str, Mapping[str, Any]]) -> None:
    import numpy as np

    np.savez(path, **{f"{which}/{name}": array for which, data in sets.items()
                      for name, array in data.items()})
