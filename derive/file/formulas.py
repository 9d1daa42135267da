"""Formulas typed by the user: Python's expression grammar, read by whitelist into the index language.

    exp(z[n,j]) / sum(k, exp(z[n,k]))

A formula is never evaluated as Python.  Its characters are checked, `ast` gives its tree, and only the kinds of node
listed here are turned into expressions; everything else is an error that points at the character.  Decimal
numbers are exact.  Positions count from 0, as in x[n, i+u].
"""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import sympy
from sympy import Expr, Integer, Piecewise, Rational
from sympy.logic.boolalg import Boolean

from derive.file.errors import Place, listed, nearest, quoted, suggestion
from derive.file.formula_text import SPLIT, FormulaText, length
from derive.file.functions import ELEMENTWISE, FUNCTIONS, KINKED, REDUCTIONS, compared
from derive.language.expressions import Access, Delta, Index, Maximum, Reduction, Sum, Within, bounds
from derive.language.substitution import fresh

LARGEST_EXPONENT = 64
MOST_DIGITS = 60
LARGEST_NUMBER = 1e300  # every constant part of a formula is smaller
MOST_CASES = 64  # of a value that decides between cases


@dataclass(frozen=True)
class Scope:
    """What a formula may mention: quantities with their own indices, constants, and the indices free in it.

    `letters` are indices whose size is known from elsewhere, so that a sum may run over them; `outside` says whether an
    entry outside a quantity is an error, or counts as 0; `functions` go before those of every formula.
    """

    quantities: Mapping[str, tuple[Index, ...]] = field(default_factory=dict)
    constants: Mapping[str, Expr] = field(default_factory=dict)
    indices: Mapping[str, Index] = field(default_factory=dict)
    letters: Mapping[str, Index] = field(default_factory=dict)
    outside: Literal["error", "zero"] = "error"
    functions: Mapping[str, Callable[..., Expr]] = field(default_factory=dict)


def parse_formula(text: str, scope: Scope, place: Place | None = None) -> Expr:
    """The expression that a formula stands for.

    A bare name `z` is z at its own indices.  Raises FileError at the character of the formula that is wrong.
    """
    reader = Reader(text, scope, place or Place.of_text(text))
    return reader.value(reader.tree(text, 0), scope.indices)


def parse_equation(text: str, scope: Scope, place: Place | None = None) -> tuple[Access, Expr]:
    """Left and right side of an equation such as y[n,j] = sum(k, x[n,k]*W[k,j]) + b[j].

    An index on the left that the scope does not know takes its size from where it stands on the right.
    """
    reader = Reader(text, scope, place or Place.of_text(text))
    signs = [match.start() for match in re.finditer(r"(?<![<>=!])=(?!=)", text)]
    if len(signs) != 1:
        reader.fail("an equation has one = sign", signs[1] if signs else 0, "write it as y[n,j] = x[n,j] + b[j]")
    left = reader.tree(text[: signs[0]], 0)
    right = reader.tree(text[signs[0] + 1 :], signs[0] + 1)
    name, positions = reader.left_side(left)
    own = scope.quantities.get(name) or (None,) * len(positions)
    indices = {position.id: scope.indices.get(position.id) or reader.inferred(position, right, axis)
               for position, axis in zip(positions, own, strict=True)}
    body = reader.value(right, indices)
    return Access(name, *indices.values()), body


