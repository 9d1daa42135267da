"""A program as calls of NumPy functions that write into given arrays: one call a line, nothing allocated.

    z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]     becomes     np.matmul(x, W1, out=z1)
                                                         np.add(z1, b1, out=z1)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy
from sympy import Add, Expr, Function, Integer, Mul, Piecewise, Pow
from sympy.core.basic import Basic
from sympy.core.relational import Relational
from sympy.functions.elementary.miscellaneous import MinMaxBase

from codegen.contraction import matrix_product
from codegen.lowering import ordered_axes
from codegen.memory import Use, assign
from codegen.order import factors, terms
from codegen.program import Block, Guard, Kind, Program, Statement, Step, flat
from codegen.targets.numpy.plain import heading
from codegen.targets.numpy.printer import COMPARISON, UFUNCS, NumpyPrinter, array_first, is_mask
from derive.language.equations import Quantity
from derive.language.expressions import Access, Delta, Index, Maximum, Reduction, Sum, Within, free_indices, names

STEMS = {"": "scratch", "bool": "mask", "np.int64": "position"}  # what scratch arrays of a type are called
RELATIONS = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal",
             "!=": "not_equal"}


@dataclass(frozen=True)
class Call:
    """One call: target = function(arguments).

    Attributes:
        operation: how the call is written: "ufunc", "contract", "reduce", "squares" (the sum of all squares),
            "gather", "scatter", "copy", "masked", "scalar" (a Python expression) or "helper" (a function of the
            module that is given scratch arrays).
        counts: whether the arguments are positions, which are whole numbers.
        statement: the statement that it belongs to.
        depth: how many loops and conditions it stands in.
    """

    operation: str
    function: str
    arguments: tuple[Expr, ...]
    target: Access
    statement: Statement
    counts: bool = False
    depth: int = 0

    @property
    def axes(self) -> tuple[Index, ...]:
        return replace(self.statement, target=self.target).axes

    def use(self, quantities: Mapping[str, Quantity]) -> Use:
        """What the call does to memory."""
        reads = frozenset().union(*map(names, self.arguments))
        overwrites = set()
        if self.operation in ("ufunc", "copy"):
            # Entry by entry: an argument that lies exactly like the target may lie in the same place.
            for argument in self.arguments:
                if isinstance(argument, Access) and argument.indices == self.target.indices and \
                        quantities[argument.name].shape == quantities[self.target.name].shape:
                    others = [a for a in self.arguments if a is not argument and argument.name in names(a)]
                    if all(a == argument for a in others):
                        overwrites.add(argument.name)
        partly = self.operation == "masked" or self.statement.partial and self.target.name == self.statement.name
        if partly:
            reads |= {self.target.name}
        return Use(self.target.name, reads, frozenset(overwrites))


@dataclass(frozen=True)
class CallBlock:
    """The calls of a loop or a condition."""

    block: Block
    calls: tuple[Call | CallBlock, ...]

    def once(self, depth: int = 0) -> Iterator[Call | Heading]:
        """The calls as they are written, under the lines that open the blocks."""
        first = next(c for c in _flat(self.calls))
        yield Heading(self.block, first.statement, depth)
        for call in self.calls:
            if isinstance(call, CallBlock):
                yield from call.once(depth + 1)
            else:
                yield replace(call, depth=depth + 1)

    def twice(self) -> Iterator[Call]:
        """The calls as they run: in a loop, what is written in one step may be read in the next."""
        for _ in range(1 if isinstance(self.block, Guard) else 2):
            yield from _flat(self.calls)


@dataclass(frozen=True)
class Heading:
    """The line that a loop or a condition begins with, and the statement that comes first in it."""

    block: Block
    statement: Statement
    depth: int


def _flat(calls: Iterable[Call | CallBlock]) -> Iterator[Call]:
    for call in calls:
        if isinstance(call, CallBlock):
            yield from call.twice()
        else:
            yield call


class _Scratch(Access):
    """An array that a helper function may write into."""


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
            scratch = [_Scratch(self.temporary(axes).name, *axes) for _ in range(2)]
            mask = _Scratch(self.temporary(axes, "bool").name, *axes)
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
            left, right = self.value(condition.lhs), self.value(condition.rhs)
            return self.ufunc(RELATIONS[condition.rel_op], (left, right), mask=True)
        name = "logical_and" if isinstance(condition, sympy.And) else "logical_or"
        made, *others = map(self._condition, condition.args)
        for other in others:
            made = self.ufunc(name, (made, other), mask=True)
        return made


def _is_negative(expression: Expr) -> bool:
    return bool(expression.could_extract_minus_sign())


@dataclass(frozen=True)
class Buffered:
    """Calls, the arrays that they need, and which of those share memory.

    Attributes:
        calls: in the order in which they are written, each under the headings of its blocks.
        arrays: every array that has to be made, as (names that share its memory and shape, axes, type or "").
        zeroed: names of those that must hold zeros at first.
        reshaped: (name, name of the array whose memory it shares, axes) where the shapes differ.
    """

    calls: tuple[Call | Heading, ...]
    quantities: Mapping[str, Quantity]
    arrays: tuple[tuple[tuple[str, ...], tuple[Expr, ...], str], ...]
    reshaped: tuple[tuple[str, str, tuple[Expr, ...]], ...]
    rename: Mapping[str, str]
    zeroed: frozenset[str]


def buffered(program: Program, given: Mapping[str, tuple[bool, bool]]) -> Buffered:
    """Translate a program and give its arrays memory.

    Args:
        program: to translate.
        given: names of the arrays that exist, and whether each holds a value before, and must hold one after.
    """
    translator = Translator(program, given)
    written = translator.translate()
    calls = list(_flat(written))
    quantities, types = translator.quantities, translator.types
    uses = [use for call in calls for use in _uses(call, quantities)]
    needed = {use.writes for use in uses}
    keys: dict[str, object] = {}
    for name in [*needed, *given]:
        quantity = quantities[name]
        if quantity.indices or name in given:
            keys[name] = (Mul(*quantity.shape), types.get(name), name if name in translator.padded else "")
    prefer = {name: owner for name, owner in translator.owner.items() if name in keys and name != owner}
    home = assign(uses, keys, given, prefer)
    rename: dict[str, str] = {}
    for name, owner in translator.owner.items():
        same_place = name in home and owner in home and home[name] == home[owner]
        if same_place and quantities[name].shape == quantities[owner].shape:
            rename[name] = owner
        elif name in home and home[name] in given and quantities[name].shape == quantities[home[name]].shape:
            rename[name] = home[name]
        elif name not in keys and name in needed and owner in quantities and not quantities[owner].indices:
            rename[name] = owner if _scalar_is_free(name, owner, calls) else name
    scratch: dict[tuple[str, tuple[Expr, ...]], str] = {}
    taken = set(quantities)
    for name in dict.fromkeys(use.writes for use in uses):
        if name in home and name in translator.made and name not in rename:
            # Temporaries that share a place and a shape go by one name.
            shared = home[name], quantities[name].shape
            if shared not in scratch:
                scratch[shared] = _unused(STEMS[types.get(name, "")], taken)
                taken.add(scratch[shared])
            rename[name] = scratch[shared]
    groups: dict[tuple[str, tuple[Expr, ...]], list[str]] = {}
    order = [n for n in dict.fromkeys(name for use in uses for name in (use.writes, *sorted(use.reads)))
             if n in home and n not in given]
    for name in order:
        shown = rename.get(name, name)
        group = groups.setdefault((home[name], quantities[name].shape), [])
        if shown not in group and shown not in given:
            group.append(shown)
    arrays, reshaped = [], []
    made = {name: name for name in given}  # the name by which the memory of each place is at hand
    for (place, shape), group in groups.items():
        if not group:
            continue
        if place in made:
            reshaped += [(name, made[place], shape) for name in group]
        else:
            made[place] = group[0]
            arrays.append((tuple(group), shape, types.get(place, "")))
    once = [each for call in written for each in (call.once() if isinstance(call, CallBlock) else (call,))]
    return Buffered(tuple(once), quantities, tuple(arrays), tuple(reshaped), rename, frozenset(translator.padded))


def _uses(call: Call, quantities: Mapping[str, Quantity]) -> list[Use]:
    """What the call does to memory; scratch arrays come into being just before it."""
    scratch = [Use(a.name, frozenset()) for a in call.arguments if isinstance(a, _Scratch)]
    return [*scratch, call.use(quantities)]


def _unused(stem: str, taken: set[str]) -> str:
    number = 1
    while (name := stem if number == 1 else f"{stem}{number}") in taken:
        number += 1
    return name


def _scalar_is_free(name: str, owner: str, calls: Sequence[Call]) -> bool:
    """Whether a scalar temporary can go by its owner's name: it is last read where the owner gets its value."""
    written = [i for i, call in enumerate(calls) if call.target.name == owner]
    read = [i for i, call in enumerate(calls) if any(name in names(a) for a in call.arguments)]
    temporaries = [call.target.name for call in calls if call.statement.owner == owner and call.target.name != owner]
    return bool(written and read) and max(read) == min(written) and temporaries == [name]


