"""Small mistakes that may be in a claimed formula, each undone."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Add, Expr, Function, Mul, log

from derive.claims.diagnosis.mistakes.entries import beside, transposed
from derive.claims.diagnosis.mistakes.mistake import Mistake, say, say_term, sites
from derive.claims.working.names import derivative, meant, nodes_of
from derive.claims.working.routes import Working


def undoing(working: Working, claimed: Expr) -> Iterator[Mistake]:
    """The formula without one of its signs, terms and factors, with a derivative turned around, a matrix transposed."""
    reads = nodes_of(claimed)
    turned = {read: derivative(*reversed(working.equations.ends(read))) for read in reads if meant(read.name).by}
    yield Mistake("upside down", "the derivative is upside down", "turned", claimed.xreplace(turned))
    yield Mistake("logarithm", "log10 is taken for ln", "logarithm", claimed.xreplace({log(10): sympy.S.One}))
    plain = [read for read in reads if read.indices and not meant(read.name).by]
    for name in dict.fromkeys(read.name for read in plain):
        yield from transposed(working, [read for read in plain if read.name == name], claimed)
    for place, read in enumerate(plain):
        for other in beside(working, read):
            words = f"{say(working, read)} is taken for {say(working, other)}"
            offset = tuple(b - a for a, b in zip(read.indices, other.indices, strict=True))
            yield Mistake("swapped index", words, ("other", place, offset), claimed.xreplace({read: other}))
    for number, site, rebuild in sites(claimed):
        if isinstance(site, Add):
            for place, term in enumerate(site.args):
                said = say_term(working, term)
                yield Mistake("sign", f"the sign of {said} is flipped", ("sign", number, place), rebuild(site - 2 * term))
                yield Mistake("term", f"{said} is too much", ("term", number, place), rebuild(site - term))
        elif isinstance(site, Mul):
            for place, factor in enumerate(site.args):
                if factor is not sympy.S.NegativeOne:
                    words = f"the factor {say(working, factor)} is too much"
                    yield Mistake("factor", words, ("factor", number, place), rebuild(site / factor))
        if isinstance(site, Function) and len(site.args) == 1:
            words = f"the sign in {say(working, site)} is flipped"
            yield Mistake("sign", words, ("sign inside", number), rebuild(site.func(-site.args[0])))
