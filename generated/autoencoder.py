"""An auto-encoder of handwritten digits with tied weights.

Source: G. Hinton, R. Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks",
Science 313 (2006). Data: Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak
(1998), UCI Machine Learning Repository, doi 10.24432/C50P49, CC BY 4.0; see data/digits.md

64 pixels are squeezed through 12 units and restored by the transposed weights. The loss is typed as
a formula: the cross-entropy of each pixel, and a small pull of the restored picture towards few
bright pixels. On the test part the mean picture alone gives 27.4, and the pictures themselves,
restored without a fault, 13.8.

Entries are written with their indices, which count from 0; n runs over the m samples.

Given:

    x[n,j]         (m, 64)      input
    t[n,j]         (m, 64)      target
    W_wide[k,j]    (64, 32)     weights of layer wide
    b_wide[j]      (32,)        biases of layer wide
    W_code[k,j]    (32, 12)     weights of layer code
    b_code[j]      (12,)        biases of layer code
    b_restored[j]  (32,)        biases of layer restored
    b_picture[j]   (64,)        biases of layer picture
    sparsity       scalar       a constant of the file

Forward:

     (1)  z_wide[n,j] = Σ_k x[n,k]·W_wide[k,j] + b_wide[j]
     (2)  a_wide[n,j] = tanh(z_wide[n,j])
     (3)  z_code[n,j] = Σ_k a_wide[n,k]·W_code[k,j] + b_code[j]
     (4)  a_code[n,j] = tanh(z_code[n,j])
     (5)  W_restored[k,j] = W_code[j,k]
     (6)  z_restored[n,j] = Σ_k a_code[n,k]·W_restored[k,j] + b_restored[j]
     (7)  a_restored[n,j] = tanh(z_restored[n,j])
     (8)  W_picture[k,j] = W_wide[j,k]
     (9)  z_picture[n,j] = Σ_k a_restored[n,k]·W_picture[k,j] + b_picture[j]
    (10)  a_picture[n,j] = 1/(1 + exp(−z_picture[n,j]))
    (11)  e[n,j] = sparsity·a_picture[n,j] − log(1 − a_picture[n,j])·(1 − t[n,j]) −
              t[n,j]·log(a_picture[n,j])
    (12)  J = Σ_{n,j} e[n,j] / m

Derivatives of J in reverse order, where dJ_dW stands for ∂J/∂W:

    (13)  dJ_de[n,j] = 1/m
    (14)  dJ_da_picture[n,j] = ((1 − t[n,j]) / (1 − a_picture[n,j]) + sparsity − t[n,j] /
              a_picture[n,j]) / m
    (15)  dJ_dz_picture[n,j] = (sparsity·a_picture[n,j] + a_picture[n,j] − t[n,j] −
              sparsity·a_picture[n,j]²) / m
    (16)  dJ_db_picture[j] = Σ_n dJ_dz_picture[n,j]
    (17)  dJ_dW_picture[k,j] = Σ_n a_restored[n,k]·dJ_dz_picture[n,j]
    (18)  dJ_da_restored[n,j] = Σ_k dJ_dz_picture[n,k]·W_picture[j,k]
    (19)  dJ_dz_restored[n,j] = dJ_da_restored[n,j]·(1 − a_restored[n,j]²)
    (20)  dJ_db_restored[j] = Σ_n dJ_dz_restored[n,j]
    (21)  dJ_dW_restored[k,j] = Σ_n a_code[n,k]·dJ_dz_restored[n,j]
    (22)  dJ_da_code[n,j] = Σ_k dJ_dz_restored[n,k]·W_restored[j,k]
    (23)  dJ_dz_code[n,j] = dJ_da_code[n,j]·(1 − a_code[n,j]²)
    (24)  dJ_dW_code[k,j] = Σ_n a_wide[n,k]·dJ_dz_code[n,j] + dJ_dW_restored[j,k]
    (25)  dJ_db_code[j] = Σ_n dJ_dz_code[n,j]
    (26)  dJ_da_wide[n,j] = Σ_k dJ_dz_code[n,k]·W_code[j,k]
    (27)  dJ_dz_wide[n,j] = dJ_da_wide[n,j]·(1 − a_wide[n,j]²)
    (28)  dJ_dW_wide[k,j] = Σ_n x[n,k]·dJ_dz_wide[n,j] + dJ_dW_picture[j,k]
    (29)  dJ_db_wide[j] = Σ_n dJ_dz_wide[n,j]

Made from the derivation of these equations; the numbers in the comments are theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

Array = np.ndarray
Parameters = dict[str, Array]

sparsity = 0.01  # a constant of the file

#: The shape of every array of data and parameters; "m" is the number of samples.
SHAPES: dict[str, tuple[int | str, ...]] = {
    "x": ("m", 64),
    "t": ("m", 64),
    "W_wide": (64, 32),
    "b_wide": (32,),
    "W_code": (32, 12),
    "b_code": (12,),
    "b_restored": (32,),
    "b_picture": (64,),
}
#: Names of the parameters, in order.
PARAMETERS = ("W_wide", "b_wide", "W_code", "b_code", "b_restored", "b_picture")
#: Names of the options of Model.
OPTIONS = (
    "learning_rate", "beta1", "beta2", "epsilon", "epochs", "batch_size", "shuffle", "tolerance",
    "warm_start", "seed", "dtype",
)


def initial_parameters(seed: int | None = None, dtype: DTypeLike = np.float64) -> Parameters:
    """Make the parameters that training starts from.

    Parameters
    ----------
    seed : int, optional
        Seed of the random numbers; 0 by default.
    dtype : data type, optional
        np.float64 or np.float32.

    Returns
    -------
    parameters : dict of name -> array
    """
    rng = np.random.default_rng(0 if seed is None else seed)
    parameters = {
        "W_wide": rng.uniform(-1, 1, (64, 32)) * np.sqrt(6 / (64 + 32)),
        "b_wide": np.zeros((32,)),
        "W_code": rng.uniform(-1, 1, (32, 12)) * np.sqrt(6 / (32 + 12)),
        "b_code": np.zeros((12,)),
        "b_restored": np.zeros((32,)),
        "b_picture": np.zeros((64,)),
    }
    return {name: np.array(value, dtype) for name, value in parameters.items()}


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)); where exp(-x) is too large for the type, the result is 0."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), for x of any size."""
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def forward(parameters: Parameters, x: Array) -> Array:
    """Compute the prediction.

    Parameters
    ----------
    parameters : dict of name -> array
    x : array of shape (m, 64)

    Returns
    -------
    a_picture : array of shape (m, 64)

    Raises
    ------
    ValueError
        A shape does not fit, or a value is no finite number.
    """
    (x,) = _checked(parameters, x=x)
    W_wide, b_wide, W_code = parameters["W_wide"], parameters["b_wide"], parameters["W_code"]
    b_code, b_restored = parameters["b_code"], parameters["b_restored"]
    b_picture = parameters["b_picture"]
    z_wide = x @ W_wide + b_wide                    # (1)  (m, 32)
    a_wide = np.tanh(z_wide)                        # (2)  (m, 32)
    z_code = a_wide @ W_code + b_code               # (3)  (m, 12)
    a_code = np.tanh(z_code)                        # (4)  (m, 12)
    W_restored = W_code.T                           # (5)  (12, 32)
    z_restored = a_code @ W_restored + b_restored   # (6)  (m, 32)
    a_restored = np.tanh(z_restored)                # (7)  (m, 32)
    W_picture = W_wide.T                            # (8)  (32, 64)
    z_picture = a_restored @ W_picture + b_picture  # (9)  (m, 64)
    a_picture = sigmoid(z_picture)                  # (10)  (m, 64)
    return a_picture


