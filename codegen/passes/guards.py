"""Conditions that stand beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from codegen.passes.named import optional
from codegen.program import Guard, Program, Statement, Step, flat


@optional
def guards_merged(program: Program) -> Program:
    """Put a guard into an earlier one of the same condition, past steps that neither reads nor writes what it does."""

    def block(steps: Iterable[Step]) -> tuple[Step, ...]:
        kept: list[Step] = []
        for step in steps:
            if isinstance(step, Statement):
                kept.append(step)
                continue
            step = replace(step, body=block(step.body))
            place = _same_guard(kept, step) if isinstance(step, Guard) else None
            if place is None:
                kept.append(step)
            else:
                kept[place] = replace(step, body=block((*kept[place].body, *step.body)))
        return tuple(kept)

    return program.with_statements(block(program.statements))


def _same_guard(steps: Sequence[Step], guard: Guard) -> int | None:
    """Where a guard of the same condition stands that the given one can join."""
    for place in reversed(range(len(steps))):
        step = steps[place]
        if isinstance(step, Guard) and step.condition == guard.condition:
            return place
        if not _independent(step, guard):
            return None
    return None


def _independent(one: Step, two: Step) -> bool:
    """Whether two steps can change places: neither writes what the other reads or writes."""
    (writes, reads), (others, theirs) = _effect(one), _effect(two)
    return writes.isdisjoint(others | theirs) and others.isdisjoint(reads)


def _effect(step: Step) -> tuple[set[str], set[str]]:
    """What a step writes, and what it reads."""
    inside = list(flat((step,)))
    return {s.name for s in inside}, set().union(*(s.reads for s in inside))
