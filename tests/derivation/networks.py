"""Networks from YAML texts, and numbers for them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import mpmath
from sympy import Rational, Symbol

from derive.build import build
from derive.calculus.record import Derivation
from derive.catalogue.activations import ACTIVATIONS
from derive.file.reading import validated
from derive.file.source import source_of_text
from derive.language.equations import Role, System
from derive.language.substitution import SAMPLES
from derive.network import Network, NetworkDerivation

from .evaluation import Array


@cache
def network(text: str) -> Network:
    """The network that a YAML text describes."""
    source = source_of_text(text)
    return build(validated(source), source)


@cache
def derivation(text: str) -> NetworkDerivation:
    return network(text).derivation()


@dataclass(frozen=True)
class Case:
    """A network and its derivation, with exact random numbers for everything that has to be given."""

    text: str
    samples: int = 2
    seed: int = 1

    @cached_property
    def network(self) -> Network:
        return network(self.text)

    @cached_property
    def derivation(self) -> NetworkDerivation:
        return derivation(self.text)

    @cached_property
    def sizes(self) -> Mapping[Symbol, int]:
        return {**self.network.sizes, SAMPLES: self.samples}

    @cached_property
    def given(self) -> dict[str, Array]:
        """Rational numbers: inputs, parameters, constants, and targets that satisfy what is declared of them."""
        return numbers_for(self.network, self.samples, self.seed)

    @cached_property
    def labels(self) -> dict[str, list[int]]:
        return {q.name: [int(v) for v in self.given[q.name].values()]
                for q in self.network.system.quantities.values() if q.integer}


@dataclass(frozen=True, eq=False)
class Handmade:
    """A system that no file describes, its derivation and numbers, to be checked in the same way."""

    system: System
    derivation: Derivation
    given: dict[str, Array]
    sizes: Mapping[Symbol, int] = field(default_factory=dict)

    @property
    def network(self) -> Handmade:
        return self

    @property
    def loss(self) -> str:
        return self.derivation.objective


@cache
def case(text: str, samples: int = 2) -> Case:
    """Derived once for all tests."""
    return Case(text, samples)


def numbers_for(of: Network, samples: int, seed: int) -> dict[str, Array]:
    draw = random.Random(seed)
    classes = of.shape(of.prediction)[-1]
    given: dict[str, Array] = {}
    for quantity in of.system.quantities.values():
        if quantity.name in of.system.definitions:
            continue
        shape = [samples if size is None else size for size in of.shape(quantity.name)]
        places = _places(shape)
        if quantity.role is Role.CONSTANT:
            values = quantity.value if isinstance(quantity.value, tuple) else (quantity.value,)
            given[quantity.name] = {place: Rational(str(value)) for place, value in zip(places, values, strict=True)}
        elif quantity.integer:
            given[quantity.name] = {place: Rational(draw.randrange(classes)) for place in places}
        elif quantity.role is Role.TARGET and of.kind == "margin":
            given[quantity.name] = {place: Rational(draw.choice([-1, 1])) for place in places}
        elif quantity.role is Role.TARGET and of.kind != "values":
            given[quantity.name] = {place: Rational(draw.randint(1, 60), 61) for place in places}
        else:
            given[quantity.name] = {place: Rational(draw.randint(-50, 100), 101) for place in places}
        for _ in quantity.facts:  # Σ_j t[n,j] = 1
            whole = {n: sum(v for place, v in given[quantity.name].items() if place[0] == n) for n in range(samples)}
            given[quantity.name] = {place: v / whole[place[0]] for place, v in given[quantity.name].items()}
    return given


def _places(shape: list[int]) -> list[tuple[int, ...]]:
    places: list[tuple[int, ...]] = [()]
    for size in shape:
        places = [(*place, position) for place in places for position in range(size)]
    return places


def as_floating(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Rational numbers as numbers of mpmath's present precision."""
    return {name: {place: mpmath.mpf(v.p) / v.q for place, v in array.items()} for name, array in arrays.items()}


# -- the catalogue as small networks --------------------------------------------------------------------------

def activation_network(activation: str, loss: str = "half_squared_error") -> str:
    return f"""
inputs: {{x: 2}}
layers:
  - {{dense: 2, activation: {activation}}}
  - {{dense: 2, activation: {activation}}}
loss: {loss}
"""


