"""Whole networks of any rank for tests of emitted modules: a convolutional one and a recurrent one."""

from __future__ import annotations

from dataclasses import replace

import sympy
from networks import network
from sympy import Integer, Rational

from derive.calculus.chain_rule import differentiate
from derive.calculus.record import Derivation
from derive.language.equations import Equation, Fact, Quantity, Role, System
from derive.language.expressions import Access, Delta, Index, Maximum, Sum, Within
from derive.language.substitution import SAMPLES
from derive.network import Initialiser, Network

A = Access
n = Index("n", SAMPLES)


def _indices(names: str, *sizes: int) -> list[Index]:
    return [Index(name, size) for name, size in zip(names.split(), sizes, strict=True)]


def _made(data: dict[str, tuple[Index, ...]], parameters: dict[str, tuple[Index, ...]],
          definitions: dict[str, tuple[tuple[Index, ...], sympy.Expr]], logits: Access, integers: tuple[str, ...] = ()
          ) -> tuple[Network, Derivation]:
    """A network that ends in softmax and cross-entropy over the logits."""
    j = logits.indices[-1]
    k = Index("r", j.size)
    total = Sum(sympy.exp(A(logits.name, *logits.indices[:-1], k)), k)
    t, y = A("t", n, j), A("y", n, j)
    definitions = {**definitions, "y": ((n, j), sympy.exp(logits) / total),
                   "e": ((n,), -Sum(t * sympy.log(y), j)), "J": ((), Sum(A("e", n), n) / SAMPLES)}
    data = {**data, "t": (n, j)}
    quantities = {name: Quantity(name, own, Role.INPUT if name != "t" else Role.TARGET, integer=name in integers)
                  for name, own in data.items()}
    quantities["t"] = replace(quantities["t"], facts=(Fact(Sum(t, j), Integer(1), "one-hot"),))
    quantities |= {name: Quantity(name, own, Role.PARAMETER) for name, own in parameters.items()}
    quantities |= {name: Quantity(name, own) for name, (own, _) in definitions.items()}
    equations = tuple(Equation(A(name, *own), body) for name, (own, body) in definitions.items())
    like, _ = network()
    made = replace(like, system=System(quantities, equations), sizes={}, inputs=tuple(q for q in data if q != "t"),
                   targets=("t",), prediction="y", kind="distribution", loss="J", parameters=tuple(parameters),
                   initial={name: Initialiser("uniform", Rational(3, 10) * A("U")) for name in parameters})
    return made, differentiate(made.system, "J", tuple(parameters))


def convolutional(size: int = 8, filters: int = 16, classes: int = 10, stride: int = 1) -> tuple[Network, Derivation]:
    """Two convolutions of 3 × 3 with max pooling between, then a dense layer."""
    half = size // 2
    last = (half - 1) // stride + 1
    p, q, d, i, j, u, v, c = _indices("p q d i j u v c", size, size, 1, size, size, 3, 3, filters)
    a, b, e, f = _indices("a b e f", half, half, filters, filters)
    g, h = _indices("g h", last, last)
    r, s = _indices("r s", 2, 2)
    w, k = Index("w", last * last * filters), Index("k", classes)
    first = A("x", n, i + u - 1, j + v - 1, d) * A("W1", u, v, d, c) * Within(i + u - 1, size) * Within(j + v - 1, size)
    y1, y2 = stride * g + u - 1, stride * h + v - 1
    second = A("p1", n, y1, y2, e) * A("W2", u, v, e, f) * Within(y1, half) * Within(y2, half)
    z1, z2 = A("z1", n, i, j, c), A("z2", n, g, h, f)
    return _made({"x": (n, p, q, d)}, {"W1": (u, v, d, c), "b1": (c,), "W2": (u, v, e, f), "b2": (f,), "W3": (w, k),
                                       "b3": (k,)}, {
        "z1": ((n, i, j, c), Sum(first, u, v, d) + A("b1", c)),
        "a1": ((n, i, j, c), sympy.Piecewise((z1, z1 > 0), (0, True))),
        "p1": ((n, a, b, e), Maximum(A("a1", n, 2 * a + r, 2 * b + s, e), r, s)),
        "z2": ((n, g, h, f), Sum(second, u, v, e) + A("b2", f)),
        "a2": ((n, g, h, f), sympy.tanh(z2)),
        "flat": ((n, w), Sum(Delta(w, (g * last + h) * filters + f) * A("a2", n, g, h, f), g, h, f)),
        "z3": ((n, k), Sum(A("flat", n, w) * A("W3", w, k), w) + A("b3", k))}, A("z3", n, k))


def recurrent(steps: int = 20, width: int = 8, hidden: int = 32, classes: int = 4, vocabulary: int = 0
              ) -> tuple[Network, Derivation]:
    """An LSTM, over vectors or over looked-up words, with a dense layer on its last state."""
    t, i, j, k, o = _indices("t i j k o", steps, width, hidden, hidden, classes)
    parameters: dict[str, tuple[Index, ...]] = {}
    definitions: dict[str, tuple[tuple[Index, ...], sympy.Expr]] = {}
    data: dict[str, tuple[Index, ...]] = {"x": (n, t, i)}
    name = "x"
    if vocabulary:
        data, name, v = {"words": (n, t)}, "x", Index("v", vocabulary)
        parameters["E"] = (v, i)
        definitions["x"] = (n, t, i), A("E", A("words", n, t), i)
    for gate in ("input", "forget", "output", "new"):
        short = gate[0]
        parameters |= {f"W{short}": (i, j), f"U{short}": (k, j), f"b{short}": (j,)}
        z = A(f"z{short}", n, t, j)
        definitions[z.name] = (n, t, j), Sum(A(name, n, t, i) * A(f"W{short}", i, j), i) + A(f"b{short}", j) + Sum(
            A("h", n, t - 1, k) * A(f"U{short}", k, j) * Within(t - 1, steps), k)
        definitions[f"{gate}_gate"] = (n, t, j), sympy.tanh(z) if gate == "new" else 1 / (1 + sympy.exp(-z))
    gates = {gate: A(f"{gate}_gate", n, t, j) for gate in ("input", "forget", "output", "new")}
    kept = gates["forget"] * A("c", n, t - 1, j) * Within(t - 1, steps)
    definitions["c"] = (n, t, j), kept + gates["input"] * gates["new"]
    definitions["h"] = (n, t, j), gates["output"] * sympy.tanh(A("c", n, t, j))
    parameters |= {"V": (k, o), "a": (o,)}
    definitions["s"] = (n, o), Sum(A("h", n, steps - 1, k) * A("V", k, o), k) + A("a", o)
    return _made(data, parameters, definitions, A("s", n, o), ("words",) if vocabulary else ())
