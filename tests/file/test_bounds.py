"""Whatever is asked for is done in bounded time, or refused in one clear error that says the bound."""

from __future__ import annotations

import time

import numpy as np
import pytest

import codegen
from derive.build import build
from derive.checks.asked import Take, Wanted
from derive.checks.report import plan
from derive.file.errors import FileError, nearest
from derive.file.formulas import Scope, parse_formula
from derive.file.reading import validated
from derive.file.source import source_of_text
from derive.network import Network

NETWORK = """\
inputs: 2
layers: [{dense: 2, activation: "ACTIVATION"}]
loss: "abs(abs(y - t) - 1)"
data: {x: [[0.1, 0.2]], t: [[0.3, 0.4]]}
"""
SECONDS = 20


def built(text: str) -> Network:
    source = source_of_text(text)
    return build(validated(source), source)


def refused(text: str) -> FileError:
    with pytest.raises(FileError) as caught:
        source = source_of_text(text)
        file = validated(source)
        network = build(file, source)
        plan(file, source, network, network.derivation())
    assert caught.value.place is not None and caught.value.help
    return caught.value


@pytest.mark.parametrize("formula", [
    "sin(" * 55 + "z" + ")" * 55, "tanh(" * 59 + "z" + ")" * 59, "1/(1+exp(-" * 25 + "z" + "))" * 25,
    "((z+1)**64+1)**64", "((exp(z)+1)**64+1)**64", "z*(1/3+1/7)**60*(1e300/3)", "sin(1e300*sin(1e300*z))",
])
def test_a_formula_of_any_form_becomes_a_module_in_time(formula: str) -> None:
    started = time.process_time()
    network = built(NETWORK.replace("ACTIVATION", formula))
    module: dict[str, object] = {"__name__": "module"}
    exec(codegen.generate(network, network.derivation()), module)
    trace = module["trace"]
    assert callable(trace)
    with np.errstate(all="ignore"):
        trace(module["initial_parameters"](), *network.data.values())  # type: ignore[operator]
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("asked", [
    "expect: [{quantity: J after 999999999, value: 0}]",
    "expect: [{quantity: J after 999999999 epochs + J, value: 0}]",
    "training: {epochs: 1000000000}\nexpect: [{quantity: score on data, at_least: 0}]",
])
def test_more_updates_than_can_be_waited_for_are_refused(asked: str) -> None:
    error = refused(NETWORK.replace("ACTIVATION", "identity") + asked)
    assert "take too long" in error.message and "at most" in str(error.help)


def test_the_sum_of_all_parameters_is_limited() -> None:
    error = refused("inputs: 8000\nlayers: [{dense: 9000}, {dense: 8000}]\nloss: half_squared_error\n")
    assert "144,017,000 parameters" in error.message and "weights of layer 1" in error.message


@pytest.mark.parametrize(("option", "says"), [
    ("optimiser: {adam: {learning_rate: 0}}", "greater than 0"),
    ("optimiser: {adam: {learning_rate: -1}}", "greater than 0"),
    ("optimiser: {adam: {beta1: 1}}", "less than 1"), ("optimiser: {adam: {beta2: -0.1}}", "at least 0"),
    ("optimiser: {momentum: {momentum: 1.5}}", "less than 1"), ("optimiser: {rmsprop: {epsilon: 0}}", "greater than 0"),
    ("optimiser: {adamw: {weight_decay: -1}}", "at least 0"),
    ("initialiser: {normal: {standard_deviation: -1}}", "at least 0"),
    ("training: {epochs: -1}", "from 1 to"), ("training: {batch_size: 2.5}", "whole number"),
    ("training: {batch_size: 0}", "from 1 to"), ("seed: -1", "from 0 to"),
])
def test_an_option_out_of_its_range_is_refused(option: str, says: str) -> None:
    assert says in refused(NETWORK.replace("ACTIVATION", "identity") + option).message


@pytest.mark.parametrize(("word", "choices", "meant"), [
    ("mse", ["huber", "mean_squared_error"], "mean_squared_error"), ("MSE", ["mean_squared_error"], "mean_squared_error"),
    ("BCELoss", ["binary_cross_entropy"], "binary_cross_entropy"), ("xent", ["cross_entropy"], "cross_entropy"),
    ("sgd", ["adam", "gradient_descent"], "gradient_descent"), ("LeakyReLU", ["relu", "leaky_relu"], "leaky_relu"),
    ("leaky-relu", ["relu", "leaky_relu"], "leaky_relu"), ("Swish", ["silu", "elu"], "silu"), ("relu6", ["relu"], "relu"),
    ("linear", ["identity"], "identity"), ("linear", ["dense"], "dense"), ("lr", ["learning_rate"], "learning_rate"),
])
def test_what_a_thing_is_called_elsewhere_is_understood(word: str, choices: list[str], meant: str) -> None:
    assert nearest(word, choices) == meant


@pytest.mark.parametrize("formula", ["1/(E - E)", "log(-E)", "(-E)**0.5", "max(E, log(-E))", "exp(exp(1e10*E))",
                                     "exp(exp(exp(exp(1e300*E))))"])
def test_a_formula_of_numbers_without_a_finite_value_is_no_number(formula: str) -> None:
    take = Take("entry", "E")
    wanted = Wanted(parse_formula(formula.replace("E - E", "E - F"), Scope({"E": (), "F": ()})), {"E": take, "F": take})
    assert np.isnan(wanted.value({take: 0.5}))


@pytest.mark.parametrize("activation", ["abs(abs(z) - 1)", "max(0, min(z, 1))", "where(z > 1, 1, where(z > 0, z, 0))",
                                        "sign(z)*z", "abs(abs(abs(z) - 1) - 1)", "where(z > 0, 2, 3)"])
def test_every_array_of_a_float32_network_is_float32(activation: str) -> None:
    network = built(NETWORK.replace("ACTIVATION", activation) + "regularisation: {l1: 0.1}\noptimiser: adam\n")
    module: dict[str, object] = {"__name__": "module"}
    exec(codegen.generate(network, network.derivation()), module)
    initial, trace, gradients, model = (module[n] for n in ("initial_parameters", "trace", "loss_and_gradients", "Model"))
    assert callable(initial) and callable(trace) and callable(gradients) and callable(model)
    parameters = {name: np.asarray(value, dtype=np.float32) for name, value in initial().items()}
    data = [array.astype(np.float32) for array in network.data.values()]
    fitted = model(dtype="float32").fit(*data)
    for arrays in (trace(parameters, *data), gradients(parameters, *data)[1], fitted.parameters,
                   {"prediction": fitted.predict(data[0])}):
        assert {name: a.dtype for name, a in arrays.items() if np.ndim(a) and a.dtype != np.float32} == {}
