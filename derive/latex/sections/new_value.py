"""The first update of one entry of a parameter, with its numbers put in."""

from __future__ import annotations

from derive.language.expressions import Access
from derive.latex.entries import Entries
from derive.latex.optimiser import EntryUpdatePrinter
from derive.latex.printer import real
from derive.latex.rows import Row


def new_value(view: Entries, entry: Access, gradient: str) -> Row | None:
    """None where nothing can be said of one entry alone.

    Args:
        gradient: ∂J/∂entry as LaTeX.
    """
    optimiser = view.network.optimiser
    alone = len(optimiser.assignments) == 1 and not optimiser.states  # its rule is one formula
    if not optimiser.assignments or not alone and view.values is None:
        return None
    new = view.print.plain(entry)
    new = new.replace(")}", ")+}", 1) if "^{(" in new else new + "^{+}"
    formulas, inserted = [], []
    if alone:
        body = optimiser.assignments[0].body
        names = {"theta": view.print.marked(entry), "g": gradient}
        formulas.append(EntryUpdatePrinter(view.network, names).marked(body))
        if view.values is None:
            return Row(new, formulas)
        numbers = {"theta": view.given(view.values[entry.name, tuple(map(int, entry.indices))]),
                   "g": view.bracketed_real(view.total(entry)),
                   **{name: real(value) for name, value in optimiser.constants_of(entry.name).items()}}
        inserted.append(EntryUpdatePrinter(view.network, numbers, numbers_only=True).marked(body))
    return Row(new, view.steps(formulas, inserted, view.new_value(entry)))
