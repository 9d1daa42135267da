"""Coefficients of the error function for the NumPy target, which has none of its own.

    |x| ≤ 1:  erf(x) = x·P(s),                         s = 2x² − 1
    1 ≤ |x|:  erfc(|x|) = exp(−x²)·(1 − s)·Q(s),       s = (|x| − c)/(|x| + c)

and erf(x) = ±(1 − erfc(|x|)), erfc(−x) = 2 − erfc(x).  P and Q interpolate at Chebyshev points, computed by `interpolate`
to 60 digits and rounded once.  From 28 on, erfc is 0 in float64.
"""

from __future__ import annotations

from collections.abc import Callable

CENTRE = 2.0
END = 28
SMALL_DEGREE, LARGE_DEGREE = 11, 20
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
    -3.945730633996937e-08,
    3.8647383696807124e-07,
    -1.0451174813454213e-06,
    7.150941595279292e-07,
    3.9384259302065905e-07,
    6.949030227931834e-07,
    -1.4966638022267426e-07,
    -4.027078524820038e-06,
    -5.449003705500919e-06,
    8.542197269777754e-06,
    3.611968817484122e-05,
    8.592152521059691e-06,
    -0.00016576844556355955,
    -0.00020932397273177626,
    0.0007726530152767312,
    0.001619796265660951,
    -0.005377665472350271,
    -0.00911055787670293,
    0.0698680231390134,
    -0.1717901711034527,
    0.25539567631050575,
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
    """Q on the range of s for 1 ≤ x ≤ 28."""
    import mpmath

    def scaled(s):
        x = CENTRE * (1 + s) / (1 - s)
        return mpmath.exp(x * x) * mpmath.erfc(x) / (1 - s)

    return interpolate(scaled, (1 - CENTRE) / (1 + CENTRE), (END - CENTRE) / (END + CENTRE), LARGE_DEGREE)
