"""A network of two sigmoid layers.

Source: "Backpropagation in ANN", J. D., 15 July 2021

The document's letters: x, w, b, z, a, y-hat, y and L. Its epoch of 10,000 samples in batches of
5,000 takes 2 iterations, that is, 2 updates.

Entries are written with their indices, which count from 0; n runs over the m samples. d2 = 1.

Given:

    x[n,j]   (m, 2)       input
    y[n,j]   (m, 1)       target
    W1[k,j]  (2, 3)       weights of layer 1
    b1[j]    (3,)         biases of layer 1
    W2[k,j]  (3, 1)       weights of layer 2
    b2[j]    (1,)         biases of layer 2

Forward:

     (1)  z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]
     (2)  a1[n,j] = 1/(1 + exp(−z1[n,j]))
     (3)  z2[n,j] = Σ_k a1[n,k]·W2[k,j] + b2[j]
     (4)  yhat[n,j] = 1/(1 + exp(−z2[n,j]))
     (5)  e[n,j] = −log(1 − yhat[n,j])·(1 − y[n,j]) − y[n,j]·log(yhat[n,j])
     (6)  L = Σ_{n,j} e[n,j] / (d2·m)

Derivatives of L in reverse order, where dL_dW stands for ∂L/∂W:

     (7)  dL_de[n,j] = 1/(d2·m)
     (8)  dL_dyhat[n,j] = (yhat[n,j] − y[n,j]) / (d2·m·yhat[n,j]·(1 − yhat[n,j]))
     (9)  dL_dz2[n,j] = (yhat[n,j] − y[n,j]) / (d2·m)
    (10)  dL_dW2[k,j] = Σ_n a1[n,k]·dL_dz2[n,j]
    (11)  dL_db2[j] = Σ_n dL_dz2[n,j]
    (12)  dL_da1[n,j] = Σ_k dL_dz2[n,k]·W2[j,k]
    (13)  dL_dz1[n,j] = dL_da1[n,j]·a1[n,j]·(1 − a1[n,j])
    (14)  dL_dW1[k,j] = Σ_n x[n,k]·dL_dz1[n,j]
    (15)  dL_db1[j] = Σ_n dL_dz1[n,j]

Made from the derivation of these equations; the numbers in the comments are theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

Array = np.ndarray
Parameters = dict[str, Array]

#: The shape of every array of data and parameters; "m" is the number of samples.
SHAPES: dict[str, tuple[int | str, ...]] = {
    "x": ("m", 2),
    "y": ("m", 1),
    "W1": (2, 3),
    "b1": (3,),
    "W2": (3, 1),
    "b2": (1,),
}
#: Names of the parameters, in order.
PARAMETERS = ("W1", "b1", "W2", "b2")
#: Names of the options of Model.
OPTIONS = (
    "learning_rate", "epochs", "batch_size", "shuffle", "tolerance", "warm_start", "seed", "dtype",
)


def initial_parameters(seed: int | None = None, dtype: DTypeLike = np.float64) -> Parameters:
    """Make the parameters that training starts from.

    Parameters
    ----------
    seed : int, optional
        Seed of the random numbers; 1 by default.
    dtype : data type, optional
        np.float64 or np.float32.

    Returns
    -------
    parameters : dict of name -> array
    """
    rng = np.random.default_rng(1 if seed is None else seed)
    parameters = {
        "W1": rng.uniform(-1, 1, (2, 3)) * np.sqrt(6 / (2 + 3)),
        "b1": np.zeros((3,)),
        "W2": rng.uniform(-1, 1, (3, 1)) * np.sqrt(6 / (3 + 1)),
        "b2": np.zeros((1,)),
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
    x : array of shape (m, 2)

    Returns
    -------
    yhat : array of shape (m, 1)

    Raises
    ------
    ValueError
        A shape does not fit, or a value is no finite number.
    """
    (x,) = _checked(parameters, x=x)
    W1, b1, W2, b2 = parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]
    z1 = x @ W1 + b1    # (1)  (m, 3)
    a1 = sigmoid(z1)    # (2)  (m, 3)
    z2 = a1 @ W2 + b2   # (3)  (m, 1)
    yhat = sigmoid(z2)  # (4)  (m, 1)
    return yhat


