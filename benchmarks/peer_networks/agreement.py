"""How far our gradients are from a peer's.

The error of a parameter is max |ours − theirs| / max |theirs|, over its entries, and that of a row is the largest over
its parameters and shapes.  The loss counts as one more of these.

Some gradients are 0 by an identity (of a bias before a normalisation, of the keys' bias in attention), and both sides
hold nothing but rounding.  A gradient that is less than 1e-12 times the largest gradient of its network, as the peer has
it in float64, is therefore measured against that largest one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

TOLERANCE = {"float64": 1e-10, "float32": 1e-4}
ZERO = 1e-12


def scales(theirs: Mapping[str, Any]) -> dict[str, float]:
    """What the error of each gradient is divided by, from the peer's gradients in float64."""
    largest = {name: _largest(gradient) for name, gradient in theirs.items()}
    whole = max(largest.values())
    return {name: size if size > ZERO * whole else whole for name, size in largest.items()}


def errors(ours: Mapping[str, Any], theirs: Mapping[str, Any], scale: Mapping[str, float]) -> dict[str, float]:
    """The relative error of each gradient; both sides have the same names and shapes.

    Raises:
        ValueError: they have not.
    """
    if ours.keys() != theirs.keys():
        raise ValueError(f"gradients of {', '.join(ours)}, and the peer's of {', '.join(theirs)}")
    found = {}
    for name, mine in ours.items():
        if mine.shape != theirs[name].shape:
            raise ValueError(f"the gradient of {name} has the shape {mine.shape}, the peer's {theirs[name].shape}")
        difference = _largest(mine.astype(float) - theirs[name].astype(float))
        found[name] = difference / scale[name] if difference else 0.0 if not math.isnan(difference) else math.nan
    return found


def _largest(array: Any) -> float:
    return float(abs(array).max(initial=0))
