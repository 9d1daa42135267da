"""Affine index maps: windows, strides, reversals, diagonals, look-ups by label, all by the one chain rule."""

from __future__ import annotations

from itertools import product

import mpmath
import pytest
import sympy
from sympy import Integer, Rational

from derive.calculus.chain_rule import differentiate
from derive.language.equations import Equation, Quantity, Role, System
from derive.language.expressions import Access, Index, Maximum, Sum, Within, dimension

from .checks import difference_errors
from .evaluation import Values
from .networks import Handmade

L, U, C = dimension("L"), dimension("U"), dimension("C")
SIZES = {L: 7, U: 3, C: 2}
x, w = "x", "w"


def index(name, size):
    return Index(name, size)


def window(position, out):
    """y[i] = Σ_u x[position(i, u)]·w[u]"""
    i, u = index("i", out), index("u", U)
    return {x: (L,), w: (U,), "y": (out,)}, [("y", (i,), Sum(Access(x, position(i, u)) * Access(w, u), u))]


def images():
    """y[o,i,l] = Σ_{c,u,v} x[c,i+u,l+v]·w[c,o,u,v] + b[o]"""
    i, l_, o = index("i", 2), index("l", 2), index("o", 2)
    c, u, v = index("c", C), index("u", U), index("v", U)
    body = Sum(Access(x, c, i + u, l_ + v) * Access(w, c, o, u, v), c, u, v) + Access("b", o)
    return {x: (C, 4, 4), w: (C, 2, U, U), "b": (2,), "y": (2, 2, 2)}, [("y", (o, i, l_), sympy.tanh(body))]


def one(body, out, **shapes):
    i = index("i", out)
    return {**shapes, "y": (out,)}, [("y", (i,), body(i))]


MAPS = {
    "a convolution": window(lambda i, u: i + u, 5),
    "a convolution with a symbolic number of outputs": window(lambda i, u: i + u, L - U + 1),
    "a convolution with stride 2": window(lambda i, u: 2 * i + u, 3),
    "a dilated convolution": window(lambda i, u: i + 2 * u, 3),
    "stride and dilation": window(lambda i, u: 2 * i + 2 * u, 2),
    "a true convolution, kernel reversed": window(lambda i, u: i - u + 2, 5),
    "an image convolution": images(),
    "every second entry": one(lambda i: Access(x, 2 * i) ** 2, 4, x=(L,)),
    "the reversed vector": one(lambda i: Access(x, 6 - i) * Access(w, i), 7, x=(L,), w=(7,)),
    "a product of neighbours": one(lambda i: Access(x, i) * Access(x, i + 1), 6, x=(L,)),
    "the diagonal": one(lambda i: Access(x, i, i) ** 3, 3, x=(3, 3)),
    "a matrix plus its transpose": ({x: (3, 3), "y": (3, 3)}, [
        ("y", (index("i", 3), index("j", 3)),
         Access(x, index("i", 3), index("j", 3)) + 2 * Access(x, index("j", 3), index("i", 3)))]),
    "one entry for all": one(lambda i: Access(x, 2) * Access(w, i), 3, x=(L,), w=(3,)),
    "zero padding": one(lambda i: Sum(Within(i + index("u", U) - 1, L) * Access(x, i + index("u", U) - 1)
                                      * Access(w, index("u", U)), index("u", U)), L, x=(L,), w=(U,)),
    "average pooling": one(lambda i: Sum(Access(x, 2 * i + index("u", 2)), index("u", 2)) / 2, 3, x=(L,)),
    "maximum pooling": one(lambda i: Maximum(sympy.exp(Access(x, 2 * i + index("u", 3))), index("u", 3)), 3, x=(L,)),
    "the distance from the maximum": one(
        lambda i: sympy.exp(Access(x, i) - Maximum(Access(x, index("k", L)), index("k", L))), L, x=(L,)),
    "a running sum": one(
        lambda i: Sum(Within(i - index("k", L), L) * Access(x, index("k", L)), index("k", L)), L, x=(L,)),
    "a moment about the mean": one(
        lambda i: (Access(x, i) - Sum(Access(x, index("k", L)), index("k", L)) / L) ** 2, L, x=(L,)),
    "all pairs": one(lambda i: Sum(sympy.exp(Access(x, i) * Access(x, index("k", L))), index("k", L)), L, x=(L,)),
    "a scalar read everywhere": one(lambda i: Access(x, i) * Access("s") + sympy.exp(Access("s")), L, x=(L,), s=()),
    "two uses in one equation": one(lambda i: Access(x, i) + sympy.sin(Access(x, i)) * Access(x, 0), L, x=(L,)),
}


