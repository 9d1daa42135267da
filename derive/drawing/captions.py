"""What stands in the boxes of a drawing of blocks: which layer it is, what it hands on, and its parameters."""

from __future__ import annotations

from dataclasses import dataclass

from derive.drawing.graph import Graph, Group, Part
from derive.drawing.picture import Label, NodeKind, Place
from derive.drawing.units import parameters
from derive.drawing.words import Words, breadth, words
from derive.language.equations import Recurrence
from derive.network import Network

JOINS = {"add": Label("+", "+"), "multiply": Label(r"\times", "×"), "concatenate": Label(r"\Vert", "‖")}
ROW = 0.42  # the height of a line of text in a box
PADDING = 0.3
MOST_SYMBOLS = 3  # of parameters that are written


@dataclass(frozen=True)
class Caption:
    """A box before it has a place."""

    kind: NodeKind
    labels: tuple[Label, ...]
    name: str
    places: tuple[Place, ...]
    width: float
    height: float


def captions(network: Network, graph: Graph) -> dict[Part, Caption]:
    """What is written in the box of every part."""
    writer = _Writer(network)
    return {part: writer.caption(part) for part in graph.parts()}


def frame_label(group: Group) -> Label:
    """The name of a block, and how often it is repeated."""
    name = words(group.block) if group.block else Label("", "")
    if group.copies == 1:
        return name
    space = r"\ " if group.block else ""
    return Label(rf"{name.latex}{space}\times {group.copies}", f"{name.plain} × {group.copies}".strip())


def loop_label(recurrence: Recurrence) -> Label:
    """Which step a recurrence reads."""
    sign = "-" if recurrence.step > 0 else "+"
    letter = recurrence.index.name
    return Label(f"{letter} {sign} 1", f"{letter} {'−' if sign == '-' else '+'} 1")


class _Writer:
    """Writes the captions of one network."""

    def __init__(self, network: Network) -> None:
        self.network, self.words = network, Words(network)
        self.quantities = network.system.quantities
        self.parameters = parameters(network)

    def caption(self, part: Part) -> Caption:
        places = tuple((name, None) for name in part.quantities)
        layer = part.layer
        if layer is not None and layer.kind in JOINS:
            label = JOINS[layer.kind]
            return Caption("join", (label,), f"layer {layer.name} ({layer.kind})", places, 0.6, 0.6)
        if layer is None and part.kind == "loss":
            meaning = self.quantities[self.network.loss].meaning or "loss"
            symbol = self.words.label((self.network.loss, None))
            return self._boxed("loss", (words(meaning), symbol), f"the {meaning}", places)
        if layer is None:
            kind: NodeKind = "target" if part.kind == "target" else "input"
            return self._boxed(kind, (self._handed_on(part.quantities[0]),), f"{kind} {part.quantities[0]}", places)
        title = self._title(part)
        symbols = self._parameters(layer.quantities)
        return self._boxed("block", (title, self._handed_on(layer.output), *symbols), f"layer {layer.name} ({title.plain})",
                           places)

    def _boxed(self, kind: NodeKind, labels: tuple[Label, ...], name: str, places: tuple[Place, ...]) -> Caption:
        return Caption(kind, labels, name, places, max(map(breadth, labels)) + PADDING, ROW * len(labels) + 0.16)

    def _title(self, part: Part) -> Label:
        layer = part.layer
        assert layer is not None
        activation = layer.activation or "formula"
        said = activation if layer.kind == "activation" else layer.kind or self.quantities[layer.output].meaning
        if layer.activation is not None and layer.kind != "activation":
            said += f", {activation}"
        said = said.replace("_", " ") if layer.kind else said
        own = layer.name if not layer.name.isdigit() and layer.kind else ""
        return words(f"{own}: {said}" if own else said or layer.output)

    def _handed_on(self, name: str) -> Label:
        """A quantity and its shape."""
        symbol = self.words.label((name, None))
        shape = [str(size) for size in self.network.shape(name) if size is not None]
        if not shape:
            return symbol
        sizes = r"{\times}".join(shape)
        return Label(rf"{symbol.latex}\colon\ {sizes}", f"{symbol.plain}: {'×'.join(shape)}")

    def _parameters(self, names: tuple[str, ...]) -> tuple[Label, ...]:
        own = [name for name in names if name in self.parameters]
        if not own:
            return ()
        if len(own) > MOST_SYMBOLS:
            return (words(f"{len(own)} parameters"),)
        return (self.words.several([(name, None) for name in own]),)
