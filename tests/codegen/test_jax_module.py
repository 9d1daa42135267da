"""The JAX module computes what the NumPy module computes, and trains as it does."""

from __future__ import annotations

import re
import types
from functools import cache
from typing import Any

import jax
import numpy as np
import pytest
from deep import convolutional, recurrent
from derivation.test_layers import DIFFERENT, NETWORKS
from emitted import data, derivation, module, network, of_layers, parameters
from networks import network as dense
from numpy.testing import assert_allclose
from test_optimisers import data as samples_of
from test_optimisers import network as trained_by
from test_training_and_inference import BOTH, TYPED, WORDS

import codegen

CLOSE = {"rtol": 1e-12, "atol": 1e-12}
RECURRENCES = {name: of_layers(f'equations: "{text}"', x=x) for name, x, text in (
    ("two steps back", "[5]", "h[n,t] = x[n,t]*w[t] + h[n,t-2]*v[t] + tanh(h[n,t-1]); y[n,t] = h[n,t]*2"),
    ("along the last axis", "[4, 6]", "h[n,t,j] = x[n,t,j] + h[n,t,j-1]*w[t]; y[n,t,j] = h[n,t,j]*2"),
    ("windows of the step before", "[4, 6]",
     "h[n,t,j] = x[n,t,j]*w[j] + sum(u, h[n,t-1,j+u-1]*V[u]); y[n,t,j] = h[n,t,j]*2\"\n  sizes: {u: 3}\n  name: \"own"),
)}
MAXIMA = {"a maximum over rounded sums": of_layers(  # XLA rounds x·w + cos(x)·v in more than one way
    'equations: "y[n,t,j] = x[n,t,j]*w[j] + cos(x[n,t,j])*v[j]"', "max_pool1d: 2", x="[8, 3]")}
TEXTS = {**DIFFERENT, **TYPED, **RECURRENCES, **MAXIMA,
         "masks and statistics": BOTH, "labels": WORDS}


def compiled(source: str) -> Any:
    made = types.ModuleType("net")
    exec(compile(source, "net.py", "exec"), made.__dict__)
    return made


@cache
def jax_module(text: str) -> Any:
    return compiled(codegen.generate(network(text), derivation(text), "jax"))


@pytest.fixture(autouse=True)
def quickly(request):
    """Compile with few optimisations: these programs run once."""
    jax.config.update("jax_disable_most_optimizations", not any(name in request.node.name for name in MAXIMA))


def same(found: Any, expected: Any, **close: float) -> None:
    assert found.keys() == expected.keys()
    for name in expected:
        assert np.shape(found[name]) == np.shape(expected[name]), name
        assert_allclose(found[name], expected[name], **close or CLOSE, err_msg=name)


# -- values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
def test_every_quantity_of_every_layer_is_that_of_the_numpy_module(name):
    text = TEXTS[name]
    arrays = data(text, samples=64 if name in MAXIMA else 4)
    masks = {"masks": module(text).draw_masks(len(next(iter(arrays.values()))), 5)} if network(text).random else {}
    same(jax_module(text).trace(parameters(text), **arrays, **masks),
         module(text).trace(parameters(text), **arrays, **masks))


MADE = {
    **{name: (lambda name=name: dense(activation=name)) for name in ("gelu", "elu", "softplus")},
    "cross-entropy": lambda: dense((3, 4, 3), loss="cross_entropy", l2=True),
    "labels": lambda: dense((3, 4, 3), loss="labels", shared_bias=True),
    "binary, tied": lambda: dense((3, 2, 3), loss="binary_cross_entropy", tied=True),
    "convolution with stride": lambda: convolutional(size=8, filters=2, classes=3, stride=2),
    "LSTM over words": lambda: recurrent(steps=3, width=3, hidden=2, classes=3, vocabulary=5),
}


@pytest.mark.parametrize("name", MADE)
def test_the_functions_are_those_of_the_numpy_module(name):
    made, record = MADE[name]()
    one, two = (compiled(codegen.generate(made, record, target)) for target in ("numpy", "jax"))
    rng = np.random.default_rng(2)
    x, t = (rng.standard_normal((4, *made.shape(n)[1:])) for n in ("words" if "words" in made.inputs else "x", "t"))
    if made.inputs == ("words",):
        x = rng.integers(0, 5, x.shape)
    if made.kind == "distribution":
        classes = made.shape(made.prediction)[1]
        t = rng.integers(0, classes, 4) if t.ndim == 1 else np.eye(classes)[rng.integers(0, classes, 4)]
    start = one.initial_parameters()
    same(two.initial_parameters(), start, rtol=0)
    loss, gradients = two.loss_and_gradients(start, x, t)
    expected, of_numpy = one.loss_and_gradients(start, x, t)
    assert isinstance(loss, float) and loss == pytest.approx(expected, rel=1e-12)
    same(gradients, of_numpy)
    assert_allclose(two.forward(start, x), one.forward(start, x), **CLOSE)
    assert list(gradients) == list(of_numpy)
    assert (*one.OPTIONS, "mesh") == two.OPTIONS and two.SHAPES == one.SHAPES and two.PARAMETERS == one.PARAMETERS


def test_the_gradients_pass_the_modules_own_check():
    assert jax_module(BOTH).check_gradients() < 1e-6


# -- training ---------------------------------------------------------------------------------------------------

