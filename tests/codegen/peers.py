"""The optimisers and schedules of PyTorch in float64, for the whole catalogue (where PyTorch is installed)."""

from __future__ import annotations

import pytest
from numpy.testing import assert_allclose
from test_optimisers import UPDATES, data, module

torch = pytest.importorskip("torch")
optim, rates = torch.optim, torch.optim.lr_scheduler

OPTIMISERS = {
    "{gradient_descent: {learning_rate: 0.1}}": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.01, momentum=0.9),
    "nesterov": lambda p: optim.SGD(p, 0.01, momentum=0.9, nesterov=True),
    "adagrad": lambda p: optim.Adagrad(p, 0.01), "adadelta": optim.Adadelta, "rmsprop": lambda p: optim.RMSprop(p, 0.01),
    "adam": optim.Adam, "adamw": optim.AdamW, "amsgrad": lambda p: optim.Adam(p, amsgrad=True), "nadam": optim.NAdam,
    "{nadam: {weight_decay: 0.1}}": lambda p: optim.NAdam(p, weight_decay=0.1, decoupled_weight_decay=True),
    "{adam: {clip_value: 0.4}}": optim.Adam,
}
SCHEDULES = {
    "step: {every: 2, factor: 0.5}": lambda o, K: rates.StepLR(o, 2, 0.5),
    "exponential: {factor: 0.9}": lambda o, K: rates.ExponentialLR(o, 0.9),
    "linear: {least: 0.25}": lambda o, K: rates.LinearLR(o, 1.0, 0.25, K),
    "cosine: {least: 0.1}": lambda o, K: rates.CosineAnnealingLR(o, K, 0.1 * 0.3),
    "one_cycle: {share: 0.4}": lambda o, K: rates.OneCycleLR(o, 0.3, K, pct_start=0.4, cycle_momentum=False),
    "warm_up: 3, cosine: {}": lambda o, K: rates.SequentialLR(
        o, [rates.LambdaLR(o, lambda k: min((k + 1) / 3, 1)), rates.CosineAnnealingLR(o, K - 3)], [3]),
}


@pytest.fixture(autouse=True)
def double_precision():
    """NAdam keeps a product in the default type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def theirs(net, optimiser, updates, schedule=None, clip=None):
    x, t = map(torch.tensor, data())
    theta = {name: torch.tensor(value, requires_grad=True) for name, value in net.initial_parameters().items()}
    made = optimiser(list(theta.values()))
    scheduler = None if schedule is None else schedule(made, updates)
    for _ in range(updates):
        made.zero_grad()
        hidden = torch.tanh(x @ theta["W1"] + theta["b1"])
        torch.nn.functional.mse_loss(hidden @ theta["W2"] + theta["b2"], t).backward()
        if clip:
            torch.nn.utils.clip_grad_value_(theta.values(), clip)
        made.step()
        if scheduler is not None:
            scheduler.step()
    return {name: value.detach().numpy() for name, value in theta.items()}


def assert_same(model, found):
    for name, value in found.items():
        assert_allclose(model.parameters[name], value, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_updates_of_pytorch(name):
    net = module(name)
    found = theirs(net, OPTIMISERS[name], UPDATES, clip=0.4 if "clip" in name else None)
    assert_same(net.Model(epochs=UPDATES).fit(*data()), found)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_schedules_of_pytorch(name):
    net = module(f"{{gradient_descent: {{learning_rate: 0.3, schedule: {{{name}}}}}}}")
    updates = 10
    found = theirs(net, lambda p: optim.SGD(p, 0.3), updates, SCHEDULES[name])
    assert_same(net.Model(epochs=updates).fit(*data()), found)
