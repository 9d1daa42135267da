"""Paths of the chain rule in the letters of the page."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Mul

from derive.calculus.record import Adjoint, Derivation, Path
from derive.language.expressions import Access, Index, Partial, Sum
from derive.language.substitution import SAMPLES, readable_bound_names, substitute

_LETTERS = "ijlpqrsuv"  # for the indices of the quantity that is differentiated; k is left to sums


@dataclass(frozen=True)
class PrintedPath:
    """A path in the letters of the page."""

    path: Path
    of: Access
    by: Access
    raw: Expr
    form: Expr
    chain: Expr
    product: Expr


def printed_path(derivation: Derivation, adjoint: Adjoint, path: Path) -> PrintedPath:
    """A path written at the quantity's own indices; those of what it acts through get letters of their own."""
    own = adjoint.of.indices
    taken = {i.name for i in own}
    place: dict[Index, Expr] = {}
    for index in path.local.of.indices:
        if isinstance(index, Index):
            place[index] = _another(index, taken)
            taken.add(place[index].name)
    place |= dict(zip(path.local.by.indices, own, strict=True))
    of = Access(path.local.of.name, *(place.get(i, i) for i in path.local.of.indices))
    by = adjoint.of.entry
    form, raw = (readable_bound_names(substitute(e, place), taken) for e in (path.local.form, path.local.raw))
    local = Partial(of, by)
    objective = derivation.objective
    bound = [i for i in of.indices if isinstance(i, Index)]
    if path.through.name == objective:
        return PrintedPath(path, of, by, raw, form, local, form)
    upstream = derivation.adjoint(path.through.name).quantity
    symbolic = Sum(Mul(Access(upstream.name, *of.indices), local), *bound)
    value = substitute(path.adjoint, place)
    product = Sum(Mul(value, form, evaluate=True), *bound) if bound else Mul(value, form)
    return PrintedPath(path, of, by, raw, form, symbolic, product)


def _another(index: Index, taken: set[str]) -> Index:
    """A letter for the index of what a quantity acts through, next to the quantity's own."""
    if index.name not in taken:
        return index
    if index.size == SAMPLES:
        name = index.name + "'"
        return Index(name, index.size)
    letter = next((c for c in _LETTERS if c not in taken), None)
    return Index(letter if letter is not None else index.name + "1", index.size)
