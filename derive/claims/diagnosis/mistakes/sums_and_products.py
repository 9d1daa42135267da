"""A sign flipped; a term, a factor or a power left out; a factor taken twice, or on the wrong side; log10 for ln."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sympy
from sympy import Add, Expr, Function, Mul, Pow, log

from derive.claims.diagnosis.mistakes.mistake import Mistake, say, say_factor, say_number, say_term, sites
from derive.claims.working.names import meant, nodes_of
from derive.claims.working.routes import Working
from derive.language.expressions import Access


def sums_and_products(working: Working, node: Access, route: Expr) -> Iterator[Mistake]:
    """The mistakes at every part of a route."""
    for number, site, rebuild in sites(route):
        for made in _at(working, node, site):
            yield replace(made, same=(number, made.same), body=rebuild(made.body))


def _at(working: Working, node: Access, site: Expr) -> Iterator[Mistake]:
    if isinstance(site, Add):
        yield from _in_sum(working, node, site)
    elif isinstance(site, Mul):
        yield from _in_product(working, node, site)
    elif isinstance(site, Pow) and site.exp.is_Integer and abs(site.exp) != 1:
        once = site.base if site.exp > 0 else 1 / site.base
        which = "the square" if abs(site.exp) == 2 else f"the power {abs(site.exp)}"
        yield Mistake("power", f"{which} of {say(working, site.base)} is missing", "power", once)
    elif isinstance(site, log):
        yield Mistake("logarithm", "log10 is taken for ln", "logarithm", site / log(10))
    if isinstance(site, Function) and len(site.args) == 1:
        yield Mistake("sign", f"the sign in {say(working, site)} is flipped", "sign inside", site.func(-site.args[0]))


def _in_sum(working: Working, node: Access, site: Add) -> Iterator[Mistake]:
    number, whole = site.primitive()
    if number != 1:  # 1/m of every term
        yield from _without_number(working, node, number, whole)
    for place, term in enumerate(site.args):
        rest = Add(*(other for other in site.args if other is not term))
        said = say_term(working, term)
        yield Mistake("sign", f"the sign of {said} is flipped", ("sign", place), rest - term)
        kind, words = _what_is_left_out(working, node, term)
        yield Mistake(kind, words, ("left out", place), rest)
        if len(site.args) > 2:
            yield Mistake(kind, f"only {said} is taken", ("only", place), term)


    yield from _in_every_term(working, site)


def _in_every_term(working: Working, site: Add) -> Iterator[Mistake]:
    """A factor that every term has, each at an entry of its own, and that all of them lack: Σ a·δ without the a."""
    factors = [{f.name: f for f in Mul.make_args(term) if isinstance(f, Access)} for term in site.args]
    for name in sorted(set(factors[0]).intersection(*factors)):
        body = Add(*(term / own[name] for term, own in zip(site.args, factors, strict=True)))
        words = f"the factor {say_factor(working, factors[0][name])} is missing, and its like in every term"
        yield Mistake("factor", words, ("every", name), body)


def _what_is_left_out(working: Working, node: Access, term: Expr) -> tuple[str, str]:
    """The kind of mistake that leaving out a term is: of a chain it is a path."""
    said, name = say_term(working, term), meant(node.name)
    if name.by:
        here = working.equations.ends(node)
        through = [end for read in nodes_of(term) if meant(read.name).by for end in working.equations.ends(read)
                   if end not in here]
        if through:
            return "path", f"the path through {say(working, through[0])} is left out"
    if isinstance(term, Access) and name.of in working.equations.system.definitions and (
            meant(term.name).of in working.network.parameters):
        return "bias", f"the bias {said} is left out"
    return "term", f"{said} is left out"


def _in_product(working: Working, node: Access, site: Mul) -> Iterator[Mistake]:
    number, rest = site.as_coeff_Mul()
    if rest == -site:  # a sign is no factor
        return
    if abs(number) != 1:
        yield from _without_number(working, node, number, rest)
    factors = Mul.make_args(rest)
    for place, factor in enumerate(factors):
        others = Mul(number, *(other for other in factors if other is not factor))
        said = say_factor(working, factor)
        yield Mistake("factor", f"the factor {said} is missing", ("factor", place), others)
        yield Mistake("factor", f"the factor {said} is taken twice", ("twice", place), site * factor)
        if isinstance(factor, Access):
            words = f"it is divided by {said} where it is to be multiplied"
            yield Mistake("upside down", words, ("over", place), others / factor)
        elif isinstance(factor, Pow) and factor.exp.is_Integer and factor.exp < 0:
            words = f"it is multiplied by {say(working, 1 / factor)} where it is to be divided"
            yield Mistake("upside down", words, ("over", place), others / factor)


def _without_number(working: Working, node: Access, number: Expr, rest: Expr) -> Iterator[Mistake]:
    said = say_number(working, abs(number), node)
    yield Mistake("factor", f"the factor {said} is missing", "number", Mul(sympy.sign(number), rest))
    yield Mistake("factor", f"{1 / abs(number)} is taken for the factor {said}", "1/number", rest / number)
