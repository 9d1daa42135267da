"""Every weight by itself: the chain of factors as a formula, then with the numbers put in, then the new weight.

An instantiation of the record at the network's sizes; nothing is differentiated here.  With one sample every entry
is a number of its own; with several the sample stays an index n, and the sum over n is written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import sympy
from sympy import Expr, Integer, Symbol

from derive.calculus.record import Derivation, Path
from derive.instantiate import Entry, evaluate_indices, instantiate, number
from derive.language.equations import Equation, Role
from derive.language.expressions import Access, Delta, Index, Partial
from derive.language.substitution import SAMPLES
from derive.latex.document import UpdatePrinter, nearest
from derive.latex.lines import PAGE, broken, width
from derive.latex.printer import NumberPrinter, Printer, mark, plain, real
from derive.network import Network

Place = tuple[Expr, ...]
Values = Mapping[Entry, float]
_MOST_ROWS = 8
_MOST_FORWARD = 60  # scalar entries of a forward pass that is written out
_MOST_SAMPLES = 3


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
        raise ValueError(f"no derivative by {wrt} was derived{nearest(wrt, names)}")
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


class ScalarPrinter(Printer):
    """Entries by the document's names; parameters that are already updated carry a plus sign."""

    updated: frozenset[str] = frozenset()

    def _print_Access(self, access: Access, size: str = "") -> str:
        printed = super()._print_Access(access, size)
        if access.name not in self.updated:
            return printed
        return printed.replace(")}", ")+}", 1) if "^{(" in printed else printed + "^{+}"


