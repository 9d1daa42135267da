"""A 2-3-1 network with sigmoids and binary cross-entropy.

Source: "Backward propagation", on the steps of forward and backward propagation in an ANN

The document sets the biases to 0 and repeats gradient descent until convergence.

Entries are written with their indices, which count from 0; n runs over the m samples. d2 = 1.

Given:

    x[n,j]       (m, 2)       input
    Y_star[n,j]  (m, 1)       target
    theta1[k,j]  (2, 3)       weights of layer 1
    theta2[k,j]  (3, 1)       weights of layer 2

Forward:

     (1)  h1[n,j] = Σ_k x[n,k]·theta1[k,j]
     (2)  a1[n,j] = 1/(1 + exp(−h1[n,j]))
     (3)  h2[n,j] = Σ_k a1[n,k]·theta2[k,j]
     (4)  Y[n,j] = 1/(1 + exp(−h2[n,j]))
     (5)  e[n,j] = −log(1 − Y[n,j])·(1 − Y_star[n,j]) − Y_star[n,j]·log(Y[n,j])
     (6)  J = Σ_{n,j} e[n,j] / (d2·m)

Derivatives of J in reverse order, where dJ_dW stands for ∂J/∂W:

     (7)  dJ_de[n,j] = 1/(d2·m)
     (8)  dJ_dY[n,j] = (Y[n,j] − Y_star[n,j]) / (d2·m·Y[n,j]·(1 − Y[n,j]))
     (9)  dJ_dh2[n,j] = (Y[n,j] − Y_star[n,j]) / (d2·m)
    (10)  dJ_dtheta2[k,j] = Σ_n a1[n,k]·dJ_dh2[n,j]
    (11)  dJ_da1[n,j] = Σ_k dJ_dh2[n,k]·theta2[j,k]
    (12)  dJ_dh1[n,j] = dJ_da1[n,j]·a1[n,j]·(1 − a1[n,j])
    (13)  dJ_dtheta1[k,j] = Σ_n x[n,k]·dJ_dh1[n,j]

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
    "Y_star": ("m", 1),
    "theta1": (2, 3),
    "theta2": (3, 1),
}
#: Names of the parameters, in order.
PARAMETERS = ("theta1", "theta2")
#: Names of the options of Model.
OPTIONS = (
    "learning_rate", "epochs", "batch_size", "shuffle", "tolerance", "warm_start", "seed", "dtype",
)


def initial_parameters(seed: int | None = None, dtype: DTypeLike = np.float64) -> Parameters:
    """Make the parameters that training starts from.

    Parameters
    ----------
    seed : int, optional
        Seed of the random numbers; 3 by default.
    dtype : data type, optional
        np.float64 or np.float32.

    Returns
    -------
    parameters : dict of name -> array
    """
    rng = np.random.default_rng(3 if seed is None else seed)
    parameters = {
        "theta1": rng.standard_normal((2, 3)),
        "theta2": rng.standard_normal((3, 1)),
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
    Y : array of shape (m, 1)

    Raises
    ------
    ValueError
        A shape does not fit, or a value is no finite number.
    """
    (x,) = _checked(parameters, x=x)
    theta1, theta2 = parameters["theta1"], parameters["theta2"]
    h1 = x @ theta1   # (1)  (m, 3)
    a1 = sigmoid(h1)  # (2)  (m, 3)
    h2 = a1 @ theta2  # (3)  (m, 1)
    Y = sigmoid(h2)   # (4)  (m, 1)
    return Y


