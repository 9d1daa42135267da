"""Only the diagonal of a Jacobian, a derivative taken at the wrong place, an activation that is not applied."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Add, Expr

from derive.claims.diagnosis.mistakes.mistake import Mistake, say
from derive.claims.working.names import meant, nodes_of
from derive.claims.working.routes import Working
from derive.language.expressions import Access


def chains(working: Working, node: Access, route: Expr) -> Iterator[Mistake]:
    """Mistakes in what is a chain of functions as a whole."""
    name = meant(node.name)
    if name.by:
        yield from _diagonal(working, node, route)
        yield from _elsewhere(working, node, route)
    elif len(nodes_of(route)) == 1 and not isinstance(route, Access):
        yield Mistake("activation", "the activation is not applied", "activation", nodes_of(route)[0])


def _diagonal(working: Working, node: Access, route: Expr) -> Iterator[Mistake]:
    """Of the terms of a chain only that through the entry with the same indices."""
    of, by = working.equations.ends(node)
    shape = working.equations.axes(by)
    kept = []
    for term in Add.make_args(route):
        through = [working.equations.ends(read)[1] for read in nodes_of(term)
                   if meant(read.name).by and meant(read.name).of == of.name]
        kept += [term for q in through if q.indices == by.indices and working.equations.axes(q) == shape]
    if kept and len(kept) < len(Add.make_args(route)):
        yield Mistake("diagonal", "only the diagonal of the Jacobian is taken", "diagonal", Add(*kept))


def _elsewhere(working: Working, node: Access, route: Expr) -> Iterator[Mistake]:
    """A local derivative at the output where it is one at the input, and the other way round: σ'(a) for σ'(z)."""
    both = working.equations.ends(node)
    reads = nodes_of(route)
    if len(reads) == 1 and reads[0] in both:
        [read] = reads
        [other] = [end for end in both if end != read]
        words = f"the derivative is taken at {say(working, other)} where it is to be taken at {say(working, read)}"
        yield Mistake("wrong place", words, "place", route.xreplace({read: other}))
