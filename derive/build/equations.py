"""The equations of a layer: how far each index runs, which names are parameters, and then the equations themselves.

    y[n,j] = sum(k, x[n,k]*W[k,j])*g[j] + b[j]

One letter is one index throughout a layer.  k runs over the features of x because it stands there; W and g are defined
nowhere, so they are parameters, with the shapes that their letters give them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sympy import Expr, Integer, Symbol

from derive.build.parts import SAMPLE, Output, Parts
from derive.build.whole_numbers import Indivisible, letters_of, reach, whole_number
from derive.file.equations import Equations
from derive.file.errors import Place, quoted, suggestion
from derive.file.formulas import Scope, positions_of
from derive.file.functions import FUNCTIONS
from derive.language.equations import Cycle, Equation, Quantity, Role, System
from derive.language.expressions import Access, Index
from derive.language.substitution import LETTERS, SAMPLE_INDEX, Renaming, fresh

Axes = list[ast.expr]


@dataclass(frozen=True)
class Written:
    """Equations as they are written in the file or in the catalogue, and what their names mean.

    Attributes:
        text: one equation a line.
        place: where the text stands in the file; None for the catalogue's.
        reads: the layers and inputs that it reads, by its own names for them.
        numbers: whole numbers that sizes and positions may mention, such as a stride.
        constants: constants of the network, by the text's names for them.
        sizes: how far an index runs, as a number or a formula in the numbers and size(x, axis).
        shapes: the indices of a parameter whose axes are not plain indices everywhere, as in "v,j".
        bias: what becomes of parameters whose names begin with b: "true", "false" or "shared".
        modes: for each equation "training" or "inference" where it holds in one of them only, "state" where it says
            how a running statistic goes on after an update; nothing for all others.
        random: quantities that are drawn anew for each batch, and the constants that are their rates.
        meanings: of quantities, for tables.
        initial: how parameters and running statistics start, where that is not the usual.
    """

    text: str
    reads: Mapping[str, Output]
    place: Place | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)
    constants: Mapping[str, Expr] = field(default_factory=dict)
    sizes: Mapping[str, int | str] = field(default_factory=dict)
    shapes: Mapping[str, str] = field(default_factory=dict)
    bias: str = "true"
    modes: Sequence[str] = ()
    random: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)
    initial: Mapping[str, str | float] = field(default_factory=dict)


def define(parts: Parts, written: Written, label: str, spoken: str, origin: str, *path: str | int) -> Output:
    """Declare the parameters of a layer and define its quantities; returns what it hands on.

    Args:
        label: what is put after the text's names to make the network's: z becomes z1.
        spoken, origin: the layer in tables ("layer 1") and in messages ("layer 1 (dense: 16)").
        path: where the layer stands in the file.

    Raises:
        FileError: the equations do not fit together, at the character that is wrong.
    """
    return _Layer(parts, written, label, spoken, origin, path).define()


@dataclass
class _Line:
    """One equation as syntax trees."""

    name: str
    left: Axes
    right: ast.expr
    mode: str = ""

    @property
    def letters(self) -> list[str]:
        """The indices on the left."""
        return [each.id for each in self.left if isinstance(each, ast.Name)]


class _Layer:
    """One layer's equations on their way into the network."""

    def __init__(self, parts: Parts, written: Written, label: str, spoken: str, origin: str, path: tuple[str | int, ...]
                 ) -> None:
        self.parts, self.written = parts, written
        self.label, self.spoken, self.origin, self.path = label, spoken, origin, path
        self.trees = Equations(written.text, written.place)
        self.lines: list[_Line] = []
        self.sizes: dict[str, Expr] = {SAMPLE_INDEX: SAMPLE.size}
        self.said: dict[str, str] = {SAMPLE_INDEX: "the samples"}  # what a size is known from
        self.axes: dict[str, tuple[Expr, ...]] = {}  # the sizes of the axes of every quantity

    def define(self) -> Output:
        self._read()
        self._numbers_for_compound_positions()
        for name, output in self.written.reads.items():
            self.axes[name] = tuple(self.parts.resolved(index.size) for index in output.indices)
        self._infer()
        parameters = self._parameters()
        self._declare_integers()
        final = {name: self._named(name) for name in (*parameters, *(line.name for line in self.lines))}
        rename = Renaming({Symbol(mine): Symbol(theirs) for mine, theirs in final.items()}
                          | {Symbol(mine): Symbol(output.name) for mine, output in self.written.reads.items()})
        for name, letters in parameters.items():
            self._declare(name, final[name], self._distinct(letters))
        scope = Scope({**{name: self._own(output) for name, output in self.written.reads.items()},
                       **{name: self._distinct(letters) for name, letters in parameters.items()},
                       **{line.name: tuple(map(self._index, line.letters)) for line in self.lines}},
                      self.written.constants, letters={letter: self._index(letter) for letter in self.sizes}, outside="zero")
        bodies = []
        for line in self.lines:
            free = {letter: self._index(letter) for letter in line.letters}
            bodies.append(rename(self.trees.expression(line.right, scope, free)))
            self._keep(line, final[line.name], tuple(free.values()), bodies[-1])
        self._check_cycles(rename)
        for body in bodies:  # when all are there: equations may refer to each other
            self.parts.check_positions(body, *self.path)
        last = [line for line in self.lines if line.mode != "state"][-1]
        own = None if self.written.place is None else ""  # what the user typed may be anything, probabilities too
        return Output(final[last.name], tuple(map(self._index, last.letters)), self.origin, own)

    def _keep(self, line: _Line, name: str, indices: tuple[Index, ...], body: Expr) -> None:
        """Put an equation where it belongs by its mode."""
        meaning = self._meaning(line.name, f"{line.name} of {self.spoken}")
        if line.mode == "inference":
            self.parts.inference[name] = body
        elif line.mode == "state":
            self.parts.running.append(Equation(self.parts.declare(
                Quantity(name, indices, Role.STATE, meaning), *self.path).entry, body))
            self._remember_initial(line.name, name)
        else:
            self.parts.define(Quantity(name, indices, meaning=meaning), body, *self.path)

    def _remember_initial(self, mine: str, final: str) -> None:
        if mine in self.written.initial:
            self.parts.initial[final] = self.written.initial[mine]

    def _check_cycles(self, rename: Renaming) -> None:
        """FileError where equations define each other, and not along an index."""
        own = {rename(Access(line.name)).name: line for line in self.lines if line.mode not in ("inference", "state")}
        try:
            System(self.parts.quantities, tuple(e for e in self.parts.equations if e.name in own)).blocks()
        except Cycle as cycle:
            line = own[cycle.names[0]]
            self.trees.fail(f"this is a cycle: {cycle}", line.right,
                            "an equation may read itself at an earlier position of one index, as in h[n,t-1,j]")

    # -- reading ------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Split into equations, and write out what stands for something else: `...`, whole numbers, biases."""
        for number, (name, left, right) in enumerate(self.trees.equations()):
            self.lines.append(_Line(name, left, right, self.written.modes[number] if self.written.modes else ""))
        if not self.lines:
            self.trees.fail("there is no equation here", 0, "write one, such as y[n,j] = x[n,j] * g[j]")
        self.factors = set().union(*(_factors(line.right) for line in self.lines))
        for line in self.lines:
            if line.name in self.written.reads:
                self.trees.fail(f"{line.name} is what the layer reads and cannot be defined", self._start(line),
                                "give what the layer computes another name, such as y")
            line.right = self.trees.rewritten(line.right, self._replaced)
        self._spread()
        for line in self.lines:
            self._check_indices(line)

    def _check_indices(self, line: _Line) -> None:
        """Every index stands on the left or is bound by a sum, and samples are not counted on."""
        bound = {argument.id for node in ast.walk(line.right) if isinstance(node, ast.Call)
                 for argument in node.args[:-1] if isinstance(argument, ast.Name)} | {*line.letters, SAMPLE_INDEX}
        for node in ast.walk(line.right):
            for position in positions_of(node) if isinstance(node, ast.Subscript) else ():
                letters = letters_of(position)
                for letter in sorted(letters - bound):
                    if not self._is_quantity(letter):
                        self.trees.fail(f"{quoted(letter)} is no index here", position,
                                        f"put {letter} on the left, or bind it, as in sum({letter}, …)")
                if SAMPLE_INDEX in letters and not isinstance(position, (ast.Name, ast.Subscript)):
                    self.trees.fail("one sample cannot read another by its number", position, "write the index n alone")

    def _start(self, line: _Line) -> ast.expr:
        return line.left[0] if line.left else line.right

    def _replaced(self, node: ast.expr) -> ast.expr | None:
        """Whole numbers for their names, and biases as the file wants them."""
        match node:
            case ast.Name(id=name) if name in self.written.numbers:
                return ast.Constant(self.written.numbers[name])
            case ast.Subscript(value=ast.Name(id=name)) if self._is_bias(name) and self.written.bias != "true":
                return ast.Constant(0) if self.written.bias == "false" else ast.Name(name)
        return None

    def _is_bias(self, name: str) -> bool:
        """A parameter that begins with b and is added, never multiplied: basis[k,j] in a product is a weight."""
        return name.startswith("b") and name not in self.factors and name not in self.written.reads and all(
            line.name != name for line in self.lines)

    def _spread(self) -> None:
        """Letters for `...`, the same everywhere: those of the axes that they stand for, where these are free."""
        spread: tuple[str, ...] | None = None
        for name, positions, _ in self._accesses(left=False):
            if name in self.written.reads and any(_is_ellipsis(p) for p in positions):
                named = sum(not _is_ellipsis(p) for p in positions)
                own = self.written.reads[name].indices
                before = next(place for place, p in enumerate(positions) if _is_ellipsis(p))
                if len(own) < named:
                    self._fits(name, named - 1)
                if spread is None:
                    taken = {each.id for line in self.lines for part in (line.right, *line.left) for each in ast.walk(part)
                             if isinstance(each, ast.Name)} - set(self.written.reads)
                    spread = _letters([index.name for index in own[before: before + len(own) - named]], taken)
                elif len(spread) != len(own) - named:
                    other = next(iter(self.written.reads.values()))
                    raise self.parts.error(
                        f"{other.origin} and {self.written.reads[name].origin} have different numbers of axes", *self.path,
                        help="reshape one of them before")
        for line in self.lines:
            line.right = self.trees.spread(line.right, spread or ())
            line.left = self.trees.spread_left(line.left, spread or ())

    def _fits(self, name: str, axes: int, exactly: bool = False) -> None:
        """FileError where what is read has other axes than a layer of the catalogue needs."""
        if name in self.written.reads and (self.written.place is None or not exactly):
            read = self.written.reads[name]
            raise self.parts.error(
                f"{self.origin} reads {read.origin}, which has {_axes(len(read.indices) - 1)} for each sample, and needs "
                f"{'' if exactly else 'at least '}{_axes(axes)}", *self.path,
                help="read another layer, or reshape it before")

    def _accesses(self, left: bool = True) -> Iterator[tuple[str, Axes, ast.expr]]:
        """Every access of the equations: the quantity, what stands in its axes, and the node."""
        for line in self.lines:
            if left:
                yield line.name, line.left, self._start(line)
            for node in ast.walk(line.right):
                if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                    yield node.value.id, positions_of(node), node

    # -- sizes --------------------------------------------------------------------------------------------------

    def _numbers_for_compound_positions(self) -> None:
        """Make sizes numbers where positions such as 2*i+u are counted in them: only numbers show what is inside."""
        self.counted: set[str] = set()  # the letters of such positions
        for name, positions, _ in self._accesses(left=False):
            for axis, position in enumerate(positions):
                letters = letters_of(position)
                if isinstance(position, ast.Name) or _is_shift(position) or not letters:
                    continue
                self.counted |= letters
                if name in self.written.reads:
                    self._count(self.written.reads[name].indices[axis].size)
        for line in self.lines:
            for node in ast.walk(line.right):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and (
                        node.func.id == "flat" or node.func.id in ("delta", "within") and not all(
                            isinstance(argument, ast.Name) for argument in node.args)):
                    self.counted |= letters_of(node)
        # The axes that these letters run over, in what is read and in what is defined, are numbers as well.
        for name, positions, _ in self._accesses():
            for axis, position in enumerate(positions):
                if isinstance(position, ast.Name) and position.id in self.counted and name in self.written.reads and \
                        axis < len(self.written.reads[name].indices):
                    self._count(self.written.reads[name].indices[axis].size)

    def _count(self, size: Expr) -> None:
        resolved = self.parts.resolved(size)
        for symbol in resolved.free_symbols - {SAMPLE.size}:
            self.parts.unify(Integer(self.parts.sizes[symbol]), symbol)

    def _infer(self) -> None:
        """The size of every index, from the axes where it stands, from `sizes`, or from how far a window reaches."""
        given = dict(self.written.sizes)
        used = {name for line in self.lines for name in (*letters_of(line.right), *line.letters)} | {
            letter for shape in self.written.shapes.values() for letter in shape.split(",")}
        while True:
            before = len(self.sizes), len(self.axes)
            for name, positions, node in self._accesses():
                self._learn(name, positions, node)
            for line in self.lines:
                if line.name not in self.axes and all(letter in self.sizes for letter in line.letters):
                    self.axes[line.name] = tuple(self.sizes[letter] for letter in line.letters)
            if (len(self.sizes), len(self.axes)) != before:
                continue
            wanted = next((letter for letter in given if letter in used and letter not in self.sizes), None)
            if wanted is not None:
                self._given(wanted, given[wanted])
            elif not self._windows():
                break
        self._check_given(given)
        for _, positions, _ in self._accesses():
            for position in positions:
                if isinstance(position, ast.Name) and position.id not in self.sizes and not self._is_quantity(position.id):
                    self.trees.fail(f"nothing says how far {quoted(position.id)} runs", position,
                                    f"add sizes: {{{position.id}: 16}}, or let it stand alone in an axis of what is read")

    def _check_given(self, given: Mapping[str, int | str]) -> None:
        """What the file says of a size must be what the axes say."""
        for letter, size in given.items():
            if isinstance(size, int) and self.written.place is not None:
                if letter not in self.sizes:
                    raise self.parts.error(f"no equation has the index '{letter}'", *self.path, "sizes", letter, key=True,
                                           help=suggestion(letter, self.sizes, "the indices are"))
                if (known := self.parts.number(self.sizes[letter])) != size:
                    raise self.parts.error(f"{letter} runs over {known or 'the samples'} ({self.said[letter]}), not over "
                                           f"{size}", *self.path, "sizes", letter, help="remove it, or correct it")

    def _is_quantity(self, name: str) -> bool:
        return name in self.written.reads or any(line.name == name for line in self.lines) or name in self.written.constants

    def _given(self, letter: str, size: int | str) -> None:
        try:
            number = size if isinstance(size, int) else self._computed(size)
        except Indivisible as error:
            raise self.parts.error(f"{self.origin} cannot divide: {error}", *self.path,
                                   help="choose numbers that can be divided into equal parts") from None
        except ValueError:
            raise self.parts.error(f"the size of {letter} cannot be computed", *self.path, "sizes", letter,
                                   help="write a whole number, or a formula such as (size(x, 1) - 3)//2 + 1") from None
        if number < 1:
            raise self.parts.error(f"{self.origin} would have {number} positions along {letter}", *self.path,
                                   help="choose a smaller window or stride, or more padding")
        plain = [name for name, positions, _ in self._accesses() for p in positions
                 if isinstance(p, ast.Name) and p.id == letter]
        if letter in self.counted or self.lines[-1].name not in plain:
            self.sizes[letter] = Integer(number)
        else:
            last = self.lines[-1].letters[-1]
            self.sizes[letter] = self.parts.size(self.label if letter == last else f"{self.label}_{letter}", number)
        self.said[letter] = f"{letter}: {number}"

    def _computed(self, text: str) -> int:
        """A size from a formula in whole numbers, such as (size(x, 1) - kernel)//stride + 1."""
        reads = {name: self.parts.shape_of(output.indices) for name, output in self.written.reads.items()}
        known = {**self.written.numbers, **{
            name: int(size) for name, size in self.sizes.items() if size.is_Integer}}
        return whole_number(text, known, reads)

    def _learn(self, name: str, positions: Axes, node: ast.expr) -> None:
        own = self.axes.get(name)
        if own is None:
            return
        if len(own) != len(positions):
            self._fits(name, len(positions) - 1, exactly=True)
            what = self.written.reads[name].origin if name in self.written.reads else "it"
            shape = ",".join(index.name for index in self.written.reads[name].indices) if name in self.written.reads else ""
            self.trees.fail(f"{name} has {_indices(len(own))}, and {len(positions) or 'none'} "
                            f"stand{'s' * (len(positions) == 1)} here", node,
                            f"{name} is {what}: write {name}[{shape}]" if shape else None)
        for axis, (position, size) in enumerate(zip(positions, own, strict=True)):
            if not isinstance(position, ast.Name) or self._is_quantity(position.id):
                continue
            letter = position.id
            if letter not in self.sizes:
                self.sizes[letter], self.said[letter] = size, f"axis {axis + 1} of {name}"
            elif (known := self.parts.resolved(self.sizes[letter])) != size:
                one, other = (self.parts.number(each) for each in (known, size))
                if one != other or one is None:
                    self.trees.fail(f"index {letter} runs over {one or 'the samples'} values ({self.said[letter]}), but "
                                    f"this axis of {name} has {other or 'the samples'}", position,
                                    "use an index of its own for each size")
                self.parts.unify(known, size)
                self._resolve()

    def _resolve(self) -> None:
        self.sizes = {letter: self.parts.resolved(size) for letter, size in self.sizes.items()}
        self.axes = {name: tuple(map(self.parts.resolved, axes)) for name, axes in self.axes.items()}

    def _windows(self) -> bool:
        """How far i runs in x[n, 2*i+u]: as long as the window lies inside x."""
        for name, positions, _ in self._accesses():
            for axis, position in enumerate(positions):
                unknown = [letter for letter in sorted(letters_of(position)) if letter not in self.sizes
                           and not self._is_quantity(letter)]
                if isinstance(position, ast.Name) or len(unknown) != 1 or name not in self.axes:
                    continue
                letter, size = unknown[0], self.parts.number(self.axes[name][axis])
                ends = reach(position, letter, {k: self.parts.number(v) for k, v in self.sizes.items()})
                if ends is None or size is None:
                    continue
                slope, _, highest = ends
                if slope > 0 and (size - 1 - highest) // slope >= 0:
                    self.sizes[letter] = Integer((size - 1 - highest) // slope + 1)
                    self.said[letter] = f"as far as {name} reaches"
                    return True
        return False

    # -- parameters ---------------------------------------------------------------------------------------------

    def _parameters(self) -> dict[str, list[str]]:
        """The names that nothing defines, with the letter of each axis."""
        found: dict[str, list[str]] = {
            name: [part for part in shape.split(",") if part] for name, shape in self.written.shapes.items()}
        for name, letters in found.items():
            for letter in letters:
                if letter.isdigit():
                    self.sizes.setdefault(f"{name}_{letter}", Integer(letter))
            found[name] = [f"{name}_{letter}" if letter.isdigit() else letter for letter in letters]
        first: dict[str, ast.expr] = {}
        for name, positions, node in self._accesses():
            if name in found and name in self.written.shapes or self._is_quantity(name):
                continue
            if name in self.sizes:
                self.trees.fail(f"{name} is an index and has no indices", node, "give the parameter another name")
            if name in FUNCTIONS:
                self.trees.fail(f"{name} is a function", node, f"write {FUNCTIONS[name]}")
            first.setdefault(name, node)
            letters = [p.id if isinstance(p, ast.Name) and not self._is_quantity(p.id) else "" for p in positions]
            known = found.setdefault(name, letters)
            if len(known) != len(letters):
                self.trees.fail(f"{name} has {_indices(len(known))} elsewhere, and {len(letters)} here", node)
            found[name] = [one or other for one, other in zip(known, letters, strict=True)]
            if SAMPLE_INDEX in letters and name not in self.written.random:
                self.trees.fail(f"the parameter {name} cannot have the index n of the samples", node,
                                "write it without n: a parameter is the same for all samples")
        for line in self.lines:  # a bias shared by a whole layer has no index
            for each in ast.walk(line.right):
                if isinstance(each, ast.Name) and self.written.bias == "shared" and self._is_bias(each.id) and \
                        each.id not in self.sizes:
                    found.setdefault(each.id, [])
        for name, letters in found.items():
            if "" in letters:
                self.trees.fail(f"nothing says how long axis {letters.index('') + 1} of {name} is", first[name],
                                f"add parameters: {{{name}: [{', '.join(letter or '10' for letter in letters)}]}}")
            for letter in letters:
                if letter not in self.sizes:
                    raise self.parts.error(f"nothing says how far the index {letter} of {name} runs", *self.path,
                                           help=f"add sizes: {{{letter}: 16}}")
        used = {node.id for line in self.lines for node in ast.walk(line.right) if isinstance(node, ast.Name)}
        order = [node.id for line in self.lines for node in _in_order(line.right)]
        for name in found:
            if name not in used:
                raise self.parts.error(f"the parameter '{name}' stands in no equation", *self.path, "parameters", name,
                                       key=True, help="remove it")
        return {name: found[name] for name in dict.fromkeys(order) if name in found}

    def _declare(self, name: str, final: str, indices: tuple[Index, ...]) -> None:
        if name in self.written.random:
            rate = self.written.constants[self.written.random[name]]
            self.parts.declare(Quantity(final, indices, Role.RANDOM, self._meaning(name, name)), *self.path)
            self.parts.random[final] = str(rate)
            return
        bias = self._is_bias(name)
        meaning = f"bias shared by {self.spoken}" if bias and not indices else self._meaning(
            name, f"{'biases' if bias else name} of {self.spoken}" if bias else f"parameter {name} of {self.spoken}")
        quantity = Quantity(final, indices, Role.PARAMETER, meaning)
        self.parts.parameter_fits(quantity, self.origin, *self.path)
        self.parts.declare(quantity, *self.path)
        if bias:
            self.parts.biases.append(final)
        elif len(indices) > 1:
            self.parts.weights.append(final)
        self._remember_initial(name, final)

    def _declare_integers(self) -> None:
        """What stands in an index of something has to be whole numbers: an input, with as many values as the axis."""
        for name, positions, _ in self._accesses():
            for axis, position in enumerate(positions):
                inner = position.value if isinstance(position, ast.Subscript) else position
                if isinstance(inner, ast.Name) and inner.id in self.written.reads:
                    shape = self.written.shapes.get(name, "").split(",")
                    size = self.axes[name][axis] if name in self.axes else self.sizes.get(
                        shape[axis] if axis < len(shape) else "")
                    number = None if size is None else self.parts.number(size)
                    self.parts.counts(self.written.reads[inner.id], number, self.origin, *self.path)

    # -- names --------------------------------------------------------------------------------------------------

    def _index(self, letter: str) -> Index:
        return Index(letter, self.parts.resolved(self.sizes[letter]))

    def _distinct(self, letters: Iterable[str]) -> tuple[Index, ...]:
        """An index for each axis of a parameter: W[j,j] reads the diagonal of a matrix W[j,k]."""
        own: list[Index] = []
        for letter in letters:
            own.append(fresh(self._index(letter), {index.name for index in own}))
        return tuple(own)

    def _own(self, output: Output) -> tuple[Index, ...]:
        return tuple(Index(index.name, self.parts.resolved(index.size)) for index in output.indices)

    def _named(self, name: str) -> str:
        return f"{name}{self.label}"

    def _meaning(self, name: str, usual: str) -> str:
        meaning = self.written.meanings.get(name)
        return usual if meaning is None else f"{meaning} of {self.spoken}"


# -- syntax trees -------------------------------------------------------------------------------------------------


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def _is_shift(node: ast.expr) -> bool:
    """Whether a position is t − 1 or t + 1, or one fixed place such as size(t) − 1."""
    match node:
        case ast.BinOp(left=ast.Name(), op=ast.Add() | ast.Sub(), right=right):
            return _is_number(right)
        case ast.BinOp(left=ast.Call(func=ast.Name(id="size")), right=right):
            return _is_number(right)
    return isinstance(node, (ast.Call, ast.Subscript)) or _is_number(node)


def _is_number(node: ast.expr) -> bool:
    return all(isinstance(each, (ast.Constant, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop))
               for each in ast.walk(node))


def _in_order(node: ast.AST) -> list[ast.Name]:
    """The names of a tree from left to right."""
    found = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    return sorted(found, key=lambda each: (getattr(each, "lineno", 0), getattr(each, "col_offset", 0)))


def _factors(node: ast.AST) -> set[str]:
    """The names that stand as a factor, a divisor, a base or an exponent."""
    found: set[str] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.BinOp) and not isinstance(each.op, (ast.Add, ast.Sub)):
            for side in (each.left, each.right):
                inner = side.value if isinstance(side, ast.Subscript) else side
                if isinstance(inner, ast.Name):
                    found.add(inner.id)
    return found


def _letters(wanted: list[str], taken: set[str]) -> tuple[str, ...]:
    """Letters for axes: those wanted, or others that are free."""
    letters: list[str] = []
    for letter in wanted:
        free = [letter, *"tsrpqabcdefgh", *LETTERS]
        letters.append(next(each for each in free if each not in taken and each not in letters and each != SAMPLE_INDEX))
    return tuple(letters)


def _axes(count: int) -> str:
    return f"{count or 'no'} {'axis' if count == 1 else 'axes'}"


def _indices(count: int) -> str:
    return f"{count or 'no'} {'index' if count == 1 else 'indices'}"
