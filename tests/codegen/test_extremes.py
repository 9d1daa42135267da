"""Huge, tiny and equal inputs and fully masked rows: finite values, no warning, and the right digits."""

from __future__ import annotations

import numpy as np
import pytest
from derivation.digits import adjoint_of, wrong_digits
from derivation.test_layers import NETWORKS
from emitted import data, module, network, parameters

INPUTS = {"1000": 1e3, "1e30": 1e30, "1e-30": 1e-30, "all equal": 0.0}
DIGITS = 400  # squares of squares of 1e30 beside 1


OVERFLOWS = "two equations and a learnt number"  # it names exp(1000) as a quantity, which no double holds


@pytest.mark.parametrize("inputs", INPUTS)
@pytest.mark.parametrize("name", [name for name in NETWORKS if name != OVERFLOWS])
def test_every_layer_bears_extreme_inputs(name, inputs):
    text, scale = NETWORKS[name], INPUTS[inputs]
    net, theta, arrays = module(text), parameters(text), data(text, 2)
    given = {each: array * scale + (scale == 0) if each in network(text).inputs and each not in network(text).labels
             and each != "s" else array for each, array in arrays.items()}
    for masked in ({"s": np.zeros_like(given["s"])}, {"s": np.eye(*given["s"].shape)}) if "s" in given else ({},):
        given |= masked
        with np.errstate(all="raise", under="ignore"):
            prediction = net.forward(theta, **{each: given[each] for each in network(text).inputs})
            loss, gradients = net.loss_and_gradients(theta, **given)
        found = {network(text).loss: np.array(loss)} | {adjoint_of(text, each): g for each, g in gradients.items()}
        assert np.isfinite(prediction).all()
        wrong = wrong_digits(text, found, {**theta, **given} | masks(text, given), DIGITS)
        assert wrong == []


def masks(text, given):
    """The masks of dropout that nothing is dropped by, which are there where none are drawn."""
    it = network(text)
    samples = len(given[it.inputs[0]])
    return {each: np.ones([samples if n is None else n for n in it.shape(each)]) for each in it.random}