def loss_and_gradients(
    parameters: Parameters,
    x: Array,
    t: Array,
) -> tuple[float, Parameters]:
    """Compute the loss and its derivative by every parameter.

    Parameters
    ----------
    parameters : dict of name -> array
    x : array of shape (m, 64)
    t : array of shape (m, 64)

    Returns
    -------
    J : float
    gradients : dict of name -> array
        With the keys and shapes of the parameters.

    Raises
    ------
    ValueError
        A shape does not fit, or a value is no finite number.
    """
    x, t = _checked(parameters, x=x, t=t)
    m = len(x)
    W_wide, b_wide, W_code = parameters["W_wide"], parameters["b_wide"], parameters["W_code"]
    b_code, b_restored = parameters["b_code"], parameters["b_restored"]
    b_picture = parameters["b_picture"]
    z_wide = x @ W_wide + b_wide                           # (1)  (m, 32)
    a_wide = np.tanh(z_wide)                               # (2)  (m, 32)
    z_code = a_wide @ W_code + b_code                      # (3)  (m, 12)
    a_code = np.tanh(z_code)                               # (4)  (m, 12)
    W_restored = W_code.T                                  # (5)  (12, 32)
    z_restored = a_code @ W_restored + b_restored          # (6)  (m, 32)
    a_restored = np.tanh(z_restored)                       # (7)  (m, 32)
    W_picture = W_wide.T                                   # (8)  (32, 64)
    z_picture = a_restored @ W_picture + b_picture         # (9)  (m, 64)
    a_picture = sigmoid(z_picture)                         # (10)  (m, 64)
    # (11)  (m, 64)
    e = softplus(z_picture) * (1 - t) + sparsity * a_picture + t * softplus(-z_picture)
    J = e.sum() / m                                        # (12)  scalar
    # (15)  (m, 64)
    dJ_dz_picture = (sparsity * a_picture + a_picture - t - sparsity * a_picture**2) / m
    dJ_db_picture = dJ_dz_picture.sum(axis=0)              # (16)  (64,)
    dJ_dW_picture = a_restored.T @ dJ_dz_picture           # (17)  (32, 64)
    dJ_da_restored = dJ_dz_picture @ W_picture.T           # (18)  (m, 32)
    # (19)  (m, 32)
    dJ_dz_restored = (
        2 * dJ_da_restored * sigmoid(-2 * np.abs(z_restored)) * (1 + np.abs(a_restored))
    )
    dJ_db_restored = dJ_dz_restored.sum(axis=0)            # (20)  (32,)
    dJ_dW_restored = a_code.T @ dJ_dz_restored             # (21)  (12, 32)
    dJ_da_code = dJ_dz_restored @ W_restored.T             # (22)  (m, 12)
    # (23)  (m, 12)
    dJ_dz_code = 2 * dJ_da_code * sigmoid(-2 * np.abs(z_code)) * (1 + np.abs(a_code))
    dJ_dW_code = a_wide.T @ dJ_dz_code + dJ_dW_restored.T  # (24)  (32, 12)
    dJ_db_code = dJ_dz_code.sum(axis=0)                    # (25)  (12,)
    dJ_da_wide = dJ_dz_code @ W_code.T                     # (26)  (m, 32)
    # (27)  (m, 32)
    dJ_dz_wide = 2 * dJ_da_wide * sigmoid(-2 * np.abs(z_wide)) * (1 + np.abs(a_wide))
    dJ_dW_wide = x.T @ dJ_dz_wide + dJ_dW_picture.T        # (28)  (64, 32)
    dJ_db_wide = dJ_dz_wide.sum(axis=0)                    # (29)  (32,)
    gradients = {
        "W_wide": dJ_dW_wide,
        "b_wide": dJ_db_wide,
        "W_code": dJ_dW_code,
        "b_code": dJ_db_code,
        "b_restored": dJ_db_restored,
        "b_picture": dJ_db_picture,
    }
    return float(J), gradients


