"""The adding problem with long short-term memory.

Source: S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9 (1997),
section 5.4

At each of 15 steps the network reads a number and a mark. Two of the numbers are marked; after the
last step it has to give their sum. Always answering 1 has a mean squared error of 0.167. The data
are computed: see data/make_data.py

Entries are written with their indices, which count from 0; n runs over the m samples.
d0_t = 15, d2 = 1.

Given:

    x[n,t,j]  (m, 15, 2)   input
    t[n,j]    (m, 1)       target
    Wi1[k,j]  (2, 16)      weights from the input to the input gate of layer 1
    Ui1[l,j]  (16, 16)     weights from the states to the input gate of layer 1
    bi1[j]    (16,)        biases of the input gate of layer 1
    Wf1[k,j]  (2, 16)      weights from the input to the forget gate of layer 1
    Uf1[l,j]  (16, 16)     weights from the states to the forget gate of layer 1
    bf1[j]    (16,)        biases of the forget gate of layer 1
    Wo1[k,j]  (2, 16)      weights from the input to the output gate of layer 1
    Uo1[l,j]  (16, 16)     weights from the states to the output gate of layer 1
    bo1[j]    (16,)        biases of the output gate of layer 1
    Wg1[k,j]  (2, 16)      weights from the input to the candidate cells of layer 1
    Ug1[l,j]  (16, 16)     weights from the states to the candidate cells of layer 1
    bg1[j]    (16,)        biases of the candidate cells of layer 1
    W2[k,j]   (16, 1)      weights of layer 2
    b2[j]     (1,)         biases of layer 2

Forward:

     (1)  zi1[n,t,j] = Σ_k x[n,t,k]·Wi1[k,j] + Σ_l h1[n,t−1,l]·[0≤t−1]·Ui1[l,j] + bi1[j]
     (2)  zf1[n,t,j] = Σ_k x[n,t,k]·Wf1[k,j] + Σ_l h1[n,t−1,l]·[0≤t−1]·Uf1[l,j] + bf1[j]
     (3)  zo1[n,t,j] = Σ_k x[n,t,k]·Wo1[k,j] + Σ_l h1[n,t−1,l]·[0≤t−1]·Uo1[l,j] + bo1[j]
     (4)  zg1[n,t,j] = Σ_k x[n,t,k]·Wg1[k,j] + Σ_l h1[n,t−1,l]·[0≤t−1]·Ug1[l,j] + bg1[j]
     (5)  i1[n,t,j] = 1/(1 + exp(−zi1[n,t,j]))
     (6)  f1[n,t,j] = 1/(1 + exp(−zf1[n,t,j]))
     (7)  o1[n,t,j] = 1/(1 + exp(−zo1[n,t,j]))
     (8)  g1[n,t,j] = tanh(zg1[n,t,j])
     (9)  c1[n,t,j] = g1[n,t,j]·i1[n,t,j] + c1[n,t−1,j]·f1[n,t,j]·[0≤t−1]
    (10)  s1[n,t,j] = tanh(c1[n,t,j])
    (11)  h1[n,t,j] = o1[n,t,j]·s1[n,t,j]
    (12)  y1[n,j] = h1[n,d0_t−1,j]
    (13)  z2[n,j] = Σ_k y1[n,k]·W2[k,j] + b2[j]
    (14)  e[n,j] = (z2[n,j] − t[n,j])²
    (15)  J = Σ_{n,j} e[n,j] / (d2·m)

Derivatives of J in reverse order, where dJ_dW stands for ∂J/∂W:

    (16)  dJ_de[n,j] = 1/(d2·m)
    (17)  dJ_dz2[n,j] = 2·(z2[n,j] − t[n,j]) / (d2·m)
    (18)  dJ_dW2[k,j] = Σ_n y1[n,k]·dJ_dz2[n,j]
    (19)  dJ_db2[j] = Σ_n dJ_dz2[n,j]
    (20)  dJ_dy1[n,j] = Σ_k dJ_dz2[n,k]·W2[j,k]
    (21)  dJ_dh1[n,t,j] = (Σ_k dJ_dzf1[n,t+1,k]·Uf1[j,k])·[t+1<d0_t] + (Σ_k
              dJ_dzg1[n,t+1,k]·Ug1[j,k])·[t+1<d0_t] + (Σ_k dJ_dzi1[n,t+1,k]·Ui1[j,k])·[t+1<d0_t] +
              (Σ_k dJ_dzo1[n,t+1,k]·Uo1[j,k])·[t+1<d0_t] + dJ_dy1[n,j]·[t = d0_t−1]
    (22)  dJ_ds1[n,t,j] = dJ_dh1[n,t,j]·o1[n,t,j]
    (23)  dJ_dc1[n,t,j] = dJ_ds1[n,t,j]·(1 − s1[n,t,j]²) + dJ_dc1[n,t+1,j]·f1[n,t+1,j]·[t+1<d0_t]
    (24)  dJ_dg1[n,t,j] = dJ_dc1[n,t,j]·i1[n,t,j]
    (25)  dJ_do1[n,t,j] = dJ_dh1[n,t,j]·s1[n,t,j]
    (26)  dJ_df1[n,t,j] = dJ_dc1[n,t,j]·c1[n,t−1,j]·[0≤t−1]
    (27)  dJ_di1[n,t,j] = dJ_dc1[n,t,j]·g1[n,t,j]
    (28)  dJ_dzg1[n,t,j] = dJ_dg1[n,t,j]·(1 − g1[n,t,j]²)
    (29)  dJ_dWg1[k,j] = Σ_{n,t} x[n,t,k]·dJ_dzg1[n,t,j]
    (30)  dJ_dUg1[l,j] = Σ_{n,t} h1[n,t−1,l]·dJ_dzg1[n,t,j]·[0≤t−1]
    (31)  dJ_dbg1[j] = Σ_{n,t} dJ_dzg1[n,t,j]
    (32)  dJ_dzo1[n,t,j] = dJ_do1[n,t,j]·o1[n,t,j]·(1 − o1[n,t,j])
    (33)  dJ_dWo1[k,j] = Σ_{n,t} x[n,t,k]·dJ_dzo1[n,t,j]
    (34)  dJ_dUo1[l,j] = Σ_{n,t} h1[n,t−1,l]·dJ_dzo1[n,t,j]·[0≤t−1]
    (35)  dJ_dbo1[j] = Σ_{n,t} dJ_dzo1[n,t,j]
    (36)  dJ_dzf1[n,t,j] = dJ_df1[n,t,j]·f1[n,t,j]·(1 − f1[n,t,j])
    (37)  dJ_dWf1[k,j] = Σ_{n,t} x[n,t,k]·dJ_dzf1[n,t,j]
    (38)  dJ_dUf1[l,j] = Σ_{n,t} h1[n,t−1,l]·dJ_dzf1[n,t,j]·[0≤t−1]
    (39)  dJ_dbf1[j] = Σ_{n,t} dJ_dzf1[n,t,j]
    (40)  dJ_dzi1[n,t,j] = dJ_di1[n,t,j]·i1[n,t,j]·(1 − i1[n,t,j])
    (41)  dJ_dWi1[k,j] = Σ_{n,t} x[n,t,k]·dJ_dzi1[n,t,j]
    (42)  dJ_dUi1[l,j] = Σ_{n,t} h1[n,t−1,l]·dJ_dzi1[n,t,j]·[0≤t−1]
    (43)  dJ_dbi1[j] = Σ_{n,t} dJ_dzi1[n,t,j]

Made from the derivation of these equations; the numbers in the comments are theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

Array = np.ndarray
Parameters = dict[str, Array]

#: The shape of every array of data and parameters; "m" is the number of samples.
SHAPES: dict[str, tuple[int | str, ...]] = {
    "x": ("m", 15, 2),
    "t": ("m", 1),
    "Wi1": (2, 16),
    "Ui1": (16, 16),
    "bi1": (16,),
    "Wf1": (2, 16),
    "Uf1": (16, 16),
    "bf1": (16,),
    "Wo1": (2, 16),
    "Uo1": (16, 16),
    "bo1": (16,),
    "Wg1": (2, 16),
    "Ug1": (16, 16),
    "bg1": (16,),
    "W2": (16, 1),
    "b2": (1,),
}
#: Names of the parameters, in order.
PARAMETERS = (
    "Wi1", "Ui1", "bi1", "Wf1", "Uf1", "bf1", "Wo1", "Uo1", "bo1", "Wg1", "Ug1", "bg1", "W2", "b2",
)
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
        Seed of the random numbers; 1 by default.
    dtype : data type, optional
        np.float64 or np.float32.

    Returns
    -------
    parameters : dict of name -> array
    """
    rng = np.random.default_rng(1 if seed is None else seed)
    parameters = {
        "Wi1": rng.uniform(-1, 1, (2, 16)) * np.sqrt(6 / (2 + 16)),
        "Ui1": rng.uniform(-1, 1, (16, 16)) * np.sqrt(6 / (16 + 16)),
        "bi1": np.zeros((16,)),
        "Wf1": rng.uniform(-1, 1, (2, 16)) * np.sqrt(6 / (2 + 16)),
        "Uf1": rng.uniform(-1, 1, (16, 16)) * np.sqrt(6 / (16 + 16)),
        "bf1": np.full((16,), 1),
        "Wo1": rng.uniform(-1, 1, (2, 16)) * np.sqrt(6 / (2 + 16)),
        "Uo1": rng.uniform(-1, 1, (16, 16)) * np.sqrt(6 / (16 + 16)),
        "bo1": np.zeros((16,)),
        "Wg1": rng.uniform(-1, 1, (2, 16)) * np.sqrt(6 / (2 + 16)),
        "Ug1": rng.uniform(-1, 1, (16, 16)) * np.sqrt(6 / (16 + 16)),
        "bg1": np.zeros((16,)),
        "W2": rng.uniform(-1, 1, (16, 1)) * np.sqrt(6 / (16 + 1)),
        "b2": np.zeros((1,)),
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
    x : array of shape (m, 15, 2)

    Returns
    -------
    z2 : array of shape (m, 1)

    Raises
    ------
    ValueError
        A shape does not fit, or a value is no finite number.
    """
    (x,) = _checked(parameters, x=x)
    m = len(x)
    Wi1, Ui1, bi1, Wf1 = parameters["Wi1"], parameters["Ui1"], parameters["bi1"], parameters["Wf1"]
    Uf1, bf1, Wo1, Uo1 = parameters["Uf1"], parameters["bf1"], parameters["Wo1"], parameters["Uo1"]
    bo1, Wg1, Ug1, bg1 = parameters["bo1"], parameters["Wg1"], parameters["Ug1"], parameters["bg1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    zi1 = x @ Wi1 + bi1                             # (1)  (m, 15, 16)
    zf1 = x @ Wf1 + bf1                             # (2)  (m, 15, 16)
    zo1 = x @ Wo1 + bo1                             # (3)  (m, 15, 16)
    zg1 = x @ Wg1 + bg1                             # (4)  (m, 15, 16)
    i1 = np.empty((m, 15, 16), Wi1.dtype)           # (5)  (m, 15, 16)
    f1 = np.empty((m, 15, 16), Wi1.dtype)           # (6)  (m, 15, 16)
    o1 = np.empty((m, 15, 16), Wi1.dtype)           # (7)  (m, 15, 16)
    g1 = np.empty((m, 15, 16), Wi1.dtype)           # (8)  (m, 15, 16)
    c1 = np.empty((m, 15, 16), Wi1.dtype)           # (9)  (m, 15, 16)
    s1 = np.empty((m, 15, 16), Wi1.dtype)           # (10)  (m, 15, 16)
    h1 = np.empty((m, 15, 16), Wi1.dtype)           # (11)  (m, 15, 16)
    for t1 in range(15):
        if t1 > 0:
            zi1[:, t1] += h1[:, t1 - 1] @ Ui1       # (1)
            zf1[:, t1] += h1[:, t1 - 1] @ Uf1       # (2)
            zo1[:, t1] += h1[:, t1 - 1] @ Uo1       # (3)
            zg1[:, t1] += h1[:, t1 - 1] @ Ug1       # (4)
        i1[:, t1] = sigmoid(zi1[:, t1])             # (5)
        f1[:, t1] = sigmoid(zf1[:, t1])             # (6)
        o1[:, t1] = sigmoid(zo1[:, t1])             # (7)
        g1[:, t1] = np.tanh(zg1[:, t1])             # (8)
        c1[:, t1] = g1[:, t1] * i1[:, t1]           # (9)
        if t1 > 0:
            c1[:, t1] += c1[:, t1 - 1] * f1[:, t1]  # (9)
        s1[:, t1] = np.tanh(c1[:, t1])              # (10)
        h1[:, t1] = o1[:, t1] * s1[:, t1]           # (11)
    y1 = h1[:, 14]                                  # (12)  (m, 16)
    z2 = y1 @ W2 + b2                               # (13)  (m, 1)
    return z2


def loss_and_gradients(
    parameters: Parameters,
    x: Array,
    t: Array,
) -> tuple[float, Parameters]:
    """Compute the loss and its derivative by every parameter.

    Parameters
    ----------
    parameters : dict of name -> array
    x : array of shape (m, 15, 2)
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
    Wi1, Ui1, bi1, Wf1 = parameters["Wi1"], parameters["Ui1"], parameters["bi1"], parameters["Wf1"]
    Uf1, bf1, Wo1, Uo1 = parameters["Uf1"], parameters["bf1"], parameters["Wo1"], parameters["Uo1"]
    bo1, Wg1, Ug1, bg1 = parameters["bo1"], parameters["Wg1"], parameters["Ug1"], parameters["bg1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    zi1 = x @ Wi1 + bi1                                           # (1)  (m, 15, 16)
    zf1 = x @ Wf1 + bf1                                           # (2)  (m, 15, 16)
    zo1 = x @ Wo1 + bo1                                           # (3)  (m, 15, 16)
    zg1 = x @ Wg1 + bg1                                           # (4)  (m, 15, 16)
    i1 = np.empty((m, 15, 16), Wi1.dtype)                         # (5)  (m, 15, 16)
    f1 = np.empty((m, 15, 16), Wi1.dtype)                         # (6)  (m, 15, 16)
    o1 = np.empty((m, 15, 16), Wi1.dtype)                         # (7)  (m, 15, 16)
    g1 = np.empty((m, 15, 16), Wi1.dtype)                         # (8)  (m, 15, 16)
    c1 = np.empty((m, 15, 16), Wi1.dtype)                         # (9)  (m, 15, 16)
    s1 = np.empty((m, 15, 16), Wi1.dtype)                         # (10)  (m, 15, 16)
    h1 = np.empty((m, 15, 16), Wi1.dtype)                         # (11)  (m, 15, 16)
    for t1 in range(15):
        if t1 > 0:
            zi1[:, t1] += h1[:, t1 - 1] @ Ui1                     # (1)
            zf1[:, t1] += h1[:, t1 - 1] @ Uf1                     # (2)
            zo1[:, t1] += h1[:, t1 - 1] @ Uo1                     # (3)
            zg1[:, t1] += h1[:, t1 - 1] @ Ug1                     # (4)
        i1[:, t1] = sigmoid(zi1[:, t1])                           # (5)
        f1[:, t1] = sigmoid(zf1[:, t1])                           # (6)
        o1[:, t1] = sigmoid(zo1[:, t1])                           # (7)
        g1[:, t1] = np.tanh(zg1[:, t1])                           # (8)
        c1[:, t1] = g1[:, t1] * i1[:, t1]                         # (9)
        if t1 > 0:
            c1[:, t1] += c1[:, t1 - 1] * f1[:, t1]                # (9)
        s1[:, t1] = np.tanh(c1[:, t1])                            # (10)
        h1[:, t1] = o1[:, t1] * s1[:, t1]                         # (11)
    y1 = h1[:, 14]                                                # (12)  (m, 16)
    z2 = y1 @ W2 + b2                                             # (13)  (m, 1)
    e = (z2 - t) ** 2                                             # (14)  (m, 1)
    J = e.sum() / m                                               # (15)  scalar
    dJ_dz2 = 2 * (z2 - t) / m                                     # (17)  (m, 1)
    dJ_dW2 = y1.T @ dJ_dz2                                        # (18)  (16, 1)
    dJ_db2 = dJ_dz2.sum(axis=0)                                   # (19)  (1,)
    dJ_dy1 = dJ_dz2 @ W2.T                                        # (20)  (m, 16)
    dJ_dh1 = np.zeros((m, 15, 16), Wi1.dtype)                     # (21)  (m, 15, 16)
    dJ_df1 = np.zeros((m, 15, 16), Wi1.dtype)                     # (26)  (m, 15, 16)
    dJ_dc1_1 = 1 - s1**2                                          # (23)  (m, 15, 16)
    dJ_dzg1_1 = 2 * sigmoid(-2 * np.abs(zg1)) * (1 + np.abs(g1))  # (28)  (m, 15, 16)
    dJ_dzo1_1 = o1 * sigmoid(-zo1)                                # (32)  (m, 15, 16)
    dJ_dzf1_1 = f1 * sigmoid(-zf1)                                # (36)  (m, 15, 16)
    dJ_dzi1_1 = i1 * sigmoid(-zi1)                                # (40)  (m, 15, 16)
    dJ_ds1 = np.empty((m, 15, 16), Wi1.dtype)                     # (22)  (m, 15, 16)
    dJ_dc1 = np.empty((m, 15, 16), Wi1.dtype)                     # (23)  (m, 15, 16)
    dJ_dg1 = np.empty((m, 15, 16), Wi1.dtype)                     # (24)  (m, 15, 16)
    dJ_do1 = np.empty((m, 15, 16), Wi1.dtype)                     # (25)  (m, 15, 16)
    dJ_di1 = np.empty((m, 15, 16), Wi1.dtype)                     # (27)  (m, 15, 16)
    dJ_dzg1 = np.empty((m, 15, 16), Wi1.dtype)                    # (28)  (m, 15, 16)
    dJ_dzo1 = np.empty((m, 15, 16), Wi1.dtype)                    # (32)  (m, 15, 16)
    dJ_dzf1 = np.empty((m, 15, 16), Wi1.dtype)                    # (36)  (m, 15, 16)
    dJ_dzi1 = np.empty((m, 15, 16), Wi1.dtype)                    # (40)  (m, 15, 16)
    for t1 in reversed(range(15)):
        if t1 == 14:
            dJ_dh1[:, t1] += dJ_dy1                               # (21)
        if t1 < 14:
            dJ_dh1_4 = dJ_dzo1[:, t1 + 1] @ Uo1.T                 # (21)  (m, 16)
            # (21)
            dJ_dh1[:, t1] += (
                dJ_dzf1[:, t1 + 1] @ Uf1.T + dJ_dzg1[:, t1 + 1] @ Ug1.T
                + dJ_dzi1[:, t1 + 1] @ Ui1.T + dJ_dh1_4
            )
        dJ_ds1[:, t1] = dJ_dh1[:, t1] * o1[:, t1]                 # (22)
        dJ_dc1[:, t1] = dJ_dc1_1[:, t1] * dJ_ds1[:, t1]           # (23)
        if t1 < 14:
            dJ_dc1[:, t1] += dJ_dc1[:, t1 + 1] * f1[:, t1 + 1]    # (23)
        dJ_dg1[:, t1] = dJ_dc1[:, t1] * i1[:, t1]                 # (24)
        dJ_do1[:, t1] = dJ_dh1[:, t1] * s1[:, t1]                 # (25)
        if t1 > 0:
            dJ_df1[:, t1] += dJ_dc1[:, t1] * c1[:, t1 - 1]        # (26)
        dJ_di1[:, t1] = dJ_dc1[:, t1] * g1[:, t1]                 # (27)
        dJ_dzg1[:, t1] = dJ_dg1[:, t1] * dJ_dzg1_1[:, t1]         # (28)
        dJ_dzo1[:, t1] = dJ_do1[:, t1] * dJ_dzo1_1[:, t1]         # (32)
        dJ_dzf1[:, t1] = dJ_df1[:, t1] * dJ_dzf1_1[:, t1]         # (36)
        dJ_dzi1[:, t1] = dJ_di1[:, t1] * dJ_dzi1_1[:, t1]         # (40)
    dJ_dWg1 = x.reshape(-1, 2).T @ dJ_dzg1.reshape(-1, 16)        # (29)  (2, 16)
    h1_laid_out = h1[:, :14]                                      # (30)  (m, 14, 16)
    dJ_dUg1 = h1_laid_out.reshape(-1, 16).T @ dJ_dzg1[:, 1:].reshape(-1, 16)  # (30)  (16, 16)
    dJ_dbg1 = dJ_dzg1.sum(axis=(0, 1))                            # (31)  (16,)
    dJ_dWo1 = x.reshape(-1, 2).T @ dJ_dzo1.reshape(-1, 16)        # (33)  (2, 16)
    dJ_dUo1 = h1_laid_out.reshape(-1, 16).T @ dJ_dzo1[:, 1:].reshape(-1, 16)  # (34)  (16, 16)
    dJ_dbo1 = dJ_dzo1.sum(axis=(0, 1))                            # (35)  (16,)
    dJ_dWf1 = x.reshape(-1, 2).T @ dJ_dzf1.reshape(-1, 16)        # (37)  (2, 16)
    dJ_dUf1 = h1_laid_out.reshape(-1, 16).T @ dJ_dzf1[:, 1:].reshape(-1, 16)  # (38)  (16, 16)
    dJ_dbf1 = dJ_dzf1.sum(axis=(0, 1))                            # (39)  (16,)
    dJ_dWi1 = x.reshape(-1, 2).T @ dJ_dzi1.reshape(-1, 16)        # (41)  (2, 16)
    dJ_dUi1 = h1_laid_out.reshape(-1, 16).T @ dJ_dzi1[:, 1:].reshape(-1, 16)  # (42)  (16, 16)
    dJ_dbi1 = dJ_dzi1.sum(axis=(0, 1))                            # (43)  (16,)
    gradients = {
        "Wi1": dJ_dWi1,
        "Ui1": dJ_dUi1,
        "bi1": dJ_dbi1,
        "Wf1": dJ_dWf1,
        "Uf1": dJ_dUf1,
        "bf1": dJ_dbf1,
        "Wo1": dJ_dWo1,
        "Uo1": dJ_dUo1,
        "bo1": dJ_dbo1,
        "Wg1": dJ_dWg1,
        "Ug1": dJ_dUg1,
        "bg1": dJ_dbg1,
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
    Wi1, Ui1, bi1, Wf1 = parameters["Wi1"], parameters["Ui1"], parameters["bi1"], parameters["Wf1"]
    Uf1, bf1, Wo1, Uo1 = parameters["Uf1"], parameters["bf1"], parameters["Wo1"], parameters["Uo1"]
    bo1, Wg1, Ug1, bg1 = parameters["bo1"], parameters["Wg1"], parameters["Ug1"], parameters["bg1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    zi1 = x @ Wi1 + bi1                                           # (1)  (m, 15, 16)
    zf1 = x @ Wf1 + bf1                                           # (2)  (m, 15, 16)
    zo1 = x @ Wo1 + bo1                                           # (3)  (m, 15, 16)
    zg1 = x @ Wg1 + bg1                                           # (4)  (m, 15, 16)
    i1 = np.empty((m, 15, 16), Wi1.dtype)                         # (5)  (m, 15, 16)
    f1 = np.empty((m, 15, 16), Wi1.dtype)                         # (6)  (m, 15, 16)
    o1 = np.empty((m, 15, 16), Wi1.dtype)                         # (7)  (m, 15, 16)
    g1 = np.empty((m, 15, 16), Wi1.dtype)                         # (8)  (m, 15, 16)
    c1 = np.empty((m, 15, 16), Wi1.dtype)                         # (9)  (m, 15, 16)
    s1 = np.empty((m, 15, 16), Wi1.dtype)                         # (10)  (m, 15, 16)
    h1 = np.empty((m, 15, 16), Wi1.dtype)                         # (11)  (m, 15, 16)
    for t1 in range(15):
        if t1 > 0:
            zi1[:, t1] += h1[:, t1 - 1] @ Ui1                     # (1)
            zf1[:, t1] += h1[:, t1 - 1] @ Uf1                     # (2)
            zo1[:, t1] += h1[:, t1 - 1] @ Uo1                     # (3)
            zg1[:, t1] += h1[:, t1 - 1] @ Ug1                     # (4)
        i1[:, t1] = sigmoid(zi1[:, t1])                           # (5)
        f1[:, t1] = sigmoid(zf1[:, t1])                           # (6)
        o1[:, t1] = sigmoid(zo1[:, t1])                           # (7)
        g1[:, t1] = np.tanh(zg1[:, t1])                           # (8)
        c1[:, t1] = g1[:, t1] * i1[:, t1]                         # (9)
        if t1 > 0:
            c1[:, t1] += c1[:, t1 - 1] * f1[:, t1]                # (9)
        s1[:, t1] = np.tanh(c1[:, t1])                            # (10)
        h1[:, t1] = o1[:, t1] * s1[:, t1]                         # (11)
    y1 = h1[:, 14]                                                # (12)  (m, 16)
    z2 = y1 @ W2 + b2                                             # (13)  (m, 1)
    e = (z2 - t) ** 2                                             # (14)  (m, 1)
    J = e.sum() / m                                               # (15)  scalar
    dJ_de = np.full((m, 1), 1 / m, Wi1.dtype)                     # (16)  (m, 1)
    dJ_dz2 = 2 * (z2 - t) / m                                     # (17)  (m, 1)
    dJ_dW2 = y1.T @ dJ_dz2                                        # (18)  (16, 1)
    dJ_db2 = dJ_dz2.sum(axis=0)                                   # (19)  (1,)
    dJ_dy1 = dJ_dz2 @ W2.T                                        # (20)  (m, 16)
    dJ_dh1 = np.zeros((m, 15, 16), Wi1.dtype)                     # (21)  (m, 15, 16)
    dJ_df1 = np.zeros((m, 15, 16), Wi1.dtype)                     # (26)  (m, 15, 16)
    dJ_dc1_1 = 1 - s1**2                                          # (23)  (m, 15, 16)
    dJ_dzg1_1 = 2 * sigmoid(-2 * np.abs(zg1)) * (1 + np.abs(g1))  # (28)  (m, 15, 16)
    dJ_dzo1_1 = o1 * sigmoid(-zo1)                                # (32)  (m, 15, 16)
    dJ_dzf1_1 = f1 * sigmoid(-zf1)                                # (36)  (m, 15, 16)
    dJ_dzi1_1 = i1 * sigmoid(-zi1)                                # (40)  (m, 15, 16)
    dJ_ds1 = np.empty((m, 15, 16), Wi1.dtype)                     # (22)  (m, 15, 16)
    dJ_dc1 = np.empty((m, 15, 16), Wi1.dtype)                     # (23)  (m, 15, 16)
    dJ_dg1 = np.empty((m, 15, 16), Wi1.dtype)                     # (24)  (m, 15, 16)
    dJ_do1 = np.empty((m, 15, 16), Wi1.dtype)                     # (25)  (m, 15, 16)
    dJ_di1 = np.empty((m, 15, 16), Wi1.dtype)                     # (27)  (m, 15, 16)
    dJ_dzg1 = np.empty((m, 15, 16), Wi1.dtype)                    # (28)  (m, 15, 16)
    dJ_dzo1 = np.empty((m, 15, 16), Wi1.dtype)                    # (32)  (m, 15, 16)
    dJ_dzf1 = np.empty((m, 15, 16), Wi1.dtype)                    # (36)  (m, 15, 16)
    dJ_dzi1 = np.empty((m, 15, 16), Wi1.dtype)                    # (40)  (m, 15, 16)
    for t1 in reversed(range(15)):
        if t1 == 14:
            dJ_dh1[:, t1] += dJ_dy1                               # (21)
        if t1 < 14:
            dJ_dh1_4 = dJ_dzo1[:, t1 + 1] @ Uo1.T                 # (21)  (m, 16)
            # (21)
            dJ_dh1[:, t1] += (
                dJ_dzf1[:, t1 + 1] @ Uf1.T + dJ_dzg1[:, t1 + 1] @ Ug1.T
                + dJ_dzi1[:, t1 + 1] @ Ui1.T + dJ_dh1_4
            )
        dJ_ds1[:, t1] = dJ_dh1[:, t1] * o1[:, t1]                 # (22)
        dJ_dc1[:, t1] = dJ_dc1_1[:, t1] * dJ_ds1[:, t1]           # (23)
        if t1 < 14:
            dJ_dc1[:, t1] += dJ_dc1[:, t1 + 1] * f1[:, t1 + 1]    # (23)
        dJ_dg1[:, t1] = dJ_dc1[:, t1] * i1[:, t1]                 # (24)
        dJ_do1[:, t1] = dJ_dh1[:, t1] * s1[:, t1]                 # (25)
        if t1 > 0:
            dJ_df1[:, t1] += dJ_dc1[:, t1] * c1[:, t1 - 1]        # (26)
        dJ_di1[:, t1] = dJ_dc1[:, t1] * g1[:, t1]                 # (27)
        dJ_dzg1[:, t1] = dJ_dg1[:, t1] * dJ_dzg1_1[:, t1]         # (28)
        dJ_dzo1[:, t1] = dJ_do1[:, t1] * dJ_dzo1_1[:, t1]         # (32)
        dJ_dzf1[:, t1] = dJ_df1[:, t1] * dJ_dzf1_1[:, t1]         # (36)
        dJ_dzi1[:, t1] = dJ_di1[:, t1] * dJ_dzi1_1[:, t1]         # (40)
    dJ_dWg1 = x.reshape(-1, 2).T @ dJ_dzg1.reshape(-1, 16)        # (29)  (2, 16)
    h1_laid_out = h1[:, :14]                                      # (30)  (m, 14, 16)
    dJ_dUg1 = h1_laid_out.reshape(-1, 16).T @ dJ_dzg1[:, 1:].reshape(-1, 16)  # (30)  (16, 16)
    dJ_dbg1 = dJ_dzg1.sum(axis=(0, 1))                            # (31)  (16,)
    dJ_dWo1 = x.reshape(-1, 2).T @ dJ_dzo1.reshape(-1, 16)        # (33)  (2, 16)
    dJ_dUo1 = h1_laid_out.reshape(-1, 16).T @ dJ_dzo1[:, 1:].reshape(-1, 16)  # (34)  (16, 16)
    dJ_dbo1 = dJ_dzo1.sum(axis=(0, 1))                            # (35)  (16,)
    dJ_dWf1 = x.reshape(-1, 2).T @ dJ_dzf1.reshape(-1, 16)        # (37)  (2, 16)
    dJ_dUf1 = h1_laid_out.reshape(-1, 16).T @ dJ_dzf1[:, 1:].reshape(-1, 16)  # (38)  (16, 16)
    dJ_dbf1 = dJ_dzf1.sum(axis=(0, 1))                            # (39)  (16,)
    dJ_dWi1 = x.reshape(-1, 2).T @ dJ_dzi1.reshape(-1, 16)        # (41)  (2, 16)
    dJ_dUi1 = h1_laid_out.reshape(-1, 16).T @ dJ_dzi1[:, 1:].reshape(-1, 16)  # (42)  (16, 16)
    dJ_dbi1 = dJ_dzi1.sum(axis=(0, 1))                            # (43)  (16,)
    return {
        "zi1": zi1,
        "zf1": zf1,
        "zo1": zo1,
        "zg1": zg1,
        "i1": i1,
        "f1": f1,
        "o1": o1,
        "g1": g1,
        "c1": c1,
        "s1": s1,
        "h1": h1,
        "y1": y1,
        "z2": z2,
        "e": e,
        "J": J,
        "dJ_de": dJ_de,
        "dJ_dz2": dJ_dz2,
        "dJ_dW2": dJ_dW2,
        "dJ_db2": dJ_db2,
        "dJ_dy1": dJ_dy1,
        "dJ_dh1": dJ_dh1,
        "dJ_ds1": dJ_ds1,
        "dJ_dc1": dJ_dc1,
        "dJ_dg1": dJ_dg1,
        "dJ_do1": dJ_do1,
        "dJ_df1": dJ_df1,
        "dJ_di1": dJ_di1,
        "dJ_dzg1": dJ_dzg1,
        "dJ_dWg1": dJ_dWg1,
        "dJ_dUg1": dJ_dUg1,
        "dJ_dbg1": dJ_dbg1,
        "dJ_dzo1": dJ_dzo1,
        "dJ_dWo1": dJ_dWo1,
        "dJ_dUo1": dJ_dUo1,
        "dJ_dbo1": dJ_dbo1,
        "dJ_dzf1": dJ_dzf1,
        "dJ_dWf1": dJ_dWf1,
        "dJ_dUf1": dJ_dUf1,
        "dJ_dbf1": dJ_dbf1,
        "dJ_dzi1": dJ_dzi1,
        "dJ_dWi1": dJ_dWi1,
        "dJ_dUi1": dJ_dUi1,
        "dJ_dbi1": dJ_dbi1,
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
    zi1 = dJ_ds1 = memory.array(m, 15, 16)
    zf1 = dJ_dc1 = memory.array(m, 15, 16)
    zo1 = dJ_dg1 = memory.array(m, 15, 16)
    zg1 = scratch3 = dJ_do1 = memory.array(m, 15, 16)
    zi1_2 = zf1_2 = zo1_2 = zg1_2 = scratch = y1 = dJ_dy1 = memory.array(m, 16)
    h1 = memory.array(m, 15, 16)
    i1 = memory.array(m, 15, 16)
    f1 = memory.array(m, 15, 16)
    o1 = memory.array(m, 15, 16)
    g1 = memory.array(m, 15, 16)
    c1 = memory.array(m, 15, 16)
    s1 = memory.array(m, 15, 16)
    z2 = e = dJ_dz2 = memory.array(m, 1)
    e_1 = memory.array(m, 1)
    dJ_dh1 = memory.array(m, 15, 16)
    scratch2 = dJ_df1 = memory.array(m, 15, 16)
    dJ_dc1_1 = memory.array(m, 15, 16)
    dJ_dzg1 = memory.array(m, 15, 16)
    dJ_dzg1_1 = memory.array(m, 15, 16)
    dJ_dzo1 = memory.array(m, 15, 16)
    dJ_dzo1_1 = memory.array(m, 15, 16)
    dJ_dzf1 = memory.array(m, 15, 16)
    dJ_dzf1_1 = memory.array(m, 15, 16)
    dJ_dzi1 = memory.array(m, 15, 16)
    dJ_dzi1_1 = memory.array(m, 15, 16)
    dJ_dh1_1 = scratch4 = memory.array(m, 16)
    dJ_dh1_2 = memory.array(m, 16)
    dJ_dh1_3 = scratch5 = memory.array(m, 16)
    dJ_dh1_4 = scratch6 = memory.array(m, 16)
    dJ_di1 = memory.array(m, 15, 16)
    h1_laid_out = memory.array(m, 14, 16)
    dJ_dzg1_laid_out = dJ_dzo1_laid_out = dJ_dzf1_laid_out = memory.array(m, 14, 16)
    dJ_dzi1_laid_out = dJ_dzg1_laid_out
    ones_m = np.full((m,), 1, memory.dtype)
    return (
        zi1, dJ_ds1, zf1, dJ_dc1, zo1, dJ_dg1, zg1, scratch3, dJ_do1, zi1_2, zf1_2, zo1_2, zg1_2,
        scratch, y1, dJ_dy1, h1, i1, f1, o1, g1, c1, s1, z2, e, dJ_dz2, e_1, dJ_dh1, scratch2,
        dJ_df1, dJ_dc1_1, dJ_dzg1, dJ_dzg1_1, dJ_dzo1, dJ_dzo1_1, dJ_dzf1, dJ_dzf1_1, dJ_dzi1,
        dJ_dzi1_1, dJ_dh1_1, scratch4, dJ_dh1_2, dJ_dh1_3, scratch5, dJ_dh1_4, scratch6, dJ_di1,
        h1_laid_out, dJ_dzg1_laid_out, dJ_dzo1_laid_out, dJ_dzf1_laid_out, dJ_dzi1_laid_out, ones_m,
    )


def _step(
    parameters: tuple[Array, ...],
    gradients: tuple[Array, ...],
    arrays: tuple[Array, ...],
    x: Array,
    t: Array,
) -> float:
    """Write the gradients of one batch into `gradients`; return the loss."""
    Wi1, Ui1, bi1, Wf1, Uf1, bf1, Wo1, Uo1, bo1, Wg1, Ug1, bg1, W2, b2 = parameters
    (
        dJ_dWi1, dJ_dUi1, dJ_dbi1, dJ_dWf1, dJ_dUf1, dJ_dbf1, dJ_dWo1, dJ_dUo1, dJ_dbo1, dJ_dWg1,
        dJ_dUg1, dJ_dbg1, dJ_dW2, dJ_db2,
    ) = gradients
    (
        zi1, dJ_ds1, zf1, dJ_dc1, zo1, dJ_dg1, zg1, scratch3, dJ_do1, zi1_2, zf1_2, zo1_2, zg1_2,
        scratch, y1, dJ_dy1, h1, i1, f1, o1, g1, c1, s1, z2, e, dJ_dz2, e_1, dJ_dh1, scratch2,
        dJ_df1, dJ_dc1_1, dJ_dzg1, dJ_dzg1_1, dJ_dzo1, dJ_dzo1_1, dJ_dzf1, dJ_dzf1_1, dJ_dzi1,
        dJ_dzi1_1, dJ_dh1_1, scratch4, dJ_dh1_2, dJ_dh1_3, scratch5, dJ_dh1_4, scratch6, dJ_di1,
        h1_laid_out, dJ_dzg1_laid_out, dJ_dzo1_laid_out, dJ_dzf1_laid_out, dJ_dzi1_laid_out, ones_m,
    ) = arrays
    m = len(x)
    # (1)  zi1[n,t,j] = Σ_k x[n,t,k]·Wi1[k,j] + Σ_l h1[n,t−1,l]·[0≤t−1]·Ui1[l,j] + bi1[j]
    np.matmul(x.reshape(-1, 2), Wi1, out=zi1.reshape(-1, 16))
    np.add(zi1, bi1, out=zi1)
    # (2)  zf1[n,t,j] = Σ_k x[n,t,k]·Wf1[k,j] + Σ_l h1[n,t−1,l]·[0≤t−1]·Uf1[l,j] + bf1[j]
    np.matmul(x.reshape(-1, 2), Wf1, out=zf1.reshape(-1, 16))
    np.add(zf1, bf1, out=zf1)
    # (3)  zo1[n,t,j] = Σ_k x[n,t,k]·Wo1[k,j] + Σ_l h1[n,t−1,l]·[0≤t−1]·Uo1[l,j] + bo1[j]
    np.matmul(x.reshape(-1, 2), Wo1, out=zo1.reshape(-1, 16))
    np.add(zo1, bo1, out=zo1)
    # (4)  zg1[n,t,j] = Σ_k x[n,t,k]·Wg1[k,j] + Σ_l h1[n,t−1,l]·[0≤t−1]·Ug1[l,j] + bg1[j]
    np.matmul(x.reshape(-1, 2), Wg1, out=zg1.reshape(-1, 16))
    np.add(zg1, bg1, out=zg1)
    for t1 in range(15):
        if t1 > 0:
            # (1)
            np.matmul(h1[:, t1 - 1], Ui1, out=zi1_2)
            np.add(zi1[:, t1], zi1_2, out=zi1[:, t1])
            # (2)
            np.matmul(h1[:, t1 - 1], Uf1, out=zf1_2)
            np.add(zf1[:, t1], zf1_2, out=zf1[:, t1])
            # (3)
            np.matmul(h1[:, t1 - 1], Uo1, out=zo1_2)
            np.add(zo1[:, t1], zo1_2, out=zo1[:, t1])
            # (4)
            np.matmul(h1[:, t1 - 1], Ug1, out=zg1_2)
            np.add(zg1[:, t1], zg1_2, out=zg1[:, t1])
        # (5)  i1[n,t,j] = 1/(1 + exp(−zi1[n,t,j]))
        np.negative(zi1[:, t1], out=scratch)
        np.exp(scratch, out=scratch)
        np.add(scratch, 1, out=scratch)
        np.reciprocal(scratch, out=i1[:, t1])
        # (6)  f1[n,t,j] = 1/(1 + exp(−zf1[n,t,j]))
        np.negative(zf1[:, t1], out=scratch)
        np.exp(scratch, out=scratch)
        np.add(scratch, 1, out=scratch)
        np.reciprocal(scratch, out=f1[:, t1])
        # (7)  o1[n,t,j] = 1/(1 + exp(−zo1[n,t,j]))
        np.negative(zo1[:, t1], out=scratch)
        np.exp(scratch, out=scratch)
        np.add(scratch, 1, out=scratch)
        np.reciprocal(scratch, out=o1[:, t1])
        # (8)  g1[n,t,j] = tanh(zg1[n,t,j])
        np.tanh(zg1[:, t1], out=g1[:, t1])
        # (9)  c1[n,t,j] = g1[n,t,j]·i1[n,t,j] + c1[n,t−1,j]·f1[n,t,j]·[0≤t−1]
        np.multiply(g1[:, t1], i1[:, t1], out=c1[:, t1])
        if t1 > 0:
            # (9)
            np.multiply(c1[:, t1 - 1], f1[:, t1], out=scratch)
            np.add(c1[:, t1], scratch, out=c1[:, t1])
        # (10)  s1[n,t,j] = tanh(c1[n,t,j])
        np.tanh(c1[:, t1], out=s1[:, t1])
        # (11)  h1[n,t,j] = o1[n,t,j]·s1[n,t,j]
        np.multiply(o1[:, t1], s1[:, t1], out=h1[:, t1])
    # (12)  y1[n,j] = h1[n,d0_t−1,j]
    np.copyto(y1, h1[:, 14])
    # (13)  z2[n,j] = Σ_k y1[n,k]·W2[k,j] + b2[j]
    np.matmul(y1, W2, out=z2)
    np.add(z2, b2, out=z2)
    # (14)  e[n,j] = (z2[n,j] − t[n,j])²
    np.subtract(z2, t, out=e_1)
    np.square(e_1, out=e)
    # (15)  J = Σ_{n,j} e[n,j] / (d2·m)
    J = np.add.reduce(e, axis=None)
    J = J / m
    # (17)  dJ_dz2[n,j] = 2·(z2[n,j] − t[n,j]) / (d2·m)
    np.multiply(2 / m, e_1, out=dJ_dz2)
    # (18)  dJ_dW2[k,j] = Σ_n y1[n,k]·dJ_dz2[n,j]
    np.matmul(y1.T, dJ_dz2, out=dJ_dW2)
    # (19)  dJ_db2[j] = Σ_n dJ_dz2[n,j]
    np.matmul(dJ_dz2.T, ones_m, out=dJ_db2)
    # (20)  dJ_dy1[n,j] = Σ_k dJ_dz2[n,k]·W2[j,k]
    np.matmul(dJ_dz2, W2.T, out=dJ_dy1)
    # (21)  dJ_dh1[n,t,j] = (Σ_k dJ_dzf1[n,t+1,k]·Uf1[j,k])·[t+1<d0_t] + (Σ_k
    #     dJ_dzg1[n,t+1,k]·Ug1[j,k])·[t+1<d0_t] + (Σ_k dJ_dzi1[n,t+1,k]·Ui1[j,k])·[t+1<d0_t] + (Σ_k
    #     dJ_dzo1[n,t+1,k]·Uo1[j,k])·[t+1<d0_t] + dJ_dy1[n,j]·[t = d0_t−1]
    np.copyto(dJ_dh1, 0)
    # (23)  dJ_dc1[n,t,j] = dJ_ds1[n,t,j]·(1 − s1[n,t,j]²) + dJ_dc1[n,t+1,j]·f1[n,t+1,j]·[t+1<d0_t]
    np.square(s1, out=scratch2)
    np.subtract(1, scratch2, out=dJ_dc1_1)
    # (26)  dJ_df1[n,t,j] = dJ_dc1[n,t,j]·c1[n,t−1,j]·[0≤t−1]
    np.copyto(dJ_df1, 0)
    # (28)  dJ_dzg1[n,t,j] = dJ_dg1[n,t,j]·(1 − g1[n,t,j]²)
    np.abs(zg1, out=dJ_dzg1)
    np.multiply(2, dJ_dzg1, out=dJ_dzg1)
    np.exp(dJ_dzg1, out=dJ_dzg1)
    np.add(dJ_dzg1, 1, out=dJ_dzg1)
    np.reciprocal(dJ_dzg1, out=dJ_dzg1)
    np.multiply(2, dJ_dzg1, out=dJ_dzg1)
    np.abs(g1, out=scratch3)
    np.add(1, scratch3, out=scratch3)
    np.multiply(dJ_dzg1, scratch3, out=dJ_dzg1_1)
    # (32)  dJ_dzo1[n,t,j] = dJ_do1[n,t,j]·o1[n,t,j]·(1 − o1[n,t,j])
    np.exp(zo1, out=dJ_dzo1)
    np.add(dJ_dzo1, 1, out=dJ_dzo1)
    np.reciprocal(dJ_dzo1, out=dJ_dzo1)
    np.multiply(o1, dJ_dzo1, out=dJ_dzo1_1)
    # (36)  dJ_dzf1[n,t,j] = dJ_df1[n,t,j]·f1[n,t,j]·(1 − f1[n,t,j])
    np.exp(zf1, out=dJ_dzf1)
    np.add(dJ_dzf1, 1, out=dJ_dzf1)
    np.reciprocal(dJ_dzf1, out=dJ_dzf1)
    np.multiply(f1, dJ_dzf1, out=dJ_dzf1_1)
    # (40)  dJ_dzi1[n,t,j] = dJ_di1[n,t,j]·i1[n,t,j]·(1 − i1[n,t,j])
    np.exp(zi1, out=dJ_dzi1)
    np.add(dJ_dzi1, 1, out=dJ_dzi1)
    np.reciprocal(dJ_dzi1, out=dJ_dzi1)
    np.multiply(i1, dJ_dzi1, out=dJ_dzi1_1)
    for t1 in reversed(range(15)):
        if t1 == 14:
            # (21)
            np.add(dJ_dh1[:, t1], dJ_dy1, out=dJ_dh1[:, t1])
        if t1 < 14:
            # (21)
            np.matmul(dJ_dzf1[:, t1 + 1], Uf1.T, out=dJ_dh1_1)
            np.matmul(dJ_dzg1[:, t1 + 1], Ug1.T, out=dJ_dh1_2)
            np.matmul(dJ_dzi1[:, t1 + 1], Ui1.T, out=dJ_dh1_3)
            np.matmul(dJ_dzo1[:, t1 + 1], Uo1.T, out=dJ_dh1_4)
            np.add(dJ_dh1_1, dJ_dh1_2, out=scratch4)
            np.add(scratch4, dJ_dh1_3, out=scratch5)
            np.add(scratch5, dJ_dh1_4, out=scratch6)
            np.add(dJ_dh1[:, t1], scratch6, out=dJ_dh1[:, t1])
        # (22)  dJ_ds1[n,t,j] = dJ_dh1[n,t,j]·o1[n,t,j]
        np.multiply(dJ_dh1[:, t1], o1[:, t1], out=dJ_ds1[:, t1])
        # (23)
        np.multiply(dJ_dc1_1[:, t1], dJ_ds1[:, t1], out=dJ_dc1[:, t1])
        if t1 < 14:
            # (23)
            np.multiply(dJ_dc1[:, t1 + 1], f1[:, t1 + 1], out=scratch4)
            np.add(dJ_dc1[:, t1], scratch4, out=dJ_dc1[:, t1])
        # (24)  dJ_dg1[n,t,j] = dJ_dc1[n,t,j]·i1[n,t,j]
        np.multiply(dJ_dc1[:, t1], i1[:, t1], out=dJ_dg1[:, t1])
        # (25)  dJ_do1[n,t,j] = dJ_dh1[n,t,j]·s1[n,t,j]
        np.multiply(dJ_dh1[:, t1], s1[:, t1], out=dJ_do1[:, t1])
        if t1 > 0:
            # (26)
            np.multiply(dJ_dc1[:, t1], c1[:, t1 - 1], out=scratch4)
            np.add(dJ_df1[:, t1], scratch4, out=dJ_df1[:, t1])
        # (27)  dJ_di1[n,t,j] = dJ_dc1[n,t,j]·g1[n,t,j]
        np.multiply(dJ_dc1[:, t1], g1[:, t1], out=dJ_di1[:, t1])
        # (28)
        np.multiply(dJ_dg1[:, t1], dJ_dzg1_1[:, t1], out=dJ_dzg1[:, t1])
        # (32)
        np.multiply(dJ_do1[:, t1], dJ_dzo1_1[:, t1], out=dJ_dzo1[:, t1])
        # (36)
        np.multiply(dJ_df1[:, t1], dJ_dzf1_1[:, t1], out=dJ_dzf1[:, t1])
        # (40)
        np.multiply(dJ_di1[:, t1], dJ_dzi1_1[:, t1], out=dJ_dzi1[:, t1])
    # (29)  dJ_dWg1[k,j] = Σ_{n,t} x[n,t,k]·dJ_dzg1[n,t,j]
    np.matmul(x.reshape(-1, 2).T, dJ_dzg1.reshape(-1, 16), out=dJ_dWg1)
    # (30)  dJ_dUg1[l,j] = Σ_{n,t} h1[n,t−1,l]·dJ_dzg1[n,t,j]·[0≤t−1]
    np.copyto(h1_laid_out, h1[:, :14])
    np.copyto(dJ_dzg1_laid_out, dJ_dzg1[:, 1:])
    np.matmul(h1_laid_out.reshape(-1, 16).T, dJ_dzg1_laid_out.reshape(-1, 16), out=dJ_dUg1)
    # (31)  dJ_dbg1[j] = Σ_{n,t} dJ_dzg1[n,t,j]
    np.add.reduce(dJ_dzg1, axis=(0, 1), out=dJ_dbg1)
    # (33)  dJ_dWo1[k,j] = Σ_{n,t} x[n,t,k]·dJ_dzo1[n,t,j]
    np.matmul(x.reshape(-1, 2).T, dJ_dzo1.reshape(-1, 16), out=dJ_dWo1)
    # (34)  dJ_dUo1[l,j] = Σ_{n,t} h1[n,t−1,l]·dJ_dzo1[n,t,j]·[0≤t−1]
    np.copyto(dJ_dzo1_laid_out, dJ_dzo1[:, 1:])
    np.matmul(h1_laid_out.reshape(-1, 16).T, dJ_dzo1_laid_out.reshape(-1, 16), out=dJ_dUo1)
    # (35)  dJ_dbo1[j] = Σ_{n,t} dJ_dzo1[n,t,j]
    np.add.reduce(dJ_dzo1, axis=(0, 1), out=dJ_dbo1)
    # (37)  dJ_dWf1[k,j] = Σ_{n,t} x[n,t,k]·dJ_dzf1[n,t,j]
    np.matmul(x.reshape(-1, 2).T, dJ_dzf1.reshape(-1, 16), out=dJ_dWf1)
    # (38)  dJ_dUf1[l,j] = Σ_{n,t} h1[n,t−1,l]·dJ_dzf1[n,t,j]·[0≤t−1]
    np.copyto(dJ_dzf1_laid_out, dJ_dzf1[:, 1:])
    np.matmul(h1_laid_out.reshape(-1, 16).T, dJ_dzf1_laid_out.reshape(-1, 16), out=dJ_dUf1)
    # (39)  dJ_dbf1[j] = Σ_{n,t} dJ_dzf1[n,t,j]
    np.add.reduce(dJ_dzf1, axis=(0, 1), out=dJ_dbf1)
    # (41)  dJ_dWi1[k,j] = Σ_{n,t} x[n,t,k]·dJ_dzi1[n,t,j]
    np.matmul(x.reshape(-1, 2).T, dJ_dzi1.reshape(-1, 16), out=dJ_dWi1)
    # (42)  dJ_dUi1[l,j] = Σ_{n,t} h1[n,t−1,l]·dJ_dzi1[n,t,j]·[0≤t−1]
    np.copyto(dJ_dzi1_laid_out, dJ_dzi1[:, 1:])
    np.matmul(h1_laid_out.reshape(-1, 16).T, dJ_dzi1_laid_out.reshape(-1, 16), out=dJ_dUi1)
    # (43)  dJ_dbi1[j] = Σ_{n,t} dJ_dzi1[n,t,j]
    np.add.reduce(dJ_dzi1, axis=(0, 1), out=dJ_dbi1)
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
    batch_size : int or None, default 50
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
        batch_size: int | None = 50,
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
        x : array of shape (m, 15, 2)
        t : array of shape (m, 1)

        Returns
        -------
        self : Model
        """
        data = self._checked_data(x, t)
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

    def partial_fit(self, x: ArrayLike, t: ArrayLike) -> Model:
        """Train for one more pass over the data, from where the last one ended."""
        data = self._checked_data(x, t)
        seed = 1 if self.seed is None else self.seed
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
        "x": rng.standard_normal((samples, 15, 2)),
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
