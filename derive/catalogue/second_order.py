"""Optimisers that solve equations with all parameters at once, in which second derivatives stand.

Their texts are not for the engine: H is the Hessian, G the Gauss–Newton matrix, g the gradient, each of all parameters.
"""

from __future__ import annotations

from derive.catalogue import Formula

SECOND_ORDER = {
    "newton": Formula("(H + damping*I)*d = -g; theta = theta + d", {"damping": 0.0},
                      "Levenberg 1944; Nocedal, Wright 2006, section 3.4"),
    "hessian_free": Formula("(G + damping*I)*d = -g by conjugate gradients; theta = theta + d", {"damping": 1.0},
                            "Martens 2010"),
}
