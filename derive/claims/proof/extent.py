"""How many terms an expression may have when its fractions are brought together and its products multiplied out.

SymPy cannot be interrupted: what would take it too long is not begun.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import comb, prod

from sympy import Add, Expr, Mul, Pow

from derive.language.expressions import Reduction

MANY = 10**9  # terms; more of them are not counted


def terms(expression: Expr) -> int:
    """An upper bound, for what stands above the fraction's bar."""
    return _extent(expression)[0]


def _extent(expression: Expr) -> tuple[int, Mapping[Expr, int]]:
    """The terms above the bar, and what stands below it with its powers."""
    match expression:
        case Add():
            parts = [_extent(part) for part in expression.args]
            below = _highest(dens for _, dens in parts)
            return min(MANY, sum(above * _below({base: power - dens.get(base, 0) for base, power in below.items()})
                                 for above, dens in parts)), below
        case Mul():
            parts = [_extent(part) for part in expression.args]
            together: Counter[Expr] = Counter()
            for _, dens in parts:
                together.update(dens)
            return min(MANY, prod(above for above, _ in parts)), together
        case Pow(base=base, exp=power) if power.is_Integer and power > 0:
            above, dens = _extent(base)
            return _power(above, int(power)), {each: own * int(power) for each, own in dens.items()}
        case Pow(base=base, exp=power) if power.is_Integer:
            _, dens = _extent(base)
            return _power(_below(dens), -int(power)), {base: -int(power)}
        case Reduction():
            return terms(expression.body), {}
    return 1, {}


def _highest(denominators: Iterable[Mapping[Expr, int]]) -> dict[Expr, int]:
    below: dict[Expr, int] = {}
    for dens in denominators:
        for base, power in dens.items():
            below[base] = max(below.get(base, 0), power)
    return below


def _below(dens: Mapping[Expr, int]) -> int:
    """The terms of a product of denominators."""
    return min(MANY, prod(_power(_extent(base)[0], power) for base, power in dens.items()))


def _power(terms_: int, power: int) -> int:
    return min(MANY, comb(min(terms_, MANY) + power - 1, power)) if terms_ > 1 else 1
