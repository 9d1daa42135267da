"""Parts of statements that are computed more than once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import sympy
from sympy import Expr, Mul, Pow
from sympy.core.basic import Basic

from codegen.passes.alike import structure
from codegen.passes.named import optional
from codegen.program import Kind, Program, Statement, Step, flat
from codegen.temporaries import ordered_axes, temporary_name
from derive.language.equations import Quantity
from derive.language.expressions import Access, Delta, Index, Reduction, Within, free_indices
from derive.language.substitution import substitute

LEFT_ALONE = (Kind.GATHER, Kind.CONTRACTION, Kind.PADDING)  # what they read has to be arrays

def is_costly(expression: Expr) -> bool:
    """Whether computing a value twice costs more than a line of its own does: functions, not sums and products."""
    if isinstance(expression, Pow):
        return not expression.exp.is_Integer
    return isinstance(expression, sympy.Function) and not isinstance(expression, sympy.Piecewise)


def is_compound(expression: Expr) -> bool:
    """Whether computing a value takes any call at all (a sign does not: it becomes a subtraction)."""
    if isinstance(expression, Mul) and expression.args[0] == -1 and len(expression.args) == 2:
        return False
    return bool(expression.args) and not isinstance(expression, (Access, Reduction))


@optional
def without_common_subexpressions(program: Program, worth: Callable[[Expr], bool] = is_costly) -> Program:
    """Compute each subexpression once that is met twice (up to the names of axes) and is worth a name."""
    met: set[object] = set()
    repeated: set[object] = set()

    def count(node: Basic) -> None:
        if isinstance(node, Expr) and worth(node) and _is_array(node):
            key, _ = structure(node)
            if key in met:
                repeated.add(key)
                return
            met.add(key)
        if not isinstance(node, Access):
            for argument in node.args:
                count(argument)

    for statement in flat(program.statements):
        if statement.kind not in LEFT_ALONE:
            count(statement.body)
    if not repeated:
        return program

    made: dict[object, tuple[Access, list[Index]]] = {}  # those of this block and the blocks around it
    quantities = dict(program.quantities)
    temporaries = set(program.temporaries)
    statements: list[Step] = []

    def name_repeated(node: Basic, statement: Statement, whole: bool = False) -> Basic:
        if isinstance(node, Access) or not node.args:
            return node
        key: object = None
        order: list[Index] = []
        if isinstance(node, Expr) and worth(node) and _is_array(node):
            key, order = structure(node)
            if key in made:
                access, earlier = made[key]
                return substitute(access, dict(zip(earlier, order, strict=True)))
        arguments = [name_repeated(a, statement) for a in node.args]
        new = node if all(a is b for a, b in zip(arguments, node.args, strict=True)) else node.func(*arguments)
        if key not in repeated:
            return new
        if whole and statement.kind is Kind.ELEMENTWISE and statement.name not in program.in_parts and (
                set(order) == set(statement.axes)):
            made[key] = (statement.target, order)
            return new
        axes = ordered_axes(node, statement.axes)
        name = temporary_name(new, statement.owner, quantities, temporaries)
        quantities[name] = Quantity(name, axes)
        temporaries.add(name)
        access = Access(name, *axes)
        statements.append(Statement(access, new, Kind.ELEMENTWISE, statement.number, statement.owner))
        made[key] = (access, order)
        return access

    def block(steps: Iterable[Step]) -> tuple[Step, ...]:
        nonlocal made, statements
        for step in steps:
            if not isinstance(step, Statement):
                around, outside = made, statements
                made, statements = dict(around), []
                inside = block(step.body)
                made, statements = around, [*outside, replace(step, body=inside)]
            elif step.kind in LEFT_ALONE:
                statements.append(step)
            else:
                body = name_repeated(step.body, step, whole=True)
                statements.append(step if body is step.body else replace(step, body=body))
        return tuple(statements)

    return replace(program, statements=block(program.statements), quantities=quantities,
                   temporaries=frozenset(temporaries))


def _is_array(node: Expr) -> bool:
    return bool(free_indices(node)) and not isinstance(node, (Index, Delta, Within)) and node.has(Access)
