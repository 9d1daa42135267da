"""Numbers that obey the equations: where they do not make an expression 0, no proof needs to be looked for."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from sympy import Add, Expr, Mul

from derive.claims.working.names import entry, nodes_of
from derive.instantiate import Entry, number
from derive.language.expressions import Access

SMALL = 1e-9


def is_small(expression: Expr, values: Mapping[Entry, float]) -> bool:
    """Whether a sum is 0 as far as rounding lets it be said, or a factor of a product; what has no value may be."""
    if isinstance(expression, Mul):
        return any(is_small(factor, values) for factor in expression.args)
    terms = [number(term, values) for term in Add.make_args(expression)]
    return not abs(sum(terms)) > SMALL * max(SMALL, *map(abs, terms))


class Numbers:
    """A random number for each node that has no equation, and what the equations make of them.

    Args:
        define: what a node is in terms of others; None where it is given.
    """

    def __init__(self, define: Callable[[Access], Expr | None]) -> None:
        self.define = define
        self._found: dict[Entry, float] = {}

    def may_vanish(self, expression: Expr) -> bool:
        """Whether an expression is 0 for these numbers."""
        waiting = list(nodes_of(expression))
        while waiting:  # depth first without recursion: a network may be deep
            node = waiting.pop()
            if entry(node) in self._found:
                continue
            body = self.define(node)
            missing = [read for read in nodes_of(body) if entry(read) not in self._found] if body is not None else []
            if missing:
                waiting += [node, *missing]
            elif body is not None:
                self._found[entry(node)] = number(body, self._found)
            else:
                self._found[entry(node)] = random.Random(str(node)).uniform(0.1, 0.9)
        return is_small(expression, self._found)
