"""The derivation entry by entry: an instantiation of the record; nothing is differentiated here.

With one sample every entry is a number of its own; with several the sample stays an index n, and the sum over n is
written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, product

import sympy
from sympy import Expr, Float, Integer, Symbol

from derive.calculus.record import Derivation, Path
from derive.file.errors import suggestion
from derive.instantiate import Entry, evaluate_indices, number
from derive.language.expressions import Access, Delta, Index, Sum, names
from derive.language.substitution import SAMPLES
from derive.latex.printer import Printer, given, real
from derive.network import Network

Values = Mapping[Entry, float]


class Coupled(Exception):
    """Samples act on each other: no view of one sample exists."""


def find_entries(network: Network, derivation: Derivation, wrt: str) -> tuple[str, tuple[int, ...] | None]:
    """What `wrt` names: a quantity, and the indices of its entry (None for all of them).

    Raises:
        ValueError: it names nothing that was derived.
    """
    derived = [a.of.name for a in derivation.adjoints]
    for (name, place), alias in network.aliases.items():
        if alias == wrt and name in derived:
            return name, place
    match = re.fullmatch(r"\s*(\w+)\s*(?:\[\s*(\d+(?:\s*,\s*\d+)*)\s*\])?\s*", wrt)
    if match is None or match.group(1) not in derived:
        names = [*derived, *(alias for (name, _), alias in network.aliases.items() if name in derived)]
        raise ValueError(f"no derivative by {wrt} was derived; {suggestion(wrt, names, 'there are')}")
    name = match.group(1)
    if match.group(2) is None:
        return name, None
    place = tuple(int(p) - 1 for p in match.group(2).split(","))
    shape = network.shape(name)
    if len(place) != len(shape) or any(p < 0 or size is not None and p >= size
                                       for p, size in zip(place, shape, strict=True)):
        sizes = " by ".join("m" if size is None else str(size) for size in shape)
        raise ValueError(f"{wrt} is no entry of {name}, which has {sizes or 'no'} entries, counted from 1")
    return name, place


@dataclass(frozen=True)
class Term:
    """One path of one entry: ∂J/∂through · ∂through/∂entry."""

    through: Access
    local: Expr
    path: Path
    summed: bool  # over the samples


class EntryPrinter(Printer):
    """Entries by the document's names; parameters that are already updated carry a plus sign."""

    updated: frozenset[str] = frozenset()

    def _print_Access(self, access: Access, size: str = "") -> str:
        printed = super()._print_Access(access, size)
        if access.name not in self.updated:
            return printed
        return printed.replace(")}", ")+}", 1) if "^{(" in printed else printed + "^{+}"


