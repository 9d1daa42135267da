"""Every weight by itself: the chain of factors as a formula, then with the numbers put in, then the new weight."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from derive.instantiate import number
from derive.language.expressions import Access, Partial
from derive.latex.entries import Coupled, Entries, Term
from derive.latex.loss_parts import parts_of_loss
from derive.latex.network_paths import NetworkPaths
from derive.latex.printer import NumberPrinter, mark
from derive.latex.rows import Row, merged, rows_of
from derive.latex.sections.new_value import new_values
from derive.latex.sections.numbers import precision
from derive.latex.sections.sample_table import MOST_SAMPLES, sample_table
from derive.latex.words import count, natural


def weights(view: Entries, quantity: str | None, place: tuple[int, ...] | None, said: bool) -> str:
    """The section of all trained parameters, or of one quantity or entry.

    Args:
        said: whether the page has said how numbers are printed.
    """
    heading = "Every weight by itself" if quantity is None else "The derivative by itself"
    heading = rf"\section{{{heading}}}"
    entries = entries_in_order(view, quantity, place)
    try:
        written = each_entry(view, entries)
    except Coupled:
        return "\n".join([heading, "In this network samples act on each other, so the derivatives have no view of "
                                   "one sample; the equations above hold as they are."])
    opening = _opening(view, said)
    if len({entry.name for entry in entries}) > 1:
        opening += (" The last layer's parameters come first, because the derivatives by what a layer computes are "
                    "factors of those by everything before it: going back, each is computed once.")
    if any(r" \to " in part for part in written):
        opening += " The path through the network that a product of factors follows stands in brackets beside it."
    return "\n\n".join(filter(None, [heading, opening, *written]))


def entries_in_order(view: Entries, quantity: str | None = None, place: tuple[int, ...] | None = None) -> list[Access]:
    """The trained entries in the order of the record, and of the document's own names; or those of one quantity."""
    names = [quantity] if quantity else [a.of.name for a in view.derivation.adjoints if a.of.name in view.network.trained]

    def is_meant(entry: Access) -> bool:
        return place is None or all(own == view.n or int(own) == p for own, p in zip(entry.indices, place, strict=True))

    def key(entry: Access) -> tuple:
        alias = view.print._alias(entry)
        return (view.order[entry.name], not alias, *natural(alias or ""))

    return sorted((entry for name in names for entry in view.entries(name) if is_meant(entry)), key=key)


def each_entry(view: Entries, entries: Sequence[Access]) -> list[str]:
    """A paragraph for each entry: its derivative, and its new value.

    Raises:
        Coupled: samples act on each other.
    """
    weights = _Weights(view)
    return [weights.entry(entry) for entry in entries]


def _opening(view: Entries, said: bool) -> str:
    out = ["The same equations, written out for each entry. "]
    if view.single:
        out.append("There is one sample, so no sum over samples is left.")
    else:
        out.append("The sample stays an index $n$; a parameter's derivative is the sum over all samples"
                   + (f", here $m = {view.samples}$." if view.samples else "."))
    if view.values is not None:
        if not said:
            out.append(precision(view.digits))
        if view.network.training.update_order == "layer_by_layer":
            out.append("The update goes layer by layer: a parameter marked with a plus sign, such as "
                       "$w^{+}$, already has its new value when the layers below are computed.")
    return " ".join(out)


