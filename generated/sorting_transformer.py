"""A transformer that sorts six digits.

Source: A. Vaswani et al., "Attention Is All You Need", 2017; the task is that of A. Karpathy's
minGPT

The sequence is six digits and, after them, the same digits in order but for the last. At the last
six positions the network gives the next digit in order; attention is causal, so that it has seen
only those before. The data are computed: see data/make_data.py

Entries are written with their indices, which count from 0; n runs over the m samples.
d0 = 11, d1 = 32, d11_i = 6.

Given:

    x[n,j]      (m, 11)      input
    t[n,i]      (m, 6)       number of the right class, from 0
    E1[v,j]     (10, 32)     embedding vectors of layer 1
    p2[t,j]     (11, 32)     position vectors of layer 2
    g3[j]       (32,)        scales of layer 3
    b3[j]       (32,)        shifts of layer 3
    Wq4[k,h,d]  (32, 4, 8)   weights of the queries of layer 4
    bq4[h,d]    (4, 8)       biases of the queries of layer 4
    Wk4[k,h,d]  (32, 4, 8)   weights of the keys of layer 4
    bk4[h,d]    (4, 8)       biases of the keys of layer 4
    Wv4[k,h,d]  (32, 4, 8)   weights of the values of layer 4
    bv4[h,d]    (4, 8)       biases of the values of layer 4
    Wo4[h,d,c]  (4, 8, 32)   weights of the outputs of layer 4
    bo4[c]      (32,)        biases of the outputs of layer 4
    g6[j]       (32,)        scales of layer 6
    b6[j]       (32,)        shifts of layer 6
    W7[k,j]     (32, 64)     weights of layer 7
    b7[j]       (64,)        biases of layer 7
    W8[k,j]     (64, 32)     weights of layer 8
    b8[j]       (32,)        biases of layer 8
    g10[j]      (32,)        scales of layer 10
    b10[j]      (32,)        shifts of layer 10
    W12[k,j]    (32, 10)     weights of layer 12
    b12[j]      (10,)        biases of layer 12
    epsilon3    scalar       epsilon of layer 3
    epsilon6    scalar       epsilon of layer 6
    epsilon10   scalar       epsilon of layer 10

Forward:

     (1)  e1[n,t,j] = E1[x[n,t],j]
     (2)  y2[n,t,j] = e1[n,t,j] + p2[t,j]
     (3)  mu3[n,t] = Σ_j y2[n,t,j] / d1
     (4)  v3[n,t] = Σ_j (y2[n,t,j] − mu3[n,t])² / d1
     (5)  y3[n,t,j] = (y2[n,t,j] − mu3[n,t])·g3[j] / √(v3[n,t] + epsilon3) + b3[j]
     (6)  Q4[n,i,h,d] = Σ_k y3[n,i,k]·Wq4[k,h,d] + bq4[h,d]
     (7)  K4[n,j,h,d] = Σ_k y3[n,j,k]·Wk4[k,h,d] + bk4[h,d]
     (8)  V4[n,j,h,d] = Σ_k y3[n,j,k]·Wv4[k,h,d] + bv4[h,d]
     (9)  S4[n,h,i,j] = {√(2)·Σ_d K4[n,j,h,d]·Q4[n,i,h,d] / 4 if i ≥ j;
              −1000000000000000000000000000000 otherwise}
    (10)  P4[n,h,i,j] = exp(S4[n,h,i,j]) / (Σ_p exp(S4[n,h,i,p]))
    (11)  A4[n,i,h,d] = Σ_j P4[n,h,i,j]·V4[n,j,h,d]
    (12)  y4[n,i,c] = Σ_{h,d} A4[n,i,h,d]·Wo4[h,d,c] + bo4[c]
    (13)  s5[n,t,j] = y2[n,t,j] + y4[n,t,j]
    (14)  mu6[n,t] = Σ_j s5[n,t,j] / d1
    (15)  v6[n,t] = Σ_j (s5[n,t,j] − mu6[n,t])² / d1
    (16)  y6[n,t,j] = (s5[n,t,j] − mu6[n,t])·g6[j] / √(v6[n,t] + epsilon6) + b6[j]
    (17)  z7[n,t,j] = Σ_k y6[n,t,k]·W7[k,j] + b7[j]
    (18)  a7[n,t,j] = z7[n,t,j]·(1 + tanh(√(2)·(8943·z7[n,t,j]³ / 200000 + z7[n,t,j]) / √(pi))) / 2
    (19)  z8[n,t,j] = Σ_k a7[n,t,k]·W8[k,j] + b8[j]
    (20)  s9[n,t,j] = s5[n,t,j] + z8[n,t,j]
    (21)  mu10[n,t] = Σ_j s9[n,t,j] / d1
    (22)  v10[n,t] = Σ_j (s9[n,t,j] − mu10[n,t])² / d1
    (23)  y10[n,t,j] = (s9[n,t,j] − mu10[n,t])·g10[j] / √(v10[n,t] + epsilon10) + b10[j]
    (24)  y11[n,i,j] = y10[n,i+5,j]·[i+5<d0]
    (25)  z12[n,i,j] = Σ_k y11[n,i,k]·W12[k,j] + b12[j]
    (26)  a12[n,i,j] = exp(z12[n,i,j]) / (Σ_k exp(z12[n,i,k]))
    (27)  e[n,i] = −log(a12[n,i,t[n,i]])
    (28)  J = Σ_{n,i} e[n,i] / (d11_i·m)

Derivatives of J in reverse order, where dJ_dW stands for ∂J/∂W:

    (29)  dJ_de[n,i] = 1/(d11_i·m)
    (30)  dJ_da12[n,i,j] = −[j = t[n,i]] / (d11_i·m·a12[n,i,j])
    (31)  dJ_dz12[n,i,j] = (a12[n,i,j] − [j = t[n,i]]) / (d11_i·m)
    (32)  dJ_dW12[k,j] = Σ_{n,i} y11[n,i,k]·dJ_dz12[n,i,j]
    (33)  dJ_db12[j] = Σ_{n,i} dJ_dz12[n,i,j]
    (34)  dJ_dy11[n,i,j] = Σ_k dJ_dz12[n,i,k]·W12[j,k]
    (35)  dJ_dy10[n,t,j] = dJ_dy11[n,t−5,j]·[0≤t−5<d11_i]
    (36)  dJ_dg10[j] = Σ_{n,t} dJ_dy10[n,t,j]·(s9[n,t,j] − mu10[n,t]) / √(v10[n,t] + epsilon10)
    (37)  dJ_db10[j] = Σ_{n,t} dJ_dy10[n,t,j]
    (38)  dJ_dv10[n,t] = Σ_j dJ_dy10[n,t,j]·(mu10[n,t] − s9[n,t,j])·g10[j] / (2·(v10[n,t] +
              epsilon10)^(3/2))
    (39)  dJ_dmu10[n,t] = 2·dJ_dv10[n,t]·(d1·mu10[n,t] − Σ_j s9[n,t,j]) / d1 − Σ_j
              dJ_dy10[n,t,j]·g10[j] / √(v10[n,t] + epsilon10)
    (40)  dJ_ds9[n,t,j] = dJ_dy10[n,t,j]·g10[j] / √(v10[n,t] + epsilon10) +
              2·dJ_dv10[n,t]·(s9[n,t,j] − mu10[n,t]) / d1 + dJ_dmu10[n,t] / d1
    (41)  dJ_dz8[n,t,j] = dJ_ds9[n,t,j]
    (42)  dJ_dW8[k,j] = Σ_{n,t} a7[n,t,k]·dJ_dz8[n,t,j]
    (43)  dJ_db8[j] = Σ_{n,t} dJ_dz8[n,t,j]
    (44)  dJ_da7[n,t,j] = Σ_k dJ_dz8[n,t,k]·W8[j,k]
    (45)  dJ_dz7[n,t,j] = dJ_da7[n,t,j]·(1/2 + tanh(√(2)·(8943·z7[n,t,j]³ / 200000 + z7[n,t,j]) /
              √(pi)) / 2 + √(2)·z7[n,t,j]·(1 − tanh(√(2)·(8943·z7[n,t,j]³ / 200000 + z7[n,t,j]) /
              √(pi))²)·(1 + 26829·z7[n,t,j]² / 200000) / (2·√(pi)))
    (46)  dJ_dW7[k,j] = Σ_{n,t} y6[n,t,k]·dJ_dz7[n,t,j]
    (47)  dJ_db7[j] = Σ_{n,t} dJ_dz7[n,t,j]
    (48)  dJ_dy6[n,t,j] = Σ_k dJ_dz7[n,t,k]·W7[j,k]
    (49)  dJ_dg6[j] = Σ_{n,t} dJ_dy6[n,t,j]·(s5[n,t,j] − mu6[n,t]) / √(v6[n,t] + epsilon6)
    (50)  dJ_db6[j] = Σ_{n,t} dJ_dy6[n,t,j]
    (51)  dJ_dv6[n,t] = Σ_j dJ_dy6[n,t,j]·(mu6[n,t] − s5[n,t,j])·g6[j] / (2·(v6[n,t] +
              epsilon6)^(3/2))
    (52)  dJ_dmu6[n,t] = 2·dJ_dv6[n,t]·(d1·mu6[n,t] − Σ_j s5[n,t,j]) / d1 − Σ_j dJ_dy6[n,t,j]·g6[j]
              / √(v6[n,t] + epsilon6)
    (53)  dJ_ds5[n,t,j] = dJ_dy6[n,t,j]·g6[j] / √(v6[n,t] + epsilon6) + 2·dJ_dv6[n,t]·(s5[n,t,j] −
              mu6[n,t]) / d1 + dJ_ds9[n,t,j] + dJ_dmu6[n,t] / d1
    (54)  dJ_dy4[n,i,c] = dJ_ds5[n,i,c]
    (55)  dJ_dWo4[h,d,c] = Σ_{n,i} A4[n,i,h,d]·dJ_dy4[n,i,c]
    (56)  dJ_dbo4[c] = Σ_{n,i} dJ_dy4[n,i,c]
    (57)  dJ_dA4[n,i,h,d] = Σ_c dJ_dy4[n,i,c]·Wo4[h,d,c]
    (58)  dJ_dP4[n,h,i,j] = Σ_d dJ_dA4[n,i,h,d]·V4[n,j,h,d]
    (59)  dJ_dS4[n,h,i,j] = P4[n,h,i,j]·(dJ_dP4[n,h,i,j] − Σ_k dJ_dP4[n,h,i,k]·P4[n,h,i,k])
    (60)  dJ_dV4[n,j,h,d] = Σ_i dJ_dA4[n,i,h,d]·P4[n,h,i,j]
    (61)  dJ_dWv4[k,h,d] = Σ_{n,j} y3[n,j,k]·dJ_dV4[n,j,h,d]
    (62)  dJ_dbv4[h,d] = Σ_{n,j} dJ_dV4[n,j,h,d]
    (63)  dJ_dK4[n,j,h,d] = Σ_i dJ_dS4[n,h,i,j]·Q4[n,i,h,d]·{√(2) / 4 if i ≥ j; 0 otherwise}
    (64)  dJ_dWk4[k,h,d] = Σ_{n,j} y3[n,j,k]·dJ_dK4[n,j,h,d]
    (65)  dJ_dbk4[h,d] = Σ_{n,j} dJ_dK4[n,j,h,d]
    (66)  dJ_dQ4[n,i,h,d] = Σ_j dJ_dS4[n,h,i,j]·K4[n,j,h,d]·{√(2) / 4 if i ≥ j; 0 otherwise}
    (67)  dJ_dWq4[k,h,d] = Σ_{n,i} y3[n,i,k]·dJ_dQ4[n,i,h,d]
    (68)  dJ_dbq4[h,d] = Σ_{n,i} dJ_dQ4[n,i,h,d]
    (69)  dJ_dy3[n,t,j] = Σ_{h,d} dJ_dK4[n,t,h,d]·Wk4[j,h,d] + Σ_{h,d} dJ_dQ4[n,t,h,d]·Wq4[j,h,d] +
              Σ_{h,d} dJ_dV4[n,t,h,d]·Wv4[j,h,d]
    (70)  dJ_dg3[j] = Σ_{n,t} dJ_dy3[n,t,j]·(y2[n,t,j] − mu3[n,t]) / √(v3[n,t] + epsilon3)
    (71)  dJ_db3[j] = Σ_{n,t} dJ_dy3[n,t,j]
    (72)  dJ_dv3[n,t] = Σ_j dJ_dy3[n,t,j]·(mu3[n,t] − y2[n,t,j])·g3[j] / (2·(v3[n,t] +
              epsilon3)^(3/2))
    (73)  dJ_dmu3[n,t] = 2·dJ_dv3[n,t]·(d1·mu3[n,t] − Σ_j y2[n,t,j]) / d1 − Σ_j dJ_dy3[n,t,j]·g3[j]
              / √(v3[n,t] + epsilon3)
    (74)  dJ_dy2[n,t,j] = dJ_dy3[n,t,j]·g3[j] / √(v3[n,t] + epsilon3) + 2·dJ_dv3[n,t]·(y2[n,t,j] −
              mu3[n,t]) / d1 + dJ_ds5[n,t,j] + dJ_dmu3[n,t] / d1
    (75)  dJ_dp2[t,j] = Σ_n dJ_dy2[n,t,j]
    (76)  dJ_de1[n,t,j] = dJ_dy2[n,t,j]
    (77)  dJ_dE1[v,j] = Σ_{n,t} [v = x[n,t]]·dJ_de1[n,t,j]

Made from the derivation of these equations; the numbers in the comments are theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

Array = np.ndarray
Parameters = dict[str, Array]

epsilon3 = 1e-05  # epsilon of layer 3
epsilon6 = 1e-05  # epsilon of layer 6
epsilon10 = 1e-05  # epsilon of layer 10

#: The shape of every array of data and parameters; "m" is the number of samples.
SHAPES: dict[str, tuple[int | str, ...]] = {
    "x": ("m", 11),
    "t": ("m", 6),
    "E1": (10, 32),
    "p2": (11, 32),
    "g3": (32,),
    "b3": (32,),
    "Wq4": (32, 4, 8),
    "bq4": (4, 8),
    "Wk4": (32, 4, 8),
    "bk4": (4, 8),
    "Wv4": (32, 4, 8),
    "bv4": (4, 8),
    "Wo4": (4, 8, 32),
    "bo4": (32,),
    "g6": (32,),
    "b6": (32,),
    "W7": (32, 64),
    "b7": (64,),
    "W8": (64, 32),
    "b8": (32,),
    "g10": (32,),
    "b10": (32,),
    "W12": (32, 10),
    "b12": (10,),
}
#: Names of the parameters, in order.
PARAMETERS = (
    "E1", "p2", "g3", "b3", "Wq4", "bq4", "Wk4", "bk4", "Wv4", "bv4", "Wo4", "bo4", "g6", "b6",
    "W7", "b7", "W8", "b8", "g10", "b10", "W12", "b12",
)
#: Names of the options of Model.
OPTIONS = (
    "learning_rate", "beta1", "beta2", "epsilon", "epochs", "batch_size", "shuffle", "tolerance",
    "warm_start", "seed", "dtype",
)
#: Integer labels, and how many classes they name.
LABELS = {"x": 10, "t": 10}


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
        "E1": rng.standard_normal((10, 32)) / 10,
        "p2": rng.standard_normal((11, 32)) / 10,
        "g3": np.full((32,), 1),
        "b3": np.zeros((32,)),
        "Wq4": rng.uniform(-1, 1, (32, 4, 8)) * np.sqrt(6 / (32 + 32)),
        "bq4": np.zeros((4, 8)),
        "Wk4": rng.uniform(-1, 1, (32, 4, 8)) * np.sqrt(6 / (32 + 32)),
        "bk4": np.zeros((4, 8)),
        "Wv4": rng.uniform(-1, 1, (32, 4, 8)) * np.sqrt(6 / (32 + 32)),
        "bv4": np.zeros((4, 8)),
        "Wo4": rng.uniform(-1, 1, (4, 8, 32)) * np.sqrt(6 / (32 + 32)),
        "bo4": np.zeros((32,)),
        "g6": np.full((32,), 1),
        "b6": np.zeros((32,)),
        "W7": rng.uniform(-1, 1, (32, 64)) * np.sqrt(6 / (32 + 64)),
        "b7": np.zeros((64,)),
        "W8": rng.uniform(-1, 1, (64, 32)) * np.sqrt(6 / (64 + 32)),
        "b8": np.zeros((32,)),
        "g10": np.full((32,), 1),
        "b10": np.zeros((32,)),
        "W12": rng.uniform(-1, 1, (32, 10)) * np.sqrt(6 / (32 + 10)),
        "b12": np.zeros((10,)),
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
    x : array of shape (m, 11)

    Returns
    -------
    a12 : array of shape (m, 6, 10)

    Raises
    ------
    ValueError
        A shape does not fit, or a value is no finite number.
    """
    (x,) = _checked(parameters, x=x)
    m = len(x)
    E1, p2, g3, b3 = parameters["E1"], parameters["p2"], parameters["g3"], parameters["b3"]
    Wq4, bq4, Wk4, bk4 = parameters["Wq4"], parameters["bq4"], parameters["Wk4"], parameters["bk4"]
    Wv4, bv4, Wo4, bo4 = parameters["Wv4"], parameters["bv4"], parameters["Wo4"], parameters["bo4"]
    g6, b6, W7, b7 = parameters["g6"], parameters["b6"], parameters["W7"], parameters["b7"]
    W8, b8, g10, b10 = parameters["W8"], parameters["b8"], parameters["g10"], parameters["b10"]
    W12, b12 = parameters["W12"], parameters["b12"]
    e1 = E1[x]                                                   # (1)  (m, 11, 32)
    y2 = e1 + p2                                                 # (2)  (m, 11, 32)
    mu3 = y2.sum(axis=2) / 32                                    # (3)  (m, 11)
    v3 = np.sum((y2 - mu3[:, :, np.newaxis]) ** 2, axis=2) / 32  # (4)  (m, 11)
    # (5)  (m, 11, 32)
    y3 = (y2 - mu3[:, :, np.newaxis]) * g3 / np.sqrt(v3[:, :, np.newaxis] + epsilon3) + b3
    Q4 = (y3.reshape(-1, 32) @ Wq4.reshape(32, 32)).reshape(m, 11, 4, 8) + bq4  # (6)  (m, 11, 4, 8)
    K4 = (y3.reshape(-1, 32) @ Wk4.reshape(32, 32)).reshape(m, 11, 4, 8) + bk4  # (7)  (m, 11, 4, 8)
    V4 = (y3.reshape(-1, 32) @ Wv4.reshape(32, 32)).reshape(m, 11, 4, 8) + bv4  # (8)  (m, 11, 4, 8)
    S4_1 = Q4.transpose(0, 2, 1, 3) @ K4.transpose(0, 2, 3, 1)   # (9)  (m, 4, 11, 11)
    # (9)  (m, 4, 11, 11)
    S4 = np.where(np.arange(11)[:, np.newaxis] >= np.arange(11), 0.3535533905932738 * S4_1, -1e+30)
    exp_S4 = np.exp(S4 - S4.max(axis=3, keepdims=True))          # (10)  (m, 4, 11, 11)
    P4 = exp_S4 / exp_S4.sum(axis=3, keepdims=True)              # (10)  (m, 4, 11, 11)
    A4 = (P4 @ V4.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)   # (11)  (m, 11, 4, 8)
    y4 = (A4.reshape(-1, 32) @ Wo4.reshape(32, 32)).reshape(m, 11, 32) + bo4  # (12)  (m, 11, 32)
    s5 = y2 + y4                                                 # (13)  (m, 11, 32)
    mu6 = s5.sum(axis=2) / 32                                    # (14)  (m, 11)
    v6 = np.sum((s5 - mu6[:, :, np.newaxis]) ** 2, axis=2) / 32  # (15)  (m, 11)
    # (16)  (m, 11, 32)
    y6 = (s5 - mu6[:, :, np.newaxis]) * g6 / np.sqrt(v6[:, :, np.newaxis] + epsilon6) + b6
    z7 = y6 @ W7 + b7                                            # (17)  (m, 11, 64)
    a7 = z7 * sigmoid(1.5957691216057308 * (0.044715 * z7**3 + z7))  # (18)  (m, 11, 64)
    z8 = a7 @ W8 + b8                                            # (19)  (m, 11, 32)
    s9 = s5 + z8                                                 # (20)  (m, 11, 32)
    mu10 = s9.sum(axis=2) / 32                                   # (21)  (m, 11)
    v10 = np.sum((s9 - mu10[:, :, np.newaxis]) ** 2, axis=2) / 32  # (22)  (m, 11)
    # (23)  (m, 11, 32)
    y10 = (s9 - mu10[:, :, np.newaxis]) * g10 / np.sqrt(v10[:, :, np.newaxis] + epsilon10) + b10
    y11 = y10[:, 5:]                                             # (24)  (m, 6, 32)
    z12 = y11 @ W12 + b12                                        # (25)  (m, 6, 10)
    exp_z12 = np.exp(z12 - z12.max(axis=2, keepdims=True))       # (26)  (m, 6, 10)
    a12 = exp_z12 / exp_z12.sum(axis=2, keepdims=True)           # (26)  (m, 6, 10)
    return a12


