"""Statements that only copy, and functions that are written out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sympy.core.basic import Basic

from codegen.passes.named import optional
from codegen.passes.repeated import Same, renamed
from codegen.program import Kind, Program, Statement, mapped
from derive.language.expressions import Access


@optional
def copies_propagated(program: Program) -> Program:
    """Read a quantity itself instead of its copy: after a2[n,j] = z2[n,j], read z2.

    A copy that lowering made stays: it lies in memory as a product needs it.  So does one that is only a beginning, to
    which other statements add.
    """
    same: Same = {}
    begun = program.in_parts

    def reads_the_source(statement: Statement) -> Statement:
        if not same.keys().isdisjoint(statement.reads):
            statement = replace(statement, body=renamed(statement.body, same))
        if statement.kind is Kind.ELEMENTWISE and isinstance(statement.body, Access) and statement.axes and not (
                statement.name in begun or statement.name in program.temporaries or statement.name in program.outputs):
            source = program.quantities[statement.body.name]
            whole = all(position in statement.axes and position.size == axis.size
                        for position, axis in zip(statement.body.indices, source.indices, strict=True))
            if whole and statement.target.indices == statement.axes and set(statement.body.indices) == set(statement.axes):
                same[statement.name] = (statement.body, statement.axes)
        return statement

    return program.with_statements(mapped(program.statements, reads_the_source))

def definitions_expanded(program: Program, keep: Iterable[str] = ()) -> Program:
    """Put the definition in place of each function that has one, such as softplus, so that its parts can be shared."""
    kept = frozenset(keep)

    def expand(node: Basic) -> Basic:
        if isinstance(node, Access) or not node.args:
            return node
        arguments = [expand(a) for a in node.args]
        new = node if all(a is b for a, b in zip(arguments, node.args, strict=True)) else node.func(*arguments)
        if hasattr(new, "definition") and new.func.__name__ not in kept:
            return expand(new.definition())
        return new

    return program.with_statements(mapped(program.statements, lambda s: replace(s, body=expand(s.body))))
