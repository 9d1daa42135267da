"""Inputs and layers: which quantities there are, and their forward equations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

from sympy import Add, Expr, Integer, Mul, Symbol

from derive.build.axes import in_order, samples_first
from derive.build.equations import define
from derive.build.parts import SAMPLE, Output, Parts
from derive.build.whole_numbers import Indivisible, whole_number
from derive.build.written import Written
from derive.catalogue.activations import ACTIVATIONS
from derive.catalogue.layers import LAYERS, Flag, Layer, Read, Real, Whole
from derive.file.equations import Equations
from derive.file.errors import Place, suggestion
from derive.file.formulas import Scope, bound_letters
from derive.language.equations import Quantity, Role
from derive.language.expressions import Access, Index, Within, dimension
from derive.language.substitution import Renaming, fresh
from derive.network import Layer as BuiltLayer
from derive.network import Use

AXES = {1: "j", 2: "tj", 3: "ijc", 4: "ijlc"}  # the letters of an input's axes
MOST_LAYERS = 10_000  # with all blocks and repetitions written out


def build_layers(parts: Parts) -> Output:
    """Define all inputs and layers; the last layer's output is the prediction."""
    stack = _Stack(parts)
    stack.inputs()
    stack.layers(parts.file.layers, ("layers",), "")
    parts.outputs = stack.outputs
    return stack.previous


