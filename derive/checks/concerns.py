"""Which expectations concern a quantity or one entry of it: those about what depends on it."""

from __future__ import annotations

from collections.abc import Mapping

from derive.checks.asked import Wanted
from derive.instantiate import Entry
from derive.language.equations import System
from derive.language.expressions import Index, accesses

Pattern = tuple[int | None, ...]  # None: any position along that axis


def dependants(system: System, name: str, place: tuple[int, ...] | None) -> Mapping[str, frozenset[Pattern]]:
    """The entries that depend on an entry (place None: on any entry of a quantity), itself included.

    An index that is not followed exactly, such as that of a neighbouring position, counts as any.
    """
    start: Pattern = (None,) * len(system.quantities[name].indices) if place is None else place
    reached: dict[str, frozenset[Pattern]] = {name: frozenset({start})}
    while True:
        before = dict(reached)
        for equation in system.equations:
            for read in accesses(equation.body):
                for pattern in reached.get(read.name, ()):
                    known = {i: p for i, p in zip(read.indices, pattern, strict=True) if isinstance(i, Index)}
                    if all(p is None or not i.is_Integer or i == p for i, p in zip(read.indices, pattern, strict=True)):
                        found = tuple(known.get(i) for i in equation.target.indices)
                        reached[equation.name] = reached.get(equation.name, frozenset()) | {found}
        if reached == before:
            return reached


def concerns(wanted: Wanted, reached: Mapping[str, frozenset[Pattern]]) -> bool:
    """Whether a number is about such entries alone (of a formula: one of its numbers); metrics are about all."""
    return not wanted.about or any(all(_inside(entry, reached) for entry in group) for group in wanted.about)


def _inside(entry: Entry, reached: Mapping[str, frozenset[Pattern]]) -> bool:
    return any(all(p in (None, i) for p, i in zip(pattern, entry[1], strict=True)) for pattern in reached.get(entry[0], ()))
