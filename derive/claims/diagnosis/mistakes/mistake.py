"""A mistake with its words, and the parts of an expression that one may be made in."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import sympy
from sympy import Expr

from derive.claims.plain import plain_text
from derive.claims.working.names import meant, spoken
from derive.claims.working.routes import Working
from derive.language.expressions import Access
from derive.language.substitution import SAMPLES


@dataclass(frozen=True)
class Mistake:
    """A body with a mistake in it.

    Attributes:
        same: equal for the same mistake in the equation of another entry.
    """

    kind: str
    words: str
    same: Hashable
    body: Expr


Rebuild = Callable[[Expr], Expr]


def sites(expression: Expr) -> Iterator[tuple[int, Expr, Rebuild]]:
    """Every part of an expression with its number, itself first, and what puts another in its place."""
    def walk(node: Expr, rebuild: Rebuild) -> Iterator[tuple[Expr, Rebuild]]:
        yield node, rebuild
        if isinstance(node, Access) or not node.args:
            return
        for place, part in enumerate(node.args):
            if isinstance(part, Expr) and not part.is_number:
                yield from walk(part, _inside(node, place, rebuild))

    for number, (site, rebuild) in enumerate(walk(expression, lambda new: new)):
        yield number, site, rebuild


def _inside(node: Expr, place: int, rebuild: Rebuild) -> Rebuild:
    return lambda new: rebuild(node.func(*node.args[:place], new, *node.args[place + 1:]))


@lru_cache(maxsize=1 << 12)
def say(working: Working, expression: Expr) -> str:
    """An expression in the document's own names."""
    return plain_text(spoken(expression, working.equations.ranks), working.network)


def say_term(working: Working, term: Expr) -> str:
    """A term of a sum, without its sign."""
    return say(working, -term if term.could_extract_minus_sign() else term)


def say_factor(working: Working, factor: Expr) -> str:
    """A factor; one that is the same number always as that number."""
    if isinstance(factor, Access) and meant(factor.name).by:
        [body, *_] = working.routes(factor)
        if body.is_number:
            return say_number(working, body, factor)
    return say(working, factor)


def say_number(working: Working, number: Expr, node: Access) -> str:
    """A number in the equation of a node, with its name: 1/m, the learning rate."""
    name = meant(node.name)
    if name.of in working.network.parameters and not name.by:
        rate = working.network.optimiser.constants_of(name.of).get("learning_rate")
        if rate is not None and number == sympy.Rational(repr(rate)):
            return f"{rate:g} (the learning rate)"
    definitions = working.equations.system.definitions
    averages = any(SAMPLES in definitions[each].body.free_symbols for each in working.equations.needs[name.of]
                   if each in definitions)
    return "1/m" if averages and number == sympy.Rational(1, working.equations.samples) else str(number)
