"""The picture as SVG: the drawing's nodes, edges and frames, with labels in MathML and numbers that move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

from derive.drawing import Drawing, Edge, Frame, Node
from derive.drawing.picture import Point
from derive.html.parts import Number, Part, Parts

SCALE = 40.0  # units of the picture for a centimetre of the drawing
LINE = 0.34  # centimetres: the height of a line of text
MARGIN = 0.15
MOST_LABELS = 24  # at lines, that are all seen at once
HEAD = 0.17  # centimetres: the length of an arrow's head
NUMBER = 0.8  # centimetres: the width of a number


@dataclass(frozen=True)
class Text:
    """A label around its centre, or a number (`series` is its key) around, before or behind a place (`anchor`)."""

    x: float
    y: float
    latex: str = ""
    series: str = ""
    anchor: str = "middle"


@dataclass(frozen=True)
class Shape:
    """A node or an edge as it is drawn; `part` is what it stands for, where that can be pointed at."""

    key: str
    kind: str
    texts: tuple[Text, ...]
    part: Part | None
    strength: str = ""  # the key of the numbers that it is drawn strong or weak by
    round: tuple[float, float, float] | None = None  # centre and radius
    box: tuple[float, float, float, float] | None = None
    line: str = ""
    head: str = ""  # the points of an arrow's head

    @property
    def label(self) -> str:
        """What is read out for it."""
        return self.part.name if self.part else ""


@dataclass(frozen=True)
class Picture:
    """All shapes, in the order in which they are drawn."""

    style: str
    width: float
    height: float
    frames: tuple[Shape, ...]
    edges: tuple[Shape, ...]
    nodes: tuple[Shape, ...]

    @property
    def dense(self) -> bool:
        """Whether there are so many labels at lines that only those that are lit should be seen."""
        return sum(bool(edge.texts) for edge in self.edges) > MOST_LABELS

    @property
    def view(self) -> str:
        """What is seen: the drawing, and the numbers that stand above or below it."""
        margin, rows = _units(MARGIN), [text.y for shape in self.nodes for text in shape.texts]
        top, bottom = min([0.0, *rows]) - margin, max([self.height, *rows]) + margin
        return f"{-margin:g} {top:g} {self.width + 2 * margin:g} {round(bottom - top, 1):g}"


def picture(drawing: Drawing, parts: Parts) -> Picture:
    """The drawing with the numbers of its parts."""
    of = {part.key: part for part in parts.parts}
    frames = tuple(Shape(f"frame{at}", "frame", tuple(_frame_label(each)), None, box=_box(each.at, each.width, each.height))
                   for at, each in enumerate(drawing.frames))
    close = _close(drawing)
    return Picture(drawing.style, _units(drawing.width), _units(drawing.height), frames,
                   tuple(_edge(each, of.get(each.key), each.label_at is not None and each.label_at[0] in close,
                               drawing.style == "blocks" and drawing.node(each.target).kind != "port")
                         for each in drawing.edges),
                   tuple(_node(each, of.get(each.key), drawing.style) for each in drawing.nodes))


def _frame_label(frame: Frame) -> Iterator[Text]:
    if frame.label_at is not None and frame.label.latex:
        x, y = frame.label_at
        yield Text(_units(x), _units(y), frame.label.latex)


def _close(drawing: Drawing) -> set[float]:
    """The columns of labels that stand so close above each other that there is no room for numbers below them."""
    labels = sorted((edge.label_at, edge.label.latex) for edge in drawing.edges if edge.label_at and edge.label)
    return {x for ((x, y), latex), ((other, below), _) in pairwise(labels)
            if x == other and below - y < (2.6 if "^" in latex else 1.9) * LINE}


def _edge(edge: Edge, part: Part | None, close: bool, arrow: bool) -> Shape:
    numbers = part.numbers if part is not None else ()
    series = numbers[0].key if numbers else ""
    texts: list[Text] = []
    if edge.label is not None and edge.label_at is not None:
        x, y = map(_units, edge.label_at)
        texts.append(Text(x, y, edge.label.latex))
        if series:
            texts.append(Text(x + _units(LINE), y, series=series, anchor="start") if close else
                         Text(x, y + _units(LINE * (1.4 if "^" in edge.label.latex else 1.0)), series=series))
    return Shape(edge.key, edge.kind, tuple(texts), part, series,
                 line="M" + " L".join(f"{_units(x):g} {_units(y):g}" for x, y in edge.points),
                 head=_head(*edge.points[-2:]) if arrow else "")


def _head(before: Point, end: Point) -> str:
    """The corners of an arrow's head."""
    length = hypot(end[0] - before[0], end[1] - before[1])
    x, y = (HEAD * (to - start) / length for start, to in zip(before, end, strict=True))
    back = end[0] - x, end[1] - y
    corners = (end, (back[0] - 0.4 * y, back[1] + 0.4 * x), (back[0] + 0.4 * y, back[1] - 0.4 * x))
    return " ".join(f"{_units(x):g},{_units(y):g}" for x, y in corners)


def _node(node: Node, part: Part | None, style: str) -> Shape:
    numbers = part.numbers if part is not None and style == "neurons" else ()
    x, y = map(_units, node.at)
    return Shape(node.key, node.kind, tuple(text for text in _texts(node, numbers) if text.latex or text.series), part,
                 round=(x, y, _units(node.width / 2)) if node.round else None,
                 box=None if node.round else _box(node.at, node.width, node.height))


def _texts(node: Node, numbers: tuple[Number, ...]) -> Iterator[Text]:
    """The labels of a node, and below each its number; below the node where two numbers would reach over its border."""
    x, y = map(_units, node.at)
    line = _units(LINE)
    if node.round and numbers:
        share = _units(node.width) / len(node.labels)
        narrow = len(node.labels) > 1 and hypot(node.width / 4 + NUMBER / 2, LINE) > node.width / 2
        for column, (label, number) in enumerate(zip(node.labels, numbers, strict=False)):
            at = x + share * (column + 0.5 - len(node.labels) / 2)
            yield Text(at, y - (0 if narrow else line * 0.4), label.latex)
            if narrow:
                yield Text(x + (column - 0.5) * 6, y + _units(node.height / 2) + line * 0.65, series=number.key,
                           anchor=("end", "start")[column])
            else:
                yield Text(at, y + line * 0.75, series=number.key)
        return
    for row, label in enumerate(node.labels):
        yield Text(x, y + (row - (len(node.labels) - 1) / 2) * 1.2 * line, label.latex)
    if numbers:  # a target: its number stands on the side where no arrow leaves it
        yield Text(x, y + 1.35 * line * (1 if y > 6 * line else -1), series=numbers[0].key)


def _box(at: tuple[float, float], width: float, height: float) -> tuple[float, float, float, float]:
    return _units(at[0] - width / 2), _units(at[1] - height / 2), _units(width), _units(height)


def _units(centimetres: float) -> float:
    return round(centimetres * SCALE, 1)
