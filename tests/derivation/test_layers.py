"""Every kind of layer is forward equations only: the one chain rule finds its derivative, and once more the Hessian."""

from __future__ import annotations

import random

import mpmath
import pytest
from sympy import Rational

from derive.calculus.tangent import gauss_newton_vector, hessian, hessian_vector
from derive.catalogue.layers import LAYERS
from derive.language.expressions import Access, Delta, Index
from derive.language.substitution import same_up_to_bound_names

from .checks import DIGITS, difference_errors, is_second_order, taylor_slope
from .evaluation import Values
from .networks import as_floating, case


def of_layers(x: str, *layers: str, loss: str = "mean_squared_error", more: str = "") -> str:
    return f"inputs: {{x: {x}{more}}}\nlayers:\n" + "".join(f"- {layer}\n" for layer in layers) + f"loss: {loss}\n"


RNN = """equations: |
    z[n,t,j] = sum(k, x[n,t,k]*W[k,j]) + sum(l, h[n,t-1,l]*U[l,j]) + b[j]
    h[n,t,j] = tanh(z[n,t,j])
  sizes: {j: 2}"""
NETWORKS = {
    "a gated dense layer": of_layers("2", 'equations: "y[n,j] = sum(k, x[n,k]*W[k,j])*g[j] + b[j]"\n  sizes: {j: 3}'),
    "a recurrence typed by the user": of_layers("[3, 2]", RNN),
    "a diagonal": of_layers("3", 'equations: "y[n,j] = x[n,j]*W[j,j]"'),
    "a bilinear layer": of_layers("3", 'equations: "y[n,j] = sum(k,l, x[n,k]*W[k,l,j]*x[n,l])"\n  sizes: {j: 2}'),
    "two equations and a learnt number": of_layers(
        "3", 'equations: "s[n] = sum(k, exp(x[n,k]*beta)); y[n,j] = x[n,j]*beta/s[n]"\n  parameters: {beta: []}'),
    "dense over a sequence": of_layers("[3, 2]", "{dense: 2, activation: tanh}", "dense: 2"),
    "conv1d": of_layers("[4, 2]", "conv1d: {filters: 2, kernel: 3}"),
    "conv1d with stride and padding": of_layers("[5, 2]", "conv1d: {filters: 2, kernel: 3, stride: 2, padding: 2}"),
    "conv1d, dilated": of_layers("[6, 1]", "conv1d: {filters: 2, kernel: 2, dilation: 3}"),
    "conv1d in groups": of_layers("[4, 4]", "conv1d: {filters: 4, kernel: 2, groups: 2}"),
    "conv2d": of_layers("[3, 4, 1]", "conv2d: {filters: 2, kernel: [2, 3], stride: [1, 2], padding: [0, 1]}",
                        "activation: tanh", "flatten: {}", "dense: 1"),
    "conv2d in groups": of_layers("[2, 2, 2]", "conv2d: {filters: 2, kernel: 2, padding: 1, groups: 2}"),
    "conv_transpose1d": of_layers("[3, 2]", "conv_transpose1d: {filters: 2, kernel: 3, stride: 2, padding: 1}"),
    "conv_transpose2d": of_layers("[2, 2, 1]", "conv_transpose2d: {filters: 1, kernel: 2, stride: 2, output_padding: 1}"),
    "max_pool1d, overlapping": of_layers("[5, 2]", "max_pool1d: {window: 3, stride: 2}", "dense: 1"),
    "max_pool1d with padding": of_layers("[4, 2]", "dense: 1", "max_pool1d: {window: 3, stride: 1, padding: 1}"),
    "max_pool2d": of_layers("[4, 4, 1]", "dense: 1", "max_pool2d: 2"),
    "max_pool2d, padded along one axis": of_layers(
        "[2, 3, 1]", "dense: 1", "max_pool2d: {window: [2, 1], stride: [1, 2], padding: [1, 0]}"),
    "max_pool2d of a convolution as it is": of_layers("[2, 3, 1]", "conv2d: {filters: 1, kernel: 2, padding: 1}",
                                                      "max_pool2d: 2"),
    "average_pool1d": of_layers("[4, 2]", "dense: 2", "average_pool1d: {window: 3, stride: 2, padding: 1}"),
    "average_pool2d": of_layers("[4, 2, 1]", "dense: 1", "average_pool2d: 2"),
    "global_average_pool": of_layers("[2, 3, 2]", "dense: 2", "global_average_pool: {}"),
    "global_max_pool": of_layers("[3, 2]", "dense: 2", "global_max_pool: {}"),
    "flatten": of_layers("[2, 2, 2]", "{dense: 2, activation: tanh}", "flatten: {}", "dense: 2"),
    "embedding": of_layers("[3]", "embedding: {vocabulary: 4, units: 2}", "dense: 1"),
    "batch_norm": of_layers("3", "dense: 2", "batch_norm: {}", "{activation: tanh}"),
    "batch_norm over a sequence": of_layers("[2, 2]", "dense: 2", "batch_norm: {epsilon: 0.01}"),
    "layer_norm": of_layers("[2, 3]", "layer_norm: {}", "dense: 1"),
    "rms_norm": of_layers("3", "dense: 3", "rms_norm: {}"),
    "dropout": of_layers("3", "dense: 3", "dropout: 0.5", "dense: 1"),
    "rnn": of_layers("[3, 2]", "rnn: 2", "dense: 1"),
    "rnn, all states, backwards": of_layers("[3, 1]", "rnn: {units: 2, states: all, backward: true}"),
    "rnn with a mask": of_layers("[3, 1]", "rnn: {units: 2, mask: s}", more=", s: [3]"),
    "gru": of_layers("[2, 2]", "gru: {units: 2, states: all}"),
    "gru with a mask, backwards": of_layers("[3, 1]", "gru: {units: 1, mask: s, backward: true}", more=", s: [3]"),
    "lstm": of_layers("[3, 1]", "lstm: 2", "dense: 1"),
    "lstm with a mask": of_layers("[3, 1]", "lstm: {units: 1, mask: s, states: all}", more=", s: [3]"),
    "attention": of_layers("[3, 2]", "attention: {heads: 2}"),
    "causal attention with a mask": of_layers("[3, 2]", "attention: {causal: true, mask: s}", more=", s: [3]"),
    "attention to a memory": of_layers("[2, 2]", "dense: 2", "attention: {units: 2, memory: u}", more=", u: [3, 1]"),
    "positional_encoding": of_layers("[3, 3]", "dense: 3", "positional_encoding: {}", "{activation: tanh}"),
    "position_embedding": of_layers("[3, 2]", "position_embedding: {}", "{activation: tanh}"),
    **{f"glu with {gate}": of_layers("2", f"glu: {{units: 2, gate: {gate}}}")
       for gate in ("sigmoid", "relu", "gelu", "silu", "identity")},
    "maxout": of_layers("2", "maxout: {units: 2, pieces: 3}"),
    "prelu": of_layers("2", "dense: 3", "prelu: {}"),
    "a gate": of_layers("2", "{dense: 2, name: a}", "{dense: 2, activation: sigmoid, from: x}", "multiply: [a, previous]"),
}
ALIKE = {"dense over a sequence", "flatten", "average_pool2d", "global_average_pool", "conv1d, dilated", "conv1d in groups",
         "conv2d in groups", "position_embedding", "rms_norm", "glu with sigmoid", "glu with relu", "glu with silu",
         "glu with identity", "max_pool1d with padding", "max_pool2d, padded along one axis", "attention", "gru", "lstm",
         "rnn", "a gate", "batch_norm"}