def loss_network(loss: Any, activation: str = "identity", inputs: str = "2") -> str:
    return f"""
inputs: {{x: {inputs}}}
layers:
  - {{dense: 2, activation: tanh, name: h}}
  - {{dense: 3, activation: {activation}}}
loss: {loss}
"""


LOSSES = {
    "half squared error": loss_network("half_squared_error"),
    "mean squared error": loss_network("mean_squared_error", "sigmoid"),
    "mean absolute error": loss_network("mean_absolute_error"),
    "Huber": loss_network("{huber: {delta: 0.7}}"),
    "binary cross-entropy": loss_network("binary_cross_entropy", "sigmoid"),
    "binary cross-entropy from logits": loss_network("binary_cross_entropy_with_logits"),
    "cross-entropy": loss_network("cross_entropy", "softmax"),
    "cross-entropy of sigmoids": loss_network("cross_entropy", "sigmoid"),
    "cross-entropy from logits": loss_network("cross_entropy_with_logits"),
    "cross-entropy with labels": loss_network("cross_entropy_with_labels", "softmax"),
    "cross-entropy with labels of sigmoids": loss_network("cross_entropy_with_labels", "sigmoid"),
    "log cosh": loss_network("log_cosh"),
    "Gaussian likelihood": """
inputs: {x: 2}
layers: [{dense: 2, activation: tanh, name: h}, {dense: 2, name: s}, {dense: 2, from: h}]
loss: {gaussian_nll: {log_variance: s}}
""",
    "Poisson": loss_network("poisson", "softplus"),
    "Poisson with log-rates": loss_network("poisson_with_log_rates"),
    "cosine similarity": loss_network("{cosine_similarity: {epsilon: 0.1}}"),
    "triplet": loss_network("{triplet: {margin: 3}}", "tanh", "[3, 2]"),
    "hinge": loss_network("hinge"),
    "squared hinge": loss_network("squared_hinge"),
    "focal": loss_network("focal", "sigmoid"),
    "focal from logits": loss_network("{focal_with_logits: {gamma: 1.5}}"),
    "cross-entropy with labels from logits": loss_network("cross_entropy_with_labels_with_logits"),
    "Kullback-Leibler": loss_network("kullback_leibler", "softmax"),
    "smoothed cross-entropy": loss_network("{cross_entropy: {smoothing: 0.1}}", "softmax"),
    "smoothed cross-entropy with labels": loss_network("{cross_entropy_with_labels: {smoothing: 0.1}}", "softmax"),
    "smoothed binary cross-entropy": loss_network("{binary_cross_entropy_with_logits: {smoothing: 0.2}}"),
    "weights of classes": loss_network("{cross_entropy_with_logits: {class_weights: [1, 2, 0.5]}}"),
    "weights of labels and samples": loss_network(
        "{cross_entropy_with_labels_with_logits: {class_weights: [1, 2, 0.5], sample_weight: w, smoothing: 0.1}}"),
    "weights of two classes": loss_network("{binary_cross_entropy: {class_weights: [1, 3]}}", "sigmoid"),
    "weights of samples, over a sequence": loss_network("{mean_squared_error: {sample_weight: w}}", inputs="[2, 2]"),
    "a sum of costs": loss_network("{huber: {reduction: sum, sample_weight: w}}"),
    "a typed loss of a named layer": """
inputs: {x: 2}
layers: [{dense: 3, activation: softplus, name: s}, {dense: 3, from: x}]
loss: "s*(y - t)**2 + s[n,0]"
""",
    "a typed loss for each entry": loss_network('"log(cosh(y - t))"'),
    "a typed loss for each sample": loss_network('"sqrt(1 + sum(j, (y[n,j] - t[n,j])**2))"'),
    "a typed loss over pairs of outputs": loss_network('"sum(j, k, (y[n,j]*y[n,k] - t[n,j]*t[n,k])**2)"'),
}

