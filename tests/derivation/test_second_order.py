"""The result of the chain rule is a system of equations like any other: it can be differentiated again."""

from __future__ import annotations

import random

import mpmath
import pytest
import sympy
from sympy import Integer, Rational, exp, log

from derive.calculus.chain_rule import differentiate
from derive.instantiate import instantiate
from derive.language.equations import Equation, Fact, Quantity, Role, System
from derive.language.expressions import Access, Index, Sum, dimension
from derive.language.substitution import SAMPLES

from .checks import DIGITS, derived_parameters, difference_errors
from .evaluation import Values
from .networks import CATALOGUE, Handmade, activation_network, as_floating, case

PAIRS = {
    "sigmoid": activation_network("sigmoid"), "tanh and squares": activation_network("tanh", "mean_squared_error"),
    "softplus": activation_network("softplus"), "GELU": activation_network("gelu"), "ELU": activation_network("elu"),
    **{name: CATALOGUE[name] for name in (
        "loss cross-entropy", "loss cross-entropy with labels", "loss binary cross-entropy", "activation softmax",
        "a residual connection", "two branches, concatenated", "an autoencoder with transposed weights",
        "L1 and L2 of named parameters", "shared biases")},
}


def along(derivation, names):
    """The system with s = Σ v·∂J/∂θ as one more equation, v being given: ∂s/∂θ is the Hessian times v."""
    quantities, terms = [Quantity("s")], []
    for name in names:
        adjoint = derivation.adjoint(name).quantity
        direction = Quantity(f"v_{name}", adjoint.indices, Role.INPUT)
        quantities.append(direction)
        terms.append(Sum(direction.entry * adjoint.entry, *adjoint.indices))
    return derivation.system.extended(quantities, [Equation(Access("s"), sum(terms, Integer(0)))])


def twice(it, seed=3):
    """The second derivation of a case along a random direction, with numbers for everything."""
    names = derived_parameters(it)
    system = along(it.derivation, names)
    draw = random.Random(seed)
    given = {**it.given, **{f"v_{name}": {place: Rational(draw.randint(-9, 9), 7) for place in it.given[name]}
                            for name in names}}
    return Handmade(system, differentiate(system, "s", names), given, it.sizes)


@pytest.mark.parametrize("name", PAIRS)
def test_the_hessian_times_a_vector(name):
    """Every adjoint of the second sweep, adjoints of adjoints among them, is a limit of difference quotients."""
    assert difference_errors(twice(case(PAIRS[name], 2))) == {}


@pytest.mark.parametrize("name", ["sigmoid", "shared biases"])
def test_the_hessian_times_a_vector_is_that_of_the_expanded_loss(name):
    it = case(PAIRS[name], 1)
    second = twice(it)
    instance = instantiate(it.network.system, it.network.sizes, 1)
    loss = instance.expanded("J")
    with mpmath.workdps(DIGITS):
        given = as_floating(second.given)
        derived = Values(second.derivation.system, it.sizes, given)
        along_v = [(instance.symbol(name, *place), given[f"v_{name}"][place])
                   for name in derived_parameters(it) for place in given[name]]
        values = {instance.symbol(leaf, *place): v for leaf in it.given for place, v in given[leaf].items()}
        stand_in = sympy.symbols(f"v:{len(along_v)}")
        slope = sum(v * sympy.diff(loss, theta) for v, (theta, _) in zip(stand_in, along_v, strict=True))
        values |= dict(zip(stand_in, (v for _, v in along_v), strict=True))
        for name in ("W2", "b1"):
            places = list(given[name])
            direct = sympy.lambdify(list(values), [sympy.diff(slope, instance.symbol(name, *p)) for p in places],
                                    "mpmath", cse=True)(*values.values())
            for place, wanted in zip(places, direct, strict=True):
                assert abs(derived[f"ds_d{name}"][place] - wanted) < mpmath.mpf(10) ** -30


def logits(labels: bool = False):
    """Softmax and cross-entropy over free logits z[n,j]."""
    n, j, k = Index("n", SAMPLES), Index("j", dimension("d")), Index("k", dimension("d"))
    p = Access("p", n, j)
    fact = Fact(Sum(Access("t", n, j), j), Integer(1), "one-hot")
    t = Quantity("t", (n,), Role.TARGET, integer=True) if labels else Quantity("t", (n, j), Role.TARGET, facts=(fact,))
    cost = -log(Access("p", n, Access("t", n))) if labels else -Sum(t.entry * log(p), j)
    z = Quantity("z", (n, j), Role.PARAMETER)
    return System({q.name: q for q in (z, t, Quantity("p", (n, j)), Quantity("e", (n,)), Quantity("J"))}, (
        Equation(p, exp(z.entry) / Sum(exp(Access("z", n, k)), k)), Equation(Access("e", n), cost),
        Equation(Access("J"), Sum(Access("e", n), n) / SAMPLES)))


@pytest.mark.parametrize("labels", [False, True], ids=["one-hot", "labels"])
def test_the_hessian_of_cross_entropy_by_its_logits_is_diag_p_minus_p_p(labels):
    first = differentiate(logits(labels), "J", ["z"])
    second = differentiate(along(first, ["z"]), "s", ["z"])
    sizes = {dimension("d"): 3}
    samples = 2
    instance = instantiate(second.system, sizes, samples, labels={"t": [1, 0]} if labels else None)
    p = {(n, j): instance.expanded("p", n, j) for n in range(samples) for j in range(3)}
    rational = {instance.symbol("z", n, j): log(sympy.Symbol(f"u{n}{j}", positive=True)) for n, j in p}
    one_hot = {instance.symbol("t", n, 2): 1 - instance.symbol("t", n, 0) - instance.symbol("t", n, 1)
               for n in range(samples) if not labels}
    for n, j in p:
        product = instance.expanded("ds_dz", n, j)
        for other, k in p:
            entry = sympy.diff(product, instance.symbol("v_z", other, k))
            wanted = (p[n, j] * int(j == k) - p[n, j] * p[n, k]) / samples if n == other else 0
            assert sympy.cancel((entry - wanted).subs(rational | one_hot)) == 0


def test_a_third_derivative_is_one_more_sweep():
    x = Quantity("x", (), Role.PARAMETER)
    system = System({"x": x, "y": Quantity("y"), "J": Quantity("J")}, (
        Equation(Access("y"), sympy.sin(Access("x"))), Equation(Access("J"), Access("y") ** 3)))
    value, name = Access("J"), "J"
    for order in range(1, 4):
        derivation = differentiate(system, name, ["x"])
        name = f"D{order}"
        system = derivation.system.extended(
            [Quantity(name)], [Equation(Access(name), derivation.adjoint("x").quantity.entry)])
        value = instantiate(system, {}).expanded(name)
        symbol = instantiate(system, {}).symbol("x")
        assert sympy.simplify(value - sympy.diff(sympy.sin(symbol) ** 3, symbol, order)) == 0
