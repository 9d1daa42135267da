"""Second derivatives in the emitted module, and the optimisers that solve equations with them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from derivation.test_layers import DIFFERENT, NETWORKS
from emitted import data, derivation, module, network, of_layers, parameters, source, values
from numpy.testing import assert_allclose

from derive.calculus.tangent import gauss_newton_vector, hessian_vector, linear_output
from derive.file.errors import FileError

SECOND = "second_order: true\n"
OF_OUTPUT = {  # of one layer of three units: what the loss is a function of, and where the network is split from it
    "softmax with cross-entropy": ("softmax", "cross_entropy", "z1"),
    "softmax with cross-entropy of labels": ("softmax", "cross_entropy_with_labels", "z1"),
    "sigmoid with binary cross-entropy": ("sigmoid", "binary_cross_entropy", "z1"),
    "identity with squares": ("identity", "mean_squared_error", "a1"),
    "sigmoid with squares": ("sigmoid", "mean_squared_error", "a1"),
    "tanh with squares": ("tanh", "mean_squared_error", "a1"),
    "softmax with squares": ("softmax", "mean_squared_error", "a1"),
}
DEEP = of_layers("{dense: 4, activation: tanh}", "batch_norm: {}", "dropout: 0.5", "{dense: 3, activation: softmax}",
                 loss="cross_entropy", more=SECOND + "regularisation: {l2: 0.1}\nfrozen: [b1]\n")


def second(name: str) -> str:
    return DEEP if name == "deep" else NETWORKS[name] + SECOND


def given(text, dtype=np.float64):
    """A module, its parameters, a direction, data and masks."""
    net, theta, arrays = module(text), parameters(text, dtype), data(text)
    rng = np.random.default_rng(3)
    direction = {name: rng.standard_normal(theta[name].shape).astype(dtype) for name in net.PARAMETERS}
    masks = {"masks": net.draw_masks(4, 6, dtype)} if network(text).random else {}
    return net, theta, direction, {**arrays, **masks}


def size(parts):
    return max(float(np.abs(part).max()) for part in parts.values())


# -- products ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*DIFFERENT, "deep"])
def test_the_hessian_times_a_direction_is_the_change_of_the_gradients_along_it(name):
    net, theta, direction, arrays = given(second(name))
    product = net.hessian_vector_product(theta, direction, **arrays)

    def gradients(step):
        moved = {n: theta[n] + step * v for n, v in direction.items()}
        return net.loss_and_gradients({**theta, **moved}, **arrays)[1]

    ahead, behind, scale = gradients(1e-5), gradients(-1e-5), max(size(product), 1e-3)
    for parameter, value in product.items():
        quotient = (ahead[parameter] - behind[parameter]) / 2e-5
        assert_allclose(value, quotient, rtol=0, atol=1e-6 * scale, err_msg=parameter)


@pytest.mark.parametrize("name, dtype, tolerance", [
    *((name, np.float64, 1e-11) for name in ("dense over a sequence", "layer_norm", "embedding", "lstm", "conv1d", "deep")),
    *((name, np.float32, 1e-3) for name in ("layer_norm", "embedding", "deep"))])
def test_products_have_the_values_of_their_equations(name, dtype, tolerance):
    text = second(name)
    net, theta, direction, arrays = given(text, dtype)
    of, derived = network(text), derivation(text)
    products = {"hessian": hessian_vector(derived), "gauss_newton": gauss_newton_vector(
        derived.forward, of.loss, linear_output(derived, of.prediction), of.parameters)}
    known = {**theta, **{k: v for k, v in arrays.items() if k != "masks"}, **arrays.get("masks", {})}
    for matrix, made in products.items():
        found = getattr(net, f"{matrix}_vector_product")(theta, direction, **arrays)
        moves = {made.directions[n].name: v for n, v in direction.items()}
        expected = values(of, made.system, {**known, **moves})
        assert found.keys() == set(net.PARAMETERS)
        for parameter, value in found.items():
            assert value.dtype == dtype
            wanted = expected[made.products[parameter]] if parameter in made.products else 0 * value
            assert_allclose(value, wanted, rtol=tolerance, atol=tolerance * max(size(found), 1), err_msg=parameter)


def test_a_parameter_that_the_direction_leaves_out_stays():
    net, theta, direction, arrays = given(DEEP)
    still = {**direction, "W4": np.zeros_like(direction["W4"])}
    del direction["W4"]
    one, other = (net.hessian_vector_product(theta, v, **arrays) for v in (direction, still))
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("direction, message", [
    ({"W9": 1.0}, "the direction has W9, expected W1, b1"),
    ({"W1": np.ones(2)}, r"W1 of the direction has the shape \(2,\), expected \(3, 4\)")])
def test_a_direction_that_does_not_fit_is_refused_in_words(direction, message):
    net, theta, _, arrays = given(DEEP)
    for product in (net.hessian_vector_product, net.gauss_newton_vector_product):
        with pytest.raises(ValueError, match=message):
            product(theta, direction, **arrays)


# -- matrices ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["two equations and a learnt number", "gru", "attention", "deep"])
def test_both_matrices_are_symmetric_and_that_of_gauss_and_newton_is_nowhere_negative(name):
    net, theta, direction, arrays = given(second(name))
    free = [p for p in net.PARAMETERS if p not in getattr(net, "FROZEN", ())]
    entries = sum(theta[p].size for p in free)
    along = net._flat(direction)
    for matrix in ("hessian", "gauss_newton"):
        whole = getattr(net, matrix)(theta, *arrays.values())
        assert whole.shape == (entries, entries)
        assert_allclose(whole, whole.T, rtol=0, atol=1e-12 * np.abs(whole).max())
        product = getattr(net, f"{matrix}_vector_product")(theta, {p: direction[p] for p in free}, **arrays)
        assert_allclose(whole @ along, net._flat(product), rtol=1e-9, atol=1e-11 * np.abs(whole).max())
    least = np.linalg.eigvalsh(whole).min()
    assert least > -1e-12 * np.abs(whole).max()


@pytest.mark.parametrize("name", OF_OUTPUT)
def test_the_network_is_split_where_its_loss_is_convex(name):
    """For one layer the output is linear up to the split: there both matrices are one, if the split is z."""
    activation, loss, split = OF_OUTPUT[name]
    text = of_layers(f"{{dense: 3, activation: {activation}}}", loss=loss, more=SECOND)
    assert linear_output(derivation(text), network(text).prediction) == split
    net, theta, _, arrays = given(text)
    whole, convex = net.hessian(theta, **arrays), net.gauss_newton(theta, **arrays)
    assert np.linalg.eigvalsh(convex).min() > -1e-12
    assert np.allclose(whole, convex, atol=1e-12) == (split == "z1" or activation == "identity")


def test_the_matrix_of_gauss_and_newton_is_that_of_the_jacobian():
    text = of_layers("{dense: 3, activation: tanh}", "{dense: 2, activation: sigmoid}", more=SECOND)
    net, theta, _, arrays = given(text)
    flat, step = net._flat(theta), 1e-6

    def outputs(vector):
        return net.forward(net._parts(vector, theta), arrays["x"]).ravel()

    jacobian = np.stack([(outputs(flat + step * row) - outputs(flat - step * row)) / (2 * step)
                         for row in np.eye(flat.size)], axis=1)
    assert_allclose(net.gauss_newton(theta, **arrays), 2 / jacobian.shape[0] * jacobian.T @ jacobian, atol=1e-8)


def test_the_penalty_counts_with_its_whole_curvature():
    text = of_layers("{dense: 2, activation: tanh}", "dense: 1", more=SECOND)
    penalised = text + "regularisation: {l2: 0.3}\n"
    net, theta, _, arrays = given(text)
    entries = net._flat({n: np.full(a.shape, 0.3 * (a.ndim > 1)) for n, a in theta.items()})
    for matrix in ("hessian", "gauss_newton"):
        difference = getattr(module(penalised), matrix)(theta, **arrays) - getattr(net, matrix)(theta, **arrays)
        assert_allclose(difference, np.diag(entries), atol=1e-12)


# -- optimisers -------------------------------------------------------------------------------------------------


def test_newton_solves_least_squares_in_one_step():
    net = module(of_layers("dense: 2", more="optimiser: newton\n"))
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal((30, 3)), rng.standard_normal((30, 2))
    model = net.Model().fit(x, t)
    solved = np.linalg.lstsq(np.c_[x, np.ones(30)], t, rcond=None)[0]
    assert_allclose(model.parameters["W1"], solved[:3], atol=1e-12)
    assert_allclose(model.parameters["b1"], solved[3], atol=1e-12)


def two_clouds():
    rng = np.random.default_rng(2)
    x = rng.standard_normal((200, 3))
    return x, (x @ [[1.0], [2.0], [-1.0]] + rng.standard_normal((200, 1)) > 0).astype(float)


def test_newton_finds_a_logistic_regression_in_few_steps():
    net = module(of_layers("{dense: 1, activation: sigmoid}", loss="binary_cross_entropy", more="optimiser: newton\n"))
    x, t = two_clouds()
    model = net.Model(epochs=8).fit(x, t)
    _, gradients = net.loss_and_gradients(model.parameters, x, t)
    assert size(gradients) < 1e-12
    history = model.loss_history_
    assert all(after <= before for before, after in zip(history, history[1:], strict=False))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_newton_never_climbs_where_the_hessian_is_not_positive_definite(dtype):
    net = module(of_layers("{dense: 5, activation: sigmoid}", "{dense: 1, activation: sigmoid}",
                           loss="binary_cross_entropy", more="optimiser: newton\nseed: 1\n"))
    x, t = two_clouds()
    model = net.Model(dtype=dtype)
    assert np.linalg.eigvalsh(net.hessian(model.parameters, x, t)).min() < 0
    model.set_params(epochs=15).fit(x, t)
    history = model.loss_history_
    assert all(after <= before for before, after in zip(history, history[1:], strict=False))
    assert history[-1] < 0.7 * history[0]


XOR = of_layers("{dense: 8, activation: sigmoid}", "{dense: 1, activation: sigmoid}", x="2", loss="binary_cross_entropy",
                more="seed: 1\noptimiser: ")


@pytest.mark.parametrize("rate", [0.5, 2.0, 5.0])
def test_hessian_free_goes_lower_than_gradient_descent_in_as_many_passes(rate):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 2))
    t = (x[:, :1] * x[:, 1:] > 0).astype(float)
    free = module(f"{XOR}hessian_free\n").Model(epochs=30).fit(x, t)
    plain = module(f"{XOR}gradient_descent\n").Model(epochs=30, learning_rate=rate).fit(x, t)
    assert free.loss_history_[0] == pytest.approx(plain.loss_history_[0])
    assert free.loss_history_[-1] < 0.1 * plain.loss_history_[-1]
    assert free.score(x, t) > 0.97


def test_hessian_free_works_on_batches_with_masks_and_running_statistics():
    text = DEEP + "optimiser: hessian_free\n"
    arrays = data(text, 60)
    model = module(text).Model(epochs=5, batch_size=20)
    still = model.parameters["b1"].copy()
    history = model.fit(*arrays.values()).loss_history_
    assert history[-1] < history[0] and model.updates_ == 15
    assert np.array_equal(model.parameters["b1"], still)
    assert not np.array_equal(model.parameters["running_mean2"], np.zeros(4))


@pytest.mark.parametrize("name", ["newton", "hessian_free"])
def test_what_is_saved_goes_on_alike(name, tmp_path):
    net = module(f"{XOR}{name}\n")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20, 2))
    t = (x[:, :1] > 0).astype(float)
    one = net.Model(epochs=3).fit(x, t)
    one.save(tmp_path / "model.npz")
    two = net.Model().load(tmp_path / "model.npz")
    for model in (one, two):
        model.partial_fit(x, t)
    assert np.array_equal(one._theta, two._theta) and one._damping == two._damping


# -- the file and the texts ---------------------------------------------------------------------------------------


def test_newton_is_for_few_parameters():
    with pytest.raises(FileError, match="newton solves equations with all 10,100 entries"):
        network(of_layers("dense: 100", x="100", more="optimiser: newton\n"))


def test_all_parameters_move_at_once():
    with pytest.raises(FileError, match="hessian_free moves all parameters at once"):
        network(of_layers("dense: 1", more="optimiser: hessian_free\ntraining: {update_order: layer_by_layer}\n"))


def test_second_derivatives_are_there_where_they_are_asked_for():
    plain = of_layers("dense: 1")
    assert "hessian" not in source(plain) and "Second derivatives" not in derivation(plain).latex()
    assert "def hessian_vector_product(" in source(plain + SECOND)
    assert "Second derivatives" in derivation(plain + SECOND).latex()


def test_the_page_shows_the_curvature_of_softmax_with_cross_entropy():
    latex = derivation(of_layers("{dense: 3, activation: softmax}", loss="cross_entropy", more=SECOND)).latex()
    assert r"\frac{1}{m} a^{(1)}_{nj} \, \bigl(\delta_{j j'} - a^{(1)}_{nj'}\bigr) \, \delta_{n n'}" in latex
    assert r"\operatorname{diag}(a^{(1)}_{n}) - a^{(1)}_{n}\, {a^{(1)}_{n}}^{\mathsf T}" in latex
    assert r"\mathrm{R} z^{(1)}_{nj} &= " in latex


@pytest.mark.parametrize("name", ["newton", "hessian_free"])
def test_lines_fit_the_page_and_the_update_is_explained(name):
    text = DEEP + f"optimiser: {name}\n"
    assert [line for line in source(text).split("\n") if len(line) > 100 or line != line.rstrip()] == []
    assert re.search(r"\([HG] \+ \\lambda I\)", derivation(text).latex())