def trace(
    parameters: Parameters,
    x: Array,
    t: Array,
) -> dict[str, object]:
    """Compute every quantity of the derivation by name: forward values and derivatives.

    Takes what `loss_and_gradients` takes, and returns all that it computes on the way and more.
    """
    x, t = _checked(parameters, x=x, t=t)
    m = len(x)
    W_wide, b_wide, W_code = parameters["W_wide"], parameters["b_wide"], parameters["W_code"]
    b_code, b_restored = parameters["b_code"], parameters["b_restored"]
    b_picture = parameters["b_picture"]
    z_wide = x @ W_wide + b_wide                           # (1)  (m, 32)
    a_wide = np.tanh(z_wide)                               # (2)  (m, 32)
    z_code = a_wide @ W_code + b_code                      # (3)  (m, 12)
    a_code = np.tanh(z_code)                               # (4)  (m, 12)
    W_restored = W_code.T                                  # (5)  (12, 32)
    z_restored = a_code @ W_restored + b_restored          # (6)  (m, 32)
    a_restored = np.tanh(z_restored)                       # (7)  (m, 32)
    W_picture = W_wide.T                                   # (8)  (32, 64)
    z_picture = a_restored @ W_picture + b_picture         # (9)  (m, 64)
    a_picture = sigmoid(z_picture)                         # (10)  (m, 64)
    # (11)  (m, 64)
    e = softplus(z_picture) * (1 - t) + sparsity * a_picture + t * softplus(-z_picture)
    J = e.sum() / m                                        # (12)  scalar
    dJ_de = np.full((m, 64), 1 / m, W_wide.dtype)          # (13)  (m, 64)
    dJ_da_picture = ((1 - t) / (1 - a_picture) + sparsity - t / a_picture) / m  # (14)  (m, 64)
    # (15)  (m, 64)
    dJ_dz_picture = (sparsity * a_picture + a_picture - t - sparsity * a_picture**2) / m
    dJ_db_picture = dJ_dz_picture.sum(axis=0)              # (16)  (64,)
    dJ_dW_picture = a_restored.T @ dJ_dz_picture           # (17)  (32, 64)
    dJ_da_restored = dJ_dz_picture @ W_picture.T           # (18)  (m, 32)
    # (19)  (m, 32)
    dJ_dz_restored = (
        2 * dJ_da_restored * sigmoid(-2 * np.abs(z_restored)) * (1 + np.abs(a_restored))
    )
    dJ_db_restored = dJ_dz_restored.sum(axis=0)            # (20)  (32,)
    dJ_dW_restored = a_code.T @ dJ_dz_restored             # (21)  (12, 32)
    dJ_da_code = dJ_dz_restored @ W_restored.T             # (22)  (m, 12)
    # (23)  (m, 12)
    dJ_dz_code = 2 * dJ_da_code * sigmoid(-2 * np.abs(z_code)) * (1 + np.abs(a_code))
    dJ_dW_code = a_wide.T @ dJ_dz_code + dJ_dW_restored.T  # (24)  (32, 12)
    dJ_db_code = dJ_dz_code.sum(axis=0)                    # (25)  (12,)
    dJ_da_wide = dJ_dz_code @ W_code.T                     # (26)  (m, 32)
    # (27)  (m, 32)
    dJ_dz_wide = 2 * dJ_da_wide * sigmoid(-2 * np.abs(z_wide)) * (1 + np.abs(a_wide))
    dJ_dW_wide = x.T @ dJ_dz_wide + dJ_dW_picture.T        # (28)  (64, 32)
    dJ_db_wide = dJ_dz_wide.sum(axis=0)                    # (29)  (32,)
    return {
        "z_wide": z_wide,
        "a_wide": a_wide,
        "z_code": z_code,
        "a_code": a_code,
        "W_restored": W_restored,
        "z_restored": z_restored,
        "a_restored": a_restored,
        "W_picture": W_picture,
        "z_picture": z_picture,
        "a_picture": a_picture,
        "e": e,
        "J": J,
        "dJ_de": dJ_de,
        "dJ_da_picture": dJ_da_picture,
        "dJ_dz_picture": dJ_dz_picture,
        "dJ_db_picture": dJ_db_picture,
        "dJ_dW_picture": dJ_dW_picture,
        "dJ_da_restored": dJ_da_restored,
        "dJ_dz_restored": dJ_dz_restored,
        "dJ_db_restored": dJ_db_restored,
        "dJ_dW_restored": dJ_dW_restored,
        "dJ_da_code": dJ_da_code,
        "dJ_dz_code": dJ_dz_code,
        "dJ_dW_code": dJ_dW_code,
        "dJ_db_code": dJ_db_code,
        "dJ_da_wide": dJ_da_wide,
        "dJ_dz_wide": dJ_dz_wide,
        "dJ_dW_wide": dJ_dW_wide,
        "dJ_db_wide": dJ_db_wide,
    }


