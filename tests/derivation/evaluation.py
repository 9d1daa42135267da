"""Brute-force values of the index language: every sum is a loop, every access a look-up.

Nothing is shared with `derive.instantiate` or with generated code, so that the three can be held against each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import mpmath
import numpy as np
import sympy
from sympy import Add, Expr, Max, Min, Mul, Piecewise, Pow, Symbol
from sympy.core.relational import Relational

from derive.language.equations import Equation, Recurrence, System
from derive.language.expressions import Access, Delta, Index, Maximum, Reduction, Within
from derive.rewrites.named_functions import erfc, expm1, guarded, log1p, sigmoid, softplus

Array = dict[tuple[int, ...], Any]  # the entries of a quantity, by their positions
FUNCTIONS = ("exp", "log", "tanh", "sinh", "cosh", "sin", "cos", "tan", "atan")


@dataclass(frozen=True)
class Numbers:
    """The numbers to compute with: a constructor and the functions of one variable."""

    make: Callable[[Any], Any]
    functions: Mapping[type, Callable[[Any], Any]]


def _sign(x: Any) -> int:
    return (x > 0) - (x < 0)


EXACT = Numbers(
    lambda value: mpmath.mpf(value) if not isinstance(value, sympy.Rational) else mpmath.mpf(value.p) / value.q,
    {**{getattr(sympy, name): getattr(mpmath, name) for name in FUNCTIONS}, sympy.erf: mpmath.erf, erfc: mpmath.erfc,
     sympy.Abs: abs, sympy.sign: _sign, log1p: lambda x: mpmath.log(1 + x), expm1: lambda x: mpmath.exp(x) - 1,
     sigmoid: lambda x: 1 / (1 + mpmath.exp(-x)), softplus: lambda x: mpmath.log(1 + mpmath.exp(x))})
"""As many digits as mpmath is set to."""
DOUBLE = Numbers(
    lambda value: np.float64(float(value)),
    {**{getattr(sympy, name): getattr(np, {"atan": "arctan"}.get(name, name)) for name in FUNCTIONS},
     sympy.erf: lambda x: np.float64(math.erf(x)), erfc: lambda x: np.float64(math.erfc(x)),
     sympy.Abs: abs, sympy.sign: np.sign, log1p: np.log1p, expm1: np.expm1})
"""float64, one rounding for each operation."""


class Values:
    """The values of a system: those given, and those that its equations make of them."""

    def __init__(self, system: System, sizes: Mapping[Symbol, int], given: Mapping[str, Array],
                 numbers: Numbers = EXACT, moved: tuple[str, tuple[int, ...], Any] = ("", (), 0)) -> None:
        self.sizes, self.numbers = sizes, numbers
        self.moved = moved  # an entry to which something is added when it is computed
        self._ranges: dict[Index, range] = {}
        self.arrays: dict[str, Array] = dict(given)
        for block in system.blocks():
            along = block.index if isinstance(block, Recurrence) else None
            equations = block.equations if isinstance(block, Recurrence) else (block,)
            equations = [e for e in equations if e.name not in self.arrays]
            for equation in equations:
                self.arrays[equation.name] = {}
            steps = [None] if along is None else self.range(along)[:: block.step]
            for step in steps:
                for equation in equations:
                    self.compute(equation, {} if along is None else {along: step})

    def compute(self, equation: Equation, fixed: Mapping[Index, int]) -> None:
        """The entries of a quantity where some of its indices have given values."""
        indices = equation.target.indices
        for place in product(*([fixed[i]] if i in fixed else self.range(i) for i in indices)):
            value = self.of(equation.body, dict(zip(indices, place, strict=True)))
            if (equation.name, place) == self.moved[:2]:
                value += self.moved[2]
            self.arrays[equation.name][place] = value

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def places(self, indices: tuple[Index, ...]) -> Iterator[tuple[int, ...]]:
        return product(*map(self.range, indices))

    def range(self, index: Index) -> range:
        if index not in self._ranges:
            self._ranges[index] = range(int(index.size.xreplace(self.sizes)))
        return self._ranges[index]

    def of(self, node: Expr, place: Mapping[Index, int]) -> Any:
        """The value of an expression where its free indices have the given values.

        Raises:
            KeyError: an access that counts lies outside of its quantity.
        """
        if isinstance(node, Access):
            return self.arrays[node.name][tuple(self.position(index, place) for index in node.indices)]
        if isinstance(node, Symbol):
            return self.numbers.make(place[node] if isinstance(node, Index) else self.sizes[node])
        if isinstance(node, Reduction):
            values = [self.of(node.body, {**place, **dict(zip(node.indices, bound, strict=True))})
                      for bound in self.places(node.indices)]
            return max(values) if isinstance(node, Maximum) else sum(values, self.numbers.make(0))
        if isinstance(node, Delta):
            return self.numbers.make(self.position(node.args[0], place) == self.position(node.args[1], place))
        if isinstance(node, Within):
            return self.numbers.make(0 <= self.position(node.args[0], place) < self.position(node.args[1], place))
        if not node.args:
            return self.numbers.make(node if node.is_Rational else node.evalf(mpmath.mp.dps))
        if isinstance(node, Piecewise):
            return next(self.of(value, place) for value, condition in node.args if self.holds(condition, place))
        if isinstance(node, Mul):
            whole = self.numbers.make(1)
            # A bracket that is 0 takes the access with it that it guards.
            for factor in sorted(node.args, key=lambda f: not isinstance(f, (Delta, Within))):
                whole = whole * self.of(factor, place)
                if isinstance(factor, (Delta, Within)) and whole == 0:
                    return whole
            return whole
        if isinstance(node, Pow):
            return self._power(node, place)
        if isinstance(node, guarded):
            return self.of(node.definition(), place)
        arguments = [self.of(argument, place) for argument in node.args]
        if isinstance(node, (Max, Min)):
            return (max if isinstance(node, Max) else min)(arguments)
        if isinstance(node, Add):
            return sum(arguments[1:], arguments[0])
        if type(node) in self.numbers.functions:
            return self.numbers.functions[type(node)](*arguments)
        return self.of(node.definition(), place)

    def _power(self, node: Pow, place: Mapping[Index, int]) -> Any:
        base = self.of(node.base, place)
        if node.exp == sympy.Rational(1, 2):
            return base**self.numbers.make(0.5)
        if node.exp.is_Integer:
            return base ** int(node.exp) if node.exp > 0 else 1 / base ** int(-node.exp)
        return base ** self.of(node.exp, place)

    def position(self, node: Expr, place: Mapping[Index, int]) -> int:
        """The value of an index expression."""
        if isinstance(node, Index):
            return place[node]
        if isinstance(node, Access):
            return int(self.of(node, place))
        if isinstance(node, Symbol):
            return self.sizes[node]
        if isinstance(node, Add):
            return sum(self.position(part, place) for part in node.args)
        if isinstance(node, Mul):
            return math.prod(self.position(part, place) for part in node.args)
        return int(node)

    def holds(self, condition: Any, place: Mapping[Index, int]) -> bool:
        if isinstance(condition, Relational):
            left, right = self.of(condition.lhs, place), self.of(condition.rhs, place)
            return {">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right,
                    "==": left == right, "!=": left != right}[condition.rel_op]
        if isinstance(condition, sympy.And):
            return all(self.holds(part, place) for part in condition.args)
        if isinstance(condition, sympy.Or):
            return any(self.holds(part, place) for part in condition.args)
        if isinstance(condition, sympy.Not):
            return not self.holds(condition.args[0], place)
        return condition == sympy.true
