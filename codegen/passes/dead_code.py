"""What no output depends on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from codegen.passes.named import optional
from codegen.program import Loop, Program, Statement, Step


@optional
def without_dead_code(program: Program) -> Program:
    """Leave out what no output depends on, such as an adjoint that only cancellation read."""
    needed = set(program.outputs)

    def alive(steps: Iterable[Step]) -> tuple[Step, ...]:
        kept: list[Step] = []
        for step in reversed(tuple(steps)):
            if isinstance(step, Statement):
                if step.name in needed:
                    kept.append(step)
                    needed.update(step.reads)
                continue
            body, before = alive(step.body), -1
            while isinstance(step, Loop) and len(needed) != before:  # a step may read what a later one wrote before
                before = len(needed)
                body = alive(step.body)
            if body:
                kept.append(replace(step, body=body))
        return tuple(reversed(kept))

    return program.with_statements(alive(program.statements))
