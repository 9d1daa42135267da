"""Contractions as products of matrices: which indices are the rows, the columns and the inner axis.

    z[n,t,j] = Σ_k x[n,t,k]·W[k,j]            rows (n,t), inner (k), columns (j)
    dW[k,j] = Σ_{n,t} x[n,t,k]·dz[n,t,j]      rows (k), inner (n,t), columns (j)
    s[n,h,i,j] = Σ_d q[n,i,h,d]·k[n,j,h,d]    batch (n,h), rows (i), inner (d), columns (j)

Several indices are one axis where they run through memory like one.  Lowering asks here whether the operands lie so,
and copies those that do not; a target asks for the same product, and prints one call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sympy import Integer, Mul

from codegen.positions import one_axis, order_in_memory, overlaps, strides, view
from derive.calculus.products import Product, product_form
from derive.language.equations import Quantity
from derive.language.expressions import Access, Index, Sum

_product_form = lru_cache(maxsize=1 << 14)(product_form)


@dataclass(frozen=True)
class Side:
    """An operand, or the result, as a stack of matrices."""

    access: Access
    batch: tuple[Index, ...]
    rows: tuple[Index, ...]
    columns: tuple[Index, ...]

    @property
    def axes(self) -> tuple[Index, ...]:
        return (*self.batch, *self.rows, *self.columns)

    def lies(self, quantities: Mapping[str, Quantity]) -> bool:
        """Whether the rows, and the columns, are one axis each of the array as it lies in memory."""
        quantity = quantities[self.access.name]
        if view(self.access, quantity) is None or overlaps(self.access, quantity):
            return False
        step = strides(self.access, quantity)
        return one_axis(self.rows, step) and one_axis(self.columns, step)

    def laid_out(self, quantities: Mapping[str, Quantity]) -> tuple[Index, ...]:
        """The axes of a copy that lies so, in the order that is nearest to that of the array."""
        natural = order_in_memory(self.access, quantities[self.access.name])
        first = next((index for index in natural if index not in self.batch), None)
        if first in self.columns:
            return (*self.batch, *self.columns, *self.rows)
        return self.axes


@dataclass(frozen=True)
class MatrixProduct:
    """result[batch, rows, columns] = Σ_inner left[batch, rows, inner]·right[batch, inner, columns]."""

    left: Side
    right: Side

    @property
    def axes(self) -> tuple[Index, ...]:
        return (*self.left.batch, *self.left.rows, *self.right.columns)

    def result(self, target: Access) -> Side:
        return Side(target, self.left.batch, self.left.rows, self.right.columns)


def contraction(total: Sum, out: Sequence[Index]) -> Product | None:
    """The product of two operands that the sum is; None where multiplying and summing is as good."""
    product = _product_form(total, tuple(out))
    if product is None or not (product.is_matrix_product or not product.batch):
        return None
    return product


def matrix_product(total: Sum, out: Sequence[Index], quantities: Mapping[str, Quantity]) -> MatrixProduct | None:
    """The sum as a product of two accesses; the inner indices in the order in which most operands lie."""
    product = contraction(total, out)
    if product is None or product.scale != Integer(1) or not (
            isinstance(product.left, Access) and isinstance(product.right, Access)):
        return None
    return laid_out(product, product.left, product.right, quantities)


def laid_out(product: Product, left: Access, right: Access, quantities: Mapping[str, Quantity]) -> MatrixProduct:
    orders = dict.fromkeys([product.contracted, *(
        tuple(i for i in order_in_memory(side, quantities[side.name]) if i in product.contracted)
        for side in (left, right))])
    choices = [MatrixProduct(Side(left, product.batch, product.left_free, order),
                             Side(right, product.batch, order, product.right_free))
               for order in orders if len(order) == len(product.contracted)]
    return max(choices, key=lambda made: made.left.lies(quantities) + made.right.lies(quantities))


def operands(total: Sum) -> list[Access]:
    return [factor for factor in Mul.make_args(total.body) if isinstance(factor, Access)]
