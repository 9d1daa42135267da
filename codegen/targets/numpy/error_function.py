"""Coefficients of the error function for the NumPy target, which has none of its own.

    |x| ≤ 1:      erf(x) = x·P(s),                  s = 2x² − 1
    1 ≤ |x| < 6:  erf(x) = ±(1 − exp(−x²)·Q(s)),    s = (|x| − c)/(|x| + c)

P and Q interpolate at Chebyshev points, computed by `interpolate` to 60 digits and rounded once.  From 6 on, erf is
±1 to the last digit of float64.
"""

from __future__ import annotations

from collections.abc import Callable

CENTRE = 2.0
SMALL_DEGREE, LARGE_DEGREE = 11, 15
SMALL = (
    -3.80659122412214e-13,
    9.21125018742823e-12,
    -2.035231956483527e-10,
    4.115751500265885e-09,
    -7.51156925108609e-08,
    1.2233827638093572e-06,
    -1.75371694412802e-05,
    0.00021751715603563488,
    -0.0022854855611440855,
    0.019852496688984218,
    -0.1405360890227171,
    0.9654687386698673,
)
LARGE = (
    -2.2281295763723514e-07,
    4.146302183268488e-06,
    1.8594273874294017e-06,
    -1.4166339069117108e-05,
    -2.7640727821912852e-05,
    2.7560352756678313e-05,
    0.00017436477257256738,
    4.355265359817883e-05,
    -0.0009819771114740715,
    -0.0008471431229415333,
    0.006997461739200575,
    0.0037328924016564484,
    -0.07897858101571269,
    0.24165819424248763,
    -0.4271858474139585,
    0.2553956763105057,
)


def interpolate(function: Callable, low: float, high: float, degree: int) -> tuple[float, ...]:
    """Coefficients, from the highest power down, of the polynomial through the Chebyshev points of [low, high]."""
    import mpmath

    with mpmath.workdps(60):
        points = [(high + low) / mpmath.mpf(2) + (high - low) / mpmath.mpf(2)
                  * mpmath.cos(mpmath.pi * (2 * k + 1) / (2 * degree + 2)) for k in range(degree + 1)]
        matrix = mpmath.matrix([[x ** p for p in range(degree, -1, -1)] for x in points])
        solution = mpmath.lu_solve(matrix, mpmath.matrix([function(x) for x in points]))
        return tuple(float(c) for c in solution)


def derive_small() -> tuple[float, ...]:
    """P on −1 ≤ s ≤ 1."""
    import mpmath

    def ratio(s):
        x = mpmath.sqrt((s + 1) / 2)
        return mpmath.erf(x) / x if x else 2 / mpmath.sqrt(mpmath.pi)

    return interpolate(ratio, -1, 1, SMALL_DEGREE)


def derive_large() -> tuple[float, ...]:
    """Q on the range of s for 1 ≤ x ≤ 6."""
    import mpmath

    def scaled(s):
        x = CENTRE * (1 + s) / (1 - s)
        return mpmath.exp(x * x) * mpmath.erfc(x)

    return interpolate(scaled, (1 - CENTRE) / (1 + CENTRE), (6 - CENTRE) / (6 + CENTRE), LARGE_DEGREE)
