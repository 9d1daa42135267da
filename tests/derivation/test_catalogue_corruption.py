"""A mistake in a derivation of a loss or activation of the catalogue does not pass Taylor's test.

Every mistake is tried at a loss of each shape; the checks themselves are put to the test in `test_corruption`.
"""

from __future__ import annotations

import mpmath
import pytest

from .checks import DIGITS, derived_parameters, is_second_order, taylor_slope
from .corruption import corrupted
from .evaluation import Values
from .networks import CATALOGUE, as_floating, case

NETWORKS = ["activation selu", "activation softsign", "activation mish", "activation relu6", "activation hard_sigmoid",
            "activation hard_swish", "activation hard_tanh", "activation log_softmax", "loss log cosh",
            "loss Gaussian likelihood", "loss Poisson", "loss Poisson with log-rates", "loss cosine similarity",
            "loss triplet", "loss hinge", "loss squared hinge", "loss focal", "loss focal from logits",
            "loss cross-entropy with labels from logits", "loss Kullback-Leibler", "loss smoothed cross-entropy with labels",
            "loss weights of classes", "loss weights of labels and samples", "loss weights of two classes",
            "loss weights of samples, over a sequence", "loss a sum of costs"]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_mistake_that_changes_a_gradient_is_caught(name):
    it = case(CATALOGUE[name], 2)
    right = _gradients(it, it.derivation.system)
    tried = 0
    for mistake, system in corrupted(it.derivation, it.sizes):
        if any(abs(a - b) > mpmath.mpf(10) ** -25 for a, b in zip(_gradients(it, system), right, strict=True)):
            tried += 1
            assert not is_second_order(taylor_slope(it, system)), mistake
    assert tried > 10


def _gradients(it, system):
    with mpmath.workdps(DIGITS):
        values = Values(system, it.sizes, as_floating(it.given))
        return [value for name in derived_parameters(it)
                for value in values[it.derivation.adjoint(name).quantity.name].values()]
