"""Recognition of contractions: which sums of products are matrix products, and over which axes.

    Σ_k x[n,k]·W[k,j]              left x (n; k), right W (k; j)           X W
    Σ_n x[n,k]·dz[n,j]             left x (k; n), right dz (n; j)          Xᵀ dZ
    Σ_k q[n,i,k]·p[n,j,k]          batch n, left q (i; k), right p (j; k)  Q Pᵀ for each n
    Σ_k a[n,k]·da[n,k]             batch n, no free axis: a product and a sum over k

LaTeX and generated code both read this and nothing else, so that a page and its code agree on every transpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product as choices

from sympy import Expr, Integer, Mul

from derive.language.expressions import Index, Sum, free_indices


@dataclass(frozen=True)
class Product:
    """scale · Σ_contracted left · right, with every axis put in its class.

    `left` and `right` are expressions (each a product of one or more factors, or a sum that only one side needs).
    Their free indices are exactly

        left:   batch + left_free + contracted        right:  batch + contracted + right_free

    so the sum is `matmul` of left, laid out as (batch, left_free, contracted), and right, laid out as
    (batch, contracted, right_free); the result has the axes (batch, left_free, right_free), which is `axes`.

    Attributes:
        left, right: the two operands.  The elementwise product inside each is never larger than its largest factor.
        contracted: the bound indices that both sides hold, in the order of the sum.
        batch: free indices that both sides hold, in the order of the output.
        left_free, right_free: free indices of one side only, in the order of the output.
        scale: what depends on no bound index; 1 mostly, since contraction pulls such factors out of the sum.

    To lay an operand out, compare its axes with those of the quantity it reads: W[j,k] in an operand with axes
    (k, j) is a transpose.  Several contracted or free indices are one axis after a reshape.  Where both frees are
    empty the contraction is a sum over an elementwise product (a scalar product where batch is empty too).

    A position such as x[n, i+u] is not looked into: its axes are n, i and u, and it is for the reader to make an
    array (a window) of it.
    """

    left: Expr
    right: Expr
    contracted: tuple[Index, ...]
    batch: tuple[Index, ...]
    left_free: tuple[Index, ...]
    right_free: tuple[Index, ...]
    scale: Expr = Integer(1)

    @property
    def axes(self) -> tuple[Index, ...]:
        """The axes of the result, in the order in which the product gives them."""
        return (*self.batch, *self.left_free, *self.right_free)

    @property
    def left_axes(self) -> tuple[Index, ...]:
        return (*self.batch, *self.left_free, *self.contracted)

    @property
    def right_axes(self) -> tuple[Index, ...]:
        return (*self.batch, *self.contracted, *self.right_free)

    @property
    def is_matrix_product(self) -> bool:
        """Whether at least one side has an axis of its own: otherwise multiplying and summing is as good."""
        return bool(self.left_free or self.right_free)


def product_form(expression: Expr, out_indices: Sequence[Index]) -> Product | None:
    """See a sum of a product as a contraction of two operands.

    Args:
        expression: a `Sum` of factors.
        out_indices: the free indices of the result in the order of its axes.  The left operand is the one that
            holds the earlier of them, so that the result comes out in this order where that is possible.

    Returns:
        The product, or None where the expression is no sum, has only one factor with a bound index, has no index
        bound on both sides, has a free index that is not in `out_indices`, or where no split into two operands
        keeps each no larger than its largest factor.
    """
    if not isinstance(expression, Sum):
        return None
    bound = expression.indices
    factors = Mul.make_args(expression.body)
    inside = [f for f in factors if not free_indices(f).isdisjoint(bound)]
    scale = Mul(*(f for f in factors if free_indices(f).isdisjoint(bound)))
    if len(inside) < 2 or not free_indices(expression) <= set(out_indices):
        return None
    best: tuple[tuple[int, ...], Product] | None = None
    for places in choices((0, 1), repeat=len(inside) - 1):
        sides = [[inside[0]], []]
        for place, factor in zip(places, inside[1:], strict=True):
            sides[place].append(factor)
        if not sides[1] or not all(map(_no_larger_than_a_factor, sides)):
            continue
        made = _product(sides[0], sides[1], scale, bound, out_indices)
        if made is not None:
            # Prefer few batch axes, then few factors multiplied beforehand on the side that is larger.
            cost = (len(made.batch), *sorted(len(free_indices(side)) for side in (made.left, made.right)),
                    abs(len(sides[0]) - len(sides[1])))
            if best is None or cost < best[0]:
                best = (cost, made)
    return best[1] if best else None


def _product(first: list[Expr], second: list[Expr], scale: Expr, bound: tuple[Index, ...],
             out: Sequence[Index]) -> Product | None:
    one, two = _indices(first), _indices(second)
    contracted = tuple(i for i in bound if i in one and i in two)
    if not contracted:
        return None
    left, right = _operand(first, bound, contracted), _operand(second, bound, contracted)
    left_free = tuple(i for i in out if i in one and i not in two)
    right_free = tuple(i for i in out if i in two and i not in one)
    batch = tuple(i for i in out if i in one and i in two)
    position = list(out).index
    if right_free and (not left_free or position(right_free[0]) < position(left_free[0])):
        left, right, left_free, right_free = right, left, right_free, left_free
    return Product(left, right, contracted, batch, left_free, right_free, scale)


def _operand(factors: list[Expr], bound: tuple[Index, ...], contracted: tuple[Index, ...]) -> Expr:
    """The product of the factors, summed over the indices that nothing outside them holds."""
    own = [i for i in bound if i not in contracted and i in _indices(factors)]
    return Sum(Mul(*factors), *own)


def _no_larger_than_a_factor(factors: list[Expr]) -> bool:
    together = _indices(factors)
    return any(free_indices(factor) == together for factor in factors)


def _indices(factors: Iterable[Expr]) -> frozenset[Index]:
    return frozenset().union(*map(free_indices, factors))
