"""Losses of the catalogue at logits of ±1000: finite, silent, right to the last digits that the formulas leave."""

from __future__ import annotations

import numpy as np
import pytest

from .test_stability import ONE_HOT, PROBABILITIES, VALUES, assert_right_digits, module, page

SIGNS = [[1, -1, 1]]
LABELS = [0, 1, 2]
PAIRS = [
    ("identity", "log_cosh", VALUES),
    ("identity", "cosine_similarity", VALUES),
    ("identity", "hinge", SIGNS), ("identity", "squared_hinge", SIGNS), ("hard_tanh", "hinge", SIGNS),
    ("softplus", "poisson", [[3, 0, 1]]),
    ("sigmoid", "focal", PROBABILITIES), ("identity", "focal_with_logits", PROBABILITIES),
    ("sigmoid", "{focal: {gamma: 1.5}}", PROBABILITIES), ("identity", "{focal_with_logits: {gamma: 0}}", PROBABILITIES),
    ("identity", "cross_entropy_with_labels_with_logits", LABELS),
    ("log_softmax", "cross_entropy_with_logits", ONE_HOT),
    ("softmax", "kullback_leibler", [[0.25, 0.25, 0.5]]),
    ("softmax", "{cross_entropy: {smoothing: 0.1}}", ONE_HOT),
    ("identity", "{cross_entropy_with_logits: {smoothing: 0.1}}", ONE_HOT),
    ("softmax", "{cross_entropy_with_labels: {smoothing: 0.1}}", LABELS),
    ("identity", "{cross_entropy_with_labels_with_logits: {smoothing: 0.1}}", LABELS),
    ("sigmoid", "{binary_cross_entropy: {smoothing: 0.1}}", PROBABILITIES),
    ("identity", "{binary_cross_entropy_with_logits: {smoothing: 0.1}}", PROBABILITIES),
    ("identity", "{half_squared_error: {reduction: sum}}", VALUES),
]


@pytest.mark.parametrize("activation, loss, targets", PAIRS, ids=[f"{a} and {b}" for a, b, _ in PAIRS])
def test_an_output_layer_and_its_loss_at_extreme_logits(activation, loss, targets):
    assert_right_digits(page(activation, loss), targets)


@pytest.mark.parametrize("loss", ["{cross_entropy_with_logits: {class_weights: [1, 2, 3]}}",
                                  "{binary_cross_entropy_with_logits: {class_weights: [1, 2]}}"])
def test_weights_of_classes_change_nothing_where_all_samples_are_of_one_class(loss):
    plain, weighted = (module(page("identity", text)) for text in (loss.split(":")[0].strip("{"), loss))
    x, t = np.array([[1000.0, -1000, 0]]), np.eye(3)[:1]
    parameters = {"W1": np.eye(3), "b1": np.zeros(3)}
    with np.errstate(all="raise", under="ignore"):
        one, other = (net["loss_and_gradients"](parameters, x, t) for net in (plain, weighted))
    assert np.isfinite(other[0]) and all(np.isfinite(g).all() for g in other[1].values())
    if "binary" not in loss:
        assert one[0] == other[0] and all((one[1][name] == other[1][name]).all() for name in one[1])


@pytest.mark.parametrize("z", [700.0, -700.0, 0.0])
def test_rates_that_a_double_holds_are_exact(z):
    net = module(page("identity", "poisson_with_log_rates"))
    with np.errstate(all="raise", under="ignore"):
        loss, gradients = net["loss_and_gradients"](
            {"W1": np.eye(3), "b1": np.zeros(3)}, np.full((1, 3), z), np.full((1, 3), 2.0))
    assert loss == pytest.approx(np.exp(z) - 2 * z, rel=1e-15)
    assert gradients["b1"] == pytest.approx((np.exp(z) - 2) / 3, rel=1e-15)


def test_the_divergence_from_a_one_hot_target_takes_0_log_0_for_0():
    net = module(page("softmax", "kullback_leibler"))
    with np.errstate(all="raise", under="ignore"):
        loss, gradients = net["loss_and_gradients"](
            {"W1": np.eye(3), "b1": np.zeros(3)}, np.array([[1000.0, -1000, 0]]), np.array([[0.0, 1, 0]]))
    assert loss == 2000
    assert list(gradients["b1"]) == [1, -1, 0]


def test_a_prediction_of_zeros_has_a_similarity_and_a_gradient():
    net = module(page("identity", "cosine_similarity"))
    with np.errstate(all="raise", under="ignore"):
        loss, gradients = net["loss_and_gradients"](
            {"W1": np.zeros((3, 3)), "b1": np.zeros(3)}, np.zeros((1, 3)), np.zeros((1, 3)))
    assert loss == 1 and not gradients["b1"].any()
