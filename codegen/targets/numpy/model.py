"""The class Model: the options of its constructor, and the update that it makes of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from codegen.targets.numpy.layout import call_lines
from codegen.targets.numpy.lowered import Lowered
from codegen.targets.numpy.update import Update, argument
from derive.network import Network


@dataclass(frozen=True)
class Option:
    """A keyword of the constructor: its annotation, its default as code, its line in the docstring, and what it may be."""

    name: str
    hint: str
    default: str
    meaning: str
    type: str
    allowed: str  # the arguments that `_check_option` is called with after its value


def options(network: Network) -> list[Option]:
    """The optimiser's constants, then what is said of training."""
    training, optimiser = network.training, network.optimiser
    of = optimiser.name.replace("_", " ")
    found = [Option(argument(name), "float", repr(float(value)), f"The {name.replace('_', ' ')} of {of}.", "float",
                    "float, above=0" if name == "learning_rate" else "float, least=0")
             for name, value in optimiser.constants.items()]

    def option(name: str, hint: str, default: Any, meaning: str, allowed: str) -> None:
        found.append(Option(name, hint, repr(default), meaning, hint.replace(" |", " or"), allowed))

    option("epochs", "int", training.epochs, "How often `fit` goes through the data.", "int, least=0")
    option("batch_size", "int | None", training.batch_size, "Samples in a batch; None for all of them.",
           "int, least=1, optional=True")
    option("shuffle", "bool", training.shuffle, "Whether each pass takes the samples in a new order.", "bool")
    option("tolerance", "float | None", training.stop_when_change_below,
           "`fit` stops when the loss changes by less than this from one pass to the next.",
           "float, least=0, optional=True")
    option("warm_start", "bool", False, "Whether `fit` goes on from the present parameters.", "bool")
    option("seed", "int | None", None,
           "Seed of the initial parameters and of the shuffling; None for the network's own.",
           "int, least=0, optional=True")
    found.append(Option("dtype", "DTypeLike", '"float64"', '"float64" or "float32".', "data type", ""))
    return found


def train(lowered: Lowered, update: Update) -> str:
    """The end of `_train`: the step and the update.

    The update comes layer by layer from within the step where asked for, and by parameter where they differ.
    """
    optimiser = lowered.network.optimiser
    data = lowered.identifiers(lowered.data)
    samples = lowered.count(data[0])
    head = ["self._values", "self._gradients", f"self._workspaces[{samples}]", *data]
    body = []
    if lowered.random:
        body = [f"        masks = self._masks[{samples}]", "        _draw(masks, self._rng)"]
        head.append("*masks.values()")
    layered = lowered.network.training.update_order == "layer_by_layer"
    if layered:
        body.append(call_lines("return _step", [*head, "self._update_part"], 8))
    else:
        body.append(call_lines("loss = _step", head, 8))
        if update.before:
            body.append(_call(update.before))
        body += ["        for begin, end in self._spans:", "            self._update_part(begin, end)"] if (
            optimiser.by_parameter) else [_call(update)]
        body.append("        return loss")
    if layered or optimiser.by_parameter:
        what = "one parameter" if optimiser.by_parameter else "the parameters of one layer"
        body += ["", "    def _update_part(self, begin: int, end: int) -> None:",
                 f'        """Update {what}, a slice of all of them."""',
                 _call(update, "[begin:end]", bool(optimiser.learning_rates))]
    return "\n".join(body)


def _call(update: Update, part: str = "", own_rates: bool = False) -> str:
    """The call of a function that updates vectors, or a part of each."""
    attributes = {"theta": "_theta", "g": "_gradient"}
    vectors = [f"self.{attributes.get(v, f'_{v}')}{part}" for v in update.vectors]
    known = {"k": "self.updates_", "K": "self._planned"}
    if own_rates:
        known["learning_rate"] = "self._learning_rates.get(begin, self.learning_rate)"
    return call_lines(update.name, [*vectors, *(known.get(n, f"self.{argument(n)}") for n in update.numbers)], 8)
