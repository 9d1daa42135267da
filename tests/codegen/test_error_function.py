"""The error function of the emitted module, against mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from running import helpers

from codegen.targets.numpy import error_function


@pytest.fixture(scope="module")
def erf():
    return helpers()["erf"]


def test_the_coefficients_are_those_that_the_formulas_give():
    assert error_function.derive_small() == error_function.SMALL
    assert error_function.derive_large() == error_function.LARGE


def test_every_digit_over_the_whole_range(erf):
    x = np.concatenate([np.geomspace(1e-300, 1, 400), np.linspace(0.9, 1.1, 200), np.linspace(1, 8, 600)])
    x = np.concatenate([x, -x])
    exact = [mpmath.erf(mpmath.mpf(float(v))) for v in x]
    error = [abs((mpmath.mpf(float(got)) - want) / want) for got, want in zip(erf(x), exact, strict=True)]
    assert max(error) <= 1e-15


def test_every_digit_of_the_complement():
    x = np.concatenate([np.geomspace(1e-300, 1, 100), np.linspace(0.9, 1.1, 100), np.linspace(1, 26, 600)])
    x = np.concatenate([x, -x])
    exact = [mpmath.erfc(mpmath.mpf(float(v))) for v in x]
    for v, got, want in zip(x, helpers()["erfc"](x), exact, strict=True):
        assert abs(got / want - 1) <= 1e-15 + v * v * 2**-53  # v² is rounded before its exponential is taken


def test_the_ends_of_the_complement():
    with np.errstate(all="raise", under="ignore"):
        assert list(helpers()["erfc"](np.array([0.0, 1e30, -1e30, np.inf, -np.inf]))) == [1, 0, 2, 0, 2]


def test_float32_stays_float32(erf):
    x = np.linspace(-5, 5, 1001, dtype=np.float32)
    got = erf(x)
    assert got.dtype == np.float32
    assert np.allclose(got, erf(x.astype(np.float64)), rtol=1e-6, atol=0)


def test_the_ends(erf):
    with np.errstate(all="raise"):
        assert list(erf(np.array([0.0, 1e30, -1e30, np.inf, -np.inf]))) == [0, 1, -1, 1, -1]
    assert np.isnan(erf(np.array([np.nan])))[0]
