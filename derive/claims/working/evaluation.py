"""Expressions as functions of numbers: `derive.instantiate.number` for those that are evaluated a thousand times."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache

import sympy
from sympy import Add, Expr, Mul, Pow

from derive.claims.working.names import entry
from derive.instantiate import Entry, number
from derive.language.expressions import Access

Function = Callable[[Mapping[Entry, float]], float]
FUNCTIONS: Mapping[type, Callable[[float], float]] = {sympy.exp: math.exp, sympy.log: math.log, sympy.tanh: math.tanh}


@lru_cache(maxsize=1 << 14)
def compiled(expression: Expr) -> Function:
    """The value of an expression over nodes at numbers of these; nan where it has none."""
    function = _compiled(expression)

    def value(numbers: Mapping[Entry, float]) -> float:
        try:
            return function(numbers)
        except (ArithmeticError, ValueError):  # ValueError: the mathematical domain of a function
            return math.nan

    return value


def _compiled(expression: Expr) -> Function:
    parts = [] if isinstance(expression, Access) else list(map(_compiled, filter(_is_plain, expression.args)))
    match expression:
        case Access():
            key = entry(expression)
            return lambda numbers: numbers[key]
        case Add():
            return lambda numbers: math.fsum([part(numbers) for part in parts])
        case Mul():
            return lambda numbers: math.prod([part(numbers) for part in parts])
        case Pow():
            base, exponent = parts
            return lambda numbers: _real(base(numbers) ** exponent(numbers))
    if not expression.args:
        constant = number(expression, {})
        return lambda _: constant
    if (function := FUNCTIONS.get(expression.func)) is not None:
        [part] = parts
        return lambda numbers: function(part(numbers))
    return lambda numbers: number(expression, numbers)


def _real(power: float | complex) -> float:
    """A root of a negative number has no value."""
    return math.nan if isinstance(power, complex) else power


def _is_plain(part: object) -> bool:
    return isinstance(part, Expr)
