"""Huge, tiny and equal inputs and fully masked rows leave every loss and gradient finite, without a warning."""

from __future__ import annotations

import numpy as np
import pytest
from derivation.test_layers import NETWORKS
from emitted import data, module, network, parameters

INPUTS = {"1000": 1e3, "1e30": 1e30, "1e-30": 1e-30, "all equal": 0.0}


OVERFLOWS = "two equations and a learnt number"  # it names exp(1000) as a quantity, which no double holds


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != OVERFLOWS])
def test_every_layer_bears_extreme_inputs(name):
    text = NETWORKS[name]
    net, theta, arrays = module(text), parameters(text), data(text)
    for scale in INPUTS.values():
        given = {each: array * scale + (scale == 0) if each in network(text).inputs and each not in network(text).labels
                 and each != "s" else array for each, array in arrays.items()}
        if "s" in given:
            given["s"] = np.zeros_like(given["s"])  # nothing counts
        with np.errstate(all="raise", under="ignore"):
            loss, gradients = net.loss_and_gradients(theta, **given)
        assert np.isfinite(loss)
        assert all(np.isfinite(gradient).all() for gradient in gradients.values())
