"""Matrices out of arrays with more axes: some positions are held, and stand below the letter.

    h[n,t,j] for one t is the matrix H_t, so that    z[n,t,j] = Σ_k x[n,t,k]·W[k,j] + Σ_l h[n,t−1,l]·U[l,j] + b[j]
    is    Z_t = X_t W + H_{t−1} U + 1 bᵀ,            and what is added up over t too stays a sum,  ∂J/∂W = Σ_t X_tᵀ ∂J/∂Z_t

Which indices are held is chosen for each equation: those of positions that are computed, and as few more as leave at
most two axes to every array.  A convolution holds its places, Z_{ij} = Σ_{u,v} X_{i+u,j+v} W_{uv}.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from sympy import Basic, Expr

from derive.language.equations import Equation
from derive.language.expressions import Access, Index, Reduction, Sum, accesses, free_indices
from derive.language.substitution import SAMPLES

MOST_HELD = 4  # indices; with more of them nothing is clearer than in index form


class Repeated(Reduction):
    """A sum over held indices, which is written as one; the slices in it have no position for them."""


@dataclass(frozen=True)
class Slices:
    """An equation over slices.

    Attributes:
        target, body: with an access to a slice, its open axes alone, for each access to an array, and one without axes
            for what depends on held indices only.
        whole: what the accesses stand for, by their names: the access with all its positions, or an expression.
        held: all indices that are.
    """

    target: Access
    body: Expr
    whole: Mapping[str, Expr]
    held: frozenset[Index]

    def below(self, access: Access) -> list[Expr]:
        """The positions that are held, which stand below the letter."""
        return [access.indices[axis] for axis in self.axes_below(access)]

    def axes_below(self, access: Access) -> list[int]:
        return [axis for axis, place in enumerate(access.indices) if not isinstance(place, Index) or place in self.held]


def held_indices(equation: Equation, along: frozenset[Index] = frozenset()) -> list[frozenset[Index]]:
    """Sets of indices that may be held, as few as possible, the best ones first.

    Args:
        along: indices that are better held than others; after them come those of the samples, and those of the axes that
            stand before others.
    """
    read = list(dict.fromkeys((equation.target, *accesses(equation.body))))
    if any(place.has(Access) for access in read for place in access.indices):
        return []
    computed = computed_indices(read)
    if not computed and all(len(access.indices) <= 2 for access in read):
        return [frozenset()]

    def is_open(place: Expr, held: frozenset[Index]) -> bool:
        return isinstance(place, Index) and place not in held

    def fits(held: frozenset[Index]) -> bool:
        # Columns alone say no more than entries.
        return max(sum(is_open(place, held) for place in access.indices) for access in read) == 2

    def rank(held: frozenset[Index]) -> tuple[int, bool, int, int]:
        sums = len(held.difference(*(free_indices(place) for place in equation.target.indices)))
        places = sum(at for access in read for at, place in enumerate(access.indices) if place in held)
        return -len(held & along), all(i.size != SAMPLES for i in held), sums, places

    others = sorted({i for access in read for i in free_indices(access)} - computed, key=lambda i: i.name)
    for count in range(MOST_HELD - len(computed) + 1):
        if found := [held for each in combinations(others, count) if fits(held := computed.union(each))]:
            return sorted(found, key=rank)
    return []


def axes_meant(below: Sequence[str], axes: Sequence[Index]) -> list[int] | None:
    """The axes that positions below a letter are taken for; None where there are too many.

    Each is that of the first axis whose letter stands in it; numbers and other letters are those of the axes that are
    left, in their order, but for that of the samples.

    Args:
        below: the letters and digits of each position, i2 for 2·i.
    """
    found: dict[int, int] = {}
    for at, letters in enumerate(below):
        own = next((axis for axis, index in enumerate(axes) if axis not in found.values() and index.name in letters), None)
        if own is not None:
            found[at] = own
    rest = iter(axis for axis, index in enumerate(axes) if axis not in found.values() and index.size != SAMPLES)
    meant = [found[at] if at in found else next(rest, None) for at in range(len(below))]
    return None if None in meant else [axis for axis in meant if axis is not None]


def letters(position: Expr) -> str:
    """The letters and digits of a position."""
    return "".join(re.findall("[A-Za-z0-9]", str(position)))


def computed_indices(read: Iterable[Access]) -> frozenset[Index]:
    """The indices in positions such as i + u, but for those of labels."""
    return frozenset(i for access in read for place in access.indices if not isinstance(place, Index)
                     and not place.has(Access) for i in free_indices(place))


def slices(equation: Equation, held: frozenset[Index]) -> Slices:
    """The equation over slices that hold these indices."""
    whole: dict[str, Expr] = {}

    def named(expression: Expr, *axes: Expr) -> Access:
        # An access prints under the name of what it stands for, which is told apart by this number.
        name = next((name for name, same in whole.items() if same == expression), f"#{len(whole)}")
        whole[name] = expression
        return Access(name, *axes)

    def walk(node: Basic) -> Basic:
        if isinstance(node, Access):
            axes = [place for place in node.indices if isinstance(place, Index) and place not in held]
            return node if len(axes) == len(node.indices) else named(node, *axes)
        free = free_indices(node) if isinstance(node, Expr) else frozenset()
        if free and free <= held and not node.has(Access):
            return named(node)
        if not node.args:
            return node
        if isinstance(node, Reduction):
            kept, others = ([i for i in node.indices if (i in held) is over] for over in (False, True))
            inner = type(node)(walk(node.body), *kept)
            return Repeated(inner, *others) if isinstance(node, Sum) else type(node)(inner, *others)
        return node.func(*map(walk, node.args))

    target = walk(equation.target)
    assert isinstance(target, Access)
    return Slices(target, walk(equation.body), whole, held)
