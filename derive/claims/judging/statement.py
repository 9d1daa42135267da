"""A claim in the terms of a working: both sides over nodes, for all values of its free indices, and how exact they are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, product
from math import prod

import sympy
from sympy import Add, Dummy, Expr, Rational

from derive.checks.agreement import FORMULA_DIGITS, agrees_with
from derive.claims.claim import Claim
from derive.claims.working.equations import Equations
from derive.claims.working.following import Wrong
from derive.claims.working.names import meant, nodes_of
from derive.claims.working.routes import Working
from derive.language.expressions import Access, Index, free_indices
from derive.language.substitution import SAMPLES

ROUNDED = 4  # significant digits from which a decimal number in a formula is taken for a rounded one
LONGEST = 12  # significant digits that people write


@dataclass(frozen=True)
class Statement:
    """left = right.

    Attributes:
        numeric: whether it is about the file's own numbers, not about all there could be.
        free: the indices for all of whose values it is made.
        full_batch: whether its updates are each by all samples.
    """

    claim: Claim
    left: Expr
    right: Expr
    numeric: bool
    free: tuple[Index, ...]
    full_batch: bool

    @property
    def nodes(self) -> list[Access]:
        return list(dict.fromkeys((*nodes_of(self.left), *nodes_of(self.right))))

    @property
    def general(self) -> bool:
        """Whether it names no position, and so is made for networks of any size."""
        return not any(index.is_Integer for node in self.nodes for index in node.indices)

    @property
    def difference(self) -> Expr:
        return self.left - self.right

    def count(self, working: Working) -> int:
        """How many combinations of values of the free indices there are."""
        return prod(working.equations.number(index.size) for index in self.free)

    def places(self, working: Working, most: int) -> Iterator[dict[Index, int]]:
        """The combinations of values of the free indices; evenly chosen ones where there are too many."""
        every = product(*(range(working.equations.number(index.size)) for index in self.free))
        for place in islice(every, 0, None, 1 + (self.count(working) - 1) // most):
            yield dict(zip(self.free, place, strict=True))

    def at(self, working: Working, place: dict[Index, int]) -> Statement:
        """The claim for one value of each free index, at the sizes of a working."""
        left, right = (working.equations.places(side, place) for side in (self.left, self.right))
        return replace(self, left=left, right=right, free=())

    def agree(self, left: float, right: float, room: float = 0.0) -> bool:
        """Whether both sides are equal, as exactly as the claim says them."""
        if not math.isfinite(left) or not math.isfinite(right):
            return False
        if self.claim.number is not None and not nodes_of(self.right):
            return bool(agrees_with(left, self.claim.number, None)
                        or abs(left - right) <= room + float(self.claim.number.digits))
        return abs(left - right) <= room + self._rounding + FORMULA_DIGITS * max(abs(left), abs(right))

    @property
    def decimals(self) -> bool:
        """Whether numbers of the file may have been put in."""
        return any(not number.is_Integer for number in self.difference.atoms(Rational))

    def missing(self, equations: Equations) -> str:
        """What it mentions and the network does not have, in a sentence."""
        for node in self.nodes:
            for axis, (index, size) in enumerate(zip(node.indices, equations.axes(node), strict=True), 1):
                here = equations.number(size)
                if index.is_Integer and size != SAMPLES and not 0 <= index < here:
                    return f"{node} has no position {index + 1} along its axis {axis}, which has {here}"
                if isinstance(index, Index) and equations.number(index.size) != here:
                    return f"{node}: {index} runs to {equations.number(index.size)}, and axis {axis} has {here} positions"
        return ""

    @property
    def unit(self) -> float:
        """The unit of the last digit that is claimed; 0 for a formula."""
        if self.claim.number is not None and not nodes_of(self.right):
            return float(self.claim.number.digits)
        return self._rounding

    @cached_property
    def _rounding(self) -> float:
        """How far apart its printed decimals may bring two sides that are equal, whatever the nodes beside them are."""
        return sum(abs(float(slope)) * unit for slope, unit in self.roundings if not nodes_of(slope))

    @cached_property
    def roundings(self) -> list[tuple[Expr, float]]:
        """How fast its difference changes with each printed decimal, and the unit of the last digit of that."""
        found, dummy = list[tuple[Expr, float]](), Dummy()
        for number in printed(self.difference):
            slope = sympy.diff(self.difference.xreplace({number: dummy}), dummy).xreplace({dummy: number})
            found.append((slope, _last_digit(number)))
        return found

    def as_wrong(self, line: int) -> Wrong | None:
        """The claim as an equation of the node that it is about; None where it says nothing of one alone."""
        node = _about(self.left)
        if node is None:
            return None
        terms = [term for term in Add.make_args(self.left) if node in nodes_of(term)]
        slope = Add(*(term / node for term in terms))
        body = (self.right - (self.left - Add(*terms))) / slope
        if nodes_of(slope) or node in nodes_of(body):
            return None
        return Wrong(line, node, body, 0.0 if nodes_of(body) else self.unit)


def _about(left: Expr) -> Access | None:
    """The node that a left side says something of: the latest one."""
    nodes = nodes_of(left)
    return max(nodes, key=lambda node: meant(node.name).updates, default=None)


def state(claim: Claim, working: Working) -> Statement:
    """A claim in the terms of a working."""
    each = working.batches if claim.unit == "epochs" else 1
    left, right = (working.read(side, each) for side in (claim.left, claim.right))
    if not nodes_of(left) and nodes_of(right):  # 0.3775 = net_h1
        left, right = right, left
    free = sorted(free_indices(left) | free_indices(right), key=lambda index: index.name)
    numeric = not free and (not nodes_of(right) or bool(printed(left - right)))
    return Statement(claim, left, right, numeric, tuple(free), claim.unit == "full-batch updates")


def printed(expression: Expr) -> list[Rational]:
    """The decimal numbers of an expression that look rounded."""
    return sorted(r for r in expression.atoms(Rational) if len(_decimal(r)[0]) >= ROUNDED)


def _last_digit(number: Rational) -> float:
    """The unit of the last digit of a decimal number; of a product of two, each may have half of its digits."""
    digits, decimals = _decimal(number)
    lost = len(digits) // 2 if len(digits) > LONGEST else 0
    return 10.0 ** (lost - decimals)


def _decimal(number: Rational) -> tuple[str, int]:
    """The digits of a finite decimal fraction, and how many of them are decimals; none of another number."""
    for decimals in range(1, 60):
        scaled = number * 10**decimals
        if scaled.is_Integer:
            return (str(abs(scaled)), decimals) if not number.is_Integer else ("", 0)
    return "", 0
