"""Mistakes that people make in an equation.  They act on expressions, and know no layer or function.

Each is a generator of a working, a node and one of the routes by which it is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import sympy
from sympy import Expr

from derive.claims.diagnosis.mistakes.chains import chains
from derive.claims.diagnosis.mistakes.entries import entries
from derive.claims.diagnosis.mistakes.mistake import Mistake
from derive.claims.diagnosis.mistakes.moments import moments
from derive.claims.diagnosis.mistakes.sums_and_products import sums_and_products
from derive.claims.diagnosis.mistakes.undoing import undoing
from derive.claims.working.equations import TooLarge
from derive.claims.working.names import meant, nodes_of
from derive.claims.working.routes import Working
from derive.language.expressions import Access

GENERATORS: tuple[Callable[[Working, Access, Expr], Iterator[Mistake]], ...] = (
    entries, chains, moments, sums_and_products)
LIKELY = ("sign", "factor", "path", "bias", "diagonal", "transposed", "logarithm", "stale weight", "upside down",
          "swapped index", "wrong place", "term", "power", "activation")
"""The kinds of mistakes, the likeliest first."""


class Mistakes:
    """The mistakes in the equations of a working, found once."""

    def __init__(self, working: Working) -> None:
        self.working = working
        self._found: dict[Access, list[Mistake]] = {}
        self._undone: dict[Expr, list[Mistake]] = {}

    def of(self, node: Access) -> list[Mistake]:
        """The mistakes in the equations of a node, by whatever route it is computed; the likeliest first."""
        if node not in self._found:
            seen: dict[tuple[Expr, str], Mistake] = {}
            try:
                routes = self.working.routes(node)
            except TooLarge:
                routes = ()
            for number, route in sorted(enumerate(routes), key=lambda each: _others(node, each[1])):
                for mistake in self._in(node, route):
                    if mistake.body not in routes and not mistake.body.has(sympy.zoo, sympy.nan):
                        seen.setdefault((mistake.body, mistake.kind), replace(mistake, same=(number, mistake.same)))
            self._found[node] = sorted(seen.values(), key=lambda mistake: LIKELY.index(mistake.kind))
        return self._found[node]

    def _in(self, node: Access, route: Expr) -> Iterator[Mistake]:
        yield Mistake("sign", "the sign is flipped", "sign", -route)
        for generator in GENERATORS:
            yield from generator(self.working, node, route)

    def same(self, mistake: Mistake, nodes: Iterable[Access]) -> dict[Access, Expr]:
        """The same mistake in the equations of other entries, where they have it."""
        return {node: other.body for node in nodes for other in self.of(node) if other.same == mistake.same}

    def undone(self, claimed: Expr) -> list[Mistake]:
        """The small mistakes that may be in a claimed formula; their bodies are the formula without them."""
        if claimed not in self._undone:
            found: dict[tuple[Expr, str], Mistake] = {}
            for mistake in undoing(self.working, claimed):
                if mistake.body != claimed and not mistake.body.has(sympy.zoo, sympy.nan):
                    found.setdefault((mistake.body, mistake.kind), mistake)
            self._undone[claimed] = list(found.values())
        return self._undone[claimed]


def _others(node: Access, route: Expr) -> int:
    """How many derivatives of other quantities a route reads; a mistake is told in terms of few."""
    return sum(bool(meant(read.name).by) and meant(read.name).of != meant(node.name).of for read in nodes_of(route))
