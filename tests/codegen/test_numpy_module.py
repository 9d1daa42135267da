"""The emitted module: what it promises, checked on the module itself."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
import textwrap
import tracemalloc
import types
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from networks import ACTIVATIONS, network
from numpy.testing import assert_allclose

import codegen

LOSSES = ("half_squared_error", "binary_cross_entropy", "cross_entropy", "labels")
ROOT = Path(__file__).parents[2]


@cache
def text(**options) -> str:
    return codegen.generate(*network(**options))


@cache
def module(**options) -> types.ModuleType:
    made = types.ModuleType("net")
    exec(compile(text(**options), "net.py", "exec"), made.__dict__)
    return made


def data(loss: str, samples: int = 7, inputs: int = 3, outputs: int = 3):
    rng = np.random.default_rng(5)
    labels = rng.integers(0, outputs, samples)
    target = {"half_squared_error": rng.standard_normal((samples, outputs)),
              "binary_cross_entropy": rng.integers(0, 2, (samples, outputs)).astype(float),
              "cross_entropy": np.eye(outputs)[labels], "labels": labels}[loss]
    return rng.standard_normal((samples, inputs)), target


VARIANTS = [dict(activation=a, loss=loss, widths=(3, 4, 3)) for a in ACTIVATIONS for loss in LOSSES] + [
    dict(widths=(3, 4, 3), shared_bias=True, l2=True), dict(widths=(3, 4, 3), tied=True),
    dict(widths=(3, 4, 5, 3), frozen=("W2", "b1"), l2=True)]


@pytest.mark.parametrize("options", VARIANTS, ids=lambda o: "-".join(map(str, o.values())))
def test_gradients_agree_with_central_differences(options):
    assert module(**options).check_gradients() < 1e-7


@pytest.mark.parametrize("options", VARIANTS, ids=lambda o: "-".join(map(str, o.values())))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_step_over_buffers_equals_the_plain_functions(options, dtype):
    net = module(**options)
    x, t = data(options.get("loss", "half_squared_error"))
    model = net.Model(dtype=dtype)
    start = {name: array.copy() for name, array in model.parameters.items()}
    loss, gradients = net.loss_and_gradients(start, x, t)
    assert model.step(x, t) == pytest.approx(loss, rel=1e-14 if dtype == "float64" else 1e-5)
    for name, array in start.items():
        rate = 0 if name in options.get("frozen", ()) else model.learning_rate
        tolerance = 1e-15 if dtype == "float64" else 1e-6
        assert_allclose(model.parameters[name], array - rate * gradients[name], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("options", VARIANTS, ids=lambda o: "-".join(map(str, o.values())))
def test_float32_stays_float32(options):
    net = module(**options)
    x, t = data(options.get("loss", "half_squared_error"))
    parameters = net.initial_parameters(dtype=np.float32)
    _, gradients = net.loss_and_gradients(parameters, x, t)
    made = {**gradients, **net.trace(parameters, x, t), "prediction": net.forward(parameters, x)}
    arrays = {name: array for name, array in made.items() if isinstance(array, np.ndarray)}
    assert {name for name, array in arrays.items() if array.dtype != np.float32} == set()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimiser", ["gradient_descent", "momentum", "adamw"])
def test_a_step_allocates_no_array(loss, optimiser):
    """NumPy takes buffers of 64 KiB, two at most, to broadcast a row; an array of a step is larger than that here."""
    net = module(widths=(30, 40, 20), loss=loss, activation="gelu", optimiser_name=optimiser)
    x, t = data(loss, 20_000, 30, 20)
    model = net.Model()
    model.step(x, t)
    x, t = model._checked_data(x, t)
    for _ in range(3):
        model._train(x, t)
    tracemalloc.start()
    try:
        for _ in range(5):
            model._train(x, t)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    smallest = 8 * len(x)  # one number for each sample
    assert peak < 2 * 65_536 + 4096 < smallest


def test_a_smaller_last_batch_uses_the_same_memory():
    net = module(widths=(3, 4, 3))
    x, t = data("half_squared_error", samples=8)
    model = net.Model(batch_size=5, epochs=2).fit(x, t)
    large, small = (model._workspaces[m] for m in (5, 3))
    alone = [one for one, two in zip(large, small, strict=True) if not np.shares_memory(one, two)]
    assert all(len(set(array.flat)) == 1 for array in alone)  # what holds one number never changes


def test_mini_batches_are_steps_on_slices():
    net = module(widths=(3, 4, 3))
    x, t = data("half_squared_error", samples=8)
    model = net.Model(batch_size=3, epochs=1).fit(x, t)
    by_hand = net.Model()
    losses = [by_hand.step(x[a:b], t[a:b]) * (b - a) for a, b in ((0, 3), (3, 6), (6, 8))]
    assert model.updates_ == by_hand.updates_ == 3
    assert model.loss_history_ == [pytest.approx(sum(losses) / 8)]
    for name in net.PARAMETERS:
        assert_allclose(model.parameters[name], by_hand.parameters[name])


def test_layer_by_layer_uses_new_weights_below():
    """W2 is updated first; the gradient of W1 is then computed with the new W2."""
    options = dict(widths=(2, 3, 2))
    plain, layered = module(**options), module(**options, update_order="layer_by_layer")
    x, t = data("half_squared_error", inputs=2, outputs=2)
    model = layered.Model()
    start = {name: array.copy() for name, array in model.parameters.items()}
    _, gradients = plain.loss_and_gradients(start, x, t)
    model.step(x, t)
    rate = model.learning_rate
    for name in ("W2", "b2"):
        assert_allclose(model.parameters[name], start[name] - rate * gradients[name], rtol=1e-14)
    found = plain.trace(start, x, t)
    da1 = found["dJ_dz2"] @ model.parameters["W2"].T
    dz1 = da1 * found["a1"] * (1 - found["a1"])
    assert_allclose(model.parameters["W1"], start["W1"] - rate * x.T @ dz1, rtol=1e-13)
    assert not np.allclose(model.parameters["W1"], start["W1"] - rate * gradients["W1"], rtol=1e-9)
    assert_allclose(layered.loss_and_gradients(start, x, t)[1]["W1"], gradients["W1"], rtol=1e-15)


def test_optimisers_follow_their_equations():
    x, t = data("half_squared_error")
    net = module(widths=(3, 4, 3), optimiser_name="adamw")
    model = net.Model()
    theta = {name: array.copy() for name, array in model.parameters.items()}
    u = {name: 0 * array for name, array in theta.items()}
    v = {name: 0 * array for name, array in theta.items()}
    for k in range(1, 6):
        _, gradients = net.loss_and_gradients(theta, x, t)
        for name, g in gradients.items():
            u[name] = 0.9 * u[name] + 0.1 * g
            v[name] = 0.999 * v[name] + 0.001 * g**2
            theta[name] = theta[name] - 0.01 * 0.01 * theta[name]
            theta[name] = theta[name] - 0.01 * (u[name] / (1 - 0.9**k)) / (np.sqrt(v[name] / (1 - 0.999**k)) + 1e-8)
        model.step(x, t)
    for name in theta:
        assert_allclose(model.parameters[name], theta[name], rtol=1e-12, atol=1e-14)


def test_logits_of_a_thousand_are_no_trouble():
    with np.errstate(all="raise", under="ignore"):
        for loss in ("binary_cross_entropy", "cross_entropy", "labels"):
            net = module(widths=(3, 4, 3), loss=loss, activation="relu")
            x, t = data(loss)
            for scale in (1e3, 1e4):
                loss_value, gradients = net.loss_and_gradients(net.initial_parameters(), scale * x, t)
                assert np.isfinite(loss_value) and all(np.isfinite(g).all() for g in gradients.values())
                model = net.Model()
                assert model.step(scale * x, t) == pytest.approx(loss_value)


def test_trace_has_every_quantity_of_the_derivation():
    made, derivation = network(loss="cross_entropy")
    net = module(loss="cross_entropy")
    x, t = data("cross_entropy", inputs=2, outputs=2)
    found = net.trace(net.initial_parameters(), x, t)
    assert found.keys() == {e.name for e in derivation.system.equations}
    for name, value in found.items():
        shape = [7 if made.size(s) is None else made.size(s) for s in derivation.system.quantities[name].shape]
        assert np.shape(value) == tuple(shape), name
    assert_allclose(found["dJ_da2"], -t / (7 * found["a2"]))


# The class.


def test_parameters_are_views_of_one_vector():
    model = module().Model()
    assert all(np.shares_memory(array, model._theta) for array in model.parameters.values())


def test_options_are_those_of_the_network_and_can_be_changed():
    net = module(epochs=3, batch_size=2, stop_when_change_below=1e-3)
    model = net.Model()
    assert model.get_params() == dict(learning_rate=0.5, epochs=3, batch_size=2, shuffle=False, tolerance=1e-3,
                                      warm_start=False, seed=None, dtype="float64")
    assert model.set_params(epochs=7, learning_rate=0.1) is model
    assert (model.epochs, model.learning_rate) == (7, 0.1)
    with pytest.raises(ValueError, match="epoch is no option .* epochs"):
        model.set_params(epoch=1)


def test_fit_starts_anew_and_partial_fit_goes_on():
    net = module(epochs=2)
    x, t = data("half_squared_error", inputs=2, outputs=2)
    model = net.Model()
    assert model.fit(x, t) is model
    first = model.loss_history_
    assert model.fit(x, t).loss_history_ == first
    before = net.loss_and_gradients(model.parameters, x, t)[0]
    assert model.partial_fit(x, t).loss_history_ == [*first, pytest.approx(before)]
    assert model.updates_ == 3
    assert model.set_params(warm_start=True).fit(x, t).loss_history_[0] < before


def test_fit_stops_when_the_loss_hardly_changes():
    x, t = data("half_squared_error", inputs=2, outputs=2)
    model = module().Model(epochs=10_000, tolerance=1e-4).fit(x, t)
    history = model.loss_history_
    assert 2 < len(history) < 10_000
    assert abs(history[-1] - history[-2]) < 1e-4 <= abs(history[-2] - history[-3])


def test_shuffling_depends_on_the_seed_alone():
    x, t = data("half_squared_error", samples=20, inputs=2, outputs=2)
    net = module()

    def run(seed):
        return net.Model(shuffle=True, batch_size=6, epochs=3, seed=seed).fit(x, t).loss_history_

    assert run(1) == run(1) != run(2)


@pytest.mark.parametrize("loss", ["cross_entropy", "labels"])
def test_a_classifier_predicts_classes(loss):
    net = module(loss=loss, widths=(3, 8, 3))
    x = np.repeat(np.eye(3), 5, axis=0)
    labels = np.repeat([0, 1, 2], 5)
    t = np.eye(3)[labels] if loss == "cross_entropy" else labels
    model = net.Model(epochs=300, learning_rate=1.0).fit(x, t)
    assert np.array_equal(model.predict(x), labels)
    assert_allclose(model.predict_proba(x).sum(axis=1), 1)
    assert model.score(x, t) == 1.0
    assert model.fit(x, labels).score(x, labels) == 1.0  # labels do for one-hot rows


def test_a_probability_is_a_class_from_one_half_on():
    net = module(loss="binary_cross_entropy", widths=(3, 4, 3))
    x, _ = data("binary_cross_entropy")
    model = net.Model()
    assert np.array_equal(model.predict(x), model.predict_proba(x) >= 0.5)


def test_values_are_scored_by_r_squared():
    net = module(widths=(3, 4, 3), activation="identity")
    x, t = data("half_squared_error")
    model = net.Model()
    prediction = model.predict(x)
    assert not hasattr(model, "predict_proba")
    expected = 1 - np.sum((t - prediction) ** 2) / np.sum((t - t.mean(axis=0)) ** 2)
    assert model.score(x, t) == pytest.approx(expected)


def test_what_is_saved_can_be_loaded_and_goes_on_alike(tmp_path):
    net = module(widths=(3, 4, 3), optimiser_name="adamw")
    x, t = data("half_squared_error")
    one = net.Model(epochs=3).fit(x, t)
    one.save(tmp_path / "model.npz")
    two = net.Model(seed=9).load(tmp_path / "model.npz")
    assert two.updates_ == 3
    assert one.step(x, t) == two.step(x, t)
    assert np.array_equal(one._theta, two._theta)


def test_a_file_of_another_network_is_refused(tmp_path):
    module().Model().save(tmp_path / "model.npz")
    with pytest.raises(ValueError, match=r"W1 has the shape \(2, 2\), expected \(3, 4\)"):
        module(widths=(3, 4, 3)).Model().load(tmp_path / "model.npz")
    with pytest.raises(ValueError, match="another network"):
        module(optimiser_name="momentum").Model().load(tmp_path / "model.npz")


@pytest.mark.parametrize(("x", "t", "message"), [
    (np.zeros((4, 3)), np.zeros((4, 2)), r"x has the shape \(4, 3\), expected \(m, 2\) with m = 4 samples"),
    (np.zeros(2), np.zeros((1, 2)), r"x has the shape \(2,\), expected \(m, 2\)"),
    (np.zeros((4, 2)), np.zeros((3, 2)), r"t has the shape \(3, 2\), expected \(m, 2\) with m = 4 samples"),
    (np.zeros((4, 2)), np.zeros(4), r"t has the shape \(4,\), expected \(m, 2\)"),
    ([[1, 2], [3, np.nan]], np.zeros((2, 2)), r"x\[1, 1\] is nan, expected finite numbers"),
    ([["a", "b"]], np.zeros((1, 2)), "x is no array of numbers"),
    (np.zeros((0, 2)), np.zeros((0, 2)), "no samples"),
])
def test_data_that_does_not_fit_is_refused_in_words(x, t, message):
    net = module()
    with pytest.raises(ValueError, match=message):
        net.loss_and_gradients(net.initial_parameters(), x, t)
    with pytest.raises(ValueError, match=message):
        net.Model().fit(x, t)


def test_labels_out_of_range_are_refused():
    net = module(loss="labels")
    for label in (2, -1):
        with pytest.raises(ValueError, match=rf"t holds the label {label}, expected labels from 0 to 1"):
            net.Model().fit(np.zeros((2, 2)), [0, label])
    with pytest.raises(ValueError, match="no whole numbers"):
        net.Model().fit(np.zeros((2, 2)), [0, 0.5])


# The text.


def test_equal_input_gives_equal_text_whatever_the_hash_seed(tmp_path):
    code = "import codegen, networks; print(codegen.generate(*networks.network(loss='cross_entropy', l2=True)), end='')"
    path = f"{ROOT}{os.pathsep}{Path(__file__).parent}"
    texts = {subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path,
                                                               "PYTHONIOENCODING": "utf-8"},
                            capture_output=True, check=True).stdout for seed in ("0", "1", "12345")}
    assert texts == {text(loss="cross_entropy", l2=True).encode()}


def test_the_module_needs_numpy_and_nothing_else(tmp_path):
    (tmp_path / "net.py").write_text(text(activation="gelu"), encoding="utf-8")
    code = "import net, sys; print(sorted(m for m in ('sympy', 'derive', 'codegen', 'scipy') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
                          env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"})
    assert done.stdout.strip() == "[]"
    run = subprocess.run([sys.executable, "net.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"gradients against central differences: relative error \d\.\de-\d+\n", run.stdout)
    imported = {name.split(".")[0] for node in ast.walk(ast.parse(text(activation="gelu")))
                for name in ([node.module] if isinstance(node, ast.ImportFrom) else
                             [alias.name for alias in node.names] if isinstance(node, ast.Import) else [])}
    assert imported - sys.stdlib_module_names == {"numpy"}


@pytest.mark.parametrize("options", [*VARIANTS, dict(update_order="layer_by_layer", optimiser_name="adamw"),
                                     dict(widths=[5] * 40, loss="cross_entropy")],
                         ids=lambda o: "-".join(map(str, o.values()))[:60])
def test_lines_fit_the_page(options):
    made = codegen.generate(*network(**options))
    assert [line for line in made.split("\n") if len(line) > 100 or line != line.rstrip()] == []


def test_it_reads_like_the_page():
    source = inspect.cleandoc(text()).split("def loss_and_gradients")[1].split("    gradients = {")[0]
    lines = [re.sub(r" +#", "  #", line).strip() for line in source.split("\n") if "#" in line]
    assert lines == textwrap.dedent("""\
        z1 = x @ W1 + b1  # (1)  (m, 2)
        a1 = sigmoid(z1)  # (2)  (m, 2)
        z2 = a1 @ W2 + b2  # (3)  (m, 2)
        a2 = sigmoid(z2)  # (4)  (m, 2)
        e = (a2 - t) ** 2 / 2  # (5)  (m, 2)
        J = e.sum() / m  # (6)  scalar
        dJ_da2 = (a2 - t) / m  # (8)  (m, 2)
        dJ_dz2 = dJ_da2 * a2 * sigmoid(-z2)  # (9)  (m, 2)
        dJ_dW2 = a1.T @ dJ_dz2  # (10)  (2, 2)
        dJ_db2 = dJ_dz2.sum(axis=0)  # (11)  (2,)
        dJ_da1 = dJ_dz2 @ W2.T  # (12)  (m, 2)
        dJ_dz1 = dJ_da1 * a1 * sigmoid(-z1)  # (13)  (m, 2)
        dJ_dW1 = x.T @ dJ_dz1  # (14)  (2, 2)
        dJ_db1 = dJ_dz1.sum(axis=0)  # (15)  (2,)""").split("\n")


def test_no_einsum_where_a_product_does_it():
    for options in VARIANTS:
        assert "einsum" not in text(**options) and "tensordot" not in text(**options)


# Writing.


def test_writing_replaces_the_file_in_one_go(tmp_path):
    path = tmp_path / "made" / "net.py"
    codegen.write("one\n", path)
    codegen.write("zwei ∂\n", path)
    assert path.read_bytes() == "zwei ∂\n".encode()
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_earlier_file(tmp_path, monkeypatch):
    path = tmp_path / "net.py"
    codegen.write("old", path)

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        codegen.write("new", path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_target_is_refused_by_name():
    with pytest.raises(ValueError, match="no target is called 'fortran'; there is .*numpy"):
        codegen.generate(*network(), target="fortran")
