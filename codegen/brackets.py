"""Brackets and deltas on positions, resolved into ranges, places, guards, windows and additions at places.

    Σ_t h[n,t−1,j]·dz[n,t,k]·[0 ≤ t−1]             t runs from 1: a range
    c[n,j] = … + [0 ≤ j−2 < 3]·b[n,j−2]            a place: c[n, j+2] += b[n,j] for j < 3
    z[n,t,j] = … + [0 ≤ t−1]·…   in a loop over t  a guard: if t > 0
    Σ_i x[n,i]·W[p−2i+1]·[0 ≤ p−2i+1 < U]          Σ_u, added at p = 2i+u−1: the fewest products
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sympy
from sympy import Expr, Integer, Mul
from sympy.core.basic import Basic

from codegen.positions import affine, at_least, rough_extent
from codegen.program import Counter
from derive.language.expressions import Access, Delta, Index, Reduction, Sum, Within, accesses, free_indices
from derive.language.substitution import fresh, substitute


def brackets_outside(expression: Expr) -> Expr:
    """Take brackets that hold no bound index out of their sums: Σ_k f(k)·[0 ≤ t−1] = [0 ≤ t−1]·Σ_k f(k)."""
    if not expression.args or not expression.has(Reduction) or not expression.has(Within, Delta):
        return expression
    if isinstance(expression, Sum):
        body = brackets_outside(expression.body)
        outside = [f for f in Mul.make_args(body) if isinstance(f, (Within, Delta))
                   and free_indices(f).isdisjoint(expression.indices)]
        inside = Mul(*(f for f in Mul.make_args(body) if f not in outside))
        return Mul(*outside, Sum(inside, *expression.indices))
    return expression.func(*(brackets_outside(a) if isinstance(a, Expr) else a for a in expression.args))


def allowed(bracket: Within, index: Index) -> tuple[Expr, Expr] | None:
    """The range low ≤ index < high that a bracket leaves; None where that cannot be told."""
    position, size = bracket.args
    found = affine(position)
    if found is None or len(found.slopes) != 1:
        return None
    slope, offset = found.slopes[0][1], found.offset
    if slope < 0:  # [0 ≤ p < S] = [0 ≤ S − 1 − p < S]
        slope, offset = -slope, size - 1 - offset
    if slope == 1:
        low, high = -offset, size - offset
    elif offset.is_Integer and size.is_Integer:
        low, high = Integer(-(int(offset) // slope)), Integer((int(size - offset) - 1) // slope + 1)
    else:
        return None
    low = low if at_least(low, Integer(0)) else Integer(0) if at_least(Integer(0), low) else None
    high = high if at_least(index.size, high) else index.size if at_least(high, index.size) else None
    return None if low is None or high is None else (low, high)


def without_empty(expression: Expr) -> Expr:
    """Products whose brackets leave nothing, such as [0 ≤ t−4 < 6]·[0 ≤ t+4 < 6], are 0."""
    if not expression.args or isinstance(expression, Access) or not expression.has(Within):
        return expression
    if isinstance(expression, Mul):
        ranges: dict[Index, tuple[Expr, Expr]] = {}
        for factor in expression.args:
            found = free_indices(factor) if isinstance(factor, Within) else frozenset()
            left = allowed(factor, next(iter(found))) if len(found) == 1 else None
            if left is not None:
                (index,) = found
                low, high = ranges.get(index, left)
                low, high = sympy.Max(low, left[0]), sympy.Min(high, left[1])
                if (low - high).is_nonnegative:
                    return Integer(0)
                ranges[index] = low, high
    arguments = [without_empty(a) if isinstance(a, Expr) else a for a in expression.args]
    same = all(a is b for a, b in zip(arguments, expression.args, strict=True))
    return expression if same else expression.func(*arguments)


@dataclass(frozen=True)
class Piece:
    """A term of an equation whose brackets say where it counts: place += value, where the conditions hold."""

    conditions: tuple[Basic, ...]
    place: Access
    value: Expr
    ranges: dict[Index, tuple[Expr, Expr]] = field(hash=False, compare=False)


def piece(target: Access, term: Expr) -> Piece | None:
    """The term as a piece, with the brackets that are no range left in its value; None where that is all of them."""
    factors = Mul.make_args(term)
    brackets = sorted((f for f in factors if isinstance(f, (Within, Delta)) and not f.has(Access)),
                      key=lambda bracket: isinstance(bracket, Within))
    left: list[Expr] = [f for f in factors if f not in brackets]
    conditions: list[Basic] = []
    ranges: dict[Index, tuple[Expr, Expr]] = {}
    moved: dict[Index, Expr] = {}
    for bracket in brackets:
        found = free_indices(bracket)
        if not found:
            conditions += _conditions(bracket)
            continue
        (index, *others) = found
        alone = not others and index in target.indices and index not in moved
        if alone and isinstance(bracket, Delta) and (
                solved := _solved(bracket.args[0] - bracket.args[1], index)) is not None:
            moved[index] = solved
            ranges[index] = (solved, solved + 1)
            left.append(Within(solved, index.size))
        elif alone and isinstance(bracket, Within) and (ends := allowed(bracket, index)) is not None:
            low, high = ranges.get(index, (Integer(0), index.size))
            ranges[index] = (ends[0] if at_least(ends[0], low) else low, ends[1] if at_least(high, ends[1]) else high)
        else:
            left.append(bracket)
    if len(left) == len(factors) and not ranges:
        return None
    for index, (low, high) in ranges.items():
        moved.setdefault(index, Index(index.name, high - low) + low)
    place = Access(target.name, *(moved.get(i, i) for i in target.indices))
    return Piece(tuple(conditions), place, substitute(Mul(*left), moved), ranges)


def cover(target: Access, pieces: Sequence[Piece]) -> bool:
    """Whether the pieces are slices of one axis that lie end to end over the whole of it."""
    axes = {index for each in pieces for index in each.ranges}
    if len(axes) != 1 or any(len(each.ranges) != 1 or each.conditions for each in pieces):
        return False
    (axis,) = axes
    ends = [each.ranges[axis] for each in pieces]
    if not all(end.is_Integer for pair in ends for end in pair):
        return False
    ends.sort()
    follows = all(one[1] == two[0] for one, two in zip(ends, ends[1:], strict=False))
    return bool(follows and ends[0][0] == 0 and ends[-1][1] == axis.size)


def _conditions(bracket: Expr) -> list[Basic]:
    """A bracket of counters as comparisons, without those that hold by the range of the counter."""
    if isinstance(bracket, Delta):
        counters = sorted(bracket.atoms(Counter), key=lambda c: c.name)
        solved = _solved(bracket.args[0] - bracket.args[1], counters[0]) if counters else None
        return [sympy.Eq(*bracket.args) if solved is None else sympy.Eq(counters[0], solved)]
    position, size = bracket.args
    counters = sorted(position.atoms(Counter), key=lambda c: c.name)
    made: list[Basic] = []
    if not at_least(position, Integer(0)):
        alone = len(counters) == 1 and position.coeff(counters[0]) == 1
        made.append(sympy.Gt(counters[0], counters[0] - position - 1) if alone else sympy.Ge(position, 0))
    if not at_least(size - 1, position):
        alone = len(counters) == 1 and position.coeff(counters[0]) == 1
        made.append(sympy.Lt(counters[0], counters[0] - position + size) if alone else sympy.Lt(position, size))
    return made


def _solved(difference: Expr, index: sympy.Symbol) -> Expr | None:
    """The value of the index where the difference is 0; None unless it moves by one with the index."""
    slope = difference.coeff(index)
    return index - slope * difference if slope in (1, -1) else None


@dataclass
class Resolved:
    """A sum of a product with as few values of its indices to go through as its brackets allow.

    Attributes:
        scattered: free indices of the sum that are given by the others now: the sum adds at these positions.
        implied: brackets that say no more than that such a position lies inside its range.
    """

    factors: list[Expr]
    bound: list[Index]
    scattered: dict[Index, Expr] = field(default_factory=dict)
    implied: set[Expr] = field(default_factory=set)

    def put(self, index: Index, value: Expr) -> None:
        self.factors = [f for old in self.factors for f in Mul.make_args(substitute(old, {index: value})) if f != 1]
        self.scattered = {i: position.xreplace({index: value}) for i, position in self.scattered.items()}
        self.implied = {bracket.xreplace({index: value}) for bracket in self.implied}

    def names(self) -> set[str]:
        return {i.name for f in self.factors for i in f.atoms(Index)} | {i.name for i in self.bound}


def resolve(factors: Sequence[Expr], bound: Sequence[Index]) -> Resolved:
    """Put brackets that hold bound indices into the ranges of the indices, or solve them for another index.

    [0 ≤ p − 2i + 1 < U] ties p to i and an index u < U.  Which two of the three are gone through, and which one is
    given by them, is for the fewest values to decide.
    """
    made = Resolved(list(factors), list(bound))
    kept: set[Expr] = set()
    while True:
        tie = next((f for f in made.factors if isinstance(f, (Within, Delta)) and f not in kept | made.implied
                    and not f.has(Access) and not free_indices(f).isdisjoint(made.bound)), None)
        if tie is None:
            return made
        indices = free_indices(tie)
        if isinstance(tie, Within) and len(indices) == 1:
            (index,) = indices
            ends = allowed(tie, index)
            if ends is None:
                kept.add(tie)
                continue
            made.factors.remove(tie)
            shorter = Index(index.name, ends[1] - ends[0])
            made.bound[made.bound.index(index)] = shorter
            made.put(index, shorter + ends[0])
            continue
        _loosen(tie, indices, made, kept)


def _loosen(tie: Expr, indices: frozenset[Index], made: Resolved, kept: set[Expr]) -> None:
    new: tuple[Index, ...] = ()
    if isinstance(tie, Within):
        letter = next((name for name in "uvw" if name not in made.names()), "u")
        new = (fresh(Index(letter, tie.args[1]), made.names()),)
        difference = tie.args[0] - new[0]
    else:
        difference = tie.args[0] - tie.args[1]
    now = rough_extent([*indices])
    reads = any(tie.args[0] in access.indices for factor in made.factors for access in accesses(factor))
    choices: list[tuple[int, int, str, Index | None]] = [(2 * now, 0, "", None)] if isinstance(tie, Within) else []
    for index in indices:
        others = rough_extent([*(indices - {index}), *new])
        if index not in made.bound and not indices - {index} <= set(made.bound):
            continue  # where to add would depend on an index of the result besides
        if _solved(difference, index) is not None and (others < now or isinstance(tie, Delta)):
            # Adding at places costs more than reading windows, and less than going through truth values.
            cost = 2 if index in made.bound else 3 if reads else 1
            choices.append((cost * others, 1 + (index not in made.bound), index.name, index))
    chosen = min(choices, key=lambda choice: choice[:3])[3] if choices else None
    if chosen is None:
        kept.add(tie)
        return
    index = chosen
    value = _solved(difference, index)
    assert value is not None
    made.factors.remove(tie)
    if index in made.bound:
        place = made.bound.index(index)
        made.bound[place:place + 1] = new
    else:
        made.bound += new
        made.scattered[index] = value
    made.put(index, value)
    bracket = Within(value, index.size)
    if bracket != 1:
        made.factors.append(bracket)
        if index in made.scattered:
            made.implied.add(bracket)
