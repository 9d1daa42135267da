"""Logits of ±1000: finite values, right digits, no warnings, in the loss and in every gradient.

The reference evaluates the derived equations, which the exact checks have proved, in a precision in which nothing
underflows; what is tested is the generated module in float64.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from sympy import Abs, Integer, Max, Min, Ne, Piecewise, Rational, cosh, erf, exp, log, sign, sinh, sqrt, tanh

import codegen
from derive.catalogue.activations import ACTIVATIONS
from derive.language.equations import System
from derive.language.expressions import Access, Index, Maximum, Sum
from derive.rewrites.named_functions import erfc, expm1, guarded, log1p, sigmoid, softplus
from derive.rewrites.stability import REWRITES, stable
from derive.rewrites.stable_system import stable_system

from .digits import wrong_digits
from .evaluation import DOUBLE, Values
from .networks import case, network

EPSILON = 2.0**-52
ENOUGH = 900  # digits in which 1 + exp(−2000) is not 1
LOGITS = [[1000, -1000, 0], [40, -40, 1e-8], [-1e-8, 0, 40], [1000, 1000, -40], [-1000, -1000, -1000.5], [0, 0, 0],
          [1e-8, -1e-8, 2e-8], [30, 20, 10], [-745, -709, 709], [-746, 710, -20], [3, -2, 0.5], [100, -100, 1]]

# -- each named rewrite ---------------------------------------------------------------------------------------

NOTHING = System({}, ())
X, Y = Access("x"), Access("y")
K = Index("k", 3)
V = Access("v", K)
LARGEST = Maximum(V, K)
EXAMPLES = {
    "positive part": [(Piecewise((X, X > 0), (0, True)), Max(X, 0)), (Piecewise((X, X < Y), (Y, True)), Min(X, Y)),
                      (Piecewise((X, X > 0), (-X, X < 0), (0, True)), Abs(X)),
                      (Piecewise((1, X > 0), (-1, X < 0), (0, True)), sign(X))],
    "logistic": [(1 / (1 + exp(-X)), sigmoid(X)), ((1 + exp(X)) ** -2, sigmoid(-X) ** 2)],
    "logistic of the other sign": [(exp(X) * sigmoid(-X), sigmoid(X)),
                                   (exp(2 * X) * sigmoid(-X) ** 3, sigmoid(X) ** 2 * sigmoid(-X)),
                                   (exp(X) * (Y * sigmoid(-X) - sigmoid(-X) ** 2),
                                    exp(X) * Y * sigmoid(-X) - exp(X) * sigmoid(-X) ** 2)],
    "complement": [(1 - sigmoid(X), sigmoid(-X)), (1 + tanh(X), 2 * sigmoid(2 * X)),
                   (1 - tanh(X), 2 * sigmoid(-2 * X)), (Rational(1, 2) + tanh(X / 2) / 2, sigmoid(X)),
                   (1 + erf(X), erfc(-X)), (1 - erf(X), erfc(X)), (2 * sigmoid(X) - 1, tanh(X / 2))],
    "complement of a square": [(1 - tanh(X) ** 2, (1 - tanh(X)) * (1 + tanh(X)))],
    "log-cosh": [(log(cosh(X)), Abs(X) + log1p(exp(-2 * Abs(X))) - log(2))],
    "hyperbolic ratio": [(sinh(X) / cosh(X), tanh(X)), (Y * sinh(X) / cosh(X) ** 2, Y * tanh(X) / cosh(X))],
    "tanh of exponentials": [((exp(X) - exp(-X)) / (exp(X) + exp(-X)), tanh(X)),
                             ((3 * exp(-2 * X) - 3 * exp(2 * X)) / (exp(2 * X) + exp(-2 * X)), -3 * tanh(2 * X))],
    "magnitude": [(Y * X * sign(X), Y * Abs(X))],
    "difference of quotients": [(1 / (1 + Abs(X)) - Abs(X) / (1 + Abs(X)) ** 2, (1 + Abs(X)) ** -2)],
    "beside a saturation": [(exp(2 * X) * sigmoid(-3 * exp(Min(X, 80))),
                             exp(2 * Min(X, 80)) * sigmoid(-3 * exp(Min(X, 80))))],
    "hyperbolic secant": [(1 / cosh(X), 2 * exp(-Abs(X)) * sigmoid(2 * Abs(X)))],
    "tanh of a half": [(expm1(X) * sigmoid(-X), tanh(X / 2))],
    "common factor of a sum": [(Sum(V * exp(X), K), exp(X) * Sum(V, K))],
    "scaled power": [(1 / (exp(X) + exp(-X)), exp(-Max(X, -X)) / (exp(X - Max(X, -X)) + exp(-X - Max(X, -X)))),
                     (1 / Sum(exp(V), K), exp(-LARGEST) / Sum(exp(V - LARGEST), K)),
                     (sqrt(1 + 2 * exp(X)), exp(Max(0, X) / 2) * sqrt(exp(-Max(0, X)) + 2 * exp(X - Max(0, X))))],
    "product of exponentials": [(exp(X) * exp(-Max(X, 0)), exp(X - Max(X, 0)))],
    "merged exponentials": [((exp(X) + Y) * exp(-Max(X, 0)), exp(X) * exp(-Max(X, 0)) + Y * exp(-Max(X, 0))),
                            (Sum(V * exp(V), K) * exp(-LARGEST), Sum(V * exp(V) * exp(-LARGEST), K)),
                            (exp(X) * (exp(-Max(X, 0)) + Y), exp(X) * exp(-Max(X, 0)) + Y * exp(X))],
    "weighted exponential": [(Y * exp(X - guarded(X, Ne(Y, 0), 0)),
                              Y * exp(guarded(X - guarded(X, Ne(Y, 0), 0), Ne(Y, 0), 0)))],
    "saturated exponential": [(tanh(exp(X)), tanh(exp(Min(X, 80)))), (exp(Y - 2 * exp(X)), exp(Y - 2 * exp(Min(X, 80))))],
    "logarithm of a combination": [
        (log(1 + exp(X)), softplus(X)), (log(1 + exp(-2 * X)), softplus(-2 * X)),
        (log(3 + 2 * exp(X)), log(3) + softplus(log(2 * exp(X)) - log(3))),
        (log(1 + Sum(exp(V), K)), softplus(log(Sum(exp(V), K)))),
        (log(Sum(exp(V), K)), LARGEST + log(Sum(exp(V - LARGEST), K)))],
    "logarithm of a product": [(log(exp(X) * Y), X + log(Y)), (log(sigmoid(X)), -softplus(-X)),
                               (log(Y * (1 + exp(X))), log(1 + exp(X)) + log(Y))],
    "logarithm of softplus": [(log(softplus(X)), Piecewise((log(softplus(Max(X, -37))), X > -37), (X, True)))],
    "logistic over softplus": [(sigmoid(X) / softplus(X),
                                Piecewise((sigmoid(X) / softplus(Max(X, -37)), X > -37), (1, True)))],
    "product with its logarithm": [(Y * log(Y / 3), Y * log(guarded(Y / 3, Ne(Y, 0), 1))),
                                   ((1 - Y) * log1p(-Y), (1 - Y) * log(guarded(1 - Y, Ne(1 - Y, 0), 1)))],
    "log1p": [(log(1 + X), log1p(X))],
    "expm1": [(exp(X) - 1, expm1(X)), (3 * exp(X) - 3, 3 * expm1(X))],
    "guarded branch": [(Piecewise((X, X > 0), (exp(X), True)), Piecewise((X, X > 0), (exp(Min(X, 0)), True))),
                       (Piecewise((sqrt(X), X > 0), (0, True)), Piecewise((sqrt(guarded(X, X > 0, 1)), X > 0), (0, True))),
                       (Piecewise((log(guarded(X, Ne(Y, 0), 1)), X > 0), (0, True)),
                        Piecewise((log(guarded(X, Ne(Y, 0) & (X > 0), 1)), X > 0), (0, True))),
                       (Piecewise((Y, X < 1), (1 / X, True)), Piecewise((Y, X < 1), (1 / guarded(X, X >= 1, 1), True)))],
}
NAMED = {rewrite.name: rewrite for rewrite in REWRITES}


def test_every_rewrite_has_its_examples():
    assert EXAMPLES.keys() == NAMED.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_rewrite(name):
    for before, after in EXAMPLES[name]:
        assert sympy.expand(NAMED[name].apply(before) - after) == 0


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_value_stays_the_same_under(name):
    for x in (-3, Rational(-1, 7), 0, 2):
        arrays = {"x": {(): mpmath.mpf(x)}, "y": {(): mpmath.mpf("0.3")},
                  "v": {(i,): mpmath.mpf(value) for i, value in enumerate((x, 1, 2))}}
        values = Values(NOTHING, {}, arrays)
        for before, after in EXAMPLES[name]:
            assert values.of(before, {}) == pytest.approx(values.of(after, {}), rel=1e-13)


@pytest.mark.parametrize("name", NAMED)
def test_the_rewrite_leaves_alone_what_it_is_not_about(name):
    for node in (X + Y, X * Y, X**2, log(X), exp(X), 1 / X, Integer(2), tanh(X), 1 + X**2, X / (1 + Y)):
        if not (name == "log1p" and node == log(X)):
            assert NAMED[name].apply(node) is None


FORMS = {
    "1/(1+exp(-x))": 1 / (1 + exp(-X)), "exp(x)/(1+exp(x))": exp(X) / (1 + exp(X)), "log(1+exp(x))": log(1 + exp(X)),
    "log(1/(1+exp(-x)))": log(1 / (1 + exp(-X))), "log(1-1/(1+exp(-x)))": log(1 - 1 / (1 + exp(-X))),
    "x/(1+exp(-x))": X / (1 + exp(-X)), "log(cosh(x))": log(cosh(X)), "sinh(x)/cosh(x)": sinh(X) / cosh(X),
    "exp(x)-1": exp(Min(X, 1)) - 1, "log(1+exp(-x**2))": log(1 + exp(-X**2)), "1/cosh(x)": 1 / cosh(X),
    "x*tanh(log(1+exp(x)))": X * tanh(log(1 + exp(X))), "1+tanh(x)": 1 + tanh(X), "1-tanh(x)": 1 - tanh(X),
    "(exp(x)-exp(-x))/(exp(x)+exp(-x))": (exp(X) - exp(-X)) / (exp(X) + exp(-X)),
    "(exp(x)-1)/(exp(x)+1)": (exp(X) - 1) / (exp(X) + 1), "exp(x)/(1+exp(x))**2": exp(X) / (1 + exp(X)) ** 2,
    "1/(exp(x)+exp(-x))": 1 / (exp(X) + exp(-X)), "log(2+exp(x)) - x": log(1 + exp(X)) - log(1 + exp(-X)),
}
RELATIVE = {"(exp(x)-exp(-x))/(exp(x)+exp(-x))", "log(2+exp(x)) - x", "log(cosh(x))"}  # lose digits near 0, as typed


@pytest.mark.parametrize("name", FORMS)
def test_the_stable_form_is_right_to_the_last_digits_everywhere(name):
    form = stable(FORMS[name])
    for x in (1000.0, -1000.0, 709.0, -709.0, 40.0, -40.0, 20.0, -20.0, 3.0, -3.0, 0.5, 1e-8, -1e-8, 0.0):
        with mpmath.workdps(ENOUGH):
            wanted = Values(NOTHING, {}, {"x": {(): mpmath.mpf(x)}}).of(FORMS[name], {})
            with np.errstate(all="raise", under="ignore"):
                found = Values(NOTHING, {}, {"x": {(): np.float64(x)}}, DOUBLE).of(form, {})
            assert _agree(found, wanted, 1 if name in RELATIVE else 0), (x, found, mpmath.nstr(wanted, 20))


# -- whole networks -------------------------------------------------------------------------------------------

def page(activation: str, loss: str, hidden: bool = False) -> str:
    quoted = activation if activation.startswith("{") else f'"{activation}"'
    constants = "constants: {beta: 1.5}\n" if "beta" in activation else ""
    layers = f"{{dense: 3, activation: {quoted}}}" + (", {dense: 2}" if hidden else "")
    return f"inputs: {{x: 3}}\nlayers: [{layers}]\nloss: {loss}\n{constants}"


@cache
def module(text: str) -> dict[str, Any]:
    it = case(text, 1)
    namespace: dict[str, Any] = {"__name__": "generated"}
    exec(compile(codegen.generate(it.network, it.derivation), "generated", "exec"), namespace)
    return namespace


PARAMETERS = {"W1": np.eye(3), "b1": np.zeros(3), "W2": np.array([[0.5, 0.25], [1, 0.75], [0.5, 2]]),
              "b2": np.array([0.5, 0.1])}


def assert_right_digits(text: str, targets: list[Any]) -> None:
    """Forward values and gradients at the logits of LOGITS: finite, silent, every entry right."""
    it = network(text)
    limited, needed = text in DIFFERENCES, False
    parameters = {name: PARAMETERS[name] for name in it.parameters}
    for row in LOGITS:
        for target in targets:
            data = {"x": np.array([row], float), "t": np.array([target])}
            with np.errstate(all="raise", under="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error")
                prediction = module(text)["forward"](parameters, data["x"])
                loss, gradients = module(text)["loss_and_gradients"](parameters, **data)
            found = {it.prediction: prediction, it.loss: np.array(loss), "dJ_db1": gradients["b1"],
                     "dJ_dW1": gradients["W1"]}
            size = max(map(abs, row))
            digits = int(60 + 2 * size * 0.4343)  # in which 1 + exp(−2·size) is not 1
            wrong = wrong_digits(text, found, {**parameters, **data}, digits, entrywise=True)
            if wrong and limited:
                needed, terms = True, max(1, size) ** 2  # of a gradient by W: an input times the difference
                wrong = wrong_digits(text, found, {**parameters, **data}, digits, entrywise=True, terms=terms)
            assert wrong == [], f"{wrong[:2]} at {row} for {target}"
    assert needed == limited, "the digits are right: this is none of the DIFFERENCES"


def _agree(found: Any, wanted: Any, unit: Any) -> bool:
    off = abs(mpmath.mpf(float(found)) - wanted)
    return off <= 1e-12 * abs(wanted) or off <= 1e-300 or off <= 8 * EPSILON * unit


# What no double holds, or the form that was typed loses.  These are held to the digits of the terms, not to those of
# the difference; a test that would pass without its line here fails.
ROW = "exp(z[n,j]) / sum(k, exp(z[n,k]))"
DIFFERENCES = {page(activation, loss, hidden=loss == "half_squared_error") for activation, loss in (
    # a·(g − Σ g·a): the a that is rounded to 1, in an array, decides the rest of its row
    ("softmax", "half_squared_error"), (ROW, "half_squared_error"),
    ("exp(z[n,j])/sum(k, 2*exp(z[n,k]))", "half_squared_error"),
    ("exp(z[n,j])/(1 + sum(k, exp(z[n,k])))", "half_squared_error"),
    # log Σ exp(z) − z is 4e-18 beside 40 − 40
    ("softmax", "cross_entropy"), ("softmax", "cross_entropy_with_labels"), (ROW, "cross_entropy"),
    ("softmax", '"-sum(j, t[n,j]*log(y[n,j]))"'), ("softmax", '"-sum(j, t[n,j]*(1 - y[n,j])**2*log(y[n,j]))"'),
    ("identity", '"-sum(j, t[n,j]*log(exp(y[n,j])/sum(k, exp(y[n,k]))))"'),
    ("identity", '"-log(sum(j, t[n,j]*exp(y[n,j]))/sum(k, exp(y[n,k])))"'),
    ("identity", "cross_entropy_with_labels_with_logits"), ("log_softmax", "cross_entropy_with_logits"),
    ("identity", "cosine_similarity"),  # 1 − cos
    ("1/(exp(z) + exp(-z) + 2)**2", "half_squared_error"),  # exp(−z) − exp(z) near 0, over a denominator that is no cosh
    ("sigmoid", '"-t*(1 - y)**1.5*log(y)"'),  # the power's derivative and log(y) are two terms
    ("identity", '"log(t*exp(y) + 1)"'),  # log(exp(−M) + t·exp(y − M)) + M, as t may be 0
    # the root of exp(−1000) is a double, exp(−1000) is none
    ("(1 + exp(-z))**(-0.5)", "half_squared_error"), ("sqrt(log(1 + exp(z)))", "half_squared_error"))}


TYPED = ["z / (1 + exp(-beta*z))", "log(1 + exp(z))", "z*tanh(log(1 + exp(z)))", "exp(z)/(1 + exp(z))",
         "(exp(z) - exp(-z))/(exp(z) + exp(-z))", "1/(1 + exp(-2*z))*2 - 1", "log(cosh(z))", "sinh(z)/cosh(z)",
         "1/(1 + exp(z))", "-log(sigmoid(z))", "log1p(exp(-abs(z))) + max(z, 0)", "exp(-z**2)", "expm1(z)/(1 + exp(z))",
         "sigmoid(z)**2", "z*sigmoid(z)", "1/cosh(z)", "tanh(z/2)", "exp(z[n,j]) / sum(k, exp(z[n,k]))",
         "log(1 + exp(-z)) + z", "sqrt(1 + z**2) - 1", "exp(min(z, 0))", "(1 + tanh(z/2))/2",
         "log(log(1 + exp(z)))", "log(exp(z) + exp(-z))", "log(1 + exp(z) + exp(2*z))", "log(3 + 2*exp(z))",
         "exp(z)/(exp(z) + exp(-z) + 2)", "1/(exp(z) + exp(-z) + 2)**2", "sqrt(exp(z)/(exp(z) + exp(-z)))",
         "(2*exp(z) + 1)/(exp(2*z) + 3*exp(z) + 1)", "(1 + exp(-z))**(-0.5)", "sqrt(log(1 + exp(z)))",
         "exp(z[n,j])/sum(k, 2*exp(z[n,k]))", "exp(z[n,j])/(1 + sum(k, exp(z[n,k])))", "log(1 + sum(k, exp(z[n,k])))",
         "z - log(sum(k, exp(z[n,k])))", "sum(k, z[n,k]*exp(z[n,k]))/sum(k, exp(z[n,k]))", "1 + erf(z)", "1 - erf(z)",
         "1 - tanh(z)**2", "(1 - sigmoid(z))**2", "exp(-exp(-z))", "1 - exp(-exp(z))", "atan(exp(z))",
         "where(z > 0, sqrt(z), 0)", "where(z > 0, z**1.5, 0)", "where(z > 0, log(z), 0)", "where(z > 0, z*log(z), 0)",
         "where(z > 1, z*log(z/(1 + z**2)), 0)", "where(z > 0, 1/z, 0)", "z*tanh(exp(z))",
         "abs(z)**1.5", "where(abs(z) < 1, z**2/2, abs(z) - 0.5)", "where(z > 0 and z < 1, sqrt(z*(1 - z)), 0)",
         "where(z > 0, 1.0507*z, 1.7581*(exp(z) - 1))", "z/(1 + abs(z))", "max(0, 1 - z)"]


@pytest.mark.parametrize("activation", [*ACTIVATIONS, "{leaky_relu: {alpha: 0.3}}", "{elu: {alpha: 1.7}}", *TYPED])
def test_a_hidden_layer_at_extreme_logits(activation):
    assert_right_digits(page(activation, "half_squared_error", hidden=True), [[0.3, -1.2]])


VALUES = [[0.3, -1.2, 2.0]]
PROBABILITIES = [[0.25, 0.5, 0.9], [0, 1, 1], [1, 0, 0]]
ONE_HOT = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
PAIRS = [
    ("identity", "half_squared_error", VALUES), ("identity", "mean_squared_error", VALUES),
    ("identity", "mean_absolute_error", VALUES), ("identity", "{huber: {delta: 0.7}}", VALUES),
    ("identity", '"log(cosh(y - t))"', VALUES), ("identity", '"sqrt(1 + (y - t)**2) - 1"', VALUES),
    ("sigmoid", "binary_cross_entropy", PROBABILITIES), ("identity", "binary_cross_entropy_with_logits", PROBABILITIES),
    ("exp(z)/(1+exp(z))", "binary_cross_entropy", PROBABILITIES),
    ("1/(1+exp(-2*z))", "binary_cross_entropy", PROBABILITIES),
    ("(1+tanh(z/2))/2", "binary_cross_entropy", PROBABILITIES),
    ("sigmoid", '"-(t*log(y) + (1 - t)*log(1 - y))"', PROBABILITIES),
    ("identity", '"-t*log(sigmoid(y)) - (1 - t)*log(1 - sigmoid(y))"', PROBABILITIES),
    ("identity", '"-t*log(sigmoid(y)) - (1 - t)*log(sigmoid(-y))"', PROBABILITIES),
    ("identity", '"log1p(exp(-abs(y))) + max(y, 0) - t*y"', PROBABILITIES),
    ("sigmoid", '"t*log(t/y) + (1 - t)*log((1 - t)/(1 - y))"', PROBABILITIES[:1]),
    ("softmax", "cross_entropy", ONE_HOT), ("sigmoid", "cross_entropy", ONE_HOT),
    ("identity", "cross_entropy_with_logits", ONE_HOT), ("softmax", "cross_entropy_with_labels", [0, 1, 2]),
    ("sigmoid", "cross_entropy_with_labels", [0, 1, 2]),
    ("exp(z[n,j]) / sum(k, exp(z[n,k]))", "cross_entropy", ONE_HOT),
    ("softmax", '"-sum(j, t[n,j]*log(y[n,j]))"', ONE_HOT),
    ("identity", '"-sum(j, t[n,j]*log(exp(y[n,j])/sum(k, exp(y[n,k]))))"', ONE_HOT),
    ("softmax", '"-log(sum(j, t[n,j]*y[n,j]))"', ONE_HOT),
    ("identity", '"-log(sum(j, t[n,j]*exp(y[n,j]))/sum(k, exp(y[n,k])))"', [*ONE_HOT, [0.25, 0.25, 0.5]]),
    ("identity", '"log(t*exp(y) + 1)"', [[3, 0, 1]]), ("sigmoid", '"t**2 - log(1 - y**2)"', PROBABILITIES[:1]),
    ("sigmoid", '"-t*(1 - y)**2*log(y) - (1 - t)*y**2*log(1 - y)"', PROBABILITIES),
    ("softmax", '"-sum(j, t[n,j]*(1 - y[n,j])**2*log(y[n,j]))"', ONE_HOT),
    ("sigmoid", '"-t*(1 - y)**1.5*log(y)"', PROBABILITIES),
    ("softmax", '"t*log(t/y)"', [[0.25, 0.25, 0.5]]),
    ("softmax", '"where(t > 0, t*log(t/y), 0)"', [*ONE_HOT, [0.25, 0.25, 0.5]]),
    ("softplus", '"y - t*log(y)"', [[3, 0, 1]]), ("identity", '"max(0, 1 - t*y)"', [[1, -1, 1]]),
    ("identity", '"log(y**2 + 1)/2 + (y - t)**2/(2*(y**2 + 1))"', VALUES),
    ("identity", '"abs(y - t)**1.5"', VALUES), ("identity", '"max(0.9*(t - y), -0.1*(t - y))"', VALUES),
    ("sigmoid", '"-t*log(max(y, 1e-7)) - (1 - t)*log(max(1 - y, 1e-7))"', PROBABILITIES),
    ("identity", '"-t*(1 - 1/(1 + exp(-y)))**2*log(1/(1 + exp(-y)))"', PROBABILITIES),
    ("identity", '"-(1 - t)*max(sigmoid(y) - 0.05, 0)**4*log(1 - max(sigmoid(y) - 0.05, 0))"', PROBABILITIES),
    ("softplus", '"-t*log(y/(y + 2)) - 2*log(2/(y + 2))"', [[3, 0, 1]]),
    ("identity", '"where(abs(y - t) < 1, (y - t)**2/2, abs(y - t) - 0.5)"', VALUES),
    ("softmax", "half_squared_error", ONE_HOT), ("sigmoid", "half_squared_error", PROBABILITIES),
]


@pytest.mark.parametrize("activation, loss, targets", PAIRS, ids=[f"{a} and {b}" for a, b, _ in PAIRS])
def test_an_output_layer_and_its_loss_at_extreme_logits(activation, loss, targets):
    assert_right_digits(page(activation, loss), targets)


def test_the_divergence_from_a_one_hot_target_takes_0_log_0_for_0():
    text = page("softmax", '"t*log(t/y)"')
    with np.errstate(all="raise", under="ignore"):
        loss, gradients = module(text)["loss_and_gradients"](
            {"W1": np.eye(3), "b1": np.zeros(3)}, np.array([[1000.0, -1000, 0]]), np.array([[0.0, 1, 0]]))
    assert loss == 2000
    assert list(gradients["b1"]) == [1, -1, 0]


def test_a_stable_logarithm_of_an_activation_computes_no_matrix_product_again():
    for text in (page("-log(sigmoid(z))", "half_squared_error"), page("identity", '"log(cosh(y - t))"')):
        it = network(text)
        for equation in stable_system(it.system).equations:
            if equation.name not in ("z1", "J"):
                assert not equation.body.has(Sum)


@pytest.mark.parametrize("x, layers, loss, by", [
    ("[3, 2]", "{dense: 2}, {flatten: {}, activation: softsign}, {dense: 1}", "half_squared_error", "z1"),
    ("2", "dense: 3", "(t - 1)*max(sigmoid(y) - 0.05, 0)**4*log(1 - max(sigmoid(y) - 0.05, 0))", "W1")])
def test_no_pre_activation_is_computed_again_for_a_divisor(x, layers, loss, by):
    text = f'inputs: {{x: {x}}}\nlayers: [{layers}]\nloss: "{loss}"\n'
    derived = network(text).derivation().system
    assert stable_system(derived).definitions[f"dJ_d{by}"] == derived.definitions[f"dJ_d{by}"]
