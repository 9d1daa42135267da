"""A module of a network whose samples are columns computes what the one of rows does, with every array turned."""

from __future__ import annotations

import re
import tracemalloc
from functools import cache
from types import ModuleType

import numpy as np
import pytest
from c_modules import loaded, needs_compiler
from derivation.columns import PAGES, axes, in_columns, turned_arrays
from derivation.test_layers import DIFFERENT
from emitted import data, derivation, module, network, of_layers, source
from numpy.testing import assert_allclose

import codegen

CLASSIFIER = of_layers("{dense: 4, activation: tanh}", "{dense: 3, activation: softmax}", loss="cross_entropy")
LABELS = of_layers("{dense: 4, activation: tanh}", "{dense: 3, activation: softmax}", loss="cross_entropy_with_labels")
REGRESSION = of_layers("{dense: 4, activation: tanh}", "dense: 2")
TRAINED = {
    "classes": CLASSIFIER,
    "labels": LABELS,
    "logits": CLASSIFIER.replace("softmax}", "identity}").replace("cross_entropy", "cross_entropy_with_logits"),
    "regression by adam": REGRESSION + "optimiser: adam\n",
    "weights of samples": REGRESSION.replace("mean_squared_error", "{mean_squared_error: {sample_weight: w}}"),
    "weighted classes": CLASSIFIER.replace("loss: cross_entropy", "loss: {cross_entropy: {sample_weight: w}}"),
    "a probability": of_layers("{dense: 1, activation: sigmoid}", loss="binary_cross_entropy"),
    "a margin": of_layers("dense: 1", loss="hinge"),
    "a sequence of classes": of_layers("{dense: 4, activation: tanh}", "{dense: 3, activation: softmax}", x="[5, 2]",
                                       loss="cross_entropy"),
    "layer by layer": REGRESSION + "training: {update_order: layer_by_layer}\n",
    "running statistics": of_layers("dense: 4", "batch_norm: {}", "{dense: 2, activation: tanh}"),
    "tied weights": of_layers("{dense: 2, activation: tanh}", "dense: 3", more="tied: {W2: transpose(W1)}\n"),
    "a penalty and a clipped norm": REGRESSION + "regularisation: {l2: 0.1}\noptimiser: {momentum: {clip_norm: 0.1}}\n",
    "a recurrence": of_layers("lstm: 3", "dense: 2", x="[4, 2]"),
    "attention": of_layers("attention: {heads: 2}", "layer_norm: {}", "dense: 2", x="[3, 4]"),
    "a convolution": of_layers("{conv2d: {filters: 2, kernel: 2, padding: 1}, activation: tanh}", "max_pool2d: 2",
                               "flatten: {}", "dense: 2", x="[4, 4, 1]"),
    "newton": REGRESSION + "optimiser: newton\n",
    "hessian_free": REGRESSION + "optimiser: hessian_free\n",
}


@cache
def start(text: str) -> dict[str, np.ndarray]:
    """Parameters away from zeros and ones."""
    rng = np.random.default_rng(8)
    return {name: array + 0.3 * rng.random(array.shape) for name, array in module(text).initial_parameters().items()}


@cache
def both(text: str):
    """Module, parameters and data of the network in rows, and the same in columns."""
    other = in_columns(text)
    of = network(text), network(other)
    return (module(text), start(text), data(text, 7)), (module(other), turned_arrays(*of, start(text)), data(other, 7))


def assert_turned(text: str, rows, columns, rtol: float = 1e-11) -> None:
    of = network(text), network(in_columns(text))
    assert rows.keys() == columns.keys()
    for name, array in rows.items():
        order = axes(*of, name) if name in of[0].system.quantities else None
        expected = np.asarray(array) if order is None else np.asarray(array).transpose(order)
        if order is not None or expected.ndim < 2:
            assert_allclose(columns[name], expected, rtol, 1e-13, err_msg=name)