def loss_and_gradients(
    parameters: Parameters,
    x: Array,
    y: Array,
) -> tuple[float, Parameters]:
    """Compute the loss and its derivative by every parameter.

    Parameters
    ----------
    parameters : dict of name -> array
    x : array of shape (m, 2)
    y : array of shape (m, 1)

    Returns
    -------
    L : float
    gradients : dict of name -> array
        With the keys and shapes of the parameters.

    Raises
    ------
    ValueError
        A shape does not fit, or a value is no finite number.
    """
    x, y = _checked(parameters, x=x, y=y)
    m = len(x)
    W1, b1, W2, b2 = parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]
    z1 = x @ W1 + b1                                # (1)  (m, 3)
    a1 = sigmoid(z1)                                # (2)  (m, 3)
    z2 = a1 @ W2 + b2                               # (3)  (m, 1)
    yhat = sigmoid(z2)                              # (4)  (m, 1)
    e = softplus(z2) * (1 - y) + y * softplus(-z2)  # (5)  (m, 1)
    L = e.sum() / m                                 # (6)  scalar
    dL_dz2 = (yhat - y) / m                         # (9)  (m, 1)
    dL_dW2 = a1.T @ dL_dz2                          # (10)  (3, 1)
    dL_db2 = dL_dz2.sum(axis=0)                     # (11)  (1,)
    dL_da1 = dL_dz2 @ W2.T                          # (12)  (m, 3)
    dL_dz1 = dL_da1 * a1 * sigmoid(-z1)             # (13)  (m, 3)
    dL_dW1 = x.T @ dL_dz1                           # (14)  (2, 3)
    dL_db1 = dL_dz1.sum(axis=0)                     # (15)  (3,)
    gradients = {
        "W1": dL_dW1,
        "b1": dL_db1,
        "W2": dL_dW2,
        "b2": dL_db2,
    }
    return float(L), gradients


