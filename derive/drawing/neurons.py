"""The picture of a small dense network: a column of circles for each layer, and a line for each weight."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from derive.drawing.picture import Drawing, Edge, EdgeKind, Frame, Label, Node, Place, Point, border, fitted
from derive.drawing.units import Unit, Units
from derive.drawing.words import Words, breadth
from derive.network import Network

ROW = 2.2  # between the centres of two circles of a column, at least
APART = 0.6  # between these circles
COLUMN = 2.3  # between the centres of two columns without weights between them
CIRCLE = 1.1  # across a circle, at least: a name and a number have room
TARGET = 1.25  # from a target down to what it is compared with
LINE = 0.55  # from the middle of one line of text to that of the next, where both can be read
BOX = 0.5  # the height of a target's box
MARGIN = 0.15


def neurons(network: Network, found: Units) -> Drawing:
    """The drawing of the units of a network."""
    return _Neurons(network, found).drawing()


class _Neurons:
    """Puts circles into columns, and then draws what they read."""

    def __init__(self, network: Network, found: Units) -> None:
        self.words = Words(network)
        self.quantities = network.system.quantities
        self.found = found
        self.columns: dict[int, list[Unit]] = {}
        for unit in found.units:
            if unit.kind != "target":
                self.columns.setdefault(unit.column, []).append(unit)
        self.row = max([ROW, *(LINE * (len(column) + 1) for column in self.columns.values()),
                        *(self._diameter(unit) + APART for unit in found.units if unit.kind != "target")])
        self.bottom = self.row * (max(map(len, self.columns.values())) - 1)
        self.nodes: dict[int, Node] = {}  # by the identity of the unit
        self.biases: dict[tuple[int, Place | None], Node] = {}
        self.edges: list[Edge] = []
        self.keys = (f"n{number}" for number in count())

    def drawing(self) -> Drawing:
        across = self._across()
        for number, column in sorted(self.columns.items()):
            top = (self.bottom - self.row * (len(column) - 1)) / 2
            for place, unit in enumerate(column):
                self._node(unit, (across[number], top + self.row * place))
        for unit in self.found.units:
            if unit.kind == "target":
                self._target(unit)
        for number, column in sorted(self.columns.items()):
            self._weights(column, across.get(number - 1, 0.0))
        frames = [self._frame(layer) for layer in self.found.coupled]
        return fitted("neurons", [*self.nodes.values(), *self.biases.values()], self.edges, frames)

    def _across(self) -> dict[int, float]:
        """The x of each column, so far apart that the labels on the lines between them can be read."""
        at, across = 0.0, {}
        for number, column in sorted(self.columns.items()):
            if number - 1 in self.columns:
                before = max(self._diameter(unit) for unit in self.columns[number - 1])
                labels = [breadth(self.words.label(place)) for unit in column
                          for place in (*(place for _, place in unit.reads if place), *unit.biases)]
                reach = (len(column) + 1) * (before / 2 + max(labels, default=0.0) / 2 + MARGIN)
                own = max(self._diameter(unit) for unit in column)
                at += max(reach, (before + own) / 2 + 1.8) if labels else COLUMN
            across[number] = at
        return across

    def _labels(self, unit: Unit) -> tuple[Label, ...]:
        return tuple(self.words.label(place) for place in unit.places)

    def _diameter(self, unit: Unit) -> float:
        labels = self._labels(unit)
        widest = max(map(breadth, labels))
        return max(CIRCLE, widest + 0.3 if len(labels) == 1 else 2 * widest + 0.5)

    def _node(self, unit: Unit, at: Point) -> None:
        size = max(self._diameter(each) for each in self.columns[unit.column])
        self.nodes[id(unit)] = Node(next(self.keys), unit.kind, at, size, size, self._labels(unit),
                                    self.words.unit(unit.places), tuple(unit.places))

    def _target(self, unit: Unit) -> None:
        """A target stands above what is compared with it, or below in the lower half."""
        readers = [self.nodes[id(each)] for each in self.found.units if any(read is unit for read, _ in each.reads)]
        x = sum(reader.at[0] for reader in readers) / len(readers)
        y = sum(reader.at[1] for reader in readers) / len(readers)
        label = self.words.several(unit.places)
        width = breadth(label) + 0.3
        x += max(0.0, (width - readers[0].width) / 2)  # at its left there are lines from the outputs
        at = (x, y + (-TARGET if y <= self.bottom / 2 else TARGET))
        self.nodes[id(unit)] = Node(next(self.keys), "target", at, width, BOX, (label,),
                                    self.words.unit(unit.places), tuple(unit.places))

    def _weights(self, column: Sequence[Unit], before: float) -> None:
        """The lines into a column.

        Where n lines leave each circle, a label at 1/(n + 1) of its line is as far from the next one above as below.
        """
        along = 1 / (len(column) + 1)
        for unit in column:
            node = self.nodes[id(unit)]
            for read, place in unit.reads:
                if id(read) in self.nodes:
                    self._edge("weight" if place else "flow", self.nodes[id(read)], node, place, along)
            for place in unit.biases:
                shared = not self.quantities[place[0]].indices or sum(place in each.biases for each in column) > 1
                self._edge("bias", self._bias(unit.column, place if shared else None, before), node,
                           None if shared else place, along)

    def _bias(self, column: int, place: Place | None, x: float) -> Node:
        """The circle of a shared bias, or that of a 1, which all biases of a layer multiply."""
        if (column, place) not in self.biases:
            label = Label("1", "1") if place is None else self.words.label(place)
            size = max(CIRCLE if place else 0.7, breadth(label) + 0.3)
            beside = sum(number == column for number, _ in self.biases)
            self.biases[column, place] = Node(
                next(self.keys), "bias", (x + beside * COLUMN / 2, self.bottom + self.row), size, size, (label,),
                label.plain if place else f"the biases of {self.words.unit(self.columns[column][0].places)}",
                (place,) if place else ())
        return self.biases[column, place]

    def _edge(self, kind: EdgeKind, source: Node, target: Node, place: Place | None, along: float) -> None:
        (x, y), (to_x, to_y) = source.at, target.at
        label = self.words.label(place) if place else None
        if source.kind == "target":  # straight up or down where it is wide enough
            half = source.width / 2
            start = min(max(to_x, x - half), x + half), y + (BOX if to_y > y else -BOX) / 2
        else:
            start = border(source, target.at)
        self.edges.append(Edge(f"e{len(self.edges)}", kind, source.key, target.key, (start, border(target, start)), place,
                               label, (x + along * (to_x - x), y + along * (to_y - y)) if label else None))

    def _frame(self, layer: Sequence[Unit]) -> Frame:
        """The box around units that one function takes together."""
        nodes = [self.nodes[id(unit)] for unit in layer]
        size = nodes[0].width + 0.3
        y = [node.at[1] for node in nodes]
        return Frame((nodes[0].at[0], (y[0] + y[-1]) / 2), size, y[-1] - y[0] + size)
