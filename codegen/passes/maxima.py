"""Branches as maxima, and what asks for the sign of one."""

from __future__ import annotations

from dataclasses import replace

import sympy
from sympy.core.basic import Basic

from codegen.passes.named import optional
from codegen.passes.repeated import Same, renamed
from codegen.program import Program, Statement, Step, mapped
from derive.language.expressions import Access


@optional
def branches_as_maxima(program: Program) -> Program:
    """{z if z > 0; c·z otherwise} = max(z, c·z) for 0 ≤ c ≤ 1: no branch."""

    def rewrite(node: Basic) -> Basic:
        if isinstance(node, Access) or not node.args:
            return node
        arguments = [rewrite(a) for a in node.args]
        new = node if all(a is b for a, b in zip(arguments, node.args, strict=True)) else node.func(*arguments)
        if isinstance(new, sympy.Piecewise) and len(new.args) == 2:
            (value, condition), (other, _) = new.args
            if isinstance(condition, (sympy.StrictGreaterThan, sympy.GreaterThan)) and condition.rhs == 0 and \
                    condition.lhs == value:
                slope = program.number(sympy.cancel(other / value))
                if slope is not None and 0 <= slope <= 1:
                    return sympy.Max(value, other, evaluate=False)
        return new

    return program.with_statements(mapped(
        program.statements, lambda s: replace(s, body=rewrite(s.body)) if s.body.has(sympy.Piecewise) else s))


@optional
def signs_of_maxima(program: Program) -> Program:
    """Ask a maximum for the sign of its argument, which then need not be kept: with a = max(z, c·z), z > 0 is a > 0."""
    maxima: Same = {}
    steps: list[Step] = []

    def asked(statement: Statement) -> Statement:
        if maxima.keys().isdisjoint(statement.reads):
            return statement
        signs = {node: node.func(renamed(node.lhs, maxima), 0) for node in statement.body.atoms(sympy.StrictGreaterThan)
                 if node.rhs == 0 and isinstance(node.lhs, Access)}
        return replace(statement, body=statement.body.xreplace(signs)) if signs else statement

    for step in program.statements:
        (step,) = mapped((step,), asked)
        steps.append(step)
        if isinstance(step, Statement) and isinstance(step.body, sympy.Max) and len(step.body.args) == 2:
            z = next((a for a in step.body.args if isinstance(a, Access)), None)
            if z is None or program.in_parts & {z.name, step.name} or not (
                    step.target.indices == step.axes and set(z.indices) == set(step.axes)):
                continue
            slopes = [program.number(sympy.cancel(a / z)) for a in step.body.args]
            if all(slope is not None and slope >= 0 for slope in slopes):
                maxima[z.name] = step.target, tuple(z.indices)
    return program.with_statements(tuple(steps))