class _Stack:
    """The layers so far, by name."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.outputs: dict[str, Output] = {}
        self.number = 0
        self.labels: dict[str, str] = {}  # of the layers so far, and what they are in messages
        self.blocks: list[str] = []  # those that we are inside of
        self.uses: list[Use] = []  # of these blocks, and of the layer that is repeated
        self.previous: Output

    def inputs(self) -> None:
        for name, shape in self.parts.file.inputs.items():
            label = "0" if len(self.parts.file.inputs) == 1 else f"_{name}"
            letters = AXES[len(shape)]
            axes = [Index(letter, self.parts.size(label if letter == letters[-1] else f"{label}_{letter}", size))
                    for letter, size in zip(letters, shape, strict=True)]
            made = self.parts.declare(Quantity(name, (SAMPLE, *axes), Role.INPUT, "input"), "inputs", name)
            self.outputs[name] = Output(name, made.indices, f"input {name}")
        self.previous = next(iter(self.outputs.values()))

    def layers(self, layers: Sequence[Any], path: tuple[str | int, ...], prefix: str) -> None:
        """Define the layers of a list, each reading the one before unless it says otherwise."""
        for position, layer in enumerate(layers):
            start = self.number
            for copy in range(1, layer.repeat + 1):
                suffix = f"_{copy}" if layer.repeat > 1 else ""
                self.uses.append(Use(layer.block or "", start, copy, layer.repeat))
                self._one(layer, layers[position:], (*path, position), prefix, suffix, first=copy == 1)
                self.uses.pop()
            if layer.name is not None:
                if layer.name in self.outputs:
                    raise self.parts.error(f"there are two layers or inputs called '{layer.name}'", *path, position,
                                           "name", help="give each a name of its own")
                self.outputs[layer.name] = self.previous

    def _one(self, layer: Any, rest: Sequence[Any], path: tuple[str | int, ...], prefix: str, suffix: str, first: bool
             ) -> None:
        reads = layer.reads if first else None
        if layer.kind == "block":
            if reads is not None:
                self.previous = self._find(reads, rest, *path, "from")
            self._block(layer.block, path, f"{prefix}_{layer.name}{suffix}" if layer.name else "")
            return
        self.number += 1
        if self.number > MOST_LAYERS:
            raise self.parts.error(f"these are more than {MOST_LAYERS:,} layers", *path, help="repeat fewer")
        own = layer.name is not None and (prefix or not self.blocks)  # inside an unnamed block a name is for reference only
        label = f"{prefix}_{layer.name}{suffix}" if own else str(self.number)
        spoken = f"copy {suffix[1:]} of {layer.name}" if suffix else f"layer {self.number}"
        if label in self.labels:
            raise self.parts.error(f"{spoken} would be called '{label[1:]}', as {self.labels[label]} is", *path, "name",
                                   help="give one of the two another name")
        self.labels[label] = spoken
        quantities = self.parts.quantities
        before = len(quantities)
        self.previous = self._layer(layer, reads, rest, label, path)
        activation = layer.activation.name if layer.activation is not None else None
        declared = tuple(islice(reversed(quantities), len(quantities) - before))[::-1]
        self.parts.layers.append(BuiltLayer(label.removeprefix("_"), layer.kind, activation, declared, self.previous.name,
                                            tuple(use for use in self.uses if use.block or use.copies > 1)))

    def _block(self, name: str, path: tuple[str | int, ...], prefix: str) -> None:
        """The layers of a block; inside it `input` is what it reads, and its layers' names are its own."""
        known = self.parts.file.blocks
        if name not in known:
            raise self.parts.error(f"there is no block '{name}'", *path, "block",
                                   help=suggestion(name, known, "the blocks are"))
        if name in self.blocks:
            raise self.parts.error(f"the block '{name}' contains itself", *path, "block", help="remove this layer")
        outside = self.outputs
        self.blocks.append(name)
        self.outputs = {**outside, "input": self.previous}
        self.layers(known[name], ("blocks", name), prefix)
        self.blocks.pop()
        self.outputs = outside

    def _find(self, name: str, rest: Sequence[Any], *path: str | int) -> Output:
        if name == "previous":
            return self.previous
        if name in self.outputs:
            return self.outputs[name]
        if any(layer.name == name for layer in rest):
            here = f"layer {path[1] + 1}" if path[0] == "layers" else f"layer {path[2] + 1} of the block {path[1]}"  # type: ignore[operator]
            raise self.parts.error(f"{here} reads '{name}', which does not come before it: that is a cycle", *path,
                                   help="a layer reads what stands before it in the file")
        raise self.parts.error(f"there is no layer or input called '{name}'", *path,
                               help=suggestion(name, ["previous", *self.outputs], "there are"))

    def _layer(self, layer: Any, reads: Any, rest: Sequence[Any], label: str, path: tuple[str | int, ...]) -> Output:
        read = self.previous if reads is None or isinstance(reads, dict) else self._find(reads, rest, *path, "from")
        if layer.kind == "activation":
            return _activate(self.parts, layer.activation, read, label, *path)
        place = f"layer {label}" if path[0] != "layers" else f"layer {int(path[1]) + 1}"
        if layer.kind == "equations":
            names = reads if isinstance(reads, dict) else {}
            known = {name: output for name, output in self.outputs.items()  # read with indices, and defined nowhere
                     if re.search(rf"\b{name}\s*\[", layer.equations)
                     and not re.search(rf"(?m)(^|;)\s*{name}\s*\[[^=\n]*=", layer.equations)}
            found = {mine: self._find(theirs, rest, *path, "from", mine) for mine, theirs in names.items()}
            mentioned = {name: replace(output, indices=in_order(self.parts, output.indices))
                         for name, output in {**known, "x": read, **found}.items()}
            written = Written(
                layer.equations, mentioned, self.parts.source.at(*path, "equations"),
                constants={name: Access(name) for name in self.parts.file.constants},
                sizes=layer.sizes or {}, shapes=layer.parameters or {})
            output = define(self.parts, written, label, _spoken(label), f"{place} (equations)", *path)
        elif layer.kind in LAYERS:
            output = self._of_catalogue(layer, read, rest, label, f"{place} ({_described(layer)})", path)
        else:
            parts = [self._find(name, rest, *path, layer.kind, at) for at, name in enumerate(layer.options["of"])]
            output = JOINS[layer.kind](self.parts, parts, label, f"{place} ({layer.kind})", path)
        if layer.activation is not None:
            output = _activate(self.parts, layer.activation, output, label, *path)
        return output

    def _of_catalogue(self, layer: Any, read: Output, rest: Sequence[Any], label: str, origin: str,
                      path: tuple[str | int, ...]) -> Output:
        entry, options = LAYERS[layer.kind], layer.options
        constants: dict[str, Expr] = {name: Access(name) for name in self.parts.file.constants}
        reads = {"x": read}
        text, modes = chosen(entry, options)
        for name, option in entry.options.items():
            if isinstance(option, Read) and name in options:
                reads[name] = self._find(options[name], rest, *path, layer.kind, name)
            elif isinstance(option, Real) and (name in entry.random.values() or re.search(rf"\b{name}\b", text)):
                constants[name] = self.parts.constant(f"{name}{label}", options[name], f"{name} of {_spoken(label)}", *path)
        bias = {None: "true", True: "true", False: "false"}.get(layer.bias, layer.bias)
        shapes = {"x": self.parts.shape_of(read.indices)}
        try:
            numbers = _numbers(entry, options, shapes)
        except Indivisible as error:
            raise self.parts.error(f"{origin} cannot be padded to keep its size: {error}", *path, layer.kind,
                                   help="choose an odd window, or give the padding as a number") from None
        for name, limit in entry.limits.items():
            if numbers[name] > (most := whole_number(limit, numbers, shapes)):
                raise self.parts.error(f"{origin} has a padding of {numbers[name]}, and at most {most} reaches the window",
                                       *path, layer.kind, help="choose less padding, or a larger window")
        written = Written(text, reads, None, numbers, constants, entry.sizes, entry.shapes, bias, modes, entry.random,
                          entry.meanings, entry.initial)
        return define(self.parts, written, label, _spoken(label), origin, *path)


