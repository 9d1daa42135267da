"""Passes over a program.  Each changes how values are computed, and no value.

A pass takes a program and returns one.  A target chooses which to apply; those of `PASSES` can be switched off, one by one:

    with without("copies_propagated"):
        codegen.generate(network, derivation)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import wraps
from typing import Concatenate, ParamSpec

import sympy
from sympy import Expr, Mul, Pow
from sympy.core.basic import Basic

from codegen.lowering import ordered_axes, temporary_name
from codegen.program import Guard, Kind, Loop, Program, Statement, Step, flat, mapped
from derive.language.equations import Quantity
from derive.language.expressions import Access, Delta, Index, Reduction, Within, accesses, free_indices
from derive.language.substitution import substitute
from derive.rewrites.algebra import length

LEFT_ALONE = (Kind.GATHER, Kind.CONTRACTION, Kind.PADDING)  # what they read has to be arrays
LONGEST_LINE = 22  # what inlining may make of a statement, as derive.rewrites.algebra.length counts it


Options = ParamSpec("Options")
Pass = Callable[Concatenate[Program, Options], Program]
#: Every pass that may be left out, by name.
PASSES: dict[str, Callable[..., Program]] = {}
_OFF: ContextVar[frozenset[str]] = ContextVar("passes that are switched off", default=frozenset())


def optional(function: Pass[Options]) -> Pass[Options]:
    """A pass that may be left out: see `without`."""
    PASSES[function.__name__] = function

    @wraps(function)
    def applied(program: Program, *args: Options.args, **options: Options.kwargs) -> Program:
        return program if function.__name__ in _OFF.get() else function(program, *args, **options)

    return applied


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Programs that are made inside are made without these passes; ValueError for a name that no pass has."""
    if unknown := set(names) - PASSES.keys():
        raise ValueError(f"no pass is called {', '.join(sorted(unknown))}; there is {', '.join(PASSES)}")
    token = _OFF.set(_OFF.get() | set(names))
    try:
        yield
    finally:
        _OFF.reset(token)


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
                step = replace(step, body=_renamed(step.body, same))
            key, order = structure(step.body)
            temporary = step.name in program.temporaries
            if not (step.partial or step.kind is Kind.PADDING or step.name in program.in_parts) and (
                    set(order) == set(step.axes)):
                if key in first and temporary:
                    target, earlier = first[key]
                    same[step.name] = (substitute(target, dict(zip(earlier, order, strict=True))), step.axes)
                    continue
                if temporary or not isinstance(step.body, Access):
                    first.setdefault(key, (step.target, order))
            kept.append(step)
        return tuple(kept)

    return program.with_statements(once(program.statements, {}, {}))


def _renamed(body: Expr, same: Same) -> Expr:
    replacement = {}
    for access in accesses(body):
        if access.name in same:
            value, axes = same[access.name]
            replacement[access] = substitute(value, dict(zip(axes, access.indices, strict=True)))
    return body.xreplace(replacement) if replacement else body


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
            statement = replace(statement, body=_renamed(statement.body, same))
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
        signs = {node: node.func(_renamed(node.lhs, maxima), 0) for node in statement.body.atoms(sympy.StrictGreaterThan)
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
