"""Convolutions, recurrences, look-ups, attention, pooling: equations of any rank compute what they say, forward and
backward, as plain functions and over buffers, by the rules that every other equation is lowered by."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import sympy
from running import check
from sympy import Integer

from derive.calculus.chain_rule import differentiate
from derive.language.equations import Equation, Quantity, Role, System
from derive.language.expressions import Access, Delta, Index, Maximum, Sum, Within, dimension
from derive.language.substitution import SAMPLES
from derive.rewrites.stable_system import stable_system

A = Access
n = Index("n", SAMPLES)
T = dimension("T")


def indices(names, *sizes):
    return [Index(name, size) for name, size in zip(names.split(), sizes, strict=True)]


def system(shapes, *definitions, integers=()):
    """Equations with a loss that weighs every entry of the last quantity differently."""
    made = {name for (name, *_), _ in definitions}
    quantities = {name: Quantity(name, own, Role.INTERMEDIATE if name in made else Role.PARAMETER, integer=name in integers)
                  for name, own in shapes.items()}
    equations = [Equation(A(name, *own), sympy.sympify(body)) for (name, *own), body in definitions]
    last = quantities[definitions[-1][0][0]]
    weights = sum(((place + 1) * i for place, i in enumerate(last.indices)), Integer(1))
    quantities["J"] = Quantity("J")
    equations.append(Equation(A("J"), Sum(last.entry**2 / 2 + weights * last.entry, *last.indices) / SAMPLES))
    return System(quantities, tuple(equations))


def derived(it: System, integers=()):
    wrt = [q.name for q in it.quantities.values() if q.role is Role.PARAMETER and q.name not in integers]
    return stable_system(differentiate(it, "J", wrt).system)


@cache
def derived_case(name):
    return derived(*CASES[name])


def run(whole: System, sizes, integers=(), tolerance=1e-9):
    """Compare every form of the forward and backward pass with the loops; return the code of each form."""
    rng = np.random.default_rng(0)
    arrays = {}
    for name, quantity in whole.quantities.items():
        if name in whole.definitions:
            continue
        shape = [int(s.xreplace(sizes)) for s in quantity.shape]
        arrays[name] = rng.integers(0, integers[name], shape) if name in integers else rng.standard_normal(shape)
    return check(whole.in_order(), whole.quantities, sizes, arrays, tolerance)


def dense(rank):
    *rest, k, j = indices("t s k j", 3, 2, 4, 2)[-rank:] if rank > 2 else indices("k j", 4, 2)
    return system({"x": (n, *rest, k), "W": (k, j), "b": (j,), "z": (n, *rest, j)},
                  (("z", n, *rest, j), Sum(A("x", n, *rest, k) * A("W", k, j), k) + A("b", j)))


def convolution(size=5, kernel=3, stride=1, dilation=1, padding=1, channels=(2, 3)):
    out = (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    p, q, d = indices("p q d", size, size, channels[0])
    i, j, u, v, c = indices("i j u v c", out, out, kernel, kernel, channels[1])
    one, two = stride * i + dilation * u - padding, stride * j + dilation * v - padding
    body = A("x", n, one, two, d) * A("W", u, v, d, c) * Within(one, size) * Within(two, size)
    return system({"x": (n, p, q, d), "W": (u, v, d, c), "b": (c,), "z": (n, i, j, c)},
                  (("z", n, i, j, c), Sum(body, u, v, d) + A("b", c)))


def one_dimensional(size=6, kernel=3, stride=1, padding=0):
    out = (size + 2 * padding - kernel) // stride + 1
    p, d, i, u, c = indices("p d i u c", size, 2, out, kernel, 3)
    at = stride * i + u - padding
    return system({"x": (n, p, d), "W": (u, d, c), "z": (n, i, c)},
                  (("z", n, i, c), Sum(A("x", n, at, d) * A("W", u, d, c) * Within(at, size), u, d)))


def transposed(stride=2, kernel=3, size=4):
    out = stride * (size - 1) + kernel
    i, d, u, c, p = indices("i d u c p", size, 2, kernel, 3, out)
    return system({"x": (n, i, d), "W": (u, d, c), "z": (n, p, c)},
                  (("z", n, p, c), Sum(A("x", n, i, d) * A("W", u, d, c) * Delta(p, stride * i + u), i, u, d)))


def grouped():
    k, g, u, d, o, i = indices("k g u d o i", 6, 2, 3, 3, 4, 5)
    p, at = Index("p", 5), i + u - 1
    return system({"x": (n, p, k), "W": (g, u, d, o), "z": (n, i, g, o)},
                  (("z", n, i, g, o), Sum(A("x", n, at, 3 * g + d) * A("W", g, u, d, o) * Within(at, 5), u, d)))


def depthwise():
    p, q, c, u, v = indices("p q c u v", 4, 4, 3, 3, 3)
    i, j = indices("i j", 4, 4)
    body = A("x", n, i + u - 1, j + v - 1, c) * A("W", u, v, c) * Within(i + u - 1, 4) * Within(j + v - 1, 4)
    return system({"x": (n, p, q, c), "W": (u, v, c), "z": (n, i, j, c)}, (("z", n, i, j, c), Sum(body, u, v)))


def pooling(largest, size=4, kernel=2, stride=2, padding=0, counted=True):
    out = (size + 2 * padding - kernel) // stride + 1
    p, q, c, i, j, u, v = indices("p q c i j u v", size, size, 2, out, out, kernel, kernel)
    one, two = stride * i + u - padding, stride * j + v - padding
    inside = Within(one, size) * Within(two, size)
    body = A("x", n, one, two, c) * inside
    value = Maximum(body, u, v) if largest else Sum(body, u, v) / (kernel**2 if counted else Sum(inside, u, v))
    return system({"x": (n, p, q, c), "z": (n, i, j, c)}, (("z", n, i, j, c), value))


def flattened():
    i, j, c, k = indices("i j c k", 2, 3, 2, 4)
    q = Index("q", 12)
    return system({"x": (n, i, j, c), "y": (n, q), "W": (q, k), "z": (n, k)},
                  (("y", n, q), Sum(Delta(q, (i * 3 + j) * 2 + c) * A("x", n, i, j, c), i, j, c)),
                  (("z", n, k), Sum(A("y", n, q) * A("W", q, k), q)))


def attention(causal=False):
    h, i, j, d = indices("h i j d", 2, 3, 3, 4)
    l = Index("l", 3)  # noqa: E741
    score = Sum(A("q", n, i, h, d) * A("k", n, j, h, d), d) / 2
    total = sympy.exp(A("s", n, h, i, j))
    weight = total / Sum(sympy.exp(A("s", n, h, i, l)), l)
    if causal:
        weight = total * Within(i - j, 3) / Sum(sympy.exp(A("s", n, h, i, l)) * Within(i - l, 3), l)
    return system({"q": (n, i, h, d), "k": (n, j, h, d), "v": (n, j, h, d), "s": (n, h, i, j), "p": (n, h, i, j),
                   "o": (n, i, h, d)},
                  (("s", n, h, i, j), score), (("p", n, h, i, j), weight),
                  (("o", n, i, h, d), Sum(A("p", n, h, i, j) * A("v", n, j, h, d), j)))


def embedding():
    t, v, j = indices("t v j", T, 7, 4)
    return system({"x": (n, t), "E": (v, j), "e": (n, t, j)}, (("e", n, t, j), A("E", A("x", n, t), j)), integers=("x",))


def labelled():
    t, v = indices("t v", T, 5)
    return system({"c": (n, t), "y": (n, t, v), "e": (n, t)},
                  (("e", n, t), -sympy.log(A("y", n, t, A("c", n, t)) ** 2 + 1)), integers=("c",))


def recurrent(reverse=False):
    t, i, j, k = indices("t i j k", T, 3, 4, 4)
    before = t + 1 if reverse else t - 1
    body = Sum(A("x", n, t, i) * A("W", i, j), i) + A("b", j) + Sum(
        A("h", n, before, k) * Within(before, T) * A("U", k, j), k)
    return system({"x": (n, t, i), "W": (i, j), "U": (k, j), "b": (j,), "z": (n, t, j), "h": (n, t, j), "y": (n, j)},
                  (("z", n, t, j), body), (("h", n, t, j), sympy.tanh(A("z", n, t, j))),
                  (("y", n, j), A("h", n, 0 if reverse else T - 1, j)))


def lstm():
    t, a, j, k = indices("t a j k", T, 3, 2, 2)
    shapes = {"x": (n, t, a), "h": (n, t, j), "c": (n, t, j)}
    definitions = []
    for gate in "ifog":
        shapes |= {f"W{gate}": (a, j), f"U{gate}": (k, j), f"b{gate}": (j,), f"z{gate}": (n, t, j), gate: (n, t, j)}
        z = A(f"z{gate}", n, t, j)
        definitions.append(((z.name, *z.indices), Sum(A("x", n, t, a) * A(f"W{gate}", a, j), a) + A(f"b{gate}", j) + Sum(
            A("h", n, t - 1, k) * Within(t - 1, T) * A(f"U{gate}", k, j), k)))
        definitions.append(((gate, n, t, j), sympy.tanh(z) if gate == "g" else 1 / (1 + sympy.exp(-z))))
    definitions.append((("c", n, t, j), A("f", n, t, j) * A("c", n, t - 1, j) * Within(t - 1, T)
                        + A("i", n, t, j) * A("g", n, t, j)))
    definitions.append((("h", n, t, j), A("o", n, t, j) * sympy.tanh(A("c", n, t, j))))
    return system(shapes, *definitions)


def masked():
    t, i, j, k = indices("t i j k", T, 3, 2, 2)
    mask = A("mask", n, t)
    new = sympy.tanh(Sum(A("x", n, t, i) * A("W", i, j), i) + Sum(A("h", n, t - 1, k) * Within(t - 1, T) * A("U", k, j), k))
    return system({"x": (n, t, i), "W": (i, j), "U": (k, j), "mask": (n, t), "h": (n, t, j)},
                  (("h", n, t, j), mask * new + (1 - mask) * A("h", n, t - 1, j) * Within(t - 1, T)))


def gru():
    t, a, j, k = indices("t a j k", T, 3, 2, 2)
    shapes = {"x": (n, t, a), "h": (n, t, j), "s": (n, t, j)}
    definitions = []
    old = A("h", n, t - 1, k) * Within(t - 1, T)
    for gate in "ru":
        shapes |= {f"W{gate}": (a, j), f"U{gate}": (k, j), gate: (n, t, j)}
        z = Sum(A("x", n, t, a) * A(f"W{gate}", a, j), a) + Sum(old * A(f"U{gate}", k, j), k)
        definitions.append(((gate, n, t, j), 1 / (1 + sympy.exp(-z))))
    shapes |= {"Ws": (a, j), "Us": (k, j)}
    z = Sum(A("x", n, t, a) * A("Ws", a, j), a) + Sum(A("r", n, t, k) * old * A("Us", k, j), k)
    definitions.append((("s", n, t, j), sympy.tanh(z)))
    u = A("u", n, t, j)
    definitions.append((("h", n, t, j), (1 - u) * A("h", n, t - 1, j) * Within(t - 1, T) + u * A("s", n, t, j)))
    return system(shapes, *definitions)


def lagging(lag, tied):
    """A recurrence that also reads what stands elsewhere: before, and backwards."""
    t, p, j = indices("t p j", 4, 8, 2)
    before = A("h", n, t - 1, j) * Within(t - 1, 4)
    body = A("x", n, t, j) * A("u", 2 * t) * A("u", 7 - t) + sympy.exp(A("u", 2 * t + 1) * A("x", n, 3 - t, j)) * before
    if lag:
        body += A("u", t) * A("x", n, t - 1, j) * Within(t - 1, 4)
    y = A("h", n, 3 - t, j) * A("u", t if tied else 2 * t)
    return system({"x": (n, t, j), "u": (p,), "h": (n, t, j), "y": (n, t, j)},
                  (("h", n, t, j), sympy.tanh(body)), (("y", n, t, j), y))


def softmax_recurrence():
    t, j, k = indices("t j k", 3, 4, 4)

    def z(unit):
        return A("x", n, t, unit) + A("h", n, t - 1, unit) * Within(t - 1, 3)

    return system({"x": (n, t, j), "h": (n, t, j)}, (("h", n, t, j), sympy.exp(z(j)) / Sum(sympy.exp(z(k)), k)))


def bracketed_recurrence():
    """Brackets of a step beside brackets of two axes, and below functions."""
    t, i, j = indices("t i j", 3, 4, 3)
    before = A("h", n, t - 1, i, j) * Within(t - 1, 3)
    body = A("x", n, t, i, j) + before * Within(i - j, 4) + sympy.sin(before) / (2 + before * A("h", n, t - 1, i, j))
    return system({"x": (n, t, i, j), "h": (n, t, i, j)}, (("h", n, t, i, j), sympy.tanh(body)))


def powers(steps=70):
    """The index as a value: 2ᵗ is larger than any whole number of 64 bits."""
    t, = indices("t", steps)
    return system({"x": (n, t), "y": (n, t)}, (("y", n, t), A("x", n, t) * 2**(t - 40) / 2**t * sympy.cos(2**t)))


CASES = {
    "dense over the last of two axes": (dense(2), {}),
    "dense over the last of three axes": (dense(3), {}),
    "dense over the last of four axes": (dense(4), {}),
    "convolution": (convolution(), {}),
    "convolution without padding": (convolution(padding=0), {}),
    "convolution with stride": (convolution(stride=2), {}),
    "convolution with stride, padded by two": (convolution(size=6, stride=2, padding=2), {}),
    "convolution with dilation": (convolution(dilation=2, padding=2), {}),
    "convolution with an even kernel": (convolution(size=4, kernel=2, padding=1), {}),
    "convolution of one pixel": (convolution(size=1), {}),
    "convolution by one pixel": (convolution(kernel=1, padding=0), {}),
    "convolution of one channel": (convolution(channels=(1, 1)), {}),
    "non-overlapping convolution": (convolution(size=4, kernel=2, stride=2, padding=0), {}),
    "convolution in one dimension": (one_dimensional(), {}),
    "convolution in one dimension, stride 3": (one_dimensional(size=8, stride=3, padding=1), {}),
    "transposed convolution": (transposed(), {}),
    "transposed convolution without overlap": (transposed(kernel=2), {}),
    "grouped convolution": (grouped(), {}),
    "depthwise convolution": (depthwise(), {}),
    "max pooling": (pooling(True), {}),
    "max pooling, overlapping": (pooling(True, size=5, kernel=3), {}),
    "max pooling, overlapping and padded": (pooling(True, size=4, kernel=3, padding=1), {}),
    "max pooling that leaves a rest": (pooling(True, size=5), {}),
    "average pooling": (pooling(False), {}),
    "average pooling, padded": (pooling(False, size=4, kernel=3, padding=1), {}),
    "average pooling, padding not counted": (pooling(False, size=4, kernel=3, padding=1, counted=False), {}),
    "flattened": (flattened(), {}),
    "attention": (attention(), {}),
    "causal attention": (attention(causal=True), {}),
    "embedding": (embedding(), {"x": 7}),
    "probability of a label": (labelled(), {"c": 5}),
    "recurrent": (recurrent(), {}),
    "recurrent from the end": (recurrent(reverse=True), {}),
    "LSTM": (lstm(), {}),
    "GRU": (gru(), {}),
    "masked": (masked(), {}),
    "recurrent beside windows that are read backwards": (lagging(False, True), {}),
    "recurrent beside the step before": (lagging(True, False), {}),
    "softmax in a recurrence": (softmax_recurrence(), {}),
    "brackets in a recurrence": (bracketed_recurrence(), {}),
    "powers of an index": (powers(), {}),
}


@pytest.mark.parametrize("name, samples, steps", [(name, *sizes) for name in CASES for sizes in ((3, 4), (1, 1)) if
                                                  sizes[0] > 1 or "convolution" not in name])
def test_forward_and_backward(name, samples, steps):
    run(derived_case(name), {SAMPLES: samples, T: steps}, CASES[name][1])
