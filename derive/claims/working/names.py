"""Names for what a working speaks of besides quantities: derivatives, and either of them after updates.

    ∂a2/∂z2      every ∂a2[n,j]/∂z2[n',k], an access of it has the indices of both
    ∂a2|z2       the same with all else that a2 is computed from held fixed, where the two differ
    W2@3         W2 after three updates
    ∂J/∂a1@0+W2  while the first update is made: W2 has been updated already

So all of them are accesses, and what the index language has for accesses holds for them too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from sympy import Basic, Expr

from derive.claims.claim import After
from derive.instantiate import Entry, outer_accesses
from derive.language.expressions import Access, Partial

_WRITTEN = re.compile(r"(?:∂(?P<of>[^/|@]+)(?P<sign>/∂|\|)(?P<by>[^@]+)|(?P<plain>[^@]+))"
                      r"(?:@(?P<updates>\d+)(?P<ahead>[+\w.]*))?")


@dataclass(frozen=True)
class Name:
    """A quantity, or a derivative of one by another, at a moment of training.

    Attributes:
        direct: the derivative of the equation alone: all else that it reads is held fixed.
        updates: how many updates have been made.
        ahead: the parameters that have had one more.
    """

    of: str
    by: str = ""
    direct: bool = False
    updates: int = 0
    ahead: frozenset[str] = frozenset()

    def __str__(self) -> str:
        core = f"∂{self.of}{'|' if self.direct else '/∂'}{self.by}" if self.by else self.of
        moment = f"@{self.updates}" + "".join(f"+{name}" for name in sorted(self.ahead))
        return core if moment == "@0" else core + moment

    @property
    def now(self) -> Name:
        """The same before any update."""
        return replace(self, updates=0, ahead=frozenset())

    def at(self, *indices: Expr | int) -> Access:
        return Access(str(self), *indices)


@lru_cache(maxsize=1 << 14)
def meant(text: str) -> Name:
    """What a name says."""
    found = _WRITTEN.fullmatch(text)
    assert found is not None, text
    ahead = frozenset(filter(None, (found["ahead"] or "").split("+")))
    return Name(found["plain"] or found["of"], found["by"] or "", found["sign"] == "|", int(found["updates"] or 0), ahead)


@lru_cache(maxsize=1 << 16)
def entry(access: Access) -> Entry:
    """An access at numbers as a key."""
    return access.name, tuple(int(index) for index in access.indices)


@lru_cache(maxsize=1 << 16)
def nodes_of(expression: Basic) -> tuple[Access, ...]:
    """The nodes that an expression reads, in reading order."""
    return tuple(outer_accesses(expression))


def access(key: Entry) -> Access:
    return Access(key[0], *key[1])


def derivative(of: Access, by: Access, direct: bool = False) -> Access:
    """∂of/∂by as an access."""
    return Name(of.name, by.name, direct).at(*of.indices, *by.indices)


def ends(node: Access, rank: int) -> tuple[Access, Access]:
    """What is differentiated and by what, of a derivative by its access; `rank` indices belong to the first."""
    name = meant(node.name)
    return Access(name.of, *node.indices[:rank]), Access(name.by, *node.indices[rank:])


def spoken(expression: Expr, ranks: Mapping[str, int]) -> Expr:
    """The expression with derivatives and moments as a claim writes them."""
    return expression.xreplace({node: _spoken(node, ranks) for node in outer_accesses(expression)})


def _spoken(node: Access, ranks: Mapping[str, int]) -> Expr:
    name = meant(node.name)
    plain = Access(str(name.now), *node.indices)
    what = Partial(*ends(plain, ranks[name.of])) if name.by else plain
    return After(what, name.updates) if name.updates else what

