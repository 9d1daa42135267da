"""The picture of any network: a box for each layer, in rows, with arrows for what the layers hand on.

A block of layers is laid out by itself and then placed as if it were one box; what it reads enters its frame at a port.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from derive.drawing.captions import Caption, captions, frame_label, loop_label
from derive.drawing.graph import Graph, Group, Part, graph, parts
from derive.drawing.layered import ACROSS, Box, Line, Rows, arranged
from derive.drawing.picture import Drawing, Edge, EdgeKind, Frame, Label, Node, Point, border, fitted
from derive.drawing.words import breadth
from derive.network import Network

PAD = 0.2  # inside a frame
SPACE = 0.12  # from a frame to its label
LOOP = 0.45  # how far a loop reaches out
LANE = 0.3  # between ties at the side
BESIDE = 0.6  # from the loss to what the prediction is compared with

Crossing = tuple[Group, Part]  # where what a part hands on enters a group, or leaves it
End = Part | Group | Crossing
Course = tuple[Point, ...]


def blocks(network: Network) -> Drawing:
    """The drawing of a network's layers."""
    return _Blocks(network).drawing()


@dataclass(frozen=True)
class _Level:
    """A group laid out: its ports, members and exits with one number each, and the lines between them.

    Attributes:
        lines: what a part hands on, from one number to another.
        ports, exits: the numbers of those by the part whose output enters or leaves there.
    """

    ends: Sequence[End]
    lines: Sequence[tuple[Part, Line]]
    rows: Rows
    ports: dict[Part, int]
    exits: dict[Part, int]

    def aside(self, number: int) -> float:
        """How far to the right of the middle something stands."""
        return self.rows.centres[number][0] - self.rows.width / 2


