"""Every weight by itself: the chain of factors as a formula, then with the numbers put in, then the new weight."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sympy import Expr

from derive.instantiate import number
from derive.language.expressions import Access, Partial
from derive.latex.entries import Coupled, Entries, Term
from derive.latex.lines import PAGE, width
from derive.latex.loss_parts import parts_of_loss
from derive.latex.optimiser import EntryUpdatePrinter
from derive.latex.printer import NumberPrinter, mark, plain, real
from derive.latex.rows import merged, rows_of
from derive.latex.sections.numbers import precision

_MOST_ROWS = 8  # of a table with a row for each sample


def weights(view: Entries, quantity: str | None, place: tuple[int, ...] | None, said: bool) -> str:
    """The section of all trained parameters, or of one quantity or entry.

    Args:
        said: whether the page has said how numbers are printed.
    """
    return _Weights(view, said).section(quantity, place)


class _Weights:
    """Writes the derivatives of one network's entries, each intermediate derivative once."""

    def __init__(self, view: Entries, said: bool) -> None:
        self.view, self.said = view, said
        self.done: set[object] = set()

    def section(self, quantity: str | None, place: tuple[int, ...] | None) -> str:
        names = [quantity] if quantity else [a.of.name for a in self.view.derivation.adjoints
                                            if a.of.name in self.view.network.trained]
        entries = [e for name in names for e in self.view.entries(name)
                   if place is None or self._is(e, place)]
        heading = "Every weight by itself" if quantity is None else "The derivative by itself"
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
        return all(own == self.view.n or int(own) == p for own, p in zip(entry.indices, place, strict=True))

    def _reading_order(self, entries: list[Access]) -> list[Access]:
        """In the order of the record, and within a quantity in the order of the document's own names."""
        def key(entry: Access) -> tuple:
            alias = self.view.print._alias(entry)
            stem = alias.rstrip("0123456789") if alias else ""
            count = int(alias[len(stem):] or 0) if alias else 0
            return (self.view.order[entry.name], not alias, stem, count)
        return sorted(entries, key=key)

    def _opening(self) -> str:
        out = ["The same equations, written out for each entry. "]
        if self.view.single:
            out.append("There is one sample, so no sum over samples is left.")
        else:
            out.append("The sample stays an index $n$; a parameter's derivative is the sum over all samples"
                       + (f", here $m = {self.view.samples}$." if self.view.samples else "."))
        if self.view.values is not None:
            if not self.said:
                out.append(precision(self.view.digits))
            if self.view.network.training.update_order == "layer_by_layer":
                out.append("The update goes layer by layer: a parameter marked with a plus sign, such as "
                           "$w^{+}$, already has its new value when the layers below are computed.")
        return " ".join(out)

    def _entry(self, entry: Access) -> list[str]:
        symbol = self.view.print.plain(entry)
        out = [rf"\paragraph{{${symbol}$.}}"]
        out += self._explain(entry, top=True)
        if entry.name in self.view.network.trained:
            out.append(self._update(entry))
        return [merged(out)]

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

    def _explain(self, entry: Access, top: bool = False, of: str | None = None) -> list[str]:
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
        rows = [(self._d(entry, of), [limits + first])]
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
            rows.append((self._d(entry, of), [self._numbers(head, links), self.view.real(self.view.total(entry))]))
        out.append(rows_of(rows))
        if self.view.values is not None and summed:
            out.append(self._table(entry, head, links))
        return out

    def _product_of(self, head: Access, links: Sequence[tuple[Term, Access]], of: str | None) -> str:
        factors = [self._d(head, of)] + [self.view.print.marked(Partial(term.through, by)) for term, by in links]
        return rf" {mark(1)}\cdot ".join(factors)

    def _numbers(self, head: Access, links: Sequence[tuple[Term, Access]]) -> str:
        numbers = [self.view.total(head)] + [self.view.value(term.local, by.name) for term, by in links]
        return rf" {mark(1)}\cdot ".join(self.view.bracketed_real(x) for x in numbers)

    def _read_off(self, entry: Access, of: str | None) -> tuple[str, list[str]]:
        body = self.view.formula(entry)
        return (self._d(entry, of), self._with_numbers(body, entry.name))

    def _local(self, term: Term, by: Access) -> tuple[str, list[str]]:
        self.view.print.updated = frozenset()
        return (self.view.print.marked(Partial(term.through, by)), self._with_numbers(term.local, by.name))

    def _with_numbers(self, body: Expr, name: str) -> list[str]:
        self.view.print.updated = updated = self.view.updated_before(name)
        out = [self.view.print.marked(body)]
        self.view.print.updated = frozenset()
        if self.view.values is not None and self.view.single:
            values = self.view.values_for(body, updated, 0)
            printer = NumberPrinter(values, self.view.digits, self.view.derivation.system.quantities, self.view.aliases)
            inserted = printer.marked(body)
            result = self.view.real(number(body, values))
            if inserted not in (out[0], result):
                out.append(inserted)
            if result != out[-1]:
                out.append(result)
        return out

    def _several(self, entry: Access, terms: Sequence[Term]) -> list[str]:
        """Several paths: each by itself, then their sum."""
        out: list[str] = []
        parts = parts_of_loss(self.view, terms)
        names: list[str] = []
        if parts is not None:
            names = [self.view.print.plain(part) for part in parts]
            listed = " and ".join([", ".join(f"${n}$" for n in names[:-1]), f"${names[-1]}$"])
            whole = self.view.print.plain(Access(self.view.derivation.objective))
            out.append(f"${self.view.print.plain(entry)}$ acts on ${whole}$ along {len(terms)} paths, "
                       f"which end in its parts {listed}:")
            sums = [self._d(entry, name) for name in names]
        else:
            out.append(f"${self.view.print.plain(entry)}$ acts along {len(terms)} paths:")
            sums = [(self.view.print.limits(r"\sum", [self.view.n]) if term.summed else "") + self._path(term, entry)
                    for term in terms]
        joined = f" {mark(0)}+ ".join(sums)
        out.append(rows_of([(self._d(entry), [joined])]))
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
                    right += [rf"{self.view.bracketed_real(above)} \cdot {self.view.bracketed_real(here)}",
                              self.view.real(above * here)]
                rows.append((self._d(entry, of), right))
        if numeric:
            amounts = [self.view.total(term.through) * self.view.value(term.local, entry.name) for term in terms]
            added = " ".join((f"{mark(0)}{'-' if x < 0 else '+'} " if i else "-" if x < 0 else "")
                             + self.view.real(abs(x)) for i, x in enumerate(amounts))
            right = [added, self.view.real(self.view.total(entry))]
            if not names:
                right.insert(0, f" {mark(0)}+ ".join(
                    rf"{self.view.bracketed_real(self.view.total(t.through))} \cdot "
                    rf"{self.view.bracketed_real(self.view.value(t.local, entry.name))}" for t in terms))
            rows.append((self._d(entry), right))
        elif self.view.values is not None and self.view.n not in entry.indices:
            rows.append((self._d(entry), [self.view.real(self.view.total(entry))]))
        if rows:
            out.append(rows_of(rows))
        return out

    def _path(self, term: Term, entry: Access, of: str | None = None) -> str:
        if term.through.name == self.view.derivation.objective:
            return self.view.print.marked(term.local)
        if term.local == 1:
            return self._d(term.through, of)
        return rf"{self._d(term.through, of)} {mark(1)}\cdot {self.view.print.marked(Partial(term.through, entry))}"

    def _table(self, entry: Access, head: Access, links: Sequence[tuple[Term, Access]]) -> str:
        """The factors and their product for every sample, and the sum."""
        assert self.view.values is not None and self.view.samples is not None
        total = self.view.real(self.view.total(entry))
        result = rows_of([(self._d(entry), [total])])
        if self.view.samples > _MOST_ROWS or ("table", entry.name) in self.done:
            return result
        self.done.add(("table", entry.name))
        heads = [self._d(head), *(self.view.print.marked(Partial(term.through, by)) for term, by in links),
                 r"\text{product}"]
        columns_of: list[list[float]] = []
        for sample in range(self.view.samples):
            factors = [self.view.total(head, sample)] + [self.view.value(term.local, by.name, sample) for term, by in links]
            columns_of.append([*factors, math.prod(factors)])
        space = sum(max(width(real(row[at], self.view.digits)) for row in columns_of) + 1.1 for at in range(len(heads)))
        digits = self.view.digits if space <= PAGE - 2 else min(self.view.digits, 6)
        rows = [" & ".join([str(sample + 1)] + [f"${real(x, digits)}$" for x in row])
                for sample, row in enumerate(columns_of)]
        columns = "r" * (len(heads) + 1)
        top = " & ".join(["$n$"] + [rf"$\displaystyle {plain(h)}$" for h in heads])
        body = " \\\\\n".join(rows)
        said = "" if digits == self.view.digits else f"For each sample, the factors to {digits} decimals:\n"
        return (f"{said}\\begin{{center}}\n\\begin{{tabular}}{{{columns}}}\n"
                f"\\toprule\n{top} \\\\\n\\midrule\n{body} \\\\\n"
                f"\\midrule\n\\multicolumn{{{len(heads)}}}{{r}}{{sum}} & ${real(self.view.total(entry), digits)}$ \\\\\n"
                f"\\bottomrule\n\\end{{tabular}}\n\\end{{center}}\n" + result)

    def _update(self, entry: Access) -> str:
        optimiser = self.view.network.optimiser
        if not optimiser.assignments:
            return ""
        new = self.view.print.plain(entry)
        new = new.replace(")}", ")+}", 1) if "^{(" in new else new + "^{+}"
        if len(optimiser.assignments) != 1 or optimiser.states:
            if self.view.values is None:
                return ""
            return rows_of([(new, [self.view.real(self.view.new_value(entry))])])
        body = optimiser.assignments[0].body
        printer = EntryUpdatePrinter(self.view.network, {"theta": self.view.print.marked(entry), "g": self._d(entry)})
        right = [printer.marked(body)]
        if self.view.values is not None:
            old = self.view.values[entry.name, tuple(map(int, entry.indices))]
            numbers = {"theta": self.view.bracketed_real(old, leading=True),
                       "g": self.view.bracketed_real(self.view.total(entry)),
                       **{name: real(value) for name, value in optimiser.constants_of(entry.name).items()}}
            right += [EntryUpdatePrinter(self.view.network, numbers, numbers_only=True).marked(body),
                      self.view.real(self.view.new_value(entry))]
        return rows_of([(new, right)])
