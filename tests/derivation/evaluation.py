"""Brute-force values of the index language: every sum is a loop, every access a look-up, in Python written for it.

Nothing is shared with `derive.instantiate` or with generated code, so that the three can be held against each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
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

    name: str
    make: Callable[[Any], Any]
    functions: Mapping[type, Callable[[Any], Any]]


def _sign(x: Any) -> int:
    return (x > 0) - (x < 0)


EXACT = Numbers(
    "EXACT",
    lambda value: mpmath.mpf(value) if not isinstance(value, sympy.Rational) else mpmath.mpf(value.p) / value.q,
    {**{getattr(sympy, name): getattr(mpmath, name) for name in FUNCTIONS}, sympy.erf: mpmath.erf, erfc: mpmath.erfc,
     sympy.Abs: abs, sympy.sign: _sign, log1p: lambda x: mpmath.log(1 + x), expm1: lambda x: mpmath.exp(x) - 1,
     sigmoid: lambda x: 1 / (1 + mpmath.exp(-x)), softplus: lambda x: mpmath.log(1 + mpmath.exp(x))})
"""As many digits as mpmath is set to."""
DOUBLE = Numbers(
    "DOUBLE",
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
        value_at = self._compiled(equation.body, indices)
        for place in product(*([fixed[i]] if i in fixed else self.range(i) for i in indices)):
            value = value_at(self.arrays, *place)
            if (equation.name, place) == self.moved[:2]:
                value += self.moved[2]
            self.arrays[equation.name][place] = value

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def range(self, index: Index) -> range:
        if index not in self._ranges:
            self._ranges[index] = range(int(index.size.xreplace(self.sizes)))
        return self._ranges[index]

    def of(self, node: Expr, place: Mapping[Index, int]) -> Any:
        """The value of an expression where its free indices have the given values.

        Raises:
            KeyError: an access that counts lies outside of its quantity.
        """
        return self._compiled(node, tuple(place))(self.arrays, *place.values())

    def _compiled(self, node: Expr, indices: tuple[Index, ...]) -> Callable[..., Any]:
        return compiled(node, indices, frozenset(self.sizes.items()), self.numbers.name, mpmath.mp.dps)


@cache
def compiled(node: Expr, indices: tuple[Index, ...], sizes: frozenset[tuple[Symbol, int]], numbers: str, digits: int
             ) -> Callable[..., Any]:
    """A function of all arrays and the values of some indices, in so many digits."""
    written = _Written(dict(sizes), {"EXACT": EXACT, "DOUBLE": DOUBLE}[numbers])
    parameters = ", ".join(["A", *map(written.letter, indices)])
    return eval(f"lambda {parameters}: {written.of(node)}", written.known)


class _Written:
    """Expressions as Python: a sum is a loop, an access a look-up."""

    def __init__(self, sizes: Mapping[Symbol, int], numbers: Numbers) -> None:
        self.sizes, self.numbers = sizes, numbers
        self.letters: dict[Index, str] = {}
        self.known: dict[str, Any] = {"make": numbers.make, "no_branch": _no_branch}

    def letter(self, index: Index) -> str:
        return self.letters.setdefault(index, f"i{len(self.letters)}")

    def name(self, value: Any) -> str:
        """A name by which the code knows a number or a function."""
        name = f"k{len(self.known)}"
        self.known[name] = value
        return name

    def of(self, node: Expr) -> str:
        if isinstance(node, Access):
            places = "".join(f"{self.position(index)}, " for index in node.indices)
            return f"A[{node.name!r}][({places})]"
        if isinstance(node, Index):
            return f"make({self.letter(node)})"
        if isinstance(node, Symbol):
            return self.name(self.numbers.make(self.sizes[node]))
        if isinstance(node, Reduction):
            loops = " ".join(f"for {self.letter(i)} in range({int(i.size.xreplace(self.sizes))})" for i in node.indices)
            values = f"[{self.of(node.body)} {loops}]"
            return f"max({values})" if isinstance(node, Maximum) else f"sum({values}, {self.name(self.numbers.make(0))})"
        if isinstance(node, (Delta, Within)):
            return f"make({self.bracket(node)})"
        if not node.args:
            return self.name(self.numbers.make(node if node.is_Rational else node.evalf(mpmath.mp.dps)))
        if isinstance(node, Piecewise):
            branches = " else ".join(f"{self.of(value)} if {self.holds(condition)}" for value, condition in node.args)
            return f"({branches} else no_branch())"
        if isinstance(node, Mul):
            brackets = [self.bracket(factor) for factor in node.args if isinstance(factor, (Delta, Within))]
            factors = [self.of(factor) for factor in node.args if not isinstance(factor, (Delta, Within))]
            whole = " * ".join([self.name(self.numbers.make(1)), *factors])
            if brackets:  # one that is 0 takes the access with it that it guards
                whole = f"{whole} if {' and '.join(brackets)} else {self.name(self.numbers.make(0))}"
            return f"({whole})"
        if isinstance(node, Pow):
            return self._power(node)
        if isinstance(node, guarded):
            return self.of(node.definition())
        if isinstance(node, (Max, Min)):
            return f"{'max' if isinstance(node, Max) else 'min'}({', '.join(map(self.of, node.args))})"
        if isinstance(node, Add):
            return f"({' + '.join(map(self.of, node.args))})"
        if type(node) in self.numbers.functions:
            return f"{self.name(self.numbers.functions[type(node)])}({', '.join(map(self.of, node.args))})"
        return self.of(node.definition())

    def _power(self, node: Pow) -> str:
        base = self.of(node.base)
        if node.exp == sympy.Rational(1, 2):
            return f"({base} ** {self.name(self.numbers.make(0.5))})"
        if node.exp.is_Integer:
            return f"({base} ** {node.exp})" if node.exp > 0 else f"(1 / {base} ** {-node.exp})"
        return f"({base} ** {self.of(node.exp)})"

    def bracket(self, node: Delta | Within) -> str:
        left, right = map(self.position, node.args)
        return f"({left} == {right})" if isinstance(node, Delta) else f"(0 <= {left} < {right})"

    def position(self, node: Expr) -> str:
        """The value of an index expression."""
        if isinstance(node, Index):
            return self.letter(node)
        if isinstance(node, Access):
            return f"int({self.of(node)})"
        if isinstance(node, Symbol):
            return str(self.sizes[node])
        if isinstance(node, (Add, Mul)):
            return f"({(' + ' if isinstance(node, Add) else ' * ').join(map(self.position, node.args))})"
        return f"({int(node)})"

    def holds(self, condition: Any) -> str:
        if isinstance(condition, Relational):
            return f"({self.of(condition.lhs)} {condition.rel_op} {self.of(condition.rhs)})"
        if isinstance(condition, (sympy.And, sympy.Or)):
            return f"({(' and ' if isinstance(condition, sympy.And) else ' or ').join(map(self.holds, condition.args))})"
        if isinstance(condition, sympy.Not):
            return f"(not {self.holds(condition.args[0])})"
        return str(condition == sympy.true)


def _no_branch() -> None:
    raise ValueError("no condition of a Piecewise holds")
