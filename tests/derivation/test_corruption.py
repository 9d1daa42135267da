"""A check that has never failed proves nothing: every corrupted derivation is caught, by both checks."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import pytest
from sympy import Rational

from .checks import DIGITS, derived_parameters, exact_errors, is_second_order, taylor_slope
from .corruption import corrupted, with_equation
from .evaluation import Values
from .networks import CATALOGUE, as_floating, case

NETWORKS = ["a residual connection", "two branches, concatenated", "L1 and L2 of named parameters",
            "an autoencoder with transposed weights", "loss cross-entropy with labels", "loss binary cross-entropy"]


@pytest.mark.parametrize("name", NETWORKS)
def test_both_checks_catch_every_mistake(name):
    it = case(CATALOGUE[name], 2)
    right = _gradients(it, it.derivation.system)
    harmless, caught, missed = [], [], []
    for mistake, system in corrupted(it.derivation, it.sizes):
        if _equal(_gradients(it, system), right):
            harmless.append(mistake)
        elif exact_errors(it, system) and not is_second_order(taylor_slope(it, system)):
            caught.append(mistake)
        else:
            missed.append(mistake)
    assert missed == []
    assert len(caught) > 20
    assert harmless == []


def test_a_mistake_of_one_part_in_a_million_is_caught():
    it = case(CATALOGUE["activation tanh"], 2)
    adjoint = it.derivation.adjoint("z1").equation
    wrong = with_equation(it.derivation.system, replace(adjoint, body=adjoint.body * Rational(1000001, 1000000)))
    assert exact_errors(it, wrong)
    assert not is_second_order(taylor_slope(it, wrong))


def _gradients(it, system):
    with mpmath.workdps(DIGITS):
        values = Values(system, it.sizes, as_floating(it.given))
        return [value for name in derived_parameters(it)
                for value in values[it.derivation.adjoint(name).quantity.name].values()]


def _equal(one, other):
    return all(abs(a - b) < mpmath.mpf(10) ** -25 for a, b in zip(one, other, strict=True))
