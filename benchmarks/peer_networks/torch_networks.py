"""The catalogue in PyTorch: forward passes by torch.nn.functional, derivatives by its autograd.

Layouts are converted here: our arrays have the channels last, and kernels are W[u,v,d,c] (in groups W[u,v,g,d,o]).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F

Parameters = Mapping[str, Any]
Options = Mapping[str, Any]
torch.set_num_threads(1)


def value_and_gradients(loss: Callable[[Mapping[str, Any]], Any], parameters: Mapping[str, Any], data: Mapping[str, Any]
                        ) -> tuple[float, dict[str, Any]]:
    """The loss and its gradient by every parameter, from and to NumPy arrays."""
    leaves = {name: torch.tensor(array).requires_grad_() for name, array in parameters.items()}
    J = loss({**{name: torch.tensor(array) for name, array in data.items()}, **leaves})
    found = torch.autograd.grad(J, list(leaves.values()))
    return J.item(), {name: gradient.numpy() for name, gradient in zip(leaves, found, strict=True)}


# -- layers -------------------------------------------------------------------------------------------------------


def _channels_first(x: Tensor) -> Tensor:
    return x.movedim(-1, 1)


def _channels_last(x: Tensor) -> Tensor:
    return x.movedim(1, -1)


def _dense(x: Tensor, p: Parameters, o: Options) -> Tensor:
    W = p["W"]
    return F.linear(x, W.T, p["b"].expand(W.shape[1]) if "b" in p else None)  # one shared bias has no axis


def _convolution(function: Callable[..., Tensor], axes: int) -> Callable[..., Tensor]:
    def convolve(x: Tensor, p: Parameters, o: Options) -> Tensor:
        W, space = p["W"], range(axes)
        if o["groups"] > 1:
            W = W.movedim(axes, -2).flatten(-2)
        return _channels_last(function(_channels_first(x), W.permute(axes + 1, axes, *space), p.get("b"), stride=o["stride"],
                                       padding=o["padding"], dilation=o["dilation"], groups=o["groups"]))
    return convolve


def _transposed(function: Callable[..., Tensor], axes: int) -> Callable[..., Tensor]:
    def convolve(x: Tensor, p: Parameters, o: Options) -> Tensor:
        W = p["W"].permute(axes, axes + 1, *range(axes)).contiguous()
        return _channels_last(function(_channels_first(x), W, p.get("b"), stride=o["stride"], padding=o["padding"],
                                       dilation=o["dilation"], output_padding=o["output_padding"]))
    return convolve


def _pool(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def pool(x: Tensor, p: Parameters, o: Options) -> Tensor:
        stride = o["window"] if o["stride"] == "window" else o["stride"]
        return _channels_last(function(_channels_first(x), o["window"], stride, _padding(o)))
    return pool


def _padding(o: Options) -> Any:
    """PyTorch's pools know no words for their padding."""
    if o["padding"] == "same":
        window = o["window"]
        return (window - 1) // 2 if isinstance(window, int) else tuple((each - 1) // 2 for each in window)
    return 0 if o["padding"] == "valid" else o["padding"]


