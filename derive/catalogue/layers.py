"""Layers: what a layer computes from x, with parameters of its own.

`{bias}` stands for the term that the option `bias` asks for.
"""

from __future__ import annotations

DENSE = "z[n,j] = sum(k, x[n,k]*W[k,j]){bias}"
DENSE_BIAS = {"true": " + b[j]", "shared": " + b", "false": ""}
"""bias true: one for each unit; shared: one for the whole layer, as drawn in many documents; false: none."""
