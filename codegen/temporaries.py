"""An array of its own for a part of an expression: the order of its axes, and a name that says what is in it."""

from __future__ import annotations

from collections.abc import Container, Sequence

from sympy import Expr, Function

from codegen.positions import affine
from derive.language.expressions import Access, Index, Reduction, free_indices, names

_PREFIX = {"Maximum": "max"}
LONGEST_STEM = 40  # sin(sin(sin(…


def ordered_axes(expression: Expr, preferred: Sequence[Expr]) -> tuple[Index, ...]:
    """The free indices in the order of the largest access that holds them all; else in that of the target."""
    free = free_indices(expression)
    order = [i for i in preferred if i in free]
    if len(order) < len(free):
        best = max(_accesses(expression), key=lambda a: len(free & free_indices(a)), default=None)
        if best is not None:
            seen = [p.slopes if p is not None else () for p in map(affine, best.indices)]
            held = [slopes[0][0] for slopes in seen if slopes] + [i for slopes in seen for i, _ in slopes[1:]]
            order = [i for i in held if i in free] + [i for i in order if i not in held]
    rest = sorted(free - set(order), key=lambda i: i.name)
    return tuple(dict.fromkeys([*order, *rest]))


def _accesses(expression: Expr) -> list[Access]:
    return sorted(expression.atoms(Access), key=lambda a: (a.name, str(a)))


def temporary_name(body: Expr, owner: str, taken: Container[str], temporaries: Container[str] = ()) -> str:
    """A name that says what is in it: exp_z2, max_z2, sum_exp_z2; else the owner's with a number."""
    read = sorted(names(body))
    about = [name for name in read if name not in temporaries] or read
    stem = ""
    if isinstance(body, Access) and len(read) == 2:
        stem = f"{body.name}_at_{next(n for n in read if n != body.name)}"
    elif len(about) == 1:
        words, inner = [], body
        while isinstance(inner, (Function, Reduction)):
            words.append(_PREFIX.get(inner.func.__name__, inner.func.__name__.lower()))
            inner = inner.args[0]
        stem = "_".join([*words, about[0]]) if words else ""
    if len(stem) > LONGEST_STEM:
        stem = ""
    number = 1
    name = stem or f"{owner}_1"
    while name in taken:
        number += 1
        name = f"{stem or owner}_{number}"
    return name