def _global(*pools: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda x, p, o: pools[x.ndim - 3](_channels_first(x), 1).flatten(1)


def _batch_norm(x: Tensor, p: Parameters, o: Options) -> Tensor:
    return _channels_last(F.batch_norm(_channels_first(x), None, None, p["g"], p["b"], training=True, eps=o["epsilon"]))


def _positional_encoding(x: Tensor, p: Parameters, o: Options) -> Tensor:
    """The table of Vaswani et al. 2017 as it is usually written in PyTorch."""
    steps, width = x.shape[1:]
    table = torch.zeros(steps, width, dtype=x.dtype)
    angles = torch.arange(steps, dtype=x.dtype)[:, None] / 10000 ** (torch.arange(0, width, 2, dtype=x.dtype) / width)
    table[:, 0::2] = torch.sin(angles)
    table[:, 1::2] = torch.cos(angles)[:, : width // 2]
    return x + table


def _recurrent(kind: type[torch.nn.RNNBase], cell: type[torch.nn.RNNCellBase], gates: str) -> Callable[..., Tensor]:
    """nn.RNN, nn.GRU or nn.LSTM with our parameters; with a mask their cell, which keeps its state where the mask is 0.

    `gates` are our letters for PyTorch's gates in its order; its second bias is ours where we have one, and 0 else.
    """

    def run(x: Tensor, p: Parameters, o: Options) -> Tensor:
        weights = [torch.cat([p[letter + gate] for gate in gates.split(",")], -1).T for letter in "WU"]
        zero = torch.zeros(o["units"], dtype=x.dtype)
        biases = [torch.cat([p.get("b" + gate, zero) for gate in gates.split(",")]),
                  torch.cat([zero, zero, p["bh"]]) if "bh" in p else torch.zeros(len(weights[0]), dtype=x.dtype)]
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        of = dict(zip(names, (*weights, *biases), strict=True))
        if o["backward"]:
            x = x.flip(1)
        if "mask" not in o:
            module = kind(x.shape[-1], o["units"], batch_first=True, dtype=x.dtype)
            states = functional_call(module, {f"{name}_l0": value for name, value in of.items()}, (x,))[0]
        else:
            module = cell(x.shape[-1], o["units"], dtype=x.dtype)
            mask = (o["mask"].flip(1) if o["backward"] else o["mask"]) > 0
            state: Any = torch.zeros(len(x), o["units"], dtype=x.dtype)
            state = (state, state) if cell is torch.nn.LSTMCell else (state,)
            every = []
            for t in range(x.shape[1]):
                new = functional_call(module, of, (x[:, t], state if len(state) > 1 else state[0]))
                new = new if isinstance(new, tuple) else (new,)
                state = tuple(torch.where(mask[:, t, None], a, b) for a, b in zip(new, state, strict=True))
                every.append(state[0])
            states = torch.stack(every, 1)
        if o["states"] == "last":
            return states[:, -1]
        return states.flip(1) if o["backward"] else states

    return run


def _attention(x: Tensor, p: Parameters, o: Options) -> Tensor:
    memory = o.get("memory", x)

    def heads(letter: str, read: Tensor) -> Tensor:
        W, b = p[f"W{letter}"], p[f"b{letter}"]
        return F.linear(read, W.flatten(1).T, b.flatten()).unflatten(-1, b.shape).transpose(1, 2)

    seen = torch.ones(len(x), 1, x.shape[1], memory.shape[1], dtype=torch.bool)
    if "mask" in o:
        seen = seen & (o["mask"] > 0)[:, None, None]
    causal = {"is_causal": True} if o["causal"] and "mask" not in o else {"attn_mask": seen.tril() if o["causal"] else seen}
    attended = F.scaled_dot_product_attention(heads("q", x), heads("k", memory), heads("v", memory), **causal)
    return F.linear(attended.transpose(1, 2).flatten(2), p["Wo"].flatten(0, 1).T, p["bo"])


def _glu(x: Tensor, p: Parameters, o: Options) -> Tensor:
    u, v = F.linear(x, p["W"].T, p["b"]), F.linear(x, p["V"].T, p["bv"])
    return F.glu(torch.cat([u, v], -1)) if o["gate"] == "sigmoid" else u * ACTIVATIONS[o["gate"]](v)


LAYERS: dict[str, Callable[..., Any]] = {
    "dense": _dense,
    "conv1d": _convolution(F.conv1d, 1),
    "conv2d": _convolution(F.conv2d, 2),
    "conv_transpose1d": _transposed(F.conv_transpose1d, 1),
    "conv_transpose2d": _transposed(F.conv_transpose2d, 2),
    "max_pool1d": _pool(F.max_pool1d),
    "max_pool2d": _pool(F.max_pool2d),
    "average_pool1d": _pool(F.avg_pool1d),
    "average_pool2d": _pool(F.avg_pool2d),
    "global_average_pool": _global(F.adaptive_avg_pool1d, F.adaptive_avg_pool2d),
    "global_max_pool": _global(F.adaptive_max_pool1d, F.adaptive_max_pool2d),
    "flatten": lambda x, p, o: x.flatten(1),
    "embedding": lambda x, p, o: F.embedding(x, p["E"]),
    "batch_norm": _batch_norm,
    "layer_norm": lambda x, p, o: F.layer_norm(x, x.shape[-1:], p["g"], p["b"], o["epsilon"]),
    "rms_norm": lambda x, p, o: F.rms_norm(x, x.shape[-1:], p["g"], o["epsilon"]),
    "dropout": lambda x, p, o: x * p["r"],
    "rnn": _recurrent(torch.nn.RNN, torch.nn.RNNCell, ""),
    "gru": _recurrent(torch.nn.GRU, torch.nn.GRUCell, "r,u,c"),
    "lstm": _recurrent(torch.nn.LSTM, torch.nn.LSTMCell, "i,f,g,o"),
    "attention": _attention,
    "positional_encoding": _positional_encoding,
    "position_embedding": lambda x, p, o: x + p["p"],
    "glu": _glu,
    "maxout": lambda x, p, o: (torch.tensordot(x, p["W"], 1) + p["b"]).amax(-2),
    "prelu": lambda x, p, o: _channels_last(F.prelu(_channels_first(x), p["alpha"])),
    "add": lambda x, p, o: sum(o["of"]),
    "multiply": lambda x, p, o: math.prod(o["of"]),
    "concatenate": lambda x, p, o: torch.cat(o["of"], -1),
}

# -- activations --------------------------------------------------------------------------------------------------

ACTIVATIONS: dict[str, Callable[..., Tensor]] = {
    "identity": lambda z: z, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": F.relu,
    "leaky_relu": lambda z, alpha=0.01: F.leaky_relu(z, alpha),
    "elu": F.elu,
    "selu": lambda z, **o: F.selu(z) if not o else o["scale"] * F.elu(z, o["alpha"]),
    "gelu": F.gelu, "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"), "silu": F.silu,
    "softplus": lambda z: F.softplus(z, threshold=40),  # the usual threshold of 20 is good for float32 only
    "mish": F.mish, "softsign": F.softsign, "relu6": F.relu6,
    "hard_sigmoid": lambda z: F.relu6(z + 3) / 6,  # the 1/6 of F.hardsigmoid has the digits of float32
    "hard_swish": F.hardswish, "hard_tanh": F.hardtanh,
    "softmax": lambda z: F.softmax(z, -1), "log_softmax": lambda z: F.log_softmax(z, -1),
}

# -- losses: the costs of entries, or of samples and positions ----------------------------------------------------


def _by_class(y: Tensor, t: Tensor, smoothing: float = 0.0) -> Tensor:
    """F.cross_entropy of logits; classes are its second axis."""
    return F.cross_entropy(y.movedim(-1, 1), t.movedim(-1, 1) if t.ndim == y.ndim else t, reduction="none",
                           label_smoothing=smoothing)


def _binary(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda y, t, smoothing=0.0: function(y, (1 - smoothing) * t + smoothing / 2, reduction="none")


def _of_probabilities(y: Tensor, t: Tensor, smoothing: float = 0.0) -> Tensor:
    """F.nll_loss, for targets that are rows too."""
    if t.ndim < y.ndim and not smoothing:
        return F.nll_loss(y.log().movedim(-1, 1), t, reduction="none")
    rows = t if t.ndim == y.ndim else F.one_hot(t, y.shape[-1]).to(y.dtype)
    return -(((1 - smoothing) * rows + smoothing / y.shape[-1]) * y.log()).sum(-1)


def _focal(function: Callable[..., Tensor], probability: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """The focal loss as torchvision.ops.sigmoid_focal_loss computes it."""

    def focal(y: Tensor, t: Tensor, gamma: float = 2.0, alpha: float = 0.25) -> Tensor:
        p = probability(y)
        right = p * t + (1 - p) * (1 - t)
        return function(y, t, reduction="none") * (1 - right) ** gamma * (alpha * t + (1 - alpha) * (1 - t))

    return focal


def _cosine(y: Tensor, t: Tensor, epsilon: float | None = None) -> Tensor:
    if epsilon is None:
        return 1 - F.cosine_similarity(y, t, -1)
    return 1 - (t * y).sum(-1) / torch.sqrt(((t**2).sum(-1) + epsilon) * ((y**2).sum(-1) + epsilon))


def _triplet(y: Tensor, t: None, margin: float = 1.0) -> Tensor:
    return F.triplet_margin_with_distance_loss(*y.unbind(1), distance_function=lambda a, b: ((a - b) ** 2).sum(-1),
                                               margin=margin, reduction="none")


def _hinge(y: Tensor, t: Tensor) -> Tensor:
    return F.hinge_embedding_loss(t * y, -torch.ones_like(y), margin=1.0, reduction="none")


LOSSES: dict[str, Callable[..., Tensor]] = {
    "half_squared_error": lambda y, t: F.mse_loss(y, t, reduction="none").sum(-1) / 2,
    "mean_squared_error": lambda y, t: F.mse_loss(y, t, reduction="none"),
    "mean_absolute_error": lambda y, t: F.l1_loss(y, t, reduction="none"),
    "huber": lambda y, t, delta=1.0: F.huber_loss(y, t, reduction="none", delta=delta),
    "log_cosh": lambda y, t: F.softplus(2 * (y - t), threshold=40) - (y - t) - math.log(2),
    "gaussian_nll": lambda y, t, log_variance: F.gaussian_nll_loss(y, t, log_variance.exp(), eps=1e-30, reduction="none"),
    "poisson": lambda y, t: F.poisson_nll_loss(y, t, log_input=False, eps=0.0, reduction="none"),
    "poisson_with_log_rates": lambda y, t: F.poisson_nll_loss(y, t, reduction="none"),
    "cosine_similarity": _cosine,
    "triplet": _triplet,
    "hinge": _hinge,
    "squared_hinge": lambda y, t: _hinge(y, t) ** 2,
    "binary_cross_entropy": _binary(F.binary_cross_entropy),
    "binary_cross_entropy_with_logits": _binary(F.binary_cross_entropy_with_logits),
    "focal": _focal(F.binary_cross_entropy, lambda y: y),
    "focal_with_logits": _focal(F.binary_cross_entropy_with_logits, torch.sigmoid),
    "cross_entropy": _of_probabilities,
    "cross_entropy_with_logits": _by_class,
    "cross_entropy_with_labels": _of_probabilities,
    "cross_entropy_with_labels_with_logits": _by_class,
    "kullback_leibler": lambda y, t: F.kl_div(y.log(), t, reduction="none").sum(-1),
}
