"""A matrix transposed, an entry taken for another of the same quantity, two exchanged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations, product

from sympy import Expr

from derive.claims.diagnosis.mistakes.mistake import Mistake, say
from derive.claims.working.names import meant, nodes_of
from derive.claims.working.routes import Working
from derive.language.expressions import Access

MOST_ENTRIES = 16  # of a quantity, among which one may take the wrong one


def entries(working: Working, node: Access, route: Expr) -> Iterator[Mistake]:
    """Other entries of what a route reads, derivatives apart."""
    reads = [read for read in nodes_of(route) if read.indices and not meant(read.name).by]
    for name in dict.fromkeys(read.name for read in reads):
        own = [read for read in reads if read.name == name]
        yield from transposed(working, own, route)
        for place, read in enumerate(own if len(own) <= MOST_ENTRIES else ()):
            for other in beside(working, read):
                offset = tuple(b - a for a, b in zip(read.indices, other.indices, strict=True))
                words = f"{say(working, other)} is taken for {say(working, read)}"
                yield Mistake("swapped index", words, ("other", name, place, offset), route.xreplace({read: other}))
            for number, other in enumerate(own[place + 1:]):
                words = f"{say(working, read)} and {say(working, other)} are exchanged"
                body = route.xreplace({read: other, other: read})
                yield Mistake("swapped index", words, ("exchanged", name, place, number), body)


def transposed(working: Working, own: list[Access], route: Expr) -> Iterator[Mistake]:
    """Two indices exchanged in all entries of a quantity that are read."""
    name = own[0].name
    for first, second in combinations(range(len(own[0].indices)), 2):
        turned = {read: _exchanged(read, first, second) for read in own}
        if all(map(working.equations.exists, turned.values())):
            words = f"{meant(name).of} is transposed"
            yield Mistake("transposed", words, ("transposed", name, first, second), route.xreplace(turned))


def _exchanged(node: Access, first: int, second: int) -> Access:
    indices = list(node.indices)
    indices[first], indices[second] = indices[second], indices[first]
    return Access(node.name, *indices)


def beside(working: Working, node: Access) -> list[Access]:
    """The other entries of a node's quantity, or of what a derivative is of and by, where they are few."""
    sizes = [working.equations.number(size) for size in working.equations.axes(node)]
    if math.prod(sizes) > MOST_ENTRIES:
        return []
    return [other for place in product(*map(range, sizes)) if (other := Access(node.name, *place)) != node]
