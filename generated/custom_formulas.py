"""An activation and a loss typed as formulas.

The activation is a sigmoid-weighted unit with a slope of its own, the loss the logarithm of the
hyperbolic cosine, which grows like a square near 0 and like |y − t| far away. Neither is in the
catalogue; both take the same road.

Entries are written with their indices, which count from 0; n runs over the m samples.

Given:

    x[n,j]   (m, 1)       input
    t[n,j]   (m, 1)       target
    W1[k,j]  (1, 12)      weights of layer 1
    b1[j]    (12,)        biases of layer 1
    W2[k,j]  (12, 12)     weights of layer 2
    b2[j]    (12,)        biases of layer 2
    W3[k,j]  (12, 1)      weights of layer 3
    b3[j]    (1,)         biases of layer 3
    beta     scalar       a constant of the file

Forward:

     (1)  z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]
     (2)  a1[n,j] = z1[n,j] / (1 + exp(−beta·z1[n,j]))
     (3)  z2[n,j] = Σ_k a1[n,k]·W2[k,j] + b2[j]
     (4)  a2[n,j] = z2[n,j] / (1 + exp(−beta·z2[n,j]))
     (5)  z3[n,j] = Σ_k a2[n,k]·W3[k,j] + b3[j]
     (6)  e[n,j] = log(cosh(t[n,j] − z3[n,j]))
     (7)  J = Σ_{n,j} e[n,j] / m

Derivatives of J in reverse order, where dJ_dW stands for ∂J/∂W:

     (8)  dJ_de[n,j] = 1/m
     (9)  dJ_dz3[n,j] = −sinh(t[n,j] − z3[n,j]) / (m·cosh(t[n,j] − z3[n,j]))
    (10)  dJ_dW3[k,j] = Σ_n a2[n,k]·dJ_dz3[n,j]
    (11)  dJ_db3[j] = Σ_n dJ_dz3[n,j]
    (12)  dJ_da2[n,j] = Σ_k dJ_dz3[n,k]·W3[j,k]
    (13)  dJ_dz2[n,j] = dJ_da2[n,j]·(1 + beta·z2[n,j]·exp(−beta·z2[n,j]) + exp(−beta·z2[n,j])) / (1
              + exp(−beta·z2[n,j]))²
    (14)  dJ_dW2[k,j] = Σ_n a1[n,k]·dJ_dz2[n,j]
    (15)  dJ_db2[j] = Σ_n dJ_dz2[n,j]
    (16)  dJ_da1[n,j] = Σ_k dJ_dz2[n,k]·W2[j,k]
    (17)  dJ_dz1[n,j] = dJ_da1[n,j]·(1 + beta·z1[n,j]·exp(−beta·z1[n,j]) + exp(−beta·z1[n,j])) / (1
              + exp(−beta·z1[n,j]))²
    (18)  dJ_dW1[k,j] = Σ_n x[n,k]·dJ_dz1[n,j]
    (19)  dJ_db1[j] = Σ_n dJ_dz1[n,j]

Made from the derivation of these equations; the numbers in the comments are theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

Array = np.ndarray
Parameters = dict[str, Array]

beta = 1.5  # a constant of the file

#: The shape of every array of data and parameters; "m" is the number of samples.
SHAPES: dict[str, tuple[int | str, ...]] = {
    "x": ("m", 1),
    "t": ("m", 1),
    "W1": (1, 12),
    "b1": (12,),
    "W2": (12, 12),
    "b2": (12,),
    "W3": (12, 1),
    "b3": (1,),
}
#: Names of the parameters, in order.
PARAMETERS = ("W1", "b1", "W2", "b2", "W3", "b3")
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
        Seed of the random numbers; 2 by default.
    dtype : data type, optional
        np.float64 or np.float32.

    Returns
    -------
    parameters : dict of name -> array
    """
    rng = np.random.default_rng(2 if seed is None else seed)
    parameters = {
        "W1": rng.uniform(-1, 1, (1, 12)) * np.sqrt(6 / (1 + 12)),
        "b1": np.zeros((12,)),
        "W2": rng.uniform(-1, 1, (12, 12)) * np.sqrt(6 / (12 + 12)),
        "b2": np.zeros((12,)),
        "W3": rng.uniform(-1, 1, (12, 1)) * np.sqrt(6 / (12 + 1)),
        "b3": np.zeros((1,)),
    }
    return {name: np.array(value, dtype) for name, value in parameters.items()}


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)); where exp(-x) is too large for the type, the result is 0."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def forward(parameters: Parameters, x: Array) -> Array:
    """Compute the prediction.

    Parameters
    ----------
    parameters : dict of name -> array
    x : array of shape (m, 1)

    Returns
    -------
    z3 : array of shape (m, 1)

    Raises
    ------
    ValueError
        A shape does not fit, or a value is no finite number.
    """
    (x,) = _checked(parameters, x=x)
    W1, b1, W2, b2 = parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]
    W3, b3 = parameters["W3"], parameters["b3"]
    z1 = x @ W1 + b1              # (1)  (m, 12)
    a1 = z1 * sigmoid(beta * z1)  # (2)  (m, 12)
    z2 = a1 @ W2 + b2             # (3)  (m, 12)
    a2 = z2 * sigmoid(beta * z2)  # (4)  (m, 12)
    z3 = a2 @ W3 + b3             # (5)  (m, 1)
    return z3


