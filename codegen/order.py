"""In which order the terms of a sum and the factors of a product are written, and computed.

SymPy's own order serves comparison.  A reader expects `a2 - t` and not `-t + a2`, and the adjoint before the local
derivative.  Text and code both ask here, so that a line of code reads like the equation above it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Add, Expr, Float, Integer, Mul, Pow, Rational

from derive.language.expressions import Access, Index, Reduction, free_indices

LARGEST_WHOLE = 2**53  # a double holds whole numbers up to here; fractions of larger ones are written as decimals


def terms(expression: Expr, out: Sequence[Index] = ()) -> list[tuple[bool, Expr]]:
    """The terms of a sum as (negative, magnitude): positive ones first, then those with more axes first."""
    pairs = []
    for position, term in enumerate(Add.make_args(expression)):
        coefficient = term.args[0] if isinstance(term, Mul) else term
        negative = bool(coefficient.is_number and coefficient.is_negative)
        magnitude = -term if negative else term
        rank = (negative, not term.is_number, not term.has(Reduction), -len(free_indices(term)), position)
        pairs.append((rank, magnitude))
    pairs.sort(key=lambda entry: entry[0])
    return [(rank[0], magnitude) for rank, magnitude in pairs]


def factors(expression: Expr, out: Sequence[Index] = ()) -> tuple[bool, list[Expr], list[Expr]]:
    """A product as (negative, numerator, denominator); an empty numerator stands for 1."""
    above: list[Expr] = []
    below: list[Expr] = []
    negative = False
    for factor in Mul.make_args(expression):
        if factor.is_Rational:
            negative ^= bool(factor < 0)
            factor = abs(factor)
            if max(factor.p, factor.q) > LARGEST_WHOLE:
                above.append(Float(factor, 17))
                continue
            if factor.p != 1:
                above.append(Integer(factor.p))
            if factor.q != 1:
                below.append(Integer(factor.q))
        elif factor.is_number and factor.is_negative:
            negative = not negative
            above.append(-factor)
        elif isinstance(factor, Pow) and factor.exp.is_Rational and factor.exp < 0:
            below.append(factor.base ** -factor.exp)
        else:
            above.append(factor)
    return negative, _sorted(above, out), _sorted(below, out)


def _sorted(parts: list[Expr], out: Sequence[Index]) -> list[Expr]:
    if len(parts) < 2:
        return parts
    return [part for _, part in sorted(enumerate(parts), key=lambda entry: (*_rank(entry[1], out), entry[0]))]


def _rank(factor: Expr, out: Sequence[Index]) -> tuple[int, int]:
    place = 0
    if out:  # under a sum: left factor of the matrix product first
        mine = free_indices(factor)
        place = min((i for i, index in enumerate(out) if index in mine), default=len(out))
    if isinstance(factor, Rational) or factor.is_number:
        return -2, 0
    if not factor.has(Access) and not free_indices(factor):
        return -1, 0
    if isinstance(factor, Access):
        if not factor.indices:
            return -1, 1
        return place, 0 if is_adjoint(factor.name) else 1
    if isinstance(factor, Reduction):
        return place, 5
    return place, 3 if isinstance(factor, Add) else 2


def is_adjoint(name: str) -> bool:
    """Whether a name is that of an adjoint, such as dJ_dz1 (see derive.calculus.chain_rule.adjoint_name)."""
    return name.startswith("d") and "_d" in name
