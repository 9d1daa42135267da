"""What we generate for a target, one call of fit for all steps."""

from __future__ import annotations

import importlib.util
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from training_systems.networks import Batch, Network
from training_systems.system import NumpySystem, Unavailable, Weights


class System(NumpySystem):
    loop_inside = True

    def __init__(self, target: str) -> None:
        self.target = target

    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name, "network.py")
        # In a process of its own: what the derivation needs is no memory of the training's.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
            other.submit(write_module, page(network), self.target, path).result()
        try:
            generated = module(path)
        except ImportError as missing:
            raise Unavailable(str(missing)) from None
        self.batch = batch
        self.model = generated.Model(batch_size=None, shuffle=False, warm_start=True, dtype=network.dtype)
        self.names = [f"{letter}{layer}" for layer in range(1, len(network.widths)) for letter in "Wb"]
        self.put(dict(zip(self.names, weights, strict=True)))

    def put(self, parameters: dict[str, Any]) -> None:
        for name, array in parameters.items():
            self.model.parameters[name][...] = array

    def run(self, steps: int) -> Weights:
        self.model.epochs = steps
        self.model.fit(self.batch.x, self.batch.t)
        return self.weights()

    def weights(self) -> Weights:
        return [self.model.parameters[name] for name in self.names]


def page(network: Network) -> str:
    """The network as a file for `python -m derive`."""
    *hidden, classes = network.widths[1:]
    layers = [f"  - {{dense: {width}, activation: {network.activation}}}\n" for width in hidden]
    return (f"name: network\ninputs: {{x: {network.widths[0]}}}\nlayers:\n{''.join(layers)}"
            f"  - {{dense: {classes}, activation: softmax}}\nloss: cross_entropy\n"
            f"optimiser: {{gradient_descent: {{learning_rate: {network.learning_rate}}}}}\n")


def write_module(text: str, target: str, path: Path) -> None:
    """Derive a network and write the files of a target."""
    import codegen
    import derive

    source = path.with_suffix(".yaml")
    source.write_text(text, encoding="utf-8")
    network = derive.load(source)
    codegen.write_files(codegen.generate_files(network, network.derivation(), target), path)


def module(path: Path) -> Any:
    """Import a module from a file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made
