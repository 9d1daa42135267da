"""What an expectation asks for, in terms of the network: entries to be read, and derivatives to be derived for it.

`net_h1` becomes an entry of z1, `dE/dw5` an entry of the adjoint of W2, and `dE_o1/dout_h1` the result of a reverse
pass that starts at E_o1 instead of the loss.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import sympy
from sympy import Basic, Expr

from derive.build.names import check_positions
from derive.calculus.chain_rule import adjoint_name, differentiate
from derive.file.errors import FileError, Place, suggestion
from derive.file.formulas import Scope, parse_formula
from derive.file.quantities import Asked, Reference
from derive.instantiate import Entry
from derive.language.equations import Equation, Quantity, System
from derive.language.expressions import Access
from derive.network import Network, NetworkDerivation

METRICS = ("accuracy", "score", "updates")


@dataclass(frozen=True)
class Take:
    """A number to be read from the running module.

    kind "entry": an entry of a quantity on a data set (None: the file's data) after so many updates (None: at the
        start), as `fit` makes them, or with `full_batch` each by all samples.
    kind "metric": `name` of METRICS, or the loss, measured on a data set after training.
    """

    kind: Literal["entry", "metric"]
    name: str
    entry: tuple[int, ...] = ()
    after: int | None = None
    full_batch: bool = False
    on: str | None = None


@dataclass(frozen=True)
class Wanted:
    """A number as a formula of takes, and the number of the equation that gives it.

    `about` has the entries that are named together: one for a value, two for a derivative, such a tuple for each part
    of a formula.
    """

    formula: Expr
    takes: Mapping[str, Take]
    equation: int | None = None
    about: tuple[tuple[Entry, ...], ...] = ()

    def value(self, numbers: Mapping[Take, float]) -> float:
        """The formula's value, not a number where it has no real and finite one, as 1/(E - E)."""
        known: dict[Basic, Basic] = {Access(key): sympy.Float(numbers[take], 17) for key, take in self.takes.items()}
        try:
            return float(_evaluated(self.formula, known).evalf(25))
        except (TypeError, OverflowError):
            return math.nan

    def same_as(self, other: Wanted) -> bool:
        """Whether both are one formula of the same numbers, so that comparing them shows nothing."""
        left, right = (each.formula.xreplace({Access(key): sympy.Symbol(repr(take)) for key, take in each.takes.items()})
                       for each in (self, other))
        return bool(left == right)


def _evaluated(node: Basic, known: Mapping[Basic, Basic]) -> Basic:
    """A formula with numbers put in; OverflowError before a tower of exp(exp(…)) is worked out to the last digit."""
    if node in known or not node.args:
        return known.get(node, node)
    value = node.func(*(_evaluated(part, known) for part in node.args))
    if value.is_Float and abs(value) > sys.float_info.max:
        raise OverflowError
    return value


@dataclass
class Probes:
    """Derivatives that the derivation of the loss does not hold: reverse passes from other quantities.

    They are named when an expectation asks for them, and derived together later.
    """

    derivation: NetworkDerivation
    derivatives: dict[str, tuple[Entry, str]] = field(default_factory=dict)  # dprobe1_da1: of the entry, by a1
    _starts: dict[tuple[str, tuple[int, ...]], str] = field(default_factory=dict)
    _asked: dict[tuple[str, str], tuple[str, tuple[int, ...]]] = field(default_factory=dict)

    def of(self, name: str, entry: tuple[int, ...], by: str) -> str:
        """The name of the quantity that will hold ∂name[entry]/∂by."""
        probe = self._starts.setdefault((name, entry), f"probe{len(self._starts) + 1}")
        self._asked[probe, by] = name, entry
        return adjoint_name(probe, by)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(adjoint_name(probe, by) for probe, by in self._asked)

    def derive(self) -> System:
        """The derivation's system with the adjoint equations of every probe.

        What does not depend on what it is differentiated by has no equation: that derivative is 0.
        """
        forward, system = self.derivation.forward, self.derivation.system
        for (name, entry), probe in self._starts.items():
            wanted = [by for each, by in self._asked if each == probe]
            start = System({**forward.quantities, probe: Quantity(probe)},
                           (*forward.equations, Equation(Access(probe), Access(name, *entry))))
            made = differentiate(start, probe, wanted, simplify=False)
            self.derivatives |= {a.quantity.name: ((name, entry), a.of.name) for a in made.adjoints}
            system = system.extended([Quantity(probe), *(a.quantity for a in made.adjoints)],
                                     [made.forward.definitions[probe], *(a.equation for a in made.adjoints)])
        return system


