"""Memory for the arrays of a program: which of them share a place, found from when each is needed.

A name lives from the step that first writes it to the last that reads it.  Names whose lives do not overlap may
share one place; a result may take the place of an argument that it is computed from entry by entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

FOREVER = 1 << 60


@dataclass(frozen=True)
class Use:
    """What one step does: the name it writes, those it reads, and those of them that it may overwrite."""

    writes: str
    reads: frozenset[str]
    overwrites: frozenset[str] = frozenset()


@dataclass
class Place:
    """A piece of memory and who lives in it when."""

    key: object
    lives: list[tuple[int, int, str]] = field(default_factory=list)


def assign(uses: Sequence[Use], keys: Mapping[str, object], given: Mapping[str, tuple[bool, bool]],
           prefer: Mapping[str, str]) -> dict[str, str]:
    """Give every name a place.

    Args:
        uses: the steps in order.
        keys: what two names must have in common to share a place (size and type), for every name that needs one.
        given: names that have memory of their own, and whether it holds a value before and must hold one after.
        prefer: the name whose place a temporary should take where it can.

    Returns:
        For each name in `keys` the name that its place is called by: its own, or an earlier one that it shares with.
    """
    lives = _lives(uses, given)
    places: dict[str, Place] = {}
    for name in given:
        if name in keys:
            places[name] = Place(keys[name], [(*life, name) for life in lives.get(name, [])])
    by_key: dict[object, list[str]] = {}  # the names that places are called by, of those that may be used again
    for name, (_, after) in given.items():
        if name in keys and not after:
            by_key.setdefault(keys[name], []).append(name)
    wanted = [n for n in dict.fromkeys(use.writes for use in uses) if n in keys and n not in given]
    for name in [n for n in wanted if n not in prefer] + [n for n in wanted if n in prefer]:
        spans, key = lives[name], keys[name]
        dying = uses[spans[0][0]].overwrites
        candidates = [*([prefer[name]] if name in prefer else ()), *sorted(dying), *by_key.get(key, ())]
        roots = dict.fromkeys(_root(places, other) for other in candidates if other in places)
        home = next((root for root in roots if places[root].key == key and _fits(places[root], spans, name, uses)),
                    None)
        if home is None:
            places[name] = Place(key, [(*span, name) for span in spans])
            by_key.setdefault(key, []).append(name)
        else:
            places[home].lives += [(*span, name) for span in spans]
            places[name] = places[home]
    return {name: _root(places, name) for name in places}


def _root(places: Mapping[str, Place], name: str) -> str:
    return places[name].lives[0][2] if places[name].lives else name


def _lives(uses: Sequence[Use], given: Mapping[str, tuple[bool, bool]]) -> dict[str, list[tuple[int, int]]]:
    """For each name the spans of steps over which its value is needed."""
    spans: dict[str, list[list[int]]] = {}
    for name, (before, _) in given.items():
        if before:
            spans[name] = [[-1, -1]]
    for step, use in enumerate(uses):
        for name in use.reads:
            if name in spans:
                spans[name][-1][1] = step
        if use.writes not in spans:
            spans[use.writes] = [[step, step]]
        elif use.writes in use.reads:  # written in part: the value before is still needed
            spans[use.writes][-1][1] = step
            if use.writes in given and use.writes in use.overwrites:
                spans[use.writes].append([step, step])
        elif use.writes in given:
            spans[use.writes].append([step, step])
        else:
            spans[use.writes][-1][1] = step
    for name, (_, after) in given.items():
        if after and name in spans:
            spans[name][-1][1] = FOREVER
    return {name: [(a, b) for a, b in each] for name, each in spans.items()}


def _fits(place: Place, spans: Iterable[tuple[int, int]], name: str, uses: Sequence[Use]) -> bool:
    return all(_apart(span, name, (a, b), other, uses) for span in spans for a, b, other in reversed(place.lives))


def _apart(one: tuple[int, int], mine: str, two: tuple[int, int], other: str, uses: Sequence[Use]) -> bool:
    """Whether two lives do not overlap; they may touch in a step that may overwrite what it reads."""
    if one[0] > two[1] or two[0] > one[1]:
        return True
    if one[0] == two[1] and two[0] < one[0]:
        return other in uses[one[0]].overwrites
    if two[0] == one[1] and one[0] < two[0] and two[0] < len(uses):
        return mine in uses[two[0]].overwrites
    return False
