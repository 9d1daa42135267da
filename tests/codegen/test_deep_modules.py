"""Emitted modules of convolutional and recurrent networks: functions, training step and loops agree."""

from __future__ import annotations

import importlib.util
import tracemalloc
from functools import cache

import numpy as np
import pytest
from deep import convolutional, recurrent
from evaluate import evaluate
from numpy.testing import assert_allclose

from codegen.targets.numpy.module import emit
from derive.language.substitution import SAMPLES

NETWORKS = {
    "convolution": lambda: convolutional(size=4, filters=3, classes=3),
    "convolution with stride": lambda: convolutional(size=8, filters=2, classes=3, stride=2),
    "LSTM": lambda: recurrent(steps=4, width=3, hidden=2, classes=3),
    "LSTM of one step": lambda: recurrent(steps=1, width=3, hidden=2, classes=3),
    "LSTM over words": lambda: recurrent(steps=3, width=3, hidden=2, classes=3, vocabulary=5),
}


@cache
def module(name):
    made, derivation = NETWORKS[name]()
    spec = importlib.util.spec_from_loader("emitted", loader=None)
    net = importlib.util.module_from_spec(spec)
    exec(emit(made, derivation)[".py"], net.__dict__)
    return made, derivation, net


def data(made, samples, dtype=np.float64):
    rng = np.random.default_rng(samples)
    x = made.inputs[0]
    shape = samples, *made.shape(x)[1:]
    integer = made.system.quantities[x].integer
    classes = made.shape("t")[1]
    return (rng.integers(0, 5, shape) if integer else rng.standard_normal(shape).astype(dtype),
            np.eye(classes, dtype=dtype)[rng.integers(0, classes, samples)])


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_functions_compute_the_equations(name, samples):
    made, derivation, net = module(name)
    x, t = data(made, samples)
    parameters = net.initial_parameters()
    expected = evaluate(derivation.system.in_order(), {**parameters, made.inputs[0]: x, "t": t}, {SAMPLES: samples})
    with np.errstate(all="raise", under="ignore"):
        loss, gradients = net.loss_and_gradients(parameters, x, t)
        traced = net.trace(parameters, x, t)
    assert_allclose(loss, expected["J"])
    for name, gradient in gradients.items():
        assert_allclose(gradient, expected.get(f"dJ_d{name}", np.zeros_like(gradient)), rtol=1e-9, atol=1e-12, err_msg=name)
    for name, value in traced.items():
        assert_allclose(value, expected[name], rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", NETWORKS)
def test_training_follows_the_functions_for_batches_of_any_size(name, dtype):
    made, _, net = module(name)
    model = net.Model(dtype=dtype, learning_rate=0.1)
    parameters = net.initial_parameters(dtype=dtype)
    for samples in (3, 5, 2, 5, 1, 3):  # zeros around an array stay zeros
        x, t = data(made, samples, dtype)
        loss, gradients = net.loss_and_gradients(parameters, x, t)
        assert {g.dtype for g in gradients.values()} == {np.dtype(dtype)}
        with np.errstate(all="raise", under="ignore"):
            assert_allclose(model.step(x, t), loss, rtol=100 * np.finfo(dtype).eps)
        parameters = {n: parameters[n] - dtype(0.1) * gradients[n] for n in parameters}
        for n, array in model.parameters.items():
            assert array.dtype == dtype
            assert_allclose(array, parameters[n], rtol=1000 * np.finfo(dtype).eps, atol=100 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", ["convolution", "LSTM"])
def test_a_step_allocates_no_array(name):
    """NumPy takes buffers of 64 KiB, one for an operand, to broadcast; an array of a step is larger than that here."""
    made, _, net = module(name)
    x, t = data(made, 40_000)
    model = net.Model()
    model.step(x, t)
    x, t = model._checked_data(x, t)
    model._train(x, t)
    tracemalloc.start()
    try:
        model._train(x, t)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * 65_536 + 8192 < 8 * len(x)


def test_a_step_states_each_equation_once():
    """An equation that goes on inside of a loop is called by its number there."""
    made, derivation = NETWORKS["LSTM"]()
    step = emit(made, derivation)[".py"].split("def _step")[1].split("\ndef ")[0]
    comments = [line.strip() for line in step.split("\n") if line.strip().startswith("# (")]
    stated = [line.split()[1] for line in comments if len(line.split()) > 2]
    assert len(stated) == len(set(stated)) and {line.split()[1] for line in comments} == set(stated)
    assert len(comments) > len(stated)
    lines = [line.strip() for line in step.split("\n")]
    forward = lines[:next(i for i, line in enumerate(lines) if "reversed(" in line)]
    assert sum(line.startswith("if ") for line in forward) == 2  # the four gates go on together, then the cell
