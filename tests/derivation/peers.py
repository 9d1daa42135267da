"""The gradients of PyTorch in float64, for the whole catalogue (where PyTorch is installed)."""

from __future__ import annotations

import numpy as np
import pytest

from .evaluation import DOUBLE, Values
from .networks import Case

torch = pytest.importorskip("torch")
F = torch.nn.functional

ACTIVATIONS = {
    "identity": lambda z: z, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, 0.01), "elu": F.elu, "gelu": F.gelu,
    "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"), "silu": F.silu, "softplus": F.softplus,
    "softmax": lambda z: torch.softmax(z, 1),
}
LOSSES = {
    "half_squared_error": ("identity", lambda y, t: ((y - t) ** 2).sum() / 2 / len(y)),
    "mean_squared_error": ("identity", F.mse_loss), "mean_absolute_error": ("identity", F.l1_loss),
    "huber": ("identity", F.huber_loss), "binary_cross_entropy": ("sigmoid", F.binary_cross_entropy),
    "binary_cross_entropy_with_logits": ("identity", F.binary_cross_entropy_with_logits),
    "cross_entropy": ("softmax", lambda y, t: -(t * torch.log(y)).sum() / len(y)),
    "cross_entropy_with_logits": ("identity", F.cross_entropy),
    "cross_entropy_with_labels": ("softmax", lambda y, t: F.nll_loss(torch.log(y), t)),
}
TABLE = [*((activation, "half_squared_error", "identity") for activation in ACTIVATIONS),
         *(("tanh", loss, last) for loss, (last, _) in LOSSES.items())]


@pytest.mark.parametrize("hidden, loss, last", TABLE)
def test_the_gradients_of_pytorch(hidden, loss, last, record_property):
    page = (f"inputs: {{x: 4}}\nlayers: [{{dense: 5, activation: {hidden}}}, {{dense: 3, activation: {last}}}]\n"
            f"loss: {loss}\nregularisation: {{l1: 0.02, l2: 0.1}}\n")
    it = Case(page, samples=6)
    given = {name: {place: np.float64(float(v)) for place, v in array.items()} for name, array in it.given.items()}
    ours = Values(it.derivation.system, it.sizes, given, DOUBLE)
    tensors = {}
    for name, array in given.items():
        shape = tuple(1 + max(places) for places in zip(*array, strict=True))
        tensors[name] = torch.tensor([float(v) for v in array.values()], dtype=torch.float64).reshape(shape)
    parameters = {name: tensors[name].requires_grad_() for name in it.network.parameters}
    target = tensors["t"].long() if it.labels else tensors["t"]
    hidden_layer = ACTIVATIONS[hidden](tensors["x"] @ parameters["W1"] + parameters["b1"])
    prediction = ACTIVATIONS[last](hidden_layer @ parameters["W2"] + parameters["b2"])
    penalty = sum(0.02 * parameters[w].abs().sum() + 0.1 / 2 * (parameters[w] ** 2).sum() for w in ("W1", "W2"))
    (LOSSES[loss][1](prediction, target) + penalty).backward()
    worst = 0.0
    for name, tensor in parameters.items():
        theirs = tensor.grad.numpy()
        mine = np.array(list(ours[f"dJ_d{name}"].values())).reshape(theirs.shape)
        worst = max(worst, float(abs(mine - theirs).max() / abs(theirs).max()))
    record_property("relative error", worst)
    print(f"{hidden} {loss}: {worst:.1e}")
    assert worst < 1e-13
