"""The fan-in and fan-out of a parameter, read off the equation that applies it to the data.

    z[n,j]     = Σ_k x[n,k]·W[k,j]                    fan-in k,          fan-out j
    z[n,p,q,o] = Σ_c Σ_u Σ_v x[n,p+u,q+v,c]·W[c,u,v,o]    fan-in c·u·v,  fan-out u·v·o

An axis that is summed counts what comes in, and one that is not, what goes out.  One that shifts a position does both:
each number of the input meets every entry along it.
"""

from __future__ import annotations

from math import prod

from derive.language.equations import System
from derive.language.expressions import Access, Index, Reduction, accesses, free_indices
from derive.network import Network


def fans(network: Network, name: str) -> tuple[int, int]:
    """(fan-in, fan-out) of a parameter of any rank; 1 where nothing is summed, or nothing is left."""
    applied = _applied(network.system, name)
    if applied is None:
        return 1, 1
    access, around = applied
    bound = _bound(around)
    positions = [p for r in around for other in r.atoms(Access) for p in other.indices if not isinstance(p, Index)]
    shifting = {i for p in positions if not free_indices(p) <= bound for i in free_indices(p)}
    axes = {i: network.size(i.size) or 1 for i in access.indices if isinstance(i, Index)}
    return (prod(size for i, size in axes.items() if i in bound),
            prod(size for i, size in axes.items() if i not in bound or i in shifting))


def incoming(system: System, name: str) -> tuple[int, ...]:
    """The axes of a parameter along which it reads what comes in: those that are summed, or looked up in."""
    applied = _applied(system, name)
    if applied is None:
        return ()
    access, around = applied
    return tuple(axis for axis, position in enumerate(access.indices)
                 if not isinstance(position, Index) or position in _bound(around))


def _applied(system: System, name: str) -> tuple[Access, list[Reduction]] | None:
    """An access to a parameter where it is applied to the data, and the sums around it."""
    readers = system.readers.get(name, [])
    # A penalty on the weights, or weights tied to others, do not say what they are for.
    applying = [e for e in readers if any(system.quantities[other].sample_axis is not None for other in e.reads)]
    for equation in applying or readers:
        access = next(accesses(equation.body, name))
        return access, [r for r in equation.body.atoms(Reduction) if r.has(access)]
    return None


def _bound(around: list[Reduction]) -> set[Index]:
    return {index for reduction in around for index in reduction.indices}
