"""A tall drawing in columns side by side, for a page: cut where a single line goes down."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from derive.drawing.picture import Drawing, Edge, Frame, Node, Point, fitted

GUTTER = 0.7  # between two columns
TURN = 0.35  # above and below them, for the line that goes on


def folded(drawing: Drawing, height: float) -> Drawing:
    """The drawing in columns no higher than `height` where it can be cut; else as it is."""
    cuts = _chosen(_cuts(drawing), drawing.height, height) if drawing.height > height else []
    if not cuts:
        return drawing
    tops, bottoms = [0.0, *cuts], [*cuts, drawing.height]
    apart = drawing.width + GUTTER

    def column(y: float) -> int:
        return sum(y > cut for cut in cuts)

    def moved(point: Point, at: int) -> Point:
        return point[0] + at * apart, point[1] - tops[at] + TURN

    def of_box(box: Node | Frame) -> Point:
        return moved(box.at, column(box.at[1]))

    def course(edge: Edge) -> tuple[Point, ...]:
        (x, y), *rest = edge.points
        at = column(y)
        out = [moved((x, y), at)]
        for point in rest:
            while column(point[1]) > at:  # down, over the gutter, up, and into the next column
                low = bottoms[at] - tops[at] + 2 * TURN
                gutter = (at + 1) * apart - GUTTER / 2
                out += [(x + at * apart, low), (gutter, low), (gutter, 0.0), (point[0] + (at + 1) * apart, 0.0)]
                at += 1
            x = point[0]
            out.append(moved(point, at))
        return tuple(out)

    def of_label(point: Point | None) -> Point | None:
        return point and moved(point, column(point[1]))

    return fitted(drawing.style, [replace(node, at=of_box(node)) for node in drawing.nodes],
                  [replace(edge, points=course(edge), label_at=of_label(edge.label_at)) for edge in drawing.edges],
                  [replace(frame, at=of_box(frame), label_at=of_label(frame.label_at)) for frame in drawing.frames])


def _cuts(drawing: Drawing) -> list[float]:
    """The heights at which nothing but one line that goes straight down is cut."""
    boxes: Sequence[Node | Frame] = [*drawing.nodes, *drawing.frames]
    spans = [(box.at[1] - box.height / 2, box.at[1] + box.height / 2) for box in boxes if box.height]
    found = []
    for edge in drawing.edges:
        (x, y), (to_x, to_y) = edge.points[0], edge.points[-1]
        cut = (y + to_y) / 2
        others = [each for each in drawing.edges if each is not edge
                  and min(p[1] for p in each.points) < cut < max(p[1] for p in each.points)]
        if len(edge.points) == 2 and x == to_x and not others and not any(top < cut < bottom for top, bottom in spans):
            found.append(cut)
    return sorted(found)


def _chosen(cuts: Sequence[float], whole: float, height: float) -> list[float]:
    """As few cuts as leave no piece higher than `height`, if there are such, and with as many the lowest pieces."""
    ends = [0.0, *cuts, whole]
    most = len(_greedy(cuts, whole, height))
    heights = sorted(other - one for at, one in enumerate(ends) for other in ends[at + 1:])
    least = bisect_left(heights, True, key=lambda lower: len(_greedy(cuts, whole, lower)) <= most)
    return _greedy(cuts, whole, heights[least])


def _greedy(cuts: Sequence[float], whole: float, height: float) -> list[float]:
    """Each piece as high as it may be, or as low as it has to be, where the next cut is too far."""
    chosen: list[float] = []
    for cut, after in pairwise([*cuts, whole]):
        if after - (chosen[-1] if chosen else 0.0) > height + 1e-9:
            chosen.append(cut)
    return chosen
