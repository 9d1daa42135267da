"""Initialisers: how an entry of a parameter starts, as a formula in random numbers and in the parameter's fans."""

from __future__ import annotations

from derive.catalogue import Formula

#: What a formula may draw, and how it is distributed.
DRAWS = {
    "U": "drawn anew for every entry, uniformly from minus 1 to 1",
    "N": "drawn anew for every entry, normal with mean 0 and standard deviation 1",
    "Q": "the entry of a random matrix with orthonormal columns (or rows, where there are fewer of them)",
}
#: `derive.fans` counts them; in a dense layer they are the units before and after it.
FANS = {
    "fan_in": "how many numbers each value is summed from",
    "fan_out": "how many values each number goes into",
}

INITIALISERS = {
    "zeros": Formula("0"),
    "constant": Formula("value", {"value": 0.0}),
    "uniform": Formula("(low + high)/2 + (high - low)/2*U", {"low": -0.5, "high": 0.5}),
    "normal": Formula("mean + standard_deviation*N", {"mean": 0.0, "standard_deviation": 0.1}),
    "glorot_uniform": Formula("sqrt(6/(fan_in + fan_out))*U", source="Glorot, Bengio 2010"),
    "glorot_normal": Formula("sqrt(2/(fan_in + fan_out))*N", source="Glorot, Bengio 2010"),
    "he_uniform": Formula("sqrt(6/fan_in)*U", source="He et al. 2015"),
    "he_normal": Formula("sqrt(2/fan_in)*N", source="He et al. 2015"),
    "lecun_normal": Formula("sqrt(1/fan_in)*N", source="LeCun, Bottou, Orr, Müller 1998"),
    "orthogonal": Formula("Q", source="Saxe, McClelland, Ganguli 2014"),
}