def derived(shapes, definitions, wrt=None):
    """The derivation of J = Σ y·(y + coefficient) and numbers to try it with."""
    quantities, equations = {}, []
    free = [name for name in shapes if name not in {d[0] for d in definitions}]
    for name, shape in shapes.items():
        own = tuple(index(f"{letter}_", size) for letter, size in zip("abcd", map(sympy.sympify, shape), strict=False))
        quantities[name] = Quantity(name, own, Role.PARAMETER if name in free else Role.INTERMEDIATE)
    for name, own, body in definitions:
        quantities[name] = Quantity(name, own)
        equations.append(Equation(Access(name, *own), body))
    y = quantities["y"]
    weights = sum((number * i for number, i in zip((1, 3, 5), y.indices, strict=False)), Integer(1))
    quantities["J"] = Quantity("J")
    equations.append(Equation(Access("J"), Sum(y.entry**2 / 2 + weights * y.entry, *y.indices)))
    given = {}
    for number, name in enumerate(free):
        sizes = [int(sympy.sympify(s).subs(SIZES)) for s in shapes[name]]
        given[name] = {place: Rational((7 * sum((k + 2) * v for k, v in enumerate(place)) + 3 * number) % 11 - 5, 9)
                       for place in product(*map(range, sizes))}
    system = System(quantities, tuple(equations))
    return Handmade(system, differentiate(system, "J", free), given, SIZES)


@pytest.mark.parametrize("name", MAPS)
def test_the_gradient_through(name):
    it = derived(*MAPS[name])
    assert {a.of.name for a in it.derivation.adjoints} == {*it.given, "y"}
    assert difference_errors(it) == {}


def test_a_window_s_gradient_reads_the_kernel_backwards_inside_its_range():
    it = derived(*MAPS["a convolution with a symbolic number of outputs"])
    p = it.derivation.adjoint("x").of.indices[0]
    [kernel] = it.derivation.gradient("x").atoms(Sum)
    positions = {access.name: access.indices[0] for access in kernel.atoms(Access)}
    [bound] = kernel.indices
    assert positions["w" if bound.size != U else "dJ_dy"] == p - bound
    assert kernel.has(Within)


def test_a_table_is_looked_up_by_label_and_its_gradient_collects_the_rows():
    n, d, v = Index("n", 4), Index("j", 2), Index("v", 3)
    label = Quantity("t", (n,), Role.INPUT, integer=True)
    table = Quantity("E", (v, d), Role.PARAMETER)
    y = Quantity("y", (n, d))
    body = Access("E", Access("t", n), d)
    system = System({"t": label, "E": table, "y": y, "J": Quantity("J")}, (
        Equation(y.entry, body**3), Equation(Access("J"), Sum(y.entry, n, d))))
    given = {"E": {(a, b): Rational(a + 2 * b + 1, 3) for a in range(3) for b in range(2)},
             "t": {(i,): Integer(value) for i, value in enumerate((2, 0, 2, 2))}}
    assert difference_errors(Handmade(system, differentiate(system, "J", ["E"]), given)) == {}


def test_entries_that_share_a_maximum_share_its_derivative():
    i = Index("i", 3)
    system = System({"x": Quantity("x", (i,), Role.PARAMETER), "J": Quantity("J")},
                    (Equation(Access("J"), 6 * Maximum(Access("x", i), i)),))
    derivation = differentiate(system, "J", ["x"])

    def gradient(*entries):
        values = Values(derivation.system, {}, {"x": {(at,): mpmath.mpf(entry) for at, entry in enumerate(entries)}})
        return tuple(values["dJ_dx"].values())

    assert gradient(1, 3, 2) == (0, 6, 0)
    assert gradient(3, 3, 2) == (3, 3, 0)
    assert gradient(0, 0, 0) == (2, 2, 2)