class _Blocks:
    """Lays out the groups from the inside out, and then draws them from the outside in."""

    def __init__(self, network: Network) -> None:
        self.graph: Graph = graph(network)
        self.captions: dict[Part, Caption] = captions(network, self.graph)
        self.levels: dict[Group, _Level] = {}
        self.nodes: dict[End, Node] = {}
        self.edges: list[Edge] = []
        self.frames: list[Frame] = []
        self.keys = (f"n{number}" for number in count())

    def drawing(self) -> Drawing:
        whole = Group("", 1, self.graph.members)
        self._lay(whole)
        self._draw(whole, (0.0, 0.0))
        self._targets()
        self._loops()
        self._ties(self.levels[whole].rows.width)
        return fitted("blocks", list(self.nodes.values()), self.edges, self.frames)

    # -- layout ------------------------------------------------------------------------------------------------------

    def _lay(self, group: Group) -> None:
        for member in group.members:
            if isinstance(member, Group):
                self._lay(member)
        inside = {part: member for member in group.members for part in parts([member])}
        flows = [(a, b) for a, b in self.graph.flows if a in inside or b in inside]
        entering = list(dict.fromkeys(a for a, _ in flows if a not in inside))
        leaving = list(dict.fromkeys(a for a, b in flows if b not in inside))
        ends: list[End] = [*((group, part) for part in entering), *group.members, *((group, part) for part in leaving)]
        ports = {part: at for at, part in enumerate(entering)}
        number = {member: at for at, member in enumerate(group.members, len(ports))}
        exits = {part: at for at, part in enumerate(leaving, len(ports) + len(number))}
        lines: dict[tuple[Part, int, int], Line] = {}
        for a, b in flows:
            start = number[inside[a]] if a in inside else ports[a]
            end = number[inside[b]] if b in inside else exits[a]
            if start != end:
                lines.setdefault((a, start, end), Line(start, end, self._aside(ends[start], a, "exits"),
                                                       self._aside(ends[end], a, "ports")))
        boxes = [self._box(end, at in ports.values(), at in exits.values()) for at, end in enumerate(ends)]
        self.levels[group] = _Level(ends, [(a, line) for (a, _, _), line in lines.items()],
                                    arranged(boxes, list(lines.values())), ports, exits)

    def _box(self, end: End, first: bool = False, last: bool = False) -> Box:
        if isinstance(end, Group):
            width, height = self._frame(end)
            return Box(width + 2 * (SPACE + breadth(frame_label(end))), height)
        if isinstance(end, tuple):
            return Box(0.0, 0.0, first, last)
        beside = LOOP + 0.3 if end.recurrence else 0.0
        if end.kind == "loss":
            beside = max((BESIDE + self.captions[target].width for target in self.graph.targets), default=0.0)
        return Box(self.captions[end].width + 2 * beside, self.captions[end].height)

    def _frame(self, group: Group) -> tuple[float, float]:
        rows = self.levels[group].rows
        return rows.width + 2 * PAD, rows.height + 2 * PAD

    def _aside(self, end: End, part: Part, way: str) -> float:
        """How far from the middle of a group a line enters or leaves it."""
        return self.levels[end].aside(getattr(self.levels[end], way)[part]) if isinstance(end, Group) else 0.0

    # -- drawing -----------------------------------------------------------------------------------------------------

    def _draw(self, group: Group, corner: Point) -> dict[Part, Course]:
        """Draw a group whose rows begin at a corner; returns the courses from its parts to its exits."""
        level = self.levels[group]
        centres = [(corner[0] + x, corner[1] + y) for x, y in level.rows.centres]
        begun: dict[tuple[int, Part], Course] = {}
        for number, (end, at) in enumerate(zip(level.ends, centres, strict=True)):
            if isinstance(end, Part):
                self._node(end, at)
            elif isinstance(end, Group):
                (width, height), label = self._frame(end), frame_label(end)
                self.frames.append(Frame(at, width, height, label, (at[0] + width / 2 + SPACE + breadth(label) / 2, at[1]),
                                         end.copies))
                inner = self._draw(end, (at[0] - width / 2 + PAD, at[1] - height / 2 + PAD))
                begun |= {(number, part): course for part, course in inner.items()}
            elif number in level.ports.values():
                self.nodes[end] = Node(next(self.keys), "port", at, 0.0, 0.0, (), self.captions[end[1]].name, ())
        out: dict[Part, Course] = {}
        tops = self._tops(level, centres)
        for which, ((part, line), bends) in enumerate(zip(level.lines, level.rows.bends, strict=True)):
            source = self.nodes[(group, part) if part in level.ports else part]
            lane = [(corner[0] + x, corner[1] + y) for x, y in bends]
            course = (*(begun.get((line.source, part)) or _leaving(source, lane, centres)), *lane)
            if line.target in level.exits.values():
                out[part] = (*course, centres[line.target])
                continue
            end = level.ends[line.target]
            target = self.nodes[(end, part) if isinstance(end, Group) else end]
            if target.kind == "join":
                into = _sideways(target, lane[::-1], centres)[::-1] if lane else (border(target, course[-1]),)
            else:
                into = (tops.get(which, target.at),)
            self._edge("flow", source, target, (*course, *into))
        return out

    def _tops(self, level: _Level, centres: Sequence[Point]) -> dict[int, Point]:
        """Where each line meets the top of its box: side by side, as they come."""
        into: dict[int, list[tuple[float, int]]] = {}
        for at, (_, line) in enumerate(level.lines):
            bends = level.rows.bends[at]
            x = bends[-1][0] if bends else level.rows.centres[line.source][0] + line.leaves
            into.setdefault(line.target, []).append((x, at))
        found = {}
        for number, lines in into.items():
            end = level.ends[number]
            if isinstance(end, Part):
                (x, y), caption = centres[number], self.captions[end]
                apart = caption.width / (len(lines) + 1)
                for place, (_, at) in enumerate(sorted(lines), 1):
                    found[at] = x + apart * place - caption.width / 2, y - caption.height / 2
        return found

    def _node(self, part: Part, at: Point) -> None:
        caption = self.captions[part]
        self.nodes[part] = Node(next(self.keys), caption.kind, at, caption.width, caption.height, caption.labels,
                                caption.name, caption.places)

    def _edge(self, kind: EdgeKind, source: Node, target: Node, points: Sequence[Point], label: Label | None = None,
              at: Point | None = None) -> None:
        self.edges.append(Edge(f"e{len(self.edges)}", kind, source.key, target.key, _straightened(points), None, label, at))

    def _targets(self) -> None:
        """What the loss alone reads stands beside it: the target at its right, the weights of samples at its left."""
        loss = next(node for node in self.nodes.values() if node.kind == "loss")
        (x, y), half = loss.at, loss.width / 2
        for side, target in zip((1, -1), self.graph.targets, strict=False):
            self._node(target, (x + side * (half + BESIDE + self.captions[target].width / 2), y))
            self._edge("flow", self.nodes[target], loss, ((x + side * (half + BESIDE), y), (x + side * half, y)))

    def _loops(self) -> None:
        for part in self.graph.parts():
            if part.recurrence is not None:
                node = self.nodes[part]
                (x, y), high = (node.at[0] + node.width / 2, node.at[1]), node.height / 4
                label = loop_label(part.recurrence)
                self._edge("loop", node, node, ((x, y + high), (x + LOOP, y + high), (x + LOOP, y - high), (x, y - high)),
                           label, (x + LOOP + 0.1 + breadth(label) / 2, y))

    def _ties(self, width: float) -> None:
        """Parameters that are those of another layer: brackets at the right side, the longest outside."""
        ties = sorted(self.graph.ties, key=lambda tie: abs(self.nodes[tie[0]].at[1] - self.nodes[tie[1]].at[1]))
        for number, (one, other) in enumerate(ties):
            source, target = self.nodes[one], self.nodes[other]
            x = width + ACROSS + LANE * number
            (a, b), (c, d) = source.at, target.at
            self._edge("tied", source, target, ((a + source.width / 2, b), (x, b), (x, d), (c + target.width / 2, d)))


def _leaving(node: Node, lane: Sequence[Point], centres: Sequence[Point]) -> Course:
    """How a line leaves a node: below its middle, since lines enter at the sides; a dot has no sides."""
    return _sideways(node, lane, centres) if lane and node.kind == "port" else ((node.at[0], node.at[1] + node.height / 2),)


def _sideways(node: Node, lane: Sequence[Point], centres: Sequence[Point]) -> Course:
    """A line from the side of a circle or dot to its lane, where nothing stands before that; else straight."""
    (x, y), corner = node.at, (lane[0][0], node.at[1])
    if abs(corner[0] - x) < 1e-6:
        return (border(node, lane[0]),)
    if any(abs(at - y) < 1e-6 and min(x, corner[0]) < across < max(x, corner[0]) for across, at in centres):
        return ((x, y + node.height / 2),) if lane[0][1] > y else (border(node, lane[0]),)
    return border(node, corner), corner


def _straightened(points: Sequence[Point]) -> Course:
    """A course without the points that lie on a straight line between their neighbours."""
    kept: list[Point] = []
    for at, point in enumerate(points):
        if kept and at < len(points) - 1:
            (a, b), (c, d), (e, f) = kept[-1], point, points[at + 1]
            if abs((c - a) * (f - b) - (e - a) * (d - b)) < 1e-6:
                continue
        kept.append(point)
    return tuple(kept)