def trace(
    parameters: Parameters,
    x: Array,
    y: Array,
) -> dict[str, object]:
    """Compute every quantity of the derivation by name: forward values and derivatives.

    Takes what `loss_and_gradients` takes, and returns all that it computes on the way and more.
    """
    x, y = _checked(parameters, x=x, y=y)
    m = len(x)
    W1, b1, W2, b2 = parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]
    z1 = x @ W1 + b1                                   # (1)  (m, 3)
    a1 = sigmoid(z1)                                   # (2)  (m, 3)
    z2 = a1 @ W2 + b2                                  # (3)  (m, 1)
    yhat = sigmoid(z2)                                 # (4)  (m, 1)
    e = softplus(z2) * (1 - y) + y * softplus(-z2)     # (5)  (m, 1)
    L = e.sum() / m                                    # (6)  scalar
    dL_de = np.full((m, 1), 1 / m, W1.dtype)           # (7)  (m, 1)
    dL_dyhat = (yhat - y) / (m * yhat * sigmoid(-z2))  # (8)  (m, 1)
    dL_dz2 = (yhat - y) / m                            # (9)  (m, 1)
    dL_dW2 = a1.T @ dL_dz2                             # (10)  (3, 1)
    dL_db2 = dL_dz2.sum(axis=0)                        # (11)  (1,)
    dL_da1 = dL_dz2 @ W2.T                             # (12)  (m, 3)
    dL_dz1 = dL_da1 * a1 * sigmoid(-z1)                # (13)  (m, 3)
    dL_dW1 = x.T @ dL_dz1                              # (14)  (2, 3)
    dL_db1 = dL_dz1.sum(axis=0)                        # (15)  (3,)
    return {
        "z1": z1,
        "a1": a1,
        "z2": z2,
        "yhat": yhat,
        "e": e,
        "L": L,
        "dL_de": dL_de,
        "dL_dyhat": dL_dyhat,
        "dL_dz2": dL_dz2,
        "dL_dW2": dL_dW2,
        "dL_db2": dL_db2,
        "dL_da1": dL_da1,
        "dL_dz1": dL_dz1,
        "dL_dW1": dL_dW1,
        "dL_db1": dL_db1,
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
    z1 = dL_dz1 = memory.array(m, 3)
    a1 = scratch4 = memory.array(m, 3)
    z2 = e = dL_dz2 = memory.array(m, 1)
    yhat = memory.array(m, 1)
    scratch = log1p_exp_z2 = memory.array(m, 1)
    scratch2 = memory.array(m, 1)
    scratch3 = memory.array(m, 1)
    dL_da1 = memory.array(m, 3)
    float_zero = np.full((), 0, memory.dtype)
    ones_m = np.full((m,), 1, memory.dtype)
    return (
        z1, dL_dz1, a1, scratch4, z2, e, dL_dz2, yhat, scratch, log1p_exp_z2, scratch2, scratch3,
        dL_da1, float_zero, ones_m,
    )


def _step(
    parameters: tuple[Array, ...],
    gradients: tuple[Array, ...],
    arrays: tuple[Array, ...],
    x: Array,
    y: Array,
) -> float:
    """Write the gradients of one batch into `gradients`; return the loss."""
    W1, b1, W2, b2 = parameters
    dL_dW1, dL_db1, dL_dW2, dL_db2 = gradients
    (
        z1, dL_dz1, a1, scratch4, z2, e, dL_dz2, yhat, scratch, log1p_exp_z2, scratch2, scratch3,
        dL_da1, float_zero, ones_m,
    ) = arrays
    m = len(x)
    # (1)  z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]
    np.matmul(x, W1, out=z1)
    np.add(z1, b1, out=z1)
    # (2)  a1[n,j] = 1/(1 + exp(−z1[n,j]))
    np.negative(z1, out=a1)
    np.exp(a1, out=a1)
    np.add(a1, 1, out=a1)
    np.reciprocal(a1, out=a1)
    # (3)  z2[n,j] = Σ_k a1[n,k]·W2[k,j] + b2[j]
    np.matmul(a1, W2, out=z2)
    np.add(z2, b2, out=z2)
    # (4)  yhat[n,j] = 1/(1 + exp(−z2[n,j]))
    np.negative(z2, out=yhat)
    np.exp(yhat, out=yhat)
    np.add(yhat, 1, out=yhat)
    np.reciprocal(yhat, out=yhat)
    # (5)  e[n,j] = −log(1 − yhat[n,j])·(1 − y[n,j]) − y[n,j]·log(yhat[n,j])
    np.abs(z2, out=scratch)
    np.negative(scratch, out=scratch)
    np.exp(scratch, out=scratch)
    np.log1p(scratch, out=log1p_exp_z2)
    np.subtract(1, y, out=scratch2)
    np.maximum(z2, float_zero, out=scratch3)
    np.add(log1p_exp_z2, scratch3, out=scratch3)
    np.multiply(scratch2, scratch3, out=scratch2)
    np.negative(z2, out=e)
    np.maximum(e, float_zero, out=e)
    np.add(log1p_exp_z2, e, out=e)
    np.multiply(y, e, out=e)
    np.add(scratch2, e, out=e)
    # (6)  L = Σ_{n,j} e[n,j] / (d2·m)
    L = np.add.reduce(e, axis=None)
    L = L / m
    # (9)  dL_dz2[n,j] = (yhat[n,j] − y[n,j]) / (d2·m)
    np.subtract(yhat, y, out=dL_dz2)
    np.divide(dL_dz2, m, out=dL_dz2)
    # (10)  dL_dW2[k,j] = Σ_n a1[n,k]·dL_dz2[n,j]
    np.matmul(a1.T, dL_dz2, out=dL_dW2)
    # (11)  dL_db2[j] = Σ_n dL_dz2[n,j]
    np.matmul(dL_dz2.T, ones_m, out=dL_db2)
    # (12)  dL_da1[n,j] = Σ_k dL_dz2[n,k]·W2[j,k]
    np.matmul(dL_dz2, W2.T, out=dL_da1)
    # (13)  dL_dz1[n,j] = dL_da1[n,j]·a1[n,j]·(1 − a1[n,j])
    np.multiply(dL_da1, a1, out=scratch4)
    np.exp(z1, out=dL_dz1)
    np.add(dL_dz1, 1, out=dL_dz1)
    np.reciprocal(dL_dz1, out=dL_dz1)
    np.multiply(scratch4, dL_dz1, out=dL_dz1)
    # (14)  dL_dW1[k,j] = Σ_n x[n,k]·dL_dz1[n,j]
    np.matmul(x.T, dL_dz1, out=dL_dW1)
    # (15)  dL_db1[j] = Σ_n dL_dz1[n,j]
    np.matmul(dL_dz1.T, ones_m, out=dL_db1)
    return float(L)


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
    learning_rate : float, default 0.5
        The learning rate of gradient descent.
    epochs : int, default 1
        How often `fit` goes through the data.
    batch_size : int or None, default 5000
        Samples in a batch; None for all of them.
    shuffle : bool, default False
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
        learning_rate: float = 0.5,
        epochs: int = 1,
        batch_size: int | None = 5000,
        shuffle: bool = False,
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

    def fit(self, x: ArrayLike, y: ArrayLike) -> Model:
        """Train for `epochs` passes over the data.

        Starts from the initial parameters, unless `warm_start` is set.

        Parameters
        ----------
        x : array of shape (m, 2)
        y : array of shape (m, 1)

        Returns
        -------
        self : Model
        """
        data = self._checked_data(x, y)
        if not self.warm_start:
            self._start()
        self.loss_history_ = []
        batches = self._batches(data, 1 if self.seed is None else self.seed)
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

    def partial_fit(self, x: ArrayLike, y: ArrayLike) -> Model:
        """Train for one more pass over the data, from where the last one ended."""
        data = self._checked_data(x, y)
        seed = 1 if self.seed is None else self.seed
        self.loss_history_.append(self._epoch(self._batches(data, [self.updates_, seed])))
        return self

    def step(self, x: ArrayLike, y: ArrayLike) -> float:
        """Make one update on these samples; return the loss before it."""
        data = self._checked_data(x, y)
        self._prepare(len(data[0]))
        with np.errstate(over="ignore"):
            return self._train(*data)

    def training(self, x: ArrayLike, y: ArrayLike) -> Training:
        """The updates of `fit` one by one."""
        data = self._checked_data(x, y)
        seed = 1 if self.seed is None else self.seed
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

    def _train(self, x: Array, y: Array) -> float:
        """One update in place; nothing is allocated."""
        self.updates_ += 1
        loss = _step(self._values, self._gradients, self._workspaces[len(x)], x, y)
        _update(self._theta, self._gradient, self.learning_rate)
        return loss

    def predict(self, x: ArrayLike) -> Array:
        """1 where the probability is at least 1/2, else 0."""
        return (self.predict_proba(x) >= 0.5).astype(np.int64)

    def predict_proba(self, x: ArrayLike) -> Array:
        """The probability of class 1."""
        return forward(self.parameters, x)

    def score(self, x: ArrayLike, y: ArrayLike) -> float:
        """The fraction of samples that are classified correctly."""
        *_, target = self._checked_data(x, y)
        prediction = self.predict(x)
        return float(np.mean(prediction == (target >= 0.5)))

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

    def _checked_data(self, x: ArrayLike, y: ArrayLike) -> tuple[Array, ...]:
        """The data as arrays that lie in memory as the products need them."""
        checked = _checked(self.parameters, x=x, y=y)
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
        "x": rng.standard_normal((samples, 2)),
        "y": rng.integers(0, 2, (samples, 1)).astype(float),
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
