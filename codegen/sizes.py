"""Sizes that are known become numbers; SymPy folds what that makes constant: 2·e/(2·m) is e/m."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sympy import Add, Expr, Integer, Mul, Symbol
from sympy.core.basic import Basic
from sympy.core.relational import Relational
from sympy.functions.elementary.miscellaneous import MinMaxBase

from codegen.brackets import brackets_outside, without_empty
from derive.language.equations import Equation, Quantity
from derive.language.expressions import Index


class Sizes:
    """Puts the known sizes into expressions, into the ranges of their indices too."""

    def __init__(self, sizes: Mapping[Symbol, int]) -> None:
        self.sizes: dict[Basic, Basic] = {symbol: Integer(size) for symbol, size in sizes.items()}
        self.indices: dict[Index, Index] = {}
        self.known: dict[Basic, Basic] = {}

    def __call__(self, expression: Expr) -> Expr:
        return self._replaced(expression)

    def _replaced(self, node: Basic) -> Basic:
        if node in self.known:
            return self.known[node]
        if isinstance(node, Index):
            new: Basic = self.index(node)
        elif not node.args:
            new = self.sizes.get(node, node)
        else:
            arguments = [self._replaced(a) for a in node.args]
            if all(a is b for a, b in zip(arguments, node.args, strict=True)):
                new = node
            elif isinstance(node, (Add, Mul)) and not any(
                    new.is_Number and not old.is_Number for new, old in zip(arguments, node.args, strict=True)):
                # Nothing here becomes a number, so nothing can be collected.
                new = node._from_args(arguments)
            elif isinstance(node, (MinMaxBase, Relational)):
                new = node.func(*arguments, evaluate=False)
            else:
                new = node.func(*arguments)
        self.known[node] = new
        return new

    def index(self, index: Index) -> Index:
        if index not in self.indices:
            self.indices[index] = Index(index.name, index.size.xreplace(self.sizes))
        return self.indices[index]

    def equation(self, equation: Equation) -> Equation:
        return replace(equation, target=self(equation.target), body=brackets_outside(without_empty(self(equation.body))))

    def quantity(self, quantity: Quantity) -> Quantity:
        return replace(quantity, indices=tuple(map(self.index, quantity.indices)))
