"""Options of losses: weights, smoothing, reductions, and what a file can get wrong about them."""

from __future__ import annotations

import types
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose

import codegen
from derive.build import build
from derive.catalogue.losses import LOSSES
from derive.checks.process import example_data
from derive.file.errors import FileError
from derive.file.reading import validated
from derive.file.source import source_of_text


def network(loss: str, activation: str = "identity", inputs: str = "2", more: str = ""):
    source = source_of_text(
        f"inputs: {{x: {inputs}}}\nlayers: [{{dense: 3, name: s}}, {{dense: 3, from: x, activation: {activation}}}]\n"
        f"loss: {loss}\n{more}")
    return build(validated(source), source)


@cache
def module(loss: str, activation: str = "identity", inputs: str = "2") -> types.ModuleType:
    it = network(loss, activation, inputs)
    made = types.ModuleType("net")
    exec(compile(codegen.generate(it, it.derivation()), "net.py", "exec"), made.__dict__)
    return made


LAST = {"probabilities": {"distribution": "softmax", "probability": "sigmoid"}, "rates": {"values": "softplus"}}
OPTIONS = {"gaussian_nll": "{gaussian_nll: {log_variance: s}}"}
CASES = [(OPTIONS.get(name, name), LAST.get(loss.prediction, {}).get(loss.kind, "identity"),
          "[3, 2]" if name == "triplet" else "2") for name, loss in LOSSES.items()] + [
    ("{cross_entropy_with_labels: {smoothing: 0.1, class_weights: [1, 2, 3], sample_weight: w}}", "softmax", "2"),
    ("{cross_entropy_with_labels: {smoothing: 0.1, class_weights: [1, 2, 3], sample_weight: w}}", "softmax", "[2, 2]"),
    ("{binary_cross_entropy_with_logits: {class_weights: [1, 2], smoothing: 0.2, reduction: sum}}", "identity", "2"),
    ("{mean_squared_error: {sample_weight: w}}", "identity", "[2, 2]"),
    ("{triplet: {sample_weight: w}}", "identity", "[3, 2]"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_step_over_buffers_equals_the_plain_functions(case, dtype):
    net, data = module(*case), example_data(network(*case))
    assert net.check_gradients() < 1e-7
    model = net.Model(dtype=dtype)
    start = {name: array.copy() for name, array in model.parameters.items()}
    loss, gradients = net.loss_and_gradients(start, **data)
    assert {g.dtype.name for g in gradients.values()} == {dtype}
    assert {v.dtype.name for v in net.trace(start, **data).values() if isinstance(v, np.ndarray)} <= {dtype}
    rtol = 1e-13 if dtype == "float64" else 1e-4
    assert model.step(**data) == pytest.approx(loss, rel=rtol)
    for name, array in start.items():
        assert_allclose(model.parameters[name], array - 0.1 * gradients[name], rtol=rtol, atol=rtol)
    assert np.isfinite(model.score(**data))


def test_a_sample_of_weight_0_counts_for_nothing_and_one_of_weight_2_twice():
    net, rng = module("{cross_entropy_with_logits: {sample_weight: w}}"), np.random.default_rng(0)
    x, t = rng.standard_normal((4, 2)), np.eye(3)[[0, 1, 2, 0]]
    theta = net.initial_parameters()
    weighted = net.loss_and_gradients(theta, x, t, np.array([1.0, 0, 2, 1]))
    repeated = net.loss_and_gradients(theta, x[[0, 2, 2, 3]], t[[0, 2, 2, 3]], np.ones(4))
    assert weighted[0] == pytest.approx(repeated[0], rel=1e-14)
    for name, gradient in weighted[1].items():
        assert_allclose(gradient, repeated[1][name], rtol=1e-13, atol=1e-16)


def test_the_score_is_weighted_as_the_loss_is():
    x, t, w = np.array([[1.0, 0], [0, 1], [1, 1]]), np.array([[1.0, -1, 1], [1, 1, 1], [-1, -1, -1]]), np.array([1.0, 2, 0])
    model = module("{hinge: {sample_weight: w}}").Model()
    right = (model.predict(x) == t).mean(axis=1)
    assert model.score(x, t, w) == pytest.approx((right[0] + 2 * right[1]) / 3)
    values = module("{mean_squared_error: {sample_weight: w}}").Model()
    assert values.score(x, t, w) == pytest.approx(values.score(x[[0, 1, 1]], t[[0, 1, 1]], np.ones(3)))


def test_a_loss_without_a_target_needs_none():
    it = network("triplet", inputs="[3, 2]")
    assert (it.targets, it.target) == ((), None)
    model, x = module("triplet", inputs="[3, 2]").Model(epochs=5, learning_rate=0.01), example_data(it)["x"]
    before = model.score(x)
    assert model.fit(x).score(x) > before == -module("triplet", inputs="[3, 2]").loss_and_gradients(
        module("triplet", inputs="[3, 2]").initial_parameters(), x)[0]


@pytest.mark.parametrize("loss, activation, inputs, more, message, help_", [
    ("{hinge: {reduction: median}}", "identity", "2", "", "reduction is mean or sum", "mean or sum"),
    ("{hinge: {smoothing: 0.1}}", "identity", "2", "", "no option 'smoothing'", "reduction"),
    ("{cross_entropy: {smoothing: 1}}", "softmax", "2", "", "less than 1", "range"),
    ("{cross_entropy: {class_weights: [1, 2]}}", "softmax", "2", "", "class_weights are 3 numbers", "[1, 1, 1]"),
    ("{cross_entropy: {class_weights: 2}}", "softmax", "2", "", "class_weights are 3 numbers", "[1, 1, 1]"),
    ("{cross_entropy: {class_weights: [1, -2, 1]}}", "softmax", "2", "", "not negative", "0"),
    ("{cross_entropy: {class_weights: []}}", "softmax", "2", "", "empty list", "numbers"),
    ("{binary_cross_entropy: {class_weights: [1, 2, 3]}}", "sigmoid", "2", "", "class_weights are 2 numbers", "[1, 1]"),
    ("{mean_squared_error: {class_weights: [1, 2]}}", "identity", "2", "", "no option 'class_weights'", "sample_weight"),
    ("{hinge: {sample_weight: 3}}", "identity", "2", "", "name of a quantity of the data", "sample_weight: w"),
    ("{hinge: {sample_weight: x}}", "identity", "2", "", "already taken", "another name"),
    ("gaussian_nll", "identity", "2", "", "needs the name of a layer", "log_variance"),
    ("{gaussian_nll: {log_variance: u}}", "identity", "2", "", "no layer or input called 'u'", "s"),
    ("{gaussian_nll: {log_variance: x}}", "identity", "2", "", "has 2 units, and the prediction has 3", "same number"),
    ("poisson", "identity", "2", "", "needs rates", "poisson_with_log_rates"),
    ("triplet", "identity", "2", "", "triplet reads 2 axes", "[3, 8]"),
    ("triplet", "identity", "[2, 2]", "", "is no entry: there are 2 units", "from 0 to 1"),
    ("{triplet: {margin: 0}}", "identity", "[3, 2]", "", "greater than 0", "range"),
    ("hinge", "identity", "2", "data: {x: [[1, 2]], t: [[1, 0, -1]]}", "0 in row 1 of t is neither 1 nor -1", "-1"),
    ("poisson", "softplus", "2", "data: {x: [[1, 2]], t: [[1, 0, -1]]}", "-1 in row 1 of t is no count", "from 0"),
    ("{hinge: {sample_weight: w}}", "identity", "2", "data: {x: [[1, 2]], t: [[1, 1, -1]], w: [-1]}", "no weight", "from 0"),
    ("{hinge: {sample_weight: w}}", "identity", "2", "data: {x: [[1, 2]], t: [[1, 1, -1]]}", "nothing for weight", "add w"),
])
def test_options_without_sense_are_refused_in_words(loss, activation, inputs, more, message, help_):
    with pytest.raises(FileError) as caught:
        network(loss, activation, inputs, more)
    assert message in str(caught.value) and help_ in str(caught.value)
