"""Sums and maxima over one axis of an array in the form in which a library of array functions computes them fastest.

    db[j] = Σ_n dz[n,j]        becomes     db[j] = Σ_n ones[n]·dz[n,j]
    m[n] = max_k z[n,k]        becomes     turned[k,n] = z[n,k],  m[n] = max_k turned[k,n]

A product with ones is a call of BLAS, a sum is not.  A maximum over rows begins each row anew, which costs more than the
row where it is short; over the first axis of an array it compares whole rows with each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from sympy import Expr

from codegen.passes.named import optional
from codegen.program import Kind, Program, Statement, Step
from codegen.temporaries import ordered_axes, temporary_name
from derive.language.equations import Quantity, Role
from derive.language.expressions import Access, Index, Maximum, Reduction, Sum, free_indices

SHORT = 32  # entries of a row that is sooner copied than compared with itself


@optional
def sums_as_products(program: Program) -> Program:
    """A sum over the first or the last axis of an array that the program computes is a product with ones."""
    quantities, temporaries = dict(program.quantities), set(program.temporaries)

    def as_product(statement: Statement) -> tuple[Statement, ...]:
        body = statement.body
        if not (isinstance(body, Sum) and _reduces_one_axis(statement)):
            return (statement,)
        (index,), terms = body.indices, body.body
        stored = isinstance(terms, Access)
        axes = terms.indices if stored else ordered_axes(terms, statement.axes)
        if len(axes) < 2 or index not in (axes[0], axes[-1]) or stored and not _is_whole(terms, program):
            return (statement,)
        before: list[Statement] = []
        if not stored:
            name = temporary_name(terms, statement.owner, quantities, temporaries)
            quantities[name] = Quantity(name, axes)
            temporaries.add(name)
            before.append(Statement(Access(name, *axes), terms, Kind.ELEMENTWISE, statement.number, statement.owner))
            terms = Access(name, *axes)
        ones = Quantity(f"ones {index.size}", (Index("n", index.size),), Role.CONSTANT, value=1)
        quantities[ones.name] = ones  # no name in a file has a blank
        return (*before, replace(statement, body=Sum(ones.at(index) * terms, index), kind=Kind.CONTRACTION))

    return replace(program, statements=_each(program.statements, as_product), quantities=quantities,
                   temporaries=frozenset(temporaries))


@optional
def short_rows_turned(program: Program) -> Program:
    """A maximum over short rows is taken of a copy in which they are columns."""
    quantities, temporaries = dict(program.quantities), set(program.temporaries)

    def turned(statement: Statement) -> tuple[Statement, ...]:
        body = statement.body
        if not (isinstance(body, Maximum) and _reduces_one_axis(statement) and _is_whole(body.body, program)):
            return (statement,)
        (index,), rows = body.indices, body.body.indices
        if len(rows) < 2 or index != rows[-1] or not index.size.is_Integer or index.size > SHORT:
            return (statement,)
        name = f"turned_{body.body.name}"
        if name in quantities:
            name = temporary_name(body.body, statement.owner, quantities, temporaries)
        copy = Access(name, index, *rows[:-1])
        quantities[name] = Quantity(name, copy.indices)
        temporaries.add(name)
        return (Statement(copy, body.body, Kind.ELEMENTWISE, statement.number, statement.owner),
                replace(statement, body=Maximum(copy, index)))

    return replace(program, statements=_each(program.statements, turned), quantities=quantities,
                   temporaries=frozenset(temporaries))


def _reduces_one_axis(statement: Statement) -> bool:
    body = statement.body
    return statement.kind is Kind.REDUCTION and not statement.adds and isinstance(body, Reduction) and (
        len(body.indices) == 1 and body.indices[0] in free_indices(body.body))


def _is_whole(expression: Expr, program: Program) -> bool:
    """Whether it is a whole array that the program computes, which so holds numbers of the floating-point type."""
    if not isinstance(expression, Access) or expression.name not in program.first:
        return False
    indices, shape = expression.indices, program.quantities[expression.name].shape
    return len(set(indices)) == len(indices) and all(
        isinstance(index, Index) and index.size == size for index, size in zip(indices, shape, strict=True))


def _each(steps: Iterable[Step], function: Callable[[Statement], tuple[Statement, ...]]) -> tuple[Step, ...]:
    made: list[Step] = []
    for step in steps:
        made += function(step) if isinstance(step, Statement) else [replace(step, body=_each(step.body, function))]
    return tuple(made)