WAYS = {
    **{name: (name, "") for name in ("momentum", "adadelta", "amsgrad", "nadam", "lion", "lamb")},
    **{name: (f"{{gradient_descent: {{schedule: {{{name}: {{}}}}}}}}", "") for name in ("step", "one_cycle")},
    "clipped": ("{adam: {clip_norm: 0.5, clip_value: 0.3, weight_decay: 0.1, learning_rates: {W1: 0.01}}}", ""),
    "warm-up": ("{momentum: {schedule: {warm_up: 3, cosine: {}}}}", ""),
    "frozen": ("{gradient_descent: {clip_norm: 0.1}}", "frozen: [W2]\n"),
    "layer by layer": ("{lamb: {learning_rates: {W2: 0.02}}}", "training: {update_order: layer_by_layer}\n"),
    "layer by layer, frozen": ("{adam: {}}", "frozen: [W1]\ntraining: {update_order: layer_by_layer}\n"),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_optimiser_updates_as_in_the_numpy_module(way):
    it = trained_by(*WAYS[way])
    one, two = (compiled(codegen.generate(it, it.derivation(), target)) for target in ("numpy", "jax"))
    options = {"epochs": 2, "batch_size": 4, "shuffle": True}
    with jax.disable_jit():  # the same program, step by step
        found = two.Model(**options).fit(*samples_of())
    expected = one.Model(**options).fit(*samples_of())
    same(found.parameters, expected.parameters)
    assert_allclose(found.loss_history_, expected.loss_history_, rtol=1e-12)


def test_a_compiled_model_trains_saves_and_predicts_as_the_numpy_model(tmp_path):
    """With masks from the same generator, running statistics, a smaller last batch, and every way to go on."""
    arrays = [np.repeat(array, 2, axis=0)[:7] for array in data(BOTH).values()]
    models = [net.Model(epochs=2, batch_size=3, shuffle=True, learning_rate=0.2) for net in (module(BOTH), jax_module(BOTH))]
    for model in models:
        model.fit(*arrays).partial_fit(*arrays)
        model.losses = [model.step(*(array[:3] for array in arrays))]
        training = model.training(*arrays)
        model.losses += [next(training) for _ in range(4)]
    expected, found = models
    same(found.parameters, expected.parameters)
    assert list(found.parameters) == list(expected.parameters)
    assert_allclose([*found.loss_history_, *found.losses], [*expected.loss_history_, *expected.losses], rtol=1e-12)
    assert found.updates_ == expected.updates_ == 14
    assert_allclose(found.predict_proba(arrays[0]), expected.predict_proba(arrays[0]), **CLOSE)
    assert (found.predict(arrays[0]) == expected.predict(arrays[0])).all()
    assert found.score(*arrays) == expected.score(*arrays)
    expected.save(tmp_path / "numpy.npz")
    fresh = jax_module(BOTH).Model().load(tmp_path / "numpy.npz")  # either reads the other's file
    same(fresh.parameters, expected.parameters, rtol=0)
    fresh.save(tmp_path / "jax.npz")
    same(module(BOTH).Model().load(tmp_path / "jax.npz").parameters, expected.parameters, rtol=0)
    found.parameters["W1"] = np.ones((3, 3))  # what is put there is used
    assert found.step(*arrays) != found.loss_history_[-1]


MOMENTS = of_layers("{dense: 3, activation: tanh}", "dense: 1", more="optimiser: adam\n")


@pytest.mark.parametrize("options", [{"epochs": 1200}, {"epochs": 300, "tolerance": 1e-3}, {"epochs": 0}])
def test_many_passes_in_one_call_are_passes_one_by_one(options):
    """More than one call holds, none, and as many as it takes until the loss stands still."""
    arrays = data(MOMENTS).values()
    expected, found = (net.Model(**options).fit(*arrays) for net in (module(MOMENTS), jax_module(MOMENTS)))
    assert len(found.loss_history_) == len(expected.loss_history_)
    assert_allclose(found.loss_history_, expected.loss_history_, rtol=1e-9)
    same(found.parameters, expected.parameters, rtol=1e-9)


def test_the_state_of_the_optimiser_is_saved(tmp_path):
    arrays = data(MOMENTS).values()
    expected, found = (net.Model(epochs=3).fit(*arrays) for net in (module(MOMENTS), jax_module(MOMENTS)))
    found.save(tmp_path / "jax.npz")
    loaded = [net.Model(epochs=2, warm_start=True).load(tmp_path / "jax.npz").fit(*arrays)
              for net in (module(MOMENTS), jax_module(MOMENTS))]
    expected.set_params(epochs=2, warm_start=True).fit(*arrays)
    for model in loaded:
        same(model.parameters, expected.parameters)


# -- the text ---------------------------------------------------------------------------------------------------


def test_nothing_is_differentiated_but_by_the_derivation():
    for text in (BOTH, WORDS, NETWORKS["lstm"]):
        source = codegen.generate(network(text), derivation(text), "jax")
        assert not re.search(r"jax\.(grad|value_and_grad|vjp|jvp|linearize|jacfwd|jacrev|hessian)|custom_", source)
        assert source == codegen.generate(network(text), derivation(text), "jax")
        assert max(len(line) for line in source.splitlines()) <= 100


@pytest.mark.parametrize("more, what", [("optimiser: newton\n", "no newton: take the NumPy target or another optimiser"),
                                        ("second_order: true\n", "no second derivatives: take the NumPy target")])
def test_what_there_is_not_is_said(more, what):
    text = of_layers("dense: 1", more=more)
    with pytest.raises(ValueError, match=f"the JAX target has {what}"):
        codegen.generate(network(text), derivation(text), "jax")


def test_data_of_a_wrong_shape_are_refused_in_the_words_of_the_numpy_module():
    text = NETWORKS["a gated dense layer"]
    said = []
    for net in (module(text), jax_module(text)):
        with pytest.raises(ValueError) as error:
            net.forward(net.initial_parameters(), np.ones((2, 5)))
        said.append(str(error.value))
    assert said[0] == said[1] == "x has the shape (2, 5), expected (m, 2) with m = 2 samples"
