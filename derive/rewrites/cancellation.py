"""Cancellation: put an adjoint into the next one where that makes the result shorter.

So softmax with cross-entropy collapses to (a − t)/m, and sigmoid with binary cross-entropy likewise, from
∂J/∂a = −t/(m·a), the local derivative, and the declared fact Σ_j t[n,j] = 1.  No pair is known here.
"""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr

from derive.language.equations import Equation, Fact
from derive.language.expressions import Index, accesses, names
from derive.language.substitution import readable_bound_names, substitute, up_to_names
from derive.rewrites.algebra import apply_facts, divisors, length, spread, tidy


def cancel_through(body: Expr, known: Equation, facts: Iterable[Fact]
                   ) -> tuple[Expr, Expr, Expr, list[Fact]] | None:
    """Insert a known equation and cancel.

    Returns:
        The body with the equation inserted, that cancelled, the result after the declared facts, and the facts
        used; None where the result would be longer than the body, unless it is free of a division by a quantity.
    """
    facts = tuple(facts)
    if not _may_cancel(body, known, facts):
        return None
    inserted = insert(body, known)
    cancelled = _spread(inserted)
    after, used = apply_facts(cancelled, facts)
    after = _tidy(after)
    if length(after) >= length(body) and not _frees_of_division(known, after):
        return None
    return inserted, readable_bound_names(cancelled), readable_bound_names(after), used


def _frees_of_division(known: Equation, after: Expr) -> bool:
    """Whether a division by a quantity, which could be 0, is gone with the known equation."""
    return bool(divisors(known.body)) and not divisors(after) and known.name not in names(after)


def _may_cancel(body: Expr, known: Equation, facts: tuple[Fact, ...]) -> bool:
    """Whether the inserted terms have a quantity in common with those around them, or one with a declared fact."""
    theirs = names(known.body)
    return not theirs.isdisjoint(names(body) - {known.name}) or any(
        not theirs.isdisjoint(names(fact.left)) for fact in facts)


def insert(body: Expr, known: Equation) -> Expr:
    """Replace every access of the known quantity by its definition at the accessed indices."""
    own = known.target.indices
    replacement = {}
    for access in dict.fromkeys(accesses(body, known.name)):
        place: dict[Index, Expr] = dict(zip(own, access.indices, strict=True))
        replacement[access] = substitute(known.body, place)
    # An inserted definition may hold sums whose bound index is bound around the access as well; the inner binding
    # hides the outer one, which is right, because substitution has renamed any that the access itself uses.
    return body.xreplace(replacement)


_spread = up_to_names(spread)
_tidy = up_to_names(tidy)