def loss_and_gradients(
    parameters: Parameters,
    x: Array,
    t: Array,
) -> tuple[float, Parameters]:
    """Compute the loss and its derivative by every parameter.

    Parameters
    ----------
    parameters : dict of name -> array
    x : array of shape (m, 11)
    t : array of shape (m, 6)

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
    E1, p2, g3, b3 = parameters["E1"], parameters["p2"], parameters["g3"], parameters["b3"]
    Wq4, bq4, Wk4, bk4 = parameters["Wq4"], parameters["bq4"], parameters["Wk4"], parameters["bk4"]
    Wv4, bv4, Wo4, bo4 = parameters["Wv4"], parameters["bv4"], parameters["Wo4"], parameters["bo4"]
    g6, b6, W7, b7 = parameters["g6"], parameters["b6"], parameters["W7"], parameters["b7"]
    W8, b8, g10, b10 = parameters["W8"], parameters["b8"], parameters["g10"], parameters["b10"]
    W12, b12 = parameters["W12"], parameters["b12"]
    e1 = E1[x]                                                   # (1)  (m, 11, 32)
    y2 = e1 + p2                                                 # (2)  (m, 11, 32)
    sum_y2 = y2.sum(axis=2)                                      # (3)  (m, 11)
    mu3 = sum_y2 / 32                                            # (3)  (m, 11)
    v3 = np.sum((y2 - mu3[:, :, np.newaxis]) ** 2, axis=2) / 32  # (4)  (m, 11)
    y3_1 = 1 / np.sqrt(v3 + epsilon3)                            # (5)  (m, 11)
    y3 = y3_1[:, :, np.newaxis] * (y2 - mu3[:, :, np.newaxis]) * g3 + b3  # (5)  (m, 11, 32)
    Q4 = (y3.reshape(-1, 32) @ Wq4.reshape(32, 32)).reshape(m, 11, 4, 8) + bq4  # (6)  (m, 11, 4, 8)
    K4 = (y3.reshape(-1, 32) @ Wk4.reshape(32, 32)).reshape(m, 11, 4, 8) + bk4  # (7)  (m, 11, 4, 8)
    V4 = (y3.reshape(-1, 32) @ Wv4.reshape(32, 32)).reshape(m, 11, 4, 8) + bv4  # (8)  (m, 11, 4, 8)
    S4_1 = Q4.transpose(0, 2, 1, 3) @ K4.transpose(0, 2, 3, 1)   # (9)  (m, 4, 11, 11)
    # (9)  (m, 4, 11, 11)
    S4 = np.where(np.arange(11)[:, np.newaxis] >= np.arange(11), 0.3535533905932738 * S4_1, -1e+30)
    exp_S4 = np.exp(S4 - S4.max(axis=3, keepdims=True))          # (10)  (m, 4, 11, 11)
    P4 = exp_S4 / exp_S4.sum(axis=3, keepdims=True)              # (10)  (m, 4, 11, 11)
    A4 = (P4 @ V4.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)   # (11)  (m, 11, 4, 8)
    y4 = (A4.reshape(-1, 32) @ Wo4.reshape(32, 32)).reshape(m, 11, 32) + bo4  # (12)  (m, 11, 32)
    s5 = y2 + y4                                                 # (13)  (m, 11, 32)
    sum_s5 = s5.sum(axis=2)                                      # (14)  (m, 11)
    mu6 = sum_s5 / 32                                            # (14)  (m, 11)
    v6 = np.sum((s5 - mu6[:, :, np.newaxis]) ** 2, axis=2) / 32  # (15)  (m, 11)
    y6_1 = 1 / np.sqrt(v6 + epsilon6)                            # (16)  (m, 11)
    y6 = y6_1[:, :, np.newaxis] * (s5 - mu6[:, :, np.newaxis]) * g6 + b6  # (16)  (m, 11, 32)
    z7 = y6 @ W7 + b7                                            # (17)  (m, 11, 64)
    a7 = z7 * sigmoid(1.5957691216057308 * (0.044715 * z7**3 + z7))  # (18)  (m, 11, 64)
    z8 = a7 @ W8 + b8                                            # (19)  (m, 11, 32)
    s9 = s5 + z8                                                 # (20)  (m, 11, 32)
    sum_s9 = s9.sum(axis=2)                                      # (21)  (m, 11)
    mu10 = sum_s9 / 32                                           # (21)  (m, 11)
    v10 = np.sum((s9 - mu10[:, :, np.newaxis]) ** 2, axis=2) / 32  # (22)  (m, 11)
    y10_1 = 1 / np.sqrt(v10 + epsilon10)                         # (23)  (m, 11)
    y10 = y10_1[:, :, np.newaxis] * (s9 - mu10[:, :, np.newaxis]) * g10 + b10  # (23)  (m, 11, 32)
    y11 = y10[:, 5:]                                             # (24)  (m, 6, 32)
    z12 = y11 @ W12 + b12                                        # (25)  (m, 6, 10)
    max_z12 = z12.max(axis=2)                                    # (26)  (m, 6)
    exp_z12 = np.exp(z12 - max_z12[:, :, np.newaxis])            # (26)  (m, 6, 10)
    sum_exp_z12 = exp_z12.sum(axis=2)                            # (26)  (m, 6)
    a12 = exp_z12 / sum_exp_z12[:, :, np.newaxis]                # (26)  (m, 6, 10)
    # (27)  (m, 6)
    e = max_z12 + np.log(sum_exp_z12) - z12[np.arange(m)[:, np.newaxis], np.arange(6), t]
    J = e.sum() / (6 * m)                                        # (28)  scalar
    dJ_dz12 = (a12 - (t[:, :, np.newaxis] == np.arange(10))) / (6 * m)  # (31)  (m, 6, 10)
    dJ_dW12 = y11.reshape(-1, 32).T @ dJ_dz12.reshape(-1, 10)    # (32)  (32, 10)
    dJ_db12 = dJ_dz12.sum(axis=(0, 1))                           # (33)  (10,)
    dJ_dy11 = dJ_dz12 @ W12.T                                    # (34)  (m, 6, 32)
    dJ_dy10 = np.zeros((m, 11, 32), E1.dtype)                    # (35)  (m, 11, 32)
    dJ_dy10[:, 5:] += dJ_dy11
    # (36)  (32,)
    dJ_dg10 = (dJ_dy10 * (s9 - mu10[:, :, np.newaxis])).reshape(-1, 32).T @ y10_1.reshape(-1)
    dJ_db10 = dJ_dy10.sum(axis=(0, 1))                           # (37)  (32,)
    # (38)  (m, 11)
    dJ_dv10 = dJ_dy10 * (mu10[:, :, np.newaxis] - s9) @ g10 / (2 * (v10 + epsilon10) ** 1.5)
    dJ_dmu10 = dJ_dv10 * (32 * mu10 - sum_s9) / 16 - y10_1 * (dJ_dy10 @ g10)  # (39)  (m, 11)
    # (40)  (m, 11, 32)
    dJ_ds9 = (
        dJ_dv10[:, :, np.newaxis] * (s9 - mu10[:, :, np.newaxis]) / 16
        + dJ_dy10 * y10_1[:, :, np.newaxis] * g10 + dJ_dmu10[:, :, np.newaxis] / 32
    )
    dJ_dz8 = dJ_ds9                                              # (41)  (m, 11, 32)
    dJ_dW8 = a7.reshape(-1, 64).T @ dJ_dz8.reshape(-1, 32)       # (42)  (64, 32)
    dJ_db8 = dJ_dz8.sum(axis=(0, 1))                             # (43)  (32,)
    dJ_da7 = dJ_dz8 @ W8.T                                       # (44)  (m, 11, 64)
    sigmoid_z7 = sigmoid(1.5957691216057308 * z7 * (1 + 0.044715 * z7**2))  # (45)  (m, 11, 64)
    # (45)  (m, 11, 64)
    dJ_dz7 = (
        dJ_da7
        * (
            7.978845608028654e-06 * sigmoid_z7 * z7
            * sigmoid(-1.5957691216057308 * z7 * (1 + 0.044715 * z7**2)) * (200000 + 26829 * z7**2)
            + sigmoid_z7
        )
    )
    dJ_dW7 = y6.reshape(-1, 32).T @ dJ_dz7.reshape(-1, 64)       # (46)  (32, 64)
    dJ_db7 = dJ_dz7.sum(axis=(0, 1))                             # (47)  (64,)
    dJ_dy6 = dJ_dz7 @ W7.T                                       # (48)  (m, 11, 32)
    # (49)  (32,)
    dJ_dg6 = (dJ_dy6 * (s5 - mu6[:, :, np.newaxis])).reshape(-1, 32).T @ y6_1.reshape(-1)
    dJ_db6 = dJ_dy6.sum(axis=(0, 1))                             # (50)  (32,)
    # (51)  (m, 11)
    dJ_dv6 = dJ_dy6 * (mu6[:, :, np.newaxis] - s5) @ g6 / (2 * (v6 + epsilon6) ** 1.5)
    dJ_dmu6 = dJ_dv6 * (32 * mu6 - sum_s5) / 16 - y6_1 * (dJ_dy6 @ g6)  # (52)  (m, 11)
    # (53)  (m, 11, 32)
    dJ_ds5 = (
        dJ_dv6[:, :, np.newaxis] * (s5 - mu6[:, :, np.newaxis]) / 16
        + dJ_dy6 * y6_1[:, :, np.newaxis] * g6 + dJ_ds9 + dJ_dmu6[:, :, np.newaxis] / 32
    )
    dJ_dy4 = dJ_ds5                                              # (54)  (m, 11, 32)
    dJ_dWo4 = (A4.reshape(-1, 32).T @ dJ_dy4.reshape(-1, 32)).reshape(4, 8, 32)  # (55)  (4, 8, 32)
    dJ_dbo4 = dJ_dy4.sum(axis=(0, 1))                            # (56)  (32,)
    # (57)  (m, 11, 4, 8)
    dJ_dA4 = (dJ_dy4.reshape(-1, 32) @ Wo4.reshape(32, 32).T).reshape(m, 11, 4, 8)
    dJ_dP4 = dJ_dA4.transpose(0, 2, 1, 3) @ V4.transpose(0, 2, 3, 1)  # (58)  (m, 4, 11, 11)
    dJ_dS4 = P4 * (dJ_dP4 - np.sum(dJ_dP4 * P4, axis=3, keepdims=True))  # (59)  (m, 4, 11, 11)
    # (60)  (m, 11, 4, 8)
    dJ_dV4 = (P4.transpose(0, 1, 3, 2) @ dJ_dA4.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    dJ_dWv4 = (y3.reshape(-1, 32).T @ dJ_dV4.reshape(-1, 32)).reshape(32, 4, 8)  # (61)  (32, 4, 8)
    dJ_dbv4 = dJ_dV4.sum(axis=(0, 1))                            # (62)  (4, 8)
    # (63)  (m, 4, 11, 11)
    piecewise_dJ_dS4 = np.where(
        np.arange(11)[:, np.newaxis] >= np.arange(11),
        0.3535533905932738 * dJ_dS4,
        0,
    )
    # (63)  (m, 11, 4, 8)
    dJ_dK4 = (
        (piecewise_dJ_dS4.transpose(0, 1, 3, 2) @ Q4.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    )
    dJ_dWk4 = (y3.reshape(-1, 32).T @ dJ_dK4.reshape(-1, 32)).reshape(32, 4, 8)  # (64)  (32, 4, 8)
    dJ_dbk4 = dJ_dK4.sum(axis=(0, 1))                            # (65)  (4, 8)
    # (66)  (m, 11, 4, 8)
    dJ_dQ4 = (piecewise_dJ_dS4 @ K4.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    dJ_dWq4 = (y3.reshape(-1, 32).T @ dJ_dQ4.reshape(-1, 32)).reshape(32, 4, 8)  # (67)  (32, 4, 8)
    dJ_dbq4 = dJ_dQ4.sum(axis=(0, 1))                            # (68)  (4, 8)
    # (69)  (m, 11, 32)
    dJ_dy3 = (
        (dJ_dK4.reshape(-1, 32) @ Wk4.reshape(32, 32).T).reshape(m, 11, 32)
        + (dJ_dQ4.reshape(-1, 32) @ Wq4.reshape(32, 32).T).reshape(m, 11, 32)
        + (dJ_dV4.reshape(-1, 32) @ Wv4.reshape(32, 32).T).reshape(m, 11, 32)
    )
    # (70)  (32,)
    dJ_dg3 = (dJ_dy3 * (y2 - mu3[:, :, np.newaxis])).reshape(-1, 32).T @ y3_1.reshape(-1)
    dJ_db3 = dJ_dy3.sum(axis=(0, 1))                             # (71)  (32,)
    # (72)  (m, 11)
    dJ_dv3 = dJ_dy3 * (mu3[:, :, np.newaxis] - y2) @ g3 / (2 * (v3 + epsilon3) ** 1.5)
    dJ_dmu3 = dJ_dv3 * (32 * mu3 - sum_y2) / 16 - y3_1 * (dJ_dy3 @ g3)  # (73)  (m, 11)
    # (74)  (m, 11, 32)
    dJ_dy2 = (
        dJ_dv3[:, :, np.newaxis] * (y2 - mu3[:, :, np.newaxis]) / 16
        + dJ_dy3 * y3_1[:, :, np.newaxis] * g3 + dJ_ds5 + dJ_dmu3[:, :, np.newaxis] / 32
    )
    dJ_dp2 = dJ_dy2.sum(axis=0)                                  # (75)  (11, 32)
    dJ_de1 = dJ_dy2                                              # (76)  (m, 11, 32)
    dJ_dE1 = np.zeros((10, 32), E1.dtype)                        # (77)  (10, 32)
    np.add.at(dJ_dE1, x, dJ_de1)
    gradients = {
        "E1": dJ_dE1,
        "p2": dJ_dp2,
        "g3": dJ_dg3,
        "b3": dJ_db3,
        "Wq4": dJ_dWq4,
        "bq4": dJ_dbq4,
        "Wk4": dJ_dWk4,
        "bk4": dJ_dbk4,
        "Wv4": dJ_dWv4,
        "bv4": dJ_dbv4,
        "Wo4": dJ_dWo4,
        "bo4": dJ_dbo4,
        "g6": dJ_dg6,
        "b6": dJ_db6,
        "W7": dJ_dW7,
        "b7": dJ_db7,
        "W8": dJ_dW8,
        "b8": dJ_db8,
        "g10": dJ_dg10,
        "b10": dJ_db10,
        "W12": dJ_dW12,
        "b12": dJ_db12,
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
    E1, p2, g3, b3 = parameters["E1"], parameters["p2"], parameters["g3"], parameters["b3"]
    Wq4, bq4, Wk4, bk4 = parameters["Wq4"], parameters["bq4"], parameters["Wk4"], parameters["bk4"]
    Wv4, bv4, Wo4, bo4 = parameters["Wv4"], parameters["bv4"], parameters["Wo4"], parameters["bo4"]
    g6, b6, W7, b7 = parameters["g6"], parameters["b6"], parameters["W7"], parameters["b7"]
    W8, b8, g10, b10 = parameters["W8"], parameters["b8"], parameters["g10"], parameters["b10"]
    W12, b12 = parameters["W12"], parameters["b12"]
    e1 = E1[x]                                                   # (1)  (m, 11, 32)
    y2 = e1 + p2                                                 # (2)  (m, 11, 32)
    sum_y2 = y2.sum(axis=2)                                      # (3)  (m, 11)
    mu3 = sum_y2 / 32                                            # (3)  (m, 11)
    v3 = np.sum((y2 - mu3[:, :, np.newaxis]) ** 2, axis=2) / 32  # (4)  (m, 11)
    y3_1 = 1 / np.sqrt(v3 + epsilon3)                            # (5)  (m, 11)
    y3 = y3_1[:, :, np.newaxis] * (y2 - mu3[:, :, np.newaxis]) * g3 + b3  # (5)  (m, 11, 32)
    Q4 = (y3.reshape(-1, 32) @ Wq4.reshape(32, 32)).reshape(m, 11, 4, 8) + bq4  # (6)  (m, 11, 4, 8)
    K4 = (y3.reshape(-1, 32) @ Wk4.reshape(32, 32)).reshape(m, 11, 4, 8) + bk4  # (7)  (m, 11, 4, 8)
    V4 = (y3.reshape(-1, 32) @ Wv4.reshape(32, 32)).reshape(m, 11, 4, 8) + bv4  # (8)  (m, 11, 4, 8)
    S4_1 = Q4.transpose(0, 2, 1, 3) @ K4.transpose(0, 2, 3, 1)   # (9)  (m, 4, 11, 11)
    # (9)  (m, 4, 11, 11)
    S4 = np.where(np.arange(11)[:, np.newaxis] >= np.arange(11), 0.3535533905932738 * S4_1, -1e+30)
    exp_S4 = np.exp(S4 - S4.max(axis=3, keepdims=True))          # (10)  (m, 4, 11, 11)
    P4 = exp_S4 / exp_S4.sum(axis=3, keepdims=True)              # (10)  (m, 4, 11, 11)
    A4 = (P4 @ V4.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)   # (11)  (m, 11, 4, 8)
    y4 = (A4.reshape(-1, 32) @ Wo4.reshape(32, 32)).reshape(m, 11, 32) + bo4  # (12)  (m, 11, 32)
    s5 = y2 + y4                                                 # (13)  (m, 11, 32)
    sum_s5 = s5.sum(axis=2)                                      # (14)  (m, 11)
    mu6 = sum_s5 / 32                                            # (14)  (m, 11)
    v6 = np.sum((s5 - mu6[:, :, np.newaxis]) ** 2, axis=2) / 32  # (15)  (m, 11)
    y6_1 = 1 / np.sqrt(v6 + epsilon6)                            # (16)  (m, 11)
    y6 = y6_1[:, :, np.newaxis] * (s5 - mu6[:, :, np.newaxis]) * g6 + b6  # (16)  (m, 11, 32)
    z7 = y6 @ W7 + b7                                            # (17)  (m, 11, 64)
    a7 = z7 * sigmoid(1.5957691216057308 * (0.044715 * z7**3 + z7))  # (18)  (m, 11, 64)
    z8 = a7 @ W8 + b8                                            # (19)  (m, 11, 32)
    s9 = s5 + z8                                                 # (20)  (m, 11, 32)
    sum_s9 = s9.sum(axis=2)                                      # (21)  (m, 11)
    mu10 = sum_s9 / 32                                           # (21)  (m, 11)
    v10 = np.sum((s9 - mu10[:, :, np.newaxis]) ** 2, axis=2) / 32  # (22)  (m, 11)
    y10_1 = 1 / np.sqrt(v10 + epsilon10)                         # (23)  (m, 11)
    y10 = y10_1[:, :, np.newaxis] * (s9 - mu10[:, :, np.newaxis]) * g10 + b10  # (23)  (m, 11, 32)
    y11 = y10[:, 5:]                                             # (24)  (m, 6, 32)
    z12 = y11 @ W12 + b12                                        # (25)  (m, 6, 10)
    max_z12 = z12.max(axis=2)                                    # (26)  (m, 6)
    exp_z12 = np.exp(z12 - max_z12[:, :, np.newaxis])            # (26)  (m, 6, 10)
    sum_exp_z12 = exp_z12.sum(axis=2)                            # (26)  (m, 6)
    a12 = exp_z12 / sum_exp_z12[:, :, np.newaxis]                # (26)  (m, 6, 10)
    # (27)  (m, 6)
    e = max_z12 + np.log(sum_exp_z12) - z12[np.arange(m)[:, np.newaxis], np.arange(6), t]
    J = e.sum() / (6 * m)                                        # (28)  scalar
    dJ_de = np.full((m, 6), 1 / (6 * m), E1.dtype)               # (29)  (m, 6)
    dJ_da12 = -((t[:, :, np.newaxis] == np.arange(10)) / (6 * m * a12))  # (30)  (m, 6, 10)
    dJ_dz12 = (a12 - (t[:, :, np.newaxis] == np.arange(10))) / (6 * m)  # (31)  (m, 6, 10)
    dJ_dW12 = y11.reshape(-1, 32).T @ dJ_dz12.reshape(-1, 10)    # (32)  (32, 10)
    dJ_db12 = dJ_dz12.sum(axis=(0, 1))                           # (33)  (10,)
    dJ_dy11 = dJ_dz12 @ W12.T                                    # (34)  (m, 6, 32)
    dJ_dy10 = np.zeros((m, 11, 32), E1.dtype)                    # (35)  (m, 11, 32)
    dJ_dy10[:, 5:] += dJ_dy11
    # (36)  (32,)
    dJ_dg10 = (dJ_dy10 * (s9 - mu10[:, :, np.newaxis])).reshape(-1, 32).T @ y10_1.reshape(-1)
    dJ_db10 = dJ_dy10.sum(axis=(0, 1))                           # (37)  (32,)
    # (38)  (m, 11)
    dJ_dv10 = dJ_dy10 * (mu10[:, :, np.newaxis] - s9) @ g10 / (2 * (v10 + epsilon10) ** 1.5)
    dJ_dmu10 = dJ_dv10 * (32 * mu10 - sum_s9) / 16 - y10_1 * (dJ_dy10 @ g10)  # (39)  (m, 11)
    # (40)  (m, 11, 32)
    dJ_ds9 = (
        dJ_dv10[:, :, np.newaxis] * (s9 - mu10[:, :, np.newaxis]) / 16
        + dJ_dy10 * y10_1[:, :, np.newaxis] * g10 + dJ_dmu10[:, :, np.newaxis] / 32
    )
    dJ_dz8 = dJ_ds9                                              # (41)  (m, 11, 32)
    dJ_dW8 = a7.reshape(-1, 64).T @ dJ_dz8.reshape(-1, 32)       # (42)  (64, 32)
    dJ_db8 = dJ_dz8.sum(axis=(0, 1))                             # (43)  (32,)
    dJ_da7 = dJ_dz8 @ W8.T                                       # (44)  (m, 11, 64)
    sigmoid_z7 = sigmoid(1.5957691216057308 * z7 * (1 + 0.044715 * z7**2))  # (45)  (m, 11, 64)
    # (45)  (m, 11, 64)
    dJ_dz7 = (
        dJ_da7
        * (
            7.978845608028654e-06 * sigmoid_z7 * z7
            * sigmoid(-1.5957691216057308 * z7 * (1 + 0.044715 * z7**2)) * (200000 + 26829 * z7**2)
            + sigmoid_z7
        )
    )
    dJ_dW7 = y6.reshape(-1, 32).T @ dJ_dz7.reshape(-1, 64)       # (46)  (32, 64)
    dJ_db7 = dJ_dz7.sum(axis=(0, 1))                             # (47)  (64,)
    dJ_dy6 = dJ_dz7 @ W7.T                                       # (48)  (m, 11, 32)
    # (49)  (32,)
    dJ_dg6 = (dJ_dy6 * (s5 - mu6[:, :, np.newaxis])).reshape(-1, 32).T @ y6_1.reshape(-1)
    dJ_db6 = dJ_dy6.sum(axis=(0, 1))                             # (50)  (32,)
    # (51)  (m, 11)
    dJ_dv6 = dJ_dy6 * (mu6[:, :, np.newaxis] - s5) @ g6 / (2 * (v6 + epsilon6) ** 1.5)
    dJ_dmu6 = dJ_dv6 * (32 * mu6 - sum_s5) / 16 - y6_1 * (dJ_dy6 @ g6)  # (52)  (m, 11)
    # (53)  (m, 11, 32)
    dJ_ds5 = (
        dJ_dv6[:, :, np.newaxis] * (s5 - mu6[:, :, np.newaxis]) / 16
        + dJ_dy6 * y6_1[:, :, np.newaxis] * g6 + dJ_ds9 + dJ_dmu6[:, :, np.newaxis] / 32
    )
    dJ_dy4 = dJ_ds5                                              # (54)  (m, 11, 32)
    dJ_dWo4 = (A4.reshape(-1, 32).T @ dJ_dy4.reshape(-1, 32)).reshape(4, 8, 32)  # (55)  (4, 8, 32)
    dJ_dbo4 = dJ_dy4.sum(axis=(0, 1))                            # (56)  (32,)
    # (57)  (m, 11, 4, 8)
    dJ_dA4 = (dJ_dy4.reshape(-1, 32) @ Wo4.reshape(32, 32).T).reshape(m, 11, 4, 8)
    dJ_dP4 = dJ_dA4.transpose(0, 2, 1, 3) @ V4.transpose(0, 2, 3, 1)  # (58)  (m, 4, 11, 11)
    dJ_dS4 = P4 * (dJ_dP4 - np.sum(dJ_dP4 * P4, axis=3, keepdims=True))  # (59)  (m, 4, 11, 11)
    # (60)  (m, 11, 4, 8)
    dJ_dV4 = (P4.transpose(0, 1, 3, 2) @ dJ_dA4.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    dJ_dWv4 = (y3.reshape(-1, 32).T @ dJ_dV4.reshape(-1, 32)).reshape(32, 4, 8)  # (61)  (32, 4, 8)
    dJ_dbv4 = dJ_dV4.sum(axis=(0, 1))                            # (62)  (4, 8)
    # (63)  (m, 4, 11, 11)
    piecewise_dJ_dS4 = np.where(
        np.arange(11)[:, np.newaxis] >= np.arange(11),
        0.3535533905932738 * dJ_dS4,
        0,
    )
    # (63)  (m, 11, 4, 8)
    dJ_dK4 = (
        (piecewise_dJ_dS4.transpose(0, 1, 3, 2) @ Q4.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    )
    dJ_dWk4 = (y3.reshape(-1, 32).T @ dJ_dK4.reshape(-1, 32)).reshape(32, 4, 8)  # (64)  (32, 4, 8)
    dJ_dbk4 = dJ_dK4.sum(axis=(0, 1))                            # (65)  (4, 8)
    # (66)  (m, 11, 4, 8)
    dJ_dQ4 = (piecewise_dJ_dS4 @ K4.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    dJ_dWq4 = (y3.reshape(-1, 32).T @ dJ_dQ4.reshape(-1, 32)).reshape(32, 4, 8)  # (67)  (32, 4, 8)
    dJ_dbq4 = dJ_dQ4.sum(axis=(0, 1))                            # (68)  (4, 8)
    # (69)  (m, 11, 32)
    dJ_dy3 = (
        (dJ_dK4.reshape(-1, 32) @ Wk4.reshape(32, 32).T).reshape(m, 11, 32)
        + (dJ_dQ4.reshape(-1, 32) @ Wq4.reshape(32, 32).T).reshape(m, 11, 32)
        + (dJ_dV4.reshape(-1, 32) @ Wv4.reshape(32, 32).T).reshape(m, 11, 32)
    )
    # (70)  (32,)
    dJ_dg3 = (dJ_dy3 * (y2 - mu3[:, :, np.newaxis])).reshape(-1, 32).T @ y3_1.reshape(-1)
    dJ_db3 = dJ_dy3.sum(axis=(0, 1))                             # (71)  (32,)
    # (72)  (m, 11)
    dJ_dv3 = dJ_dy3 * (mu3[:, :, np.newaxis] - y2) @ g3 / (2 * (v3 + epsilon3) ** 1.5)
    dJ_dmu3 = dJ_dv3 * (32 * mu3 - sum_y2) / 16 - y3_1 * (dJ_dy3 @ g3)  # (73)  (m, 11)
    # (74)  (m, 11, 32)
    dJ_dy2 = (
        dJ_dv3[:, :, np.newaxis] * (y2 - mu3[:, :, np.newaxis]) / 16
        + dJ_dy3 * y3_1[:, :, np.newaxis] * g3 + dJ_ds5 + dJ_dmu3[:, :, np.newaxis] / 32
    )
    dJ_dp2 = dJ_dy2.sum(axis=0)                                  # (75)  (11, 32)
    dJ_de1 = dJ_dy2                                              # (76)  (m, 11, 32)
    dJ_dE1 = np.zeros((10, 32), E1.dtype)                        # (77)  (10, 32)
    np.add.at(dJ_dE1, x, dJ_de1)
    return {
        "e1": e1,
        "y2": y2,
        "mu3": mu3,
        "v3": v3,
        "y3": y3,
        "Q4": Q4,
        "K4": K4,
        "V4": V4,
        "S4": S4,
        "P4": P4,
        "A4": A4,
        "y4": y4,
        "s5": s5,
        "mu6": mu6,
        "v6": v6,
        "y6": y6,
        "z7": z7,
        "a7": a7,
        "z8": z8,
        "s9": s9,
        "mu10": mu10,
        "v10": v10,
        "y10": y10,
        "y11": y11,
        "z12": z12,
        "a12": a12,
        "e": e,
        "J": J,
        "dJ_de": dJ_de,
        "dJ_da12": dJ_da12,
        "dJ_dz12": dJ_dz12,
        "dJ_dW12": dJ_dW12,
        "dJ_db12": dJ_db12,
        "dJ_dy11": dJ_dy11,
        "dJ_dy10": dJ_dy10,
        "dJ_dg10": dJ_dg10,
        "dJ_db10": dJ_db10,
        "dJ_dv10": dJ_dv10,
        "dJ_dmu10": dJ_dmu10,
        "dJ_ds9": dJ_ds9,
        "dJ_dz8": dJ_dz8,
        "dJ_dW8": dJ_dW8,
        "dJ_db8": dJ_db8,
        "dJ_da7": dJ_da7,
        "dJ_dz7": dJ_dz7,
        "dJ_dW7": dJ_dW7,
        "dJ_db7": dJ_db7,
        "dJ_dy6": dJ_dy6,
        "dJ_dg6": dJ_dg6,
        "dJ_db6": dJ_db6,
        "dJ_dv6": dJ_dv6,
        "dJ_dmu6": dJ_dmu6,
        "dJ_ds5": dJ_ds5,
        "dJ_dy4": dJ_dy4,
        "dJ_dWo4": dJ_dWo4,
        "dJ_dbo4": dJ_dbo4,
        "dJ_dA4": dJ_dA4,
        "dJ_dP4": dJ_dP4,
        "dJ_dS4": dJ_dS4,
        "dJ_dV4": dJ_dV4,
        "dJ_dWv4": dJ_dWv4,
        "dJ_dbv4": dJ_dbv4,
        "dJ_dK4": dJ_dK4,
        "dJ_dWk4": dJ_dWk4,
        "dJ_dbk4": dJ_dbk4,
        "dJ_dQ4": dJ_dQ4,
        "dJ_dWq4": dJ_dWq4,
        "dJ_dbq4": dJ_dbq4,
        "dJ_dy3": dJ_dy3,
        "dJ_dg3": dJ_dg3,
        "dJ_db3": dJ_db3,
        "dJ_dv3": dJ_dv3,
        "dJ_dmu3": dJ_dmu3,
        "dJ_dy2": dJ_dy2,
        "dJ_dp2": dJ_dp2,
        "dJ_de1": dJ_de1,
        "dJ_dE1": dJ_dE1,
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
    e1 = y2 = scratch19 = dJ_dv3_1 = dJ_dy2 = memory.array(m, 11, 32)
    sum_y2 = memory.array(m, 11)
    mu3 = dJ_dmu3 = scratch22 = memory.array(m, 11)
    v3_2 = memory.array(m, 11, 32)
    v3_3 = y3 = dJ_dy3 = scratch21 = memory.array(m, 11, 32)
    v3 = scratch = mu6 = dJ_dmu6 = dJ_dg3_2 = dJ_dv3 = memory.array(m, 11)
    y3_1 = scratch20 = memory.array(m, 11)
    y3_2 = memory.array(m, 11)
    Q4 = dJ_dQ4 = memory.array(m, 11, 4, 8)
    K4 = memory.array(m, 11, 4, 8)
    V4 = dJ_dV4 = memory.array(m, 11, 4, 8)
    S4 = P4 = memory.array(m, 4, 11, 11)
    mask = memory.array(11, 11, dtype=bool)
    scratch2 = memory.array(11, 11)
    turned_S4 = memory.array(11, m, 4, 11)
    max_S4 = sum_exp_S4 = dJ_dS4_1 = memory.array(m, 4, 11)
    A4 = dJ_dA4 = dJ_dK4 = memory.array(m, 11, 4, 8)
    y4 = s5 = scratch15 = dJ_dv6_1 = dJ_ds5 = memory.array(m, 11, 32)
    sum_s5 = memory.array(m, 11)
    v6_2 = memory.array(m, 11, 32)
    v6_3 = y6 = dJ_dy6 = scratch17 = memory.array(m, 11, 32)
    v6 = scratch3 = mu10 = dJ_dmu10 = dJ_dg6_2 = dJ_dv6 = dJ_dmu3_1 = memory.array(m, 11)
    y6_1 = scratch16 = memory.array(m, 11)
    y6_2 = memory.array(m, 11)
    z7 = memory.array(m, 11, 64)
    a7 = dJ_da7 = dJ_dz7 = memory.array(m, 11, 64)
    z8 = s9 = scratch6 = dJ_dv10_1 = dJ_ds9 = memory.array(m, 11, 32)
    sum_s9 = memory.array(m, 11)
    v10_2 = memory.array(m, 11, 32)
    v10_3 = y10 = dJ_dy10 = scratch10 = dJ_dg6_1 = memory.array(m, 11, 32)
    v10 = y10_1 = dJ_dv10 = scratch9 = dJ_dmu6_1 = memory.array(m, 11)
    scratch4 = y10_2 = memory.array(m, 11)
    y11 = dJ_dy11 = memory.array(m, 6, 32)
    z12 = dJ_dz12 = memory.array(m, 6, 10)
    turned_z12 = memory.array(10, m, 6)
    max_z12 = e = memory.array(m, 6)
    sum_exp_z12 = scratch5 = memory.array(m, 6)
    position_ = memory.array(m, 6, dtype=np.int64)
    z12_at_t = memory.array(m, 6)
    mask2 = memory.array(m, 6, 10, dtype=bool)
    dJ_dg10_1 = memory.array(m, 11, 32)
    dJ_dg10_2 = sum_g10 = scratch7 = dJ_dmu10_1 = memory.array(m, 11)
    scratch8 = memory.array(m, 11)
    dJ_dz7_1 = scratch14 = memory.array(m, 11, 64)
    scratch11 = dJ_dz7_2 = memory.array(m, 11, 64)
    scratch12 = sigmoid_z7 = memory.array(m, 11, 64)
    scratch13 = memory.array(m, 11, 64)
    dJ_dS4_2 = memory.array(m, 4, 11, 11)
    position2 = memory.array(m, 11, 32, dtype=np.int64)
    a12 = turned_z12.reshape(m, 6, 10)
    dJ_dP4 = turned_S4.reshape(m, 4, 11, 11)
    dJ_dS4 = turned_S4.reshape(m, 4, 11, 11)
    scratch18 = turned_S4.reshape(m, 4, 11, 11)
    piecewise_dJ_dS4 = turned_S4.reshape(m, 4, 11, 11)
    dJ_dy3_2 = K4.reshape(m, 11, 32)
    dJ_dy3_3 = Q4.reshape(m, 11, 32)
    dJ_dg3_1 = Q4.reshape(m, 11, 32)
    numbers_11 = np.arange(11, dtype=memory.dtype)
    range_10 = np.arange(10)
    range_32 = np.arange(32)
    range_6 = np.arange(6)
    range_m = np.arange(m)
    ones_10 = np.full((10,), 1, memory.dtype)
    ones_11 = np.full((11,), 1, memory.dtype)
    ones_32 = np.full((32,), 1, memory.dtype)
    ones_m = np.full((m,), 1, memory.dtype)
    return (
        e1, y2, scratch19, dJ_dv3_1, dJ_dy2, sum_y2, mu3, dJ_dmu3, scratch22, v3_2, v3_3, y3,
        dJ_dy3, scratch21, v3, scratch, mu6, dJ_dmu6, dJ_dg3_2, dJ_dv3, y3_1, scratch20, y3_2, Q4,
        dJ_dQ4, K4, V4, dJ_dV4, S4, P4, mask, scratch2, turned_S4, max_S4, sum_exp_S4, dJ_dS4_1,
        A4, dJ_dA4, dJ_dK4, y4, s5, scratch15, dJ_dv6_1, dJ_ds5, sum_s5, v6_2, v6_3, y6, dJ_dy6,
        scratch17, v6, scratch3, mu10, dJ_dmu10, dJ_dg6_2, dJ_dv6, dJ_dmu3_1, y6_1, scratch16,
        y6_2, z7, a7, dJ_da7, dJ_dz7, z8, s9, scratch6, dJ_dv10_1, dJ_ds9, sum_s9, v10_2, v10_3,
        y10, dJ_dy10, scratch10, dJ_dg6_1, v10, y10_1, dJ_dv10, scratch9, dJ_dmu6_1, scratch4,
        y10_2, y11, dJ_dy11, z12, dJ_dz12, turned_z12, max_z12, e, sum_exp_z12, scratch5,
        position_, z12_at_t, mask2, dJ_dg10_1, dJ_dg10_2, sum_g10, scratch7, dJ_dmu10_1, scratch8,
        dJ_dz7_1, scratch14, scratch11, dJ_dz7_2, scratch12, sigmoid_z7, scratch13, dJ_dS4_2,
        position2, a12, dJ_dP4, dJ_dS4, scratch18, piecewise_dJ_dS4, dJ_dy3_2, dJ_dy3_3, dJ_dg3_1,
        numbers_11, range_10, range_32, range_6, range_m, ones_10, ones_11, ones_32, ones_m,
    )


def _step(
    parameters: tuple[Array, ...],
    gradients: tuple[Array, ...],
    arrays: tuple[Array, ...],
    x: Array,
    t: Array,
) -> float:
    """Write the gradients of one batch into `gradients`; return the loss."""
    (
        E1, p2, g3, b3, Wq4, bq4, Wk4, bk4, Wv4, bv4, Wo4, bo4, g6, b6, W7, b7, W8, b8, g10, b10,
        W12, b12,
    ) = parameters
    (
        dJ_dE1, dJ_dp2, dJ_dg3, dJ_db3, dJ_dWq4, dJ_dbq4, dJ_dWk4, dJ_dbk4, dJ_dWv4, dJ_dbv4,
        dJ_dWo4, dJ_dbo4, dJ_dg6, dJ_db6, dJ_dW7, dJ_db7, dJ_dW8, dJ_db8, dJ_dg10, dJ_db10,
        dJ_dW12, dJ_db12,
    ) = gradients
    (
        e1, y2, scratch19, dJ_dv3_1, dJ_dy2, sum_y2, mu3, dJ_dmu3, scratch22, v3_2, v3_3, y3,
        dJ_dy3, scratch21, v3, scratch, mu6, dJ_dmu6, dJ_dg3_2, dJ_dv3, y3_1, scratch20, y3_2, Q4,
        dJ_dQ4, K4, V4, dJ_dV4, S4, P4, mask, scratch2, turned_S4, max_S4, sum_exp_S4, dJ_dS4_1,
        A4, dJ_dA4, dJ_dK4, y4, s5, scratch15, dJ_dv6_1, dJ_ds5, sum_s5, v6_2, v6_3, y6, dJ_dy6,
        scratch17, v6, scratch3, mu10, dJ_dmu10, dJ_dg6_2, dJ_dv6, dJ_dmu3_1, y6_1, scratch16,
        y6_2, z7, a7, dJ_da7, dJ_dz7, z8, s9, scratch6, dJ_dv10_1, dJ_ds9, sum_s9, v10_2, v10_3,
        y10, dJ_dy10, scratch10, dJ_dg6_1, v10, y10_1, dJ_dv10, scratch9, dJ_dmu6_1, scratch4,
        y10_2, y11, dJ_dy11, z12, dJ_dz12, turned_z12, max_z12, e, sum_exp_z12, scratch5,
        position_, z12_at_t, mask2, dJ_dg10_1, dJ_dg10_2, sum_g10, scratch7, dJ_dmu10_1, scratch8,
        dJ_dz7_1, scratch14, scratch11, dJ_dz7_2, scratch12, sigmoid_z7, scratch13, dJ_dS4_2,
        position2, a12, dJ_dP4, dJ_dS4, scratch18, piecewise_dJ_dS4, dJ_dy3_2, dJ_dy3_3, dJ_dg3_1,
        numbers_11, range_10, range_32, range_6, range_m, ones_10, ones_11, ones_32, ones_m,
    ) = arrays
    m = len(x)
    # (1)  e1[n,t,j] = E1[x[n,t],j]
    np.take(E1, x, axis=0, out=e1, mode="clip")
    # (2)  y2[n,t,j] = e1[n,t,j] + p2[t,j]
    np.add(e1, p2, out=y2)
    # (3)  mu3[n,t] = Σ_j y2[n,t,j] / d1
    np.matmul(y2.reshape(-1, 32), ones_32, out=sum_y2.reshape(-1))
    np.multiply(1 / 32, sum_y2, out=mu3)
    # (4)  v3[n,t] = Σ_j (y2[n,t,j] − mu3[n,t])² / d1
    np.subtract(y2, mu3[:, :, np.newaxis], out=v3_2)
    np.square(v3_2, out=v3_3)
    np.matmul(v3_3.reshape(-1, 32), ones_32, out=v3.reshape(-1))
    np.multiply(1 / 32, v3, out=v3)
    # (5)  y3[n,t,j] = (y2[n,t,j] − mu3[n,t])·g3[j] / √(v3[n,t] + epsilon3) + b3[j]
    np.add(v3, epsilon3, out=y3_1)
    np.sqrt(y3_1, out=scratch)
    np.reciprocal(scratch, out=y3_2)
    np.multiply(y3_2[:, :, np.newaxis], v3_2, out=y3)
    np.multiply(y3, g3, out=y3)
    np.add(y3, b3, out=y3)
    # (6)  Q4[n,i,h,d] = Σ_k y3[n,i,k]·Wq4[k,h,d] + bq4[h,d]
    np.matmul(y3.reshape(-1, 32), Wq4.reshape(32, 32), out=Q4.reshape(-1, 32))
    np.add(Q4, bq4, out=Q4)
    # (7)  K4[n,j,h,d] = Σ_k y3[n,j,k]·Wk4[k,h,d] + bk4[h,d]
    np.matmul(y3.reshape(-1, 32), Wk4.reshape(32, 32), out=K4.reshape(-1, 32))
    np.add(K4, bk4, out=K4)
    # (8)  V4[n,j,h,d] = Σ_k y3[n,j,k]·Wv4[k,h,d] + bv4[h,d]
    np.matmul(y3.reshape(-1, 32), Wv4.reshape(32, 32), out=V4.reshape(-1, 32))
    np.add(V4, bv4, out=V4)
    # (9)  S4[n,h,i,j] = {√(2)·Σ_d K4[n,j,h,d]·Q4[n,i,h,d] / 4 if i ≥ j;
    #     −1000000000000000000000000000000 otherwise}
    np.matmul(Q4.transpose(0, 2, 1, 3), K4.transpose(0, 2, 3, 1), out=S4)
    np.greater_equal(numbers_11[:, np.newaxis], numbers_11, out=mask)
    np.multiply(0.3535533905932738, S4, out=S4)
    np.multiply(S4, mask, out=S4)
    np.logical_not(mask, out=mask)
    np.multiply(-1e+30, mask, out=scratch2)
    np.add(S4, scratch2, out=S4)
    # (10)  P4[n,h,i,j] = exp(S4[n,h,i,j]) / (Σ_p exp(S4[n,h,i,p]))
    np.copyto(turned_S4, S4.transpose(3, 0, 1, 2))
    np.maximum.reduce(turned_S4, axis=0, out=max_S4)
    np.subtract(S4, max_S4[:, :, :, np.newaxis], out=P4)
    np.exp(P4, out=P4)
    np.matmul(P4.reshape(-1, 11), ones_11, out=sum_exp_S4.reshape(-1))
    np.divide(P4, sum_exp_S4[:, :, :, np.newaxis], out=P4)
    # (11)  A4[n,i,h,d] = Σ_j P4[n,h,i,j]·V4[n,j,h,d]
    np.matmul(P4, V4.transpose(0, 2, 1, 3), out=A4.transpose(0, 2, 1, 3))
    # (12)  y4[n,i,c] = Σ_{h,d} A4[n,i,h,d]·Wo4[h,d,c] + bo4[c]
    np.matmul(A4.reshape(-1, 32), Wo4.reshape(32, 32), out=y4.reshape(-1, 32))
    np.add(y4, bo4, out=y4)
    # (13)  s5[n,t,j] = y2[n,t,j] + y4[n,t,j]
    np.add(y2, y4, out=s5)
    # (14)  mu6[n,t] = Σ_j s5[n,t,j] / d1
    np.matmul(s5.reshape(-1, 32), ones_32, out=sum_s5.reshape(-1))
    np.multiply(1 / 32, sum_s5, out=mu6)
    # (15)  v6[n,t] = Σ_j (s5[n,t,j] − mu6[n,t])² / d1
    np.subtract(s5, mu6[:, :, np.newaxis], out=v6_2)
    np.square(v6_2, out=v6_3)
    np.matmul(v6_3.reshape(-1, 32), ones_32, out=v6.reshape(-1))
    np.multiply(1 / 32, v6, out=v6)
    # (16)  y6[n,t,j] = (s5[n,t,j] − mu6[n,t])·g6[j] / √(v6[n,t] + epsilon6) + b6[j]
    np.add(v6, epsilon6, out=y6_1)
    np.sqrt(y6_1, out=scratch3)
    np.reciprocal(scratch3, out=y6_2)
    np.multiply(y6_2[:, :, np.newaxis], v6_2, out=y6)
    np.multiply(y6, g6, out=y6)
    np.add(y6, b6, out=y6)
    # (17)  z7[n,t,j] = Σ_k y6[n,t,k]·W7[k,j] + b7[j]
    np.matmul(y6.reshape(-1, 32), W7, out=z7.reshape(-1, 64))
    np.add(z7, b7, out=z7)
    # (18)  a7[n,t,j] = z7[n,t,j]·(1 + tanh(√(2)·(8943·z7[n,t,j]³ / 200000 + z7[n,t,j]) / √(pi))) /
    #     2
    np.square(z7, out=a7)
    np.multiply(a7, z7, out=a7)
    np.multiply(0.044715, a7, out=a7)
    np.add(a7, z7, out=a7)
    np.multiply(-1.5957691216057308, a7, out=a7)
    np.exp(a7, out=a7)
    np.add(a7, 1, out=a7)
    np.reciprocal(a7, out=a7)
    np.multiply(z7, a7, out=a7)
    # (19)  z8[n,t,j] = Σ_k a7[n,t,k]·W8[k,j] + b8[j]
    np.matmul(a7.reshape(-1, 64), W8, out=z8.reshape(-1, 32))
    np.add(z8, b8, out=z8)
    # (20)  s9[n,t,j] = s5[n,t,j] + z8[n,t,j]
    np.add(s5, z8, out=s9)
    # (21)  mu10[n,t] = Σ_j s9[n,t,j] / d1
    np.matmul(s9.reshape(-1, 32), ones_32, out=sum_s9.reshape(-1))
    np.multiply(1 / 32, sum_s9, out=mu10)
    # (22)  v10[n,t] = Σ_j (s9[n,t,j] − mu10[n,t])² / d1
    np.subtract(s9, mu10[:, :, np.newaxis], out=v10_2)
    np.square(v10_2, out=v10_3)
    np.matmul(v10_3.reshape(-1, 32), ones_32, out=v10.reshape(-1))
    np.multiply(1 / 32, v10, out=v10)
    # (23)  y10[n,t,j] = (s9[n,t,j] − mu10[n,t])·g10[j] / √(v10[n,t] + epsilon10) + b10[j]
    np.add(v10, epsilon10, out=y10_1)
    np.sqrt(y10_1, out=scratch4)
    np.reciprocal(scratch4, out=y10_2)
    np.multiply(y10_2[:, :, np.newaxis], v10_2, out=y10)
    np.multiply(y10, g10, out=y10)
    np.add(y10, b10, out=y10)
    # (24)  y11[n,i,j] = y10[n,i+5,j]·[i+5<d0]
    np.copyto(y11, y10[:, 5:])
    # (25)  z12[n,i,j] = Σ_k y11[n,i,k]·W12[k,j] + b12[j]
    np.matmul(y11.reshape(-1, 32), W12, out=z12.reshape(-1, 10))
    np.add(z12, b12, out=z12)
    # (26)  a12[n,i,j] = exp(z12[n,i,j]) / (Σ_k exp(z12[n,i,k]))
    np.copyto(turned_z12, z12.transpose(2, 0, 1))
    np.maximum.reduce(turned_z12, axis=0, out=max_z12)
    np.subtract(z12, max_z12[:, :, np.newaxis], out=a12)
    np.exp(a12, out=a12)
    np.matmul(a12.reshape(-1, 10), ones_10, out=sum_exp_z12.reshape(-1))
    np.divide(a12, sum_exp_z12[:, :, np.newaxis], out=a12)
    # (27)  e[n,i] = −log(a12[n,i,t[n,i]])
    np.multiply(range_m[:, np.newaxis], 6, out=position_)
    np.add(position_, range_6, out=position_)
    np.multiply(position_, 10, out=position_)
    np.add(position_, t, out=position_)
    np.take(z12, position_, out=z12_at_t, mode="clip")
    np.log(sum_exp_z12, out=scratch5)
    np.add(max_z12, scratch5, out=e)
    np.subtract(e, z12_at_t, out=e)
    # (28)  J = Σ_{n,i} e[n,i] / (d11_i·m)
    J = np.add.reduce(e, axis=None)
    J = J / (6 * m)
    # (31)  dJ_dz12[n,i,j] = (a12[n,i,j] − [j = t[n,i]]) / (d11_i·m)
    np.equal(t[:, :, np.newaxis], range_10, out=mask2)
    np.subtract(a12, mask2, out=dJ_dz12)
    np.divide(dJ_dz12, 6 * m, out=dJ_dz12)
    # (32)  dJ_dW12[k,j] = Σ_{n,i} y11[n,i,k]·dJ_dz12[n,i,j]
    np.matmul(y11.reshape(-1, 32).T, dJ_dz12.reshape(-1, 10), out=dJ_dW12)
    # (33)  dJ_db12[j] = Σ_{n,i} dJ_dz12[n,i,j]
    np.add.reduce(dJ_dz12, axis=(0, 1), out=dJ_db12)
    # (34)  dJ_dy11[n,i,j] = Σ_k dJ_dz12[n,i,k]·W12[j,k]
    np.matmul(dJ_dz12.reshape(-1, 10), W12.T, out=dJ_dy11.reshape(-1, 32))
    # (35)  dJ_dy10[n,t,j] = dJ_dy11[n,t−5,j]·[0≤t−5<d11_i]
    np.copyto(dJ_dy10, 0)
    np.add(dJ_dy10[:, 5:], dJ_dy11, out=dJ_dy10[:, 5:])
    # (36)  dJ_dg10[j] = Σ_{n,t} dJ_dy10[n,t,j]·(s9[n,t,j] − mu10[n,t]) / √(v10[n,t] + epsilon10)
    np.multiply(dJ_dy10, v10_2, out=dJ_dg10_1)
    np.copyto(dJ_dg10_2, y10_2)
    np.matmul(dJ_dg10_1.reshape(-1, 32).T, dJ_dg10_2.reshape(-1), out=dJ_dg10)
    # (37)  dJ_db10[j] = Σ_{n,t} dJ_dy10[n,t,j]
    np.add.reduce(dJ_dy10, axis=(0, 1), out=dJ_db10)
    # (38)  dJ_dv10[n,t] = Σ_j dJ_dy10[n,t,j]·(mu10[n,t] − s9[n,t,j])·g10[j] / (2·(v10[n,t] +
    #     epsilon10)^(3/2))
    np.subtract(mu10[:, :, np.newaxis], s9, out=scratch6)
    np.multiply(dJ_dy10, scratch6, out=dJ_dv10_1)
    np.matmul(dJ_dv10_1.reshape(-1, 32), g10, out=sum_g10.reshape(-1))
    np.multiply(0.5, sum_g10, out=scratch7)
    np.power(y10_1, 1.5, out=dJ_dv10)
    np.divide(scratch7, dJ_dv10, out=dJ_dv10)
    # (39)  dJ_dmu10[n,t] = 2·dJ_dv10[n,t]·(d1·mu10[n,t] − Σ_j s9[n,t,j]) / d1 − Σ_j
    #     dJ_dy10[n,t,j]·g10[j] / √(v10[n,t] + epsilon10)
    np.matmul(dJ_dy10.reshape(-1, 32), g10, out=dJ_dmu10_1.reshape(-1))
    np.multiply(0.0625, dJ_dv10, out=scratch8)
    np.multiply(32, mu10, out=dJ_dmu10)
    np.subtract(dJ_dmu10, sum_s9, out=dJ_dmu10)
    np.multiply(scratch8, dJ_dmu10, out=dJ_dmu10)
    np.multiply(dJ_dmu10_1, y10_2, out=scratch7)
    np.subtract(dJ_dmu10, scratch7, out=dJ_dmu10)
    # (40)  dJ_ds9[n,t,j] = dJ_dy10[n,t,j]·g10[j] / √(v10[n,t] + epsilon10) +
    #     2·dJ_dv10[n,t]·(s9[n,t,j] − mu10[n,t]) / d1 + dJ_dmu10[n,t] / d1
    np.multiply(0.0625, dJ_dv10, out=scratch9)
    np.multiply(scratch9[:, :, np.newaxis], v10_2, out=dJ_ds9)
    np.multiply(dJ_dy10, y10_2[:, :, np.newaxis], out=scratch10)
    np.multiply(scratch10, g10, out=scratch10)
    np.add(dJ_ds9, scratch10, out=dJ_ds9)
    np.multiply(1 / 32, dJ_dmu10, out=scratch3)
    np.add(dJ_ds9, scratch3[:, :, np.newaxis], out=dJ_ds9)
    # (42)  dJ_dW8[k,j] = Σ_{n,t} a7[n,t,k]·dJ_dz8[n,t,j]
    np.matmul(a7.reshape(-1, 64).T, dJ_ds9.reshape(-1, 32), out=dJ_dW8)
    # (43)  dJ_db8[j] = Σ_{n,t} dJ_dz8[n,t,j]
    np.add.reduce(dJ_ds9, axis=(0, 1), out=dJ_db8)
    # (44)  dJ_da7[n,t,j] = Σ_k dJ_dz8[n,t,k]·W8[j,k]
    np.matmul(dJ_ds9.reshape(-1, 32), W8.T, out=dJ_da7.reshape(-1, 64))
    # (45)  dJ_dz7[n,t,j] = dJ_da7[n,t,j]·(1/2 + tanh(√(2)·(8943·z7[n,t,j]³ / 200000 + z7[n,t,j]) /
    #     √(pi)) / 2 + √(2)·z7[n,t,j]·(1 − tanh(√(2)·(8943·z7[n,t,j]³ / 200000 + z7[n,t,j]) /
    #     √(pi))²)·(1 + 26829·z7[n,t,j]² / 200000) / (2·√(pi)))
    np.square(z7, out=dJ_dz7_1)
    np.multiply(0.044715, dJ_dz7_1, out=scratch11)
    np.add(1, scratch11, out=dJ_dz7_2)
    np.multiply(-1.5957691216057308, dJ_dz7_2, out=scratch12)
    np.multiply(scratch12, z7, out=scratch12)
    np.exp(scratch12, out=scratch12)
    np.add(scratch12, 1, out=scratch12)
    np.reciprocal(scratch12, out=sigmoid_z7)
    np.multiply(7.978845608028654e-06, sigmoid_z7, out=scratch13)
    np.multiply(scratch13, z7, out=scratch13)
    np.multiply(1.5957691216057308, dJ_dz7_2, out=scratch11)
    np.multiply(scratch11, z7, out=scratch11)
    np.exp(scratch11, out=scratch11)
    np.add(scratch11, 1, out=scratch11)
    np.reciprocal(scratch11, out=scratch11)
    np.multiply(scratch13, scratch11, out=scratch11)
    np.multiply(26829, dJ_dz7_1, out=scratch14)
    np.add(200000, scratch14, out=scratch14)
    np.multiply(scratch11, scratch14, out=scratch11)
    np.add(scratch11, sigmoid_z7, out=scratch11)
    np.multiply(dJ_da7, scratch11, out=dJ_dz7)
    # (46)  dJ_dW7[k,j] = Σ_{n,t} y6[n,t,k]·dJ_dz7[n,t,j]
    np.matmul(y6.reshape(-1, 32).T, dJ_dz7.reshape(-1, 64), out=dJ_dW7)
    # (47)  dJ_db7[j] = Σ_{n,t} dJ_dz7[n,t,j]
    np.add.reduce(dJ_dz7, axis=(0, 1), out=dJ_db7)
    # (48)  dJ_dy6[n,t,j] = Σ_k dJ_dz7[n,t,k]·W7[j,k]
    np.matmul(dJ_dz7.reshape(-1, 64), W7.T, out=dJ_dy6.reshape(-1, 32))
    # (49)  dJ_dg6[j] = Σ_{n,t} dJ_dy6[n,t,j]·(s5[n,t,j] − mu6[n,t]) / √(v6[n,t] + epsilon6)
    np.multiply(dJ_dy6, v6_2, out=dJ_dg6_1)
    np.copyto(dJ_dg6_2, y6_2)
    np.matmul(dJ_dg6_1.reshape(-1, 32).T, dJ_dg6_2.reshape(-1), out=dJ_dg6)
    # (50)  dJ_db6[j] = Σ_{n,t} dJ_dy6[n,t,j]
    np.add.reduce(dJ_dy6, axis=(0, 1), out=dJ_db6)
    # (51)  dJ_dv6[n,t] = Σ_j dJ_dy6[n,t,j]·(mu6[n,t] − s5[n,t,j])·g6[j] / (2·(v6[n,t] +
    #     epsilon6)^(3/2))
    np.subtract(mu6[:, :, np.newaxis], s5, out=scratch15)
    np.multiply(dJ_dy6, scratch15, out=dJ_dv6_1)
    np.matmul(dJ_dv6_1.reshape(-1, 32), g6, out=dJ_dv6.reshape(-1))
    np.multiply(0.5, dJ_dv6, out=dJ_dv6)
    np.power(y6_1, 1.5, out=scratch16)
    np.divide(dJ_dv6, scratch16, out=dJ_dv6)
    # (52)  dJ_dmu6[n,t] = 2·dJ_dv6[n,t]·(d1·mu6[n,t] − Σ_j s5[n,t,j]) / d1 − Σ_j
    #     dJ_dy6[n,t,j]·g6[j] / √(v6[n,t] + epsilon6)
    np.matmul(dJ_dy6.reshape(-1, 32), g6, out=dJ_dmu6_1.reshape(-1))
    np.multiply(0.0625, dJ_dv6, out=scratch16)
    np.multiply(32, mu6, out=dJ_dmu6)
    np.subtract(dJ_dmu6, sum_s5, out=dJ_dmu6)
    np.multiply(scratch16, dJ_dmu6, out=dJ_dmu6)
    np.multiply(dJ_dmu6_1, y6_2, out=scratch9)
    np.subtract(dJ_dmu6, scratch9, out=dJ_dmu6)
    # (53)  dJ_ds5[n,t,j] = dJ_dy6[n,t,j]·g6[j] / √(v6[n,t] + epsilon6) + 2·dJ_dv6[n,t]·(s5[n,t,j] −
    #     mu6[n,t]) / d1 + dJ_ds9[n,t,j] + dJ_dmu6[n,t] / d1
    np.multiply(0.0625, dJ_dv6, out=scratch3)
    np.multiply(scratch3[:, :, np.newaxis], v6_2, out=dJ_ds5)
    np.multiply(dJ_dy6, y6_2[:, :, np.newaxis], out=scratch17)
    np.multiply(scratch17, g6, out=scratch17)
    np.add(dJ_ds5, scratch17, out=dJ_ds5)
    np.add(dJ_ds5, dJ_ds9, out=dJ_ds5)
    np.multiply(1 / 32, dJ_dmu6, out=scratch)
    np.add(dJ_ds5, scratch[:, :, np.newaxis], out=dJ_ds5)
    # (55)  dJ_dWo4[h,d,c] = Σ_{n,i} A4[n,i,h,d]·dJ_dy4[n,i,c]
    np.matmul(A4.reshape(-1, 32).T, dJ_ds5.reshape(-1, 32), out=dJ_dWo4.reshape(32, 32))
    # (56)  dJ_dbo4[c] = Σ_{n,i} dJ_dy4[n,i,c]
    np.add.reduce(dJ_ds5, axis=(0, 1), out=dJ_dbo4)
    # (57)  dJ_dA4[n,i,h,d] = Σ_c dJ_dy4[n,i,c]·Wo4[h,d,c]
    np.matmul(dJ_ds5.reshape(-1, 32), Wo4.reshape(32, 32).T, out=dJ_dA4.reshape(-1, 32))
    # (58)  dJ_dP4[n,h,i,j] = Σ_d dJ_dA4[n,i,h,d]·V4[n,j,h,d]
    np.matmul(dJ_dA4.transpose(0, 2, 1, 3), V4.transpose(0, 2, 3, 1), out=dJ_dP4)
    # (59)  dJ_dS4[n,h,i,j] = P4[n,h,i,j]·(dJ_dP4[n,h,i,j] − Σ_k dJ_dP4[n,h,i,k]·P4[n,h,i,k])
    np.multiply(dJ_dP4, P4, out=dJ_dS4_2)
    np.matmul(dJ_dS4_2.reshape(-1, 11), ones_11, out=dJ_dS4_1.reshape(-1))
    np.subtract(dJ_dP4, dJ_dS4_1[:, :, :, np.newaxis], out=dJ_dS4)
    np.multiply(P4, dJ_dS4, out=dJ_dS4)
    # (60)  dJ_dV4[n,j,h,d] = Σ_i dJ_dA4[n,i,h,d]·P4[n,h,i,j]
    np.matmul(
        P4.transpose(0, 1, 3, 2),
        dJ_dA4.transpose(0, 2, 1, 3),
        out=dJ_dV4.transpose(0, 2, 1, 3),
    )
    # (61)  dJ_dWv4[k,h,d] = Σ_{n,j} y3[n,j,k]·dJ_dV4[n,j,h,d]
    np.matmul(y3.reshape(-1, 32).T, dJ_dV4.reshape(-1, 32), out=dJ_dWv4.reshape(32, 32))
    # (62)  dJ_dbv4[h,d] = Σ_{n,j} dJ_dV4[n,j,h,d]
    np.add.reduce(dJ_dV4, axis=(0, 1), out=dJ_dbv4)
    # (63)  dJ_dK4[n,j,h,d] = Σ_i dJ_dS4[n,h,i,j]·Q4[n,i,h,d]·{√(2) / 4 if i ≥ j; 0 otherwise}
    np.multiply(0.3535533905932738, dJ_dS4, out=scratch18)
    np.greater_equal(numbers_11[:, np.newaxis], numbers_11, out=mask)
    np.multiply(scratch18, mask, out=piecewise_dJ_dS4)
    np.matmul(
        piecewise_dJ_dS4.transpose(0, 1, 3, 2),
        Q4.transpose(0, 2, 1, 3),
        out=dJ_dK4.transpose(0, 2, 1, 3),
    )
    # (64)  dJ_dWk4[k,h,d] = Σ_{n,j} y3[n,j,k]·dJ_dK4[n,j,h,d]
    np.matmul(y3.reshape(-1, 32).T, dJ_dK4.reshape(-1, 32), out=dJ_dWk4.reshape(32, 32))
    # (65)  dJ_dbk4[h,d] = Σ_{n,j} dJ_dK4[n,j,h,d]
    np.add.reduce(dJ_dK4, axis=(0, 1), out=dJ_dbk4)
    # (66)  dJ_dQ4[n,i,h,d] = Σ_j dJ_dS4[n,h,i,j]·K4[n,j,h,d]·{√(2) / 4 if i ≥ j; 0 otherwise}
    np.matmul(piecewise_dJ_dS4, K4.transpose(0, 2, 1, 3), out=dJ_dQ4.transpose(0, 2, 1, 3))
    # (67)  dJ_dWq4[k,h,d] = Σ_{n,i} y3[n,i,k]·dJ_dQ4[n,i,h,d]
    np.matmul(y3.reshape(-1, 32).T, dJ_dQ4.reshape(-1, 32), out=dJ_dWq4.reshape(32, 32))
    # (68)  dJ_dbq4[h,d] = Σ_{n,i} dJ_dQ4[n,i,h,d]
    np.add.reduce(dJ_dQ4, axis=(0, 1), out=dJ_dbq4)
    # (69)  dJ_dy3[n,t,j] = Σ_{h,d} dJ_dK4[n,t,h,d]·Wk4[j,h,d] + Σ_{h,d} dJ_dQ4[n,t,h,d]·Wq4[j,h,d]
    #     + Σ_{h,d} dJ_dV4[n,t,h,d]·Wv4[j,h,d]
    np.matmul(dJ_dK4.reshape(-1, 32), Wk4.reshape(32, 32).T, out=dJ_dy3.reshape(-1, 32))
    np.matmul(dJ_dQ4.reshape(-1, 32), Wq4.reshape(32, 32).T, out=dJ_dy3_2.reshape(-1, 32))
    np.matmul(dJ_dV4.reshape(-1, 32), Wv4.reshape(32, 32).T, out=dJ_dy3_3.reshape(-1, 32))
    np.add(dJ_dy3, dJ_dy3_2, out=dJ_dy3)
    np.add(dJ_dy3, dJ_dy3_3, out=dJ_dy3)
    # (70)  dJ_dg3[j] = Σ_{n,t} dJ_dy3[n,t,j]·(y2[n,t,j] − mu3[n,t]) / √(v3[n,t] + epsilon3)
    np.multiply(dJ_dy3, v3_2, out=dJ_dg3_1)
    np.copyto(dJ_dg3_2, y3_2)
    np.matmul(dJ_dg3_1.reshape(-1, 32).T, dJ_dg3_2.reshape(-1), out=dJ_dg3)
    # (71)  dJ_db3[j] = Σ_{n,t} dJ_dy3[n,t,j]
    np.add.reduce(dJ_dy3, axis=(0, 1), out=dJ_db3)
    # (72)  dJ_dv3[n,t] = Σ_j dJ_dy3[n,t,j]·(mu3[n,t] − y2[n,t,j])·g3[j] / (2·(v3[n,t] +
    #     epsilon3)^(3/2))
    np.subtract(mu3[:, :, np.newaxis], y2, out=scratch19)
    np.multiply(dJ_dy3, scratch19, out=dJ_dv3_1)
    np.matmul(dJ_dv3_1.reshape(-1, 32), g3, out=dJ_dv3.reshape(-1))
    np.multiply(0.5, dJ_dv3, out=dJ_dv3)
    np.power(y3_1, 1.5, out=scratch20)
    np.divide(dJ_dv3, scratch20, out=dJ_dv3)
    # (73)  dJ_dmu3[n,t] = 2·dJ_dv3[n,t]·(d1·mu3[n,t] − Σ_j y2[n,t,j]) / d1 − Σ_j
    #     dJ_dy3[n,t,j]·g3[j] / √(v3[n,t] + epsilon3)
    np.matmul(dJ_dy3.reshape(-1, 32), g3, out=dJ_dmu3_1.reshape(-1))
    np.multiply(0.0625, dJ_dv3, out=scratch9)
    np.multiply(32, mu3, out=dJ_dmu3)
    np.subtract(dJ_dmu3, sum_y2, out=dJ_dmu3)
    np.multiply(scratch9, dJ_dmu3, out=dJ_dmu3)
    np.multiply(dJ_dmu3_1, y3_2, out=scratch3)
    np.subtract(dJ_dmu3, scratch3, out=dJ_dmu3)
    # (74)  dJ_dy2[n,t,j] = dJ_dy3[n,t,j]·g3[j] / √(v3[n,t] + epsilon3) + 2·dJ_dv3[n,t]·(y2[n,t,j] −
    #     mu3[n,t]) / d1 + dJ_ds5[n,t,j] + dJ_dmu3[n,t] / d1
    np.multiply(0.0625, dJ_dv3, out=scratch)
    np.multiply(scratch[:, :, np.newaxis], v3_2, out=dJ_dy2)
    np.multiply(dJ_dy3, y3_2[:, :, np.newaxis], out=scratch21)
    np.multiply(scratch21, g3, out=scratch21)
    np.add(dJ_dy2, scratch21, out=dJ_dy2)
    np.add(dJ_dy2, dJ_ds5, out=dJ_dy2)
    np.multiply(1 / 32, dJ_dmu3, out=scratch22)
    np.add(dJ_dy2, scratch22[:, :, np.newaxis], out=dJ_dy2)
    # (75)  dJ_dp2[t,j] = Σ_n dJ_dy2[n,t,j]
    np.matmul(dJ_dy2.reshape(-1, 352).T, ones_m, out=dJ_dp2.reshape(352))
    # (77)  dJ_dE1[v,j] = Σ_{n,t} [v = x[n,t]]·dJ_de1[n,t,j]
    np.multiply(x[:, :, np.newaxis], 32, out=position2)
    np.add(position2, range_32, out=position2)
    dJ_dE1.fill(0)
    np.add.at(dJ_dE1.reshape(-1), position2.reshape(-1), dJ_dy2.reshape(-1))
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
    epochs : int, default 25
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
        learning_rate: float = 0.003,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-08,
        epochs: int = 25,
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
        x : array of shape (m, 11)
        t : array of shape (m, 6)

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
        "x": rng.integers(0, LABELS["x"], (samples, 11)),
        "t": rng.integers(0, LABELS["t"], (samples, 6)),
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