def _checked(parameters: Parameters, **data: ArrayLike) -> tuple[Array, ...]:
    """The data as arrays of the parameters' type, after a check of every shape and value."""
    dtype = _dtype(parameters)
    arrays = {name: _as_array(name, value, dtype) for name, value in data.items()}
    samples = next((len(a) for n, a in arrays.items() if "m" in SHAPES[n][:1] and a.ndim), None)
    for name in PARAMETERS:
        if name not in parameters:
            raise ValueError(f"the parameter {name} is missing; expected {', '.join(PARAMETERS)}")
    for name, array in {**arrays, **{n: np.asarray(parameters[n]) for n in PARAMETERS}}.items():
        expected = tuple(samples if n == "m" else n for n in SHAPES[name])
        if array.shape != expected:
            words = str(SHAPES[name]).replace("'", "")
            known = f" with m = {samples} samples" if "m" in SHAPES[name] and samples else ""
            raise ValueError(f"{name} has the shape {array.shape}, expected {words}{known}")
    if samples == 0:
        raise ValueError(f"{', '.join(arrays)}: no samples")
    return tuple(arrays.values())


def _dtype(parameters: Parameters) -> np.dtype:
    """The type that is computed in."""
    dtype = np.asarray(parameters[PARAMETERS[0]]).dtype if PARAMETERS else np.dtype(np.float64)
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def _as_array(name: str, value: ArrayLike, dtype: DTypeLike) -> Array:
    """The value as an array of finite numbers."""
    try:
        array = np.asarray(value, dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is no array of numbers: {error}") from None
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name}{list(where)} is {array[where]}, expected finite numbers")
    if array.ndim == len(SHAPES[name]) - 1 and SHAPES[name][-1] == 1:  # one number each
        array = array[..., np.newaxis]
    return array


# Training: the same equations, written into arrays that are made once.