def _numbers(entry: Layer, options: Mapping[str, Any], reads: Mapping[str, tuple[int | None, ...]]) -> dict[str, int]:
    """The whole numbers among the options by their names in the equations; those given by a formula come last."""
    found: dict[str, int] = {}
    formulas: list[tuple[str, str]] = []
    for name, option in entry.options.items():
        value: Any = options.get(name)
        if isinstance(option, Flag):
            found[name] = int(value)
        if not isinstance(option, Whole):
            continue
        for axis in range(1, option.axes + 1):
            mine = f"{name}{axis}" if option.axes > 1 else name
            if isinstance(value, str):
                text = option.words.get(value, value)
                others = "|".join(each for each in entry.options if option.axes > 1)
                formulas.append((mine, re.sub(rf"\b({others})\b", rf"\g<1>{axis}", text) if others else text))
            else:
                found[mine] = value[axis - 1] if option.axes > 1 else value
    for name, text in (*formulas, *entry.numbers.items()):
        found[name] = whole_number(text, found, reads)
    return found


CONDITION = re.compile(r"\s*\[([^\]]*)\]")
MODES = ("training", "inference", "state")


def chosen(entry: Layer, options: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The lines of a layer that hold under its options, and for each whether it is for one mode only."""
    lines, modes = [], []
    for line in entry.equations.splitlines():
        mode = ""
        condition = CONDITION.match(line)
        for part in condition.group(1).split(",") if condition else ():
            if part.strip() in MODES:
                mode = part.strip()
            elif not _holds(part.strip(), options):
                break
        else:
            lines.append(line[condition.end() if condition else 0:].strip())
            modes.append(mode)
    return "\n".join(lines), tuple(modes)


def _holds(condition: str, options: Mapping[str, Any]) -> bool:
    """A condition on an option: `mask` (it is given), `not causal`, `states = last`, `groups > 1`."""
    negated, name = condition.startswith("not "), condition.removeprefix("not ")
    name, *rest = name.split()
    value = options.get(name)
    if not rest:
        return bool(value) != negated
    if rest[0] == "=":
        return (str(value) == rest[1]) != negated
    number = 1 if isinstance(value, str) else _largest(value)  # padding: same
    return (number > int(rest[1]) if rest[0] == ">" else number < int(rest[1])) != negated


def _largest(value: Any) -> int:
    return max(value) if isinstance(value, tuple) else value


def _spoken(label: str) -> str:
    return f"layer {label.lstrip('_')}"


def _described(layer: Any) -> str:
    short = LAYERS[layer.kind].short
    return f"{layer.kind}: {layer.options[short]}" if short else layer.kind


def _activate(parts: Parts, choice: Any, reads: Output, label: str, *layer: str | int) -> Output:
    path = (*layer, "activation")
    text, options, place = parts.formula(choice, ACTIVATIONS, "activation", *path)
    for name in (f"{name}{label}" for name in ("a", *options)):
        if name in parts.quantities:
            raise parts.error(f"'{name}' is the name of the {parts.meaning(name)} already", *path,
                              help="write the activation as a layer of its own: - activation: …")
    constants = {option: parts.constant(f"{option}{label}", value, f"{option} of the activation of {_spoken(label)}", *path)
                 for option, value in options.items()}
    indices = _axes_of_activation(text, tuple(Index(i.name, parts.resolved(i.size)) for i in reads.indices))
    written = indices if place is None else in_order(parts, indices)
    sizes = {index.size: dimension(f"_{axis}") for axis, index in enumerate(indices) if not index.size.is_Integer}
    body = _activation_equation(text, *(tuple(Index(i.name, sizes.get(i.size, i.size)) for i in each)
                                        for each in (indices, written)), tuple(options), tuple(parts.file.constants), place)
    rename = Renaming({Symbol("z"): Symbol(reads.name), **{theirs: mine for mine, theirs in sizes.items()},
                       **{Symbol(option): Symbol(constant.name) for option, constant in constants.items()}})
    output = Output(f"a{label}", indices, reads.origin, choice.name)
    body = samples_first(rename(body), {reads.name: written})
    parts.check_positions(body, *path)
    parts.define(Quantity(output.name, indices, meaning=f"outputs of {_spoken(label)}"), body, *path)
    return output


def _axes_of_activation(text: str, indices: tuple[Index, ...]) -> tuple[Index, ...]:
    """The indices of z; where the formula writes indices itself, the last one is j: z[n,...,j]."""
    if "[" not in text or len(indices) == 1:
        return indices
    taken = {"j", "k", *bound_letters(text)}
    front: list[Index] = []
    for index in indices[:-1]:
        front.append(fresh(index, taken))
        taken.add(front[-1].name)
    return (*front, Index("j", indices[-1].size))


@lru_cache(maxsize=256)
def _activation_equation(text: str, indices: tuple[Index, ...], written: tuple[Index, ...], options: tuple[str, ...],
                         constants: tuple[str, ...], place: Place | None) -> Expr:
    trees = Equations(text, place)
    tree = trees.spread(trees.tree(text, 0), [index.name for index in indices[1:-1]])
    scope = Scope({"z": written}, {name: Access(name) for name in (*options, *constants)})
    return trees.expression(tree, scope, {index.name: index for index in indices})


# -- layers that read several layers ------------------------------------------------------------------------------


def _same_shape(parts: Parts, read: list[Output], verb: str, path: tuple[str | int, ...]) -> tuple[Index, ...]:
    """The indices that layers of one shape have in common."""
    shapes = [parts.shape_of(part.indices) for part in read]
    for place, (part, shape) in enumerate(zip(read, shapes, strict=True)):
        if shape != shapes[0]:
            one, other = (" × ".join(map(str, each[1:])) for each in (shapes[0], shape))
            raise parts.error(f"{read[0].origin} has {one} units and {part.origin} has {other}: they can't be {verb}", *path,
                              place, help="give both the same number of units")
        for mine, theirs in zip(read[0].indices, part.indices, strict=True):
            parts.unify(mine.size, theirs.size)
    return tuple(Index(index.name, parts.resolved(index.size)) for index in read[0].indices)


def _add(parts: Parts, read: list[Output], label: str, origin: str, path: tuple[str | int, ...]) -> Output:
    indices = _same_shape(parts, read, "added", (*path, "add"))
    parts.define(Quantity(f"s{label}", indices, meaning=f"sum, {_spoken(label)}"),
                 Add(*(Access(part.name, *indices) for part in read)), *path)
    return Output(f"s{label}", indices, origin)


def _multiply(parts: Parts, read: list[Output], label: str, origin: str, path: tuple[str | int, ...]) -> Output:
    indices = _same_shape(parts, read, "multiplied", (*path, "multiply"))
    parts.define(Quantity(f"p{label}", indices, meaning=f"product, {_spoken(label)}"),
                 Mul(*(Access(part.name, *indices) for part in read)), *path)
    return Output(f"p{label}", indices, origin)


def _concatenate(parts: Parts, read: list[Output], label: str, origin: str, path: tuple[str | int, ...]) -> Output:
    shapes = [parts.shape_of(part.indices)[:-1] for part in read]
    for place, (part, shape) in enumerate(zip(read, shapes, strict=True)):
        if shape != shapes[0]:
            raise parts.error(f"{read[0].origin} and {part.origin} have different axes before the last: they can't be put "
                              "side by side", *path, "concatenate", place, help="reshape one of them before")
        for mine, theirs in zip(read[0].indices[:-1], part.indices[:-1], strict=True):
            parts.unify(mine.size, theirs.size)
    *front, last = read[0].indices
    front = [Index(index.name, parts.resolved(index.size)) for index in front]
    j = Index(last.name, Add(*(part.size for part in read)))
    offset: Expr = Integer(0)
    terms = []
    for part in read:
        terms.append(Mul(Within(j - offset, part.size), Access(part.name, *front, j - offset)))
        offset += part.size
    j = Index(last.name, offset)
    parts.define(Quantity(f"c{label}", (*front, j), meaning=f"features side by side, {_spoken(label)}"), Add(*terms), *path)
    return Output(f"c{label}", (*front, j), origin)


JOINS = {"add": _add, "multiply": _multiply, "concatenate": _concatenate}
