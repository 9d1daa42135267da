"""Small networks made by hand, for tests of code generation that need no file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy
from sympy import Integer, Piecewise

from derive.build.parameters import initialiser
from derive.calculus.chain_rule import differentiate
from derive.calculus.record import Derivation
from derive.language.equations import Equation, Fact, Quantity, Role, System
from derive.language.expressions import Access, Index, Sum, dimension
from derive.language.substitution import SAMPLES
from derive.network import Initialiser, Network, Optimiser, Training

THETA, G, K = Access("theta"), Access("g"), Access("k")


def optimiser(name: str = "gradient_descent") -> Optimiser:
    """Optimisers as the catalogue states them."""
    rate, u, v = Access("learning_rate"), Access("u"), Access("v")
    beta1, beta2, epsilon = Access("beta1"), Access("beta2"), Access("epsilon")
    if name == "gradient_descent":
        return Optimiser(name, (Equation(THETA, THETA - rate * G),), (), {"learning_rate": 0.5})
    if name == "momentum":
        return Optimiser(name, (Equation(u, Access("momentum") * u + G), Equation(THETA, THETA - rate * u)), ("u",),
                         {"learning_rate": 0.05, "momentum": 0.9})
    assert name == "adamw"
    return Optimiser(name, (
        Equation(u, beta1 * u + (1 - beta1) * G),
        Equation(v, beta2 * v + (1 - beta2) * G**2),
        Equation(THETA, THETA - rate * Access("weight_decay") * THETA),
        Equation(THETA, THETA - rate * (u / (1 - beta1**K)) / (sympy.sqrt(v / (1 - beta2**K)) + epsilon)),
    ), ("u", "v"), {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01})


ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + sympy.exp(-z)),
    "tanh": sympy.tanh,
    "relu": lambda z: Piecewise((z, z > 0), (0, True)),
    "leaky_relu": lambda z: Piecewise((z, z > 0), (z / 100, True)),
    "elu": lambda z: Piecewise((z, z > 0), (sympy.exp(z) - 1, True)),
    "gelu": lambda z: z * (1 + sympy.erf(z / sympy.sqrt(2))) / 2,
    "erf": sympy.erf,
    "silu": lambda z: z / (1 + sympy.exp(-z)),
    "softplus": lambda z: sympy.log(1 + sympy.exp(z)),
}


def network(widths: Sequence[int] = (2, 2, 2), activation: str = "sigmoid", loss: str = "half_squared_error",
            optimiser_name: str = "gradient_descent", l2: bool = False, shared_bias: bool = False,
            frozen: tuple[str, ...] = (), tied: bool = False, **training: Any) -> tuple[Network, Derivation]:
    """A network of dense layers, and its derivation by all of its parameters."""
    sizes = {dimension(f"d{layer}"): width for layer, width in enumerate(widths)}
    size = list(sizes)
    n = Index("n", SAMPLES)
    quantities: dict[str, Quantity] = {}
    equations: list[Equation] = []
    parameters: list[str] = []
    initial: dict[str, Initialiser] = {}

    def make(name: str, *indices: Index, **more: Any) -> Access:
        quantities[name] = Quantity(name, indices, **more)
        return quantities[name].entry

    make("x", n, Index("j", size[0]), role=Role.INPUT)
    before = "x"
    last = len(widths) - 1
    output = {"cross_entropy": "softmax", "labels": "softmax", "binary_cross_entropy": "sigmoid"}.get(loss, activation)
    for layer in range(1, last + 1):
        k, j = Index("k", size[layer - 1]), Index("j", size[layer])
        weights, bias = f"W{layer}", f"b{layer}"
        if tied and layer == last:
            make(weights, k, j)
            equations.append(Equation(Access(weights, k, j), Access("W1", j, k)))
        else:
            make(weights, k, j, role=Role.PARAMETER)
            parameters.append(weights)
            initial[weights] = initialiser("glorot_uniform")
        make(bias, *(() if shared_bias else (j,)), role=Role.PARAMETER)
        parameters.append(bias)
        initial[bias] = initialiser("uniform")
        z, a = make(f"z{layer}", n, j), make(f"a{layer}", n, j)
        equations.append(Equation(z, Sum(Access(before, n, k) * Access(weights, k, j), k) + quantities[bias].entry))
        if layer == last and output == "softmax":
            other = Index("k", size[layer])
            body = sympy.exp(z) / Sum(sympy.exp(Access(f"z{layer}", n, other)), other)
        else:
            body = ACTIVATIONS[output if layer == last else activation](z)
        equations.append(Equation(a, body))
        before = f"a{layer}"
    j = Index("j", size[last])
    y = Access(before, n, j)
    if loss == "labels":
        t = make("t", n, role=Role.TARGET, integer=True)
        error, own = -sympy.log(Access(before, n, t)), (n,)
    else:
        facts = (Fact(Sum(Access("t", n, j), j), Integer(1), "one-hot"),) if loss == "cross_entropy" else ()
        t = make("t", n, j, role=Role.TARGET, facts=facts)
        error, own = {
            "half_squared_error": ((y - t) ** 2 / 2, (n, j)),
            "binary_cross_entropy": (-(t * sympy.log(y) + (1 - t) * sympy.log(1 - y)), (n, j)),
            "cross_entropy": (-Sum(t * sympy.log(y), j), (n,)),
        }[loss]
    cost = make("e", *own)
    equations.append(Equation(cost, error))
    mean = Sum(cost, *own) / SAMPLES
    if l2:
        strength = make("lambda", role=Role.CONSTANT, value=0.1, meaning="strength of the regularisation")
        penalty = make("R")
        weight = quantities["W1"]
        equations.append(Equation(penalty, strength / 2 * Sum(weight.entry ** 2, *weight.indices)))
        mean += penalty
    make("J")
    equations.append(Equation(Access("J"), mean))
    kind = {"cross_entropy": "distribution", "labels": "distribution", "binary_cross_entropy": "probability"}
    made = Network(
        name="net", title="A network for tests", source="", notes="", system=System(quantities, tuple(equations)),
        sizes=sizes, inputs=("x",), targets=("t",), prediction=before, kind=kind.get(loss, "values"),  # type: ignore[arg-type]
        loss="J", parameters=tuple(parameters), frozen=frozen, initial=initial, seed=1,
        optimiser=optimiser(optimiser_name), training=Training(**training), aliases={}, data={}, test={})
    return made, differentiate(made.system, "J", parameters)
