"""Any affine position of any array is read, summed over and added to alike by loops, plain functions and buffers."""

from __future__ import annotations

import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from test_any_rank import A, derived, n, run, system

from derive.language.expressions import Index, Sum, Within
from derive.language.substitution import SAMPLES

SLOPES = st.integers(-3, 3).filter(bool)


def span(*slopes_and_sizes):
    """The least and the greatest value of Σ slope·index."""
    ends = [(slope * (size - 1)) for slope, size in slopes_and_sizes]
    return sum(min(end, 0) for end in ends), sum(max(end, 0) for end in ends)


@settings(deadline=None, max_examples=25, derandomize=True)
@given(SLOPES, SLOPES, st.integers(1, 4), st.integers(1, 4), st.integers(0, 2), st.integers(0, 2))
def test_two_indices_in_one_axis(a, b, rows, columns, before, after):
    """Σ_k x[n,k]·W[a·i + b·k + c]: a Toeplitz matrix (1, −1), a Hankel matrix (1, 1), windows, digits; all backwards too."""
    i, k = Index("i", rows), Index("k", columns)
    low, high = span((a, rows), (b, columns))
    W = Index("p", high - low + 1 + before + after)
    made = system({"x": (n, k), "W": (W,), "y": (n, i)},
                  (("y", n, i), Sum(A("x", n, k) * A("W", a * i + b * k + before - low), k)))
    run(derived(made), {SAMPLES: 2})


@settings(deadline=None, max_examples=25, derandomize=True)
@given(SLOPES, SLOPES, st.integers(1, 4), st.integers(1, 4), st.integers(-3, 3), st.integers(1, 8))
def test_positions_outside_of_the_array_count_as_zero(a, b, rows, columns, offset, size):
    i, k = Index("i", rows), Index("k", columns)
    at = a * i + b * k + offset
    body = Sum(A("x", n, k) * A("W", at) * Within(at, size), k)
    if body != 0:
        made = system({"x": (n, k), "W": (Index("p", size),), "y": (n, i)}, (("y", n, i), body + 1))
        run(derived(made), {SAMPLES: 2})


@settings(deadline=None, max_examples=8, derandomize=True)
@given(SLOPES, st.integers(1, 4), st.integers(0, 2), st.integers(0, 2), st.integers(-2, 2), st.booleans())
def test_positions_beside_a_recurrence(slope, steps, before, after, lag, reverse):
    """h[n,t] = tanh(x[n, a·t + c] + h[n,t∓1]·u[t + lag]), and what reads it backwards."""
    t = Index("t", steps)
    low, high = span((slope, steps))
    x = Index("p", high - low + 1 + before + after)
    last = t + 1 if reverse else t - 1
    made = system({"x": (n, x), "u": (t,), "h": (n, t), "y": (n, t)},
                  (("h", n, t), sympy.tanh(A("x", n, slope * t + before - low) + A("h", n, last) * Within(last, steps)
                                           * A("u", t + lag) * Within(t + lag, steps))),
                  (("y", n, t), A("h", n, steps - 1 - t) * A("u", t)))
    run(derived(made), {SAMPLES: 2})
