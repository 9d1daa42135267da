"""Handwritten digits, 64-32-10.

Source: "Journey through Backpropagation algorithm" (forward pass, loss, backward pass, weight
update). Data: Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak (1998), UCI
Machine Learning Repository, doi 10.24432/C50P49, CC BY 4.0; see data/digits.md

8 × 8 pixels from 0 to 16, ten classes, 1,437 samples to train on and 360 to test on.

Entries are written with their indices, which count from 0; n runs over the m samples.

Given:

    x[n,j]   (m, 64)      input
    t[n,j]   (m, 10)      target
    W1[k,j]  (64, 32)     weights of layer 1
    b1[j]    (32,)        biases of layer 1
    W2[k,j]  (32, 10)     weights of layer 2
    b2[j]    (10,)        biases of layer 2
    lambda2  scalar       strength of the L2 regularisation

Forward:

     (1)  z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]
     (2)  a1[n,j] = {z1[n,j] if z1[n,j] > 0; 0 otherwise}
     (3)  z2[n,j] = Σ_k a1[n,k]·W2[k,j] + b2[j]
     (4)  a2[n,j] = exp(z2[n,j]) / (Σ_k exp(z2[n,k]))
     (5)  e[n] = −Σ_k t[n,k]·log(a2[n,k])
     (6)  L = Σ_n e[n] / m
     (7)  R = lambda2·Σ_{k,j} W1[k,j]² / 2 + lambda2·Σ_{k,j} W2[k,j]² / 2
     (8)  J = L + R

Derivatives of J in reverse order, where dJ_dW stands for ∂J/∂W:

     (9)  dJ_dR = 1
    (10)  dJ_dL = 1
    (11)  dJ_de[n] = 1/m
    (12)  dJ_da2[n,j] = −t[n,j] / (m·a2[n,j])
    (13)  dJ_dz2[n,j] = (a2[n,j] − t[n,j]) / m
    (14)  dJ_dW2[k,j] = Σ_n a1[n,k]·dJ_dz2[n,j] + lambda2·W2[k,j]
    (15)  dJ_db2[j] = Σ_n dJ_dz2[n,j]
    (16)  dJ_da1[n,j] = Σ_k dJ_dz2[n,k]·W2[j,k]
    (17)  dJ_dz1[n,j] = dJ_da1[n,j]·{1 if z1[n,j] > 0; 0 otherwise}
    (18)  dJ_dW1[k,j] = Σ_n x[n,k]·dJ_dz1[n,j] + lambda2·W1[k,j]
    (19)  dJ_db1[j] = Σ_n dJ_dz1[n,j]

Made from the derivation of these equations; the numbers in the comments are theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

Array = np.ndarray
Parameters = dict[str, Array]

lambda2 = 0.0001  # strength of the L2 regularisation

#: The shape of every array of data and parameters; "m" is the number of samples.
SHAPES: dict[str, tuple[int | str, ...]] = {
    "x": ("m", 64),
    "t": ("m", 10),
    "W1": (64, 32),
    "b1": (32,),
    "W2": (32, 10),
    "b2": (10,),
}
#: Names of the parameters, in order.
PARAMETERS = ("W1", "b1", "W2", "b2")
#: Names of the options of Model.
OPTIONS = (
    "learning_rate", "epochs", "batch_size", "shuffle", "tolerance", "warm_start", "seed", "dtype",
)
#: What each row of these arrays sums to, a fact that the derivation uses.
SUMS = {"t": 1}


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
        "W1": rng.standard_normal((64, 32)) * np.sqrt(2 / 64),
        "b1": np.zeros((32,)),
        "W2": rng.standard_normal((32, 10)) * np.sqrt(2 / 32),
        "b2": np.zeros((10,)),
    }
    return {name: np.array(value, dtype) for name, value in parameters.items()}


def forward(parameters: Parameters, x: Array) -> Array:
    """Compute the prediction.

    Parameters
    ----------
    parameters : dict of name -> array
    x : array of shape (m, 64)

    Returns
    -------
    a2 : array of shape (m, 10)

    Raises
    ------
    ValueError
        A shape does not fit, or a value is no finite number.
    """
    (x,) = _checked(parameters, x=x)
    W1, b1, W2, b2 = parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]
    z1 = x @ W1 + b1                                     # (1)  (m, 32)
    a1 = np.maximum(z1, 0)                               # (2)  (m, 32)
    z2 = a1 @ W2 + b2                                    # (3)  (m, 10)
    exp_z2 = np.exp(z2 - z2.max(axis=1, keepdims=True))  # (4)  (m, 10)
    a2 = exp_z2 / exp_z2.sum(axis=1, keepdims=True)      # (4)  (m, 10)
    return a2


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
    t : array of shape (m, 10)

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
    z1 = x @ W1 + b1                             # (1)  (m, 32)
    a1 = np.maximum(z1, 0)                       # (2)  (m, 32)
    z2 = a1 @ W2 + b2                            # (3)  (m, 10)
    max_z2 = z2.max(axis=1)                      # (4)  (m,)
    exp_z2 = np.exp(z2 - max_z2[:, np.newaxis])  # (4)  (m, 10)
    sum_exp_z2 = exp_z2.sum(axis=1)              # (4)  (m,)
    a2 = exp_z2 / sum_exp_z2[:, np.newaxis]      # (4)  (m, 10)
    # (5)  (m,)
    e = -np.sum(t * (z2 - max_z2[:, np.newaxis] - np.log(sum_exp_z2[:, np.newaxis])), axis=1)
    L = e.sum() / m                              # (6)  scalar
    R = lambda2 * np.sum(W1**2) / 2 + lambda2 * np.sum(W2**2) / 2  # (7)  scalar
    J = L + R                                    # (8)  scalar
    dJ_dz2 = (a2 - t) / m                        # (13)  (m, 10)
    dJ_dW2 = a1.T @ dJ_dz2 + lambda2 * W2        # (14)  (32, 10)
    dJ_db2 = dJ_dz2.sum(axis=0)                  # (15)  (10,)
    dJ_da1 = dJ_dz2 @ W2.T                       # (16)  (m, 32)
    dJ_dz1 = np.where(z1 > 0, dJ_da1, 0)         # (17)  (m, 32)
    dJ_dW1 = x.T @ dJ_dz1 + lambda2 * W1         # (18)  (64, 32)
    dJ_db1 = dJ_dz1.sum(axis=0)                  # (19)  (32,)
    gradients = {
        "W1": dJ_dW1,
        "b1": dJ_db1,
        "W2": dJ_dW2,
        "b2": dJ_db2,
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
    z1 = x @ W1 + b1                             # (1)  (m, 32)
    a1 = np.maximum(z1, 0)                       # (2)  (m, 32)
    z2 = a1 @ W2 + b2                            # (3)  (m, 10)
    max_z2 = z2.max(axis=1)                      # (4)  (m,)
    exp_z2 = np.exp(z2 - max_z2[:, np.newaxis])  # (4)  (m, 10)
    sum_exp_z2 = exp_z2.sum(axis=1)              # (4)  (m,)
    a2 = exp_z2 / sum_exp_z2[:, np.newaxis]      # (4)  (m, 10)
    # (5)  (m,)
    e = -np.sum(t * (z2 - max_z2[:, np.newaxis] - np.log(sum_exp_z2[:, np.newaxis])), axis=1)
    L = e.sum() / m                              # (6)  scalar
    R = lambda2 * np.sum(W1**2) / 2 + lambda2 * np.sum(W2**2) / 2  # (7)  scalar
    J = L + R                                    # (8)  scalar
    dJ_dR = 1                                    # (9)  scalar
    dJ_dL = 1                                    # (10)  scalar
    dJ_de = np.full((m,), 1 / m, W1.dtype)       # (11)  (m,)
    dJ_da2 = -t / (m * a2)                       # (12)  (m, 10)
    dJ_dz2 = (a2 - t) / m                        # (13)  (m, 10)
    dJ_dW2 = a1.T @ dJ_dz2 + lambda2 * W2        # (14)  (32, 10)
    dJ_db2 = dJ_dz2.sum(axis=0)                  # (15)  (10,)
    dJ_da1 = dJ_dz2 @ W2.T                       # (16)  (m, 32)
    dJ_dz1 = np.where(z1 > 0, dJ_da1, 0)         # (17)  (m, 32)
    dJ_dW1 = x.T @ dJ_dz1 + lambda2 * W1         # (18)  (64, 32)
    dJ_db1 = dJ_dz1.sum(axis=0)                  # (19)  (32,)
    return {
        "z1": z1,
        "a1": a1,
        "z2": z2,
        "a2": a2,
        "e": e,
        "L": L,
        "R": R,
        "J": J,
        "dJ_dR": dJ_dR,
        "dJ_dL": dJ_dL,
        "dJ_de": dJ_de,
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
    if name in SUMS and array.size and not np.allclose(array.sum(axis=-1), SUMS[name], atol=1e-6):
        raise ValueError(f"a row of {name} does not sum to {SUMS[name]}, as the gradients need")
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
    z1 = memory.array(m, 32)
    a1 = dJ_da1 = dJ_dz1 = memory.array(m, 32)
    z2 = scratch = e_2 = dJ_dz2 = memory.array(m, 10)
    turned_z2 = memory.array(10, m)
    max_z2 = e = memory.array(m)
    sum_exp_z2 = memory.array(m)
    scratch2 = memory.array(32, 10)
    mask = memory.array(m, 32, dtype=bool)
    scratch3 = memory.array(64, 32)
    a2 = turned_z2.reshape(m, 10)
    float_zero = np.full((), 0, memory.dtype)
    ones_10 = np.full((10,), 1, memory.dtype)
    ones_m = np.full((m,), 1, memory.dtype)
    return (
        z1, a1, dJ_da1, dJ_dz1, z2, scratch, e_2, dJ_dz2, turned_z2, max_z2, e, sum_exp_z2,
        scratch2, mask, scratch3, a2, float_zero, ones_10, ones_m,
    )


def _step(
    parameters: tuple[Array, ...],
    gradients: tuple[Array, ...],
    arrays: tuple[Array, ...],
    x: Array,
    t: Array,
) -> float:
    """Write the gradients of one batch into `gradients`; return the loss."""
    W1, b1, W2, b2 = parameters
    dJ_dW1, dJ_db1, dJ_dW2, dJ_db2 = gradients
    (
        z1, a1, dJ_da1, dJ_dz1, z2, scratch, e_2, dJ_dz2, turned_z2, max_z2, e, sum_exp_z2,
        scratch2, mask, scratch3, a2, float_zero, ones_10, ones_m,
    ) = arrays
    m = len(x)
    # (1)  z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]
    np.matmul(x, W1, out=z1)
    np.add(z1, b1, out=z1)
    # (2)  a1[n,j] = {z1[n,j] if z1[n,j] > 0; 0 otherwise}
    np.maximum(z1, float_zero, out=a1)
    # (3)  z2[n,j] = Σ_k a1[n,k]·W2[k,j] + b2[j]
    np.matmul(a1, W2, out=z2)
    np.add(z2, b2, out=z2)
    # (4)  a2[n,j] = exp(z2[n,j]) / (Σ_k exp(z2[n,k]))
    np.copyto(turned_z2, z2.T)
    np.maximum.reduce(turned_z2, axis=0, out=max_z2)
    np.subtract(z2, max_z2[:, np.newaxis], out=a2)
    np.exp(a2, out=a2)
    np.matmul(a2, ones_10, out=sum_exp_z2)
    np.divide(a2, sum_exp_z2[:, np.newaxis], out=a2)
    # (5)  e[n] = −Σ_k t[n,k]·log(a2[n,k])
    np.subtract(z2, max_z2[:, np.newaxis], out=scratch)
    np.log(sum_exp_z2, out=e)
    np.subtract(scratch, e[:, np.newaxis], out=scratch)
    np.multiply(t, scratch, out=e_2)
    np.matmul(e_2, ones_10, out=e)
    np.negative(e, out=e)
    # (6)  L = Σ_n e[n] / m
    L = np.add.reduce(e, axis=None)
    L = L / m
    # (7)  R = lambda2·Σ_{k,j} W1[k,j]² / 2 + lambda2·Σ_{k,j} W2[k,j]² / 2
    sum_W1 = np.vdot(W1, W1)
    sum_W2 = np.vdot(W2, W2)
    R = lambda2 * sum_W1 / 2 + lambda2 * sum_W2 / 2
    # (8)  J = L + R
    J = L + R
    # (13)  dJ_dz2[n,j] = (a2[n,j] − t[n,j]) / m
    np.subtract(a2, t, out=dJ_dz2)
    np.divide(dJ_dz2, m, out=dJ_dz2)
    # (14)  dJ_dW2[k,j] = Σ_n a1[n,k]·dJ_dz2[n,j] + lambda2·W2[k,j]
    np.matmul(a1.T, dJ_dz2, out=dJ_dW2)
    np.multiply(lambda2, W2, out=scratch2)
    np.add(scratch2, dJ_dW2, out=dJ_dW2)
    # (15)  dJ_db2[j] = Σ_n dJ_dz2[n,j]
    np.matmul(dJ_dz2.T, ones_m, out=dJ_db2)
    # (16)  dJ_da1[n,j] = Σ_k dJ_dz2[n,k]·W2[j,k]
    np.matmul(dJ_dz2, W2.T, out=dJ_da1)
    # (17)  dJ_dz1[n,j] = dJ_da1[n,j]·{1 if z1[n,j] > 0; 0 otherwise}
    np.greater(z1, float_zero, out=mask)
    np.multiply(dJ_da1, mask, out=dJ_dz1)
    # (18)  dJ_dW1[k,j] = Σ_n x[n,k]·dJ_dz1[n,j] + lambda2·W1[k,j]
    np.matmul(x.T, dJ_dz1, out=dJ_dW1)
    np.multiply(lambda2, W1, out=scratch3)
    np.add(scratch3, dJ_dW1, out=dJ_dW1)
    # (19)  dJ_db1[j] = Σ_n dJ_dz1[n,j]
    np.matmul(dJ_dz1.T, ones_m, out=dJ_db1)
    return float(J)


def _update(theta: Array, g: Array, learning_rate: float) -> None:
    """One update by gradient descent, in place.

    theta are the parameters, and g is their gradient, which is used up.
    """
    # theta = theta − g·learning_rate
    np.multiply(learning_rate, g, out=g)
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
    learning_rate : float, default 0.2
        The learning rate of gradient descent.
    epochs : int, default 60
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
        learning_rate: float = 0.2,
        epochs: int = 60,
        batch_size: int | None = 32,
        shuffle: bool = True,
        tolerance: float | None = None,
        warm_start: bool = False,
        seed: int | None = None,
        dtype: DTypeLike = "float64",
    ) -> None:
        self.learning_rate = learning_rate
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
        t : array of shape (m, 10)

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
        _update(self._theta, self._gradient, self.learning_rate)
        return loss

    def predict(self, x: ArrayLike) -> Array:
        """The most probable class of each sample."""
        return np.argmax(forward(self.parameters, x), axis=-1)

    def predict_proba(self, x: ArrayLike) -> Array:
        """The probability of each class."""
        return forward(self.parameters, x)

    def score(self, x: ArrayLike, t: ArrayLike) -> float:
        """The fraction of samples that are classified correctly."""
        *_, target = self._checked_data(x, t)
        prediction = self.predict(x)
        if target.ndim > prediction.ndim:  # one-hot
            target = np.argmax(target, axis=-1)
        return float(np.mean(prediction == target))

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
        return {**saved, "updates": np.array(self.updates_)}

    def _checked_data(self, x: ArrayLike, t: ArrayLike) -> tuple[Array, ...]:
        """The data as arrays that lie in memory as the products need them."""
        t = np.asarray(t)
        if t.ndim == 1 and t.dtype.kind in "iu":  # labels: make them one-hot
            if not np.isin(t, range(10)).all():
                raise ValueError("t holds labels out of range, expected 0 to 9")
            t = np.eye(10, dtype=self.dtype)[t]
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
        "t": np.eye(10)[rng.integers(0, 10, samples)],
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
