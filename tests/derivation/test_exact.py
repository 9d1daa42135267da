"""Every derived gradient equals SymPy's direct derivative of the expanded loss, and passes Taylor's test."""

from __future__ import annotations

import mpmath
import pytest
import sympy

from derive.instantiate import instantiate

from .checks import DIGITS, derived_parameters, difference_errors, exact_errors, is_second_order, taylor_slope
from .evaluation import Values
from .networks import CATALOGUE, Handmade, as_floating, case


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_entry_of_every_gradient_is_the_direct_derivative_of_the_expanded_loss(name):
    assert exact_errors(case(CATALOGUE[name], 1)) == {}


@pytest.mark.parametrize("name", ["shared biases", "loss cross-entropy with labels"])
def test_the_same_over_several_samples(name):
    assert exact_errors(case(CATALOGUE[name], 2)) == {}


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_adjoint_of_every_quantity_is_a_limit_of_difference_quotients(name):
    assert difference_errors(case(CATALOGUE[name])) == {}


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_is_left_after_the_gradient_falls_with_the_square_of_the_step(name):
    assert is_second_order(taylor_slope(case(CATALOGUE[name])))


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_parameter_is_put_to_the_test(name):
    it = case(CATALOGUE[name])
    with mpmath.workdps(DIGITS):
        values = Values(it.derivation.system, it.sizes, as_floating(it.given))
        assert all(any(values[it.derivation.adjoint(parameter).quantity.name].values())
                   for parameter in derived_parameters(it))
    assert taylor_slope(it) is not None  # J is not linear along the direction of the test


@pytest.mark.parametrize("name", ["a residual connection", "two branches, concatenated", "loss cross-entropy"])
def test_the_scalar_view_has_the_values_of_the_index_equations(name):
    it = case(CATALOGUE[name])
    instance = instantiate(it.derivation.system, it.network.sizes, it.samples)
    with mpmath.workdps(DIGITS):
        given = as_floating(it.given)
        values = Values(it.derivation.system, it.sizes, given)
        symbols = {instance.symbol(leaf, *place): value for leaf in given for place, value in given[leaf].items()}
        for adjoint in it.derivation.adjoints:
            name = adjoint.quantity.name
            written_out = [instance.expanded(name, *place) for place in values[name]]
            numbers = sympy.lambdify(list(symbols), written_out, "mpmath", cse=True)(*symbols.values())
            for number, value in zip(numbers, values[name].values(), strict=True):
                assert abs(number - value) < mpmath.mpf(10) ** -30 * (1 + abs(value))


@pytest.mark.parametrize("name", ["two inputs, added", "two branches, concatenated", "activation softmax"])
def test_the_loss_can_be_differentiated_by_its_inputs(name):
    it = case(CATALOGUE[name])
    by = it.network.inputs
    derivation = it.network.derivation(by)
    assert {a.of.name for a in derivation.adjoints} >= set(by)
    assert difference_errors(Handmade(it.network.system, derivation, it.given, it.sizes)) == {}
