"""An expression over nodes is shown to be 0, or nothing is said."""

from __future__ import annotations

import pytest
import sympy
from sympy import Abs, Float, Max, Piecewise, cosh, exp, log, sqrt, tanh

from derive.claims.effort import Effort
from derive.claims.proof.extent import terms
from derive.claims.proof.numbers import Numbers
from derive.claims.proof.vanishing import MOST_TERMS, vanishes
from derive.language.expressions import Access

A, B, T, Z = (Access(name, 0) for name in "abtz")
EQUATIONS = {A: 1 / (1 + exp(-Z)), B: A * T}


def shown(expression, determined=None, effort=None):
    depths, facts = {A: 1, B: 2}, determined or {}
    numbers = Numbers(lambda node: facts.get(node) or EQUATIONS.get(node))
    return vanishes(expression, EQUATIONS.get, lambda node: depths.get(node, 0), facts.get, numbers.may_vanish,
                    effort or Effort(10**6))


@pytest.mark.parametrize("expression", [
    B - A * T, (B - A * T) * (Z - T),
    B - T / (1 + exp(-Z)),
    A * (1 - A) - exp(-Z) / (1 + exp(-Z)) ** 2,
    A * (1 - A) - exp(Z) / (1 + exp(Z)) ** 2,
    tanh(Z / 2) - (2 * A - 1),
    1 - tanh(Z) ** 2 - 1 / cosh(Z) ** 2,
    log(A) - Z + log(1 + exp(Z)),
    -T * log(A) - (1 - T) * log(1 - A) - (log(1 + exp(Z)) - T * Z),
    log((1 - B) * (1 - T)) - log(1 - B) - log(1 - T),
    Max(Z, 0) - Piecewise((Z, Z > 0), (0, True)),
    Abs(Z) - Max(Z, -Z),
    Piecewise((1, Z > 0), (0, True)) * Z - Max(Z, 0),
    1 / sqrt(Z**2 + 1) - sqrt(Z**2 + 1) / (Z**2 + 1),
    Float(0.5) * A - A / 2,
    sympy.sin(Z) ** 2 + sympy.cos(Z) ** 2 - 1,
    sympy.sin(2 * Z) - 2 * sympy.sin(Z) * sympy.cos(Z),
    sympy.tan(Z) * sympy.cos(Z) - sympy.sin(Z),
    sympy.cos(Z - A) - sympy.cos(Z) * sympy.cos(A) - sympy.sin(Z) * sympy.sin(A),
])
def test_what_is_0_is_shown_to_be(expression):
    assert shown(expression)


@pytest.mark.parametrize("expression", [
    A, A * (1 - A) - A, A - 1 / (1 + exp(Z)), Max(Z, 0) - Z, log(A) + Z, sympy.sin(Z) ** 2, sqrt(Z**2) - Z,
    A - 0.7310585786300049,
])
def test_what_is_not_0_is_not(expression):
    assert not shown(expression)


def test_declared_facts_are_known():
    assert not shown(A + B + T - 1)
    assert shown(Z + T - 1, {T: 1 - Z})


def test_what_would_take_long_is_not_begun():
    square, long = A**2 + 2 * A * B + B**2, A + B
    assert shown(square**4 - long**8)
    wide = sum((Access("w", n) for n in range(8)), A)
    wide = (wide**2 + 2 * wide * B + B**2) ** 6 - (wide + B) ** 12
    assert terms(wide) > MOST_TERMS and not shown(wide)
    assert not shown(square - long**2, effort=Effort(100))
