"""Sums of products as products of matrices: which indices are one axis, and which operands have to be copied."""

from __future__ import annotations

import pytest

from codegen.contraction import matrix_product
from codegen.lowering import lower
from codegen.program import Kind
from derive.language.equations import Equation, Quantity
from derive.language.expressions import Access, Index, Sum
from derive.language.substitution import SAMPLES

A = Access
n = Index("n", SAMPLES)
t, i, u, k, j, h = (Index(name, size) for name, size in zip("tiukjh", (5, 3, 3, 4, 6, 2), strict=True))
AXES = {"x": (n, t, k), "W": (k, j), "dz": (n, t, j), "y": (n, t), "K": (u, k, j), "q": (n, i, h, k), "p": (n, i, h, k)}
QUANTITIES = {name: Quantity(name, own) for name, own in AXES.items()}

CASES = {
    "rows are two axes": (A("z", n, t, j), Sum(A("x", n, t, k) * A("W", k, j), k), ((), (n, t), (k,), (j,)), 0),
    "the inner axis is two": (A("z", k, j), Sum(A("x", n, t, k) * A("dz", n, t, j), n, t), ((), (k,), (n, t), (j,)), 0),
    "windows are copied": (A("z", n, i, j), Sum(A("x", n, i + u, k) * A("K", u, k, j), u, k), ((), (n, i), (u, k), (j,)), 1),
    "slices of two axes are copied": (
        A("z", k, j), Sum(A("x", n, i + 1, k) * A("dz", n, i, j), n, i), ((), (k,), (n, i), (j,)), 2),
    "stacks are transposed": (A("z", n, h, i, u), Sum(A("q", n, i, h, k) * A("p", n, u, h, k), k),
                              ((n, h), (i,), (k,), (u,)), 0),
}


@pytest.mark.parametrize("name", CASES)
def test_operands_are_laid_out(name):
    target, body, (batch, rows, inner, columns), copies = CASES[name]
    program = lower([Equation(target, body, 1)], {**QUANTITIES, "z": Quantity("z", target.indices)}, {})
    *copied, last = program.statements
    assert last.kind is Kind.CONTRACTION and len(copied) == copies
    product = matrix_product(last.body, last.axes, program.quantities)
    assert (product.left.batch, product.left.rows, product.left.columns, product.right.columns) == (
        batch, rows, inner, columns)
    assert product.left.lies(program.quantities) and product.right.lies(program.quantities)
    assert product.result(last.target).lies(program.quantities)