@pytest.mark.parametrize("name", [*DIFFERENT, "loss cross-entropy", "shared biases", "two branches, concatenated"])
def test_every_value_and_gradient_is_that_of_the_rows(name):
    text = PAGES[name]
    (rows, parameters, numbers), (columns, turned, others) = both(text)
    assert_turned(text, numbers, others, 0)
    assert_turned(text, rows.trace(parameters, **numbers), columns.trace(turned, **others))
    loss, gradients = rows.loss_and_gradients(parameters, **numbers)
    loss_in_columns, in_turn = columns.loss_and_gradients(turned, **others)
    assert loss_in_columns == pytest.approx(loss, rel=1e-13)
    assert_turned(text, gradients, in_turn)


@pytest.mark.parametrize("name", TRAINED)
def test_training_takes_the_same_steps(name):
    text = TRAINED[name]
    models = []
    for net, parameters, numbers in both(text):
        model = net.Model(batch_size=3, shuffle=True, epochs=2, warm_start=True)
        for key, array in parameters.items():
            model.parameters[key][...] = array
        models.append(model.fit(*numbers.values()))
        model.partial_fit(*numbers.values())
        model.step(*numbers.values())
    (_, _, numbers), (_, _, others) = both(text)
    rows, columns = models
    assert_allclose(columns.loss_history_, rows.loss_history_, 1e-9)
    assert_turned(text, rows.parameters, columns.parameters, 1e-8)
    assert columns.score(*others.values()) == pytest.approx(rows.score(*numbers.values()), rel=1e-8)
    inputs = len(network(text).inputs)
    answers = [model.predict(*list(given.values())[:inputs]) for model, given in ((rows, numbers), (columns, others))]
    samples_last = np.moveaxis(answers[0], 0, -1)
    assert_allclose(answers[1], samples_last, 1e-8)


@pytest.mark.parametrize("name", [*TRAINED, "dropout"])
def test_gradients_agree_with_central_differences(name):
    text = {**PAGES, **TRAINED}[name]
    assert module(in_columns(text)).check_gradients() < 1e-7


def test_products_are_taken_as_the_matrices_lie():
    text = source(in_columns(REGRESSION))
    assert "z1 = W1 @ x + b1[:, np.newaxis]" in text
    assert "dJ_dW1 = dJ_dz1 @ x.T" in text
    assert "dJ_da1 = W2.T @ dJ_dz2" in text
    assert "np.matmul(W1, x, out=z1)" in text
    assert "laid_out" not in text


def test_batches_are_views_and_a_step_allocates_nothing():
    net = module(in_columns(REGRESSION))
    model = net.Model(batch_size=32, shuffle=True)
    rng = np.random.default_rng(0)
    steps = model.training(rng.standard_normal((3, 128)), rng.standard_normal((2, 128)))
    for _ in range(8):
        next(steps)
    (x, _) = next(steps.batches)
    assert x.base is not None and x.shape == (3, 32) and not x.flags.owndata
    tracemalloc.start()
    before = tracemalloc.take_snapshot()
    for _ in range(3):  # the fourth begins a pass, and draws its order
        next(steps)
    grown = [s for s in tracemalloc.take_snapshot().compare_to(before, "lineno") if s.size_diff > 1024
             and "net.py" in str(s.traceback)]
    tracemalloc.stop()
    assert not grown


@pytest.mark.parametrize("arrays, message", [
    (dict(x=np.ones((7, 3)), t=np.eye(3)[:, [0] * 7]), r"x has the shape (7, 3), expected (3, m) with m = 3 samples"),
    (dict(x=np.ones((3, 7)), t=np.ones((3, 7))), r"a column of t does not sum to 1, as the gradients need"),
    (dict(x=np.ones((3, 7)), t=np.eye(3)[:, [0] * 6]), r"t has the shape (3, 6), expected (3, m) with m = 7 samples")])
def test_arrays_that_do_not_fit_are_named_with_their_shape(arrays, message):
    text = in_columns(CLASSIFIER)
    net = module(text)
    with pytest.raises(ValueError, match=re.escape(message)):
        net.loss_and_gradients(net.initial_parameters(), **arrays)


