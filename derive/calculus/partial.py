"""∂ of an expression with respect to one entry of a quantity.

SymPy differentiates the scalar expression around each access; the access itself contributes Kronecker deltas:

    ∂/∂W[p,q] Σ_k x[n,k]·W[k,j]  =  Σ_k x[n,k]·δ_kp·δ_jq

Nothing here knows any layer or function.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Add, Dummy, Expr, Mul, Piecewise

from derive.language.expressions import Access, Delta, Index, Maximum, Reduction, Sum, free_indices, names
from derive.language.substitution import fresh, substitute


def partial(expression: Expr, name: str, at: Sequence[Expr]) -> Expr:
    """The derivative of a scalar expression by the entry `name[at]`, its deltas not yet contracted.

    `at` must not use the name of an index that is bound in the expression unless it means that very index;
    bound indices are renamed where they would capture one.
    """
    sites = _differentiable_sites(expression, name)
    stand_in = {site: Dummy(f"s{number}", real=True) for number, site in enumerate(sites)}
    original = {dummy: site for site, dummy in stand_in.items()}
    scalar = expression.xreplace(stand_in)
    terms = []
    for site, dummy in stand_in.items():
        outer = sympy.diff(scalar, dummy)
        if not outer.is_zero:
            terms.append(outer.xreplace(original) * _inner(site, name, at))
    return Add(*terms)


def _inner(site: Expr, name: str, at: Sequence[Expr]) -> Expr:
    if isinstance(site, Access):
        return Mul(*(Delta(index, place) for index, place in zip(site.indices, at, strict=True)))
    assert isinstance(site, Reduction)
    arriving = {s.name for place in at for s in place.free_symbols}
    taken = arriving | {i.name for i in site.body.free_symbols}
    renaming: dict[Index, Expr] = {}
    for bound in site.indices:
        if bound.name in arriving:
            renaming[bound] = fresh(bound, taken)
            taken.add(renaming[bound].name)
    body = substitute(site.body, renaming)
    indices = [renaming.get(bound, bound) for bound in site.indices]
    if isinstance(site, Sum):
        return Sum(partial(body, name, at), *indices)
    if isinstance(site, Maximum):
        # The entries that attain the maximum share its derivative equally: a kink's convention, stated in branches.
        attains = Piecewise((1, body >= _with_fresh_bounds(site, body)), (0, True))
        return Sum(attains * partial(body, name, at), *indices) / Sum(attains, *indices)
    raise TypeError(site)


def _with_fresh_bounds(site: Reduction, beside: Expr) -> Expr:
    """The reduction with bound indices that differ from the free ones of an expression it is compared with."""
    taken = {i.name for i in free_indices(beside)}
    renaming: dict[Index, Expr] = {}
    for bound in site.indices:
        renaming[bound] = fresh(bound, taken)
        taken.add(renaming[bound].name)
    return site.func(substitute(site.body, renaming), *renaming.values())


def _differentiable_sites(expression: Expr, name: str) -> list[Expr]:
    """The outermost accesses of a quantity and reductions over it, in reading order."""
    found: dict[Expr, None] = {}

    def walk(node: Expr) -> None:
        if isinstance(node, Access):
            if node.name == name:
                found.setdefault(node)
        elif isinstance(node, Reduction):
            if name in names(node.body):
                found.setdefault(node)
        elif name in names(node):
            for argument in node.args:
                walk(argument)

    walk(expression)
    return list(found)