def loss_and_gradients(
    parameters: Parameters,
    x: Array,
    Y_star: Array,
) -> tuple[float, Parameters]:
    """Compute the loss and its derivative by every parameter.

    Parameters
    ----------
    parameters : dict of name -> array
    x : array of shape (m, 2)
    Y_star : array of shape (m, 1)

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
    x, Y_star = _checked(parameters, x=x, Y_star=Y_star)
    m = len(x)
    theta1, theta2 = parameters["theta1"], parameters["theta2"]
    h1 = x @ theta1                                           # (1)  (m, 3)
    a1 = sigmoid(h1)                                          # (2)  (m, 3)
    h2 = a1 @ theta2                                          # (3)  (m, 1)
    Y = sigmoid(h2)                                           # (4)  (m, 1)
    e = softplus(h2) * (1 - Y_star) + Y_star * softplus(-h2)  # (5)  (m, 1)
    J = e.sum() / m                                           # (6)  scalar
    dJ_dh2 = (Y - Y_star) / m                                 # (9)  (m, 1)
    dJ_dtheta2 = a1.T @ dJ_dh2                                # (10)  (3, 1)
    dJ_da1 = dJ_dh2 @ theta2.T                                # (11)  (m, 3)
    dJ_dh1 = dJ_da1 * a1 * sigmoid(-h1)                       # (12)  (m, 3)
    dJ_dtheta1 = x.T @ dJ_dh1                                 # (13)  (2, 3)
    gradients = {
        "theta1": dJ_dtheta1,
        "theta2": dJ_dtheta2,
    }
    return float(J), gradients


def trace(
    parameters: Parameters,
    x: Array,
    Y_star: Array,
) -> dict[str, object]:
    """Compute every quantity of the derivation by name: forward values and derivatives.

    Takes what `loss_and_gradients` takes, and returns all that it computes on the way and more.
    """
    x, Y_star = _checked(parameters, x=x, Y_star=Y_star)
    m = len(x)
    theta1, theta2 = parameters["theta1"], parameters["theta2"]
    h1 = x @ theta1                                           # (1)  (m, 3)
    a1 = sigmoid(h1)                                          # (2)  (m, 3)
    h2 = a1 @ theta2                                          # (3)  (m, 1)
    Y = sigmoid(h2)                                           # (4)  (m, 1)
    e = softplus(h2) * (1 - Y_star) + Y_star * softplus(-h2)  # (5)  (m, 1)
    J = e.sum() / m                                           # (6)  scalar
    dJ_de = np.full((m, 1), 1 / m, theta1.dtype)              # (7)  (m, 1)
    dJ_dY = (Y - Y_star) / (m * Y * sigmoid(-h2))             # (8)  (m, 1)
    dJ_dh2 = (Y - Y_star) / m                                 # (9)  (m, 1)
    dJ_dtheta2 = a1.T @ dJ_dh2                                # (10)  (3, 1)
    dJ_da1 = dJ_dh2 @ theta2.T                                # (11)  (m, 3)
    dJ_dh1 = dJ_da1 * a1 * sigmoid(-h1)                       # (12)  (m, 3)
    dJ_dtheta1 = x.T @ dJ_dh1                                 # (13)  (2, 3)
    return {
        "h1": h1,
        "a1": a1,
        "h2": h2,
        "Y": Y,
        "e": e,
        "J": J,
        "dJ_de": dJ_de,
        "dJ_dY": dJ_dY,
        "dJ_dh2": dJ_dh2,
        "dJ_dtheta2": dJ_dtheta2,
        "dJ_da1": dJ_da1,
        "dJ_dh1": dJ_dh1,
        "dJ_dtheta1": dJ_dtheta1,
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
    h1 = dJ_dh1 = memory.array(m, 3)
    a1 = scratch4 = memory.array(m, 3)
    h2 = e = dJ_dh2 = memory.array(m, 1)
    Y = memory.array(m, 1)
    scratch = log1p_exp_h2 = memory.array(m, 1)
    scratch2 = memory.array(m, 1)
    scratch3 = memory.array(m, 1)
    dJ_da1 = memory.array(m, 3)
    float_zero = np.full((), 0, memory.dtype)
    return (
        h1, dJ_dh1, a1, scratch4, h2, e, dJ_dh2, Y, scratch, log1p_exp_h2, scratch2, scratch3,
        dJ_da1, float_zero,
    )


def _step(
    parameters: tuple[Array, ...],
    gradients: tuple[Array, ...],
    arrays: tuple[Array, ...],
    x: Array,
    Y_star: Array,
) -> float:
    """Write the gradients of one batch into `gradients`; return the loss."""
    theta1, theta2 = parameters
    dJ_dtheta1, dJ_dtheta2 = gradients
    (
        h1, dJ_dh1, a1, scratch4, h2, e, dJ_dh2, Y, scratch, log1p_exp_h2, scratch2, scratch3,
        dJ_da1, float_zero,
    ) = arrays
    m = len(x)
    # (1)  h1[n,j] = Σ_k x[n,k]·theta1[k,j]
    np.matmul(x, theta1, out=h1)
    # (2)  a1[n,j] = 1/(1 + exp(−h1[n,j]))
    np.negative(h1, out=a1)
    np.exp(a1, out=a1)
    np.add(a1, 1, out=a1)
    np.reciprocal(a1, out=a1)
    # (3)  h2[n,j] = Σ_k a1[n,k]·theta2[k,j]
    np.matmul(a1, theta2, out=h2)
    # (4)  Y[n,j] = 1/(1 + exp(−h2[n,j]))
    np.negative(h2, out=Y)
    np.exp(Y, out=Y)
    np.add(Y, 1, out=Y)
    np.reciprocal(Y, out=Y)
    # (5)  e[n,j] = −log(1 − Y[n,j])·(1 − Y_star[n,j]) − Y_star[n,j]·log(Y[n,j])
    np.abs(h2, out=scratch)
    np.negative(scratch, out=scratch)
    np.exp(scratch, out=scratch)
    np.log1p(scratch, out=log1p_exp_h2)
    np.subtract(1, Y_star, out=scratch2)
    np.maximum(h2, float_zero, out=scratch3)
    np.add(log1p_exp_h2, scratch3, out=scratch3)
    np.multiply(scratch2, scratch3, out=scratch2)
    np.negative(h2, out=e)
    np.maximum(e, float_zero, out=e)
    np.add(log1p_exp_h2, e, out=e)
    np.multiply(Y_star, e, out=e)
    np.add(scratch2, e, out=e)
    # (6)  J = Σ_{n,j} e[n,j] / (d2·m)
    J = np.add.reduce(e, axis=None)
    J = J / m
    # (9)  dJ_dh2[n,j] = (Y[n,j] − Y_star[n,j]) / (d2·m)
    np.subtract(Y, Y_star, out=dJ_dh2)
    np.divide(dJ_dh2, m, out=dJ_dh2)
    # (10)  dJ_dtheta2[k,j] = Σ_n a1[n,k]·dJ_dh2[n,j]
    np.matmul(a1.T, dJ_dh2, out=dJ_dtheta2)
    # (11)  dJ_da1[n,j] = Σ_k dJ_dh2[n,k]·theta2[j,k]
    np.matmul(dJ_dh2, theta2.T, out=dJ_da1)
    # (12)  dJ_dh1[n,j] = dJ_da1[n,j]·a1[n,j]·(1 − a1[n,j])
    np.multiply(dJ_da1, a1, out=scratch4)
    np.exp(h1, out=dJ_dh1)
    np.add(dJ_dh1, 1, out=dJ_dh1)
    np.reciprocal(dJ_dh1, out=dJ_dh1)
    np.multiply(scratch4, dJ_dh1, out=dJ_dh1)
    # (13)  dJ_dtheta1[k,j] = Σ_n x[n,k]·dJ_dh1[n,j]
    np.matmul(x.T, dJ_dh1, out=dJ_dtheta1)
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
    learning_rate : float, default 1.0
        The learning rate of gradient descent.
    epochs : int, default 20000
        How often `fit` goes through the data.
    batch_size : int or None, default None
        Samples in a batch; None for all of them.
    shuffle : bool, default False
        Whether each pass takes the samples in a new order.
    tolerance : float or None, default 1e-07
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
        learning_rate: float = 1.0,
        epochs: int = 20000,
        batch_size: int | None = None,
        shuffle: bool = False,
        tolerance: float | None = 1e-07,
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

    def fit(self, x: ArrayLike, Y_star: ArrayLike) -> Model:
        """Train for `epochs` passes over the data.

        Starts from the initial parameters, unless `warm_start` is set.

        Parameters
        ----------
        x : array of shape (m, 2)
        Y_star : array of shape (m, 1)

        Returns
        -------
        self : Model
        """
        data = self._checked_data(x, Y_star)
        if not self.warm_start:
            self._start()
        self.loss_history_ = []
        batches = self._batches(data, 3 if self.seed is None else self.seed)
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

    def partial_fit(self, x: ArrayLike, Y_star: ArrayLike) -> Model:
        """Train for one more pass over the data, from where the last one ended."""
        data = self._checked_data(x, Y_star)
        seed = 3 if self.seed is None else self.seed
        self.loss_history_.append(self._epoch(self._batches(data, [self.updates_, seed])))
        return self

    def step(self, x: ArrayLike, Y_star: ArrayLike) -> float:
        """Make one update on these samples; return the loss before it."""
        data = self._checked_data(x, Y_star)
        self._prepare(len(data[0]))
        with np.errstate(over="ignore"):
            return self._train(*data)

    def training(self, x: ArrayLike, Y_star: ArrayLike) -> Training:
        """The updates of `fit` one by one."""
        data = self._checked_data(x, Y_star)
        seed = 3 if self.seed is None else self.seed
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

    def _train(self, x: Array, Y_star: Array) -> float:
        """One update in place; nothing is allocated."""
        self.updates_ += 1
        loss = _step(self._values, self._gradients, self._workspaces[len(x)], x, Y_star)
        _update(self._theta, self._gradient, self.learning_rate)
        return loss

    def predict(self, x: ArrayLike) -> Array:
        """1 where the probability is at least 1/2, else 0."""
        return (self.predict_proba(x) >= 0.5).astype(np.int64)

    def predict_proba(self, x: ArrayLike) -> Array:
        """The probability of class 1."""
        return forward(self.parameters, x)

    def score(self, x: ArrayLike, Y_star: ArrayLike) -> float:
        """The fraction of samples that are classified correctly."""
        *_, target = self._checked_data(x, Y_star)
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

    def _checked_data(self, x: ArrayLike, Y_star: ArrayLike) -> tuple[Array, ...]:
        """The data as arrays that lie in memory as the products need them."""
        checked = _checked(self.parameters, x=x, Y_star=Y_star)
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
        "Y_star": rng.integers(0, 2, (samples, 1)).astype(float),
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
