"""The fan-in and fan-out of a parameter, read off the equation that applies it to the data.

    z[n,j]     = Σ_k x[n,k]·W[k,j]                    fan-in k,          fan-out j
    z[n,p,q,o] = Σ_c Σ_u Σ_v x[n,p+u,q+v,c]·W[c,u,v,o]    fan-in c·u·v,  fan-out u·v·o

An axis that is summed counts what comes in, and one that is not, what goes out.  One that shifts a position does both:
each number of the input meets every entry along it.
"""

from __future__ import annotations

from math import prod

from derive.language.expressions import Access, Index, Reduction, accesses, free_indices
from derive.language.substitution import SAMPLES
from derive.network import Network


def fans(network: Network, name: str) -> tuple[int, int]:
    """(fan-in, fan-out) of a parameter of any rank; 1 where nothing is summed, or nothing is left."""
    quantities = network.system.quantities
    readers = network.system.readers.get(name, [])
    # A penalty on the weights, or weights tied to others, do not say what they are for.
    applying = [e for e in readers if any(SAMPLES in quantities[other].shape for other in e.reads)]
    for equation in applying or readers:
        access = next(accesses(equation.body, name))
        around = [r for r in equation.body.atoms(Reduction) if r.has(access)]
        bound = {index for reduction in around for index in reduction.indices}
        positions = [p for r in around for other in r.atoms(Access) for p in other.indices if not isinstance(p, Index)]
        shifting = {i for p in positions if not free_indices(p) <= bound for i in free_indices(p)}
        axes = {i: network.size(i.size) or 1 for i in access.indices if isinstance(i, Index)}
        return (prod(size for i, size in axes.items() if i in bound),
                prod(size for i, size in axes.items() if i not in bound or i in shifting))
    return 1, 1
