"""Initialisers: how a parameter starts; each with its options and their usual values."""

from __future__ import annotations

from derive.catalogue import Formula

INITIALISERS = {
    "zeros": Formula("0"),
    "constant": Formula("value", {"value": 0.0}),
    "uniform": Formula("U(low, high)", {"low": -0.5, "high": 0.5}),
    "normal": Formula("N(mean, standard_deviation)", {"mean": 0.0, "standard_deviation": 0.1}),
    "glorot_uniform": Formula("U(-r, r), r = sqrt(6/(fan_in + fan_out))", source="Glorot, Bengio 2010"),
    "glorot_normal": Formula("N(0, sqrt(2/(fan_in + fan_out)))", source="Glorot, Bengio 2010"),
    "he_uniform": Formula("U(-r, r), r = sqrt(6/fan_in)", source="He et al. 2015"),
    "he_normal": Formula("N(0, sqrt(2/fan_in))", source="He et al. 2015"),
    "orthogonal": Formula("Q of a QR decomposition of N(0, 1)", source="Saxe, McClelland, Ganguli 2014"),
}