class _Weights:
    """Writes the derivatives of one network's entries, each intermediate derivative once."""

    def __init__(self, view: Entries) -> None:
        self.view = view
        self.paths = NetworkPaths(view)
        self.done: set[object] = set()

    def entry(self, entry: Access) -> str:
        symbol = self.view.print.plain(entry)
        out = [rf"\paragraph{{${symbol}$.}}", *self._explain(entry)]
        if entry.name in self.view.network.trained and (rows := new_values(self.view, entry, self._d(entry))):
            out.append(rows_of(rows))
        return merged(out)

    def _d(self, entry: Access, of: str | None = None) -> str:
        """∂J/∂entry, marked; `of` names a part of the loss instead of J."""
        objective = Access(self.view.derivation.objective)
        self.view.print.updated = frozenset()
        return self.view.print.partial(of or self.view.print.marked(objective), entry)

    def chain(self, entry: Access) -> tuple[Access, list[tuple[Term, Access]]] | None:
        """The factors back to the first quantity with several paths, or to one that is read off the record."""
        links: list[tuple[Term, Access]] = []
        at = entry
        while True:
            terms = self.view.terms(at)
            if terms is None or len(terms) != 1 or terms[0].through.name == self.view.derivation.objective:
                break
            links.append((terms[0], at))
            at = terms[0].through
            if ("total", at) in self.done and self._is_long(at):
                break
        return (at, links[::-1]) if links else None

    def _is_long(self, entry: Access) -> bool:
        """Whether a total derivative, once computed, is better taken as a whole: it does not belong to the output."""
        terms = self.view.terms(entry)
        return terms is not None and len(terms) > 1

    def _explain(self, entry: Access, of: str | None = None) -> list[str]:
        """Lines that lead to ∂J/∂entry, each intermediate derivative once."""
        key = ("total", entry)
        if key in self.done:
            return []
        self.done.add(key)
        terms = self.view.terms(entry)
        if terms is None:
            return [rows_of([self._read_off(entry, of)])]
        found = self.chain(entry)
        if found is None:
            return self._several(entry, terms)
        head, links = found
        out: list[str] = []
        first = self._product_of(head, links, of)
        summed = any(term.summed for term, _ in links)
        limits = self.view.print.limits(r"\sum", [self.view.n]) if summed else ""
        product = Row(self._d(entry, of), [limits + first], self.paths.named(entry))
        rows = [product]
        if head.name != self.view.derivation.objective and self._is_long(head) and ("total", head) not in self.done:
            out.append(rows_of(rows))
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
        if self.view.values is not None and (self.view.single or not summed and self.view.n not in entry.indices):
            formula = rows.pop() if rows == [product] else Row(self._d(entry, of), [])  # all factors are known: one line
            worked = self.view.steps(formula.parts, [self._numbers(head, links)], self.view.total(entry))
            rows.append(formula._replace(parts=worked))
        out.append(rows_of(rows))
        if self.view.values is not None and summed:
            if (self.view.samples or 0) <= MOST_SAMPLES and ("table", entry.name) not in self.done:
                self.done.add(("table", entry.name))
                heads = [self._d(head), *(self.view.print.marked(Partial(term.through, by)) for term, by in links)]
                out.append(sample_table(self.view, entry, head, links, heads))
            out.append(rows_of([Row(self._d(entry), [self.view.real(self.view.total(entry))])]))
        return out

    def _product_of(self, head: Access, links: Sequence[tuple[Term, Access]], of: str | None) -> str:
        factors = [self._d(head, of)] + [self.view.print.marked(Partial(term.through, by)) for term, by in links]
        return rf" {mark(1)}\cdot ".join(factors)

    def _numbers(self, head: Access, links: Sequence[tuple[Term, Access]]) -> str:
        numbers = [self.view.total(head)] + [self.view.value(term.local, by.name) for term, by in links]
        return rf" {mark(1)}\cdot ".join(self.view.bracketed_real(x) for x in numbers)

    def _read_off(self, entry: Access, of: str | None) -> Row:
        body = self.view.formula(entry)
        return Row(self._d(entry, of), self._with_numbers(body, entry.name))

    def _local(self, term: Term, by: Access) -> Row:
        self.view.print.updated = frozenset()
        return Row(self.view.print.marked(Partial(term.through, by)), self._with_numbers(term.local, by.name))

    def _with_numbers(self, body: Expr, name: str) -> list[str]:
        numeric = self.view.values is not None and self.view.single
        self.view.print.updated = before = self.view.updated_before(name)
        formulas = [self.view.print.marked(body)]
        if numeric:
            body = self.view.at_labels(body)
            formulas.append(self.view.print.marked(body))
        self.view.print.updated = frozenset()
        if not numeric:
            return formulas
        values = self.view.values_for(body, before, 0)
        printer = NumberPrinter(values, self.view.digits, self.view.derivation.system.quantities, self.view.aliases)
        return self.view.steps(formulas, [printer.marked(body)], number(body, values))

    def _several(self, entry: Access, terms: Sequence[Term]) -> list[str]:
        """Several paths: each by itself, then their sum."""
        out: list[str] = []
        parts = parts_of_loss(self.view, terms)
        names: list[str] = []
        if parts is not None:
            names = [self.view.print.plain(part) for part in parts]
            listed = " and ".join([", ".join(f"${n}$" for n in names[:-1]), f"${names[-1]}$"])
            whole = self.view.print.plain(Access(self.view.derivation.objective))
            out.append(f"${self.view.print.plain(entry)}$ acts on ${whole}$ along {count(len(terms), 'path')}, "
                       f"which end in its parts {listed}:")
            sums, beside = [self._d(entry, name) for name in names], ""
        else:
            out.append(f"${self.view.print.plain(entry)}$ acts along {count(len(terms), 'path')}:")
            sums = [(self.view.print.limits(r"\sum", [self.view.n]) if term.summed else "") + self._path(term, entry)
                    for term in terms]
            beside = self.paths.named(entry, terms)
        joined = f" {mark(0)}+ ".join(sums)
        out.append(rows_of([Row(self._d(entry), [joined], beside)]))
        for position, term in enumerate(terms):
            if term.through.name != self.view.derivation.objective and term.through not in (parts or ()):
                out += self._explain(term.through, of=names[position] if names else None)
        rows = []
        numeric = self.view.values is not None and self.view.single
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
                    here = self.view.value(term.local, entry.name)
                    above = self.view.total(term.through)
                    right = self.view.steps(right, [rf"{self.view.bracketed_real(above)} \cdot "
                                                    rf"{self.view.bracketed_real(here)}"], above * here)
                rows.append(Row(self._d(entry, of), right, self.paths.named(entry, [term])))
        if numeric:
            amounts = [self.view.total(term.through) * self.view.value(term.local, entry.name) for term in terms]
            added = " ".join((f"{mark(0)}{'-' if x < 0 else '+'} " if i else "-" if x < 0 else "")
                             + self.view.real(abs(x)) for i, x in enumerate(amounts))
            products = [] if names else [f" {mark(0)}+ ".join(
                rf"{self.view.bracketed_real(self.view.total(t.through))} \cdot "
                rf"{self.view.bracketed_real(self.view.value(t.local, entry.name))}" for t in terms)]
            rows.append(Row(self._d(entry), self.view.steps([], [*products, added], self.view.total(entry))))
        elif self.view.values is not None and self.view.n not in entry.indices:
            rows.append(Row(self._d(entry), [self.view.real(self.view.total(entry))]))
        if rows:
            out.append(rows_of(rows))
        return out

    def _path(self, term: Term, entry: Access, of: str | None = None) -> str:
        if term.through.name == self.view.derivation.objective:
            return self.view.print.marked(term.local)
        if term.local == 1:
            return self._d(term.through, of)
        return rf"{self._d(term.through, of)} {mark(1)}\cdot {self.view.print.marked(Partial(term.through, entry))}"
