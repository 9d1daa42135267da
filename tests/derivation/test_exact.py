"""Every derived gradient equals SymPy's direct derivative of the loss, and passes Taylor's test."""

from __future__ import annotations

import pytest

from .checks import exact_errors, is_second_order, taylor_slope
from .networks import CATALOGUE, case


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_entry_of_every_adjoint_is_the_direct_derivative_of_the_expanded_loss(name):
    assert exact_errors(case(CATALOGUE[name])) == {}


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_is_left_after_the_gradient_falls_with_the_square_of_the_step(name):
    assert is_second_order(taylor_slope(case(CATALOGUE[name])))


def test_only_what_is_linear_has_no_slope():
    linear = {name for name in CATALOGUE if taylor_slope(case(CATALOGUE[name])) is None}
    assert linear == set()