def test_labels_and_single_numbers_may_be_given_without_their_axis():
    net = module(in_columns(CLASSIFIER))
    x, labels = np.random.default_rng(0).standard_normal((3, 6)), np.array([0, 1, 2, 0, 1, 2])
    one, other = (net.Model(epochs=2).fit(x, t) for t in (labels, np.eye(3)[:, labels]))
    assert one.loss_history_ == other.loss_history_ and one.score(x, labels) == other.score(x, np.eye(3)[:, labels])
    net = module(in_columns(TRAINED["a probability"]))
    t = np.array([0.0, 1, 1, 0, 1, 1])
    assert net.Model().fit(x, t).loss_history_ == net.Model().fit(x, t[np.newaxis]).loss_history_


@pytest.mark.parametrize("layer", ["dense: 4", "conv1d: {filters: 4, kernel: 2}"])
def test_an_orthogonal_start_is_orthogonal(layer):
    text = in_columns(of_layers(layer, x="[4, 3]", more="initialiser: orthogonal\n"))
    start_of = module(text).initial_parameters()
    W = start_of["W1"].reshape(4, -1)
    product = W @ W.T if W.shape[0] <= W.shape[1] else W.T @ W
    assert_allclose(product, np.eye(len(product)), atol=1e-12)


def test_masks_have_the_samples_last():
    net = module(in_columns(of_layers("dense: 4", "dropout: 0.5", "dense: 2")))
    masks = net.draw_masks(9, 0)
    assert [mask.shape for mask in masks.values()] == [(4, 9)]
    model = net.Model(batch_size=4, epochs=2)
    model.fit(np.ones((3, 9)), np.ones((2, 9)))
    assert np.isfinite(model.loss_history_).all()


# -- other targets ----------------------------------------------------------------------------------------------


@needs_compiler
@pytest.mark.parametrize("name", ["weights of samples", "labels", "running statistics", "layer by layer", "a recurrence",
                                  "a convolution"])
def test_c_computes_and_trains_as_numpy_does(name, tmp_path, monkeypatch):
    pytest.importorskip("cffi", reason="pip install '.[native]'")
    monkeypatch.setenv("CFLAGS", "-O0")  # compiled fast, and not kept
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    text = in_columns(TRAINED[name])
    numbers, other = data(text, 7), loaded(text, tmp_path)
    expected, found = (net.trace(start(text), **numbers) for net in (module(text), other))
    for key, array in expected.items():
        assert_allclose(found[key], array, 1e-11, 1e-12, err_msg=key)
    for options in (dict(batch_size=3, shuffle=True), {}):
        one, two = (net.Model(epochs=3, **options).fit(*numbers.values()) for net in (module(text), other))
        one.step(*numbers.values()), two.step(*numbers.values())
        next(one.training(*numbers.values())), next(two.training(*numbers.values()))
        assert_allclose(two.loss_history_, one.loss_history_, 1e-10)
        for key in network(text).parameters:
            assert_allclose(two.parameters[key], one.parameters[key], 1e-9, 1e-11, err_msg=key)
    assert two.score(*numbers.values()) == pytest.approx(one.score(*numbers.values()), rel=1e-8)


@pytest.mark.parametrize("name", ["weighted classes", "a recurrence", "running statistics"])
def test_jax_computes_and_trains_as_numpy_does(name):
    jax = pytest.importorskip("jax", reason="pip install '.[jax]'")
    jax.config.update("jax_disable_most_optimizations", True)  # these programs run once
    text = in_columns(TRAINED[name])
    numbers = data(text, 7)
    other = ModuleType("net")
    exec(codegen.generate(network(text), derivation(text), "jax"), other.__dict__)
    start_of = module(text).initial_parameters()
    expected, found = (net.trace(start_of, **numbers) for net in (module(text), other))
    for key, array in expected.items():
        assert_allclose(found[key], array, 1e-11, 1e-12, err_msg=key)
    one, two = (net.Model(batch_size=3, shuffle=True, epochs=2).fit(*numbers.values()) for net in (module(text), other))
    assert_allclose(two.loss_history_, one.loss_history_, 1e-10)
    for key, array in one.parameters.items():
        assert_allclose(two.parameters[key], array, 1e-9, 1e-11, err_msg=key)
    one.step(*numbers.values()), two.step(*numbers.values())
    assert two.score(*numbers.values()) == pytest.approx(one.score(*numbers.values()), rel=1e-9)
