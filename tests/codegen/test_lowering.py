"""Lowered code computes what the equation says, entry by entry, in every form and after every pass."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from running import check
from sympy import Integer, Max, Min, Piecewise, Rational

from derive.language.equations import Equation, Quantity
from derive.language.expressions import Access, Delta, Index, Maximum, Sum, Within, dimension
from derive.language.substitution import SAMPLES
from derive.rewrites.named_functions import erfc, expm1, log1p, sigmoid, softplus

M, D1, D2, D3 = SAMPLES, dimension("d1"), dimension("d2"), dimension("d3")
SIZES = {M: 5, D1: 2, D2: 3, D3: 4}
n, j, k, l, i = Index("n", M), Index("j", D2), Index("k", D3), Index("l", D1), Index("i", D3)  # noqa: E741
w = Index("w", 2)
X = {"x": (n, k), "W": (k, j), "V": (j, k), "y": (n, j), "b": (j,), "c": (k,), "r": (n,), "q": (n, i, k),
     "p": (n, j, k), "S": (k, i), "s": ()}
rng = np.random.default_rng(3)
ARRAYS = {name: rng.standard_normal([int(a.size.xreplace(SIZES)) for a in axes]) for name, axes in X.items()}
ARRAYS["t"] = rng.integers(0, 3, 5)
QUANTITIES = {name: Quantity(name, axes) for name, axes in X.items()} | {"t": Quantity("t", (n,), integer=True)}


def A(name: str, *indices: object) -> Access:  # noqa: N802 - short, as it stands in every line
    return Access(name, *indices)


def run(target: Access, body: sympy.Expr, *more: Equation, arrays=ARRAYS) -> dict[str, str]:
    equations = [Equation(target, sympy.sympify(body), 1), *more]
    quantities = {name: q for name, q in QUANTITIES.items() if name in arrays}
    for equation in equations:
        quantities[equation.name] = Quantity(equation.name, tuple(
            a if isinstance(a, Index) else Index(f"z{place}", 1) for place, a in enumerate(equation.target.indices)))
    used = {a.name for e in equations for a in e.body.atoms(Access)}
    return check(equations, quantities, SIZES, {name: a for name, a in arrays.items() if name in used})


z = A("z", n, j)
y, row = A("y", n, j), A("r", n)

CASES = {
    "matrix product and bias": (z, Sum(A("x", n, k) * A("W", k, j), k) + A("b", j), "z = x @ W + b"),
    "transposed left": (A("z", k, j), Sum(A("x", n, k) * A("y", n, j), n), "z = x.T @ y"),
    "transposed right": (z, Sum(A("x", n, k) * A("V", j, k), k), "z = x @ V.T"),
    "result transposed": (A("z", j, n), Sum(A("x", n, k) * A("W", k, j), k), "z = W.T @ x.T"),
    "matrix and vector": (A("z", n), Sum(A("x", n, k) * A("c", k), k), "z = x @ c"),
    "vector and matrix": (A("z", j), Sum(A("c", k) * A("W", k, j), k), "z = W.T @ c"),
    "inner product": (A("z"), Sum(A("c", k) ** 3 * A("c", k), k), None),
    "scalar product": (A("z"), Sum(A("x", n, k) * A("x", n, k) * A("s"), n, k), None),
    "outer product": (A("z", n, j), A("r", n) * A("b", j), "z = r[:, np.newaxis] * b"),
    "three factors": (z, Sum(A("x", n, k) * A("c", k) * A("W", k, j), k), None),
    "compound operand": (z, Sum((A("x", n, k) - A("c", k)) * A("W", k, j), k), "z = (x - c) @ W"),
    "sum of products inside a sum": (z, Sum(A("x", n, k) * A("W", k, j) + A("c", k), k), None),
    "product of two products": (z, Sum(Sum(A("x", n, i) * A("S", i, k), i) * A("W", k, j), k), None),
    "batch": (A("z", n, i, j), Sum(A("q", n, i, k) * A("p", n, j, k), k), "z = q @ p.transpose(0, 2, 1)"),
    "shared operand": (A("z", n, i, j), Sum(A("q", n, i, k) * A("W", k, j), k), "z = q @ W"),
    "two contracted axes": (A("z", j), Sum(A("p", n, j, k) * A("x", n, k), n, k), None),
    "one product for each sample": (A("z", n), Sum(A("x", n, k) * A("c", k) * A("x", n, k), k), None),
    "batch sum": (A("z", n), Sum(A("x", n, k) * sympy.exp(A("x", n, k)), k), None),
    "sum over rows": (A("z", j), Sum(A("y", n, j), n), "z = y.sum(axis=0)"),
    "sum over all": (A("z"), Sum(A("y", n, j), n, j) / M, "z = y.sum() / m"),
    "sum that the body does not hold": (A("z", n), Sum(A("r", n), j), "z = 3 * r"),
    "diagonal": (A("z", k), A("S", k, k), None),
    "trace": (A("z"), Sum(A("S", k, k), k), None),
    "transpose": (A("z", j, n), A("y", n, j), "z = y.T"),
    "permuted axes": (A("z", k, n, j), A("p", n, j, k) * A("b", j), None),
    "fixed index": (A("z", n), A("y", n, 0) - A("y", n, 2), "z = y[:, 0] - y[:, 2]"),
    "slice": (A("z", n, l), A("x", n, l + 1), "z = x[:, 1:3]"),
    "first part": (A("z", n, l), A("x", n, l) ** 2, None),
    "stride": (A("z", n, l), A("x", n, 2 * l + 1), "z = x[:, 1::2]"),
    "reversed": (A("z", n, k), A("x", n, D3 - 1 - k), None),
    "window": (A("z", n, l, w), A("x", n, l + w), None),
    "constant": (z, 1 / M, "z = np.full((m, 3), 1 / m, float)"),
    "broadcast": (z, A("b", j), "z = np.broadcast_to(b, (m, 3))"),
    "column": (z, A("y", n, j) - A("r", n), "z = y - r[:, np.newaxis]"),
    "softmax": (z, sympy.exp(A("y", n, j)) / Sum(sympy.exp(A("y", n, Index("k", D2))), Index("k", D2)), None),
    "largest": (A("z", n), Maximum(A("y", n, j), j), "z = y.max(axis=1)"),
    "largest of all": (A("z"), Maximum(A("y", n, j) * A("b", j), n, j), None),
    "shifted by the largest": (z, A("y", n, j) - Maximum(A("y", n, Index("k", D2)), Index("k", D2)),
                               "z = y - y.max(axis=1, keepdims=True)"),
    "gather": (A("z", n), A("y", n, A("t", n)), "z = y[np.arange(m), t]"),
    "rows of a table": (A("z", n, k), A("V", A("t", n), k), None),
    "one-hot": (z, (A("y", n, j) - Delta(j, A("t", n))) / M, None),
    "negative one-hot": (z, -Delta(j, A("t", n)) / (M * A("y", n, j)), None),
    "scatter": (A("z", j, k), Sum(Delta(j, A("t", n)) * A("x", n, k), n), None),
    "scatter into columns": (A("z", k, j), Sum(Delta(j, A("t", n)) * A("x", n, k), n), None),
    "counts": (A("z", j), Sum(Delta(j, A("t", n)) * A("r", n) ** 0 * A("s"), n), None),
    "identity matrix": (A("z", k, i), Delta(k, i) * A("S", k, i), None),
    "upper triangle": (A("z", k, i), Within(i - k, D3) * A("S", k, i), None),
    "branches": (z, Piecewise((A("y", n, j), A("y", n, j) > 0), (A("y", n, j) / 100, True)), None),
    "three branches": (z, Piecewise((1, A("y", n, j) > 1), (A("y", n, j), A("y", n, j) > A("r", n)), (-1, True)), None),
    "two conditions": (z, Piecewise((A("y", n, j), (A("y", n, j) > -1) & (A("y", n, j) < 1)), (0, True)), None),
    "gradient of a branch": (z, A("y", n, j) * Piecewise((1, A("b", j) > 0), (0, True)), None),
    "step": (z, Piecewise((1, A("y", n, j) > 0), (0, True)), None),
    "extremes": (z, Max(A("y", n, j), 0) - Min(A("y", n, j), A("r", n)), None),
    "functions": (z, sympy.tanh(y) * sympy.sin(y) - sympy.Abs(y) * sympy.sign(row), None),
    "named functions": (z, sigmoid(y) * softplus(-y) + log1p(y**2) * expm1(row), None),
    "error function": (z, sympy.erf(A("y", n, j) / sympy.sqrt(2)), None),
    "complement of the error function": (z, erfc(A("y", n, j) / sympy.sqrt(2)), None),
    "powers": (z, (y**2 + 1) ** Rational(-1, 2) + y**3 - y**4 + 1 / y, None),
    "scalars": (z, A("s") * A("y", n, j) / 3 - 2 * A("s") + sympy.sqrt(2), None),
    "fractions": (z, -A("y", n, j) * A("r", n) / (7 * A("b", j) * (1 - A("y", n, j))), None),
}


@pytest.mark.parametrize("name", CASES)
def test_code_computes_the_equation(name):
    target, body, line = CASES[name]
    code = run(target, body)
    if line is not None:
        assert code["readable"] == line


def test_concatenation_fills_parts():
    whole = Index("j", D1 + D2)
    body = Within(whole, D1) * A("a", n, whole) + Within(whole - D1, D2) * A("y", n, whole - D1)
    a = Quantity("a", (n, l))
    arrays = {"a": rng.standard_normal((5, 2)), "y": ARRAYS["y"]}
    quantities = {"a": a, "y": QUANTITIES["y"], "c": Quantity("c", (n, whole))}
    code = check([Equation(A("c", n, whole), body, 1)], quantities, SIZES, arrays)
    assert code["readable"] == "c = np.empty((m, 5), float)\nc[:, :2] = a\nc[:, 2:] = y"


def test_padding_adds_to_a_part():
    body = A("c", k) + Within(k - 1, D1) * A("a", k - 1) * A("s")
    quantities = {"a": Quantity("a", (l,)), "c": QUANTITIES["c"], "s": QUANTITIES["s"], "z": Quantity("z", (k,))}
    arrays = {"a": np.array([1.0, 2.0]), "c": ARRAYS["c"], "s": ARRAYS["s"]}
    check([Equation(A("z", k), body, 1)], quantities, SIZES, arrays)


def test_a_sum_of_terms_over_different_axes_is_no_large_array():
    code = run(z, Sum(A("x", n, k) * A("W", k, j) + A("c", k), k))
    assert "@" in code["readable"] and "np.newaxis, :" not in code["readable"]


def test_known_sizes_fold_into_scalars():
    code = run(z, 3 * A("y", n, j) / (D2 * M))
    assert code["readable"] == "z = y / m"


def test_equations_share_what_they_have_in_common():
    over = Index("k", D2)
    shifted = sympy.exp(A("y", n, j) - Maximum(A("y", n, over), over))
    total = Sum(sympy.exp(A("y", n, over) - Maximum(A("y", n, Index("l", D2)), Index("l", D2))), over)
    code = run(z, shifted / total, Equation(A("e", n), sympy.log(total), 2))
    assert code["readable"].count("np.exp") == 1
    assert code["readable"].count(".max(") == 1


# Equations that nobody thought of.

leaves = st.sampled_from([A("x", n, k), A("y", n, j), A("W", k, j), A("V", j, k), A("b", j), A("c", k), A("r", n),
                          A("s"), Integer(2), Rational(1, 3), 1 / M])
expressions = st.recursive(leaves, lambda inner: st.one_of(
    st.builds(lambda a, b: a + b, inner, inner),
    st.builds(lambda a, b: a - b, inner, inner),
    st.builds(lambda a, b: a * b, inner, inner),
    st.builds(lambda a, b: a / (1 + b**2), inner, inner),
    st.builds(sympy.tanh, inner),
    st.builds(sigmoid, inner),
    st.builds(lambda a: Max(a, 0), inner),
    st.builds(lambda a, b: Piecewise((a, b > 0), (2 * a, True)), inner, leaves),
), max_leaves=6)


@settings(max_examples=60, deadline=None, report_multiple_bugs=False)
@given(expressions, st.sampled_from([(n, j), (j, n), (n,), (j,), ()]), st.booleans())
def test_any_equation(body, axes, largest):
    """Σ (or max) of the body over every index that the target does not have."""
    bound = sorted(body.free_symbols - set(axes) - {M}, key=lambda s: s.name)
    body = sympy.sympify(body)
    if bound:
        body = Maximum(body, *bound) if largest else Sum(body, *bound)
    if not body.has(Access):
        return
    run(A("z", *axes), body)
