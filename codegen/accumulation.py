"""Updates inside products of matrices: W − η·Σ_n x[n,k]·dz[n,j] adds a product to W, and no gradient is ever written.

    dJ_dW[k,j] = Σ_n x[n,k]·dz[n,j]
    theta = theta − η·g                   becomes     W[k,j] = W[k,j] − η·Σ_n x[n,k]·dz[n,j]

An optimiser whose assignments read the gradient once, as keep·s + scale·g with s the entry or a state of it, does so for
every parameter whose gradient is a product, or one and a multiple of the parameter, such as that of an L2 penalty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import sympy
from sympy import Expr

from codegen.passes import optional
from codegen.program import Kind, Program, Statement, Step, flat
from derive.language.equations import Equation, Quantity
from derive.language.expressions import Access, Sum, names
from derive.network import Optimiser

GRADIENT = Access("g")


@dataclass(frozen=True)
class Accumulation:
    """The one assignment of an optimiser that reads the gradient: target = keep·target + scale·g.

    Attributes:
        target: the entry, `theta`, or a state.
        rest: the assignments that are left.
    """

    target: str
    keep: Expr
    scale: Expr
    rest: tuple[Equation, ...]


def accumulation(optimiser: Optimiser) -> Accumulation | None:
    """How an optimiser adds the gradient to what it changes; None where that is not all that it does with it."""
    lines = optimiser.assignments
    readers = [place for place, line in enumerate(lines) if "g" in line.reads]
    if len(readers) != 1 or optimiser.by_parameter or optimiser.sums:
        return None
    (place,), arrays = readers, {"theta", *optimiser.states}
    target = lines[place].target
    value: dict[Expr, Expr] = {}  # of what the lines before have set
    for line in lines[:place]:
        value[line.target] = line.body.xreplace(value)
    body = sympy.expand(lines[place].body.xreplace(value))
    keep, scale = body.coeff(target), body.coeff(GRADIENT)
    others = arrays.intersection(line.name for line in lines[:place]) - {target.name}
    if target.name not in arrays or others or sympy.expand(body - keep * target - scale * GRADIENT) != 0 or (
            names(keep) | names(scale)) & {*arrays, "g"}:
        return None
    rest = [line for line in lines[:place] if line.target != target] + list(lines[place + 1:])
    return Accumulation(target.name, keep, scale, tuple(rest) if arrays & {line.name for line in rest} else ())


@optional
def with_accumulated_products(program: Program, gradients: Mapping[str, str], targets: Mapping[str, Quantity],
                              keep: Expr, scale: Expr, is_product: Callable[[Statement], bool]) -> Program:
    """Put target = keep·target + scale·gradient in place of a gradient, where it is a product that nothing else reads.

    The update comes after all that reads the target.

    Args:
        gradients: the names of gradients, by those of the parameters.
        targets: what is changed in the place of a gradient, the parameter itself or a state of it, by the parameter.
        is_product: whether a statement is a product that can add to what is there.
    """
    read = Counter(access.name for s in flat(program.statements) for access in s.accesses)
    written = Counter(s.name for s in flat(program.statements))
    once = {step.name: step for step in program.statements if isinstance(step, Statement) and written[step.name] == 1}
    steps: list[Step] = list(program.statements)
    for parameter, gradient in gradients.items():
        found = once.get(gradient)
        if found is None or read[gradient]:
            continue
        target, own = targets[parameter], Access(parameter, *found.target.indices)
        parts = [found]
        kept, factor = keep, scale
        if found.kind is Kind.ELEMENTWISE:
            body = sympy.expand(found.body)
            term = next((a for a in body.atoms(Access) if a.name in once and a.indices == once[a.name].target.indices
                         and once[a.name].kind is Kind.CONTRACTION and read[a.name] == 1), None)
            if term is None:
                continue
            share, penalty = body.coeff(term), body.coeff(own)
            if sympy.expand(body - share * term - penalty * own) != 0 or penalty != 0 and target.name != parameter or (
                    (share.free_symbols | penalty.free_symbols) & {*found.axes}):
                continue
            parts = [once[term.name], found]
            kept, factor = keep + scale * penalty, scale * share
        product = parts[0]
        if not is_product(product):
            continue
        place = Access(target.name, *product.target.indices)
        made = replace(product, target=place, body=kept * place + factor * product.body, owner=target.name)
        last = max(i for i, step in enumerate(steps) if step is product or any(
            target.name in s.reads for s in flat((step,))))
        steps.insert(last + 1, made)
        steps = [step for step in steps if step not in parts]
    changed = {quantity.name: quantity for quantity in targets.values()}
    return replace(program, statements=tuple(steps), quantities={**program.quantities, **changed})


def added(statement: Statement) -> tuple[Expr, Expr, Sum] | None:
    """keep, scale and Σ of a statement target = keep·target + scale·Σ; None of another."""
    totals = [a for a in statement.body.atoms(Sum)]
    if statement.kind is not Kind.CONTRACTION or len(totals) != 1 or statement.body == totals[0]:
        return None
    return statement.body.coeff(statement.target), statement.body.coeff(totals[0]), totals[0]