class Entries:
    """A derivation entry by entry, at the network's sizes, with numbers where there are values.

    Args:
        values: the numbers of inputs, targets, parameters and forward quantities; None prints formulas only.
        digits: decimals of printed numbers.
    """

    def __init__(self, network: Network, derivation: Derivation, values: Values | None, digits: int) -> None:
        self.network, self.derivation, self.digits = network, derivation, digits
        self.samples = self._sample_count(values)
        self.single = self.samples == 1
        self.sizes: dict[Symbol, int] = dict(network.sizes)
        if self.single:
            self.sizes[SAMPLES] = 1
        self.numeric_sizes = {**self.sizes, SAMPLES: self.samples or 1}
        quantities = derivation.system.quantities
        self.aliases = dict(network.aliases) if self.single else {
            key: alias for key, alias in network.aliases.items()
            if SAMPLES not in {i.size for i in quantities[key[0]].indices}}
        for (name, place), alias in network.aliases.items():  # a name may leave the sample out
            axis = quantities[name].sample_axis
            if self.single and axis is not None and len(place) == len(quantities[name].indices) - 1:
                self.aliases[name, (*place[:axis], 0, *place[axis:])] = alias
        self.print = EntryPrinter(quantities, self.aliases)
        self.n = Index("n", SAMPLES)
        self.values = self._constants(values)
        self.adjoints = {a.of.name: a for a in derivation.adjoints}
        self.order = {a.of.name: i for i, a in enumerate(derivation.adjoints)}
        self._terms: dict[Access, list[Term] | None] = {}
        self._totals: dict[tuple[Access, int], float] = {}

    def _sample_count(self, values: Values | None) -> int | None:
        network = self.network
        if network.batch is not None or values is None or not network.inputs:
            return network.batch
        name = network.inputs[0]
        axis = network.system.quantities[name].sample_axis or 0
        return 1 + max((place[axis] for key, place in values if key == name and place), default=0)

    def _constants(self, values: Values | None) -> dict[Entry, float] | None:
        if values is None or self.samples is None:
            return None
        known: dict[Entry, float] = {(q.name, ()): q.value for q in self.derivation.system.quantities.values()
                                     if q.value is not None and not isinstance(q.value, tuple)}
        return {**known, **values}

    def entries(self, name: str) -> Iterator[Access]:
        quantity = self.derivation.system.quantities[name]
        ranges: list[Sequence[Expr]] = []
        for index in quantity.indices:
            if index.size == SAMPLES and not self.single:
                ranges.append([self.n])
            else:
                size = self.network.size(index.size) if index.size != SAMPLES else 1
                ranges.append([Integer(i) for i in range(size or 0)])
        for place in product(*ranges):
            yield Access(name, *place)

    def terms(self, entry: Access) -> list[Term] | None:
        """The paths of one entry that are not 0; None where its derivative is to be read off as it stands."""
        if entry not in self._terms:
            self._terms[entry] = self._find_terms(entry)
        return self._terms[entry]

    def _find_terms(self, entry: Access) -> list[Term] | None:
        adjoint = self.adjoints[entry.name]
        if all(not path.adjoint.has(Access) for path in adjoint.paths):
            return None
        found = []
        for path in adjoint.paths:
            if not path.adjoint.has(Access) and path.through.name == self.derivation.objective:
                found.append(Term(Access(self.derivation.objective), self.at(path, entry, Access(path.through.name)),
                                  path, False))
                continue
            for through in self.entries(path.through.name):
                local = self.at(path, entry, through)
                if local != 0:
                    found.append(Term(through, local, path, self.n in through.indices and self.n not in entry.indices))
        closed = not any(name in self._adjoint_names() for name in adjoint.equation.reads)
        return None if closed and len(found) > 1 else found

    def _adjoint_names(self) -> set[str]:
        return {a.quantity.name for a in self.derivation.adjoints}

    def at(self, path: Path, entry: Access, through: Access) -> Expr:
        local = path.local
        place = {**dict(zip(local.of.indices, through.indices, strict=True)),
                 **dict(zip(local.by.indices, entry.indices, strict=True))}
        if self.n in through.indices and self.n in entry.indices:
            other = Index("n'", SAMPLES)
            apart = {i: other if p == self.n else p for i, p in
                     zip(local.by.indices, entry.indices, strict=True)}
            form = evaluate_indices(local.form, {**place, **apart}, self.sizes)
            if form.xreplace({delta: Integer(0) for delta in form.atoms(Delta) if other in delta.args}) != 0:
                raise Coupled
        return evaluate_indices(local.form, place, self.sizes)

    def formula(self, entry: Access) -> Expr:
        """The derivative by an entry where it is read off the record as it stands."""
        adjoint = self.adjoints[entry.name]
        place = dict(zip(adjoint.of.indices, entry.indices, strict=True))
        return evaluate_indices(adjoint.equation.body, place, self.sizes)

    @cached_property
    def labels(self) -> dict[str, dict]:
        """The values of integer quantities, as nested mappings."""
        out: dict[str, dict] = {}
        for (name, place), value in (self.values or {}).items():
            if place and self.derivation.system.quantities[name].integer:
                level = out.setdefault(name, {})
                for position in place[:-1]:
                    level = level.setdefault(position, {})
                level[place[-1]] = int(value)
        return out

    def at_labels(self, body: Expr) -> Expr:
        """An expression at the classes and words that its labels name."""
        return evaluate_indices(body, {}, self.numeric_sizes, self.labels) if self.labels else body

    def updated_before(self, name: str) -> frozenset[str]:
        """The parameters that are already updated when the adjoint of a quantity is computed."""
        if self.network.training.update_order != "layer_by_layer":
            return frozenset()
        return frozenset(p for p in self.network.trained if p in self.order and self.order[p] < self.order[name])

    def values_for(self, expression: Expr, updated: frozenset[str], sample: int) -> dict[Entry, float]:
        """The values that an expression reads, those of updated parameters included."""
        assert self.values is not None
        out = dict(self.values) if not updated else {**self.values}
        for access in expression.atoms(Access):
            if access.name in updated:
                key = (access.name, tuple(map(int, access.indices)))
                out[key] = self.new_value(access)
        return out

    def value(self, expression: Expr, name: str, sample: int = 0) -> float:
        """The value of an expression that belongs to the adjoint of a quantity."""
        here = self._at_sample(expression, sample)
        return number(here, self.values_for(here, self.updated_before(name), sample))

    def _at_sample(self, expression: Expr, sample: int) -> Expr:
        if not self.single:
            return evaluate_indices(expression, {self.n: sample}, self.numeric_sizes)
        return expression

    def total(self, entry: Access, sample: int = 0) -> float:
        """∂J/∂entry as a number."""
        key = (entry, sample)
        if key not in self._totals:
            if entry.name == self.derivation.objective:
                self._totals[key] = 1.0
            elif (terms := self.terms(entry)) is None:
                self._totals[key] = self.value(self.formula(entry), entry.name, sample)
            else:
                self._totals[key] = sum(
                    self.total(t.through, s) * self.value(t.local, entry.name, s)
                    for t in terms for s in (range(self.samples or 1) if t.summed else (sample,)))
        return self._totals[key]

    def real(self, value: float) -> str:
        return real(value, self.digits)

    def steps(self, formulas: Sequence[str], inserted: Sequence[str], result: float) -> list[str]:
        """A formula, the same with its numbers put in, and its value, each once."""
        return [part for part, _ in groupby([*formulas, *inserted, self.real(result)])]

    def bracketed_real(self, value: float) -> str:
        """A number as a factor: in brackets where it has a sign."""
        printed = self.real(value)
        return f"({printed})" if printed.startswith("-") else printed

    def given(self, value: float) -> str:
        """A number that is not computed: a short one as it is."""
        return given(value, self.digits)

    def new_value(self, entry: Access) -> float:
        """The parameter after its first update."""
        optimiser = self.network.optimiser
        together = [entry.name] if not any("G" in names(total) for total in optimiser.sums) else self.network.trained
        every = [entry] if not optimiser.sums else [each for name in together for each in self._all_of(name)]
        here = {each: self.before_update(each) for each in every}
        for assignment in optimiser.assignments:
            body = in_letters(assignment.body)
            terms = {total: total.body.xreplace({a: Access("g" if a.name == "G" else a.name) for a in total.atoms(Access)})
                     for total in body.atoms(Sum)}
            new = {}
            for each in every:
                totals = {total: Float(sum(number(term, here[other]) for other in every
                                           if "G" in names(total) or other.name == each.name), 17)
                          for total, term in terms.items()}
                new[each] = number(body.xreplace(totals), here[each])
            for each in every:
                here[each][assignment.target.name, ()] = new[each]
        return here[entry]["theta", ()]

    def _all_of(self, name: str) -> list[Access]:
        """All entries of a parameter."""
        ranges = (range(size or 1) for size in self.network.shape(name))
        return [Access(name, *map(Integer, place)) for place in product(*ranges)]

    def before_update(self, entry: Access) -> dict[Entry, float]:
        """What the first update of an entry reads."""
        assert self.values is not None
        optimiser, training = self.network.optimiser, self.network.training
        here: dict[Entry, float] = {(name, ()): value for name, value in optimiser.constants_of(entry.name).items()}
        here |= {(state, ()): 0.0 for state in optimiser.states}
        samples = self.samples or 1
        planned = training.epochs * math.ceil(samples / (training.batch_size or samples))
        return here | {("k", ()): 1.0, ("K", ()): float(planned), ("g", ()): self.total(entry),
                       ("theta", ()): self.values[entry.name, tuple(map(int, entry.indices))]}


def in_letters(body: Expr) -> Expr:
    """The right side of an assignment as an expression of scalars that can be looked up."""
    return body.xreplace({s: Access(s.name) for s in _free_letters(body)})


def _free_letters(expression: Expr) -> list[Symbol]:
    """Symbols that stand for scalars, and are not the labels of accesses."""
    found: dict[Symbol, None] = {}

    def walk(node: sympy.Basic) -> None:
        if isinstance(node, Symbol):
            found.setdefault(node)
        elif not isinstance(node, Access):
            for argument in node.args:
                walk(argument)

    walk(expression)
    return list(found)
