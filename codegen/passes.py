"""Passes over a program.  Each changes how values are computed, and no value; each can be left out.

A pass takes a program and returns one.  A target chooses which to apply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

import sympy
from sympy import Expr, Mul, Pow
from sympy.core.basic import Basic

from codegen.lowering import ordered_axes, temporary_name
from codegen.program import Kind, Program, Statement
from derive.language.equations import Quantity
from derive.language.expressions import Access, Delta, Index, Reduction, Within, accesses, free_indices
from derive.language.substitution import substitute
from derive.rewrites.algebra import length

LONGEST_LINE = 22  # what inlining may make of a statement, as derive.rewrites.algebra.length counts it


def without_dead_code(program: Program) -> Program:
    """Leave out what no output depends on, such as an adjoint that only cancellation read."""
    needed = set(program.outputs)
    kept = []
    for statement in reversed(program.statements):
        if statement.name in needed:
            kept.append(statement)
            needed |= statement.reads
    return program.with_statements(tuple(reversed(kept)))


def without_repeated_statements(program: Program) -> Program:
    """Compute a temporary once where two statements have the same body up to the names of axes."""
    first: dict[object, tuple[Access, list[Index]]] = {}
    same: dict[str, tuple[Access, tuple[Index, ...]]] = {}
    kept = []
    for statement in program.statements:
        if not same.keys().isdisjoint(statement.reads):
            statement = replace(statement, body=_renamed(statement.body, same))
        key, order = structure(statement.body)
        if statement.kind is not Kind.PART and set(order) == set(statement.axes):
            if key in first and statement.name in program.temporaries:
                target, earlier = first[key]
                value = substitute(target, dict(zip(earlier, order, strict=True)))
                same[statement.name] = (value, statement.axes)
                continue
            if not isinstance(statement.body, Access):
                first.setdefault(key, (statement.target, order))
        kept.append(statement)
    return program.with_statements(tuple(kept))


def _renamed(body: Expr, same: dict[str, tuple[Access, tuple[Index, ...]]]) -> Expr:
    replacement = {}
    for access in accesses(body):
        if access.name in same:
            value, axes = same[access.name]
            replacement[access] = substitute(value, dict(zip(axes, access.indices, strict=True)))
    return body.xreplace(replacement) if replacement else body


def copies_propagated(program: Program) -> Program:
    """Read a quantity itself instead of its copy: after a2[n,j] = z2[n,j], read z2."""
    same: dict[str, tuple[Access, tuple[Index, ...]]] = {}
    kept = []
    for statement in program.statements:
        if not same.keys().isdisjoint(statement.reads):
            statement = replace(statement, body=_renamed(statement.body, same))
        kept.append(statement)
        if statement.kind is Kind.ELEMENTWISE and isinstance(statement.body, Access) and statement.axes:
            source = program.quantities[statement.body.name]
            whole = all(position in statement.axes and position.size == axis.size
                        for position, axis in zip(statement.body.indices, source.indices, strict=True))
            if whole and set(statement.body.indices) == set(statement.axes) and statement.name not in program.outputs:
                same[statement.name] = (statement.body, statement.axes)
    return program.with_statements(tuple(kept))


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

    return program.with_statements(tuple(replace(s, body=expand(s.body)) for s in program.statements))


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

    return program.with_statements(tuple(replace(s, body=rewrite(s.body)) if s.body.has(sympy.Piecewise) else s
                                         for s in program.statements))


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

    for statement in program.statements:
        if statement.kind is not Kind.GATHER:
            count(statement.body)
    if not repeated:
        return program

    made: dict[object, tuple[Access, list[Index]]] = {}
    quantities = dict(program.quantities)
    temporaries = set(program.temporaries)
    statements: list[Statement] = []

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
        if whole and statement.kind is Kind.ELEMENTWISE and set(order) == set(statement.axes):
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

    for statement in program.statements:
        body = statement.body
        if statement.kind is not Kind.GATHER:
            body = name_repeated(body, statement, whole=True)
        statements.append(statement if body is statement.body else replace(statement, body=body))
    return replace(program, statements=tuple(statements), quantities=quantities, temporaries=frozenset(temporaries))


def _is_array(node: Expr) -> bool:
    return bool(free_indices(node)) and not isinstance(node, (Index, Delta, Within)) and node.has(Access)


def inlined_single_use(program: Program, longest: int = LONGEST_LINE) -> Program:
    """Put a temporary that is read once into the statement that reads it, while the line stays short."""
    uses = Counter(access.name for s in program.statements for access in s.accesses)
    pending: dict[str, Statement] = {}
    kept: list[Statement] = []
    for statement in program.statements:
        body = statement.body
        for name in dict.fromkeys(a.name for a in statement.accesses):
            if name in pending:
                inner = pending.pop(name)
                candidate = _inserted(body, inner)
                if statement.kind is not Kind.SCATTER and length(candidate) <= longest:
                    body = candidate
                else:
                    kept.append(inner)
        if body is not statement.body:
            statement = replace(statement, body=body)
        single = statement.name in program.temporaries and uses[statement.name] == 1
        if single and statement.kind in (Kind.ELEMENTWISE, Kind.CONTRACTION, Kind.REDUCTION, Kind.GATHER):
            pending[statement.name] = statement
        else:
            kept.append(statement)
    return program.with_statements(tuple(kept))


def _inserted(body: Expr, inner: Statement) -> Expr:
    replacement = {access: substitute(inner.body, dict(zip(inner.axes, access.indices, strict=True)))
                   for access in accesses(body, inner.name)}
    return body.xreplace(replacement)


def structure(expression: Basic) -> tuple[object, list[Index]]:
    """A key that is equal for expressions equal up to the names of axes, and the free indices as it meets them."""
    order: dict[Index, int] = {}
    bound: list[Index] = []

    def walk(node: Basic) -> object:
        if isinstance(node, Index):
            if node in bound:
                return "bound", len(bound) - 1 - bound[::-1].index(node), node.size
            return order.setdefault(node, len(order)), node.size
        if isinstance(node, Reduction):
            bound.extend(node.indices)
            key = (node.func.__name__, tuple(i.size for i in node.indices), walk(node.body))
            del bound[len(bound) - len(node.indices):]
            return key
        if not node.args:
            return node
        return node.func, tuple(walk(a) for a in node.args)

    return walk(expression), list(order)
