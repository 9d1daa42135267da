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
    "selu": Formula("where(z > 0, scale*z, scale*alpha*(exp(z) - 1))",
                    {"scale": 1.0507009873554805, "alpha": 1.6732632423543772}, "Klambauer et al. 2017"),
    "gelu": Formula("z * (1 + erf(z/sqrt(2))) / 2", source="Hendrycks, Gimpel 2016"),
    "gelu_tanh": Formula("z * (1 + tanh(sqrt(2/pi) * (z + 0.044715*z**3))) / 2", source="Hendrycks, Gimpel 2016"),
    "silu": Formula("z / (1 + exp(-z))", source="Elfwing, Uchibe, Doya 2018"),
    "softplus": Formula("log(1 + exp(z))", source="Dugas et al. 2001"),
    "mish": Formula("z * tanh(log(1 + exp(z)))", source="Misra 2019"),
    "softsign": Formula("z / (1 + abs(z))", source="Turian, Bergstra, Bengio 2009"),
    "relu6": Formula("min(max(z, 0), 6)", source="Howard et al. 2017"),
    "hard_sigmoid": Formula("min(max(z/6 + 1/2, 0), 1)", source="Howard et al. 2019"),
    "hard_swish": Formula("z * min(max(z + 3, 0), 6) / 6", source="Howard et al. 2019"),
    "hard_tanh": Formula("min(max(z, -1), 1)", source="Collobert 2004"),
    "softmax": Formula("exp(z[n,...,j]) / sum(k, exp(z[n,...,k]))"),
    "log_softmax": Formula("z[n,...,j] - log(sum(k, exp(z[n,...,k])))"),
}
