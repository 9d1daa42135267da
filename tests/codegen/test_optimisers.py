"""Every optimiser and schedule, as emitted, against the update of its paper written out once more in NumPy."""

from __future__ import annotations

import math
import tracemalloc
import types
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import codegen
from derive.build import build
from derive.catalogue.optimisers import OPTIMISERS, SCHEDULES
from derive.file.errors import FileError
from derive.file.reading import validated
from derive.file.source import source_of_text

UPDATES = 5
Arrays = dict[str, np.ndarray]


def network(optimiser: str, more: str = "", size: int = 3):
    source = source_of_text(
        f"inputs: {{x: {size}}}\nlayers: [{{dense: {size + 1}, activation: tanh}}, {{dense: 2}}]\nloss: mean_squared_error\n"
        f"initialiser: {{uniform: {{}}}}\noptimiser: {optimiser}\n{more}")
    return build(validated(source), source)


@cache
def module(optimiser: str, more: str = "", size: int = 3) -> types.ModuleType:
    made = types.ModuleType("net")
    it = network(optimiser, more, size)
    exec(compile(codegen.generate(it, it.derivation()), "net.py", "exec"), made.__dict__)
    return made


def data(size: int = 3, samples: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.standard_normal((samples, size)), 5 * rng.standard_normal((samples, 2))


class Paper:
    """An update of one parameter as its paper states it; the state is kept by name."""

    def __init__(self, rule: Callable[..., np.ndarray], **constants: float) -> None:
        self.rule, self.constants = rule, constants

    def __call__(self, theta: np.ndarray, g: np.ndarray, state: Any, k: int, rate: float) -> np.ndarray:
        return self.rule(theta, g, state, k, rate, **self.constants)


def _mean(state: Any, name: str, value: np.ndarray, keep: float) -> np.ndarray:
    state[name] = keep * state.get(name, 0) + (1 - keep) * value
    return state[name]


def _adam(theta, g, state, k, rate, beta1=0.9, beta2=0.999, epsilon=1e-8, decay=0.0, largest=False):
    theta = theta * (1 - rate * decay)
    m, v = _mean(state, "m", g, beta1), _mean(state, "v", g * g, beta2)
    if largest:
        v = state["largest"] = np.maximum(state.get("largest", 0), v)
    return theta - rate * (m / (1 - beta1**k)) / (np.sqrt(v / (1 - beta2**k)) + epsilon)


def _momentum(theta, g, state, k, rate, nesterov=False):
    state["u"] = 0.9 * state.get("u", 0) + g
    return theta - rate * (g + 0.9 * state["u"] if nesterov else state["u"])


def _adagrad(theta, g, state, k, rate):
    state["sum"] = state.get("sum", 0) + g * g
    return theta - rate * g / (np.sqrt(state["sum"]) + 1e-10)


def _adadelta(theta, g, state, k, rate, rho=0.9, epsilon=1e-6):
    mean = _mean(state, "g", g * g, rho)
    delta = -np.sqrt(state.get("delta", 0) + epsilon) / np.sqrt(mean + epsilon) * g
    _mean(state, "delta", delta * delta, rho)
    return theta + rate * delta


def _rmsprop(theta, g, state, k, rate):
    return theta - rate * g / (np.sqrt(_mean(state, "v", g * g, 0.99)) + 1e-8)


def _nadam(theta, g, state, k, rate, beta1=0.9, beta2=0.999, psi=0.004):
    mu = [beta1 * (1 - 0.5 * 0.96 ** (i * psi)) for i in range(1, k + 2)]
    m, v = _mean(state, "m", g, beta1), _mean(state, "v", g * g, beta2)
    ahead = mu[k] * m / (1 - math.prod(mu)) + (1 - mu[k - 1]) * g / (1 - math.prod(mu[:k]))
    return theta - rate * ahead / (np.sqrt(v / (1 - beta2**k)) + 1e-8)


def _lion(theta, g, state, k, rate, beta1=0.9, beta2=0.99):
    direction = np.sign(beta1 * state.get("m", 0) + (1 - beta1) * g)
    _mean(state, "m", g, beta2)
    return theta - rate * direction


def _lamb(theta, g, state, k, rate, beta1=0.9, beta2=0.999, epsilon=1e-6, decay=0.01):
    m, v = _mean(state, "m", g, beta1) / (1 - beta1**k), _mean(state, "v", g * g, beta2) / (1 - beta2**k)
    r = m / (np.sqrt(v) + epsilon) + decay * theta
    norms = np.linalg.norm(theta), np.linalg.norm(r)
    return theta - rate * (norms[0] / norms[1] if all(norms) else 1) * r


PAPERS = {
    "gradient_descent": Paper(lambda theta, g, state, k, rate: theta - rate * g),
    "momentum": Paper(_momentum), "nesterov": Paper(_momentum, nesterov=True),
    "adagrad": Paper(_adagrad), "adadelta": Paper(_adadelta), "rmsprop": Paper(_rmsprop),
    "adam": Paper(_adam), "adamw": Paper(_adam, decay=0.01), "amsgrad": Paper(_adam, largest=True),
    "nadam": Paper(_nadam), "lion": Paper(_lion), "lamb": Paper(_lamb),
}
FACTORS: dict[str, Callable[[int, int], float]] = {
    "step: {every: 2, factor: 0.5}": lambda k, K: 0.5 ** ((k - 1) // 2),
    "exponential: {factor: 0.9}": lambda k, K: 0.9 ** (k - 1),
    "linear: {least: 0.1}": lambda k, K: 1 + (0.1 - 1) * (k - 1) / K,
    "cosine: {least: 0.01}": lambda k, K: 0.01 + 0.99 * (1 + math.cos(math.pi * (k - 1) / K)) / 2,
    "one_cycle: {share: 0.5}": lambda k, K: (
        0.04 + 0.96 * (1 - math.cos(math.pi * (k - 1) / (K / 2 - 1))) / 2 if k <= K / 2
        else 4e-6 + (1 - 4e-6) * (1 + math.cos(math.pi * (k - K / 2) / (K / 2))) / 2),
    "warm_up: 3": lambda k, K: min(k / 3, 1),
    "warm_up: 2, cosine: {}": lambda k, K: k / 2 if k < 3 else (1 + math.cos(math.pi * (k - 3) / (K - 2))) / 2,
    "warm_up: 2, step: {every: 1, factor: 0.5}": lambda k, K: k / 2 if k < 3 else 0.5 ** (k - 3),
}


def test_every_optimiser_and_schedule_is_here():
    assert PAPERS.keys() == OPTIMISERS.keys()
    assert {name.split(":")[0] for name in FACTORS} >= SCHEDULES.keys()


def by_hand(net: types.ModuleType, rule: Paper, x: np.ndarray, t: np.ndarray, updates: int = UPDATES,
            rate: Callable[[str, int], float] | None = None,
            before: Callable[[Arrays], Arrays] = lambda gradients: gradients) -> Arrays:
    """The parameters after some updates on the whole data, from the plain functions."""
    theta = net.initial_parameters()
    states: dict[str, dict[str, Any]] = {name: {} for name in theta}
    learning_rate = net.Model().learning_rate
    for k in range(1, updates + 1):
        gradients = before(net.loss_and_gradients(theta, x, t)[1])
        for name, g in gradients.items():
            own = learning_rate if rate is None else rate(name, k)
            theta[name] = rule(theta[name], g, states[name], k, own)
    return theta


def assert_same(model: Any, theta: Arrays) -> None:
    for name, array in theta.items():
        assert_allclose(model.parameters[name], array, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("name", PAPERS)
def test_an_optimiser_follows_its_paper(name):
    net, (x, t) = module(name), data()
    theta = by_hand(net, PAPERS[name], x, t)
    assert_same(net.Model(epochs=UPDATES).fit(x, t), theta)
    model = net.Model()
    for _ in range(UPDATES):
        model.step(x, t)
    assert_same(model, theta)


@pytest.mark.parametrize("schedule", FACTORS)
def test_a_schedule_multiplies_the_learning_rate(schedule):
    net, (x, t) = module(f"{{gradient_descent: {{learning_rate: 0.3, schedule: {{{schedule}}}}}}}"), data()
    updates = 6
    theta = by_hand(net, PAPERS["gradient_descent"], x, t, updates, lambda _, k: 0.3 * FACTORS[schedule](k, updates))
    model = net.Model(epochs=updates).fit(x, t)
    assert_same(model, theta)
    for _ in range(3):  # beyond the planned end: nothing is divided by zero
        model.step(x, t)
    assert all(np.isfinite(array).all() for array in model.parameters.values())


def test_the_planned_number_of_updates_counts_batches():
    net, (x, t) = module("{gradient_descent: {learning_rate: 0.3, schedule: cosine}}"), data()
    model, other = net.Model(epochs=2, batch_size=2).fit(x, t), net.Model(epochs=6)
    for k in range(6):
        other.step(x[k % 3 * 2:][:2], t[k % 3 * 2:][:2])
    assert_same(model, other.parameters)
    training = (fresh := net.Model(epochs=2, batch_size=2)).training(x, t)
    for _ in range(6):
        next(training)
    assert_same(model, fresh.parameters)


def clip_value(gradients: Arrays) -> Arrays:
    return {name: np.clip(g, -0.4, 0.4) for name, g in gradients.items()}


def clip_norm(gradients: Arrays, largest: float = 0.7) -> Arrays:
    norm = np.sqrt(sum(np.sum(g * g) for g in gradients.values()))
    assert norm > largest
    return {name: g * largest / norm for name, g in gradients.items()}


@pytest.mark.parametrize("rule", ["momentum", "lamb"])
@pytest.mark.parametrize("option, before", [
    ("clip_value: 0.4", clip_value), ("clip_norm: 0.7", clip_norm),
    ("clip_value: 0.4, clip_norm: 0.7", lambda gradients: clip_norm(clip_value(gradients)))])
def test_gradients_are_clipped_before_anything_else(rule, option, before):
    net, (x, t) = module(f"{{{rule}: {{{option}}}}}"), data()
    assert_same(net.Model(epochs=UPDATES).fit(x, t), by_hand(net, PAPERS[rule], x, t, before=before))


def test_a_gradient_below_the_norm_stays_as_it_is():
    (x, t) = data()
    plain, clipped = module("momentum"), module("{momentum: {clip_norm: 1000}}")
    assert_same(clipped.Model(epochs=3).fit(x, t), plain.Model(epochs=3).fit(x, t).parameters)


def test_weight_decay_is_decoupled_and_scheduled_with_the_learning_rate():
    net, (x, t) = module("{adam: {weight_decay: 0.2, schedule: {exponential: {factor: 0.5}}}}"), data()
    theta = by_hand(net, Paper(_adam, decay=0.2), x, t, rate=lambda _, k: 0.001 * 0.5 ** (k - 1))
    assert_same(net.Model(epochs=UPDATES).fit(x, t), theta)


@pytest.mark.parametrize("more", ["", "training: {update_order: layer_by_layer}\n", "frozen: [b1]\n"])
def test_a_parameter_may_have_a_learning_rate_of_its_own(more):
    net, (x, t) = module("{momentum: {learning_rate: 0.1, learning_rates: {W1: 0.02, b2: 0.5}}}", more), data()
    rates = {"W1": 0.02, "b2": 0.5, "b1": 0.0 if "frozen" in more else 0.1}
    theta = by_hand(net, PAPERS["momentum"], x, t, 1, rate=lambda name, _: rates.get(name, 0.1))
    model = net.Model(epochs=1).fit(x, t)
    assert_same(model, {name: theta[name] for name in ("W2", "b2")})
    if "layer" not in more:
        assert_same(model, theta)


def test_lamb_layer_by_layer_takes_the_norm_of_each_parameter():
    net, (x, t) = module("lamb", "training: {update_order: layer_by_layer}\n"), data()
    theta = by_hand(net, PAPERS["lamb"], x, t, 1)
    assert_same(net.Model(epochs=1).fit(x, t), {name: theta[name] for name in ("W2", "b2")})


def test_numbers_of_the_type_asked_for_everywhere():
    x, t = data()
    for optimiser in [*PAPERS, "{lamb: {clip_norm: 0.1, schedule: {warm_up: 2, cosine: {}}, learning_rates: {W1: 0.1}}}"]:
        net = module(optimiser)
        single = net.Model(dtype="float32", epochs=2).fit(x, t)
        assert {array.dtype.name for array in single.parameters.values()} == {"float32"}
        for name, array in net.Model(epochs=2).fit(x, t).parameters.items():
            assert_allclose(single.parameters[name], array, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("optimiser", [
    *PAPERS, "{lamb: {clip_value: 1, clip_norm: 1, schedule: {warm_up: 2, cosine: {}}, learning_rates: {W1: 0.1}}}"])
def test_an_update_allocates_no_array(optimiser):
    net = module(optimiser, size=120)
    x, t = data(120)
    model = net.Model()
    model.step(x, t)
    x, t = model._checked_data(x, t)
    model._train(x, t)
    tracemalloc.start()
    try:
        for _ in range(3):
            model._train(x, t)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16_384 < 8 * model._theta.size


def test_what_is_saved_goes_on_alike(tmp_path):
    net, (x, t) = module("nadam"), data()
    one = net.Model(epochs=3).fit(x, t)
    one.save(tmp_path / "model.npz")
    two = net.Model().load(tmp_path / "model.npz")
    assert (one.step(x, t), one._theta.tolist()) == (two.step(x, t), two._theta.tolist())


@pytest.mark.parametrize("optimiser, more, message, help_", [
    ("{adam: {schedule: cosin}}", "", "no schedule 'cosin'", "did you mean 'cosine'"),
    ("{adam: {schedule: {cosine: {leest: 1}}}}", "", "no option 'leest'", "least"),
    ("{adam: {schedule: {cosine: 3}}}", "", "the options of cosine", "cosine: {}"),
    ("{adam: {schedule: {cosine: {}, step: {}}}}", "", "there is one schedule", "keep one"),
    ("{adam: {schedule: {warm_up: 3, one_cycle: {}}}}", "", "one_cycle has its own", "keep one"),
    ("{adam: {schedule: {warm_up: 0}}}", "", "number of updates", "warm_up: 100"),
    ("{adam: {schedule: 3}}", "", "name of a schedule", "cosine"),
    ("{adam: {shedule: cosine}}", "", "no option 'shedule'", "did you mean 'schedule'"),
    ("{adam: {clip_norm: 0}}", "", "greater than 0", "range"),
    ("{adam: {clip_norm: big}}", "", "clip_norm must be a number", "0.1"),
    ("{adam: {clip_norm: 1}}", "training: {update_order: layer_by_layer}\n", "layer by layer", "clip_value"),
    ("{adam: {learning_rates: 3}}", "", "learning rates by parameter", "{W1: 0.01}"),
    ("{adam: {learning_rates: {V1: 3}}}", "", "no parameter 'V1'", "W1"),
    ("{adam: {learning_rates: {W1: -3}}}", "", "greater than 0", "0.01"),
    ("{adam: {learning_rates: {W1: 1}}}", "frozen: [W1]\n", "frozen", "remove it"),
])
def test_options_without_sense_are_refused_in_words(optimiser, more, message, help_):
    with pytest.raises(FileError) as caught:
        network(optimiser, more)
    assert message in str(caught.value) and help_ in str(caught.value)