class ScalarView:
    """The weight-by-weight view of a derivation.

    Args:
        values: the numbers of inputs, targets, parameters and forward quantities; None prints formulas only.
        digits: decimals of printed numbers.
        whole: the name of a quantity as a whole.
    """

    def __init__(self, network: Network, derivation: Derivation, values: Values | None, digits: int,
                 whole: Callable[[str], str]) -> None:
        self.whole = whole
        self.network, self.derivation, self.digits = network, derivation, digits
        self.samples = self._samples(values)
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
            by_sample = quantities[name].indices[:1] and quantities[name].indices[0].size == SAMPLES
            if self.single and by_sample and len(place) == len(quantities[name].indices) - 1:
                self.aliases[name, (0, *place)] = alias
        self.print = ScalarPrinter(quantities, self.aliases)
        self.n = Index("n", SAMPLES)
        self.values = self._constants(values)
        self.adjoints = {a.of.name: a for a in derivation.adjoints}
        self.order = {a.of.name: i for i, a in enumerate(derivation.adjoints)}
        self._terms: dict[Access, list[Term] | None] = {}
        self._totals: dict[tuple[Access, int], float] = {}
        self.done: set[object] = set()
        self.said_precision = False

    def _samples(self, values: Values | None) -> int | None:
        for name in self.network.inputs:
            data = self.network.data.get(name)
            if data is not None and len(data):
                return min(len(data), self.network.training.batch_size or len(data))
            if values is not None:
                return 1 + max((place[0] for key, place in values if key == name and place), default=0)
        return None

    def _constants(self, values: Values | None) -> dict[Entry, float] | None:
        if values is None or self.samples is None:
            return None
        known: dict[Entry, float] = {(q.name, ()): q.value for q in self.derivation.system.quantities.values()
                                     if q.value is not None}
        return {**known, **values}

    # The record, entry by entry

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
                found.append(Term(Access(self.derivation.objective), self._at(path, entry, Access(path.through.name)),
                                  path, False))
                continue
            for through in self.entries(path.through.name):
                local = self._at(path, entry, through)
                if local != 0:
                    found.append(Term(through, local, path, self.n in through.indices and self.n not in entry.indices))
        closed = not any(name in self._adjoint_names() for name in adjoint.equation.reads)
        return None if closed and len(found) > 1 else found

    def _adjoint_names(self) -> set[str]:
        return {a.quantity.name for a in self.derivation.adjoints}

    def _at(self, path: Path, entry: Access, through: Access) -> Expr:
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

    # Numbers

    def _updated(self, name: str) -> frozenset[str]:
        """The parameters that are already updated when the adjoint of a quantity is computed."""
        if self.network.training.update_order != "layer_by_layer":
            return frozenset()
        return frozenset(p for p in self.network.trained if p in self.order and self.order[p] < self.order[name])

    def _values_for(self, expression: Expr, updated: frozenset[str], sample: int) -> dict[Entry, float]:
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
        return number(here, self._values_for(here, self._updated(name), sample))

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

    def new_value(self, entry: Access) -> float:
        """The parameter after its first update."""
        assert self.values is not None
        here: dict[Entry, float] = {(name, ()): value for name, value in self.network.optimiser.constants.items()}
        here |= {(state, ()): 0.0 for state in self.network.optimiser.states}
        here |= {("k", ()): 1.0, ("g", ()): self.total(entry),
                 ("theta", ()): self.values[entry.name, tuple(map(int, entry.indices))]}
        for assignment in self.network.optimiser.assignments:
            body = assignment.body.xreplace({s: Access(s.name) for s in _free_letters(assignment.body)})
            here[assignment.target.name, ()] = number(body, here)
        return here["theta", ()]

    # The forward pass

    def forward(self) -> str:
        """The given numbers, and every forward entry as a formula, with numbers put in, and as a result."""
        if self.values is None or not self.samples:
            return ""
        shown = self._shown()
        if not shown:
            return ""
        sampled, before, after = self._forward_parts()
        out = [r"\section{The numbers}", "The forward equations, written out for each entry, with the numbers put in. "
               + ("" if self.single else f"All {self.samples} samples are shown. " if shown == self.samples
                  else f"Of the {self.samples} samples the first is shown. ")
               + self._precision(), rf"{{\raggedright Given are {self._given()}.\par}}"]
        labels = self._labels()
        aliases = {**self.aliases, **self.network.aliases}
        instance = instantiate(self.derivation.forward, self.network.sizes, self.samples)
        of: dict[str, list[Equation]] = {}
        for equation in instance.equations:
            of.setdefault(equation.name, []).append(equation)
        printer = ScalarPrinter(self.derivation.system.quantities, aliases)

        def row(equation: Equation) -> tuple[str, list[str]]:
            inserted = evaluate_indices(equation.body, {}, self.numeric_sizes, labels)
            return printer.marked(equation.target), self._inserted(equation.body, inserted, printer)

        def rows(names: Sequence[str], sample: int | None) -> list[tuple[str, list[str]]]:
            return [row(e) for name in names for e in of[name]
                    if sample is None or self._sample_of(e.target) == sample]

        parts = ["Entry by entry:"] if self.single or before else []
        parts += [self._rows(rows(before, None))] if before else []
        for sample in range(shown):
            if not self.single:
                parts.append(rf"\paragraph{{Sample {sample + 1}.}}")
            parts.append(self._rows(rows(sampled, sample)))
        if after and not self.single:
            definitions = self.derivation.forward.definitions
            parts += ["Over all samples:", self._rows([
                (left, [printer.marked(evaluate_indices(definitions[name].body, {}, self.sizes)), *right[
                    1 if shown == self.samples else -1:]])
                for name in after for e in of[name] if not e.target.indices
                for left, right in [row(e)]])]
        elif after:
            parts.append(self._rows(rows(after, None)))
        return "\n\n".join([*out, _merged(parts)])

    def _shown(self) -> int:
        """The samples whose forward pass is written out: all of a few, or the first; none of a large network."""
        once = each = 0
        for equation in self.derivation.forward.equations:
            count = 1
            for index in equation.target.indices:
                count *= 1 if index.size == SAMPLES else self.network.size(index.size) or _MOST_FORWARD + 1
            by_sample = any(i.size == SAMPLES for i in equation.target.indices)
            once, each = once + count * (not by_sample), each + count * by_sample
        samples = self.samples or 0
        if samples <= _MOST_SAMPLES and once + samples * each <= _MOST_FORWARD:
            return samples
        return 1 if once + each <= _MOST_FORWARD else 0

    def _forward_parts(self) -> tuple[list[str], list[str], list[str]]:
        """Quantities that belong to a sample, those of none, and those of all samples, in forward order."""
        sampled: list[str] = []
        before: list[str] = []
        after: list[str] = []
        quantities = self.derivation.system.quantities
        for equation in self.derivation.forward.in_order():
            if any(i.size == SAMPLES for i in equation.target.indices):
                sampled.append(equation.name)
            elif any(name in after or any(i.size == SAMPLES for i in quantities[name].indices)
                     for name in equation.reads):
                after.append(equation.name)
            else:
                before.append(equation.name)
        return sampled, before, after

    def _sample_of(self, entry: Access) -> int | None:
        indices = self.derivation.system.quantities[entry.name].indices
        return next((int(at) for i, at in zip(indices, entry.indices, strict=True) if i.size == SAMPLES), None)

    def _labels(self) -> dict[str, dict]:
        """The values of integer quantities, as nested mappings."""
        assert self.values is not None
        out: dict[str, dict] = {}
        for (name, place), value in self.values.items():
            if place and name in self.derivation.system.quantities and self.derivation.system.quantities[name].integer:
                level = out.setdefault(name, {})
                for position in place[:-1]:
                    level = level.setdefault(position, {})
                level[place[-1]] = int(value)
        return out

    def _inserted(self, body: Expr, at_labels: Expr, printer: Printer) -> list[str]:
        """A formula, with its numbers put in, and its value, each once."""
        assert self.values is not None
        values = self.values
        out = [printer.marked(body)]
        numbers = NumberPrinter(values, self.digits, self.derivation.system.quantities, printer.aliases)
        for printed in ([printer.marked(at_labels)] if at_labels != body else []) + [
                numbers.marked(at_labels), self._real(number(at_labels, values))]:
            if printed != out[-1]:
                out.append(printed)
        return out

    def _given(self) -> str:
        """Data and parameters, as matrices where they fit."""
        assert self.values is not None
        quantities = self.derivation.system.quantities
        names = [q.name for q in quantities.values() if q.role in (Role.INPUT, Role.TARGET, Role.PARAMETER)
                 and (q.name, (0,) * len(q.indices)) in self.values]
        return ",\n".join(self._given_one(name) for name in names)

    def _given_one(self, name: str) -> str:
        assert self.values is not None
        quantity = self.derivation.system.quantities[name]
        places = sorted(place for of, place in self.values if of == name)
        if any(i.size == SAMPLES for i in quantity.indices):
            places = [p for p in places if (self._sample_of(Access(name, *p)) or 0) < (self.samples or 1)]
        aliases = {**self.aliases, **self.network.aliases}
        printer = Printer(self.derivation.system.quantities, aliases)
        entry = {p: printer.plain(Access(name, *p)) for p in places}
        value = {p: self._real(self.values[name, p] + quantity.integer) for p in places}
        if len(places) == 1 and (name, places[0]) in aliases or not quantity.indices:
            return f"${entry[places[0]]} = {value[places[0]]}$"
        if len(quantity.indices) <= 2 and places:
            whole = self.whole(name)
            if whole == self.print.plain(quantity.entry):
                whole = rf"\bigl({whole}\bigr)"
            grids = [value]
            if all((name, p) in aliases for p in places):
                grids.insert(0, entry)
            latex = " = ".join([whole, *map(_grid, grids)])
            rows = 1 + max(p[0] for p in places)
            if rows > _MOST_ROWS and quantity.indices[0].size == SAMPLES:
                latex = f"{whole} = " + _grid({p: value[p] for p in places if p[0] < _MOST_SAMPLES}, more=True)
                rows = _MOST_SAMPLES
            if rows <= _MOST_ROWS and width(latex) <= PAGE:
                return rf"\mbox{{${latex}$}}"
        return ",\n".join(f"${entry[p]} = {value[p]}$" for p in places)

    def _precision(self) -> str:
        self.said_precision = True
        return (f"Numbers are printed to {self.digits} decimals, very small and very large ones to {self.digits} "
                "significant digits; nothing is rounded in between.")

    # The section

    def section(self, chosen: tuple[str, tuple[int, ...] | None] | None) -> str:
        """The section of all trained parameters, or of one quantity or entry."""
        names = [chosen[0]] if chosen else [a.of.name for a in self.derivation.adjoints
                                            if a.of.name in self.network.trained]
        entries = [e for name in names for e in self.entries(name)
                   if chosen is None or chosen[1] is None or self._is(e, chosen[1])]
        heading = "Every weight by itself" if chosen is None else "The derivative by itself"
        out = [rf"\section{{{heading}}}", self._opening()]
        if len(names) > 1:
            out[-1] += (" The last layer's parameters come first, because the derivatives by what a layer computes are "
                        "factors of those by everything before it: going back, each is computed once.")
        try:
            for entry in self._reading_order(entries):
                out += self._entry(entry)
        except Coupled:
            return "\n".join([out[0], "In this network samples act on each other, so the derivatives have no view of "
                                      "one sample; the equations above hold as they are."])
        return "\n\n".join(filter(None, out))

    def _is(self, entry: Access, place: tuple[int, ...]) -> bool:
        return all(own == self.n or int(own) == p for own, p in zip(entry.indices, place, strict=True))

    def _reading_order(self, entries: list[Access]) -> list[Access]:
        """In the order of the record, and within a quantity in the order of the document's own names."""
        def key(entry: Access) -> tuple:
            alias = self.print._alias(entry)
            stem = alias.rstrip("0123456789") if alias else ""
            count = int(alias[len(stem):] or 0) if alias else 0
            return (self.order[entry.name], not alias, stem, count)
        return sorted(entries, key=key)

    def _opening(self) -> str:
        out = ["The same equations, written out for each entry. "]
        if self.single:
            out.append("There is one sample, so no sum over samples is left.")
        else:
            out.append("The sample stays an index $n$; a parameter's derivative is the sum over all samples"
                       + (f", here $m = {self.samples}$." if self.samples else "."))
        if self.values is not None:
            if not self.said_precision:
                out.append(self._precision())
            if self.network.training.update_order == "layer_by_layer":
                out.append("The update goes layer by layer: a parameter marked with a plus sign, such as "
                           "$w^{+}$, already has its new value when the layers below are computed.")
        return " ".join(out)

    def _entry(self, entry: Access) -> list[str]:
        symbol = self.print.plain(entry)
        out = [rf"\paragraph{{${symbol}$.}}"]
        out += self._explain(entry, top=True)
        if entry.name in self.network.trained:
            out.append(self._update(entry))
        return [_merged(out)]

    def _d(self, entry: Access, of: str | None = None) -> str:
        """∂J/∂entry, marked; `of` names a part of the loss instead of J."""
        objective = Access(self.derivation.objective)
        self.print.updated = frozenset()
        return self.print.partial(of or self.print.marked(objective), entry)

    def chain(self, entry: Access) -> tuple[Access, list[tuple[Term, Access]]] | None:
        """The factors back to the first quantity with several paths, or to one that is read off the record."""
        links: list[tuple[Term, Access]] = []
        at = entry
        while True:
            terms = self.terms(at)
            if terms is None or len(terms) != 1 or terms[0].through.name == self.derivation.objective:
                break
            links.append((terms[0], at))
            at = terms[0].through
            if ("total", at) in self.done and self._is_long(at):
                break
        return (at, links[::-1]) if links else None

    def _is_long(self, entry: Access) -> bool:
        """Whether a total derivative, once computed, is better taken as a whole: it does not belong to the output."""
        terms = self.terms(entry)
        return terms is not None and len(terms) > 1

    def _explain(self, entry: Access, top: bool = False, of: str | None = None) -> list[str]:
        """Lines that lead to ∂J/∂entry, each intermediate derivative once."""
        key = ("total", entry)
        if key in self.done:
            return []
        self.done.add(key)
        terms = self.terms(entry)
        if terms is None:
            return [self._rows([self._read_off(entry, of)])]
        found = self.chain(entry)
        if found is None:
            return self._several(entry, terms)
        head, links = found
        out: list[str] = []
        first = self._product_of(head, links, of)
        summed = any(term.summed for term, _ in links)
        limits = self.print.limits(r"\sum", [self.n]) if summed else ""
        rows = [(self._d(entry, of), [limits + first])]
        if head.name != self.derivation.objective and self._is_long(head) and ("total", head) not in self.done:
            out.append(self._rows(rows))
            out += self._explain(head)
            rows = []
        if not self._is_long(head) and ("total", head) not in self.done:
            self.done.add(("total", head))
            rows.append(self._read_off(head, of))
        for term, by in links:
            local_key = ("local", term.through, by)
            if local_key not in self.done:
                self.done.add(local_key)
                rows.append(self._local(term, by))
        if self.values is not None and (self.single or not summed and self.n not in entry.indices):
            rows.append((self._d(entry, of), [self._numbers(head, links), self._real(self.total(entry))]))
        out.append(self._rows(rows))
        if self.values is not None and summed:
            out.append(self._table(entry, head, links))
        return out

    def _product_of(self, head: Access, links: Sequence[tuple[Term, Access]], of: str | None) -> str:
        factors = [self._d(head, of)] + [self.print.marked(Partial(term.through, by)) for term, by in links]
        return rf" {mark(1)}\cdot ".join(factors)

    def _numbers(self, head: Access, links: Sequence[tuple[Term, Access]]) -> str:
        numbers = [self.total(head)] + [self.value(term.local, by.name) for term, by in links]
        return rf" {mark(1)}\cdot ".join(self._bracketed_real(x) for x in numbers)

    def _read_off(self, entry: Access, of: str | None) -> tuple[str, list[str]]:
        body = self.formula(entry)
        return (self._d(entry, of), self._with_numbers(body, entry.name))

    def _local(self, term: Term, by: Access) -> tuple[str, list[str]]:
        self.print.updated = frozenset()
        return (self.print.marked(Partial(term.through, by)), self._with_numbers(term.local, by.name))

    def _with_numbers(self, body: Expr, name: str) -> list[str]:
        self.print.updated = updated = self._updated(name)
        out = [self.print.marked(body)]
        self.print.updated = frozenset()
        if self.values is not None and self.single:
            values = self._values_for(body, updated, 0)
            printer = NumberPrinter(values, self.digits, self.derivation.system.quantities, self.aliases)
            inserted = printer.marked(body)
            result = self._real(number(body, values))
            if inserted not in (out[0], result):
                out.append(inserted)
            if result != out[-1]:
                out.append(result)
        return out

    def _several(self, entry: Access, terms: Sequence[Term]) -> list[str]:
        """Several paths: each by itself, then their sum."""
        out: list[str] = []
        parts = self._parts_of_loss(terms)
        names: list[str] = []
        if parts is not None:
            names = [self.print.plain(part) for part in parts]
            listed = " and ".join([", ".join(f"${n}$" for n in names[:-1]), f"${names[-1]}$"])
            whole = self.print.plain(Access(self.derivation.objective))
            out.append(f"${self.print.plain(entry)}$ acts on ${whole}$ along {len(terms)} paths, "
                       f"which end in its parts {listed}:")
            sums = [self._d(entry, name) for name in names]
        else:
            out.append(f"${self.print.plain(entry)}$ acts along {len(terms)} paths:")
            sums = [(self.print.limits(r"\sum", [self.n]) if term.summed else "") + self._path(term, entry)
                    for term in terms]
        joined = f" {mark(0)}+ ".join(sums)
        out.append(self._rows([(self._d(entry), [joined])]))
        for position, term in enumerate(terms):
            if term.through.name != self.derivation.objective and term.through not in (parts or ()):
                out += self._explain(term.through, of=names[position] if names else None)
        rows = []
        numeric = self.values is not None and self.single
        for position, term in enumerate(terms):
            of = names[position] if names else None
            local_key = ("local", term.through, entry)
            if local_key not in self.done and not term.local.is_number:
                self.done.add(local_key)
                rows.append(self._local(term, entry))
            if names and term.through in (parts or ()):  # the part itself reads this entry
                if term.local.is_number:
                    rows.append(self._local(term, entry))
            elif names:
                right = [self._path(term, entry, of)]
                if numeric:
                    here = self.value(term.local, entry.name)
                    right += [rf"{self._bracketed_real(self.total(term.through))} \cdot {self._bracketed_real(here)}",
                              self._real(self.total(term.through) * here)]
                rows.append((self._d(entry, of), right))
        if numeric:
            amounts = [self.total(term.through) * self.value(term.local, entry.name) for term in terms]
            added = " ".join((f"{mark(0)}{'-' if x < 0 else '+'} " if i else "-" if x < 0 else "")
                             + self._real(abs(x)) for i, x in enumerate(amounts))
            right = [added, self._real(self.total(entry))]
            if not names:
                right.insert(0, f" {mark(0)}+ ".join(
                    rf"{self._bracketed_real(self.total(t.through))} \cdot "
                    rf"{self._bracketed_real(self.value(t.local, entry.name))}" for t in terms))
            rows.append((self._d(entry), right))
        elif self.values is not None and self.n not in entry.indices:
            rows.append((self._d(entry), [self._real(self.total(entry))]))
        if rows:
            out.append(self._rows(rows))
        return out

    def _path(self, term: Term, entry: Access, of: str | None = None) -> str:
        if term.through.name == self.derivation.objective:
            return self.print.marked(term.local)
        if term.local == 1:
            return self._d(term.through, of)
        return rf"{self._d(term.through, of)} {mark(1)}\cdot {self.print.marked(Partial(term.through, entry))}"

    def _parts_of_loss(self, terms: Sequence[Term]) -> list[Access] | None:
        """E = E_o1 + E_o2 + …: the part that each path leads to, where each leads to one of its own."""
        if not self.single:
            return None
        out: list[Access] = []
        for term in terms:
            reached = self._reached(term.through)
            if reached is None or len(reached) != 1:
                return None
            out += reached
        return out if len(set(out)) == len(out) else None

    def _reached(self, entry: Access) -> frozenset[Access] | None:
        """The parts of the loss that an entry acts on; None where it acts on J in another way than by a plain sum."""
        objective = self.derivation.objective
        if entry.name == objective:
            return None
        terms = []
        for path in self.adjoints[entry.name].paths:
            for through in self.entries(path.through.name):
                local = self._at(path, entry, through)
                if local != 0:
                    terms.append((through, local))
        if len(terms) == 1 and terms[0][1] == 1 and self._reached(terms[0][0]) == {terms[0][0]}:
            return frozenset({entry})  # one summand of a part is a part itself
        reached: frozenset[Access] = frozenset()
        for through, local in terms:
            if through.name == objective:
                if local != 1:
                    return None
                reached |= {entry}
                continue
            deeper = self._reached(through)
            if deeper is None:
                return None
            reached |= deeper
        return reached

    def _table(self, entry: Access, head: Access, links: Sequence[tuple[Term, Access]]) -> str:
        """The factors and their product for every sample, and the sum."""
        assert self.values is not None and self.samples is not None
        total = self._real(self.total(entry))
        result = self._rows([(self._d(entry), [total])])
        if self.samples > _MOST_ROWS or ("table", entry.name) in self.done:
            return result
        self.done.add(("table", entry.name))
        heads = [self._d(head), *(self.print.marked(Partial(term.through, by)) for term, by in links),
                 r"\text{product}"]
        columns_of: list[list[float]] = []
        for sample in range(self.samples):
            factors = [self.total(head, sample)] + [self.value(term.local, by.name, sample) for term, by in links]
            columns_of.append([*factors, math.prod(factors)])
        space = sum(max(width(real(row[at], self.digits)) for row in columns_of) + 1.1 for at in range(len(heads)))
        digits = self.digits if space <= PAGE - 2 else min(self.digits, 6)
        rows = [" & ".join([str(sample + 1)] + [f"${real(x, digits)}$" for x in row])
                for sample, row in enumerate(columns_of)]
        columns = "r" * (len(heads) + 1)
        top = " & ".join(["$n$"] + [rf"$\displaystyle {plain(h)}$" for h in heads])
        body = " \\\\\n".join(rows)
        said = "" if digits == self.digits else f"For each sample, the factors to {digits} decimals:\n"
        return (f"{said}\\begin{{center}}\n\\begin{{tabular}}{{{columns}}}\n"
                f"\\toprule\n{top} \\\\\n\\midrule\n{body} \\\\\n"
                f"\\midrule\n\\multicolumn{{{len(heads)}}}{{r}}{{sum}} & ${real(self.total(entry), digits)}$ \\\\\n"
                f"\\bottomrule\n\\end{{tabular}}\n\\end{{center}}\n" + result)

    def _update(self, entry: Access) -> str:
        optimiser = self.network.optimiser
        new = self.print.plain(entry)
        new = new.replace(")}", ")+}", 1) if "^{(" in new else new + "^{+}"
        if len(optimiser.assignments) != 1 or optimiser.states:
            if self.values is None:
                return ""
            return self._rows([(new, [self._real(self.new_value(entry))])])
        body = optimiser.assignments[0].body
        printer = _EntryUpdate(self.network, {"theta": self.print.marked(entry), "g": self._d(entry)})
        right = [printer.marked(body)]
        if self.values is not None:
            old = self.values[entry.name, tuple(map(int, entry.indices))]
            numbers = {"theta": self._bracketed_real(old, leading=True), "g": self._bracketed_real(self.total(entry)),
                       **{name: real(value) for name, value in optimiser.constants.items()}}
            right += [_EntryUpdate(self.network, numbers, numbers_only=True).marked(body),
                      self._real(self.new_value(entry))]
        return self._rows([(new, right)])

    # Layout

    def _real(self, value: float) -> str:
        return real(value, self.digits)

    def _bracketed_real(self, value: float, leading: bool = False) -> str:
        printed = self._real(value)
        return f"({printed})" if printed.startswith("-") and not leading else printed

    @staticmethod
    def _rows(rows: Sequence[tuple[str, list[str]]]) -> str:
        """Chains of equalities under one another, each broken where it is too long."""
        widest = max(width(left) for left, _ in rows)
        room = PAGE - widest - 1.5
        out = []
        for left, parts in rows:
            joined = parts[0] + "".join(f" \ue000= {part}" for part in (_deeper(p) for p in parts[1:]))
            lines = broken(_deeper(parts[0]) + joined[len(parts[0]):], room - 1.5, room)
            out.append(f"{plain(left)} &= {lines[0]}")
            for line in lines[1:]:
                start = "" if line.startswith("=") else r"\qquad " + ("{} " if line[:1] in "+-" or
                                                                       line.startswith(r"\cdot") else "")
                out.append(f"&{start}{line}")
        if len(out) > 1:  # the last row does not stand alone on a page
            out[-2:] = [f"{out[-2]} \\\\*\n{out[-1]}"]
        return "\\begin{align*}\n" + " \\\\\n".join(out) + "\n\\end{align*}"


