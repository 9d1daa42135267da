"""What a drawing consists of: nodes, edges between them, and frames around some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import hypot
from typing import Literal

Point = tuple[float, float]
Place = tuple[str, tuple[int, ...] | None]  # an entry, its indices from 0 and the first sample's; None: a whole quantity
Style = Literal["neurons", "blocks"]
NodeKind = Literal["input", "unit", "bias", "target", "loss", "block", "join", "port"]
EdgeKind = Literal["weight", "bias", "flow", "loop", "tied"]

EM = 0.3175  # centimetres: the em of the letters, which are 9 pt high
MARGIN = 0.1  # around a drawing


@dataclass(frozen=True)
class Label:
    """A piece of text: LaTeX for mathematics mode (words stand in \\text), and the same as plain text."""

    latex: str
    plain: str


@dataclass(frozen=True)
class Node:
    """A circle, a box or a dot.

    Attributes:
        key: its identifier in this drawing: n0, n1, …
        kind: what it is.  Circles: "input", "unit", "bias", "target", "loss", "join" (a sum, a product or a concatenation
            of layers).  Boxes: "block" (a layer), and in drawings of blocks "input", "target" and "loss" too.  A dot:
            "port", where what a frame reads enters it; it stands for nothing.
        at: its centre.
        width, height: those of the circle or box.
        labels: for a unit with an activation net input and output, to be set left and right; for a box its lines from
            top to bottom; else one, or none.
        name: what a sentence calls it: "h1", or "layer 2".
        places: what it stands for: entries of quantities, or whole ones.
    """

    key: str
    kind: NodeKind
    at: Point
    width: float
    height: float
    labels: tuple[Label, ...]
    name: str
    places: tuple[Place, ...]

    @property
    def round(self) -> bool:
        """Whether it is drawn as a circle."""
        return self.width == self.height and self.kind != "block"


@dataclass(frozen=True)
class Edge:
    """An arrow.

    Attributes:
        key: its identifier in this drawing: e0, e1, …
        kind: "weight" (carries a parameter), "bias" (from a bias to what it is added to), "flow" (what one layer hands to
            another), "loop" (a layer reads its own entry of another step), "tied" (parameters are those of another layer).
        source, target: keys of nodes.
        points: its course, straight from point to point, from the border of the source to that of the target.
        place: the entry of a parameter that it carries.
        label, label_at: its text, if it has one, and the centre of this.
    """

    key: str
    kind: EdgeKind
    source: str
    target: str
    points: tuple[Point, ...]
    place: Place | None = None
    label: Label | None = None
    label_at: Point | None = None


@dataclass(frozen=True)
class Frame:
    """A box around a block of layers, or around the units of a layer that act on each other (these have no label).

    `copies` says how often what it shows is repeated; the label says so too, and stands at the right, outside.
    """

    at: Point
    width: float
    height: float
    label: Label = Label("", "")
    label_at: Point | None = None
    copies: int = 1


@dataclass(frozen=True)
class Drawing:
    """A picture of a network, from (0, 0) to (width, height): x goes to the right and y down, in centimetres on paper."""

    style: Style
    width: float
    height: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    frames: tuple[Frame, ...] = ()

    def node(self, key: str) -> Node:
        return self._nodes[key]

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return {node.key: node for node in self.nodes}


def border(node: Node, towards: Point) -> Point:
    """Where a line from the centre of a node to a point leaves it."""
    (x, y), (to_x, to_y) = node.at, towards
    across, down = to_x - x, to_y - y
    if not node.width or not across and not down:
        return node.at
    if node.round:
        part = node.width / 2 / hypot(across, down)
    else:
        part = min(size / 2 / abs(way) for size, way in ((node.width, across), (node.height, down)) if way)
    return x + part * across, y + part * down


def fitted(style: Style, nodes: Sequence[Node], edges: Sequence[Edge], frames: Sequence[Frame] = ()) -> Drawing:
    """A drawing of these parts, moved so that it begins at (0, 0) with a small margin."""
    points = [point for edge in edges for point in (*edge.points, *([edge.label_at] if edge.label_at else []))]
    boxes: list[Node | Frame] = [*nodes, *frames]
    for box in boxes:
        (x, y), across, down = box.at, box.width / 2, box.height / 2
        points += [(x - across, y - down), (x + across, y + down)]
    left, top = (min(point[axis] for point in points) - MARGIN for axis in (0, 1))
    right, bottom = (max(point[axis] for point in points) + MARGIN for axis in (0, 1))

    def at(point: Point) -> Point:
        return round(point[0] - left, 3), round(point[1] - top, 3)

    return Drawing(style, round(right - left, 3), round(bottom - top, 3),
                   tuple(replace(node, at=at(node.at)) for node in nodes),
                   tuple(replace(edge, points=tuple(map(at, edge.points)),
                                 label_at=at(edge.label_at) if edge.label_at else None) for edge in edges),
                   tuple(replace(frame, at=at(frame.at), label_at=at(frame.label_at) if frame.label_at else None)
                         for frame in frames))
