"""Affine positions: what an access such as x[n, 2·i + u − 1] is as a view of its array.

Every axis of the array is seen through its position, offset + Σ slope·index.  No index: one entry.  One: a slice.
Several: the axis split in two where they count through it as digits do, (i·J + j)·C + c, else windows that overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from sympy import Expr, Integer, Mul, Symbol

from codegen.program import Counter
from derive.language.equations import Quantity
from derive.language.expressions import Access, Index, free_indices


@dataclass(frozen=True)
class Position:
    """offset + Σ slope·index, the indices from the slowest to the fastest; the offset may hold counters."""

    offset: Expr
    slopes: tuple[tuple[Index, int], ...]

    @cached_property
    def lowest(self) -> Expr:
        return self.offset + sum(slope * (index.size - 1) for index, slope in self.slopes if slope < 0)

    @cached_property
    def highest(self) -> Expr:
        return self.offset + sum(slope * (index.size - 1) for index, slope in self.slopes if slope > 0)

    @property
    def counts_digits(self) -> bool:
        """Whether each index moves by as much as all faster ones together: (i·J + j)·C + c."""
        return all(slope > 0 for _, slope in self.slopes) and self.slopes[-1][1] == 1 and all(
            slope == step * index.size for (_, slope), (index, step) in zip(self.slopes, self.slopes[1:], strict=False))


def affine(position: Expr) -> Position | None:
    """The position, or None where it is not affine with whole slopes."""
    if isinstance(position, Index):
        return Position(Integer(0), ((position, 1),))
    if position.has(Access):
        return None
    slopes = []
    offset = position
    for index in free_indices(position):
        slope = position.coeff(index)
        if not slope.is_Integer:
            return None
        slopes.append((index, int(slope)))
        offset -= slope * index
    if free_indices(offset):
        return None
    slopes.sort(key=lambda pair: (-abs(pair[1]), -_rough(pair[0].size), pair[0].name))
    return Position(offset, tuple(slopes))


def view(access: Access, quantity: Quantity) -> tuple[Position, ...] | None:
    """Each axis of the array as the access sees it; None where the access is no view of its array.

    The positions lie inside the array, no index stands in two axes, and more than two in one axis count digits.
    """
    return _seen(access.indices, quantity.indices)


@lru_cache(maxsize=1 << 14)  # a printer asks again for each line in which the access stands
def _seen(places: tuple[Expr, ...], axes: tuple[Index, ...]) -> tuple[Position, ...] | None:
    found: list[Position] = []
    seen: set[Index] = set()
    for place, axis in zip(places, axes, strict=True):
        position = affine(place)
        if position is None:
            return None
        indices = {index for index, _ in position.slopes}
        if indices & seen or len(indices) > 2 and not position.counts_digits:
            return None
        seen |= indices
        if indices and place != axis and not (at_least(position.lowest, Integer(0))
                                              and at_least(axis.size - 1, position.highest)):
            return None
        found.append(position)
    return tuple(found)


def is_view(access: Access, quantity: Quantity) -> bool:
    return not access.indices or view(access, quantity) is not None


def covers(access: Access, quantity: Quantity) -> bool:
    """Whether every entry of the array has its place in the access, once."""
    seen = view(access, quantity)
    return seen is not None and all(
        position.slopes and position.offset == 0 and position.counts_digits and position.highest == axis.size - 1
        for position, axis in zip(seen, quantity.indices, strict=True))


def at_least(one: Expr, two: Expr) -> bool:
    """Whether one ≥ two for every value of the counters and sizes (False where that cannot be told)."""
    if one == two:
        return True
    difference = one - two
    for counter in sorted(difference.atoms(Counter), key=lambda c: c.name):
        slope = difference.coeff(counter)
        difference = difference.subs(counter, counter.size - 1 if slope.is_negative else 0)
    return bool(difference.is_nonnegative)


def strides(access: Access, quantity: Quantity) -> dict[Index, Expr]:
    """How far apart in memory entries lie that differ by one in an index, for an array that lies row after row."""
    positions = view(access, quantity)
    assert positions is not None
    found: dict[Index, Expr] = {}
    step: Expr = Integer(1)
    for position, axis in reversed(list(zip(positions, quantity.indices, strict=True))):
        for index, slope in position.slopes:
            found[index] = slope * step
        step *= axis.size
    return found


def order_in_memory(access: Access, quantity: Quantity) -> tuple[Index, ...]:
    """The indices of a view as the axes of its array have them."""
    return tuple(index for position in view(access, quantity) or () for index, _ in position.slopes)


def overlaps(access: Access, quantity: Quantity) -> bool:
    """Whether one entry of the array is seen at several places: the windows of a convolution."""
    return any(len(position.slopes) > 1 and not position.counts_digits for position in view(access, quantity) or ())


def one_axis(group: Sequence[Index], step: Mapping[Index, Expr]) -> bool:
    """Whether indices, in this order, run through memory like one."""
    return all(step[slow] == fast.size * step[fast] for slow, fast in zip(group, group[1:], strict=False))


def extent(indices: Sequence[Index]) -> Expr:
    return Mul(*(index.size for index in indices))


def _rough(size: Expr) -> int:
    """A number to compare sizes by, where a symbol counts as large."""
    return int(size.xreplace({s: Integer(1000) for s in size.atoms(Symbol)}))


def rough_extent(indices: Sequence[Index]) -> int:
    """About how many values the indices have together."""
    product = 1
    for index in indices:
        product *= max(1, _rough(index.size))
    return product