class Reader(FormulaText):
    """One formula on its way from syntax tree to expression."""

    def __init__(self, text: str, scope: Scope, place: Place):
        super().__init__(text, place)
        self.scope = scope

    def value(self, node: ast.expr, indices: Mapping[str, Index]) -> Expr:
        """A node that stands for a number; `indices` are those that are free or bound around it, by their names."""
        match node:
            case ast.Constant():
                return self.number(node)
            case ast.Name():
                return self.name(node, indices)
            case ast.Subscript():
                return self.access(node, indices)
            case ast.Call():
                return self.finite(self.call(node, indices), node)
            case ast.UnaryOp(op=ast.USub()):
                return -self.value(node.operand, indices)
            case ast.UnaryOp(op=ast.UAdd()):
                return self.value(node.operand, indices)
            case ast.BinOp():
                return self.finite(self.operation(node, indices), node)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                self.fail("a comparison is no number", node, "use it in where(x > 0, a, b)")
            case ast.IfExp():
                self.fail("'if' has no meaning in a formula", node, "write where(x > 0, a, b)")
            case ast.Attribute():
                self.fail("a dot has no meaning here", self.offset(node.value) + length(node.value),
                          f"write the function alone, such as exp(x); the functions are: {listed(FUNCTIONS)}")
            case ast.Tuple() | ast.List():
                self.fail("one value is expected here, not several", node, "write an operator between them")
            case ast.Starred():
                self.fail("'*' needs a value on both sides", node)
        self.fail("this has no meaning in a formula", node,
                  f"a formula is made of names, numbers, + - * / **, brackets and these functions: {listed(FUNCTIONS)}")

    def number(self, node: ast.Constant) -> Expr:
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            self.fail("this is no real number", node, "a formula knows real numbers only, such as 2 or 0.5")
        offset = self.offset(node)
        literal = self.text[offset : offset + length(node)]
        if abs(node.value) > LARGEST_NUMBER or len(literal) > MOST_DIGITS:
            self.fail("this number is too large", node, f"at most {LARGEST_NUMBER:g} and {MOST_DIGITS} digits")
        if isinstance(node.value, int):
            return Integer(node.value)
        exact = Decimal(literal)
        if exact and abs(exact) < Decimal(1 / LARGEST_NUMBER):
            self.fail("this number is too small", node, f"at least {1 / LARGEST_NUMBER:g}, or 0")
        return Rational(*exact.as_integer_ratio())

    def name(self, node: ast.Name, indices: Mapping[str, Index]) -> Expr:
        name = node.id
        if name in self.scope.quantities:
            own = self.scope.quantities[name]
            return Access(name, *(self._same_size(indices.get(i.name, i), i, name, node) for i in own))
        if name in self.scope.constants:
            return self.scope.constants[name]
        if name in indices:
            return indices[name]
        if name == "pi":
            return sympy.pi
        if name in FUNCTIONS:
            self.fail(f"{name} is a function", node, f"write {FUNCTIONS[name]}")
        known = [*self.scope.quantities, *self.scope.constants, *indices, "pi"]
        self.fail(f"there is no {quoted(name)} here", node, self.instead(name, known))

    def instead(self, name: str, known: Sequence[str]) -> str:
        """What to write for a name that nobody knows."""
        said = suggestion(name, known, "the names known here are")
        own = self.scope.outside == "zero"  # in the equations of a layer
        return f"{said}; a parameter that is one number is declared, as parameters: {{{name}: []}}" if own else said

    def access(self, node: ast.Subscript, indices: Mapping[str, Index]) -> Expr:
        if not isinstance(node.value, ast.Name):
            self.fail("only a name can have indices", node, "write W[k,j]")
        name = node.value.id
        if name not in self.scope.quantities:
            if name in self.scope.constants or name in indices:
                self.fail(f"{name} is a single number and has no indices", node, f"write {name} alone")
            self.fail(f"there is no quantity {quoted(name)}", node,
                      suggestion(name, self.scope.quantities, "the quantities known here are"))
        own = self.scope.quantities[name]
        positions = positions_of(node)
        if len(positions) != len(own):
            shape = f"write {name}[{','.join(i.name for i in own)}]" if own else f"write {name} alone"
            self.fail(f"{name} has {_count(len(own), 'index', 'indices')}, and "
                      f"{_count(len(positions), 'stands', 'stand')} here", node, shape)
        found = [self.position(position, axis, name, indices) for position, axis in zip(positions, own, strict=True)]
        brackets = [Within(position, axis.size) for position, axis in zip(found, own, strict=True)
                    if self.scope.outside == "zero" and not position.has(Access)]
        return sympy.Mul(Access(name, *found), *brackets)

    def position(self, node: ast.expr, axis: Index, name: str, indices: Mapping[str, Index]) -> Expr:
        """What stands in an axis of a quantity: an index, an affine expression of indices, or an integer quantity."""
        found = self.index_expression(node, indices)
        if isinstance(found, Index):
            return self._same_size(found, axis, name, node)
        if found.is_Integer and (found < 0 or (axis.size.is_Integer and found >= axis.size)):
            self.fail(f"{name} has no position {found} there: positions count from 0", node,
                      f"write a position from 0 to {axis.size - 1}")
        lowest, highest = bounds(found)
        if self.scope.outside == "zero":
            return found
        if found.free_symbols and lowest is not None and "within" not in self.text and (
                not lowest.is_nonnegative or not (axis.size - 1 - highest).is_nonnegative):
            alike = [letter for letter, index in indices.items() if index.size == axis.size]
            size = f"size({alike[0]})" if alike and not axis.size.is_Integer else axis.size
            self.fail(f"{found} may lie outside of {name}, whose positions there begin with 0 and end before {size}", node,
                      f"multiply by within({found}, {size}), which is 0 there")
        return found

    def index_expression(self, node: ast.expr, indices: Mapping[str, Index]) -> Expr:
        match node:
            case ast.Name() if node.id in indices:
                return indices[node.id]
            case ast.Name() if node.id not in {**self.scope.quantities, **self.scope.constants}:
                self.fail(f"{quoted(node.id)} is no index here", node,
                          f"the indices here are: {listed(indices) or 'none'}; or bind it, as in sum({node.id}, …)")
            case ast.Name():
                found = self.name(node, indices)
            case ast.Subscript():
                found = self.access(node, indices)
            case ast.Constant():
                found = self.number(node)
            case ast.Call(func=ast.Name(id="size")):
                return self.size(node, indices)
            case ast.Call(func=ast.Name(id="flat")):
                return self.flat(node, indices)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                inner = self.index_expression(node.operand, indices)
                found = -inner if isinstance(node.op, ast.USub) else inner
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult()):
                left, right = self.index_expression(node.left, indices), self.index_expression(node.right, indices)
                if isinstance(node.op, ast.Mult) and left.has(Index, Access) and right.has(Index, Access):
                    self.fail("an index may be multiplied by a whole number only", node, "write it as in x[n, 2*i+u]")
                found = {ast.Add: left + right, ast.Sub: left - right, ast.Mult: left * right}[type(node.op)]
            case _:
                self.fail("an index is a name, or made of names and whole numbers with + - *", node,
                          "write it as in x[n, 2*i+u]")
        if found.is_number and not found.is_Integer:
            self.fail("an index is a whole number", node)
        return found

    def _same_size(self, index: Index, axis: Index, name: str, node: ast.expr) -> Index:
        if index.size != axis.size:
            self.fail(f"index {index.name} runs over {index.size} values, but this axis of {name} has {axis.size}",
                      node, f"use an index of its own for each size: {name}[{self._letters_of(name)}]")
        return index

    def _letters_of(self, name: str) -> str:
        return ",".join(index.name for index in self.scope.quantities[name])

    def operation(self, node: ast.BinOp, indices: Mapping[str, Index]) -> Expr:
        if type(node.op) not in (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow):
            self.fail("this operator has no meaning in a formula", node.right, "the operators are + - * / **")
        left, right = self.value(node.left, indices), self.value(node.right, indices)
        match node.op:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                if right.is_zero:
                    self.fail("this divides by zero", node.right, "divide by something else")
                return left / right
        if right.is_number and abs(sympy.N(right)) > LARGEST_EXPONENT:
            self.fail("this exponent is too large", node.right, f"an exponent is at most {LARGEST_EXPONENT}")
        if left.is_number and not left.is_positive and not right.is_number:
            self.fail("a power of this number is not real for every exponent", node.left, "write a base greater than 0")
        if left.is_number and right.is_number:
            if left.is_zero and not right.is_positive:
                self.fail("this divides by zero", node.left, "divide by something else")
            if left and abs(float(sympy.log(abs(sympy.N(left))) * right)) > math.log(LARGEST_NUMBER):
                self.fail("this power is too large", node.left, f"a number is at most {LARGEST_NUMBER:g}")
        return left**right

    def finite(self, value: Expr, node: ast.expr) -> Expr:
        """Every constant part is a real number of ordinary size: so no tower of powers or of exp can build up."""
        if value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
            self.fail("this has no finite value", node, "look for a division by zero or the logarithm of zero")
        if value.is_number and not value.has(Index, Access):
            number = sympy.N(value)
            if not number.is_real:
                self.fail("this has no real value", node, "look for the root or logarithm of a negative number")
            if abs(number) > LARGEST_NUMBER:
                self.fail("this number is too large", node, f"a number is at most {LARGEST_NUMBER:g}")
        return value

    # -- functions ------------------------------------------------------------------------------------------------

    def call(self, node: ast.Call, indices: Mapping[str, Index]) -> Expr:
        if not isinstance(node.func, ast.Name):
            self.value(node.func, indices)
            self.fail("a product needs its sign", self.offset(node.func) + length(node.func), "write 2*(x + 1)")
        name = node.func.id
        if name in self.scope.functions:
            return self.scope.functions[name](*(self.value(argument, indices) for argument in node.args))
        if name not in FUNCTIONS:
            if name in self.scope.quantities or name in self.scope.constants or name in indices:
                self.fail(f"{name} is no function", node, f"write {name}[…] for an entry, or {name}*(…) for a product")
            near = nearest(name, FUNCTIONS)
            self.fail(f"there is no function {quoted(name)}", node,
                      (f"did you mean '{near}'? " if near else "") + f"the functions are: {listed(FUNCTIONS)}")
        if node.keywords:
            self.fail("a function takes its arguments without names", node.keywords[0], f"write {FUNCTIONS[name]}")
        if name in REDUCTIONS:
            return self.reduction(node, name, indices)
        arguments = node.args
        if name == "size":
            return self.size(node, indices)
        if name in ("delta", "within"):
            self._arity(node, name, 2, 2)
            left = self.index_expression(arguments[0], indices)
            right = self.index_expression(arguments[1], indices)
            return Delta(left, right) if name == "delta" else Within(left, right)
        if name == "where":
            self._arity(node, name, 3, 3)
            condition = self.condition(arguments[0], indices)
            return Piecewise((self.value(arguments[1], indices), condition), (self.value(arguments[2], indices), True))
        if name in ("max", "min"):
            self._arity(node, name, 2, 8)
            *values, result = (self.value(argument, indices) for argument in arguments)
            for value in reversed(values):
                result = self.by_cases(node, KINKED[name], value, result)
            return result
        self._arity(node, name, 1, 1)
        value = self.value(arguments[0], indices)
        return self.by_cases(node, KINKED[name], value) if name in KINKED else ELEMENTWISE[name](value)

    def by_cases(self, node: ast.expr, kinked: Callable[..., Piecewise | Expr], *values: Expr) -> Expr:
        """A function with kinks, of values that may have cases themselves: max(0, min(z, 1)) has three flat cases.

        Otherwise a case distinction would stand inside the conditions of another.
        """
        choices = [self.cases(value, node) for value in values]
        if math.prod(map(len, choices)) > MOST_CASES:
            self.fail(f"this has more than {MOST_CASES} cases", node, SPLIT)
        return Piecewise(*((part, _both(*(condition for _, condition in chosen), further))
                           for chosen in itertools.product(*choices)
                           for part, further in _branches(kinked(*(value for value, _ in chosen)))))

    def cases(self, value: Expr, node: ast.expr) -> list[tuple[Expr, Boolean]]:
        """A value as (expression, condition) pairs, the first condition that holds counting."""
        if not value.has(Piecewise):
            return [(value, sympy.true)]
        if any(reduction.has(Piecewise) for reduction in value.atoms(Reduction)):
            self.fail("abs, max, min, sign or where inside a sum cannot decide between cases", node,
                      "compute the sum in an equation or a layer of its own")
        if math.prod(len(part.args) for part in value.atoms(Piecewise)) > MOST_CASES:
            self.fail(f"this has more than {MOST_CASES} cases", node, SPLIT)
        return _branches(sympy.piecewise_fold(value))

    def _arity(self, node: ast.Call, name: str, least: int, most: int) -> None:
        if not least <= len(node.args) <= most:
            wanted = _count(least, "argument", "arguments") if least == most else f"{least} to {most} arguments"
            self.fail(f"{name} takes {wanted}, and {_count(len(node.args), 'stands', 'stand')} here", node,
                      f"write {FUNCTIONS[name]}")

    def condition(self, node: ast.expr, indices: Mapping[str, Index]) -> Boolean:
        match node:
            case ast.Compare() if len(node.ops) > 1:
                self.fail("one comparison at a time", node.comparators[1], "write 0 < x and x < 1")
            case ast.Compare(ops=[operator]) if type(operator) in COMPARISONS:
                return self.comparison(node, operator, node.left, node.comparators[0], indices)
            case ast.BoolOp():
                combine = sympy.And if isinstance(node.op, ast.And) else sympy.Or
                return combine(*(self.condition(part, indices) for part in node.values))
            case ast.UnaryOp(op=ast.Not()):
                return sympy.to_nnf(sympy.Not(self.condition(node.operand, indices)))
        self.fail("a condition is expected here", node, "write a comparison, such as x > 0")

    def comparison(self, node: ast.Compare, operator: ast.cmpop, left: ast.expr, right: ast.expr,
                   indices: Mapping[str, Index]) -> Boolean:
        """One comparison; |u| < d is −d < u and u < d, and u > max(a, b) is u > a and u > b."""
        for side in (left, right):
            match side:
                case ast.Call(func=ast.Name(id="abs" | "max" | "min" as name), args=[_, *_] as values) if (
                        not isinstance(operator, (ast.Eq, ast.NotEq))):
                    self._arity(side, name, 1 if name == "abs" else 2, 1 if name == "abs" else 8)
                    if name == "abs":
                        values = [*values, ast.copy_location(ast.UnaryOp(ast.USub(), values[0]), values[0])]
                    below = isinstance(operator, (ast.Lt, ast.LtE)) == (side is left)
                    combine = sympy.And if below != (name == "min") else sympy.Or
                    pairs = [(value, right) if side is left else (left, value) for value in values]
                    return combine(*(self.comparison(node, operator, *pair, indices) for pair in pairs))
        first, second = self.value(left, indices), self.value(right, indices)
        if first.has(Piecewise) or second.has(Piecewise):
            self.fail("a condition cannot have cases of its own", node,
                      "compare abs, max or min itself, as in abs(x) < 1, or use a layer of its own")
        return compared(COMPARISONS[type(operator)], first, second)

    def size(self, node: ast.Call, indices: Mapping[str, Index]) -> Expr:
        self._arity(node, "size", 1, 2)
        index = node.args[0]
        match node.args:
            case [ast.Name(id=name), ast.Constant(value=int() as axis)] if name in self.scope.quantities:
                own = self.scope.quantities[name]
                if axis >= len(own):
                    self.fail(f"{name} has {_count(len(own), 'index', 'indices')}, counted from 0", node.args[1])
                return own[axis].size
            case [_, second]:
                self.fail("size takes an index, or a quantity and the number of an axis", second,
                          "write size(k) or size(x, 1)")
        known = {**self.scope.letters, **indices}
        if not isinstance(index, ast.Name) or index.id not in known:
            self.fail("size takes an index", index, f"the indices here are: {listed(known) or 'none'}")
        return known[index.id].size

    def flat(self, node: ast.Call, indices: Mapping[str, Index]) -> Expr:
        """The place of an entry when all are counted in one row, the last index fastest: flat(i, j) = i*size(j) + j."""
        place: Expr = Integer(0)
        for argument in node.args:
            if not isinstance(argument, ast.Name) or argument.id not in indices:
                self.fail("flat takes indices", argument, f"the indices here are: {listed(indices) or 'none'}")
            place = sympy.expand(place * indices[argument.id].size) + indices[argument.id]
        return place

    def reduction(self, node: ast.Call, name: str, indices: Mapping[str, Index]) -> Expr:
        """sum(k, l, body): the last argument is the body, those before it are the indices that it binds."""
        if len(node.args) < 2:
            self.fail(f"{name} takes an index and what to reduce over it", node, f"write {FUNCTIONS[name]}")
        *binders, body = node.args
        bound: dict[str, Index] = {}
        for binder in binders:
            if not isinstance(binder, ast.Name):
                self.fail(f"an index is expected here: a name that {name} runs over", binder,
                          f"write {FUNCTIONS[name]}" + (f", or {name[:3]}(a, b) for the larger of two values"
                                                        if name == "maximum" else ""))
            if binder.id in bound:
                self.fail(f"{binder.id} is bound twice", binder, "give each index a name of its own")
            if binder.id in self.scope.quantities or binder.id in self.scope.constants:
                what = "constant" if binder.id in self.scope.constants else "quantity"
                self.fail(f"{binder.id} is a {what} and cannot be an index", binder, f"write {FUNCTIONS[name]}")
            index = self.inferred(binder, body, default=indices.get(binder.id))
            taken = {i.name for i in (*indices.values(), *bound.values())}
            bound[binder.id] = fresh(index, taken)
        value = self.value(body, {**indices, **bound})
        if name == "maximum":
            if value.has(Piecewise):  # SymPy would draw the cases out of the maximum, past the index that it binds
                self.fail("a maximum over an index cannot be of cases, such as abs, max or where", body,
                          "apply them in a layer before: activation: \"abs(z)\"")
            return Maximum(value, *bound.values())
        total = Sum(value, *bound.values())
        return total / sympy.Mul(*(i.size for i in bound.values())) if name == "mean" else total

    def inferred(self, binder: ast.Name, body: ast.expr, known: Index | None = None, default: Index | None = None) -> Index:
        """The index that a name stands for, its size taken from the axes where it stands alone, or from around."""
        size, first = (known.size, "the result") if known is not None else (None, "")
        if binder.id in self.scope.letters:
            return self.scope.letters[binder.id]
        for quantity, axis, node in self._axes(body, binder.id):
            if size is None:
                size, first = axis.size, quantity
            elif size != axis.size:
                self.fail(f"index {binder.id} runs over {size} values in {first}, but this axis of {quantity} has "
                          f"{axis.size}", node, "use an index of its own for each size")
        if size is None and default is not None:
            return default
        if size is None:
            self.fail(f"nothing says how far {quoted(binder.id)} runs", binder,
                      f"let {binder.id} stand alone as an index of some quantity, as in W[{binder.id},j]")
        return Index(binder.id, size)

    def _axes(self, node: ast.AST, name: str) -> Iterator[tuple[str, Index, ast.expr]]:
        """Where an index stands alone in an axis, unless an inner reduction binds the same name again."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in REDUCTIONS and any(isinstance(a, ast.Name) and a.id == name for a in node.args[:-1]):
                return
            for argument in node.args:
                yield from self._axes(argument, name)
            return
        if isinstance(node, ast.Name):
            for axis in self.scope.quantities.get(node.id, ()):
                if axis.name == name:
                    yield node.id, axis, node
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            own = self.scope.quantities.get(node.value.id, ())
            for position, axis in zip(positions_of(node), own, strict=False):
                if isinstance(position, ast.Name) and position.id == name:
                    yield node.value.id, axis, position
                elif not isinstance(position, ast.Name) or position.id in self.scope.quantities:
                    yield from self._axes(position, name)
        else:
            for child in ast.iter_child_nodes(node):
                yield from self._axes(child, name)

    def left_side(self, node: ast.expr) -> tuple[str, list[ast.Name]]:
        example = "write it as y[n,j] = …"
        if isinstance(node, ast.Name):
            own = self.scope.quantities.get(node.id)
            if own:
                self.fail(f"{node.id} has {_count(len(own), 'index', 'indices')}", node,
                          f"write {node.id}[{','.join(i.name for i in own)}] = …")
            return node.id, []
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
            self.fail("the left side of an equation is a quantity and its indices", node, example)
        names: dict[str, ast.Name] = {}
        for position in positions_of(node):
            if not isinstance(position, ast.Name):
                self.fail("an index on the left is a plain name", position, example)
            if position.id in names:
                self.fail(f"{position.id} stands twice on the left", position, "give each index a name of its own")
            names[position.id] = position
        own = self.scope.quantities.get(node.value.id)
        if own is not None and len(own) != len(names):
            self.fail(f"{node.value.id} has {_count(len(own), 'index', 'indices')}, and "
                      f"{_count(len(names), 'stands', 'stand')} here", node)
        return node.value.id, list(names.values())


def positions_of(node: ast.Subscript) -> list[ast.expr]:
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def bound_letters(text: str) -> set[str]:
    """The letters that sums run over beside `...` in a formula: it stands for others."""
    lists = re.findall(rf"\b(?:{'|'.join(REDUCTIONS)})\(\s*((?:\w+\s*,\s*)+)", text) if "..." in text else []
    return {letter for letters in lists for letter in re.findall(r"\w+", letters)}


def _count(number: int, one: str, many: str) -> str:
    return f"{number or 'no'} {one if number == 1 else many}"


def _branches(value: Expr) -> list[tuple[Expr, Boolean]]:
    return [tuple(pair) for pair in value.args] if isinstance(value, Piecewise) else [(value, sympy.true)]


BOUNDS = (sympy.Lt, sympy.Le, sympy.Gt, sympy.Ge)


def _both(*conditions: Boolean) -> Boolean:
    """All the conditions, without those that another one implies: z < 0 and z < 1 is z < 0."""
    parts = [part.canonical if isinstance(part, sympy.Rel) else part
             for part in sympy.And.make_args(sympy.And(*conditions))]
    return sympy.And(*(part for part in parts if not any(_implies(other, part) for other in parts)))


def _implies(one: Boolean, other: Boolean) -> bool:
    """Whether a bound makes another, wider one superfluous."""
    if type(one) is not type(other) or not isinstance(one, BOUNDS) or one.lhs != other.lhs:
        return False
    difference = one.rhs - other.rhs
    return bool(difference.is_negative if isinstance(one, BOUNDS[:2]) else difference.is_positive)


COMPARISONS = {ast.Lt: sympy.Lt, ast.LtE: sympy.Le, ast.Gt: sympy.Gt, ast.GtE: sympy.Ge, ast.Eq: sympy.Eq,
               ast.NotEq: sympy.Ne}
