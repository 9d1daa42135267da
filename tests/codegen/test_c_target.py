"""The C target computes what the NumPy target does, and compiles without a warning."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from c_modules import PAGES, STRICT, compiler, files, loaded, needs_compiler, run, written
from derivation.test_layers import NETWORKS
from emitted import data, module, network, of_layers, parameters
from numpy.testing import assert_allclose

cffi = pytest.importorskip("cffi", reason="pip install cffi")
pytestmark = needs_compiler

OPTIMISERS = ("{gradient_descent: {learning_rate: 0.1}}", "{momentum: {learning_rate: 0.1}}", "adam", "lamb", "nadam",
              "{adam: {learning_rate: 0.01, clip_norm: 0.1, schedule: {cosine: {}}}}")


@pytest.fixture(autouse=True)
def quickly(monkeypatch, tmp_path):
    """Compiled fast, without a warning, and not kept."""
    monkeypatch.setenv("CFLAGS", " ".join(("-O0", *STRICT)))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", PAGES)
def test_values_and_gradients_are_those_of_the_numpy_module(name, tmp_path):
    compare(PAGES[name], tmp_path)
    # The parts that the comparison leaves out, too.
    run(compiler, *STRICT, "-DNETWORK_REAL=float", "-DNETWORK_TRACE", "-fsyntax-only", str(tmp_path / "network.c"))


def compare(text: str, folder: Path) -> None:
    ours, net = loaded(text, folder), module(text)
    theta, given = parameters(text), data(text)
    inputs = {each: given[each] for each in network(text).inputs}
    assert_allclose(ours.forward(theta, **inputs), net.forward(theta, **inputs), rtol=1e-12, atol=1e-13)
    (loss, gradients), (wanted, right) = ours.loss_and_gradients(theta, **given), net.loss_and_gradients(theta, **given)
    assert loss == pytest.approx(wanted, rel=1e-12)
    assert gradients.keys() == right.keys()
    for each, gradient in right.items():
        assert_allclose(gradients[each], gradient, rtol=1e-11, atol=1e-12, err_msg=each)


@pytest.mark.parametrize("name", ["every activation", "lstm with a mask", "conv2d", "batch_norm"])
def test_a_trace_has_every_quantity(name, tmp_path):
    text = PAGES[name]
    theta, given = parameters(text), data(text)
    found, right = loaded(text, tmp_path).trace(theta, **given), module(text).trace(theta, **given)
    assert found.keys() == right.keys()
    for each, value in right.items():
        assert_allclose(found[each], value, rtol=1e-11, atol=1e-12, err_msg=each)


TRAINED = {
    "own learning rates": of_layers("{dense: 3, activation: tanh}", "dense: 2",
                                    more="optimiser: {adam: {learning_rate: 0.01, learning_rates: {W1: 0.5}}}\n"),
    "layer by layer with a normalisation": of_layers(
        "dense: 4", "batch_norm: {}", "{activation: tanh}", "dense: 2", more="training: {update_order: layer_by_layer}\n"),
    **{f"with {o.strip('{').split(':')[0]}{' and clipping' if 'clip' in o else ''}":
       of_layers("{dense: 4, activation: tanh}", "dense: 2", more=f"optimiser: {o}\n") for o in OPTIMISERS},
    "layer by layer": of_layers("{dense: 4, activation: tanh}", "dense: 2",
                                more="training: {update_order: layer_by_layer}\n"),
    "labels": PAGES["labels"], "batch_norm": NETWORKS["batch_norm"], "dropout": NETWORKS["dropout"],
    "lstm": NETWORKS["lstm"], "embedding": NETWORKS["embedding"],
    "regularised": of_layers("dense: 4", "dense: 2", more="regularisation: {l2: 0.1, l1: 0.01}\n"),
    **{f"products added by {name}": of_layers(
        "{dense: 50, activation: relu}", "{dense: 45, activation: leaky_relu}", "dense: 2", x="41",
        more=f"optimiser: {{{name}: {{learning_rate: 0.05, {options}}}}}\n{more}")
       for name, options, more in (("gradient_descent", "weight_decay: 0.1", "regularisation: {l2: 0.1}\n"),
                                   ("momentum", "schedule: {cosine: {}}", ""))},
}


FLOATS = ("with gradient_descent", "with adam and clipping", "layer by layer", "labels", "batch_norm", "lstm",
          "products added by momentum")


@pytest.mark.parametrize("name, dtype", [*((name, "float64") for name in TRAINED), *((name, "float32") for name in FLOATS)])
def test_training_goes_as_that_of_the_numpy_module(name, dtype, tmp_path):
    text = TRAINED[name]
    given = data(text, 7)
    options = {"epochs": 4, "batch_size": 3, "shuffle": True, "dtype": dtype}
    ours, net = loaded(text, tmp_path).Model(**options), module(text).Model(**options)
    ours.fit(**given)
    net.fit(**given)
    close = {"rtol": 1e-10, "atol": 1e-12} if dtype == "float64" else {"rtol": 2e-4, "atol": 2e-5}
    assert ours.updates_ == net.updates_ == 12
    assert_allclose(ours.loss_history_, net.loss_history_, **close)
    for each, value in net.parameters.items():
        assert_allclose(ours.parameters[each], value, err_msg=each, **close)
    assert ours.step(**given) == pytest.approx(net.step(**given), rel=close["rtol"] * 10)


SECOND = {
    "a product whose gradient is constant": of_layers("dense: 2", loss="\"mean(j, y[n,j]*t[n,j])\""),
    **{name: NETWORKS[name] for name in ("conv1d", "lstm", "embedding", "layer_norm", "attention")},
    "everything beside it": of_layers(
        "{dense: 4, activation: tanh}", "batch_norm: {}", "dropout: 0.5", "{dense: 3, activation: softmax}",
        loss="cross_entropy", more="regularisation: {l2: 0.1}\nfrozen: [b1]\n"),
}


@pytest.mark.parametrize("name", SECOND)
def test_products_with_both_matrices_are_those_of_the_numpy_module(name, tmp_path):
    text = SECOND[name] + "second_order: true\n"
    ours, net, theta, given = loaded(text, tmp_path), module(text), parameters(text), data(text)
    if network(text).random:
        given["masks"] = net.draw_masks(4, 6)
    direction = {each: theta[each] - 1 for each in net.PARAMETERS}
    for product in ("hessian_vector_product", "gauss_newton_vector_product"):
        found, right = (getattr(of, product)(theta, direction, **given) for of in (ours, net))
        for each, value in right.items():
            assert_allclose(found[each], value, rtol=1e-9, atol=1e-11, err_msg=f"{product}: {each}")


@pytest.mark.parametrize("solver", ["newton", "hessian_free"])
def test_solvers_train_as_those_of_the_numpy_module(solver, tmp_path):
    text = of_layers("{dense: 3, activation: tanh}", "dropout: 0.2", "dense: 2", more=f"optimiser: {solver}\nfrozen: [b3]\n")
    given = data(text, 7)
    ours, net = (each.Model(epochs=3, batch_size=5, shuffle=True) for each in (loaded(text, tmp_path), module(text)))
    ours.fit(**given)
    net.fit(**given)
    assert_allclose(ours.loss_history_, net.loss_history_, rtol=1e-8)
    assert ours.step(**given) == pytest.approx(net.step(**given), rel=1e-8)
    assert copy.deepcopy(ours).step(**given) == ours.step(**given)


def test_training_stops_on_convergence_and_goes_on_from_there(tmp_path):
    text = of_layers("dense: 2")
    given = data(text, 6)
    models = [each.Model(epochs=500, tolerance=1e-4, shuffle=False, warm_start=True)
              for each in (loaded(text, tmp_path), module(text))]
    for _ in range(2):
        for model in models:
            model.fit(**given)
        assert models[0].updates_ == models[1].updates_
        assert_allclose(models[0].loss_history_, models[1].loss_history_, rtol=1e-10)
    assert models[0].updates_ < 500


def test_what_is_saved_by_one_is_loaded_by_the_other(tmp_path):
    text = TRAINED["with adam"]
    given = data(text, 6)
    ours, net = loaded(text, tmp_path).Model(epochs=3), module(text).Model(epochs=3)
    ours.fit(**given)
    ours.save(str(tmp_path / "model.npz"))
    net.load(str(tmp_path / "model.npz"))
    assert net.step(**given) == pytest.approx(ours.step(**given), rel=1e-10)


HOSTILE = {
    "a network named like its input": "name: x\n" + of_layers("dense: 2"),
    "names that the functions use": of_layers("{dense: 2, from: values}", x="1").replace(
        "inputs: {x: 1}", "inputs: {values: 3, gradient: 2, order: 1, INLINE: 1}").replace(
        "layers:", "layers:\n- concatenate: [values, gradient, order, INLINE]").replace(", from: values", ""),
    "two inputs a letter apart": "inputs: {x: 2, x_: 2}\nlayers: [{dense: 2, name: a, from: x}, {dense: 2, name: b, "
                                 "from: x_}, {add: [a, b]}]\nloss: mean_squared_error\n",
    "nothing to train": of_layers("{dense: 2}", more="frozen: [W1, b1]\n"),
    "constants named like functions": of_layers('{dense: 2, activation: "z*remainder + fdim"}',
                                                more="constants: {remainder: 1.5, fdim: 2}\n"),
    "a sum that reads no array": of_layers(
        '{equations: "y[n,j] = x[n,j]*g[j] + sum(k, sin(k + j))", sizes: {k: 4}}'),
    "a title of blanks": 'title: " "\n' + of_layers("dense: 2"),
    "a branch that is never taken": of_layers('{dense: 2, activation: "where(z >= 0, sqrt(abs(z)), z)"}'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_and_forms(name, tmp_path):
    text = HOSTILE[name]
    run(compiler, *STRICT, "-fsyntax-only", str(written(text, tmp_path)))
    compare(text, tmp_path)


def test_a_fitted_model_can_be_copied(tmp_path):
    text = TRAINED["with adam"]
    given = data(text, 6)
    model = loaded(text, tmp_path).Model(epochs=3).fit(**given)
    twin = copy.deepcopy(model)
    assert twin.step(**given) == model.step(**given)


def test_no_compiler_is_a_clear_error(tmp_path, monkeypatch):
    text = PAGES["labels"]
    made = loaded(text, tmp_path)
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(RuntimeError, match="install gcc"):
        made.forward(parameters(text), **{each: data(text)[each] for each in network(text).inputs})


def test_equal_input_gives_equal_text(tmp_path):
    text = PAGES["labels"]
    first = dict(files(text))
    files.cache_clear()
    assert files(text) == first
    assert Path(written(text, tmp_path)).read_text(encoding="utf-8") == first[".c"]
