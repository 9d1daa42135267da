"""Small networks for the tests of LaTeX, built without a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy
from sympy import Expr, Integer, Piecewise, exp, log, tanh

from derive.calculus.chain_rule import differentiate
from derive.calculus.record import Derivation
from derive.instantiate import instantiate, number
from derive.language.equations import Equation, Fact, Quantity, Role, System
from derive.language.expressions import Access, Index, Sum, dimension
from derive.language.substitution import SAMPLES
from derive.network import Network, Optimiser, Training

ALIASES = {
    ("x", (0, 0)): "i1", ("x", (0, 1)): "i2", ("t", (0, 0)): "target_o1", ("t", (0, 1)): "target_o2",
    ("W1", (0, 0)): "w1", ("W1", (1, 0)): "w2", ("W1", (0, 1)): "w3", ("W1", (1, 1)): "w4",
    ("W2", (0, 0)): "w5", ("W2", (1, 0)): "w6", ("W2", (0, 1)): "w7", ("W2", (1, 1)): "w8",
    ("z1", (0, 0)): "net_h1", ("z1", (0, 1)): "net_h2", ("a1", (0, 0)): "out_h1", ("a1", (0, 1)): "out_h2",
    ("z2", (0, 0)): "net_o1", ("z2", (0, 1)): "net_o2", ("a2", (0, 0)): "out_o1", ("a2", (0, 1)): "out_o2",
    ("e", (0, 0)): "E_o1", ("e", (0, 1)): "E_o2", ("J", ()): "E_total",
}
WORKED = {"x": [[0.05, 0.10]], "t": [[0.01, 0.99]], "W1": [[0.15, 0.25], [0.20, 0.30]], "b1": [0.35, 0.35],
          "W2": [[0.40, 0.50], [0.45, 0.55]], "b2": [0.60, 0.60]}


def network(widths: list[int], activation: str = "sigmoid", loss: str = "half", samples: int = 1,
            numbers: Mapping[str, Any] | None = None, **changes: Any) -> tuple[Network, Derivation]:
    """A dense network; loss is half (squared error), bce, ce (softmax, one-hot) or labels (softmax, labels)."""
    quantities: dict[str, Quantity] = {}
    equations: list[Equation] = []
    n = Index("n", SAMPLES)
    sizes = [dimension(f"d{number_}") for number_ in range(len(widths))]
    last = len(widths) - 1

    def add(name: str, *indices: Index, **known: Any) -> Access:
        quantities[name] = Quantity(name, indices, **known)
        return quantities[name].entry

    add("x", n, Index("j", sizes[0]), role=Role.INPUT)
    before = "x"
    for layer in range(1, last + 1):
        k, j = Index("k", sizes[layer - 1]), Index("j", sizes[layer])
        add(f"W{layer}", k, j, role=Role.PARAMETER)
        bias = add(f"b{layer}", j, role=Role.PARAMETER)
        z, a = add(f"z{layer}", n, j), add(f"a{layer}", n, j)
        equations.append(Equation(z, Sum(Access(before, n, k) * Access(f"W{layer}", k, j), k) + bias))
        kind = activation if layer < last or loss == "half" else {"bce": "sigmoid"}.get(loss, "softmax")
        equations.append(Equation(a, _activation(kind, z, n, sizes[layer])))
        before = f"a{layer}"
    j = Index("j", sizes[last])
    y = Access(before, n, j)
    if loss == "labels":
        t = add("t", n, role=Role.TARGET, integer=True)
        cost = add("e", n)
        equations.append(Equation(cost, -log(Access(before, n, t))))
    else:
        facts = (Fact(Sum(Access("t", n, j), j), Integer(1), "one-hot"),) if loss == "ce" else ()
        t = add("t", n, j, role=Role.TARGET, facts=facts)
        cost = add("e", n) if loss == "ce" else add("e", n, j)
        equations.append(Equation(cost, {"half": (y - t) ** 2 / 2, "bce": -(t * log(y) + (1 - t) * log(1 - y)),
                                         "ce": -Sum(t * log(y), j)}[loss]))
    total = add("J")
    equations.append(Equation(total, Sum(cost, *quantities["e"].indices) / SAMPLES))
    system = System(quantities, tuple(equations))
    rng = np.random.default_rng(7)
    data = {"x": np.array((numbers or {}).get("x", rng.random((samples, widths[0])).round(2))),
            "t": np.array((numbers or {}).get("t", rng.integers(0, 2, samples) if loss == "labels"
                                              else rng.random((samples, widths[-1])).round(2)))}
    known: dict[str, Any] = {
        "name": "toy", "title": "A network", "source": "", "notes": "", "system": system,
        "sizes": dict(zip(sizes, widths, strict=True)), "inputs": ("x",), "targets": ("t",), "prediction": before,
        "kind": "values", "loss": "J", "frozen": (), "initial": {}, "seed": 0, "training": Training(),
        "parameters": tuple(q.name for q in quantities.values() if q.role is Role.PARAMETER),
        "optimiser": Optimiser("gradient_descent", (Equation(
            Access("theta"), Access("theta") - Access("learning_rate") * Access("g")),), (), {"learning_rate": 0.5}),
        "aliases": {}, "data": data, "test": {}}
    made = Network(**{**known, **changes})
    return made, differentiate(system, "J")


def worked(**changes: Any) -> tuple[Network, Derivation]:
    """The 2-2-2 network with the numbers of the standard worked example; its biases are kept."""
    return network([2, 2, 2], numbers=WORKED, aliases=ALIASES, frozen=("b1", "b2"),
                   title="A worked example", source="the standard account", **changes)


def _activation(kind: str, z: Access, n: Index, size: Expr) -> Expr:
    if kind == "softmax":
        k = Index("k", size)
        return exp(z) / Sum(exp(Access(z.name, n, k)), k)
    return {"sigmoid": 1 / (1 + exp(-z)), "tanh": tanh(z),
            "relu": Piecewise((z, z > 0), (0, sympy.true))}[kind]


def values(made: Network, derivation: Derivation, numbers: Mapping[str, Any] | None = None
           ) -> dict[tuple[str, tuple[int, ...]], float]:
    """Every number of a network, forward and backward, by evaluating its own equations."""
    rng = np.random.default_rng(3)
    known: dict[tuple[str, tuple[int, ...]], float] = {}
    arrays = {p: np.array((numbers or {}).get(p, rng.normal(size=made.shape(p)).round(2)))  # type: ignore[arg-type]
              for p in made.parameters}
    for name, array in {**arrays, **made.data}.items():
        known |= {(name, place): float(x) for place, x in np.ndenumerate(array)}
    labels = {name: array for name, array in made.data.items() if made.system.quantities[name].integer}
    instance = instantiate(derivation.system, made.sizes, len(made.data["x"]), labels=labels)
    for equation in instance.equations:
        known[equation.name, tuple(map(int, equation.target.indices))] = number(equation.body, known)
    return known