def loss_and_gradients(
    parameters: Parameters,
    x: Array,
    t: Array,
) -> tuple[float, Parameters]:
    """Compute the loss and its derivative by every parameter.

    Parameters
    ----------
    parameters : dict of name -> array
    x : array of shape (m, 1)
    t : array of shape (m, 1)

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
    W1, b1, W2, b2 = parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]
    W3, b3 = parameters["W3"], parameters["b3"]
    z1 = x @ W1 + b1                                           # (1)  (m, 12)
    a1_1 = sigmoid(beta * z1)                                  # (2)  (m, 12)
    a1 = a1_1 * z1                                             # (2)  (m, 12)
    z2 = a1 @ W2 + b2                                          # (3)  (m, 12)
    a2_1 = sigmoid(beta * z2)                                  # (4)  (m, 12)
    a2 = a2_1 * z2                                             # (4)  (m, 12)
    z3 = a2 @ W3 + b3                                          # (5)  (m, 1)
    e_1 = np.abs(t - z3)                                       # (6)  (m, 1)
    e = e_1 + np.log1p(np.exp(-2 * e_1)) - 0.6931471805599453  # (6)  (m, 1)
    J = e.sum() / m                                            # (7)  scalar
    dJ_dz3 = -np.tanh(t - z3) / m                              # (9)  (m, 1)
    dJ_dW3 = a2.T @ dJ_dz3                                     # (10)  (12, 1)
    dJ_db3 = dJ_dz3.sum(axis=0)                                # (11)  (1,)
    dJ_da2 = dJ_dz3 @ W3.T                                     # (12)  (m, 12)
    dJ_dz2_1 = sigmoid(-beta * z2)                             # (13)  (m, 12)
    dJ_dz2 = dJ_da2 * (a2_1**2 + dJ_dz2_1 * a2_1 + beta * dJ_dz2_1 * a2_1 * z2)  # (13)  (m, 12)
    dJ_dW2 = a1.T @ dJ_dz2                                     # (14)  (12, 12)
    dJ_db2 = dJ_dz2.sum(axis=0)                                # (15)  (12,)
    dJ_da1 = dJ_dz2 @ W2.T                                     # (16)  (m, 12)
    dJ_dz1_1 = sigmoid(-beta * z1)                             # (17)  (m, 12)
    dJ_dz1 = dJ_da1 * (a1_1**2 + dJ_dz1_1 * a1_1 + beta * dJ_dz1_1 * a1_1 * z1)  # (17)  (m, 12)
    dJ_dW1 = x.T @ dJ_dz1                                      # (18)  (1, 12)
    dJ_db1 = dJ_dz1.sum(axis=0)                                # (19)  (12,)
    gradients = {
        "W1": dJ_dW1,
        "b1": dJ_db1,
        "W2": dJ_dW2,
        "b2": dJ_db2,
        "W3": dJ_dW3,
        "b3": dJ_db3,
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
    W1, b1, W2, b2 = parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]
    W3, b3 = parameters["W3"], parameters["b3"]
    z1 = x @ W1 + b1                                           # (1)  (m, 12)
    a1_1 = sigmoid(beta * z1)                                  # (2)  (m, 12)
    a1 = a1_1 * z1                                             # (2)  (m, 12)
    z2 = a1 @ W2 + b2                                          # (3)  (m, 12)
    a2_1 = sigmoid(beta * z2)                                  # (4)  (m, 12)
    a2 = a2_1 * z2                                             # (4)  (m, 12)
    z3 = a2 @ W3 + b3                                          # (5)  (m, 1)
    e_1 = np.abs(t - z3)                                       # (6)  (m, 1)
    e = e_1 + np.log1p(np.exp(-2 * e_1)) - 0.6931471805599453  # (6)  (m, 1)
    J = e.sum() / m                                            # (7)  scalar
    dJ_de = np.full((m, 1), 1 / m, W1.dtype)                   # (8)  (m, 1)
    dJ_dz3 = -np.tanh(t - z3) / m                              # (9)  (m, 1)
    dJ_dW3 = a2.T @ dJ_dz3                                     # (10)  (12, 1)
    dJ_db3 = dJ_dz3.sum(axis=0)                                # (11)  (1,)
    dJ_da2 = dJ_dz3 @ W3.T                                     # (12)  (m, 12)
    dJ_dz2_1 = sigmoid(-beta * z2)                             # (13)  (m, 12)
    dJ_dz2 = dJ_da2 * (a2_1**2 + dJ_dz2_1 * a2_1 + beta * dJ_dz2_1 * a2_1 * z2)  # (13)  (m, 12)
    dJ_dW2 = a1.T @ dJ_dz2                                     # (14)  (12, 12)
    dJ_db2 = dJ_dz2.sum(axis=0)                                # (15)  (12,)
    dJ_da1 = dJ_dz2 @ W2.T                                     # (16)  (m, 12)
    dJ_dz1_1 = sigmoid(-beta * z1)                             # (17)  (m, 12)
    dJ_dz1 = dJ_da1 * (a1_1**2 + dJ_dz1_1 * a1_1 + beta * dJ_dz1_1 * a1_1 * z1)  # (17)  (m, 12)
    dJ_dW1 = x.T @ dJ_dz1                                      # (18)  (1, 12)
    dJ_db1 = dJ_dz1.sum(axis=0)                                # (19)  (12,)
    return {
        "z1": z1,
        "a1": a1,
        "z2": z2,
        "a2": a2,
        "z3": z3,
        "e": e,
        "J": J,
        "dJ_de": dJ_de,
        "dJ_dz3": dJ_dz3,
        "dJ_dW3": dJ_dW3,
        "dJ_db3": dJ_db3,
        "dJ_da2": dJ_da2,
        "dJ_dz2": dJ_dz2,
        "dJ_dW2": dJ_dW2,
        "dJ_db2": dJ_db2,
        "dJ_da1": dJ_da1,
        "dJ_dz1": dJ_dz1,
        "dJ_dW1": dJ_dW1,
        "dJ_db1": dJ_db1,
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
    z1 = memory.array(m, 12)
    a1 = dJ_da1 = dJ_dz1 = memory.array(m, 12)
    a1_1 = scratch8 = memory.array(m, 12)
    z2 = scratch6 = dJ_dz1_1 = memory.array(m, 12)
    a2 = dJ_da2 = dJ_dz2 = scratch7 = memory.array(m, 12)
    a2_1 = scratch5 = memory.array(m, 12)
    z3 = e = dJ_dz3 = memory.array(m, 1)
    e_1 = memory.array(m, 1)
    scratch = memory.array(m, 1)
    scratch2 = dJ_dz2_1 = memory.array(m, 12)
    scratch3 = memory.array(m, 12)
    scratch4 = memory.array(m, 12)
    ones_m = np.full((m,), 1, memory.dtype)
    return (
        z1, a1, dJ_da1, dJ_dz1, a1_1, scratch8, z2, scratch6, dJ_dz1_1, a2, dJ_da2, dJ_dz2,
        scratch7, a2_1, scratch5, z3, e, dJ_dz3, e_1, scratch, scratch2, dJ_dz2_1, scratch3,
        scratch4, ones_m,
    )


def _step(
    parameters: tuple[Array, ...],
    gradients: tuple[Array, ...],
    arrays: tuple[Array, ...],
    x: Array,
    t: Array,
) -> float:
    """Write the gradients of one batch into `gradients`; return the loss."""
    W1, b1, W2, b2, W3, b3 = parameters
    dJ_dW1, dJ_db1, dJ_dW2, dJ_db2, dJ_dW3, dJ_db3 = gradients
    (
        z1, a1, dJ_da1, dJ_dz1, a1_1, scratch8, z2, scratch6, dJ_dz1_1, a2, dJ_da2, dJ_dz2,
        scratch7, a2_1, scratch5, z3, e, dJ_dz3, e_1, scratch, scratch2, dJ_dz2_1, scratch3,
        scratch4, ones_m,
    ) = arrays
    m = len(x)
    # (1)  z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]
    np.matmul(x, W1, out=z1)
    np.add(z1, b1, out=z1)
    # (2)  a1[n,j] = z1[n,j] / (1 + exp(−beta·z1[n,j]))
    np.multiply(-beta, z1, out=a1)
    np.exp(a1, out=a1)
    np.add(a1, 1, out=a1)
    np.reciprocal(a1, out=a1_1)
    np.multiply(a1_1, z1, out=a1)
    # (3)  z2[n,j] = Σ_k a1[n,k]·W2[k,j] + b2[j]
    np.matmul(a1, W2, out=z2)
    np.add(z2, b2, out=z2)
    # (4)  a2[n,j] = z2[n,j] / (1 + exp(−beta·z2[n,j]))
    np.multiply(-beta, z2, out=a2)
    np.exp(a2, out=a2)
    np.add(a2, 1, out=a2)
    np.reciprocal(a2, out=a2_1)
    np.multiply(a2_1, z2, out=a2)
    # (5)  z3[n,j] = Σ_k a2[n,k]·W3[k,j] + b3[j]
    np.matmul(a2, W3, out=z3)
    np.add(z3, b3, out=z3)
    # (6)  e[n,j] = log(cosh(t[n,j] − z3[n,j]))
    np.subtract(t, z3, out=e_1)
    np.abs(e_1, out=e)
    np.multiply(-2, e, out=scratch)
    np.exp(scratch, out=scratch)
    np.log1p(scratch, out=scratch)
    np.add(e, scratch, out=e)
    np.subtract(e, 0.6931471805599453, out=e)
    # (7)  J = Σ_{n,j} e[n,j] / m
    J = np.add.reduce(e, axis=None)
    J = J / m
    # (9)  dJ_dz3[n,j] = −sinh(t[n,j] − z3[n,j]) / (m·cosh(t[n,j] − z3[n,j]))
    np.tanh(e_1, out=dJ_dz3)
    np.divide(dJ_dz3, m, out=dJ_dz3)
    np.negative(dJ_dz3, out=dJ_dz3)
    # (10)  dJ_dW3[k,j] = Σ_n a2[n,k]·dJ_dz3[n,j]
    np.matmul(a2.T, dJ_dz3, out=dJ_dW3)
    # (11)  dJ_db3[j] = Σ_n dJ_dz3[n,j]
    np.matmul(dJ_dz3.T, ones_m, out=dJ_db3)
    # (12)  dJ_da2[n,j] = Σ_k dJ_dz3[n,k]·W3[j,k]
    np.matmul(dJ_dz3, W3.T, out=dJ_da2)
    # (13)  dJ_dz2[n,j] = dJ_da2[n,j]·(1 + beta·z2[n,j]·exp(−beta·z2[n,j]) + exp(−beta·z2[n,j])) /
    #     (1 + exp(−beta·z2[n,j]))²
    np.multiply(beta, z2, out=scratch2)
    np.exp(scratch2, out=scratch2)
    np.add(scratch2, 1, out=scratch2)
    np.reciprocal(scratch2, out=dJ_dz2_1)
    np.square(a2_1, out=scratch3)
    np.multiply(dJ_dz2_1, a2_1, out=scratch4)
    np.add(scratch3, scratch4, out=scratch3)
    np.multiply(beta, dJ_dz2_1, out=scratch2)
    np.multiply(scratch2, a2_1, out=scratch5)
    np.multiply(scratch5, z2, out=scratch5)
    np.add(scratch3, scratch5, out=scratch3)
    np.multiply(dJ_da2, scratch3, out=dJ_dz2)
    # (14)  dJ_dW2[k,j] = Σ_n a1[n,k]·dJ_dz2[n,j]
    np.matmul(a1.T, dJ_dz2, out=dJ_dW2)
    # (15)  dJ_db2[j] = Σ_n dJ_dz2[n,j]
    np.matmul(dJ_dz2.T, ones_m, out=dJ_db2)
    # (16)  dJ_da1[n,j] = Σ_k dJ_dz2[n,k]·W2[j,k]
    np.matmul(dJ_dz2, W2.T, out=dJ_da1)
    # (17)  dJ_dz1[n,j] = dJ_da1[n,j]·(1 + beta·z1[n,j]·exp(−beta·z1[n,j]) + exp(−beta·z1[n,j])) /
    #     (1 + exp(−beta·z1[n,j]))²
    np.multiply(beta, z1, out=scratch6)
    np.exp(scratch6, out=scratch6)
    np.add(scratch6, 1, out=scratch6)
    np.reciprocal(scratch6, out=dJ_dz1_1)
    np.square(a1_1, out=scratch7)
    np.multiply(dJ_dz1_1, a1_1, out=scratch5)
    np.add(scratch7, scratch5, out=scratch7)
    np.multiply(beta, dJ_dz1_1, out=scratch6)
    np.multiply(scratch6, a1_1, out=scratch8)
    np.multiply(scratch8, z1, out=scratch8)
    np.add(scratch7, scratch8, out=scratch7)
    np.multiply(dJ_da1, scratch7, out=dJ_dz1)
    # (18)  dJ_dW1[k,j] = Σ_n x[n,k]·dJ_dz1[n,j]
    np.matmul(x.T, dJ_dz1, out=dJ_dW1)
    # (19)  dJ_db1[j] = Σ_n dJ_dz1[n,j]
    np.matmul(dJ_dz1.T, ones_m, out=dJ_db1)
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
    learning_rate : float, default 0.01
        The learning rate of adam.
    beta1 : float, default 0.9
        The beta1 of adam.
    beta2 : float, default 0.999
        The beta2 of adam.
    epsilon : float, default 1e-08
        The epsilon of adam.
    epochs : int, default 400
        How often `fit` goes through the data.
    batch_size : int or None, default 16
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
        learning_rate: float = 0.01,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-08,
        epochs: int = 400,
        batch_size: int | None = 16,
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
        x : array of shape (m, 1)
        t : array of shape (m, 1)

        Returns
        -------
        self : Model
        """
        data = self._checked_data(x, t)
        if not self.warm_start:
            self._start()
        self.loss_history_ = []
        batches = self._batches(data, 2 if self.seed is None else self.seed)
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
        seed = 2 if self.seed is None else self.seed
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
        seed = 2 if self.seed is None else self.seed
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
        "x": rng.standard_normal((samples, 1)),
        "t": rng.standard_normal((samples, 1)),
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
