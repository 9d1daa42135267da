"""Contraction of Kronecker deltas with sums, with knowledge of each index's range.

    Σ_k x[n,k]·δ_kp = x[n,p]                      k and p run over the same range
    Σ_u W[u]·δ(i+u, p) = W[p−i]·[0 ≤ p−i < U]      an affine position: the range becomes a bracket
"""

from __future__ import annotations

from sympy import Add, Expr, Mul

from derive.language.expressions import Access, Delta, Index, Reduction, Sum, Within, free_indices
from derive.language.substitution import substitute


def contract(expression: Expr) -> Expr:
    """Sum out every delta that holds a bound index; pull factors out of sums that do not depend on them."""
    if isinstance(expression, Access) or not expression.has(Reduction):
        return expression
    if isinstance(expression, Sum):
        return _contract_sum(contract(expression.body), list(expression.indices))
    arguments = [contract(a) if isinstance(a, Expr) else a for a in expression.args]
    return expression.func(*arguments)


def _contract_sum(body: Expr, indices: list[Index]) -> Expr:
    if isinstance(body, Add):
        return Add(*(_contract_sum(term, indices) for term in body.args))
    if isinstance(body, Mul) and any(isinstance(f, Add) and _has_delta(f) for f in body.args):
        spread = _spread_over_deltas(body)
        if isinstance(spread, Add):
            return _contract_sum(spread, indices)
    if isinstance(body, Sum) and not {i.name for i in indices} & {i.name for i in body.indices}:  # Σ_j Σ_k is one sum
        return _contract_sum(body.body, [*indices, *body.indices])
    factors = list(Mul.make_args(body))
    nested = [f for f in factors if isinstance(f, Sum) and _delta_on(f.body, indices)]
    if nested:  # a delta on one of our indices hides in an inner sum: make it one sum
        inner = nested[0]
        clash = {i for f in factors if f is not inner for i in free_indices(f)} | set(indices)
        if not clash & set(inner.indices):
            factors.remove(inner)
            return _contract_sum(Mul(*factors, inner.body), [*indices, *inner.indices])
    for factor in factors:
        if isinstance(factor, Delta):
            solved = _solve(factor, indices)
            if solved is not None:
                index, value = solved
                factors.remove(factor)
                rest = Mul(*(substitute(f, {index: value}) for f in factors))
                remaining = [i for i in indices if i != index]
                guard = 1 if isinstance(value, Access) else Within(value, index.size)  # labels are checked with the data
                return _contract_sum(rest * guard, remaining)
    return _pull_out(factors, indices)


def _pull_out(factors: list[Expr], indices: list[Index]) -> Expr:
    """Σ_k c·f(k) = c·Σ_k f(k), and Σ_k c = c·K."""
    inside = [f for f in factors if free_indices(f) & set(indices)]
    outside = [f for f in factors if f not in inside]
    used = frozenset().union(*map(free_indices, inside)) if inside else frozenset()
    sizes = [index.size for index in indices if index not in used]
    bound = [index for index in indices if index in used]
    return Mul(*outside, *sizes, Sum(Mul(*inside), *bound))


def _solve(delta: Delta, indices: list[Index]) -> tuple[Index, Expr] | None:
    """The bound index that the delta determines, and its value: the one that leaves the fewest brackets."""
    difference = delta.args[0] - delta.args[1]
    found = []
    for index in indices:
        slope = difference.coeff(index)
        if slope in (1, -1) and index not in free_indices(_rest(difference, index)):
            value = -_rest(difference, index) / slope
            found.append((Within(value, index.size) != 1 and not value.has(Access), indices.index(index), index, value))
    if not found:
        return None
    _, _, index, value = min(found, key=lambda entry: entry[:2])
    return index, value


def _rest(difference: Expr, index: Index) -> Expr:
    return difference.subs(index, 0) if not difference.has(Access) else (
        difference - difference.coeff(index) * index)


def _has_delta(expression: Expr) -> bool:
    """Whether a delta stands outside all reductions of the expression."""
    if isinstance(expression, Delta):
        return True
    return not isinstance(expression, (Reduction, Access)) and any(_has_delta(a) for a in expression.args)


def _delta_on(expression: Expr, indices: list[Index]) -> bool:
    return any(set(indices) & free_indices(delta) for delta in expression.atoms(Delta))


def _spread_over_deltas(product: Mul) -> Expr:
    """Expand a product over those of its factors that are sums with deltas, and over no others."""
    first = next(f for f in product.args if isinstance(f, Add) and _has_delta(f))
    others = Mul(*(f for f in product.args if f is not first))
    return Add(*(Mul(others, term) for term in first.args))
