"""Activations: a as a formula in the pre-activation z.

At a kink the last case holds, and with it its derivative: ReLU′(0) = 0.
"""

from __future__ import annotations

from derive.catalogue import Formula

ACTIVATIONS = {
    "identity": Formula("z"),
    "sigmoid": Formula("1 / (1 + exp(-z))"),
    "tanh": Formula("tanh(z)"),
    "relu": Formula("max(z, 0)"),
    "leaky_relu": Formula("where(z > 0, z, alpha*z)", {"alpha": 0.01}, "Maas, Hannun, Ng 2013"),
    "elu": Formula("where(z > 0, z, alpha*(exp(z) - 1))", {"alpha": 1.0}, "Clevert, Unterthiner, Hochreiter 2016"),
    "gelu": Formula("z * (1 + erf(z/sqrt(2))) / 2", source="Hendrycks, Gimpel 2016"),
    "gelu_tanh": Formula("z * (1 + tanh(sqrt(2/pi) * (z + 0.044715*z**3))) / 2", source="Hendrycks, Gimpel 2016"),
    "silu": Formula("z / (1 + exp(-z))", source="Elfwing, Uchibe, Doya 2018"),
    "softplus": Formula("log(1 + exp(z))", source="Dugas et al. 2001"),
    "softmax": Formula("exp(z[n,j]) / sum(k, exp(z[n,k]))"),
}