DIFFERENT = {name: text for name, text in NETWORKS.items() if name not in ALIKE}
"""Without the layers whose equations look like those of others here: for tests of what goes line by line."""
SMOOTH = ("a gated dense layer", "conv1d with stride and padding", "batch_norm", "layer_norm", "lstm", "attention",
          "a recurrence typed by the user")


def test_every_kind_of_layer_is_here():
    assert set(LAYERS) <= {word.strip("- {:") for text in NETWORKS.values() for word in text.split()}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_adjoint_of_every_quantity_is_a_limit_of_difference_quotients(name):
    assert difference_errors(case(NETWORKS[name])) == {}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_left_after_the_gradient_falls_with_the_square_of_the_step(name):
    assert is_second_order(taylor_slope(case(NETWORKS[name])))


def hessian_times(it, directional, names, seed=4):
    """Values of a directional derivative, and the gradient's difference quotient along the same direction."""
    draw = random.Random(seed)
    along = {name: {place: Rational(draw.randint(-9, 9), 7) for place in it.given[name]} for name in names}
    with mpmath.workdps(2 * DIGITS):
        given = as_floating({**it.given, **{directional.directions[name].name: along[name] for name in names}})
        found = Values(directional.system, it.sizes, given)
        h = mpmath.mpf("1e-25")

        def gradients(side):
            moved = {**given, **{name: {place: value + side * h * given[directional.directions[name].name][place]
                                        for place, value in given[name].items()} for name in names}}
            return Values(it.derivation.system, it.sizes, moved)

        ahead, behind = gradients(1), gradients(-1)
        for name in names:
            adjoint = it.derivation.adjoint(name).quantity.name
            for place, value in ahead[adjoint].items():
                yield found[directional.along(adjoint).name][place], (value - behind[adjoint][place]) / (2 * h)


