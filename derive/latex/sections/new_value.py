"""The first update of one entry of a parameter, assignment by assignment, with its numbers put in."""

from __future__ import annotations

from collections.abc import Mapping

from derive.instantiate import Entry, number
from derive.language.expressions import Access
from derive.latex.entries import Entries, in_letters
from derive.latex.escape import scalar_name
from derive.latex.optimiser import EntryUpdatePrinter
from derive.latex.printer import real
from derive.latex.rows import Row


def new_values(view: Entries, entry: Access, gradient: str) -> list[Row]:
    """A row for each assignment; none where nothing can be said of one entry alone.

    Args:
        gradient: ∂J/∂entry as LaTeX.
    """
    optimiser = view.network.optimiser
    if not optimiser.assignments:
        return []
    new = view.print.plain(entry)
    new = new.replace(")}", ")+}", 1) if "^{(" in new else new + "^{+}"
    if optimiser.sums:  # over all entries
        return [] if view.values is None else [Row(new, [view.real(view.new_value(entry))])]
    letters = {"theta": view.print.marked(entry), "g": gradient}
    here = None if view.values is None else view.before_update(entry)
    rows = []
    for assignment in optimiser.assignments:
        name, body = assignment.target.name, in_letters(assignment.body)
        left = {"theta": new, "g": "g"}.get(name, scalar_name(name) + "^{+}" * (name in optimiser.states))
        formula = EntryUpdatePrinter(view.network, letters).marked(body)
        if here is None:
            rows.append(Row(left, [formula]))
        else:
            inserted = EntryUpdatePrinter(view.network, _numbers(view, here), numbers_only=True).marked(body)
            here[name, ()] = number(body, here)
            rows.append(Row(left, view.steps([formula], [inserted], here[name, ()])))
        letters[name] = left
    return rows


def _numbers(view: Entries, here: Mapping[Entry, float]) -> dict[str, str]:
    """What stands for each letter: what is given as it is, what is computed with its digits."""
    constants = view.network.optimiser.constants
    return {name: real(value) if name in constants or name in ("k", "K") else view.given(value) if name == "theta"
            else view.bracketed_real(value) for (name, place), value in here.items() if not place}
