"""What is known in a working when something is proved."""

from __future__ import annotations

from functools import lru_cache

from sympy import Expr

from derive.claims.effort import Effort
from derive.claims.proof.numbers import Numbers
from derive.claims.proof.vanishing import vanishes
from derive.claims.working.equations import TooLarge
from derive.claims.working.names import nodes_of
from derive.claims.working.routes import Working
from derive.language.expressions import Access


class Known:
    """The equations of a working, for proofs with a limited effort."""

    def __init__(self, working: Working, effort: Effort) -> None:
        self.working, self.effort = working, effort
        self.numbers = Numbers(lambda node: working.equations.determined(node) or self.body(node))
        self.depth = lru_cache(maxsize=None)(self._depth)
        self.vanishes = lru_cache(maxsize=1 << 12)(self._vanishes)

    def _vanishes(self, expression: Expr) -> bool:
        """Whether an expression is shown to be 0."""
        return vanishes(expression, self.body, self.depth, self.working.equations.determined, self.numbers.may_vanish,
                        self.effort)

    def body(self, node: Access) -> Expr | None:
        """The equation of a node, that of the derivation where it has one."""
        try:
            return self.working.derived(node) or next(iter(self.working.routes(node)), None)
        except TooLarge:
            return None

    def _depth(self, node: Access) -> int:
        body = self.body(node)
        return 0 if body is None else 1 + max((self.depth(read) for read in nodes_of(body)), default=0)