class _EntryUpdate(UpdatePrinter):
    """The update rule with an entry, or its numbers, in place of theta and g."""

    def __init__(self, network: Network, words: Mapping[str, str], numbers_only: bool = False) -> None:
        super().__init__(network)
        self.words, self.numbers_only = words, numbers_only

    def _print_Access(self, access: Access, size: str = "") -> str:
        return self.words.get(access.name) or super()._print_Access(access, size)

    def _print_Symbol(self, symbol: Symbol, style: str = "plain") -> str:
        return self.words.get(symbol.name) or super()._print_Symbol(symbol, style)

    def _sign_between(self, before: Expr, after: Expr, left: str, right: str) -> str:
        return r"\cdot " if self.numbers_only else r"\, "


def _deeper(marked: str) -> str:
    """The same marks one level pair further in: what stands around it breaks first."""
    return re.sub("[\ue000-\ue0fd]", lambda m: chr(ord(m.group()) + 2), marked)


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


def _merged(parts: Sequence[str]) -> str:
    """Displays that follow one another directly become one, aligned throughout."""
    return "\n".join(filter(None, parts)).replace("\n\\end{align*}\n\\begin{align*}\n", " \\\\\n")


def _grid(entries: Mapping[tuple[int, ...], str], more: bool = False) -> str:
    """Entries by their places as a matrix; a vector is a column."""
    rows: dict[int, list[str]] = {}
    for place, entry in entries.items():
        rows.setdefault(place[0], []).append(entry)
    lines = [" & ".join(row) for row in rows.values()] + ([r"\vdots"] if more else [])
    return r"\begin{pmatrix} " + r" \\ ".join(lines) + r" \end{pmatrix}"
