"""Corrupted derivations: every small mistake that a hand calculation could make, one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sympy import Add, Expr, Mul, Symbol, nan, zoo

from derive.calculus.record import Adjoint, Derivation
from derive.language.equations import Equation, System
from derive.language.expressions import Access, Delta, Index, Reduction, Within


def corrupted(derivation: Derivation, sizes: Mapping[Symbol, int]) -> Iterator[tuple[str, System]]:
    """The derivation's equations with one mistake in one of them, and what the mistake is.

    Equations that no gradient is computed from, such as ∂J/∂a where it cancels, are left out.
    """
    needed = {adjoint.quantity.name for adjoint in derivation.adjoints if adjoint.of.name in derivation.wrt}
    for adjoint in reversed(derivation.adjoints):
        if adjoint.quantity.name in needed:
            needed |= adjoint.equation.reads
    for adjoint in derivation.adjoints:
        if adjoint.quantity.name not in needed:
            continue
        for mistake, body in mistakes(adjoint, sizes):
            wrong = replace(adjoint.equation, body=body)
            yield f"{mistake} in {adjoint.equation}", with_equation(derivation.system, wrong)


def with_equation(system: System, equation: Equation) -> System:
    return System(system.quantities, tuple(equation if e.name == equation.name else e for e in system.equations))


def mistakes(adjoint: Adjoint, sizes: Mapping[Symbol, int]) -> Iterator[tuple[str, Expr]]:
    body = adjoint.equation.body
    for mistake, wrong in _everywhere(body, sizes):
        if wrong != body and not wrong.has(zoo, nan):
            yield mistake, wrong
    if len(adjoint.paths) > 1:
        for left_out in adjoint.paths:
            rest = Add(*(path.contribution for path in adjoint.paths if path is not left_out))
            yield f"the path through {left_out.through.name} is left out", rest


def _everywhere(node: Expr, sizes: Mapping[Symbol, int]) -> Iterator[tuple[str, Expr]]:
    """The expression with one mistake, for every place and kind."""
    if isinstance(node, Add):
        for term in node.args:
            rest = Add(*(other for other in node.args if other is not term))
            yield f"the term {term} is dropped", rest
            yield f"the sign of {term} is flipped", rest - term
    if isinstance(node, Mul):
        for factor in node.args:
            yield f"the factor {factor} is dropped", Mul(*(other for other in node.args if other is not factor))
    if isinstance(node, Access):
        for transposed in _transposed(node, sizes):
            yield f"{node} is read as {transposed}", transposed
        return
    if isinstance(node, Index | Delta | Within):
        return
    for place, part in enumerate(node.args):
        if isinstance(part, Expr) and not (isinstance(node, Reduction) and place > 0):
            for mistake, wrong in _everywhere(part, sizes):
                yield mistake, node.func(*node.args[:place], wrong, *node.args[place + 1:])


def _transposed(access: Access, sizes: Mapping[Symbol, int]) -> Iterator[Access]:
    """The access with two indices of one range exchanged; of different ranges it would not fit."""
    def ranges(index: Expr) -> object:
        return index.size.xreplace(sizes) if isinstance(index, Index) else None

    indices = access.indices
    for first in range(len(indices)):
        for second in range(first + 1, len(indices)):
            if ranges(indices[first]) is not None and ranges(indices[first]) == ranges(indices[second]):
                swapped = list(indices)
                swapped[first], swapped[second] = swapped[second], swapped[first]
                yield Access(access.name, *swapped)
