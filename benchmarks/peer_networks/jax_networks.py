"""The catalogue in JAX: forward passes by jax.nn, jax.lax and jax.scipy, derivatives by jax.grad.

Its layouts are ours (channels last, kernels W[u,v,d,c]); only kernels in groups, W[u,v,g,d,o], become W[u,v,d,g·o].
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

# Compiling takes far longer than running what is compiled: XLA does as little as it can.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1")

import jax
import numpy as np
from jax import lax, nn
from jax import numpy as jnp
from jax.scipy.special import rel_entr, xlogy

Array = Any
Parameters = Mapping[str, Any]
Options = Mapping[str, Any]
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_disable_most_optimizations", True)


def value_and_gradients(loss: Callable[[Mapping[str, Any]], Any], parameters: Mapping[str, Any], data: Mapping[str, Any]
                        ) -> tuple[float, dict[str, Any]]:
    """The loss and its gradient by every parameter, from and to NumPy arrays."""
    compiled = jax.jit(jax.value_and_grad(lambda p, d: loss({**d, **p})))
    J, found = compiled(dict(parameters), dict(data))
    return float(J), {name: np.asarray(gradient) for name, gradient in found.items()}


# -- layers -------------------------------------------------------------------------------------------------------


def _each(value: Any, axes: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes


def _dense(x: Array, p: Parameters, o: Options) -> Array:
    return x @ p["W"] + p.get("b", 0)


def _layout(axes: int) -> tuple[str, str, str]:
    space = "HW"[:axes]
    return f"N{space}C", f"{space}IO", f"N{space}C"


def _convolution(axes: int) -> Callable[..., Array]:
    def convolve(x: Array, p: Parameters, o: Options) -> Array:
        W = p["W"]
        if o["groups"] > 1:
            W = jnp.moveaxis(W, axes, -2)
            W = W.reshape(*W.shape[:-2], -1)
        padding = o["padding"]
        return lax.conv_general_dilated(
            x, W, _each(o["stride"], axes),
            padding.upper() if isinstance(padding, str) else [(each, each) for each in _each(padding, axes)],
            rhs_dilation=_each(o["dilation"], axes), dimension_numbers=_layout(axes), feature_group_count=o["groups"],
        ) + p.get("b", 0)
    return convolve


def _transposed(axes: int) -> Callable[..., Array]:
    def convolve(x: Array, p: Parameters, o: Options) -> Array:
        W, dilation = p["W"], _each(o["dilation"], axes)
        padding = []
        for axis, (before, more) in enumerate(zip(_each(o["padding"], axes), _each(o["output_padding"], axes), strict=True)):
            reach = dilation[axis] * (W.shape[axis] - 1)
            padding.append((reach - before, reach - before + more))
        return lax.conv_transpose(x, W.swapaxes(-1, -2), _each(o["stride"], axes), padding, dilation, _layout(axes),
                                  transpose_kernel=True) + p["b"]
    return convolve


def _pool(axes: int, largest: bool) -> Callable[..., Array]:
    def pool(x: Array, p: Parameters, o: Options) -> Array:
        window = _each(o["window"], axes)
        stride = window if o["stride"] == "window" else _each(o["stride"], axes)
        padding = o["padding"]
        around = padding.upper() if isinstance(padding, str) else [
            (0, 0), *((each, each) for each in _each(padding, axes)), (0, 0)]
        reduce = partial(lax.reduce_window, x, window_dimensions=(1, *window, 1), window_strides=(1, *stride, 1),
                         padding=around)
        return reduce(-jnp.inf, lax.max) if largest else reduce(0.0, lax.add) / math.prod(window)
    return pool


def _space(x: Array) -> tuple[int, ...]:
    return tuple(range(1, x.ndim - 1))


def _rms_norm(x: Array, p: Parameters, o: Options) -> Array:
    return p["g"] * x * lax.rsqrt(jnp.square(x).mean(-1, keepdims=True) + o["epsilon"])


def _positional_encoding(x: Array, p: Parameters, o: Options) -> Array:
    """The table of Vaswani et al. 2017, a sine and a cosine for each pair of features."""
    steps, width = x.shape[1:]
    rates = jnp.power(10000.0, -2 * jnp.arange((width + 1) // 2, dtype=x.dtype) / width)
    angles = jnp.outer(jnp.arange(steps, dtype=x.dtype), rates)
    return x + jnp.stack([jnp.sin(angles), jnp.cos(angles)], -1).reshape(steps, -1)[:, :width].astype(x.dtype)


def _recurrent(cell: Callable[[Parameters, Array, tuple[Array, ...]], tuple[Array, ...]], states: int = 1
               ) -> Callable[..., Array]:
    """lax.scan over a cell; where a mask is 0 the states are kept."""

    def run(x: Array, p: Parameters, o: Options) -> Array:
        start = (jnp.zeros((len(x), o["units"]), x.dtype),) * states
        mask = o["mask"] if "mask" in o else jnp.ones(x.shape[:2], x.dtype)

        def step(state: tuple[Array, ...], read: tuple[Array, Array]) -> tuple[tuple[Array, ...], Array]:
            now, holds = read
            new = cell(p, now, state)
            kept = tuple(jnp.where(holds[:, None] > 0, a, b) for a, b in zip(new, state, strict=True))
            return kept, kept[0]

        last, every = lax.scan(step, start, (x.swapaxes(0, 1), mask.T), reverse=o["backward"])
        return last[0] if o["states"] == "last" else every.swapaxes(0, 1)

    return run


def _gate(p: Parameters, gate: str, x: Array, h: Array) -> Array:
    return x @ p["W" + gate] + h @ p["U" + gate] + p["b" + gate]


def _rnn(p: Parameters, x: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
    return (jnp.tanh(_gate(p, "", x, state[0])),)


def _gru(p: Parameters, x: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
    """As flax.linen.GRUCell: the reset gate after the product."""
    [h] = state
    r, u = nn.sigmoid(_gate(p, "r", x, h)), nn.sigmoid(_gate(p, "u", x, h))
    c = jnp.tanh(x @ p["Wc"] + p["bc"] + r * (h @ p["Uc"] + p["bh"]))
    return ((1 - u) * c + u * h,)


def _lstm(p: Parameters, x: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
    h, c = state
    i, f, o = (nn.sigmoid(_gate(p, gate, x, h)) for gate in "ifo")
    c = f * c + i * jnp.tanh(_gate(p, "g", x, h))
    return o * jnp.tanh(c), c


def _attention(x: Array, p: Parameters, o: Options) -> Array:
    """Written out, because nn.dot_product_attention computes its softmax in float32."""
    memory = o.get("memory", x)
    q, k, v = (jnp.einsum("nik,khd->nihd", read, p["W" + letter]) + p["b" + letter]
               for letter, read in (("q", x), ("k", memory), ("v", memory)))
    scores = jnp.einsum("nihd,njhd->nhij", q, k) / math.sqrt(q.shape[-1])
    seen = jnp.ones_like(scores, bool)
    if o["causal"]:
        seen = jnp.tril(seen)
    if "mask" in o:
        seen = seen & (o["mask"] > 0)[:, None, None, :]
    weights = nn.softmax(jnp.where(seen, scores, -jnp.inf))
    return jnp.einsum("nhij,njhd,hdc->nic", weights, v, p["Wo"]) + p["bo"]


def _glu(x: Array, p: Parameters, o: Options) -> Array:
    u, v = x @ p["W"] + p["b"], x @ p["V"] + p["bv"]
    return nn.glu(jnp.concatenate([u, v], -1)) if o["gate"] == "sigmoid" else u * ACTIVATIONS[o["gate"]](v)


LAYERS: dict[str, Callable[..., Any]] = {
    "dense": _dense,
    "conv1d": _convolution(1),
    "conv2d": _convolution(2),
    "conv_transpose1d": _transposed(1),
    "conv_transpose2d": _transposed(2),
    "max_pool1d": _pool(1, largest=True),
    "max_pool2d": _pool(2, largest=True),
    "average_pool1d": _pool(1, largest=False),
    "average_pool2d": _pool(2, largest=False),
    "global_average_pool": lambda x, p, o: x.mean(_space(x)),
    "global_max_pool": lambda x, p, o: x.max(_space(x)),
    "flatten": lambda x, p, o: lax.collapse(x, 1),
    "embedding": lambda x, p, o: p["E"][x],
    "batch_norm": lambda x, p, o: nn.standardize(x, tuple(range(x.ndim - 1)), epsilon=o["epsilon"]) * p["g"] + p["b"],
    "layer_norm": lambda x, p, o: nn.standardize(x, -1, epsilon=o["epsilon"]) * p["g"] + p["b"],
    "rms_norm": _rms_norm,
    "dropout": lambda x, p, o: x * p["r"],
    "rnn": _recurrent(_rnn),
    "gru": _recurrent(_gru),
    "lstm": _recurrent(_lstm, states=2),
    "attention": _attention,
    "positional_encoding": _positional_encoding,
    "position_embedding": lambda x, p, o: x + p["p"],
    "glu": _glu,
    "maxout": lambda x, p, o: (jnp.tensordot(x, p["W"], 1) + p["b"]).max(-2),
    "prelu": lambda x, p, o: nn.leaky_relu(x, p["alpha"]),
    "add": lambda x, p, o: sum(o["of"]),
    "multiply": lambda x, p, o: math.prod(o["of"]),
    "concatenate": lambda x, p, o: jnp.concatenate(o["of"], -1),
}

# -- activations --------------------------------------------------------------------------------------------------

ACTIVATIONS: dict[str, Callable[..., Array]] = {
    "identity": nn.identity, "sigmoid": nn.sigmoid, "tanh": nn.tanh, "relu": nn.relu,
    "leaky_relu": lambda z, alpha=0.01: nn.leaky_relu(z, alpha),
    "elu": lambda z, alpha=1.0: nn.elu(z, alpha),
    "selu": lambda z, **o: nn.selu(z) if not o else o["scale"] * nn.elu(z, o["alpha"]),
    "gelu": partial(nn.gelu, approximate=False), "gelu_tanh": partial(nn.gelu, approximate=True), "silu": nn.silu,
    "softplus": nn.softplus, "mish": nn.mish, "softsign": nn.soft_sign, "relu6": nn.relu6, "hard_sigmoid": nn.hard_sigmoid,
    "hard_swish": nn.hard_swish, "hard_tanh": nn.hard_tanh, "softmax": nn.softmax, "log_softmax": nn.log_softmax,
}

# -- losses: the costs of entries, or of samples and positions ----------------------------------------------------


def _spread(t: Array, like: Array, smoothing: float) -> Array:
    """Labels as rows of ones and zeros, and smoothed targets."""
    rows = t if t.ndim == like.ndim else nn.one_hot(t, like.shape[-1], dtype=like.dtype)
    return (1 - smoothing) * rows + smoothing / like.shape[-1]


def _by_class(y: Array, t: Array, smoothing: float = 0.0) -> Array:
    return -(_spread(t, y, smoothing) * nn.log_softmax(y)).sum(-1)


def _of_probabilities(y: Array, t: Array, smoothing: float = 0.0) -> Array:
    return -xlogy(_spread(t, y, smoothing), y).sum(-1)


def _binary(y: Array, t: Array, smoothing: float = 0.0) -> Array:
    t = (1 - smoothing) * t + smoothing / 2
    return -xlogy(t, y) - xlogy(1 - t, 1 - y)


def _binary_logits(y: Array, t: Array, smoothing: float = 0.0) -> Array:
    t = (1 - smoothing) * t + smoothing / 2
    return -t * nn.log_sigmoid(y) - (1 - t) * nn.log_sigmoid(-y)


def _focal(y: Array, t: Array, gamma: float = 2.0, alpha: float = 0.25) -> Array:
    right = jnp.where(t > 0, y, 1 - y)
    return -jnp.where(t > 0, alpha, 1 - alpha) * (1 - right) ** gamma * jnp.log(right)


def _huber(y: Array, t: Array, delta: float = 1.0) -> Array:
    """As optax.losses.huber_loss."""
    far = jnp.abs(y - t)
    near = jnp.minimum(far, delta)
    return near**2 / 2 + delta * (far - near)


def _cosine(y: Array, t: Array, epsilon: float = 1e-12) -> Array:
    return 1 - (t * y).sum(-1) / jnp.sqrt(((t**2).sum(-1) + epsilon) * ((y**2).sum(-1) + epsilon))


def _triplet(y: Array, t: None, margin: float = 1.0) -> Array:
    anchor, positive, negative = jnp.moveaxis(y, 1, 0)
    return nn.relu(((anchor - positive) ** 2).sum(-1) - ((anchor - negative) ** 2).sum(-1) + margin)


LOSSES: dict[str, Callable[..., Array]] = {
    "half_squared_error": lambda y, t: jnp.square(y - t).sum(-1) / 2,
    "mean_squared_error": lambda y, t: jnp.square(y - t),
    "mean_absolute_error": lambda y, t: jnp.abs(y - t),
    "huber": _huber,
    "log_cosh": lambda y, t: jnp.logaddexp(y - t, t - y) - math.log(2),
    "gaussian_nll": lambda y, t, log_variance: (log_variance + jnp.square(y - t) / jnp.exp(log_variance)) / 2,
    "poisson": lambda y, t: y - xlogy(t, y),
    "poisson_with_log_rates": lambda y, t: jnp.exp(y) - t * y,
    "cosine_similarity": _cosine,
    "triplet": _triplet,
    "hinge": lambda y, t: nn.relu(1 - t * y),
    "squared_hinge": lambda y, t: nn.relu(1 - t * y) ** 2,
    "binary_cross_entropy": _binary,
    "binary_cross_entropy_with_logits": _binary_logits,
    "focal": _focal,
    "focal_with_logits": lambda y, t, **o: _focal(nn.sigmoid(y), t, **o),
    "cross_entropy": _of_probabilities,
    "cross_entropy_with_logits": _by_class,
    "cross_entropy_with_labels": _of_probabilities,
    "cross_entropy_with_labels_with_logits": _by_class,
    "kullback_leibler": lambda y, t: rel_entr(t, y).sum(-1),
}