class _Memory:
    """Arrays in the memory of those asked for before, in the same order: nothing new is made."""

    def __init__(self, dtype: DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self.blocks: list[Array] = []
        self.used = 0

    def array(self, *shape: int, dtype: DTypeLike = None) -> Array:
        size = int(np.prod(shape))
        if self.used == len(self.blocks):
            self.blocks.append(_aligned(size, dtype or self.dtype))
        elif self.blocks[self.used].size < size:
            self.blocks[self.used] = _aligned(size, dtype or self.dtype)
        self.used += 1
        return self.blocks[self.used - 1][:size].reshape(shape)


def _workspace(memory: _Memory, m: int) -> tuple[Array, ...]:
    """The arrays of a training step on m samples; those named together share their memory."""
    memory.used = 0
    z_wide = dJ_dz_wide = memory.array(m, 32)
    a_wide = scratch10 = memory.array(m, 32)
    z_code = dJ_dz_code = memory.array(m, 12)
    a_code = scratch8 = memory.array(m, 12)
    z_restored = dJ_dz_restored = dJ_da_wide = scratch9 = memory.array(m, 32)
    a_restored = scratch6 = memory.array(m, 32)
    z_picture = e = dJ_dz_picture = memory.array(m, 64)
    a_picture = scratch4 = memory.array(m, 64)
    scratch = log1p_exp_z_picture = memory.array(m, 64)
    e_1 = memory.array(m, 64)
    scratch2 = memory.array(m, 64)
    scratch3 = memory.array(m, 64)
    dJ_dW_picture = memory.array(32, 64)
    dJ_da_restored = scratch5 = memory.array(m, 32)
    dJ_dW_restored = memory.array(12, 32)
    dJ_da_code = scratch7 = memory.array(m, 12)
    float_zero = np.full((), 0, memory.dtype)
    ones_m = np.full((m,), 1, memory.dtype)
    return (
        z_wide, dJ_dz_wide, a_wide, scratch10, z_code, dJ_dz_code, a_code, scratch8, z_restored,
        dJ_dz_restored, dJ_da_wide, scratch9, a_restored, scratch6, z_picture, e, dJ_dz_picture,
        a_picture, scratch4, scratch, log1p_exp_z_picture, e_1, scratch2, scratch3, dJ_dW_picture,
        dJ_da_restored, scratch5, dJ_dW_restored, dJ_da_code, scratch7, float_zero, ones_m,
    )


def _step(
    parameters: tuple[Array, ...],
    gradients: tuple[Array, ...],
    arrays: tuple[Array, ...],
    x: Array,
    t: Array,
) -> float:
    """Write the gradients of one batch into `gradients`; return the loss."""
    W_wide, b_wide, W_code, b_code, b_restored, b_picture = parameters
    dJ_dW_wide, dJ_db_wide, dJ_dW_code, dJ_db_code, dJ_db_restored, dJ_db_picture = gradients
    (
        z_wide, dJ_dz_wide, a_wide, scratch10, z_code, dJ_dz_code, a_code, scratch8, z_restored,
        dJ_dz_restored, dJ_da_wide, scratch9, a_restored, scratch6, z_picture, e, dJ_dz_picture,
        a_picture, scratch4, scratch, log1p_exp_z_picture, e_1, scratch2, scratch3, dJ_dW_picture,
        dJ_da_restored, scratch5, dJ_dW_restored, dJ_da_code, scratch7, float_zero, ones_m,
    ) = arrays
    m = len(x)
    # (1)  z_wide[n,j] = Σ_k x[n,k]·W_wide[k,j] + b_wide[j]
    np.matmul(x, W_wide, out=z_wide)
    np.add(z_wide, b_wide, out=z_wide)
    # (2)  a_wide[n,j] = tanh(z_wide[n,j])
    np.tanh(z_wide, out=a_wide)
    # (3)  z_code[n,j] = Σ_k a_wide[n,k]·W_code[k,j] + b_code[j]
    np.matmul(a_wide, W_code, out=z_code)
    np.add(z_code, b_code, out=z_code)
    # (4)  a_code[n,j] = tanh(z_code[n,j])
    np.tanh(z_code, out=a_code)
    # (6)  z_restored[n,j] = Σ_k a_code[n,k]·W_restored[k,j] + b_restored[j]
    np.matmul(a_code, W_code.T, out=z_restored)
    np.add(z_restored, b_restored, out=z_restored)
    # (7)  a_restored[n,j] = tanh(z_restored[n,j])
    np.tanh(z_restored, out=a_restored)
    # (9)  z_picture[n,j] = Σ_k a_restored[n,k]·W_picture[k,j] + b_picture[j]
    np.matmul(a_restored, W_wide.T, out=z_picture)
    np.add(z_picture, b_picture, out=z_picture)
    # (10)  a_picture[n,j] = 1/(1 + exp(−z_picture[n,j]))
    np.negative(z_picture, out=a_picture)
    np.exp(a_picture, out=a_picture)
    np.add(a_picture, 1, out=a_picture)
    np.reciprocal(a_picture, out=a_picture)
    # (11)  e[n,j] = sparsity·a_picture[n,j] − log(1 − a_picture[n,j])·(1 − t[n,j]) −
    #     t[n,j]·log(a_picture[n,j])
    np.abs(z_picture, out=scratch)
    np.negative(scratch, out=scratch)
    np.exp(scratch, out=scratch)
    np.log1p(scratch, out=log1p_exp_z_picture)
    np.multiply(sparsity, a_picture, out=e_1)
    np.subtract(1, t, out=scratch2)
    np.maximum(z_picture, float_zero, out=scratch3)
    np.add(log1p_exp_z_picture, scratch3, out=scratch3)
    np.multiply(scratch2, scratch3, out=scratch2)
    np.negative(z_picture, out=e)
    np.maximum(e, float_zero, out=e)
    np.add(log1p_exp_z_picture, e, out=e)
    np.multiply(t, e, out=e)
    np.add(scratch2, e, out=e)
    np.add(e, e_1, out=e)
    # (12)  J = Σ_{n,j} e[n,j] / m
    J = np.add.reduce(e, axis=None)
    J = J / m
    # (15)  dJ_dz_picture[n,j] = (sparsity·a_picture[n,j] + a_picture[n,j] − t[n,j] −
    #     sparsity·a_picture[n,j]²) / m
    np.add(a_picture, e_1, out=dJ_dz_picture)
    np.subtract(dJ_dz_picture, t, out=dJ_dz_picture)
    np.square(a_picture, out=scratch4)
    np.multiply(sparsity, scratch4, out=scratch4)
    np.subtract(dJ_dz_picture, scratch4, out=dJ_dz_picture)
    np.divide(dJ_dz_picture, m, out=dJ_dz_picture)
    # (16)  dJ_db_picture[j] = Σ_n dJ_dz_picture[n,j]
    np.matmul(dJ_dz_picture.T, ones_m, out=dJ_db_picture)
    # (17)  dJ_dW_picture[k,j] = Σ_n a_restored[n,k]·dJ_dz_picture[n,j]
    np.matmul(a_restored.T, dJ_dz_picture, out=dJ_dW_picture)
    # (18)  dJ_da_restored[n,j] = Σ_k dJ_dz_picture[n,k]·W_picture[j,k]
    np.matmul(dJ_dz_picture, W_wide, out=dJ_da_restored)
    # (19)  dJ_dz_restored[n,j] = dJ_da_restored[n,j]·(1 − a_restored[n,j]²)
    np.multiply(2, dJ_da_restored, out=scratch5)
    np.abs(z_restored, out=dJ_dz_restored)
    np.multiply(2, dJ_dz_restored, out=dJ_dz_restored)
    np.exp(dJ_dz_restored, out=dJ_dz_restored)
    np.add(dJ_dz_restored, 1, out=dJ_dz_restored)
    np.reciprocal(dJ_dz_restored, out=dJ_dz_restored)
    np.multiply(scratch5, dJ_dz_restored, out=dJ_dz_restored)
    np.abs(a_restored, out=scratch6)
    np.add(1, scratch6, out=scratch6)
    np.multiply(dJ_dz_restored, scratch6, out=dJ_dz_restored)
    # (20)  dJ_db_restored[j] = Σ_n dJ_dz_restored[n,j]
    np.matmul(dJ_dz_restored.T, ones_m, out=dJ_db_restored)
    # (21)  dJ_dW_restored[k,j] = Σ_n a_code[n,k]·dJ_dz_restored[n,j]
    np.matmul(a_code.T, dJ_dz_restored, out=dJ_dW_restored)
    # (22)  dJ_da_code[n,j] = Σ_k dJ_dz_restored[n,k]·W_restored[j,k]
    np.matmul(dJ_dz_restored, W_code, out=dJ_da_code)
    # (23)  dJ_dz_code[n,j] = dJ_da_code[n,j]·(1 − a_code[n,j]²)
    np.multiply(2, dJ_da_code, out=scratch7)
    np.abs(z_code, out=dJ_dz_code)
    np.multiply(2, dJ_dz_code, out=dJ_dz_code)
    np.exp(dJ_dz_code, out=dJ_dz_code)
    np.add(dJ_dz_code, 1, out=dJ_dz_code)
    np.reciprocal(dJ_dz_code, out=dJ_dz_code)
    np.multiply(scratch7, dJ_dz_code, out=dJ_dz_code)
    np.abs(a_code, out=scratch8)
    np.add(1, scratch8, out=scratch8)
    np.multiply(dJ_dz_code, scratch8, out=dJ_dz_code)
    # (24)  dJ_dW_code[k,j] = Σ_n a_wide[n,k]·dJ_dz_code[n,j] + dJ_dW_restored[j,k]
    np.matmul(a_wide.T, dJ_dz_code, out=dJ_dW_code)
    np.add(dJ_dW_code, dJ_dW_restored.T, out=dJ_dW_code)
    # (25)  dJ_db_code[j] = Σ_n dJ_dz_code[n,j]
    np.matmul(dJ_dz_code.T, ones_m, out=dJ_db_code)
    # (26)  dJ_da_wide[n,j] = Σ_k dJ_dz_code[n,k]·W_code[j,k]
    np.matmul(dJ_dz_code, W_code.T, out=dJ_da_wide)
    # (27)  dJ_dz_wide[n,j] = dJ_da_wide[n,j]·(1 − a_wide[n,j]²)
    np.multiply(2, dJ_da_wide, out=scratch9)
    np.abs(z_wide, out=dJ_dz_wide)
    np.multiply(2, dJ_dz_wide, out=dJ_dz_wide)
    np.exp(dJ_dz_wide, out=dJ_dz_wide)
    np.add(dJ_dz_wide, 1, out=dJ_dz_wide)
    np.reciprocal(dJ_dz_wide, out=dJ_dz_wide)
    np.multiply(scratch9, dJ_dz_wide, out=dJ_dz_wide)
    np.abs(a_wide, out=scratch10)
    np.add(1, scratch10, out=scratch10)
    np.multiply(dJ_dz_wide, scratch10, out=dJ_dz_wide)
    # (28)  dJ_dW_wide[k,j] = Σ_n x[n,k]·dJ_dz_wide[n,j] + dJ_dW_picture[j,k]
    np.matmul(x.T, dJ_dz_wide, out=dJ_dW_wide)
    np.add(dJ_dW_picture.T, dJ_dW_wide, out=dJ_dW_wide)
    # (29)  dJ_db_wide[j] = Σ_n dJ_dz_wide[n,j]
    np.matmul(dJ_dz_wide.T, ones_m, out=dJ_db_wide)
    return float(J)


def _update(
    theta: Array,
    g: Array,
    u: Array,
    v: Array,
    scratch: Array,
    k: int,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None:
    """One update by adam, in place.

    theta are the parameters, and g is their gradient, which is used up.

    Source: Kingma, Ba 2015
    """
    # u = g·(1 − beta1) + beta1·u
    np.multiply(1 - beta1, g, out=scratch)
    np.multiply(beta1, u, out=u)
    np.add(scratch, u, out=u)
    # v = g²·(1 − beta2) + beta2·v
    np.square(g, out=g)
    np.multiply(1 - beta2, g, out=g)
    np.multiply(beta2, v, out=v)
    np.add(g, v, out=v)
    # theta = theta − learning_rate·u / ((1 − beta1^k)·(√(v/(1 − beta2^k)) + epsilon))
    np.multiply(learning_rate / (1 - beta1**k), u, out=g)
    np.divide(v, 1 - beta2**k, out=scratch)
    np.sqrt(scratch, out=scratch)
    np.add(scratch, epsilon, out=scratch)
    np.divide(g, scratch, out=g)
    np.subtract(theta, g, out=theta)


def _aligned(size: int, dtype: DTypeLike) -> Array:
    """Zeros that begin where a cache line does: work on each entry is faster there."""
    dtype = np.dtype(dtype)
    memory = np.zeros(size * dtype.itemsize + 64, np.uint8)
    begin = -memory.ctypes.data % 64
    return memory[begin : begin + size * dtype.itemsize].view(dtype)


class _Batches:
    """Views of the data, batch after batch and pass after pass, without end.

    With a random generator, each pass takes the samples in a new order.
    """

    def __init__(
        self, data: tuple[Array, ...], size: int, rng: np.random.Generator | None
    ) -> None:
        self.data, self.size, self.rng = data, size, rng
        self.samples = len(data[0])
        self.count = -(-self.samples // size)
        self.rows = data if rng is None else tuple(np.empty_like(array) for array in data)
        self.start = 0

    def __iter__(self) -> _Batches:
        return self

    def __next__(self) -> tuple[Array, ...]:
        if self.count == 1 and self.rng is None:
            return self.data
        start = self.start
        if start == 0 and self.rng is not None:
            order = self.rng.permutation(self.samples)
            for array, copy in zip(self.data, self.rows):
                np.take(array, order, axis=0, out=copy, mode="clip")
        self.start = start + self.size if start + self.size < self.samples else 0
        return tuple(array[start : start + self.size] for array in self.rows)


class Training:
    """The updates of `Model.fit` one by one, without end: each `next` is the loss before one."""

    def __init__(self, model: Model, batches: _Batches) -> None:
        self.model, self.batches = model, batches

    def __iter__(self) -> Training:
        return self

    def __next__(self) -> float:
        with np.errstate(over="ignore"):
            return self.model._train(*next(self.batches))


def _check_option(
    name: str,
    value: float | None,
    kind: type,
    least: float = -np.inf,
    above: float = -np.inf,
    optional: bool = False,
) -> None:
    """Raise TypeError where an option is of another type, ValueError where it is out of range."""
    kinds = {float: (int, float, np.number), int: (int, np.integer), bool: (bool, np.bool_)}
    if value is None and optional:
        return
    if not isinstance(value, kinds[kind]) or isinstance(value, bool) and kind is not bool:
        raise TypeError(f"{name} is {value!r}, expected {kind.__name__}{' or None' * optional}")
    if kind is not bool and not (least <= value < np.inf and above < value):
        expected = f"at least {least}" if above < least else f"a number greater than {above}"
        raise ValueError(f"{name} is {value}, expected {expected}")


class Model:
    """The network and its training, with the conventions of scikit-learn.

    Parameters
    ----------
    learning_rate : float, default 0.005
        The learning rate of adam.
    beta1 : float, default 0.9
        The beta1 of adam.
    beta2 : float, default 0.999
        The beta2 of adam.
    epsilon : float, default 1e-08
        The epsilon of adam.
    epochs : int, default 40
        How often `fit` goes through the data.
    batch_size : int or None, default 32
        Samples in a batch; None for all of them.
    shuffle : bool, default True
        Whether each pass takes the samples in a new order.
    tolerance : float or None, default None
        `fit` stops when the loss changes by less than this from one pass to the next.
    warm_start : bool, default False
        Whether `fit` goes on from the present parameters.
    seed : int or None, default None
        Seed of the initial parameters and of the shuffling; None for the network's own.
    dtype : data type, default "float64"
        "float64" or "float32".

    Attributes
    ----------
    parameters : dict of name -> array
        Views of the numbers in training: what is written into them is used.
    loss_history_ : list of float
        The mean loss of each epoch of `fit`, each batch measured before its update.
    updates_ : int
        The number of updates so far.
    """

    def __init__(
        self,
        *,
        learning_rate: float = 0.005,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-08,
        epochs: int = 40,
        batch_size: int | None = 32,
        shuffle: bool = True,
        tolerance: float | None = None,
        warm_start: bool = False,
        seed: int | None = None,
        dtype: DTypeLike = "float64",
    ) -> None:
        self.learning_rate = learning_rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.tolerance = tolerance
        self.warm_start = warm_start
        self.seed = seed
        self.dtype = dtype
        self._start()

    def _check_options(self) -> None:
        """Raise TypeError or ValueError where an option is not what it may be."""
        _check_option("learning_rate", self.learning_rate, float, above=0)
        _check_option("beta1", self.beta1, float, least=0)
        _check_option("beta2", self.beta2, float, least=0)
        _check_option("epsilon", self.epsilon, float, least=0)
        _check_option("epochs", self.epochs, int, least=0)
        _check_option("batch_size", self.batch_size, int, least=1, optional=True)
        _check_option("shuffle", self.shuffle, bool)
        _check_option("tolerance", self.tolerance, float, least=0, optional=True)
        _check_option("warm_start", self.warm_start, bool)
        _check_option("seed", self.seed, int, least=0, optional=True)
        if self.dtype not in ("float64", "float32", np.float64, np.float32):
            raise ValueError(f"dtype is {self.dtype!r}, expected float64 or float32")

    def _start(self) -> None:
        """Initial parameters, and nothing learnt."""
        self._check_options()
        start = initial_parameters(self.seed, self.dtype)
        trained = [name for name in PARAMETERS]
        sizes = [start[name].size for name in trained]
        self._theta = _aligned(sum(sizes), self.dtype)
        self._gradient = _aligned(sum(sizes), self.dtype)
        self._u = _aligned(sum(sizes), self.dtype)
        self._v = _aligned(sum(sizes), self.dtype)
        self._scratch = _aligned(sum(sizes), self.dtype)
        self.parameters: Parameters = {}
        gradients = []
        end = 0
        for name in start:
            begin, end = end, end + start[name].size
            self.parameters[name] = self._theta[begin:end].reshape(start[name].shape)
            self.parameters[name][...] = start[name]
            gradients.append(self._gradient[begin:end].reshape(start[name].shape))
        self._values = tuple(self.parameters.values())
        self._gradients = tuple(gradients)
        self._memory = _Memory(self.dtype)
        self._workspaces: dict[int, tuple[Array, ...]] = {}
        self.updates_ = 0
        self.loss_history_: list[float] = []

    def get_params(self, deep: bool = True) -> dict[str, object]:
        """The options of the constructor and their values."""
        return {name: getattr(self, name) for name in OPTIONS}

    def set_params(self, **options: object) -> Model:
        """Change options. A new seed or dtype starts from new parameters."""
        valid = self.get_params()
        for name, value in options.items():
            if name not in valid:
                known = ", ".join(valid)
                raise ValueError(f"{name} is no option of this model, expected one of {known}")
            setattr(self, name, value)
        self._check_options()
        if {"seed", "dtype"} & options.keys():
            self._start()
        return self

    def fit(self, x: ArrayLike, t: ArrayLike) -> Model:
        """Train for `epochs` passes over the data.

        Starts from the initial parameters, unless `warm_start` is set.

        Parameters
        ----------
        x : array of shape (m, 64)
        t : array of shape (m, 64)

        Returns
        -------
        self : Model
        """
        data = self._checked_data(x, t)
        if not self.warm_start:
            self._start()
        self.loss_history_ = []
        batches = self._batches(data, 0 if self.seed is None else self.seed)
        for _ in range(self.epochs):
            self.loss_history_.append(self._epoch(batches))
            history = self.loss_history_
            if (
                self.tolerance is not None
                and len(history) > 1
                and abs(history[-1] - history[-2]) < self.tolerance
            ):
                break
        return self

    def partial_fit(self, x: ArrayLike, t: ArrayLike) -> Model:
        """Train for one more pass over the data, from where the last one ended."""
        data = self._checked_data(x, t)
        seed = 0 if self.seed is None else self.seed
        self.loss_history_.append(self._epoch(self._batches(data, [self.updates_, seed])))
        return self

    def step(self, x: ArrayLike, t: ArrayLike) -> float:
        """Make one update on these samples; return the loss before it."""
        data = self._checked_data(x, t)
        self._prepare(len(data[0]))
        with np.errstate(over="ignore"):
            return self._train(*data)

    def training(self, x: ArrayLike, t: ArrayLike) -> Training:
        """The updates of `fit` one by one."""
        data = self._checked_data(x, t)
        seed = 0 if self.seed is None else self.seed
        return Training(self, self._batches(data, seed))

    def _batches(self, data: tuple[Array, ...], seed: int | list[int]) -> _Batches:
        """The batches of these data, with arrays prepared for their sizes."""
        self._check_options()
        samples = len(data[0])
        size = min(self.batch_size or samples, samples)
        self._prepare(size)
        self._prepare(samples % size)
        return _Batches(data, size, np.random.default_rng(seed) if self.shuffle else None)

    def _epoch(self, batches: _Batches) -> float:
        """One pass over the data; the mean loss."""
        total = 0.0
        with np.errstate(over="ignore"):  # exp may overflow where the result is then exactly 0
            for _ in range(batches.count):
                rows = next(batches)
                total += self._train(*rows) * len(rows[0])
        return total / batches.samples

    def _prepare(self, samples: int) -> None:
        """Arrays for a batch of this size, in the memory of those of a larger one."""
        if samples and samples not in self._workspaces:
            self._workspaces[samples] = _workspace(self._memory, samples)

    def _train(self, x: Array, t: Array) -> float:
        """One update in place; nothing is allocated."""
        self.updates_ += 1
        loss = _step(self._values, self._gradients, self._workspaces[len(x)], x, t)
        _update(
            self._theta,
            self._gradient,
            self._u,
            self._v,
            self._scratch,
            self.updates_,
            self.learning_rate,
            self.beta1,
            self.beta2,
            self.epsilon,
        )
        return loss

    def predict(self, x: ArrayLike) -> Array:
        """The prediction for each sample."""
        return forward(self.parameters, x)

    def score(self, x: ArrayLike, t: ArrayLike) -> float:
        """The coefficient of determination R²: 1 for a perfect prediction, 0 for the mean."""
        *_, target = self._checked_data(x, t)
        prediction = self.predict(x)
        left = np.sum((target - prediction) ** 2)
        total = np.sum((target - target.mean(axis=0)) ** 2)
        return float(1 - left / total) if total else float(left == 0)

    def save(self, path: str) -> None:
        """Write the parameters and the state of the optimiser to an .npz file."""
        with open(path, "wb") as file:
            np.savez(file, **self._saved())

    def load(self, path: str) -> Model:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            The file is of another network.
        """
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
        expected = self._saved()
        if found.keys() != expected.keys():
            odd = ", ".join(sorted(found.keys() ^ expected.keys()))
            raise ValueError(f"{path} is of another network: the names differ in {odd}")
        for name, array in found.items():
            if array.shape != expected[name].shape:
                raise ValueError(
                    f"{name} has the shape {array.shape}, expected {expected[name].shape}"
                )
        for name, array in found.items():
            if name != "updates":
                expected[name][...] = array
        self.updates_ = int(found["updates"])
        return self

    def _saved(self) -> dict[str, Array]:
        """All that training changes, by name."""
        saved = {f"parameters/{name}": array for name, array in self.parameters.items()}
        saved["u"] = self._u
        saved["v"] = self._v
        return {**saved, "updates": np.array(self.updates_)}

    def _checked_data(self, x: ArrayLike, t: ArrayLike) -> tuple[Array, ...]:
        """The data as arrays that lie in memory as the products need them."""
        checked = _checked(self.parameters, x=x, t=t)
        return tuple(np.ascontiguousarray(array) for array in checked)


def check_gradients(seed: int = 0, step: float = 1e-5) -> float:
    """Compare the gradients with central differences on random data.

    Returns
    -------
    error : float
        The largest difference, relative to the largest gradient.
    """
    rng = np.random.default_rng(seed)
    samples = 5
    parameters = {  # away from where they start: zeros may lie on a kink
        name: array + 0.1 * rng.standard_normal(array.shape)
        for name, array in initial_parameters(seed).items()
    }
    data = {
        "x": rng.standard_normal((samples, 64)),
        "t": rng.standard_normal((samples, 64)),
    }
    _, gradients = loss_and_gradients(parameters, **data)
    error = largest = 0.0
    for name in PARAMETERS:
        direction = rng.standard_normal(parameters[name].shape)
        losses = []
        for sign in (1, -1):
            moved = {**parameters, name: parameters[name] + sign * step * direction}
            losses.append(loss_and_gradients(moved, **data)[0])
        slope = float(np.sum(gradients[name] * direction))
        error = max(error, abs((losses[0] - losses[1]) / (2 * step) - slope))
        largest = max(largest, abs(slope))
    return float(error / max(largest, 1e-30))


if __name__ == "__main__":
    print(f"gradients against central differences: relative error {check_gradients():.1e}")
