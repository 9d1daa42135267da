"""The meaning of equations, by loops over all indices: what lowered code is compared with."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from sympy import Expr

from derive.language.equations import Equation
from derive.language.expressions import Access, Delta, Index, Maximum, Reduction, Sum, Within

FUNCTIONS = {
    "exp": math.exp, "log": math.log, "tanh": math.tanh, "sin": math.sin, "cos": math.cos,
    "erf": math.erf, "erfc": math.erfc,
    "Abs": abs, "sign": lambda x: (x > 0) - (x < 0), "log1p": math.log1p, "expm1": math.expm1,
    "Max": max, "Min": min, "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "softplus": lambda x: max(x, 0) + math.log1p(math.exp(-abs(x))),
}


def evaluate(equations: Sequence[Equation], arrays: Mapping[str, Any], sizes: Mapping[sympy.Symbol, int]
             ) -> dict[str, np.ndarray]:
    """The arrays that the equations define, one entry after the other; an entry may need others of the same array."""
    entries: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
    entries |= {equation.name: _Entries(equation, entries, sizes) for equation in equations}
    result = dict(arrays)
    for equation in equations:
        shape = entries[equation.name].shape
        result[equation.name] = np.array([entries[equation.name][place] for place in np.ndindex(*shape)],
                                         float).reshape(shape)
    return result


class _Entries:
    """An array whose entries are computed when they are asked for."""

    def __init__(self, equation: Equation, entries: Mapping[str, Any], sizes: Mapping[sympy.Symbol, int]) -> None:
        self.equation, self.entries, self.sizes = equation, entries, sizes
        self.shape = tuple(int(i.size.xreplace(dict(sizes))) for i in equation.target.indices)
        self.known: dict[tuple[int, ...], np.float64] = {}

    def __getitem__(self, place: tuple[int, ...]) -> np.float64:
        if place not in self.known:
            at = dict(zip(self.equation.target.indices, place, strict=True))
            self.known[place] = np.float64(value(self.equation.body, at, self.entries, self.sizes))
        return self.known[place]


def value(expression: Expr, at: dict[Index, int], arrays: Mapping[str, Any], sizes: Mapping[sympy.Symbol, int]) -> Any:
    """The value of a scalar expression where the indices have these values."""
    def of(part: Any) -> Any:
        return value(part, at, arrays, sizes)

    if isinstance(expression, Access):
        place = tuple(int(of(i)) for i in expression.indices)
        array = arrays[expression.name]
        inside = all(0 <= p < size for p, size in zip(place, array.shape, strict=True))
        return array[place].item() if inside else 0.0  # a bracket beside it is 0 then
    if isinstance(expression, Reduction):
        ranges = [range(int(i.size.xreplace(dict(sizes)))) for i in expression.indices]
        values = [value(expression.body, {**at, **dict(zip(expression.indices, place, strict=True))}, arrays, sizes)
                  for place in itertools.product(*ranges)]
        assert isinstance(expression, (Sum, Maximum))
        return math.fsum(values) if isinstance(expression, Sum) else max(values)
    if isinstance(expression, Delta):
        return float(of(expression.args[0]) == of(expression.args[1]))
    if isinstance(expression, Within):
        return float(0 <= of(expression.args[0]) < of(expression.args[1]))
    if isinstance(expression, Index):
        return at[expression]
    if isinstance(expression, sympy.Symbol):
        return sizes[expression]
    if expression.is_number:
        return float(expression)
    if isinstance(expression, sympy.Add):
        return math.fsum(map(of, expression.args))
    if isinstance(expression, sympy.Mul):
        return math.prod(map(of, expression.args))
    if isinstance(expression, sympy.Pow):
        return of(expression.base) ** of(expression.exp)
    if isinstance(expression, sympy.Piecewise):
        return next(of(v) for v, condition in expression.args if holds(condition, at, arrays, sizes))
    name = expression.func.__name__
    return FUNCTIONS[name](*map(of, expression.args)) if name in FUNCTIONS else of(expression.definition())


def holds(condition: Any, at: dict[Index, int], arrays: Mapping[str, Any], sizes: Mapping[sympy.Symbol, int]) -> bool:
    """Whether the condition of a branch is true there."""
    if condition in (sympy.true, sympy.false):
        return bool(condition)
    if isinstance(condition, sympy.And):
        return all(holds(c, at, arrays, sizes) for c in condition.args)
    if isinstance(condition, sympy.Or):
        return any(holds(c, at, arrays, sizes) for c in condition.args)
    left, right = (value(side, at, arrays, sizes) for side in (condition.lhs, condition.rhs))
    return {">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right, "==": left == right,
            "!=": left != right}[condition.rel_op]
