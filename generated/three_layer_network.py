"""Input, hidden and output layer with a shared bias each.

Source: "Backpropagation Detailed Explanation"

Change `activation` to relu, tanh or softmax, and `loss` to cross_entropy (with softmax), to see the
other cases that the document names.

Entries are written with their indices, which count from 0; n runs over the m samples. d2 = 2.

Given:

    i[n,j]   (m, 2)       input
    t[n,j]   (m, 2)       target
    W1[k,j]  (2, 2)       weights of layer 1
    B1       scalar       bias shared by layer 1
    W2[k,j]  (2, 2)       weights of layer 2
    B2       scalar       bias shared by layer 2

Forward:

     (1)  z1[n,j] = Σ_k i[n,k]·W1[k,j] + B1
     (2)  a1[n,j] = 1/(1 + exp(−z1[n,j]))
     (3)  z2[n,j] = Σ_k a1[n,k]·W2[k,j] + B2
     (4)  a2[n,j] = 1/(1 + exp(−z2[n,j]))
     (5)  e[n,j] = (a2[n,j] − t[n,j])²
     (6)  C = Σ_{n,j} e[n,j] / (d2·m)

Derivatives of C in reverse order, where dC_dW stands for ∂C/∂W:

     (7)  dC_de[n,j] = 1/(d2·m)
     (8)  dC_da2[n,j] = 2·(a2[n,j] − t[n,j]) / (d2·m)
     (9)  dC_dz2[n,j] = dC_da2[n,j]·a2[n,j]·(1 − a2[n,j])
    (10)  dC_dW2[k,j] = Σ_n a1[n,k]·dC_dz2[n,j]
    (11)  dC_dB2 = Σ_{n,j} dC_dz2[n,j]
    (12)  dC_da1[n,j] = Σ_k dC_dz2[n,k]·W2[j,k]
    (13)  dC_dz1[n,j] = dC_da1[n,j]·a1[n,j]·(1 − a1[n,j])
    (14)  dC_dW1[k,j] = Σ_n i[n,k]·dC_dz1[n,j]
    (15)  dC_dB1 = Σ_{n,j} dC_dz1[n,j]

Made from the derivation of these equations; the numbers in the comments are theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

Array = np.ndarray
Parameters = dict[str, Array]

#: The shape of every array of data and parameters; "m" is the number of samples.
SHAPES: dict[str, tuple[int | str, ...]] = {
    "i": ("m", 2),
    "t": ("m", 2),
    "W1": (2, 2),
    "B1": (),
    "W2": (2, 2),
    "B2": (),
}
#: Names of the parameters, in order.
PARAMETERS = ("W1", "B1", "W2", "B2")
#: Names of the options of Model.
OPTIONS = (
    "learning_rate", "epochs", "batch_size", "shuffle", "tolerance", "warm_start", "seed", "dtype",
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
    parameters = {
        "W1": [[0.1, 0.3], [0.2, 0.4]],
        "B1": 0.25,
        "W2": [[0.5, 0.7], [0.6, 0.8]],
        "B2": 0.35,
    }
    return {name: np.array(value, dtype) for name, value in parameters.items()}


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)); where exp(-x) is too large for the type, the result is 0."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def forward(parameters: Parameters, i: Array) -> Array:
    """Compute the prediction.

    Parameters
    ----------
    parameters : dict of name -> array
    i : array of shape (m, 2)

    Returns
    -------
    a2 : array of shape (m, 2)

    Raises
    ------
    ValueError
        A shape does not fit, or a value is no finite number.
    """
    (i,) = _checked(parameters, i=i)
    W1, B1, W2, B2 = parameters["W1"], parameters["B1"], parameters["W2"], parameters["B2"]
    z1 = i @ W1 + B1   # (1)  (m, 2)
    a1 = sigmoid(z1)   # (2)  (m, 2)
    z2 = a1 @ W2 + B2  # (3)  (m, 2)
    a2 = sigmoid(z2)   # (4)  (m, 2)
    return a2


def loss_and_gradients(
    parameters: Parameters,
    i: Array,
    t: Array,
) -> tuple[float, Parameters]:
    """Compute the loss and its derivative by every parameter.

    Parameters
    ----------
    parameters : dict of name -> array
    i : array of shape (m, 2)
    t : array of shape (m, 2)

    Returns
    -------
    C : float
    gradients : dict of name -> array
        With the keys and shapes of the parameters.

    Raises
    ------
    ValueError
        A shape does not fit, or a value is no finite number.
    """
    i, t = _checked(parameters, i=i, t=t)
    m = len(i)
    W1, B1, W2, B2 = parameters["W1"], parameters["B1"], parameters["W2"], parameters["B2"]
    z1 = i @ W1 + B1                     # (1)  (m, 2)
    a1 = sigmoid(z1)                     # (2)  (m, 2)
    z2 = a1 @ W2 + B2                    # (3)  (m, 2)
    a2 = sigmoid(z2)                     # (4)  (m, 2)
    e = (a2 - t) ** 2                    # (5)  (m, 2)
    C = e.sum() / (2 * m)                # (6)  scalar
    dC_da2 = (a2 - t) / m                # (8)  (m, 2)
    dC_dz2 = dC_da2 * a2 * sigmoid(-z2)  # (9)  (m, 2)
    dC_dW2 = a1.T @ dC_dz2               # (10)  (2, 2)
    dC_dB2 = dC_dz2.sum()                # (11)  scalar
    dC_da1 = dC_dz2 @ W2.T               # (12)  (m, 2)
    dC_dz1 = dC_da1 * a1 * sigmoid(-z1)  # (13)  (m, 2)
    dC_dW1 = i.T @ dC_dz1                # (14)  (2, 2)
    dC_dB1 = dC_dz1.sum()                # (15)  scalar
    gradients = {
        "W1": dC_dW1,
        "B1": dC_dB1,
        "W2": dC_dW2,
        "B2": dC_dB2,
    }
    return float(C), gradients


def trace(
    parameters: Parameters,
    i: Array,
    t: Array,
) -> dict[str, object]:
    """Compute every quantity of the derivation by name: forward values and derivatives.

    Takes what `loss_and_gradients` takes, and returns all that it computes on the way and more.
    """
    i, t = _checked(parameters, i=i, t=t)
    m = len(i)
    W1, B1, W2, B2 = parameters["W1"], parameters["B1"], parameters["W2"], parameters["B2"]
    z1 = i @ W1 + B1                                # (1)  (m, 2)
    a1 = sigmoid(z1)                                # (2)  (m, 2)
    z2 = a1 @ W2 + B2                               # (3)  (m, 2)
    a2 = sigmoid(z2)                                # (4)  (m, 2)
    e = (a2 - t) ** 2                               # (5)  (m, 2)
    C = e.sum() / (2 * m)                           # (6)  scalar
    dC_de = np.full((m, 2), 1 / (2 * m), W1.dtype)  # (7)  (m, 2)
    dC_da2 = (a2 - t) / m                           # (8)  (m, 2)
    dC_dz2 = dC_da2 * a2 * sigmoid(-z2)             # (9)  (m, 2)
    dC_dW2 = a1.T @ dC_dz2                          # (10)  (2, 2)
    dC_dB2 = dC_dz2.sum()                           # (11)  scalar
    dC_da1 = dC_dz2 @ W2.T                          # (12)  (m, 2)
    dC_dz1 = dC_da1 * a1 * sigmoid(-z1)             # (13)  (m, 2)
    dC_dW1 = i.T @ dC_dz1                           # (14)  (2, 2)
    dC_dB1 = dC_dz1.sum()                           # (15)  scalar
    return {
        "z1": z1,
        "a1": a1,
        "z2": z2,
        "a2": a2,
        "e": e,
        "C": C,
        "dC_de": dC_de,
        "dC_da2": dC_da2,
        "dC_dz2": dC_dz2,
        "dC_dW2": dC_dW2,
        "dC_dB2": dC_dB2,
        "dC_da1": dC_da1,
        "dC_dz1": dC_dz1,
        "dC_dW1": dC_dW1,
        "dC_dB1": dC_dB1,
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
    z1 = dC_dz1 = memory.array(m, 2)
    a1 = scratch2 = memory.array(m, 2)
    z2 = dC_dz2 = memory.array(m, 2)
    a2 = scratch = dC_da1 = memory.array(m, 2)
    e_1 = memory.array(m, 2)
    e = dC_da2 = memory.array(m, 2)
    return z1, dC_dz1, a1, scratch2, z2, dC_dz2, a2, scratch, dC_da1, e_1, e, dC_da2


def _step(
    parameters: tuple[Array, ...],
    gradients: tuple[Array, ...],
    arrays: tuple[Array, ...],
    i: Array,
    t: Array,
) -> float:
    """Write the gradients of one batch into `gradients`; return the loss."""
    W1, B1, W2, B2 = parameters
    dC_dW1, dC_dB1, dC_dW2, dC_dB2 = gradients
    z1, dC_dz1, a1, scratch2, z2, dC_dz2, a2, scratch, dC_da1, e_1, e, dC_da2 = arrays
    m = len(i)
    # (1)  z1[n,j] = Σ_k i[n,k]·W1[k,j] + B1
    np.matmul(i, W1, out=z1)
    np.add(z1, B1, out=z1)
    # (2)  a1[n,j] = 1/(1 + exp(−z1[n,j]))
    np.negative(z1, out=a1)
    np.exp(a1, out=a1)
    np.add(a1, 1, out=a1)
    np.reciprocal(a1, out=a1)
    # (3)  z2[n,j] = Σ_k a1[n,k]·W2[k,j] + B2
    np.matmul(a1, W2, out=z2)
    np.add(z2, B2, out=z2)
    # (4)  a2[n,j] = 1/(1 + exp(−z2[n,j]))
    np.negative(z2, out=a2)
    np.exp(a2, out=a2)
    np.add(a2, 1, out=a2)
    np.reciprocal(a2, out=a2)
    # (5)  e[n,j] = (a2[n,j] − t[n,j])²
    np.subtract(a2, t, out=e_1)
    np.square(e_1, out=e)
    # (6)  C = Σ_{n,j} e[n,j] / (d2·m)
    C = np.add.reduce(e, axis=None)
    C = C / (2 * m)
    # (8)  dC_da2[n,j] = 2·(a2[n,j] − t[n,j]) / (d2·m)
    np.divide(e_1, m, out=dC_da2)
    # (9)  dC_dz2[n,j] = dC_da2[n,j]·a2[n,j]·(1 − a2[n,j])
    np.multiply(dC_da2, a2, out=scratch)
    np.exp(z2, out=dC_dz2)
    np.add(dC_dz2, 1, out=dC_dz2)
    np.reciprocal(dC_dz2, out=dC_dz2)
    np.multiply(scratch, dC_dz2, out=dC_dz2)
    # (10)  dC_dW2[k,j] = Σ_n a1[n,k]·dC_dz2[n,j]
    np.matmul(a1.T, dC_dz2, out=dC_dW2)
    # (11)  dC_dB2 = Σ_{n,j} dC_dz2[n,j]
    np.add.reduce(dC_dz2, axis=None, out=dC_dB2)
    # (12)  dC_da1[n,j] = Σ_k dC_dz2[n,k]·W2[j,k]
    np.matmul(dC_dz2, W2.T, out=dC_da1)
    # (13)  dC_dz1[n,j] = dC_da1[n,j]·a1[n,j]·(1 − a1[n,j])
    np.multiply(dC_da1, a1, out=scratch2)
    np.exp(z1, out=dC_dz1)
    np.add(dC_dz1, 1, out=dC_dz1)
    np.reciprocal(dC_dz1, out=dC_dz1)
    np.multiply(scratch2, dC_dz1, out=dC_dz1)
    # (14)  dC_dW1[k,j] = Σ_n i[n,k]·dC_dz1[n,j]
    np.matmul(i.T, dC_dz1, out=dC_dW1)
    # (15)  dC_dB1 = Σ_{n,j} dC_dz1[n,j]
    np.add.reduce(dC_dz1, axis=None, out=dC_dB1)
    return float(C)


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
    learning_rate : float, default 0.1
        The learning rate of gradient descent.
    epochs : int, default 1
        How often `fit` goes through the data.
    batch_size : int or None, default None
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
        learning_rate: float = 0.1,
        epochs: int = 1,
        batch_size: int | None = None,
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

    def fit(self, i: ArrayLike, t: ArrayLike) -> Model:
        """Train for `epochs` passes over the data.

        Starts from the initial parameters, unless `warm_start` is set.

        Parameters
        ----------
        i : array of shape (m, 2)
        t : array of shape (m, 2)

        Returns
        -------
        self : Model
        """
        data = self._checked_data(i, t)
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

    def partial_fit(self, i: ArrayLike, t: ArrayLike) -> Model:
        """Train for one more pass over the data, from where the last one ended."""
        data = self._checked_data(i, t)
        seed = 0 if self.seed is None else self.seed
        self.loss_history_.append(self._epoch(self._batches(data, [self.updates_, seed])))
        return self

    def step(self, i: ArrayLike, t: ArrayLike) -> float:
        """Make one update on these samples; return the loss before it."""
        data = self._checked_data(i, t)
        self._prepare(len(data[0]))
        with np.errstate(over="ignore"):
            return self._train(*data)

    def training(self, i: ArrayLike, t: ArrayLike) -> Training:
        """The updates of `fit` one by one."""
        data = self._checked_data(i, t)
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

    def _train(self, i: Array, t: Array) -> float:
        """One update in place; nothing is allocated."""
        self.updates_ += 1
        loss = _step(self._values, self._gradients, self._workspaces[len(i)], i, t)
        _update(self._theta, self._gradient, self.learning_rate)
        return loss

    def predict(self, i: ArrayLike) -> Array:
        """The prediction for each sample."""
        return forward(self.parameters, i)

    def score(self, i: ArrayLike, t: ArrayLike) -> float:
        """The coefficient of determination R²: 1 for a perfect prediction, 0 for the mean."""
        *_, target = self._checked_data(i, t)
        prediction = self.predict(i)
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
        return {**saved, "updates": np.array(self.updates_)}

    def _checked_data(self, i: ArrayLike, t: ArrayLike) -> tuple[Array, ...]:
        """The data as arrays that lie in memory as the products need them."""
        checked = _checked(self.parameters, i=i, t=t)
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
        "i": rng.standard_normal((samples, 2)),
        "t": rng.standard_normal((samples, 2)),
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
