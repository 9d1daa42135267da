"""The meaning of equations, by loops over all indices: what lowered code is compared with.

Each equation is written out as a Python function of its indices, with a `for` for each index that a sum binds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from sympy import Expr

from derive.language.equations import Equation
from derive.language.expressions import Access, Delta, Index, Maximum, Reduction, Within

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
    entries: dict[str, Any] = {}

    def read(name: str, *place: Any) -> float:
        """An entry, 0 outside of its array: a bracket beside it is 0 then."""
        array, place = entries[name], tuple(map(int, place))
        return array[place] if all(0 <= p < size for p, size in zip(place, array.shape, strict=True)) else 0.0

    known = {**FUNCTIONS, "fsum": math.fsum, "prod": math.prod, "read": read}
    entries |= {name: _Given(array) for name, array in arrays.items()}
    entries |= {equation.name: _Made(equation, sizes, known) for equation in equations}
    result = dict(arrays)
    for equation in equations:
        made = entries[equation.name]
        result[equation.name] = np.array([made[place] for place in np.ndindex(*made.shape)], float).reshape(made.shape)
    return result


class _Given:
    """An array of the test."""

    def __init__(self, array: Any) -> None:
        self.shape = np.shape(array)
        self.known = {place: np.asarray(array)[place].item() for place in np.ndindex(*self.shape)}

    def __getitem__(self, place: tuple[int, ...]) -> float:
        return self.known[place]


class _Made:
    """An array whose entries are computed when they are asked for."""

    def __init__(self, equation: Equation, sizes: Mapping[sympy.Symbol, int], known: Mapping[str, Any]) -> None:
        self.shape = tuple(int(i.size.xreplace(dict(sizes))) for i in equation.target.indices)
        self.known: dict[tuple[int, ...], float] = {}
        parameters = ", ".join(letter(i) for i in equation.target.indices)
        self.compute = eval(f"lambda {parameters}: {_Text(sizes).of(equation.body)}", dict(known))

    def __getitem__(self, place: tuple[int, ...]) -> float:
        if place not in self.known:
            self.known[place] = float(self.compute(*place))
        return self.known[place]


def letter(index: Index) -> str:
    return "i_" + index.name.replace("'", "_prime")


class _Text:
    """Expressions as Python."""

    def __init__(self, sizes: Mapping[sympy.Symbol, int]) -> None:
        self.sizes = sizes

    def of(self, node: Expr) -> str:
        if isinstance(node, Access):
            return f"read({', '.join([repr(node.name), *map(self.of, node.indices)])})"
        if isinstance(node, Reduction):
            loops = " ".join(f"for {letter(i)} in range({int(i.size.xreplace(dict(self.sizes)))})" for i in node.indices)
            return f"{'max' if isinstance(node, Maximum) else 'fsum'}([{self.of(node.body)} {loops}])"
        if isinstance(node, Delta):
            return f"float({self.of(node.args[0])} == {self.of(node.args[1])})"
        if isinstance(node, Within):
            return f"float(0 <= {self.of(node.args[0])} < {self.of(node.args[1])})"
        if isinstance(node, Index):
            return letter(node)
        if isinstance(node, sympy.Symbol):
            return str(self.sizes[node])
        if node.is_number:
            return f"({int(node) if node.is_Integer else repr(float(node))})"
        if isinstance(node, sympy.Add):
            return f"fsum([{', '.join(map(self.of, node.args))}])"
        if isinstance(node, sympy.Mul):
            return f"prod([{', '.join(map(self.of, node.args))}])"
        if isinstance(node, sympy.Pow):
            return f"(({self.of(node.base)}) ** ({self.of(node.exp)}))"
        if isinstance(node, sympy.Piecewise):
            branches = " else ".join(f"({self.of(value)}) if {self.holds(condition)}" for value, condition in node.args)
            return f"({branches} else None)"
        name = node.func.__name__
        return f"{name}({', '.join(map(self.of, node.args))})" if name in FUNCTIONS else self.of(node.definition())

    def holds(self, condition: Any) -> str:
        if condition in (sympy.true, sympy.false):
            return str(bool(condition))
        if isinstance(condition, (sympy.And, sympy.Or)):
            word = " and " if isinstance(condition, sympy.And) else " or "
            return f"({word.join(map(self.holds, condition.args))})"
        return f"({self.of(condition.lhs)} {condition.rel_op} {self.of(condition.rhs)})"
