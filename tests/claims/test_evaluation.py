"""Expressions as functions give what `derive.instantiate.number` gives."""

from __future__ import annotations

import math

import pytest
from sympy import Abs, Max, Piecewise, Rational, exp, log, sin, sqrt, tanh

from derive.claims.working.evaluation import compiled
from derive.instantiate import number
from derive.language.expressions import Access

A, B = Access("a", 0), Access("b", 0, 1)


@pytest.mark.parametrize("expression", [
    A + 2 * B, A * B / 3, A**2 / B, 1 / (1 + exp(-A)), log(B), tanh(A) - sin(B), Max(A, B), Abs(A) * B, Rational(1, 3),
    Piecewise((A, A > 0), (B, True)), sqrt(A), sqrt(A) + B, 2 * sqrt(A) * B, log(A), exp(exp(B)),
])
@pytest.mark.parametrize("values", [(0.5, 0.25), (-0.5, 0.25), (0.0, 9.0), (math.inf, 1.0)])
def test_a_compiled_expression_has_the_same_value(expression, values):
    numbers = {("a", (0,)): values[0], ("b", (0, 1)): values[1]}
    expected, found = number(expression, numbers), compiled(expression)(numbers)
    assert found == pytest.approx(expected, rel=1e-15, nan_ok=True)
