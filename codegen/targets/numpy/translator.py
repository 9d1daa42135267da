"""Statements as calls of NumPy functions: each part of an expression goes into an array of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy
from sympy import Add, Expr, Function, Integer, Mul, Piecewise, Pow
from sympy.core.basic import Basic
from sympy.core.relational import Relational
from sympy.functions.elementary.miscellaneous import MinMaxBase

from codegen.order import factors, terms
from codegen.program import Kind, Program, Statement, Step, flat
from codegen.targets.numpy.calls import Call, CallBlock, Scratch
from codegen.targets.numpy.printer import UFUNCS, array_first, is_mask
from codegen.temporaries import ordered_axes
from derive.language.equations import Quantity
from derive.language.expressions import Access, Delta, Index, Maximum, Reduction, Sum, Within, free_indices

STEMS = {"": "scratch", "bool": "mask", "np.int64": "position"}  # what scratch arrays of a type are called
RELATIONS = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal",
             "!=": "not_equal"}


class Translator:
    """Translates statements into calls.

    Args:
        program: whose statements are translated.
        given: names of arrays that exist already (parameters, inputs, gradients), scalars among them.
    """

    def __init__(self, program: Program, given: Iterable[str]) -> None:
        self.program = program
        self.given = frozenset(given)
        self.quantities = dict(program.quantities)
        self.types: dict[str, str] = {}  # of those that hold no floating-point numbers
        self.padded: set[str] = set()
        self.made: set[str] = set()
        self.owner: dict[str, str] = {name: s.owner for s in flat(program.statements)
                                      if (name := s.name) in program.temporaries}
        self.parts = {s.name: s.body for s in flat(program.statements) if s.name in program.temporaries}
        self.calls: list[Call | CallBlock] = []
        self.statement: Statement

    def translate(self) -> list[Call | CallBlock]:
        return self._block(self.program.statements)

    def _block(self, steps: Iterable[Step]) -> list[Call | CallBlock]:
        around, self.calls = self.calls, []
        for step in steps:
            if isinstance(step, Statement):
                self.statement = step
                self._statement(step)
            else:
                self.calls.append(CallBlock(step, tuple(self._block(step.body))))
        made, self.calls = self.calls, around
        return made

    def _statement(self, statement: Statement) -> None:
        target, body = statement.target, statement.body
        if statement.adds:
            minus = body.could_extract_minus_sign()
            added = self.value(-body if minus else body)
            if target.indices or target.name in self.given:
                self._call("ufunc", "subtract" if minus else "add", (target, added), target)
            else:
                self._call("scalar", "", (target - added if minus else target + added,), target)
        elif not target.indices and target.name not in self.given:
            if statement.kind is Kind.ELEMENTWISE:
                self._call("scalar", "", (body,), target)
            elif statement.kind is Kind.REDUCTION:
                self._reduce(body, target)
            else:
                self._call("contract" if statement.kind is Kind.CONTRACTION else "scalar", "", (body,), target)
        elif statement.kind is Kind.CONTRACTION:
            self._call("contract", "", (body,), target)
        elif statement.kind is Kind.REDUCTION:
            self._reduce(body, target)
        elif statement.kind is Kind.GATHER:
            self._gather(body, target)
        elif statement.kind is Kind.SCATTER:
            self._scatter(body.body, target)
        elif statement.kind is Kind.PADDING:
            self.padded.add(target.name)
            first, *others = self.quantities[target.name].shape
            if any(not size.is_Integer for size in others):  # fewer samples: the zeros lie elsewhere
                self._call("copy", "", (Integer(0),), self.quantities[target.name].entry)
            self._into(body, target)
        else:
            self._into(body, target)

    def _scatter(self, body: Expr, target: Access) -> None:
        """Additions at positions that are counted through the whole array, which NumPy does fastest."""
        label = next(f for f in Mul.make_args(body) if isinstance(f, Delta))
        place, at = label.args if isinstance(label.args[1], Access) else label.args[::-1]
        before = target.indices.index(place)
        axes = (*target.indices[:before], *at.indices, *target.indices[before + 1:])
        rest = self.value(body / label)
        if not isinstance(rest, Access) or rest.indices != axes or (
                self.quantities[rest.name].shape != tuple(i.size for i in axes)):
            values = self.temporary(axes)
            self._into(rest, values)
            rest = values
        positions = [at if i == place else i for i in target.indices]
        self._call("scatter", "", (self._counted(positions, self.quantities[target.name].shape, axes), rest), target)

    def _counted(self, positions: Sequence[Expr], shape: Sequence[Expr], axes: Sequence[Index]) -> Expr:
        """Where an entry lies in the whole array: (i·J + j)·K + k."""
        made, *others = positions
        into = self.temporary(axes, "np.int64") if others else None
        for position, size in zip(others, shape[1:], strict=True):
            assert into is not None
            self._call("ufunc", "multiply", (made, size), into, counts=True)
            self._call("ufunc", "add", (into, position), into, counts=True)
            made = into
        return made

    def _gather(self, access: Access, target: Access) -> None:
        """An access by label; where it reads one entry of each row, at positions counted through the whole array."""
        shape = self.quantities[access.name].shape
        labels = [i for i in access.indices if isinstance(i, Access)]
        rows = tuple(i for i in access.indices if not isinstance(i, Access))
        if not (len(labels) == 1 and labels[0].indices == rows == target.indices and all(
                isinstance(i, Access) or i.size == size for i, size in zip(access.indices, shape, strict=True))):
            self._call("gather", "", (access,), target)
            return
        self._call("take", "", (access, self._counted(access.indices, shape, target.indices)), target)

    def _into(self, body: Expr, target: Access) -> None:
        made = self.value(body, target)
        if made != target:
            self._call("copy", "", (made,), target)

    def _reduce(self, body: Reduction, target: Access) -> None:
        if not free_indices(body) and isinstance(body, Sum) and isinstance(body.body, Pow) and body.body.exp == 2 and (
                isinstance(body.body.base, Access)) and target.name not in self.given:
            self._call("squares", "", (body.body.base,), target)
            return
        inner = self.value(body.body)
        function = "maximum" if isinstance(body, Maximum) else "add"
        self._call("reduce", function, (body.func(inner, *body.indices),), target)

    def _call(self, operation: str, function: str, arguments: Sequence[Expr], target: Access, counts: bool = False
              ) -> Access:
        self.calls.append(Call(operation, function, tuple(arguments), target, self.statement, counts))
        return target

    def temporary(self, axes: Sequence[Index], kind: str = "") -> Access:
        """A new array; the kind is its type where it holds no floating-point numbers."""
        owner = self.statement.owner or self.statement.name
        number = 1
        while (name := f"{owner}_{STEMS[kind]}{number}") in self.quantities:
            number += 1
        self.quantities[name] = Quantity(name, tuple(axes))
        self.owner[name] = owner
        self.made.add(name)
        if kind:
            self.types[name] = kind
        return Access(name, *axes)

    def ufunc(self, function: str, arguments: Sequence[Expr], into: Access | None = None, mask: bool = False,
              counts: bool = False) -> Access:
        if into is None or mask and self.types.get(into.name) != "bool":
            free = frozenset().union(*map(free_indices, arguments))
            into = self.temporary(ordered_axes(sum(arguments), self.statement.axes) if not self.statement.axes
                                  else self._axes(free), "bool" if mask else "")
        return self._call("ufunc", function, arguments, into, counts)

    def _axes(self, free: frozenset[Index]) -> tuple[Index, ...]:
        axes = [i for i in self.statement.axes if i in free]
        rest = free - set(axes)
        if rest:  # the indices of a reduction, in the order of the array that is reduced
            return ordered_axes(Mul(*(a for a in self.statement.body.atoms(Access) if a.indices)),
                                self.statement.axes) if not axes else tuple(
                i for i in ordered_axes(self.statement.body.args[0], self.statement.axes) if i in free)
        return tuple(axes)

    # Values: each returns a leaf, an access or a scalar expression, after the calls that compute it.

    def value(self, expression: Expr, into: Access | None = None) -> Expr:
        if not free_indices(expression) or isinstance(expression, (Access, Index)):
            return expression
        if isinstance(expression, Add):
            return self._add(expression, into)
        if isinstance(expression, Mul) or isinstance(expression, Pow) and expression.exp.is_Rational and (
                expression.exp < 0):
            return self._multiply(expression, into)
        if isinstance(expression, Pow):
            return self._power(expression, into)
        if isinstance(expression, Piecewise):
            return self._piecewise(expression, into)
        if isinstance(expression, MinMaxBase):
            name = "maximum" if isinstance(expression, sympy.Max) else "minimum"
            return self._fold(name, [self.value(a) for a in array_first(expression.args)], into)
        if isinstance(expression, Delta):
            place, label = sorted(expression.args, key=lambda a: not a.has(Access))
            return self.ufunc("equal", (place, label), into, mask=True, counts=True)
        if isinstance(expression, Within):
            position, size = expression.args
            low = self.ufunc("greater_equal", (position, Integer(0)), mask=True, counts=True)
            high = self.ufunc("less", (position, size), mask=True, counts=True)
            return self.ufunc("logical_and", (low, high), low, mask=True)
        if isinstance(expression, Function):
            return self._function(expression, into)
        raise TypeError(f"NumPy calls for {type(expression).__name__} are not known: {expression}")

    def _fold(self, function: str, values: Sequence[Expr], into: Access | None) -> Expr:
        made = values[0]
        for position, each in enumerate(values[1:], 2):
            made = self.ufunc(function, (made, each), into if position == len(values) else None)
        return made

    def _add(self, expression: Add, into: Access | None) -> Expr:
        parts = terms(expression, self.statement.axes)
        scalars = Add(*(-term if negative else term for negative, term in parts if not free_indices(term)))
        arrays = [(negative, term) for negative, term in parts if free_indices(term)]
        if scalars != 0:  # one scalar, where the first of them stood
            place = next(i for i, (_, term) in enumerate(parts) if not free_indices(term))
            arrays.insert(min(place, len(arrays)), (False, scalars) if not _is_negative(scalars) else (True, -scalars))
        (negative, first), *rest = arrays
        made = self.value(first)
        if negative:
            made = -made if not free_indices(made) else self.ufunc("negative", (made,), None if rest else into)
        for position, (negative, term) in enumerate(rest):
            last = position == len(rest) - 1
            made = self.ufunc("subtract" if negative else "add", (made, self.value(term)), into if last else None)
        return made

    def _multiply(self, expression: Expr, into: Access | None) -> Expr:
        negative, above, below = factors(expression, self.statement.axes)
        scale = Mul(*(f for f in above if not free_indices(f)))
        divisor = Mul(*(f for f in below if not free_indices(f)))
        over = [f for f in above if free_indices(f)]
        over = [f for f in over if not is_mask(f)] + [f for f in over if is_mask(f)]
        under = [f for f in below if free_indices(f)]
        divides = divisor != 1 and scale == 1 and bool(over)  # by m itself, as the plain code does
        if not divides:
            scale, divisor = scale / divisor, Integer(1)
        if divides and divisor.is_Integer and (int(divisor) & int(divisor) - 1) == 0:
            divides, scale, divisor = False, 1 / divisor, Integer(1)  # exact, and faster than a division
        if negative and (scale != 1 or not over):
            scale, negative = -scale, False
        steps: list[tuple[str, Expr]] = [("multiply", f) for f in over]
        if under:
            steps.append(("divide", Mul(*under)))
        if divides:
            steps.append(("divide", divisor))
        made: Expr | None = None
        if scale != 1 or not over:
            if scale == 1:  # 1/u
                steps[0] = ("reciprocal", steps[0][1])
            else:
                made = scale
        for position, (function, factor) in enumerate(steps):
            last = into if position == len(steps) - 1 and not negative else None
            operand = self.value(factor)
            if function == "reciprocal":
                made = self.ufunc("reciprocal", (operand,), last)
            elif made is None:
                made = operand
                if is_mask(factor) and len(steps) == 1:
                    made = self.ufunc("multiply", (operand, Integer(1)), last)
            else:
                made = self.ufunc(function, (made, operand), last)
        assert made is not None
        return self.ufunc("negative", (made,), into) if negative else made

    def _power(self, expression: Pow, into: Access | None) -> Expr:
        base, exponent = expression.as_base_exp()
        if base == sympy.E:
            return self.ufunc("exp", (self.value(exponent),), into)
        value = self.value(base)
        if exponent == sympy.Rational(1, 2):
            return self.ufunc("sqrt", (value,), into)
        if exponent == 2:
            return self.ufunc("square", (value,), into)
        if exponent == 3:
            return self.ufunc("multiply", (self.ufunc("square", (value,)), value), into)
        if exponent == 4:
            return self.ufunc("square", (self.ufunc("square", (value,)),), into)
        return self.ufunc("power", (value, self.value(exponent)), into)

    def _function(self, expression: Function, into: Access | None) -> Expr:
        name = expression.func.__name__
        if name == "sigmoid":  # 1/(1 + exp(−x)): four calls
            minus = self.ufunc("exp", (self.value(-expression.args[0]),))
            return self.ufunc("reciprocal", (self.ufunc("add", (minus, Integer(1))),), into)
        if name in ("erf", "erfc"):
            value = self.value(expression.args[0])
            axes = self._axes(free_indices(value))
            target = into if into is not None else self.temporary(axes)
            scratch = [Scratch(self.temporary(axes).name, *axes) for _ in range(2)]
            mask = Scratch(self.temporary(axes, "bool").name, *axes)
            return self._call("helper", name, (value, *scratch, mask), target)
        if name == "guarded":
            argument, condition, elsewhere = expression.args
            target = self.temporary(self._axes(free_indices(expression)))
            self._into(elsewhere, target)
            return self._call("masked", "", (self.value(argument), self._condition(condition)), target)
        if name not in UFUNCS:
            return self.value(expression.definition(), into)
        return self.ufunc(UFUNCS[name], [self.value(a) for a in expression.args], into)

    def _piecewise(self, expression: Piecewise, into: Access | None) -> Expr:
        *cases, (otherwise, _) = expression.args
        single = len(cases) == 1 and bool(free_indices(cases[0][1]))
        if otherwise == 0 and single and self._is_total(cases[0][0]):
            # A product with truth values is many times as fast as a masked copy.
            value, condition = cases[0]
            return self.ufunc("multiply", (self.value(value), self._condition(condition)), into)
        if single and any(free_indices(v) for v in (otherwise, cases[0][0])) and all(
                self._is_total(value) for value in (otherwise, cases[0][0])):
            value, condition = cases[0]
            holds = self._condition(condition)
            one = self.ufunc("multiply", (self.value(value), holds))
            fails = self.ufunc("logical_not", (holds,), mask=True)
            other = self.ufunc("multiply", (self.value(otherwise), fails))
            return self.ufunc("add", (one, other), into)
        target = self.temporary(self._axes(free_indices(expression)))
        self._into(otherwise, target)
        for value, condition in reversed(cases):
            self._call("masked", "", (self.value(value), self._condition(condition)), target)
        return target

    def _is_total(self, value: Expr) -> bool:
        """Whether a value is finite for every argument, so that 0 times it is 0: no root, logarithm or quotient."""
        if value.has(sympy.log) or any(free_indices(power.base) and not (power.exp.is_Integer and power.exp > 0)
                                       for power in value.atoms(Pow)):
            return False
        return all(self._is_total(self.parts[access.name]) for access in value.atoms(Access) if access.name in self.parts)

    def _condition(self, condition: Basic) -> Expr:
        if not free_indices(condition):
            return condition
        if isinstance(condition, Relational):
            if not free_indices(condition.lhs):  # z > 0 as people write it
                condition = condition.reversed
            left, right = self.value(condition.lhs), self.value(condition.rhs)
            return self.ufunc(RELATIONS[condition.rel_op], (left, right), mask=True)
        name = "logical_and" if isinstance(condition, sympy.And) else "logical_or"
        made, *others = map(self._condition, condition.args)
        for other in others:
            made = self.ufunc(name, (made, other), mask=True)
        return made


def _is_negative(expression: Expr) -> bool:
    return bool(expression.could_extract_minus_sign())
