"""Memory for the arrays of a program: which of them share a place, found from when each is needed.

A name lives from the step that first writes it to the last that reads it.  Names whose lives do not overlap may
share one place; a result may take the place of an argument that it is computed from entry by entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

FOREVER = 1 << 60


@dataclass(frozen=True)
class Use:
    """What one step does: the name it writes, those it reads, and those of them that it may overwrite."""

    writes: str
    reads: frozenset[str]
    overwrites: frozenset[str] = frozenset()


@dataclass
class Place:
    """A piece of memory, the name that it is called by, and who lives in it when."""

    name: str
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
    places = {name: Place(name, keys[name], [(*life, name) for life in lives.get(name, ())])
              for name in given if name in keys}
    by_key: dict[object, list[Place]] = {}  # the places that may be used again
    for name, (_, after) in given.items():
        if name in keys and not after:
            by_key.setdefault(keys[name], []).append(places[name])
    wanted = [n for n in dict.fromkeys(use.writes for use in uses) if n in keys and n not in given]
    for name in [n for n in wanted if n not in prefer] + [n for n in wanted if n in prefer]:
        spans, key = lives[name], keys[name]
        near = [*([prefer[name]] if name in prefer else ()), *sorted(uses[spans[0][0]].overwrites)]
        candidates = chain((places[other] for other in near if other in places), by_key.get(key, ()))
        home = next((place for place in candidates if place.key == key and _fits(place, spans, name, uses)), None)
        if home is None:
            home = Place(name, key)
            by_key.setdefault(key, []).append(home)
        home.lives += [(*span, name) for span in spans]
        places[name] = home
    return {name: place.name for name, place in places.items()}


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
        else:  # anew, so that the value before is needed no more
            spans[use.writes].append([step, step])
    for name, (_, after) in given.items():
        if after and name in spans:
            spans[name][-1][1] = FOREVER
    return {name: [(a, b) for a, b in each] for name, each in spans.items()}


def _fits(place: Place, spans: Iterable[tuple[int, int]], name: str, uses: Sequence[Use]) -> bool:
    """Whether no life in the place overlaps one of the spans, but for a step that may overwrite what it reads."""
    for first, last in spans:
        for start, end, other in reversed(place.lives):  # asked for every pair of names: the last life decides mostly
            if first <= end and start <= last and not (
                    first == end and start < first and other in uses[first].overwrites
                    or start == last and first < start < len(uses) and name in uses[start].overwrites):
                return False
    return True
