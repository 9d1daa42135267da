"""Statements that are written into the one that reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from sympy import Expr

from codegen.passes.named import optional
from codegen.program import Kind, Program, Statement, Step, flat
from derive.language.expressions import accesses
from derive.language.substitution import substitute
from derive.rewrites.algebra import length

LONGEST_LINE = 22  # what inlining may make of a statement, as derive.rewrites.algebra.length counts it

@optional
def inlined_single_use(program: Program, longest: int = LONGEST_LINE) -> Program:
    """Put a temporary that is read once into the statement that reads it, while the line stays short."""
    uses = Counter(access.name for s in flat(program.statements) for access in s.accesses)

    def block(steps: Iterable[Step]) -> tuple[Step, ...]:
        pending: dict[str, Statement] = {}
        kept: list[Step] = []
        for step in steps:
            if not isinstance(step, Statement):  # what a loop reads is computed once, before it
                read = frozenset().union(*(s.reads for s in flat(step.body)))
                kept += [pending.pop(name) for name in list(pending) if name in read]
                kept.append(replace(step, body=block(step.body)))
                continue
            body = step.body
            for name in dict.fromkeys(a.name for a in step.accesses):
                if name in pending:
                    inner = pending.pop(name)
                    candidate = _inserted(body, inner)
                    if step.kind is not Kind.SCATTER and length(candidate) <= longest:
                        body = candidate
                    else:
                        kept.append(inner)
            if body is not step.body:
                step = replace(step, body=body)
            single = step.name in program.temporaries and uses[step.name] == 1 and (
                step.name not in program.in_parts and step.target.indices == step.axes)
            if single and step.kind in (Kind.ELEMENTWISE, Kind.CONTRACTION, Kind.REDUCTION, Kind.GATHER):
                pending[step.name] = step
            else:
                kept.append(step)
        return (*kept, *pending.values())

    return program.with_statements(block(program.statements))


def _inserted(body: Expr, inner: Statement) -> Expr:
    replacement = {access: substitute(inner.body, dict(zip(inner.target.indices, access.indices, strict=True)))
                   for access in accesses(body, inner.name)}
    return body.xreplace(replacement)
