"""Handwritten digits by a convolutional network.

Source: Data: Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak (1998), UCI
Machine Learning Repository, doi 10.24432/C50P49, CC BY 4.0; see data/digits.md

8 × 8 pixels, two convolutions with max pooling between them, 1,437 samples to train on and 360 to
test on.

Entries are written with their indices, which count from 0; n runs over the m samples.

Given:

    x[n,i,j,c]   (m, 8, 8, 1) input
    t[n]         (m,)         number of the right class, from 0
    W1[u,v,d,c]  (3, 3, 1, 12) kernel of layer 1
    b1[c]        (12,)        biases of layer 1
    W3[u,v,d,c]  (3, 3, 12, 24) kernel of layer 3
    b3[c]        (24,)        biases of layer 3
    W5[k,j]      (384, 10)    weights of layer 5
    b5[j]        (10,)        biases of layer 5

Forward:

     (1)  z1[n,i,j,c] = Σ_{u,v,d} x[n,i+u−1,j+v−1,d]·[0≤i+u−1<8]·[0≤j+v−1<8]·W1[u,v,d,c] + b1[c]
     (2)  a1[n,i,j,c] = {z1[n,i,j,c] if z1[n,i,j,c] > 0; 0 otherwise}
     (3)  y2[n,i,j,c] = max_{u,v} a1[n,2·i+u,2·j+v,c]
     (4)  z3[n,i,j,c] = Σ_{u,v,d} y2[n,i+u−1,j+v−1,d]·[0≤i+u−1<4]·[0≤j+v−1<4]·W3[u,v,d,c] + b3[c]
     (5)  a3[n,i,j,c] = {z3[n,i,j,c] if z3[n,i,j,c] > 0; 0 otherwise}
     (6)  y4[n,q] = Σ_{i,j,c} a3[n,i,j,c]·[q = 96·i+24·j+c]
     (7)  z5[n,j] = Σ_k y4[n,k]·W5[k,j] + b5[j]
     (8)  a5[n,j] = exp(z5[n,j]) / (Σ_k exp(z5[n,k]))
     (9)  e[n] = −log(a5[n,t[n]])
    (10)  J = Σ_n e[n] / m

Derivatives of J in reverse order, where dJ_dW stands for ∂J/∂W:

    (11)  dJ_de[n] = 1/m
    (12)  dJ_da5[n,j] = −[j = t[n]] / (m·a5[n,j])
    (13)  dJ_dz5[n,j] = (a5[n,j] − [j = t[n]]) / m
    (14)  dJ_dW5[k,j] = Σ_n y4[n,k]·dJ_dz5[n,j]
    (15)  dJ_db5[j] = Σ_n dJ_dz5[n,j]
    (16)  dJ_dy4[n,q] = Σ_j dJ_dz5[n,j]·W5[q,j]
    (17)  dJ_da3[n,i,j,c] = dJ_dy4[n,96·i+24·j+c]
    (18)  dJ_dz3[n,i,j,c] = dJ_da3[n,i,j,c]·{1 if z3[n,i,j,c] > 0; 0 otherwise}
    (19)  dJ_dW3[u,v,d,c] = Σ_{n,i,j} y2[n,i+u−1,j+v−1,d]·[0≤i+u−1<4]·[0≤j+v−1<4]·dJ_dz3[n,i,j,c]
    (20)  dJ_db3[c] = Σ_{n,i,j} dJ_dz3[n,i,j,c]
    (21)  dJ_dy2[n,i,j,c] = Σ_{o,q,r} dJ_dz3[n,o,q,r]·W3[i−o+1,j−q+1,c,r]·[0≤i−o+1<3]·[0≤j−q+1<3]
    (22)  dJ_da1[n,i,j,c] = Σ_{o,q} dJ_dy2[n,o,q,c]·{1 if a1[n,i,j,c] ≥ y2[n,o,q,c]; 0
              otherwise}·[0≤i−2·o<2]·[0≤j−2·q<2] / (Σ_{u,v} {1 if y2[n,o,q,c] ≤ a1[n,2·o+u,2·q+v,c];
              0 otherwise})
    (23)  dJ_dz1[n,i,j,c] = dJ_da1[n,i,j,c]·{1 if z1[n,i,j,c] > 0; 0 otherwise}
    (24)  dJ_dW1[u,v,d,c] = Σ_{n,i,j} x[n,i+u−1,j+v−1,d]·[0≤i+u−1<8]·[0≤j+v−1<8]·dJ_dz1[n,i,j,c]
    (25)  dJ_db1[c] = Σ_{n,i,j} dJ_dz1[n,i,j,c]

Made from the derivation of these equations; the numbers in the comments are theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, DTypeLike

Array = np.ndarray
Parameters = dict[str, Array]

#: The shape of every array of data and parameters; "m" is the number of samples.
SHAPES: dict[str, tuple[int | str, ...]] = {
    "x": ("m", 8, 8, 1),
    "t": ("m",),
    "W1": (3, 3, 1, 12),
    "b1": (12,),
    "W3": (3, 3, 12, 24),
    "b3": (24,),
    "W5": (384, 10),
    "b5": (10,),
}
#: Names of the parameters, in order.
PARAMETERS = ("W1", "b1", "W3", "b3", "W5", "b5")
#: Names of the options of Model.
OPTIONS = (
    "learning_rate", "beta1", "beta2", "epsilon", "epochs", "batch_size", "shuffle", "tolerance",
    "warm_start", "seed", "dtype",
)
#: Integer labels, and how many classes they name.
LABELS = {"t": 10}


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
        "W1": rng.standard_normal((3, 3, 1, 12)) * np.sqrt(2 / 9),
        "b1": np.zeros((12,)),
        "W3": rng.standard_normal((3, 3, 12, 24)) * np.sqrt(2 / 108),
        "b3": np.zeros((24,)),
        "W5": rng.standard_normal((384, 10)) * np.sqrt(2 / 384),
        "b5": np.zeros((10,)),
    }
    return {name: np.array(value, dtype) for name, value in parameters.items()}


def forward(parameters: Parameters, x: Array) -> Array:
    """Compute the prediction.

    Parameters
    ----------
    parameters : dict of name -> array
    x : array of shape (m, 8, 8, 1)

    Returns
    -------
    a5 : array of shape (m, 10)

    Raises
    ------
    ValueError
        A shape does not fit, or a value is no finite number.
    """
    (x,) = _checked(parameters, x=x)
    m = len(x)
    W1, b1, W3, b3 = parameters["W1"], parameters["b1"], parameters["W3"], parameters["b3"]
    W5, b5 = parameters["W5"], parameters["b5"]
    x_padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))    # (1)  (m, 10, 10, 1)
    # (1)  (m, 8, 8, 12)
    z1 = (
        (
            sliding_window_view(
                x_padded,
                (3, 3),
                axis=(1, 2),
            ).transpose(0, 1, 2, 4, 5, 3).reshape(-1, 9)
            @ W1.reshape(9, 12)
        ).reshape(m, 8, 8, 12)
        + b1
    )
    a1 = np.maximum(z1, 0)                                    # (2)  (m, 8, 8, 12)
    y2 = a1.reshape(m, 4, 2, 4, 2, 12).max(axis=(2, 4))       # (3)  (m, 4, 4, 12)
    y2_padded = np.pad(y2, ((0, 0), (1, 1), (1, 1), (0, 0)))  # (4)  (m, 6, 6, 12)
    # (4)  (m, 4, 4, 24)
    z3 = (
        (
            sliding_window_view(
                y2_padded,
                (3, 3),
                axis=(1, 2),
            ).transpose(0, 1, 2, 4, 5, 3).reshape(-1, 108)
            @ W3.reshape(108, 24)
        ).reshape(m, 4, 4, 24)
        + b3
    )
    a3 = np.maximum(z3, 0)                                    # (5)  (m, 4, 4, 24)
    y4 = a3.reshape(m, 384)                                   # (6)  (m, 384)
    z5 = y4 @ W5 + b5                                         # (7)  (m, 10)
    exp_z5 = np.exp(z5 - z5.max(axis=1, keepdims=True))       # (8)  (m, 10)
    a5 = exp_z5 / exp_z5.sum(axis=1, keepdims=True)           # (8)  (m, 10)
    return a5


def loss_and_gradients(
    parameters: Parameters,
    x: Array,
    t: Array,
) -> tuple[float, Parameters]:
    """Compute the loss and its derivative by every parameter.

    Parameters
    ----------
    parameters : dict of name -> array
    x : array of shape (m, 8, 8, 1)
    t : array of shape (m,)

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
    W1, b1, W3, b3 = parameters["W1"], parameters["b1"], parameters["W3"], parameters["b3"]
    W5, b5 = parameters["W5"], parameters["b5"]
    x_padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))    # (1)  (m, 10, 10, 1)
    # (1)  (m, 8, 8, 3, 3, 1)
    x_padded_laid_out = (
        sliding_window_view(x_padded, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    )
    # (1)  (m, 8, 8, 12)
    z1 = (x_padded_laid_out.reshape(-1, 9) @ W1.reshape(9, 12)).reshape(m, 8, 8, 12) + b1
    a1 = np.maximum(z1, 0)                                    # (2)  (m, 8, 8, 12)
    y2 = a1.reshape(m, 4, 2, 4, 2, 12).max(axis=(2, 4))       # (3)  (m, 4, 4, 12)
    y2_padded = np.pad(y2, ((0, 0), (1, 1), (1, 1), (0, 0)))  # (4)  (m, 6, 6, 12)
    # (4)  (m, 4, 4, 3, 3, 12)
    y2_padded_laid_out = (
        sliding_window_view(y2_padded, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    )
    # (4)  (m, 4, 4, 24)
    z3 = (y2_padded_laid_out.reshape(-1, 108) @ W3.reshape(108, 24)).reshape(m, 4, 4, 24) + b3
    a3 = np.maximum(z3, 0)                                    # (5)  (m, 4, 4, 24)
    y4 = a3.reshape(m, 384)                                   # (6)  (m, 384)
    z5 = y4 @ W5 + b5                                         # (7)  (m, 10)
    max_z5 = z5.max(axis=1)                                   # (8)  (m,)
    exp_z5 = np.exp(z5 - max_z5[:, np.newaxis])               # (8)  (m, 10)
    sum_exp_z5 = exp_z5.sum(axis=1)                           # (8)  (m,)
    a5 = exp_z5 / sum_exp_z5[:, np.newaxis]                   # (8)  (m, 10)
    e = max_z5 + np.log(sum_exp_z5) - z5[np.arange(m), t]     # (9)  (m,)
    J = e.sum() / m                                           # (10)  scalar
    dJ_dz5 = (a5 - (t[:, np.newaxis] == np.arange(10))) / m   # (13)  (m, 10)
    dJ_dW5 = y4.T @ dJ_dz5                                    # (14)  (384, 10)
    dJ_db5 = dJ_dz5.sum(axis=0)                               # (15)  (10,)
    dJ_dy4 = dJ_dz5 @ W5.T                                    # (16)  (m, 384)
    dJ_da3 = dJ_dy4.reshape(m, 4, 4, 24)                      # (17)  (m, 4, 4, 24)
    dJ_dz3 = np.where(z3 > 0, dJ_da3, 0)                      # (18)  (m, 4, 4, 24)
    # (19)  (3, 3, 12, 24)
    dJ_dW3 = (y2_padded_laid_out.reshape(-1, 108).T @ dJ_dz3.reshape(-1, 24)).reshape(3, 3, 12, 24)
    dJ_db3 = dJ_dz3.sum(axis=(0, 1, 2))                       # (20)  (24,)
    dJ_dz3_padded = np.pad(dJ_dz3, ((0, 0), (1, 1), (1, 1), (0, 0)))  # (21)  (m, 6, 6, 24)
    # (21)  (m, 4, 4, 12)
    dJ_dy2 = (
        (
            sliding_window_view(
                dJ_dz3_padded,
                (3, 3),
                axis=(1, 2),
            )[:, :, :, :, ::-1, ::-1].transpose(0, 1, 2, 4, 5, 3).reshape(-1, 216)
            @ W3.transpose(0, 1, 3, 2).reshape(216, 12)
        ).reshape(m, 4, 4, 12)
    )
    # (22)  (m, 4, 4, 12)
    dJ_da1_2 = (
        np.where(
            y2[:, :, :, :, np.newaxis, np.newaxis] <= a1.reshape(
                m,
                4,
                2,
                4,
                2,
                12,
            ).transpose(0, 1, 3, 5, 2, 4),
            1,
            0,
        ).astype(W1.dtype).sum(axis=(4, 5))
    )
    # (22)  (m, 8, 8, 12)
    dJ_da1 = (
        np.where(
            y2[:, :, np.newaxis, :, np.newaxis] <= a1.reshape(m, 4, 2, 4, 2, 12),
            dJ_dy2[:, :, np.newaxis, :, np.newaxis] / dJ_da1_2[:, :, np.newaxis, :, np.newaxis],
            0,
        ).reshape(m, 8, 8, 12)
    )
    dJ_dz1 = np.where(z1 > 0, dJ_da1, 0)                      # (23)  (m, 8, 8, 12)
    # (24)  (3, 3, 1, 12)
    dJ_dW1 = (x_padded_laid_out.reshape(-1, 9).T @ dJ_dz1.reshape(-1, 12)).reshape(3, 3, 1, 12)
    dJ_db1 = dJ_dz1.sum(axis=(0, 1, 2))                       # (25)  (12,)
    gradients = {
        "W1": dJ_dW1,
        "b1": dJ_db1,
        "W3": dJ_dW3,
        "b3": dJ_db3,
        "W5": dJ_dW5,
        "b5": dJ_db5,
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
    W1, b1, W3, b3 = parameters["W1"], parameters["b1"], parameters["W3"], parameters["b3"]
    W5, b5 = parameters["W5"], parameters["b5"]
    x_padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))      # (1)  (m, 10, 10, 1)
    # (1)  (m, 8, 8, 3, 3, 1)
    x_padded_laid_out = (
        sliding_window_view(x_padded, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    )
    # (1)  (m, 8, 8, 12)
    z1 = (x_padded_laid_out.reshape(-1, 9) @ W1.reshape(9, 12)).reshape(m, 8, 8, 12) + b1
    a1 = np.maximum(z1, 0)                                      # (2)  (m, 8, 8, 12)
    y2 = a1.reshape(m, 4, 2, 4, 2, 12).max(axis=(2, 4))         # (3)  (m, 4, 4, 12)
    y2_padded = np.pad(y2, ((0, 0), (1, 1), (1, 1), (0, 0)))    # (4)  (m, 6, 6, 12)
    # (4)  (m, 4, 4, 3, 3, 12)
    y2_padded_laid_out = (
        sliding_window_view(y2_padded, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    )
    # (4)  (m, 4, 4, 24)
    z3 = (y2_padded_laid_out.reshape(-1, 108) @ W3.reshape(108, 24)).reshape(m, 4, 4, 24) + b3
    a3 = np.maximum(z3, 0)                                      # (5)  (m, 4, 4, 24)
    y4 = a3.reshape(m, 384)                                     # (6)  (m, 384)
    z5 = y4 @ W5 + b5                                           # (7)  (m, 10)
    max_z5 = z5.max(axis=1)                                     # (8)  (m,)
    exp_z5 = np.exp(z5 - max_z5[:, np.newaxis])                 # (8)  (m, 10)
    sum_exp_z5 = exp_z5.sum(axis=1)                             # (8)  (m,)
    a5 = exp_z5 / sum_exp_z5[:, np.newaxis]                     # (8)  (m, 10)
    e = max_z5 + np.log(sum_exp_z5) - z5[np.arange(m), t]       # (9)  (m,)
    J = e.sum() / m                                             # (10)  scalar
    dJ_de = np.full((m,), 1 / m, W1.dtype)                      # (11)  (m,)
    dJ_da5 = -((t[:, np.newaxis] == np.arange(10)) / (m * a5))  # (12)  (m, 10)
    dJ_dz5 = (a5 - (t[:, np.newaxis] == np.arange(10))) / m     # (13)  (m, 10)
    dJ_dW5 = y4.T @ dJ_dz5                                      # (14)  (384, 10)
    dJ_db5 = dJ_dz5.sum(axis=0)                                 # (15)  (10,)
    dJ_dy4 = dJ_dz5 @ W5.T                                      # (16)  (m, 384)
    dJ_da3 = dJ_dy4.reshape(m, 4, 4, 24)                        # (17)  (m, 4, 4, 24)
    dJ_dz3 = np.where(z3 > 0, dJ_da3, 0)                        # (18)  (m, 4, 4, 24)
    # (19)  (3, 3, 12, 24)
    dJ_dW3 = (y2_padded_laid_out.reshape(-1, 108).T @ dJ_dz3.reshape(-1, 24)).reshape(3, 3, 12, 24)
    dJ_db3 = dJ_dz3.sum(axis=(0, 1, 2))                         # (20)  (24,)
    dJ_dz3_padded = np.pad(dJ_dz3, ((0, 0), (1, 1), (1, 1), (0, 0)))  # (21)  (m, 6, 6, 24)
    # (21)  (m, 4, 4, 12)
    dJ_dy2 = (
        (
            sliding_window_view(
                dJ_dz3_padded,
                (3, 3),
                axis=(1, 2),
            )[:, :, :, :, ::-1, ::-1].transpose(0, 1, 2, 4, 5, 3).reshape(-1, 216)
            @ W3.transpose(0, 1, 3, 2).reshape(216, 12)
        ).reshape(m, 4, 4, 12)
    )
    # (22)  (m, 4, 4, 12)
    dJ_da1_2 = (
        np.where(
            y2[:, :, :, :, np.newaxis, np.newaxis] <= a1.reshape(
                m,
                4,
                2,
                4,
                2,
                12,
            ).transpose(0, 1, 3, 5, 2, 4),
            1,
            0,
        ).astype(W1.dtype).sum(axis=(4, 5))
    )
    # (22)  (m, 8, 8, 12)
    dJ_da1 = (
        np.where(
            y2[:, :, np.newaxis, :, np.newaxis] <= a1.reshape(m, 4, 2, 4, 2, 12),
            dJ_dy2[:, :, np.newaxis, :, np.newaxis] / dJ_da1_2[:, :, np.newaxis, :, np.newaxis],
            0,
        ).reshape(m, 8, 8, 12)
    )
    dJ_dz1 = np.where(z1 > 0, dJ_da1, 0)                        # (23)  (m, 8, 8, 12)
    # (24)  (3, 3, 1, 12)
    dJ_dW1 = (x_padded_laid_out.reshape(-1, 9).T @ dJ_dz1.reshape(-1, 12)).reshape(3, 3, 1, 12)
    dJ_db1 = dJ_dz1.sum(axis=(0, 1, 2))                         # (25)  (12,)
    return {
        "z1": z1,
        "a1": a1,
        "y2": y2,
        "z3": z3,
        "a3": a3,
        "y4": y4,
        "z5": z5,
        "a5": a5,
        "e": e,
        "J": J,
        "dJ_de": dJ_de,
        "dJ_da5": dJ_da5,
        "dJ_dz5": dJ_dz5,
        "dJ_dW5": dJ_dW5,
        "dJ_db5": dJ_db5,
        "dJ_dy4": dJ_dy4,
        "dJ_da3": dJ_da3,
        "dJ_dz3": dJ_dz3,
        "dJ_dW3": dJ_dW3,
        "dJ_db3": dJ_db3,
        "dJ_dy2": dJ_dy2,
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
    """The value as an array of finite numbers, or of labels in their range."""
    try:
        array = np.asarray(value, np.float64 if name in LABELS else dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is no array of numbers: {error}") from None
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name}{list(where)} is {array[where]}, expected finite numbers")
    if array.ndim == len(SHAPES[name]) - 1 and SHAPES[name][-1] == 1:  # one number each
        array = array[..., np.newaxis]
    if name in LABELS:
        if not np.array_equal(array, np.floor(array)):
            raise ValueError(f"{name} holds values that are no whole numbers, expected labels")
        odd = array[(array < 0) | (array >= LABELS[name])]
        if odd.size:
            raise ValueError(
                f"{name} holds the label {odd[0]:g}, expected labels from 0 to {LABELS[name] - 1}"
            )
        array = array.astype(np.int64)
        if array.ndim == len(SHAPES[name]) + 1 and array.shape[-1] == 1:  # a column of labels
            array = array[..., 0]
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
    x_padded = memory.array(m, 10, 10, 1)
    x_padded_laid_out = memory.array(m, 8, 8, 3, 3, 1)
    z1 = memory.array(m, 8, 8, 12)
    a1 = dJ_da1 = dJ_dz1 = memory.array(m, 8, 8, 12)
    y2 = memory.array(m, 4, 4, 12)
    y2_padded = memory.array(m, 6, 6, 12)
    y2_padded_laid_out = memory.array(m, 4, 4, 3, 3, 12)
    z3 = memory.array(m, 4, 4, 24)
    a3 = memory.array(m, 4, 4, 24)
    y4 = memory.array(m, 384)
    z5 = dJ_dz5 = memory.array(m, 10)
    turned_z5 = memory.array(10, m)
    max_z5 = e = memory.array(m)
    sum_exp_z5 = scratch = memory.array(m)
    position_ = memory.array(m, dtype=np.int64)
    z5_at_t = memory.array(m)
    mask = memory.array(m, 10, dtype=bool)
    mask2 = memory.array(m, 4, 4, 24, dtype=bool)
    dJ_dz3_padded = memory.array(m, 6, 6, 24)
    dJ_dz3_padded_laid_out = memory.array(m, 4, 4, 3, 3, 24)
    W3_laid_out = memory.array(3, 3, 24, 12)
    dJ_dy2 = memory.array(m, 4, 4, 12)
    mask3 = memory.array(m, 4, 4, 12, 2, 2, dtype=bool)
    scratch2 = memory.array(m, 4, 4, 12, 2, 2)
    dJ_da1_2 = scratch4 = memory.array(m, 4, 4, 12)
    a5 = turned_z5.reshape(m, 10)
    dJ_dy4 = a3.reshape(m, 384)
    dJ_da3 = y4.reshape(m, 4, 4, 24)
    dJ_dz3 = y4.reshape(m, 4, 4, 24)
    scratch3 = scratch2.reshape(m, 4, 2, 4, 2, 12)
    mask4 = mask3.reshape(m, 4, 2, 4, 2, 12)
    mask5 = mask3.reshape(m, 8, 8, 12)
    range_10 = np.arange(10)
    range_m = np.arange(m)
    float_zero = np.full((), 0, memory.dtype)
    ones_10 = np.full((10,), 1, memory.dtype)
    ones_m = np.full((m,), 1, memory.dtype)
    return (
        x_padded, x_padded_laid_out, z1, a1, dJ_da1, dJ_dz1, y2, y2_padded, y2_padded_laid_out, z3,
        a3, y4, z5, dJ_dz5, turned_z5, max_z5, e, sum_exp_z5, scratch, position_, z5_at_t, mask,
        mask2, dJ_dz3_padded, dJ_dz3_padded_laid_out, W3_laid_out, dJ_dy2, mask3, scratch2,
        dJ_da1_2, scratch4, a5, dJ_dy4, dJ_da3, dJ_dz3, scratch3, mask4, mask5, range_10, range_m,
        float_zero, ones_10, ones_m,
    )


def _step(
    parameters: tuple[Array, ...],
    gradients: tuple[Array, ...],
    arrays: tuple[Array, ...],
    x: Array,
    t: Array,
) -> float:
    """Write the gradients of one batch into `gradients`; return the loss."""
    W1, b1, W3, b3, W5, b5 = parameters
    dJ_dW1, dJ_db1, dJ_dW3, dJ_db3, dJ_dW5, dJ_db5 = gradients
    (
        x_padded, x_padded_laid_out, z1, a1, dJ_da1, dJ_dz1, y2, y2_padded, y2_padded_laid_out, z3,
        a3, y4, z5, dJ_dz5, turned_z5, max_z5, e, sum_exp_z5, scratch, position_, z5_at_t, mask,
        mask2, dJ_dz3_padded, dJ_dz3_padded_laid_out, W3_laid_out, dJ_dy2, mask3, scratch2,
        dJ_da1_2, scratch4, a5, dJ_dy4, dJ_da3, dJ_dz3, scratch3, mask4, mask5, range_10, range_m,
        float_zero, ones_10, ones_m,
    ) = arrays
    m = len(x)
    # (1)  z1[n,i,j,c] = Σ_{u,v,d} x[n,i+u−1,j+v−1,d]·[0≤i+u−1<8]·[0≤j+v−1<8]·W1[u,v,d,c] + b1[c]
    np.copyto(x_padded[:, 1:9, 1:9], x)
    np.copyto(
        x_padded_laid_out,
        sliding_window_view(x_padded, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3),
    )
    np.matmul(x_padded_laid_out.reshape(-1, 9), W1.reshape(9, 12), out=z1.reshape(-1, 12))
    np.add(z1, b1, out=z1)
    # (2)  a1[n,i,j,c] = {z1[n,i,j,c] if z1[n,i,j,c] > 0; 0 otherwise}
    np.maximum(z1, float_zero, out=a1)
    # (3)  y2[n,i,j,c] = max_{u,v} a1[n,2·i+u,2·j+v,c]
    np.maximum.reduce(a1.reshape(m, 4, 2, 4, 2, 12), axis=(2, 4), out=y2)
    # (4)  z3[n,i,j,c] = Σ_{u,v,d} y2[n,i+u−1,j+v−1,d]·[0≤i+u−1<4]·[0≤j+v−1<4]·W3[u,v,d,c] + b3[c]
    np.copyto(y2_padded[:, 1:5, 1:5], y2)
    np.copyto(
        y2_padded_laid_out,
        sliding_window_view(y2_padded, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3),
    )
    np.matmul(y2_padded_laid_out.reshape(-1, 108), W3.reshape(108, 24), out=z3.reshape(-1, 24))
    np.add(z3, b3, out=z3)
    # (5)  a3[n,i,j,c] = {z3[n,i,j,c] if z3[n,i,j,c] > 0; 0 otherwise}
    np.maximum(z3, float_zero, out=a3)
    # (6)  y4[n,q] = Σ_{i,j,c} a3[n,i,j,c]·[q = 96·i+24·j+c]
    np.copyto(y4.reshape(m, 4, 4, 24), a3)
    # (7)  z5[n,j] = Σ_k y4[n,k]·W5[k,j] + b5[j]
    np.matmul(y4, W5, out=z5)
    np.add(z5, b5, out=z5)
    # (8)  a5[n,j] = exp(z5[n,j]) / (Σ_k exp(z5[n,k]))
    np.copyto(turned_z5, z5.T)
    np.maximum.reduce(turned_z5, axis=0, out=max_z5)
    np.subtract(z5, max_z5[:, np.newaxis], out=a5)
    np.exp(a5, out=a5)
    np.matmul(a5, ones_10, out=sum_exp_z5)
    np.divide(a5, sum_exp_z5[:, np.newaxis], out=a5)
    # (9)  e[n] = −log(a5[n,t[n]])
    np.multiply(range_m, 10, out=position_)
    np.add(position_, t, out=position_)
    np.take(z5, position_, out=z5_at_t, mode="clip")
    np.log(sum_exp_z5, out=scratch)
    np.add(max_z5, scratch, out=e)
    np.subtract(e, z5_at_t, out=e)
    # (10)  J = Σ_n e[n] / m
    J = np.add.reduce(e, axis=None)
    J = J / m
    # (13)  dJ_dz5[n,j] = (a5[n,j] − [j = t[n]]) / m
    np.equal(t[:, np.newaxis], range_10, out=mask)
    np.subtract(a5, mask, out=dJ_dz5)
    np.divide(dJ_dz5, m, out=dJ_dz5)
    # (14)  dJ_dW5[k,j] = Σ_n y4[n,k]·dJ_dz5[n,j]
    np.matmul(y4.T, dJ_dz5, out=dJ_dW5)
    # (15)  dJ_db5[j] = Σ_n dJ_dz5[n,j]
    np.matmul(dJ_dz5.T, ones_m, out=dJ_db5)
    # (16)  dJ_dy4[n,q] = Σ_j dJ_dz5[n,j]·W5[q,j]
    np.matmul(dJ_dz5, W5.T, out=dJ_dy4)
    # (17)  dJ_da3[n,i,j,c] = dJ_dy4[n,96·i+24·j+c]
    np.copyto(dJ_da3, dJ_dy4.reshape(m, 4, 4, 24))
    # (18)  dJ_dz3[n,i,j,c] = dJ_da3[n,i,j,c]·{1 if z3[n,i,j,c] > 0; 0 otherwise}
    np.greater(z3, float_zero, out=mask2)
    np.multiply(dJ_da3, mask2, out=dJ_dz3)
    # (19)  dJ_dW3[u,v,d,c] = Σ_{n,i,j} y2[n,i+u−1,j+v−1,d]·[0≤i+u−1<4]·[0≤j+v−1<4]·dJ_dz3[n,i,j,c]
    np.matmul(
        y2_padded_laid_out.reshape(-1, 108).T,
        dJ_dz3.reshape(-1, 24),
        out=dJ_dW3.reshape(108, 24),
    )
    # (20)  dJ_db3[c] = Σ_{n,i,j} dJ_dz3[n,i,j,c]
    np.add.reduce(dJ_dz3, axis=(0, 1, 2), out=dJ_db3)
    # (21)  dJ_dy2[n,i,j,c] = Σ_{o,q,r} dJ_dz3[n,o,q,r]·W3[i−o+1,j−q+1,c,r]·[0≤i−o+1<3]·[0≤j−q+1<3]
    np.copyto(dJ_dz3_padded[:, 1:5, 1:5], dJ_dz3)
    np.copyto(
        dJ_dz3_padded_laid_out,
        sliding_window_view(
            dJ_dz3_padded,
            (3, 3),
            axis=(1, 2),
        )[:, :, :, :, ::-1, ::-1].transpose(0, 1, 2, 4, 5, 3),
    )
    np.copyto(W3_laid_out, W3.transpose(0, 1, 3, 2))
    np.matmul(
        dJ_dz3_padded_laid_out.reshape(-1, 216),
        W3_laid_out.reshape(216, 12),
        out=dJ_dy2.reshape(-1, 12),
    )
    # (22)  dJ_da1[n,i,j,c] = Σ_{o,q} dJ_dy2[n,o,q,c]·{1 if a1[n,i,j,c] ≥ y2[n,o,q,c]; 0
    #     otherwise}·[0≤i−2·o<2]·[0≤j−2·q<2] / (Σ_{u,v} {1 if y2[n,o,q,c] ≤ a1[n,2·o+u,2·q+v,c]; 0
    #     otherwise})
    np.less_equal(
        y2[:, :, :, :, np.newaxis, np.newaxis],
        a1.reshape(m, 4, 2, 4, 2, 12).transpose(0, 1, 3, 5, 2, 4),
        out=mask3,
    )
    np.multiply(1, mask3, out=scratch2)
    np.add.reduce(scratch2, axis=(4, 5), out=dJ_da1_2)
    np.copyto(scratch3, 0)
    np.divide(dJ_dy2, dJ_da1_2, out=scratch4)
    np.less_equal(y2[:, :, np.newaxis, :, np.newaxis], a1.reshape(m, 4, 2, 4, 2, 12), out=mask4)
    np.copyto(scratch3, scratch4[:, :, np.newaxis, :, np.newaxis], where=mask4)
    np.copyto(dJ_da1.reshape(m, 4, 2, 4, 2, 12), scratch3)
    # (23)  dJ_dz1[n,i,j,c] = dJ_da1[n,i,j,c]·{1 if z1[n,i,j,c] > 0; 0 otherwise}
    np.greater(z1, float_zero, out=mask5)
    np.multiply(dJ_da1, mask5, out=dJ_dz1)
    # (24)  dJ_dW1[u,v,d,c] = Σ_{n,i,j} x[n,i+u−1,j+v−1,d]·[0≤i+u−1<8]·[0≤j+v−1<8]·dJ_dz1[n,i,j,c]
    np.matmul(x_padded_laid_out.reshape(-1, 9).T, dJ_dz1.reshape(-1, 12), out=dJ_dW1.reshape(9, 12))
    # (25)  dJ_db1[c] = Σ_{n,i,j} dJ_dz1[n,i,j,c]
    np.add.reduce(dJ_dz1, axis=(0, 1, 2), out=dJ_db1)
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
    learning_rate : float, default 0.003
        The learning rate of adam.
    beta1 : float, default 0.9
        The beta1 of adam.
    beta2 : float, default 0.999
        The beta2 of adam.
    epsilon : float, default 1e-08
        The epsilon of adam.
    epochs : int, default 20
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
        learning_rate: float = 0.003,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-08,
        epochs: int = 20,
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
        x : array of shape (m, 8, 8, 1)
        t : array of shape (m,)

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
        "x": rng.standard_normal((samples, 8, 8, 1)),
        "t": rng.integers(0, LABELS["t"], (samples,)),
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
