"""Short forms are found by algebra, however the formula is written and whatever the quantities are called."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sympy import Mul, Symbol, exp, simplify

from derive.calculus.record import Rule
from derive.file.errors import FileError
from derive.language.expressions import Access, Delta, Sum, names
from derive.language.substitution import Renaming, same_up_to_bound_names

from .networks import case


def page(activation: str, loss: str = "half_squared_error", units: int = 3, constants: str = "") -> str:
    quoted = activation if activation.startswith("{") else f'"{activation}"'
    return f"inputs: {{x: 2}}\nlayers:\n  - {{dense: {units}, activation: {quoted}}}\nloss: {loss}\n{constants}"


def local(activation: str, constants: str = ""):
    """da1/dz1 of an elementwise activation, and the accesses a1 and z1."""
    derivation = case(page(activation, constants=constants)).derivation
    form = derivation.adjoint("z1").paths[0].local.form
    a, z = (derivation.forward.quantities[name].entry for name in ("a1", "z1"))
    return Mul(*(f for f in Mul.make_args(form) if not isinstance(f, Delta))), a, z


SIGMOIDS = ["sigmoid", "1/(1 + exp(-z))", "exp(z)/(1 + exp(z))", "sigmoid(z)", "1 - 1/(1 + exp(z))",
            "(1 + tanh(z/2))/2", "exp(z/2)/(exp(z/2) + exp(-z/2))"]
TANHS = ["tanh", "tanh(z)", "(exp(z) - exp(-z))/(exp(z) + exp(-z))", "1/(1 + exp(-2*z))*2 - 1", "2*sigmoid(2*z) - 1",
         "(exp(2*z) - 1)/(exp(2*z) + 1)", "sinh(z)/cosh(z)"]


@pytest.mark.parametrize("text", SIGMOIDS)
def test_a_sigmoid_s_derivative_is_a_times_one_minus_a(text):
    form, a, _ = local(text)
    assert form == a * (1 - a)


@pytest.mark.parametrize("text", TANHS)
def test_a_tanh_s_derivative_is_one_minus_a_squared(text):
    form, a, _ = local(text)
    assert simplify(form - (1 - a**2)) == 0
    assert names(form) == {"a1"}


def test_an_elu_s_derivative_is_its_output_plus_alpha():
    form, a, z = local("elu")
    [(above, _), (below, _)] = form.args
    assert (above, below) == (1, a + Access("alpha1"))


def test_an_exponential_is_its_own_derivative():
    form, a, _ = local("exp(z)")
    assert form == a


def test_a_softplus_has_the_sigmoid_for_a_derivative():
    form, _, z = local("softplus")
    assert simplify(form - 1 / (1 + exp(-z))) == 0


# -- output layer and loss ------------------------------------------------------------------------------------

BCE = ["binary_cross_entropy", '"-(t*log(y) + (1 - t)*log(1 - y))"', '"-t*log(y) - (1 - t)*log(1 - y)"',
       '"t*log(1/y) + (1 - t)*log(1/(1 - y))"', '"t*log(t/y) + (1 - t)*log((1 - t)/(1 - y))"']


@pytest.mark.parametrize("loss", BCE)
@pytest.mark.parametrize("activation", SIGMOIDS[:4])
def test_a_sigmoid_with_binary_cross_entropy_collapses_to_a_minus_t(activation, loss):
    derivation = case(page(activation, loss)).derivation
    a, t = (derivation.forward.quantities[name].entry for name in ("a1", "t"))
    mean = derivation.gradient("e")
    assert derivation.gradient("z1") == (a - t) * mean
    assert any(step.rule in (Rule.CANCELLATION, Rule.INSERTION) for step in derivation.adjoint("z1").steps)


SOFTMAXES = ["softmax", "exp(z[n,j]) / sum(k, exp(z[n,k]))", "exp(z[n,j]) / sum(l, exp(z[n,l]))"]


@pytest.mark.parametrize("activation", SOFTMAXES)
def test_softmax_with_cross_entropy_collapses_to_a_minus_t(activation):
    derivation = case(page(activation, "cross_entropy")).derivation
    a, t = (derivation.forward.quantities[name].entry for name in ("a1", "t"))
    assert derivation.gradient("z1") == (a - t) * derivation.gradient("e")
    assert "sum to 1" in " ".join(step.reason for step in derivation.adjoint("z1").steps if step.rule is Rule.FACT)


@pytest.mark.parametrize("activation", SOFTMAXES)
def test_softmax_with_labels_collapses_to_a_minus_delta(activation):
    derivation = case(page(activation, "cross_entropy_with_labels")).derivation
    a = derivation.forward.quantities["a1"].entry
    n, j = a.indices
    assert derivation.gradient("z1") == (a - Delta(j, Access("t", n))) * derivation.gradient("e")


def test_without_the_declared_fact_the_sum_of_the_targets_stays():
    derivation = case(page("softmax", '"-sum(j, t[n,j]*log(y[n,j]))"')).derivation
    assert derivation.gradient("z1").has(Sum)
    assert not any(step.rule is Rule.FACT for adjoint in derivation.adjoints for step in adjoint.steps)


def test_from_logits_the_sigmoid_and_the_softmax_appear_by_themselves():
    derivation = case(page("identity", "binary_cross_entropy_with_logits")).derivation
    assert not derivation.gradient("a1").has(Sum)
    derivation = case(page("identity", "cross_entropy_with_logits")).derivation
    assert derivation.gradient("a1").has(Sum)


@pytest.mark.parametrize("activation, at_zero", [("relu", 0), ("abs(z)", 0), ("leaky_relu", Access("alpha1"))])
def test_at_a_kink_the_last_case_holds(activation, at_zero):
    form, _, z = local(activation)
    assert form.args[-1] == (at_zero, True)
    assert all(condition.subs(z, 0) == False for _, condition in form.args[:-1])  # noqa: E712


# -- names ----------------------------------------------------------------------------------------------------

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,6}", fullmatch=True).filter(lambda s: not s.endswith("_"))
HOSTILE = ["n", "j", "k", "m", "S", "I", "E", "Q", "N", "O", "zeta", "beta", "lambda", "Sum", "exp", "delta", "dJ_dW1",
           "e1", "d1", "d0", "x_", "u000", "kernel", "output", "W", "z", "a", "t0", "s0", "None", "self"]
BASE = """
inputs: {x: 2}
target: t
layers: [{dense: 2, activation: sigmoid}, {dense: 2, activation: softmax}]
loss: cross_entropy
regularisation: {l2: 0.1}
"""


def renamed(theirs: dict[str, str]) -> str:
    lines = ", ".join(f"{name}: {ours}" for ours, name in theirs.items())
    return BASE + f"names: {{{lines}}}\n"


QUANTITIES = ["W1", "b1", "z1", "a1", "W2", "b2", "z2", "a2", "e", "J", "L", "R"]


def accepted(text: str) -> bool:
    """Whether the file may use these names at all."""
    try:
        return bool(case(text).network)
    except FileError:
        return False


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from(QUANTITIES), st.one_of(NAMES, st.sampled_from(HOSTILE)), min_size=1))
@example({"W1": "n", "z1": "j", "a1": "k", "W2": "S", "b2": "I", "J": "E"})
@example({"z1": "dJ_dW1", "b2": "dJ_dW1_"})
@example({"W1": "z2", "z2": "W1", "a1": "a2", "a2": "a1"})
def test_names_do_not_matter(theirs):
    if len(set(theirs.values())) < len(theirs) or not accepted(renamed(theirs)):
        return
    plain, other = case(BASE).derivation, case(renamed(theirs)).derivation
    named = {ours: theirs.get(ours, ours) for ours in plain.forward.quantities}
    named |= {adjoint.quantity.name: other.adjoint(named[adjoint.of.name]).quantity.name for adjoint in plain.adjoints}
    rename = Renaming({Symbol(ours): Symbol(name) for ours, name in named.items()})

    def record(derivation, rename=lambda expression: expression):
        for adjoint in derivation.adjoints:
            yield rename(adjoint.equation.target), rename(adjoint.equation.body)
            for step in adjoint.steps:
                yield step.rule, same_up_to_bound_names(rename(step.after))

    assert list(record(other)) == list(record(plain, rename))
