"""Inputs and layers: which quantities there are, and their forward equations."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from sympy import Add, Expr, Integer, Mul, Symbol

from derive.build.parts import SAMPLE, Output, Parts
from derive.catalogue.activations import ACTIVATIONS
from derive.catalogue.layers import DENSE, DENSE_BIAS
from derive.file.errors import Place, suggestion
from derive.file.formulas import Scope, parse_equation, parse_formula
from derive.language.equations import Quantity, Role
from derive.language.expressions import Access, Index, Within, dimension
from derive.language.substitution import Renaming

# The sizes of the two sides of a layer in an equation of the catalogue, before it is renamed for a layer.
MOST_WEIGHTS = 100_000_000  # of one layer: 0.8 GB of doubles, and as much again for the gradient
D_IN, D_OUT = dimension("d_in"), dimension("d_out")


def build_layers(parts: Parts) -> Output:
    """Define all inputs and layers; the last layer's output is the prediction."""
    return _Stack(parts).build()


class _Stack:
    """The layers so far, by name."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.outputs: dict[str, Output] = {}
        self.previous: Output

    def build(self) -> Output:
        self._inputs()
        number = 0
        for position, layer in enumerate(self.parts.file.layers):
            for copy in range(1, layer.repeat + 1):
                number += 1
                suffix = f"_{copy}" if layer.repeat > 1 else ""
                label = str(number) if layer.name is None else f"_{layer.name}{suffix}"
                reads = self.previous
                if layer.reads is not None and copy == 1:
                    reads = self._find(layer.reads, position, "from")
                self.previous = self._layer(layer, reads, label, position)
            if layer.name is not None:
                if layer.name in self.outputs:
                    raise self.parts.error(f"there are two layers or inputs called '{layer.name}'", "layers", position,
                                           "name", help="give each a name of its own")
                self.outputs[layer.name] = self.previous
        return self.previous

    def _inputs(self) -> None:
        for name, shape in self.parts.file.inputs.items():
            if len(shape) != 1:
                raise self.parts.error(f"input '{name}' has {len(shape)} axes; the layers here read rows of features",
                                       "inputs", name, help="write one size, such as x: 64")
            size = self.parts.size("0" if len(self.parts.file.inputs) == 1 else f"_{name}", shape[0])
            self.parts.declare(Quantity(name, (SAMPLE, Index("j", size)), Role.INPUT, "input"), "inputs", name)
            self.outputs[name] = Output(name, size, shape[0], f"input {name}")
        self.previous = next(iter(self.outputs.values()))

    def _find(self, name: str, position: int, *path: str | int) -> Output:
        if name == "previous":
            return self.previous
        if name in self.outputs:
            return self.outputs[name]
        if any(layer.name == name for layer in self.parts.file.layers[position:]):
            raise self.parts.error(
                f"layer {position + 1} reads '{name}', which does not come before it: that is a cycle", "layers",
                position, *path, help="a layer reads what stands before it in the file")
        raise self.parts.error(f"there is no layer or input called '{name}'", "layers", position, *path,
                               help=suggestion(name, ["previous", *self.outputs], "there are"))

    def _layer(self, layer: Any, reads: Output, label: str, position: int) -> Output:
        if layer.kind == "activation":
            return _activate(self.parts, layer.activation, reads, label, position)
        if hasattr(layer.options, "of"):
            read = [self._find(name, position, layer.kind, place) for place, name in enumerate(layer.options.of)]
            output = JOINS[layer.kind](self.parts, read, label, position)
        else:
            output = KINDS[layer.kind](self.parts, layer, reads, label, position)
        if layer.activation is not None:
            output = _activate(self.parts, layer.activation, output, label, position)
        return output


def _spoken(label: str) -> str:
    return f"layer {label.lstrip('_')}"


def _dense(parts: Parts, layer: Any, reads: Output, label: str, position: int) -> Output:
    units = layer.options.units
    bias = {None: "true", True: "true", False: "false"}.get(layer.bias, layer.bias)
    path = ("layers", position)
    if reads.units * units > MOST_WEIGHTS:
        raise parts.error(f"this layer would have {reads.units} × {units} weights, and at most {MOST_WEIGHTS:,} are "
                          "computed with", *path, "dense", help="make this layer or the one before it narrower")
    size = parts.size(label, units)
    j = Index("j", size)
    parts.declare(Quantity(f"W{label}", (Index("k", reads.size), j), Role.PARAMETER,
                           f"weights of {_spoken(label)}"), *path)
    parts.weights.append(f"W{label}")
    if bias == "shared":
        parts.declare(Quantity(f"b{label}", (), Role.PARAMETER, f"bias shared by {_spoken(label)}"), *path)
    elif bias == "true":
        parts.declare(Quantity(f"b{label}", (j,), Role.PARAMETER, f"biases of {_spoken(label)}"), *path)
    rename = Renaming({Symbol("x"): Symbol(reads.name), Symbol("W"): Symbol(f"W{label}"),
                       Symbol("b"): Symbol(f"b{label}"), D_IN: reads.size, D_OUT: size})
    output = Output(f"z{label}", size, units, f"layer {position + 1} (dense: {units})")
    parts.define(Quantity(output.name, (SAMPLE, j), meaning=f"pre-activations of {_spoken(label)}"),
                 rename(_dense_equation(bias)), *path)
    return output


@cache
def _dense_equation(bias: str) -> Expr:
    k, j = Index("k", D_IN), Index("j", D_OUT)
    scope = Scope({"x": (SAMPLE, k), "W": (k, j), "b": (j,) if bias == "true" else (), "z": (SAMPLE, j)},
                  indices={"n": SAMPLE, "j": j})
    return parse_equation(DENSE.format(bias=DENSE_BIAS[bias]), scope)[1]


def _activate(parts: Parts, choice: Any, reads: Output, label: str, position: int) -> Output:
    path = ("layers", position, "activation")
    text, options, place = parts.formula(choice, ACTIVATIONS, "activation", *path)
    constants = {option: parts.constant(f"{option}{label}", value, f"{option} of the activation of {_spoken(label)}", *path)
                 for option, value in options.items()}
    body = _activation_equation(text, tuple(options), tuple(parts.file.constants), place)
    rename = Renaming({Symbol("z"): Symbol(reads.name), D_OUT: reads.size,
                       **{Symbol(option): Symbol(constant.name) for option, constant in constants.items()}})
    output = Output(f"a{label}", reads.size, reads.units, reads.origin, choice.name)
    parts.check_positions(rename(body), *path)
    parts.define(Quantity(output.name, (SAMPLE, Index("j", reads.size)), meaning=f"outputs of {_spoken(label)}"),
                 rename(body), *path)
    return output


@lru_cache(maxsize=256)
def _activation_equation(text: str, options: tuple[str, ...], constants: tuple[str, ...], place: Place | None) -> Expr:
    j = Index("j", D_OUT)
    scope = Scope({"z": (SAMPLE, j)}, {name: Access(name) for name in (*options, *constants)}, {"n": SAMPLE, "j": j})
    return parse_formula(text, scope, place)


def _add(parts: Parts, read: list[Output], label: str, position: int) -> Output:
    for place, part in enumerate(read[1:], 1):
        if part.units != read[0].units:
            raise parts.error(f"{read[0].origin} has {read[0].units} units and {part.origin} has {part.units}: "
                              "they can't be added", "layers", position, "add", place,
                              help="give both the same number of units")
        parts.unify(read[0].size, part.size)
    j = Index("j", read[0].size)
    output = Output(f"s{label}", read[0].size, read[0].units, f"layer {position + 1} (add)")
    parts.define(Quantity(output.name, (SAMPLE, j), meaning=f"sum, {_spoken(label)}"),
                 Add(*(part.at(j) for part in read)), "layers", position)
    return output


def _concatenate(parts: Parts, read: list[Output], label: str, position: int) -> Output:
    j = Index("j", Add(*(part.size for part in read)))
    offset, terms = Integer(0), []
    for part in read:
        terms.append(Mul(Within(j - offset, part.size), Access(part.name, SAMPLE, j - offset)))
        offset += part.size
    output = Output(f"c{label}", offset, sum(part.units for part in read), f"layer {position + 1} (concatenate)")
    parts.define(Quantity(output.name, (SAMPLE, j), meaning=f"features side by side, {_spoken(label)}"), Add(*terms),
                 "layers", position)
    return output


# What a layer of each kind of the file defines; those of JOINS read several layers.
KINDS: dict[str, Callable[[Parts, Any, Output, str, int], Output]] = {"dense": _dense}
JOINS: dict[str, Callable[[Parts, list[Output], str, int], Output]] = {"add": _add, "concatenate": _concatenate}
