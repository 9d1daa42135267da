"""The parts of a network while it is being built, and how the file's choices are looked up in the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Expr, Integer, Symbol

from derive.file.errors import FileError, Place, suggestion
from derive.file.quantities import parse_reference
from derive.language.equations import Equation, Quantity, Role
from derive.language.expressions import Access, Index, accesses, dimension, units
from derive.language.substitution import SAMPLE_INDEX, SAMPLES, Renaming
from derive.network import Layer

SAMPLE = Index(SAMPLE_INDEX, SAMPLES)


@dataclass(frozen=True)
class Output:
    """What a layer or an input hands on: a quantity whose first index counts the samples."""

    name: str
    indices: tuple[Index, ...]
    origin: str  # for messages: "layer 2 (dense: 16)"
    activation: str | None = None  # of the catalogue; "" for a formula of the user's

    @property
    def size(self) -> Expr:
        """The size of its last axis, which counts features or classes."""
        return self.indices[-1].size

    @property
    def entry(self) -> Access:
        return Access(self.name, *self.indices)


class Parts:
    """Quantities, equations and sizes so far."""

    def __init__(self, file: Any, source: Any) -> None:
        self.file, self.source = file, source
        self.columns = file.samples == "columns"  # whether the samples stand last in the file (see derive.build.axes)
        self.quantities: dict[str, Quantity] = {}
        self.equations: list[Equation] = []
        self.sizes: dict[Symbol, int] = {}
        self.weights: list[str] = []  # parameters with several axes
        self.biases: list[str] = []
        self.layers: list[Layer] = []
        self.outputs: Mapping[str, Output] = {}  # of inputs and of the layers that have names
        self.initial: dict[str, str | float] = {}  # how a layer wants its parameters to start
        self.inference: dict[str, Expr] = {}  # what defines a quantity outside of training, where that differs
        self.running: list[Equation] = []  # how running statistics go on after an update
        self.random: dict[str, str] = {}  # what is drawn for each batch, and the constant that is its rate
        self.positions: dict[str, int] = {}  # of inputs of whole numbers: how many values there are
        self._same: dict[Symbol, Expr] = {}
        # The document's names of whole quantities: what the file says of theta1 is said of W1.
        references = {theirs: parse_reference(ours, source.at("names", theirs)) for theirs, ours in file.names.items()}
        self.references = references
        self._ours = {theirs: r.name for theirs, r in references.items() if not r.positions}
        for name, value in file.constants.items():
            self.constant(name, float(value), "a constant of the file", "constants", name)

    # -- quantities ---------------------------------------------------------------------------------------------

    def declare(self, quantity: Quantity, *path: str | int) -> Quantity:
        """Add a quantity; its name must be new."""
        if quantity.name in self.quantities:
            raise self.error(f"the name '{quantity.name}' is already taken by {self.meaning(quantity.name)}", *path,
                             help="choose another name")
        self.quantities[quantity.name] = quantity
        return quantity

    def define(self, quantity: Quantity, body: Expr, *path: str | int) -> None:
        """Add a quantity and the equation that defines it."""
        self.declare(quantity, *path)
        self.equations.append(Equation(quantity.entry, body))

    def constant(self, name: str, value: float, meaning: str, *path: str | int) -> Access:
        return self.declare(Quantity(name, role=Role.CONSTANT, meaning=meaning, value=value), *path).entry

    def meaning(self, name: str) -> str:
        return self.quantities[name].meaning or "another quantity"

    def ours(self, name: str) -> str:
        """Our name for what the file calls by the document's name."""
        return self._ours.get(name, name)

    @property
    def parameters(self) -> list[str]:
        return [q.name for q in self.quantities.values() if q.role is Role.PARAMETER]

    def parameter(self, said: str, *path: str | int, key: bool = False) -> Quantity:
        """The parameter that the file means."""
        name = self.ours(said)
        if name in self.parameters:
            return self.quantities[name]
        tied = {self.ours(n): other for n, (other, _) in self.file.tied.items()}
        if name in tied:
            raise self.error(f"{said} is tied to {tied[name]}", *path, key=key, help=f"say it of {tied[name]}")
        theirs = {ours: theirs for theirs, ours in self._ours.items()}
        known = [theirs.get(n, n) for n in self.parameters]
        raise self.error(f"there is no parameter '{said}'", *path, key=key,
                         help=suggestion(said, known, "the parameters are"))

    # -- sizes --------------------------------------------------------------------------------------------------

    def size(self, label: str, units: int) -> Symbol:
        """A new size symbol, d1 or d_name."""
        symbol = dimension(f"d{label}")
        self.sizes[symbol] = units
        return symbol

    def shape(self, quantity: Quantity) -> tuple[int | None, ...]:
        """The number of units along each axis; None along the samples."""
        return tuple(units(size, self.sizes) for size in quantity.shape)

    def number(self, size: Expr) -> int | None:
        """The number that a size stands for; None for the number of samples."""
        return units(self.resolved(size), self.sizes)

    def shape_of(self, indices: Iterable[Index]) -> tuple[int | None, ...]:
        return tuple(self.number(index.size) for index in indices)

    def counts(self, output: Output, values: int | None, origin: str, *path: str | int) -> None:
        """Say that an input is of whole numbers: positions in an axis of so many values."""
        quantity = self.quantities[output.name]
        if quantity.role is not Role.INPUT:
            raise self.error(f"{origin} takes what it reads as positions, so that it must be an input, and reads "
                             f"{output.origin}", *path, help="let it read an input of whole numbers with from:")
        least = min(filter(None, (values, self.positions.get(output.name))), default=None)
        if least is not None:
            self.positions[output.name] = least
        self.quantities[output.name] = replace(quantity, integer=True)

    def check_positions(self, body: Expr, *path: str | int) -> None:
        """Raise FileError where a formula picks a sample by its number, or a unit that there is not."""
        for access in accesses(body):
            for position, size in zip(access.indices, self.shape(self.quantities[access.name]), strict=True):
                if position.is_Integer and (size is None or position >= size):
                    raise self.error(f"{access} is no entry: " + ("a formula is for any sample" if size is None else
                                     f"there are {size} units, counted from 0"), *path,
                                     help="write the index n" if size is None else f"write a number from 0 to {size - 1}")

    def unify(self, one: Expr, other: Expr) -> None:
        """Make two sizes of equal number one size, because entries of both are used together."""
        one, other = self.resolved(one), self.resolved(other)
        if one == other:
            return
        if isinstance(other, Symbol) and not one.has(other):
            self._same[other] = one
        elif isinstance(one, Symbol) and not other.has(one):
            self._same[one] = other
        else:  # two different sums, as of concatenations: from here on they are numbers
            for symbol in one.free_symbols | other.free_symbols:
                self._same[symbol] = Integer(self.sizes[symbol])

    def resolved(self, expression: Expr) -> Expr:
        """The expression with sizes that are one written as one."""
        while self._same and not expression.free_symbols.isdisjoint(self._same):
            expression = expression.xreplace(self._same)
        return expression

    def renaming(self, names: Mapping[str, str]) -> Renaming:
        """Puts the document's names for ours, and one symbol for sizes that are one."""
        sizes = {symbol: self.resolved(symbol) for symbol in self._same}
        return Renaming({**sizes, **{Symbol(ours): Symbol(theirs) for ours, theirs in names.items()}})

    def final_sizes(self) -> dict[Symbol, int]:
        return {symbol: units for symbol, units in self.sizes.items() if symbol not in self._same}

    # -- the catalogue ------------------------------------------------------------------------------------------

    def entry(self, choice: Any, catalogue: Mapping[str, Any], what: str, *path: str | int) -> Any:
        """The entry of a catalogue that the file names."""
        if choice.name not in catalogue:
            at = (*path, choice.name) if choice.options else path
            raise self.error(f"there is no {what} '{choice.name}'", *at, key=bool(choice.options),
                             help=suggestion(choice.name, catalogue, f"the {what}{'es' if what.endswith('s') else 's'} are"))
        return catalogue[choice.name]

    def options(self, choice: Any, known: Mapping[str, float], what: str, *path: str | int) -> dict[str, float]:
        """The options of an entry: their usual values, or those that the file gives."""
        for option, value in choice.options.items():
            if option not in known:
                raise self.error(
                    f"the {what} {choice.name} has no option '{option}'", *path, choice.name, option, key=True,
                    help=suggestion(option, known, "its options are") if known else "it has none")
            if not isinstance(value, float):
                raise self.error(f"{option} must be a number", *path, choice.name, option, help="such as 0.1")
        return {**known, **{option: float(value) for option, value in choice.options.items()}}

    def formula(self, choice: Any, catalogue: Mapping[str, Any], what: str, *path: str | int
                ) -> tuple[str, dict[str, float], Place | None]:
        """The text of an entry with its options, or the user's own text with its place."""
        if choice.formula is not None:
            return choice.formula, {}, self.source.at(*path)
        entry = self.entry(choice, catalogue, what, *path)
        return entry.text, self.options(choice, entry.options, what, *path), None

    def error(self, message: str, *path: str | int, help: str, key: bool = False) -> FileError:  # noqa: A002
        error: FileError = self.source.error(message, *path, help=help, key=key)
        return error


def times(shape: tuple[int | None, ...]) -> str:
    """A shape in words."""
    return " × ".join(map(str, shape)) or "a single number"
