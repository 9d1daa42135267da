"""The layout of a directed graph in rows: each box below all that it reads, few crossings, straight lines where possible.

After K. Sugiyama, S. Tagawa, M. Toda, "Methods for Visual Understanding of Hierarchical System Structures", IEEE
Transactions on Systems, Man, and Cybernetics 11 (1981): rows by longest paths, a bend in every row that a line passes,
an order within each row by the means of the neighbours, and then positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from derive.drawing.picture import Point

ACROSS = 0.5  # between boxes of one row
DOWN = 0.6  # between rows
SWEEPS = 24
FIRM = 1e6  # how much less a box that reads something gives way than a bend, or a box that reads nothing


@dataclass(frozen=True)
class Box:
    """What is placed: its size, and whether it has to stand in the first or the last row."""

    width: float
    height: float
    first: bool = False
    last: bool = False


@dataclass(frozen=True)
class Line:
    """A line from one box to another, by their numbers; `leaves` and `enters` say how far from their middles."""

    source: int
    target: int
    leaves: float = 0.0
    enters: float = 0.0


@dataclass(frozen=True)
class Rows:
    """Where everything is: the centre of each box, and for each line the points that it goes through on its way."""

    width: float
    height: float
    centres: tuple[Point, ...]
    bends: tuple[tuple[Point, ...], ...]


def arranged(boxes: Sequence[Box], lines: Sequence[Line]) -> Rows:
    """The layout of boxes, given so that every line goes from an earlier box to a later one."""
    return _Rows(boxes, lines).rows()


class _Rows:
    """Boxes and bends are numbered together: first the boxes, then the bends of each line."""

    def __init__(self, boxes: Sequence[Box], lines: Sequence[Line]) -> None:
        self.boxes, self.lines = boxes, lines
        self.row_of = self._numbers()
        self.widths = [box.width for box in boxes]
        self.chains: list[list[int]] = []  # of each line: source, bends, target
        self.above: dict[int, list[tuple[int, float]]] = {}  # neighbours, and how far to the right of their middles they
        self.below: dict[int, list[tuple[int, float]]] = {}  # would have this one
        for line in lines:
            self._chain(line)
        self.order: list[list[int]] = [[] for _ in range(max(self.row_of, default=0) + 1)]
        for number, row in enumerate(self.row_of):
            self.order[row].append(number)

    def _numbers(self) -> list[int]:
        """The row of each box: one more than that of the lowest it reads, and sources just above their first reader."""
        below_first = int(any(box.first for box in self.boxes))
        row = [0 if box.first else below_first for box in self.boxes]
        for line in sorted(self.lines, key=lambda line: line.source):
            row[line.target] = max(row[line.target], row[line.source] + 1)
        lowest = max(row, default=0)
        read = {line.target for line in self.lines}
        for number, box in enumerate(self.boxes):
            if box.last:
                row[number] = lowest
            elif number not in read and not box.first:
                row[number] = min((row[line.target] for line in self.lines if line.source == number), default=1) - 1
        return row

    def _chain(self, line: Line) -> None:
        chain = [line.source]
        for row in range(self.row_of[line.source] + 1, self.row_of[line.target]):
            chain.append(len(self.row_of))
            self.row_of.append(row)
            self.widths.append(0.0)
        chain.append(line.target)
        self.chains.append(chain)
        for one, other in pairwise(chain):
            shift = (line.leaves if one == line.source else 0.0) - (line.enters if other == line.target else 0.0)
            self.above.setdefault(other, []).append((one, shift))
            self.below.setdefault(one, []).append((other, -shift))

    def rows(self) -> Rows:
        self._sort()
        across = self._across()
        heights = [max((self.boxes[n].height for n in row if n < len(self.boxes)), default=0.0) for row in self.order]
        middles, y = [], 0.0
        for height, below in zip(heights, [*heights[1:], 0.0], strict=True):
            middles.append(y + height / 2)
            y += height + (DOWN if height and below else DOWN / 2)
        left = min((across[n] - self.widths[n] / 2 for n in range(len(across))), default=0.0)
        right = max((across[n] + self.widths[n] / 2 for n in range(len(across))), default=0.0)
        return Rows(right - left, middles[-1] + heights[-1] / 2,
                    tuple((across[n] - left, middles[self.row_of[n]]) for n in range(len(self.boxes))),
                    tuple(tuple((across[n] - left, middles[self.row_of[n]] + side * heights[self.row_of[n]] / 2)
                                for n in chain[1:-1] for side in (-1, 1)) for chain in self.chains))

    def _sort(self) -> None:
        """Order each row by the mean place of its neighbours above, then below, and keep what crosses least."""
        best, fewest = [list(row) for row in self.order], self._crossings()
        for sweep in range(SWEEPS):
            if not fewest:
                break
            down = sweep % 2 == 0
            near = self.above if down else self.below
            place = {n: at for each in self.order for at, n in enumerate(each)}
            for row in self.order[1:] if down else self.order[-2::-1]:
                mean = {n: sum(place[o] for o, _ in near[n]) / len(near[n]) if near.get(n) else place[n] for n in row}
                row.sort(key=mean.__getitem__)
                place |= {n: at for at, n in enumerate(row)}
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(row) for row in self.order], crossings
        self.order = best

    def _crossings(self) -> int:
        place = {n: at for row in self.order for at, n in enumerate(row)}
        found = 0
        for row in self.order[1:]:
            ends = sorted((place[n], place[o]) for n in row for o, _ in self.above.get(n, ()))
            found += sum(one[1] > other[1] for at, other in enumerate(ends) for one in ends[:at] if one[0] < other[0])
        return found

    def _across(self) -> list[float]:
        """The x of everything: as near to the middle of its neighbours as the order and the widths of its row allow."""
        x = [0.0] * len(self.row_of)
        for row in self.order:
            for one, other in pairwise(row):
                x[other] = x[one] + self._apart(one, other)
        for sweep in range(2 * SWEEPS):
            near = self.above if sweep % 2 == 0 else self.below
            for row in self.order if sweep % 2 == 0 else self.order[::-1]:
                self._place(row, [self._wanted(n, near.get(n, []), x) for n in row], x)
        for row in self.order:  # at last a line goes straight down from where it begins, and turns at its end
            self._place(row, [x[n] if n < len(self.boxes) else self._wanted(n, self.above[n], x) for n in row], x)
        self._straighten(x)
        return x

    def _place(self, row: Sequence[int], wanted: Sequence[float], x: list[float]) -> None:
        weights = [FIRM if n in self.above and n < len(self.boxes) else 1.0 for n in row]
        apart = [0.0, *(self._apart(one, other) for one, other in pairwise(row))]
        for n, at in zip(row, nearest(wanted, weights, apart), strict=True):
            x[n] = at

    def _wanted(self, n: int, neighbours: Sequence[tuple[int, float]], x: Sequence[float]) -> float:
        """Where something wants to stand: in the middle of its neighbours.

        A box keeps to the boxes that lie on the way through: a line that goes far, or comes from what reads nothing, ends
        where the box is.  A bend keeps to the next bend of its line.
        """
        boxes = [(o, shift) for o, shift in neighbours if o < len(self.boxes)]
        if n < len(self.boxes):
            neighbours = [(o, shift) for o, shift in boxes if o in self.above] or boxes
        elif len(boxes) < len(neighbours):
            neighbours = [each for each in neighbours if each not in boxes]
        return sum(x[o] + shift for o, shift in neighbours) / len(neighbours) if neighbours else x[n]

    def _straighten(self, x: list[float]) -> None:
        """Put all bends of a line at one x, where there is room in every row."""
        place = {n: at for row in self.order for at, n in enumerate(row)}
        for chain in self.chains:
            bends = chain[1:-1]
            for wanted in sorted({x[n] for n in bends}, key=lambda at: sum(abs(at - x[n]) for n in bends)):
                if all(self._fits(n, place[n], wanted, x) for n in bends):
                    for n in bends:
                        x[n] = wanted
                    break

    def _fits(self, n: int, place: int, wanted: float, x: Sequence[float]) -> bool:
        row = self.order[self.row_of[n]]
        room = 1e-9
        return (place == 0 or wanted - x[row[place - 1]] >= self._apart(row[place - 1], n) - room) and (
            place == len(row) - 1 or x[row[place + 1]] - wanted >= self._apart(n, row[place + 1]) - room)

    def _apart(self, one: int, other: int) -> float:
        return (self.widths[one] + self.widths[other]) / 2 + ACROSS


def nearest(wanted: Sequence[float], weights: Sequence[float], apart: Sequence[float]) -> list[float]:
    """The positions x nearest to those wanted, in weighted squares, with x[i] − x[i−1] ≥ apart[i].

    Without the distances x would have to increase, which is isotonic regression: neighbours out of order are pooled.
    """
    offset, offsets = 0.0, []
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for at, weight, gap in zip(wanted, weights, apart, strict=True):
        offset += gap
        offsets.append(offset)
        pools.append((at - offset, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, v, i), (b, w, j) = pools[-2:]
            pools[-2:] = [((a * v + b * w) / (v + w), v + w, i + j)]
    means = [mean for mean, _, many in pools for _ in range(many)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


