"""A sum of a product is seen as a contraction of two operands."""

from __future__ import annotations

import pytest
from sympy import Integer, log

from derive.calculus.products import product_form
from derive.language.expressions import Access, Index, Sum, dimension
from derive.language.substitution import SAMPLES

n, i, j, k = (Index(name, size) for name, size in
              (("n", SAMPLES), ("i", dimension("d0")), ("j", dimension("d1")), ("k", dimension("d2"))))


def test_pre_activation_is_data_times_weights():
    made = product_form(Sum(Access("W", k, j) * Access("x", n, k), k), (n, j))
    assert made is not None
    assert (made.left, made.right) == (Access("x", n, k), Access("W", k, j))
    assert (made.contracted, made.batch, made.left_free, made.right_free) == ((k,), (), (n,), (j,))


def test_gradient_of_weights_puts_the_earlier_axis_left():
    made = product_form(Sum(Access("dz", n, j) * Access("x", n, k), n), (k, j))
    assert made is not None
    assert (made.left, made.right) == (Access("x", n, k), Access("dz", n, j))
    assert made.left_axes == (k, n)
    assert made.right_axes == (n, j)
    assert made.axes == (k, j)


def test_axes_of_the_output_on_both_sides_are_batch_axes():
    made = product_form(Sum(Access("q", n, i, k) * Access("p", n, j, k), k), (n, i, j))
    assert made is not None
    assert (made.batch, made.left_free, made.right_free) == ((n,), (i,), (j,))


def test_no_free_axis_is_an_elementwise_product_and_a_sum():
    made = product_form(Sum(Access("a", n, k) * log(Access("b", n, k)), k), (n,))
    assert made is not None
    assert made.batch == (n,)
    assert not made.is_matrix_product


def test_a_narrow_factor_joins_an_operand_that_it_does_not_enlarge():
    made = product_form(Sum(Access("s", n) * Access("x", n, k) * Access("dz", n, j), n), (k, j))
    assert made is not None
    assert made.left_free == (k,) and made.right_free == (j,)
    assert Access("s", n) in (*made.left.args, *made.right.args)


def test_affine_positions_are_left_alone():
    made = product_form(Sum(Access("x", n, i + k) * Access("W", k, j), k), (n, i, j))
    assert made is not None
    assert made.left == Access("x", n, i + k)
    assert (made.left_free, made.right_free) == ((n, i), (j,))


def test_factors_without_bound_index_become_the_scale():
    made = product_form(Sum(2 * Access("x", n, k) * Access("W", k, j), k), (n, j))
    assert made is not None and made.scale == 2


@pytest.mark.parametrize("expression", [
    Sum(Access("dz", n, j), n),
    Access("x", n, k),
    Integer(1),
    Sum(Access("x", n, k) + Access("W", k, j), k),
    Sum(Access("x", n) * Access("W", k, j), n, k),
])
def test_what_is_no_contraction(expression):
    assert product_form(expression, (n, j)) is None


def test_a_triple_product_that_would_grow_is_refused():
    grows = Sum(Access("a", n, k) * Access("b", k, j) * Access("c", j, k, i), k)
    made = product_form(grows, (n, j, i))
    assert made is None or {made.left, made.right} == {Access("a", n, k), Access("b", k, j) * Access("c", j, k, i)}
