"""What holds in training and what outside of it: masks that are drawn, statistics that run along, labels that are read."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from derivation.test_layers import NETWORKS
from emitted import data, derivation, module, network, of_layers, parameters, source, values
from numpy.testing import assert_allclose

from derive.language.equations import Equation, Quantity, System
from derive.language.expressions import Access

DROPOUT = of_layers("{dense: 4, activation: tanh}", "dropout: 0.25", "dense: 2")
NORM = of_layers("dense: 4", "batch_norm: {momentum: 0.8}", "{activation: tanh}", "dense: 2")
BOTH = of_layers("dense: 3", "dropout: 0.5", "batch_norm: {}", "dropout: 0.2", "{dense: 2, activation: softmax}",
                 loss="cross_entropy", more="seed: 4\n")
WORDS = of_layers("embedding: {vocabulary: 5, units: 2}", "{dense: 3, activation: tanh}", "{dense: 4, activation: softmax}",
                  x="[3]", loss="cross_entropy_with_labels")
ONE_HOT = WORDS.replace("cross_entropy_with_labels", "cross_entropy")
TYPED = {name: of_layers(f'equations: "{equations}"', x=x) for name, x, equations in (
    ("a recurrence that begins as a copy", "[3]", "h[n,t] = h[n,t-1]*v[t] + x[n,t]; y[n,t] = h[n,t]*2"),
    ("an output that is a copy", "[3]", "h[n,t] = x[n,t]*w[t] + h[n,t-1]**2; y[n,t] = h[n,t]"),
    ("brackets that leave nothing", "[6]", "y[n,t] = g[t]*x[n,t] + x[n,t-4]*x[n,t+4]"),
    ("a power where it exists", "3", "y[n,j] = where(x[n,j]*w[j] > 0, (x[n,j]*w[j])**1.5, 0)"),
    ("a logarithm where it exists", "3", "y[n,j] = where(x[n,j]*w[j] > 0, x[n,j]*w[j]*log(x[n,j]*w[j]), 0)"),
    ("a diagonal", "3", "y[n,j] = x[n,j]*W[j,j]"),
    ("a trace", "3", "y[n,j] = x[n,j]*sum(k, W[k,k])\"\n  sizes: {k: 2}\n  name: \"own"),
    ("one entry of every axis", "1", "y[n,j] = tanh(sum(k, x[n,k]*W[k,j]) + b[j])*x[n,j]"),
    ("a place given by two indices of the result", "[3, 2]",
     "y[n,t,j] = v[j]*sum(s,k, x[n,s,k]*delta(2*t + j, 2*s + k))\"\n  sizes: {s: 3, k: 2, t: 3, j: 2}\n  name: \"own"),
    ("one sum over places in several terms", "[3]", "y[n,p] = where(sum(i,u, delta(p, 2*i + u)*x[n,i]*V[u]) > 0, "
     "2*sum(i,u, delta(p, 2*i + u)*x[n,i]*V[u]), 0)\"\n  sizes: {i: 3, u: 2, p: 6}\n  name: \"own"),
    ("a window read backwards", "[4]",
     "h[n,t] = x[n,t]*w[t]; y[n,i] = sum(u, h[n,i-u]*V[u])\"\n  sizes: {i: 4, u: 2}\n  name: \"own"),
)}
DTYPES = {np.float64: 1e-12, np.float32: 2e-4}


def given(text, dtype=np.float64, seed=5):
    """Parameters, data and masks of one batch."""
    net, arrays = module(text), data(text)
    samples = len(next(iter(arrays.values())))
    masks = {"masks": net.draw_masks(samples, seed, dtype)} if network(text).random else {}
    return net, parameters(text, dtype), arrays, masks


# -- the functions against loops --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*NETWORKS, "masks and statistics", "sequences of labels"])
def test_every_layer_has_the_values_of_its_equations(name, dtype):
    text = {"masks and statistics": BOTH, "sequences of labels": WORDS, **NETWORKS}[name]
    net, theta, arrays, masks = given(text, dtype)
    of, known = network(text), {**theta, **arrays, **masks.get("masks", {})}
    expected = values(of, derivation(text).system, known)
    found = net.trace(theta, **arrays, **masks)
    assert found.keys() == expected.keys() | masks.get("masks", {}).keys()
    for quantity in expected:
        assert_allclose(found[quantity], expected[quantity], rtol=DTYPES[dtype], atol=DTYPES[dtype], err_msg=quantity)
    loss, gradients = net.loss_and_gradients(theta, **arrays, **masks)
    assert loss == pytest.approx(float(found[of.loss]), rel=DTYPES[dtype])
    for adjoint in derivation(text).adjoints:
        if adjoint.of.name in gradients:
            assert_allclose(gradients[adjoint.of.name], expected[adjoint.quantity.name], rtol=DTYPES[dtype],
                            atol=DTYPES[dtype])
    inputs = {n: arrays[n] for n in of.inputs}
    assert_allclose(net.forward(theta, **inputs), values(of, of.predicting, {**theta, **inputs})[of.prediction],
                    rtol=DTYPES[dtype], atol=DTYPES[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*NETWORKS, *TYPED, "masks and statistics", "sequences of labels"])
def test_a_step_is_that_of_the_plain_functions(name, dtype):
    text = {"masks and statistics": BOTH, "sequences of labels": WORDS, **NETWORKS, **TYPED}[name]
    net, theta, arrays, _ = given(text, dtype)
    model = net.Model(dtype=np.dtype(dtype).name)
    for parameter, value in theta.items():
        model.parameters[parameter][...] = value
    loss = model.step(*arrays.values())
    masks = {"masks": model._masks[len(next(iter(arrays.values())))]} if network(text).random else {}
    expected, gradients = net.loss_and_gradients(theta, **arrays, **masks)
    assert loss == pytest.approx(expected, rel=DTYPES[dtype])
    for parameter in net.PARAMETERS:
        assert_allclose(model.parameters[parameter], theta[parameter] - model.learning_rate * gradients[parameter],
                        rtol=DTYPES[dtype], atol=DTYPES[dtype])


@pytest.mark.parametrize("name", [*NETWORKS, *TYPED])
def test_the_module_finds_its_gradients_right(name):
    assert module({**NETWORKS, **TYPED}[name]).check_gradients() < 1e-6


# -- masks ----------------------------------------------------------------------------------------------------


def test_masks_are_drawn_from_a_seed_and_scaled_so_that_their_mean_is_one():
    net = module(DROPOUT)
    one, again, other = (net.draw_masks(10_000, seed)["r2"] for seed in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    assert set(np.unique(one)) == {0, 1 / 0.75}
    dropped, entries_ = (one == 0).sum(), one.size
    assert abs(dropped - 0.25 * entries_) < 5 * np.sqrt(entries_ * 0.25 * 0.75)  # five standard deviations
    assert net.draw_masks(3, dtype=np.float32)["r2"].dtype == np.float32


def test_without_masks_nothing_is_dropped():
    net, theta, arrays, masks = given(DROPOUT)
    ones = {name: np.ones_like(mask) for name, mask in masks["masks"].items()}
    assert net.loss_and_gradients(theta, **arrays)[0] == net.loss_and_gradients(theta, **arrays, masks=ones)[0]
    assert net.loss_and_gradients(theta, **arrays)[0] != net.loss_and_gradients(theta, **arrays, **masks)[0]


@pytest.mark.parametrize("masks, message", [
    ({"r3": np.ones((4, 4))}, "there is no mask r3, expected r2"),
    ({}, "the mask r2 is missing, expected r2"),
    ({"r2": np.ones((3, 4))}, r"r2 has the shape \(3, 4\), expected \(4, 4\)")])
def test_masks_that_do_not_fit_are_refused_in_words(masks, message):
    net, theta, arrays, _ = given(DROPOUT)
    with pytest.raises(ValueError, match=message):
        net.loss_and_gradients(theta, **arrays, masks=masks)


def test_training_draws_masks_batch_by_batch_from_the_seed():
    arrays = data(BOTH, 10)
    net = module(BOTH)

    def trained(seed):
        return net.Model(epochs=3, batch_size=4, seed=seed).fit(*arrays.values())

    one, again, other = trained(1), trained(1), trained(2)
    assert one.loss_history_ == again.loss_history_ != other.loss_history_
    assert one.fit(*arrays.values()).loss_history_ == again.loss_history_  # fit starts anew, the masks too
    model = net.Model()
    drawn = []
    for _ in range(2):
        model.step(*arrays.values())
        drawn.append({name: mask.copy() for name, mask in model._masks[10].items()})
    assert any(not np.array_equal(drawn[0][name], drawn[1][name]) for name in drawn[0])


def test_what_is_saved_goes_on_with_the_same_masks_and_statistics(tmp_path):
    net, arrays = module(BOTH), data(BOTH, 10)
    one = net.Model(epochs=2, batch_size=4).fit(*arrays.values())
    one.save(tmp_path / "model.npz")
    two = net.Model(batch_size=4).load(tmp_path / "model.npz")
    for model in (one, two):
        model.partial_fit(*arrays.values())
    assert all(np.array_equal(one.parameters[name], two.parameters[name]) for name in one.parameters)
    assert set(net.RUNNING) < one.parameters.keys()


# -- running statistics -------------------------------------------------------------------------------------------


def test_running_statistics_after_some_updates_are_those_of_a_direct_computation():
    net, arrays = module(NORM), data(NORM, 9)
    model = net.Model(epochs=2, batch_size=4).fit(*arrays.values())
    by_hand, mean, variance = net.Model(), np.zeros(4), np.ones(4)
    for rows in 2 * [slice(0, 4), slice(4, 8), slice(8, 9)]:
        z = arrays["x"][rows] @ by_hand.parameters["W1"] + by_hand.parameters["b1"]
        mean, variance = 0.8 * mean + 0.2 * z.mean(axis=0), 0.8 * variance + 0.2 * z.var(axis=0)
        by_hand.step(*(array[rows] for array in arrays.values()))
    assert_allclose(model.parameters["running_mean2"], mean, rtol=1e-12)
    assert_allclose(model.parameters["running_variance2"], variance, rtol=1e-12)


def test_the_function_of_the_running_statistics_has_the_values_of_their_equations():
    net, theta, arrays, masks = given(BOTH)
    of = network(BOTH)
    found = net.running_statistics(theta, arrays["x"], **masks)
    made = [Quantity(f"new_{e.name}", e.target.indices) for e in of.running]
    new = System({**of.system.quantities, **{quantity.name: quantity for quantity in made}},
                 (*of.system.equations, *(Equation(Access(f"new_{e.name}", *e.target.indices), e.body) for e in of.running)))
    expected = values(of, new, {**theta, **arrays, **masks["masks"]})
    assert found.keys() == set(net.RUNNING)
    for name, value in found.items():
        assert_allclose(value, expected[f"new_{name}"], rtol=1e-12)


def test_running_statistics_have_no_gradients_and_the_prediction_reads_them():
    net, theta, arrays, _ = given(NORM)
    assert not set(net.RUNNING) & set(net.PARAMETERS) and set(net.RUNNING) <= theta.keys()
    assert net.loss_and_gradients(theta, **arrays)[1].keys() == set(net.PARAMETERS)
    moved = {**theta, "running_mean2": theta["running_mean2"] + 1}
    assert not np.allclose(net.forward(theta, arrays["x"]), net.forward(moved, arrays["x"]))
    assert net.loss_and_gradients(theta, **arrays)[0] == net.loss_and_gradients(moved, **arrays)[0]
    start = net.initial_parameters()
    assert (start["running_mean2"] == 0).all() and (start["running_variance2"] == 1).all()
    del start["running_mean2"]
    with pytest.raises(ValueError, match="running_mean2 is missing"):
        net.forward(start, arrays["x"])


def test_a_prediction_is_of_one_sample_by_itself():
    net, theta, arrays, _ = given(BOTH)
    whole = net.forward(theta, arrays["x"])
    assert_allclose(net.forward(theta, arrays["x"][:1]), whole[:1], rtol=1e-12)
    model = net.Model()
    assert np.array_equal(model.predict_proba(arrays["x"]), model.predict_proba(arrays["x"]))
    trained = net.trace(theta, **arrays)[network(BOTH).prediction]
    assert not np.allclose(trained, whole)  # the statistics of the batch in training


# -- labels ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x, message", [
    ([[0, 1, 5]], "x holds the label 5, expected labels from 0 to 4"),
    ([[0, -1, 2]], "x holds the label -1, expected labels from 0 to 4"),
    ([[0, 1.5, 2]], "x holds values that are no whole numbers, expected labels"),
    ([[0, np.nan, 2]], r"x\[0, 1\] is nan, expected finite numbers"),
    ([["a", "b", "c"]], "x is no array of numbers"),
    ([[0, 1]], r"x has the shape \(1, 2\), expected \(m, 3\)"),
])
def test_inputs_of_labels_are_checked(x, message):
    net = module(WORDS)
    model = net.Model()
    for refused in (lambda: net.forward(net.initial_parameters(), x), lambda: model.predict(x),
                    lambda: model.fit(x, [[0, 1, 2]]), lambda: net.loss_and_gradients(model.parameters, x, [[0, 1, 2]])):
        with pytest.raises(ValueError, match=message):
            refused()


def test_labels_may_be_of_any_type_that_holds_whole_numbers():
    net, theta, arrays, _ = given(WORDS)
    expected = net.forward(theta, arrays["x"])
    for dtype in (np.int8, np.uint16, np.float32, object):
        assert np.array_equal(net.forward(theta, arrays["x"].astype(dtype)), expected)


@pytest.mark.parametrize("text", [WORDS, ONE_HOT])
def test_sequences_of_labels_are_learnt_and_scored(text):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, (40, 3))
    t = np.array([3, 0, 2, 1, 3])[x]
    model = module(text).Model(epochs=400, learning_rate=1.0, seed=1).fit(x, t)
    assert model.predict(x).shape == (40, 3) and model.predict_proba(x).shape == (40, 3, 4)
    assert model.score(x, t) == 1.0
    t[0, 0] += 1 if t[0, 0] < 3 else -1
    assert model.score(x, t) == pytest.approx(1 - 1 / 120)


def test_inputs_of_several_axes_are_checked_by_their_shape():
    net = module(NETWORKS["conv2d"])
    with pytest.raises(ValueError, match=r"x has the shape \(2, 3, 5, 1\), expected \(m, 3, 4, 1\) with m = 2 samples"):
        net.forward(net.initial_parameters(), np.zeros((2, 3, 5, 1)))
    one = net.forward(net.initial_parameters(), np.ones((2, 3, 4)))  # one channel goes without saying
    assert np.array_equal(one, net.forward(net.initial_parameters(), np.ones((2, 3, 4, 1))))


# -- the text, and memory -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [DROPOUT, NORM, BOTH, WORDS])
def test_a_step_allocates_no_array(text):
    """NumPy takes buffers of 64 KiB, two at most; an array of a step is larger than that here."""
    arrays = data(text, 20_000)
    model = module(text).Model()
    model.step(*arrays.values())
    checked = model._checked_data(*arrays.values())
    for _ in range(3):
        model._train(*checked)
    tracemalloc.start()
    try:
        for _ in range(5):
            model._train(*checked)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * 65_536 + 4096 < 8 * 20_000


def test_the_docstring_says_what_holds_when():
    said = source(BOTH).split('"""')[1]
    assert "r2[n,j]               (m, 3)       mask of layer 2, 0 or 1/(1 − rate2)" in said
    instead = said.split("compute instead:")[1].split("After each update")[0]
    assert "mu3[j] = running_mean3[j]" in instead and "y2[n,j] = z1[n,j]" in instead
    assert "running_mean3[j] ← " in said.split("After each update in training:")[1]


@pytest.mark.parametrize("name", [*NETWORKS, "masks and statistics"])
def test_lines_fit_the_page(name):
    made = source({"masks and statistics": BOTH, **NETWORKS}[name])
    assert [line for line in made.split("\n") if len(line) > 100 or line != line.rstrip()] == []


