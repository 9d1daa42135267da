"""The text of a layer's equations as syntax trees, with what stands for something else written out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from sympy import Expr

from derive.build.parts import Output, Parts
from derive.build.whole_numbers import letters_of
from derive.file.equations import Equations
from derive.file.errors import Place, quoted
from derive.file.formulas import positions_of
from derive.language.substitution import LETTERS, SAMPLE_INDEX

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


@dataclass
class Line:
    """One equation as syntax trees."""

    name: str
    left: Axes
    right: ast.expr
    mode: str = ""

    @property
    def letters(self) -> list[str]:
        """The indices on the left."""
        return [each.id for each in self.left if isinstance(each, ast.Name)]


class Text:
    """One layer's equations as trees: `lines`, and `trees`, which says where in the file they stand.

    Raises:
        FileError: the text is no list of equations, at the character that is wrong.
    """

    def __init__(self, parts: Parts, written: Written, origin: str, path: tuple[str | int, ...]) -> None:
        self.parts, self.written, self.origin, self.path = parts, written, origin, path
        self.columns = parts.columns and written.place is not None  # whether the samples are the last index here
        self.trees = Equations(written.text, written.place)
        self.fail = self.trees.fail
        self.lines: list[Line] = []
        self._read()

    def _read(self) -> None:
        """Split into equations, and write out what stands for something else: `...`, whole numbers, biases."""
        for number, (name, left, right) in enumerate(self.trees.equations()):
            self.lines.append(Line(name, left, right, self.written.modes[number] if self.written.modes else ""))
        if not self.lines:
            self.fail("there is no equation here", 0, "write one, such as y[n,j] = x[n,j] * g[j]")
        self.factors = set().union(*(_factors(line.right) for line in self.lines))
        for line in self.lines:
            if line.name in self.written.reads:
                self.fail(f"{line.name} is what the layer reads and cannot be defined", self.start(line),
                          "give what the layer computes another name, such as y")
            line.right = self.trees.rewritten(line.right, self._replaced)
        self._spread()
        for line in self.lines:
            self._check_indices(line)
        out = [line for line in self.lines if line.mode != "state"][-1]
        if out.letters[-1 if self.columns else 0:][:1] != [SAMPLE_INDEX]:
            self.misplaced_samples(out.name, self.start(out))

    def misplaced_samples(self, name: str, node: ast.expr) -> NoReturn:
        """FileError where the index n does not stand where the samples are."""
        letters = [index.name for index in self.written.reads[name].indices] if name in self.written.reads else [
            *next(line.letters for line in reversed(self.lines) if line.name == name)]
        others = [letter for letter in letters if letter != SAMPLE_INDEX]
        shape = ",".join([*others, SAMPLE_INDEX] if self.columns else [SAMPLE_INDEX, *others])
        self.fail(f"the index {SAMPLE_INDEX} of the samples is the {'last' if self.columns else 'first'} of {name}"
                  + ", as the file says samples: columns" * self.columns, node, f"write {name}[{shape}]")

    def _check_indices(self, line: Line) -> None:
        """Every index stands on the left or is bound by a sum, and samples are not counted on."""
        bound = {argument.id for node in ast.walk(line.right) if isinstance(node, ast.Call)
                 for argument in node.args[:-1] if isinstance(argument, ast.Name)} | {*line.letters, SAMPLE_INDEX}
        for node in ast.walk(line.right):
            for position in positions_of(node) if isinstance(node, ast.Subscript) else ():
                letters = letters_of(position)
                inner = next((each for each in ast.walk(position) if isinstance(each, ast.Subscript)), position)
                if inner is not position:
                    spoken = ast.unparse(inner).replace(", ", ",")
                    self.fail(f"{spoken} is computed with here, and only what stands alone looks up an entry", position,
                              "let it stand alone, and shift the numbers in the data")
                for letter in sorted(letters - bound):
                    if not self.is_quantity(letter):
                        self.fail(f"{quoted(letter)} is no index here", position,
                                  f"put {letter} on the left, or bind it, as in sum({letter}, …)")
                if SAMPLE_INDEX in letters and not isinstance(position, (ast.Name, ast.Subscript)):
                    self.fail("one sample cannot read another by its number", position, "write the index n alone")

    def start(self, line: Line) -> ast.expr:
        return line.left[0] if line.left else line.right

    def _replaced(self, node: ast.expr) -> ast.expr | None:
        """Whole numbers for their names, and biases as the file wants them."""
        match node:
            case ast.Name(id=name) if name in self.written.numbers:
                return ast.Constant(self.written.numbers[name])
            case ast.BinOp(ast.Name(id=index), ast.Add() | ast.Sub(), ast.Name(id=name)) if (
                    index not in self.written.numbers and self.written.numbers.get(name) == 0):
                return ast.Name(index)  # a shift by nothing: a plain index tells how far it runs
            case ast.Subscript(value=ast.Name(id=name)) if self.is_bias(name) and self.written.bias != "true":
                return ast.Constant(0) if self.written.bias == "false" else ast.Name(name)
        return None

    def is_bias(self, name: str) -> bool:
        """A parameter that begins with b and is added, never multiplied: basis[k,j] in a product is a weight."""
        return name.startswith("b") and name not in self.factors and name not in self.written.reads and all(
            line.name != name for line in self.lines)

    def _spread(self) -> None:
        """Letters for `...`, the same everywhere: those of the axes that they stand for, where these are free."""
        spread: tuple[str, ...] | None = None
        # Where nothing else is reduced, as in mean(..., x[n,...,c]), it stands for one axis at least.
        reduced = any(isinstance(node, ast.Call) and len(node.args) == 2 and _is_ellipsis(node.args[0])
                      for line in self.lines for node in ast.walk(line.right))
        for name, positions, _ in self.accesses(left=False):
            if name in self.written.reads and any(_is_ellipsis(p) for p in positions):
                named = sum(not _is_ellipsis(p) for p in positions)
                own = self.written.reads[name].indices
                before = next(place for place, p in enumerate(positions) if _is_ellipsis(p))
                if len(own) < named + reduced:
                    self.fits(name, named - 1 + reduced)
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

    def fits(self, name: str, axes: int, exactly: bool = False) -> None:
        """FileError where what is read has other axes than a layer of the catalogue needs."""
        if name in self.written.reads and (self.written.place is None or not exactly):
            read = self.written.reads[name]
            raise self.parts.error(
                f"{self.origin} reads {read.origin}, which has {axes_in_words(len(read.indices) - 1)} for each sample, "
                f"and needs {'' if exactly else 'at least '}{axes_in_words(axes)}", *self.path,
                help="read another layer, or reshape it before")

    def accesses(self, left: bool = True) -> Iterator[tuple[str, Axes, ast.expr]]:
        """Every access of the equations: the quantity, what stands in its axes, and the node."""
        for line in self.lines:
            if left:
                yield line.name, line.left, self.start(line)
            for node in ast.walk(line.right):
                if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                    yield node.value.id, positions_of(node), node

    def is_quantity(self, name: str) -> bool:
        return name in self.written.reads or any(line.name == name for line in self.lines) or name in self.written.constants


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def is_shift(node: ast.expr) -> bool:
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


def in_order(node: ast.AST) -> list[ast.Name]:
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


def axes_in_words(count: int) -> str:
    return f"{count or 'no'} {'axis' if count == 1 else 'axes'}"


def indices_in_words(count: int) -> str:
    return f"{count or 'no'} {'index' if count == 1 else 'indices'}"
