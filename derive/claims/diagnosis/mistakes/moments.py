"""A weight that has been updated already, or has not been updated yet."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr

from derive.claims.diagnosis.mistakes.mistake import Mistake, say
from derive.claims.working.names import meant, nodes_of
from derive.claims.working.routes import UNROLLED, Working
from derive.language.expressions import Access


def moments(working: Working, node: Access, route: Expr) -> Iterator[Mistake]:
    """All weights that a route reads, and each of them, one update later or earlier."""
    weights = [read for read in nodes_of(route) if meant(read.name).of in working.trained and not meant(read.name).by]
    for step, words in ((1, "already updated"), (-1, "not yet updated")):
        moved = {read: working.at(read, meant(read.name).updates + step) for read in weights
                 if 0 <= meant(read.name).updates + step - working.start <= UNROLLED}
        if moved:
            said = " and ".join(say(working, read) for read in moved)
            verb = "is" if len(moved) == 1 else "are"
            yield Mistake("stale weight", f"{said} {verb} {words}", ("moved", step), route.xreplace(moved))
        for place, (read, other) in enumerate(moved.items() if len(moved) > 1 else ()):
            said = f"{say(working, read)} is {words}"
            yield Mistake("stale weight", said, ("moved", step, place), route.xreplace({read: other}))