STRUCTURES = {
    "no bias": """
inputs: {x: 2}
layers: [{dense: 2, activation: sigmoid, bias: false}, {dense: 2, activation: tanh, bias: false}]
loss: half_squared_error
""",
    "shared biases": """
inputs: {x: 2}
layers: [{dense: 2, activation: sigmoid, bias: shared}, {dense: 2, activation: sigmoid, bias: shared}]
loss: mean_squared_error
""",
    "weight decay": """
inputs: {x: 2}
layers: [{dense: 2, activation: tanh}, {dense: 1}]
loss: half_squared_error
regularisation: {l2: 0.1}
""",
    "L1 and L2 of named parameters": """
inputs: {x: 2}
layers: [{dense: 2, activation: tanh}, {dense: 1}]
loss: half_squared_error
regularisation: {l1: {strength: 0.3, of: [W1, b2]}, l2: {strength: 0.1, of: [W2]}}
""",
    "two inputs, concatenated": """
inputs: {u: 2, v: 1}
layers:
  - {concatenate: [u, v]}
  - {dense: 2, activation: tanh}
  - {dense: 1}
loss: half_squared_error
""",
    "two branches, concatenated": """
inputs: {x: 2}
layers:
  - {dense: 2, activation: sigmoid, name: left}
  - {dense: 1, activation: tanh, from: x, name: right}
  - {concatenate: [left, right, x]}
  - {dense: 2, activation: tanh}
loss: half_squared_error
""",
    "the same layer concatenated with itself": """
inputs: {x: 2}
layers:
  - {dense: 2, activation: sigmoid, name: a}
  - {concatenate: [a, a]}
  - {dense: 1}
loss: half_squared_error
""",
    "two inputs, added": """
inputs: {u: 2, v: 1}
layers:
  - {dense: 2, from: u, name: one, bias: false}
  - {dense: 2, from: v, name: two, bias: false}
  - {add: [one, two], activation: tanh}
  - {dense: 1}
loss: half_squared_error
""",
    "a residual connection": """
inputs: {x: 2}
layers:
  - {dense: 2, activation: tanh, name: trunk}
  - {dense: 2, activation: sigmoid, name: block}
  - {add: [trunk, block]}
  - {dense: 2}
loss: mean_squared_error
""",
    "a layer added to itself": """
inputs: {x: 2}
layers:
  - {dense: 2, activation: tanh, name: a}
  - {add: [a, a]}
  - {dense: 1, activation: sigmoid}
loss: half_squared_error
""",
    "an output read by three layers": """
inputs: {x: 1}
layers:
  - {dense: 2, activation: tanh, name: a}
  - {dense: 2, activation: sigmoid, from: a, name: b}
  - {dense: 2, activation: silu, from: a, name: c}
  - {add: [a, b, c]}
loss: half_squared_error
""",
    "tied weights": """
inputs: {x: 2}
layers: [{dense: 2, activation: tanh}, {dense: 2, activation: sigmoid}, {dense: 2}]
loss: half_squared_error
tied: {W3: W2}
""",
    "an autoencoder with transposed weights": """
inputs: {x: 2}
layers: [{dense: 3, activation: tanh}, {dense: 2}]
loss: half_squared_error
tied: {W2: transpose(W1)}
""",
    "tied biases": """
inputs: {x: 2}
layers: [{dense: 2, activation: tanh}, {dense: 2}]
loss: half_squared_error
tied: {b2: b1}
regularisation: {l2: {strength: 0.2, of: [b1]}}
""",
    "repeated layers": """
inputs: {x: 2}
layers: [{dense: 2, activation: sigmoid, repeat: 3}, {dense: 1}]
loss: half_squared_error
""",
    "an activation with a constant of the file": """
inputs: {x: 2}
layers: [{dense: 2, activation: "z / (1 + exp(-beta*z))"}, {dense: 2}]
loss: "log(cosh(y - t))"
constants: {beta: 1.5}
""",
    "an activation over a whole layer": """
inputs: {x: 2}
layers:
  - {dense: 3, activation: "z[n,j] - mean(k, z[n,k])"}
  - {dense: 2, activation: "z[n,j] / sqrt(1 + sum(k, z[n,k]**2))"}
loss: half_squared_error
""",
    "a frozen parameter": """
inputs: {x: 2}
layers: [{dense: 2, activation: tanh}, {dense: 1}]
loss: half_squared_error
frozen: [b1]
""",
    "an unused layer": """
inputs: {x: 2}
layers:
  - {dense: 2, activation: tanh, name: seen}
  - {dense: 3, activation: tanh, name: unseen}
  - {dense: 1, from: seen}
loss: half_squared_error
""",
}

CATALOGUE = {
    **{f"activation {name}": activation_network(name) for name in ACTIVATIONS},
    "activation leaky ReLU with a slope": activation_network("{leaky_relu: {alpha: 0.3}}"),
    "activation ELU with a scale": activation_network("{elu: {alpha: 1.7}}"),
    **{f"loss {name}": text for name, text in LOSSES.items()},
    **STRUCTURES,
}
