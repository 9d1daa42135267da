"""E = E_o1 + E_o2 + …: which part of a loss that is a plain sum a path leads to."""

from __future__ import annotations

from collections.abc import Sequence

from derive.language.expressions import Access
from derive.latex.entries import Entries, Term


def parts_of_loss(view: Entries, terms: Sequence[Term]) -> list[Access] | None:
    """The part that each path leads to, where each leads to one of its own."""
    if not view.single:
        return None
    out: list[Access] = []
    for term in terms:
        reached = _reached(view, term.through)
        if reached is None or len(reached) != 1:
            return None
        out += reached
    return out if len(set(out)) == len(out) else None


def _reached(view: Entries, entry: Access) -> frozenset[Access] | None:
    """The parts of the loss that an entry acts on; None where it acts on J in another way than by a plain sum."""
    objective = view.derivation.objective
    if entry.name == objective:
        return None
    terms = []
    for path in view.adjoints[entry.name].paths:
        for through in view.entries(path.through.name):
            local = view.at(path, entry, through)
            if local != 0:
                terms.append((through, local))
    if len(terms) == 1 and terms[0][1] == 1 and _reached(view, terms[0][0]) == {terms[0][0]}:
        return frozenset({entry})  # one summand of a part is a part itself
    reached: frozenset[Access] = frozenset()
    for through, local in terms:
        if through.name == objective:
            if local != 1:
                return None
            reached |= {entry}
            continue
        deeper = _reached(view, through)
        if deeper is None:
            return None
        reached |= deeper
    return reached
