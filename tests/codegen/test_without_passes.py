"""No pass changes a value: modules made without one of them compute what they compute with all."""

from __future__ import annotations

import types

import pytest
from derivation.test_layers import NETWORKS
from emitted import data, derivation, module, network, of_layers, parameters
from numpy.testing import assert_allclose

import codegen
from codegen.passes import PASSES, without

PAGES = {
    "dense": of_layers("{dense: 4, activation: leaky_relu}", "{dense: 3, activation: gelu}",
                       "{dense: 2, activation: softmax}",
                       loss="cross_entropy", more="regularisation: {l2: 0.1}\noptimiser: adam\n"),
    "lstm": NETWORKS["lstm with a mask"], "conv2d": NETWORKS["conv2d"],
    "attention": NETWORKS["causal attention with a mask"],
}


@pytest.mark.parametrize("left_out", PASSES)
@pytest.mark.parametrize("name", PAGES)
def test_a_module_made_without_a_pass_has_the_same_values(name, left_out):
    text = PAGES[name]
    net, made = module(text), types.ModuleType("made")
    with without(left_out):
        exec(codegen.generate(network(text), derivation(text)), made.__dict__)
    theta, given = parameters(text), data(text)
    (loss, gradients), (wanted, right) = made.loss_and_gradients(theta, **given), net.loss_and_gradients(theta, **given)
    assert loss == pytest.approx(wanted, rel=1e-13)
    for each, gradient in right.items():
        assert_allclose(gradients[each], gradient, rtol=1e-10, atol=1e-13, err_msg=each)
    ours, others = made.Model(epochs=2, batch_size=3), net.Model(epochs=2, batch_size=3)
    assert_allclose(ours.fit(**given).loss_history_, others.fit(**given).loss_history_, rtol=1e-12)


def test_a_pass_that_there_is_not_is_named_beside_those_there_are():
    with pytest.raises(ValueError, match="no pass is called magic.*copies_propagated"), without("magic"):
        pass
