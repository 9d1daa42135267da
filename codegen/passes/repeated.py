"""Statements that compute what another one has computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sympy import Expr

from codegen.passes.alike import structure
from codegen.passes.named import optional
from codegen.program import Kind, Program, Statement, Step
from derive.language.expressions import Access, Index, accesses
from derive.language.substitution import substitute

Same = dict[str, tuple[Access, tuple[Index, ...]]]


@optional
def without_repeated_statements(program: Program) -> Program:
    """Compute a temporary once where two statements have the same body up to the names of axes."""

    def once(steps: Iterable[Step], first: dict[object, tuple[Access, list[Index]]], same: Same) -> tuple[Step, ...]:
        kept: list[Step] = []
        for step in steps:
            if not isinstance(step, Statement):
                kept.append(replace(step, body=once(step.body, dict(first), dict(same))))
                continue
            if not same.keys().isdisjoint(step.reads):
                step = replace(step, body=renamed(step.body, same))
            key, order = structure(step.body)
            temporary = step.name in program.temporaries
            if not (step.partial or step.kind is Kind.PADDING or step.name in program.in_parts) and (
                    set(order) == set(step.axes)):
                if key in first and temporary and step.target.indices == step.axes:
                    target, earlier = first[key]
                    same[step.name] = (substitute(target, dict(zip(earlier, order, strict=True))), step.axes)
                    continue
                if temporary or not isinstance(step.body, Access):
                    first.setdefault(key, (step.target, order))
            kept.append(step)
        return tuple(kept)

    return program.with_statements(once(program.statements, {}, {}))


def renamed(body: Expr, same: Same) -> Expr:
    replacement = {}
    for access in accesses(body):
        if access.name in same:
            value, axes = same[access.name]
            replacement[access] = substitute(value, dict(zip(axes, access.indices, strict=True)))
    return body.xreplace(replacement) if replacement else body