def resolve(asked: Asked, network: Network, probes: Probes, place: Place) -> Wanted:
    """The number asked for, as something that can be read from the module.

    Raises:
        FileError: it names what the network does not have.
    """
    if asked.kind == "formula":
        takes: dict[str, Take] = {}
        about: list[tuple[Entry, ...]] = []
        for key, part in asked.parts:
            inherited = replace(part, after=asked.after if part.after is None else part.after,
                                unit=asked.unit if part.after is None else part.unit, on=part.on or asked.on)
            wanted = resolve(inherited, network, probes, place)
            if wanted.formula != Access("value"):
                raise FileError(f"'{part.text}' is a constant here, or a formula itself", place,
                                "write its value, or name one entry of a quantity")
            takes[key] = wanted.takes["value"]
            about.extend(wanted.about)
        formula = parse_formula(asked.formula, Scope(dict.fromkeys(takes, ())), place)
        return Wanted(formula, takes, about=tuple(about))
    assert asked.of is not None
    metric = asked.of.name in METRICS and asked.of.name not in network.system.quantities
    if asked.kind == "value" and (metric or asked.of.name == network.loss and asked.on and asked.after is None):
        return _metric(asked, network, place)
    if asked.on is not None:
        _check_set(asked.on, network, place)
    after = _updates(asked, network)
    name, entry = _entry(asked.of, network, place)

    def take(name: str, entry: tuple[int, ...]) -> Take:
        return Take("entry", name, entry, after, asked.unit == "full-batch updates", asked.on)

    if asked.kind == "value":
        return _wanted(take(name, entry), _number(network, probes.derivation, name, after), (name, entry))
    assert asked.by is not None
    by, at = _entry(asked.by, network, place)
    derivation = probes.derivation
    if name == network.loss and by in {a.of.name for a in derivation.adjoints}:
        adjoint = derivation.adjoint(by)
        return _wanted(take(adjoint.quantity.name, at), adjoint.equation.number, (name, entry), (by, at))
    number = derivation.forward.definitions[name].number if name in derivation.forward.definitions else None
    if (name, entry) == (by, at):
        return Wanted(sympy.Integer(1), {}, number)
    return _wanted(take(probes.of(name, entry, by), at), number, (name, entry), (by, at))


def _wanted(take: Take, equation: int | None, *about: Entry) -> Wanted:
    return Wanted(Access("value"), {"value": take}, equation, (about,) if about else ())


def _metric(asked: Asked, network: Network, place: Place) -> Wanted:
    assert asked.of is not None
    name, on = asked.of.name, asked.on or "data"
    if asked.of.positions or asked.after is not None:
        raise FileError(f"{name} is one number, measured after training", place, f"write {name} on {on}")
    if name == "accuracy" and network.kind == "values":
        raise FileError("this network predicts values and no classes: it has no accuracy", place, "ask for its score")
    _check_set(on, network, place)
    return _wanted(Take("metric", name, on=on), None)


def _check_set(on: str, network: Network, place: Place) -> None:
    sets = {name: data for name, data in (("data", network.data), ("test", network.test)) if data}
    if on not in sets:
        raise FileError(f"the file has no data set '{on}'", place,
                        suggestion(on, sets, "it has") if sets else "add data:")


def _updates(asked: Asked, network: Network) -> int | None:
    """The number of updates that `after` means: as it is, or those of so many epochs."""
    if asked.after is None or asked.unit != "epochs":
        return asked.after
    samples = network.samples or 1
    return asked.after * math.ceil(samples / (network.training.batch_size or samples))


def _entry(reference: Reference, network: Network, place: Place) -> tuple[str, tuple[int, ...]]:
    """A quantity and the indices of one entry of it, from 0."""
    by_alias = {alias: key for key, alias in network.aliases.items()}
    if reference.name in by_alias:
        if reference.positions:
            raise FileError(f"{reference.name} is a single number", place, f"write {reference.name}")
        return by_alias[reference.name]
    quantities = network.system.quantities
    if reference.name not in quantities:
        raise FileError(f"there is no quantity '{reference.name}'", place,
                        suggestion(reference.name, [*by_alias, *quantities, *METRICS], "there are"))
    quantity = quantities[reference.name]
    shape = tuple(network.samples if size is None else size for size in network.shape(reference.name))
    if not reference.positions and all(size == 1 for size in shape):
        return reference.name, (0,) * len(shape)
    check_positions(quantity, shape, reference.positions, place)
    return reference.name, tuple(position - 1 for position in reference.positions)


def _number(network: Network, derivation: NetworkDerivation, name: str, after: int | None) -> int | None:
    """The equation that a number comes from: its definition, or the gradient that a parameter was updated by."""
    if name in derivation.system.definitions:
        return derivation.system.definitions[name].number
    if after and name in network.trained:
        return derivation.adjoint(name).equation.number
    return None
