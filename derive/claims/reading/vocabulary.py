"""What a claim may mention: the quantities of a network, the document's names, sizes, and the optimiser's constants."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

import sympy
from sympy import Expr, Integer, Rational

from derive.catalogue.activations import ACTIVATIONS
from derive.file.formulas import Scope, parse_formula
from derive.file.functions import ELEMENTWISE
from derive.file.functions import FUNCTIONS as OF_FORMULAS
from derive.language.expressions import Access, Index
from derive.language.substitution import SAMPLES
from derive.network import Network

MOST_GIVEN = 10_000  # entries of a data set that are looked through
LEARNING_RATE = ("learning_rate", "eta", "alpha", "lr")
Elementwise = Callable[[Expr], Expr]


def _activation(text: str) -> Elementwise:
    """An activation of the catalogue as a function."""
    return lambda x: parse_formula(text, Scope({"z": ()})).xreplace({Access("z"): x})


FUNCTIONS: Mapping[str, Elementwise] = {
    **{name: _activation(formula.text) for name, formula in ACTIVATIONS.items()
       if not formula.options and "[" not in formula.text},
    **ELEMENTWISE, "ReLU": _activation(ACTIVATIONS["relu"].text), "sigma": ELEMENTWISE["sigmoid"],
    "ln": sympy.log, "log10": lambda x: sympy.log(x) / sympy.log(10), "log2": lambda x: sympy.log(x) / sympy.log(2),
    "arctan": sympy.atan,
}
"""Functions of one value: those of formulas, what they are called in books, and the activations of the catalogue."""


class Vocabulary:
    """The words of claims about one network.

    Attributes:
        entries: the accesses that the document's own names stand for.
        definitions: what the names of the working itself stand for, and the indices of that.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.entries = {alias: Access(name, *map(Integer, place)) for (name, place), alias in network.aliases.items()}
        self.definitions: dict[str, tuple[tuple[Index, ...], Expr]] = {}
        self._scopes: dict[str | None, Scope] = {}
        penalties = [name for name in network.constants if re.fullmatch("lambda[12]", name)]
        if len(penalties) == 1 and "lam" not in network.system.quantities:
            self.entries["lam"] = Access(penalties[0])  # Python keeps the word lambda to itself
        if "J" not in {*network.system.quantities, *self.entries}:
            self.entries["J"] = Access(network.loss)

    def define(self, name: str, indices: tuple[Index, ...], meaning: Expr) -> None:
        """A name of the working itself."""
        self.definitions[name] = indices, meaning
        self._scopes.clear()

    @property
    def quantities(self) -> Collection[str]:
        """Every name of a number or of an array of numbers."""
        return self.scope().quantities

    def is_value(self, name: str) -> bool:
        """Whether a word is a quantity or a constant."""
        return name in self.quantities or name in self.scope().constants

    def is_array(self, name: str) -> bool:
        """Whether a word is a quantity with indices."""
        return bool(self.scope().quantities.get(name))

    def is_function(self, name: str) -> bool:
        """Whether a word is applied to what follows it in brackets."""
        return name in {*FUNCTIONS, *OF_FORMULAS} or name.startswith("_")

    def is_loss(self, name: str) -> bool:
        """Whether a name is that of the loss, which is often written with what it depends on: J(theta)."""
        return self.entries.get(name, Access(name)) == Access(self.network.loss)

    def scope(self, parameter: str | None = None) -> Scope:
        """What formulas may mention; `parameter` is the one whose update is spoken of, which may have its own constants."""
        if parameter not in self._scopes:
            sizes = {SAMPLES.name: SAMPLES, **{size.name: size for size in self.network.sizes}}
            own = {name: quantity.indices for name, quantity in self.network.system.quantities.items()}
            defined = {name: indices for name, (indices, _) in self.definitions.items()}
            quantities = {**own, **dict.fromkeys(self.entries, ()), **defined}
            constants = {name: value for name, value in {**sizes, **self._constants(parameter)}.items()
                         if name not in quantities}
            self._scopes[parameter] = Scope(quantities, constants, functions=FUNCTIONS)
        return self._scopes[parameter]

    def _constants(self, parameter: str | None) -> dict[str, Expr]:
        optimiser = self.network.optimiser
        said = optimiser.constants if parameter is None else optimiser.constants_of(parameter)
        exact = {name: Rational(repr(value)) for name, value in said.items()}
        rate = exact.get("learning_rate")
        return exact if rate is None else {**dict.fromkeys(LEARNING_RATE, rate), **exact}

    @cached_property
    def given(self) -> frozenset[float]:
        """The numbers that the file gives: in a working they are exact, however few digits they have."""
        network = self.network
        values = [*network.optimiser.constants.values(), *network.optimiser.learning_rates.values(),
                  *(quantity.value for quantity in network.constants.values())]
        values += [start.values for start in network.initial.values() if start.values is not None]
        values += [array.tolist() for array in network.data.values() if array.size <= MOST_GIVEN]
        return frozenset(_flat(values))

    def same(self, one: Expr, other: Expr) -> bool:
        """Whether two axes are equally long in this network."""
        return one == other or self.count(one) is not None and self.count(one) == self.count(other)

    def size(self, size: Expr) -> str:
        """A size in an error: the number, but m for that of the samples."""
        count = None if size == SAMPLES else self.count(size)
        return str(size) if count is None else str(count)

    def count(self, size: Expr) -> int | None:
        """How many positions an axis has; None where the number of samples is not known."""
        return self.network.samples if size == SAMPLES else self.network.size(size) if size.free_symbols <= {
            *self.network.sizes} else None


def _flat(values: Any) -> Iterator[float]:
    if isinstance(values, list | tuple):
        for value in values:
            yield from _flat(value)
    elif values is not None:
        yield abs(float(values))


def derivative_of(function: Elementwise) -> Elementwise:
    """f' as a function."""
    z = sympy.Dummy("z", real=True)
    derived = sympy.diff(function(z), z)
    return lambda x: derived.xreplace({z: x})