class CallPrinter:
    """Writes calls as code."""

    def __init__(self, printer: NumpyPrinter, identifier: Callable[[str], str]) -> None:
        self.printer = printer
        self.identifier = identifier

    def text(self, call: Call | Heading) -> str | None:
        """One line of code (or a few), or None where nothing is to be done."""
        code = heading(call.block, self.printer) if isinstance(call, Heading) else self._text(call)
        return None if code is None else "\n".join("    " * call.depth + line for line in code.split("\n"))

    def _text(self, call: Call) -> str | None:
        show, axes = self.printer.position if call.counts else self.printer.text, call.axes
        arguments = call.arguments
        if call.operation == "squares":
            operand = show(arguments[0], arguments[0].indices)
            return f"{self.identifier(call.target.name)} = np.vdot({operand}, {operand})"
        if call.operation == "scalar":
            return f"{self.identifier(call.target.name)} = {show(arguments[0])}"
        if not call.target.indices and call.operation in ("reduce", "contract") and (
                call.target.name not in self.printer.quantities or not self._is_array(call.target.name)):
            return f"{self.identifier(call.target.name)} = {self._scalar(call)}"
        out = self.printer.view(call.target, axes) if call.target.indices else self.identifier(call.target.name)
        if call.operation == "ufunc":
            code = ", ".join(show(a, axes) for a in arguments)
            return f"np.{call.function}({code}, out={out})"
        if call.operation == "contract":
            return self._contract(call, out)
        if call.operation == "reduce":
            reduction = arguments[0]
            assert isinstance(reduction, Reduction)
            own = self.printer.own_axes(reduction.body)
            code = show(reduction.body, own)
            places = tuple(sorted(own.index(i) for i in reduction.indices))
            axis = "None" if len(places) == len(own) else str(places[0] if len(places) == 1 else places)
            have = [i for i in own if i not in reduction.indices]
            if have != list(axes):
                out = self.printer.align(out, list(axes), have)
            return f"np.{call.function}.reduce({code}, axis={axis}, out={out})"
        if call.operation == "gather":
            return self._gather(arguments[0], axes, out)
        if call.operation == "take":
            return f'np.take({self.identifier(arguments[0].name)}, {show(arguments[1], axes)}, out={out}, mode="clip")'
        if call.operation == "scatter":
            at, values = (f"{show(a, a.indices)}.reshape(-1)" for a in arguments)
            whole = self.identifier(call.target.name)
            return f"{whole}.fill(0)\nnp.add.at({whole}.reshape(-1), {at}, {values})"
        if call.operation == "copy":
            code = show(arguments[0], axes)
            return None if code == out else f"np.copyto({out}, {code})"
        if call.operation == "masked":
            return f"np.copyto({out}, {show(arguments[0], axes)}, where={show(arguments[1], axes)})"
        if call.operation == "helper":
            self.printer.helpers.add(f"{call.function}_into")
            first, *scratch = (show(a, axes) for a in arguments)
            return f"_{call.function}_into({first}, {out}, {', '.join(scratch)})"
        raise ValueError(call.operation)

    def _gather(self, access: Expr, axes: Sequence[Index], out: str) -> str:
        """np.take along one axis, which needs no new array."""
        assert isinstance(access, Access)
        quantity = self.printer.quantities[access.name]
        name = self.identifier(access.name)
        labels = [(p, i) for p, i in enumerate(access.indices) if isinstance(i, Access)]
        if len(labels) == 1 and all(isinstance(i, Index) and i.size == size for i, size in zip(
                access.indices, quantity.shape, strict=True) if not isinstance(i, Access)):
            place, label = labels[0]
            assert isinstance(label, Access)
            at = self.printer.view(label, label.indices)
            spread = (*access.indices[:place], *label.indices, *access.indices[place + 1:])
            if spread == tuple(axes):
                return f'np.take({name}, {at}, axis={place}, out={out}, mode="clip")'
        return f"{out}[...] = {self.printer.text(access, axes)}"

    def _is_array(self, name: str) -> bool:
        return name in self.arrays

    arrays: frozenset[str] = frozenset()

    def _scalar(self, call: Call) -> str:
        if call.operation == "contract":
            return self.printer.text(call.arguments[0])
        reduction = call.arguments[0]
        assert isinstance(reduction, Reduction)
        code = self.printer.text(reduction.body, self.printer.own_axes(reduction.body))
        return f"np.{call.function}.reduce({code}, axis=None)"

    def _contract(self, call: Call, out: str) -> str:
        body, axes = call.arguments[0], call.axes
        assert isinstance(body, Sum)
        made = matrix_product(body, ordered_axes(body, axes), self.printer.quantities)
        assert made is not None
        left, right, result = made.left, made.right, made.result(call.target)
        codes = [self.printer.matrix(side.access, side.batch, side.rows, side.columns, COMPARISON) for side in (left, right)]
        if not result.axes:
            return f"{out}[...] = np.vdot({', '.join(codes)})"
        out = self.printer.matrix(call.target, result.batch, result.rows, result.columns)
        return f"np.matmul({', '.join(codes)}, out={out})"
