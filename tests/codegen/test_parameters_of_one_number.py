"""The gradient of a parameter that is one number is written where it is kept, however it is computed."""

from __future__ import annotations

import pytest
from emitted import data, module, of_layers
from numpy.testing import assert_allclose

EQUATIONS = ["w**2*x[n,j]",
             "w*x[n,j]", "w**3*x[n,j] + w", "x[n,j]**w", "w*tanh(w*x[n,j])", "w + 0*x[n,j]", "exp(w)*sum(k, x[n,k])"]


@pytest.mark.parametrize("loss", ["y", "mean_squared_error"])
@pytest.mark.parametrize("equation", EQUATIONS)
def test_a_step_is_that_of_the_plain_gradient(equation, loss):
    text = of_layers(f'{{equations: "f[n,j] = {equation}", sizes: {{j: 2}}, parameters: {{w: []}}}}', x="2", loss=loss,
                     more="parameters: {w1: 0.7}\n")
    net = module(text)
    model = net.Model()
    given = {name: abs(value) for name, value in data(text).items()}
    start = {name: value.copy() for name, value in model.parameters.items()}
    _, gradients = net.loss_and_gradients(start, *given.values())
    model.step(*given.values())
    assert_allclose(model.parameters["w1"], start["w1"] - model.learning_rate * gradients["w1"], rtol=1e-14)