@pytest.mark.parametrize("name", SMOOTH)
def test_the_gradient_along_a_direction_is_the_hessian_times_it(name):
    it = case(NETWORKS[name])
    names = [adjoint.of.name for adjoint in it.derivation.adjoints if adjoint.of.name in it.network.parameters]
    for derived, quotient in hessian_times(it, hessian_vector(it.network.derivation(names)), names):
        assert abs(derived - quotient) < mpmath.mpf(10) ** -30 * (1 + abs(quotient))


def test_the_hessian_of_cross_entropy_by_the_logits_is_that_of_the_textbook():
    """∂²J/∂z∂z = (diag(p) − p pᵀ)/m for softmax with cross-entropy, a block for each sample."""
    network = case(of_layers("2", "{dense: 3, activation: softmax}", loss="cross_entropy")).network
    second = hessian(network.derivation(["z1"]), "z1", "z1")
    found = second.tangents[-1].equation
    [inner] = [t.equation for t in second.tangents if t.of.name == "a1"]
    n, j, other, k = found.target.indices
    p = network.system.quantities["a1"]
    m = n.size
    assert found.body == Access(inner.name, n, j, other, k) / m
    assert (inner.body - p.at(n, j) * (Delta(j, k) - p.at(n, k)) * Delta(n, other)).expand() == 0
    assert all(isinstance(index, Index) for index in (n, j, other, k))


@pytest.mark.parametrize("loss, layer", [("cross_entropy", "{dense: 3, activation: softmax}"),
                                         ("mean_squared_error", "dense: 2")])
def test_for_a_single_layer_the_gauss_newton_matrix_is_the_hessian(loss, layer):
    it = case(of_layers("2", layer, loss=loss))
    names = it.network.parameters
    curvature = gauss_newton_vector(it.network.system, "J", "z1", names)
    exact = hessian_vector(it.derivation)
    draw = random.Random(1)
    with mpmath.workdps(DIGITS):
        given = as_floating({**it.given, **{
            f"v_{name}": {place: Rational(draw.randint(-9, 9), 7) for place in it.given[name]} for name in names}})
        one, other = (Values(system, it.sizes, given) for system in (curvature.system, exact.system))
        for name in names:
            mine = next(t.quantity.name for t in curvature.tangents if t.of.name == name)
            theirs = exact.along(it.derivation.adjoint(name).quantity.name).name
            for place, value in one[mine].items():
                assert abs(value - other[theirs][place]) < mpmath.mpf(10) ** -40


def test_a_layer_that_is_equal_to_another_is_derived_once():
    it = case(of_layers("[3, 2]", "{dense: 2, activation: tanh, repeat: 4}"))
    assert [a.like for a in it.derivation.adjoints if a.of.name.startswith("z")][1:3] != [None, None]
    assert same_up_to_bound_names(it.derivation.gradient("W2")) != it.derivation.gradient("W3")
