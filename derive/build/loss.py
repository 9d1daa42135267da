"""The loss: what one prediction costs, the mean over samples or entries, and the regularisation."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from sympy import Add, Expr, Integer, Mul, Rational, Symbol

from derive.build.axes import in_order, samples_first
from derive.build.parts import SAMPLE, Output, Parts, times
from derive.catalogue.layers import Read
from derive.catalogue.losses import CLASS_WEIGHTS, LOSSES, REGULARISERS, SMOOTHED, Loss
from derive.file.equations import Equations
from derive.file.errors import Place, suggestion
from derive.file.fields import Array
from derive.file.formulas import Scope, bound_letters, parse_formula, positions_of
from derive.language.equations import Fact, Quantity, Role
from derive.language.expressions import Access, Index, Sum, free_indices
from derive.language.substitution import Renaming, fresh

PROBABILITIES = ("sigmoid", "softmax")  # activations between 0 and 1
RATES = (*PROBABILITIES, "softplus")  # activations greater than 0
REDUCTIONS = ("mean", "sum")


def build_loss(parts: Parts, prediction: Output) -> Loss:
    """Define the target, the cost e, and J; return the entry of the catalogue (or one for the user's formula)."""
    return _Loss(parts, prediction).build()


class _Loss:
    """The loss on its way into the network."""

    def __init__(self, parts: Parts, prediction: Output) -> None:
        self.parts, self.prediction = parts, prediction
        self.choice = parts.file.loss
        self.path = ("loss", *self.choice.path)
        self.place: Place | None = None
        if self.choice.formula is None:
            self.loss: Loss = parts.entry(self.choice, LOSSES, "loss", "loss")
        else:
            self.loss, self.place = Loss(self.choice.formula, "samples"), parts.source.at("loss")
        self.own = _letters(parts, prediction, bound_letters(self.loss.text))
        self.constants: dict[str, Expr] = {name: Access(name) for name in parts.file.constants}
        self.quantities: dict[str, tuple[Index, ...]] = {"y": self.own}  # by the letters of the formulas
        self.names = {"y": prediction.name}  # the network's names for these

    def build(self) -> Loss:
        self._options()
        if self.choice.formula is None:
            _check_prediction(self.parts, self.choice.name, self.loss, self.prediction)
        else:
            self._further_layers()
        text = self.loss.text
        [declared] = self.parts.file.target
        own = {declared} - {*self.quantities} if self.place is not None else set()  # a typed formula may use its name too
        letters = [letter for letter in dict.fromkeys(("t", *own)) if self._mentions(text, letter)]
        if letters:
            target = _target(self.parts, self.prediction, self.loss, self.own)
            for letter in letters:
                self._call(letter, target.name, target.indices)
        weight = self._weight()
        if "smoothing" in self.choice.options:
            text = self.loss.smoothed
            self._smoothed()
        *before, text = text.splitlines() if self.place is None else [text]
        for line in before:
            self._define(line)
        body = self._expression(text, self.place)
        free = self._free(body)
        if SAMPLE not in free:
            raise self.parts.error("this loss is the same for all samples", "loss",
                                   help="write it in the prediction y and the target t, such as (y - t)**2")
        entries = self.own[-1] in free and len(self.own) > 1
        what = "an entry" if entries else "a sample" if len(free) == 1 else "a position"
        cost = Quantity("e", free, meaning=f"cost of {what}")
        self.parts.define(cost, body, "loss")
        over = free if self.loss.over == "entries" or not entries else free[:-1]  # the mean is over these
        self._gather(self._mean(cost.entry, weight, free, over))
        return self.loss

    # -- options ------------------------------------------------------------------------------------------------

    def _options(self) -> None:
        """The options, numbers as constants of the network."""
        given, known = self.choice.options, self._known()
        for option in given:
            if option not in known:
                raise self.parts.error(f"the loss {self.choice.name} has no option '{option}'", *self.path, option, key=True,
                                       help=suggestion(option, known, "its options are"))
        if given.get("reduction", "mean") not in REDUCTIONS:
            raise self.parts.error("the reduction is mean or sum", *self.path, "reduction", help="write mean or sum")
        numbers = {name: value for name, value in self.loss.options.items() if not isinstance(value, Read)}
        if "smoothing" in given:
            numbers["smoothing"] = 0.0
        chosen = replace(self.choice, options={name: value for name, value in given.items() if name in numbers})
        for option, value in self.parts.options(chosen, numbers, "loss", "loss").items():
            # An exponent is a number: which form of a power is stable depends on it.
            self.constants[option] = Rational(str(value)) if f"**{option}" in self.loss.text else self.parts.constant(
                option, value, f"{option} of the loss", "loss")
        for option, usual in self.loss.options.items():
            if isinstance(usual, Read):
                self._further(option)

    def _known(self) -> list[str]:
        known = [*self.loss.options, "reduction", "sample_weight"]
        mentions = self._mentions(self.loss.text, "t")
        return known + ["class_weights"] * (self.loss.target in CLASS_WEIGHTS and mentions) + [
            "smoothing"] * bool(self.loss.smoothed)

    def _word(self, option: str, what: str, example: str) -> str:
        """An option that is a name."""
        said = self.choice.options.get(option)
        if not isinstance(said, str):
            raise self.parts.error(f"{self.choice.name} needs {what}" if said is None else f"{option} is {what}", "loss",
                                   *((self.choice.name, option) if said is not None else ()),
                                   help=f"write loss: {{{self.choice.name}: {{{option}: {example}}}}}")
        return said

    def _further(self, option: str) -> None:
        """A further layer that the loss reads, of the prediction's shape."""
        name = self._word(option, "the name of a layer", "name")
        if name not in self.parts.outputs:
            raise self.parts.error(f"there is no layer or input called '{name}'", *self.path, option,
                                   help=suggestion(name, self.parts.outputs, "there are"))
        output = self.parts.outputs[name]
        if not self._of_one_shape(output):
            shapes = [times(self.parts.shape_of(each.indices)[1:]) for each in (output, self.prediction)]
            raise self.parts.error(f"{output.origin} has {shapes[0]} units, and the prediction has {shapes[1]}", *self.path,
                                   option, help="give both the same number of units")
        self._call(option, output.name, self.own)

    def _further_layers(self) -> None:
        """Named layers and inputs that a formula of the user's mentions; one of the prediction's shape has its indices."""
        for name, output in self.parts.outputs.items():
            if name not in ("y", "t") and self._mentions(self.loss.text, name):
                self._call(name, output.name, self.own if self._of_one_shape(output) else output.indices)

    def _of_one_shape(self, output: Output) -> bool:
        """Whether a layer has the prediction's shape; its sizes then are the prediction's."""
        if self.parts.shape_of(output.indices) != self.parts.shape_of(self.own):
            return False
        for mine, theirs in zip(self.own, output.indices, strict=True):
            self.parts.unify(mine.size, theirs.size)
        self.own = self.quantities["y"] = tuple(Index(i.name, self.parts.resolved(i.size)) for i in self.own)
        return True

    # -- targets and weights ------------------------------------------------------------------------------------

    def _smoothed(self) -> None:
        """The smoothed target q, in place of t from here on."""
        body = self._expression(SMOOTHED[self.loss.target])
        q = Quantity("q", self.own, meaning="smoothed target")
        if self.loss.target != "probabilities":
            q = replace(q, facts=(_sums_to_one(q),))
        self.parts.define(q, body, "loss")
        self._call("t", q.name, q.indices)

    def _weight(self) -> Expr | None:
        """What the cost of a sample, position or entry counts in the mean; None where all count the same."""
        weight: Expr | None = None
        if "sample_weight" in self.choice.options:
            name = self._word("sample_weight", "the name of a quantity of the data", "w")
            data = Quantity(name, (SAMPLE,), Role.TARGET, "weight of a sample")
            weight = self.parts.declare(data, *self.path, "sample_weight").entry
        if "class_weights" in self.choice.options:
            product = self._class_weights(self.choice.options["class_weights"]) * (weight or 1)
            omega = Quantity("omega", self._free(product), meaning="weight by class")
            self.parts.define(omega, product, "loss")
            weight = omega.entry
        return weight

    def _class_weights(self, said: object) -> Expr:
        binary = self.loss.target == "probabilities"
        classes = 2 if binary else self.parts.number(self.prediction.size)
        if not isinstance(said, Array) or said.shape != (classes,):
            raise self.parts.error(f"class_weights are {classes} numbers, one for each class", *self.path, "class_weights",
                                   help=f"write [{', '.join(['1'] * min(classes or 2, 3))}{', …' * ((classes or 2) > 3)}]")
        for place, value in enumerate(said.entries):
            if value < 0:
                raise self.parts.error("a weight is not negative", *self.path, "class_weights", place,
                                       help="write a number from 0 on")
        index = Index("j", Integer(2) if binary else self.own[-1].size)
        values = tuple(map(float, said.entries))
        c = self.parts.declare(Quantity("c", (index,), Role.CONSTANT, "weights of the classes", value=values), *self.path,
                               "class_weights")
        self._call("c", c.name, c.indices)
        return self._expression(CLASS_WEIGHTS[self.loss.target])

    def _define(self, line: str) -> None:
        """A quantity that the catalogue's formula of the cost reads: u[n] = …"""
        [(name, _, _)] = Equations(line).equations()
        body = self._expression(line.split("=", 1)[1].strip())
        made = Quantity(name, self._free(body), meaning=f"{name} of the loss")
        self.parts.define(made, body, "loss")
        self._call(name, name, made.indices)

    # -- formulas -----------------------------------------------------------------------------------------------

    def _call(self, letter: str, name: str, indices: tuple[Index, ...]) -> None:
        self.quantities[letter], self.names[letter] = indices, name

    @staticmethod
    def _mentions(text: str, name: str) -> bool:
        return re.search(rf"\b{name}\b", text) is not None

    def _expression(self, text: str, place: Place | None = None) -> Expr:
        """What a formula of the loss stands for, in the network's names."""
        trees = Equations(text, place)
        tree = trees.tree(text, 0)
        if place is None:
            self._check_axes(tree)
        tree = trees.spread(tree, [index.name for index in self.own[1:-1]])
        typed = {} if place is None else {name: in_order(self.parts, own) for name, own in self.quantities.items()}
        scope = Scope({**self.quantities, **typed}, self.constants)
        body = samples_first(trees.expression(tree, scope, {index.name: index for index in self.own}), typed)
        body = Renaming({Symbol(letter): Symbol(name) for letter, name in self.names.items()})(body)
        self.parts.check_positions(body, "loss")
        return body

    def _check_axes(self, tree: ast.expr) -> None:
        """A formula of the catalogue that has positions of its own needs a prediction of as many axes."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "y":
                positions = positions_of(node)
                spread = any(isinstance(p, ast.Constant) and p.value is Ellipsis for p in positions)
                if not spread and len(positions) != len(self.own):
                    raise self.parts.error(
                        f"{self.choice.name} reads {len(positions) - 1} axes for each sample, and {self.prediction.origin}, "
                        f"the last layer, has {len(self.own) - 1}", "loss",
                        help="for triplet, let the input have 3 rows, the anchor, the positive and the negative: inputs: "
                             "{x: [3, 8]}")

    def _free(self, body: Expr) -> tuple[Index, ...]:
        return tuple(index for index in self.own if index in free_indices(body))

    # -- the mean -----------------------------------------------------------------------------------------------

    def _mean(self, cost: Access, weight: Expr | None, free: tuple[Index, ...], over: tuple[Index, ...]) -> Expr:
        total = Sum(cost if weight is None else weight * cost, *free)
        if self.choice.options.get("reduction") == "sum":
            return total
        weighed = () if weight is None else self._free(weight)
        count = Mul(*(index.size for index in over if index not in weighed))
        return total / count if weight is None else total / (count * Sum(weight, *weighed))

    def _gather(self, mean: Expr) -> None:
        parts, penalties = self.parts, _penalties(self.parts)
        said = f": {self.choice.name.replace('_', ' ')}" if self.place is None else ""
        if not penalties:
            parts.define(Quantity("J", meaning=f"loss{said}"), mean, "loss")
        else:
            parts.define(Quantity("L", meaning=f"loss on the data{said}"), mean, "loss")
            parts.define(Quantity("R", meaning="regularisation"), Add(*penalties), "regularisation")
            parts.define(Quantity("J", meaning=f"loss{said}, with regularisation"), Access("L") + Access("R"), "loss")


def _check_prediction(parts: Parts, name: str, loss: Loss, prediction: Output) -> None:
    """The logarithm of a prediction exists where it is a probability or a rate; a formula of the user's may be one."""
    wanted = {"probability": PROBABILITIES, "distribution": ("softmax",)}.get(loss.kind, RATES[::-1])
    usable = {"probabilities": PROBABILITIES, "rates": RATES}.get(loss.prediction)
    if usable is not None and prediction.activation not in (*usable, ""):
        other = next((n for n in (f"{name}_with_logits", f"{name}_with_log_rates") if n in LOSSES), None)
        raise parts.error(f"{name} needs {loss.prediction}, and {prediction.origin}, the last layer, gives any number",
                          "loss", help=f"end with activation: {wanted[0]}" + (f", or use loss: {other}" if other else ""))
    if prediction.activation == "softmax" and loss.kind == "probability":
        raise parts.error(f"{name} takes every unit for a probability of its own, and those of a softmax sum to 1", "loss",
                          help="use loss: cross_entropy, or end with activation: sigmoid")
    if prediction.activation == "softmax" and parts.number(prediction.size) == 1:
        raise parts.error("a softmax over one unit is always 1: nothing could be learnt", "loss",
                          help="use activation: sigmoid and loss: binary_cross_entropy, or one unit for each class")


def _sums_to_one(target: Quantity) -> Fact:
    return Fact(Sum(target.entry, target.indices[-1]), Integer(1), "the targets of a sample sum to 1")


def _letters(parts: Parts, prediction: Output, bound: set[str]) -> tuple[Index, ...]:
    """The indices of a prediction, with j for the last and letters that a loss does not need: y[n,s,j] and not y[n,t,j]."""
    [target] = parts.file.target
    if len(prediction.indices) < 2:
        raise parts.error(f"{prediction.origin}, the last layer, hands on one number for each sample without an axis",
                          "loss", help=f"give it an axis of one unit: y[{'j,n' if parts.columns else 'n,j'}] = … with "
                          "sizes: {j: 1}")
    taken = {"y", "t", "j", target, *bound}
    own: list[Index] = []
    for index in prediction.indices[:-1]:
        own.append(fresh(Index("s" if index.name in taken else index.name, parts.resolved(index.size)), taken))
        taken.add(own[-1].name)
    return (*own, Index("j", parts.resolved(prediction.size)))


def _target(parts: Parts, prediction: Output, loss: Loss, own: tuple[Index, ...]) -> Quantity:
    [(name, said)] = parts.file.target.items()
    shape = parts.shape_of(own)[1:]
    if loss.target == "labels":
        quantity = Quantity(name, own[:-1], Role.TARGET, "number of the right class, from 0", integer=True)
    else:
        if said is not None and said != shape:
            raise parts.error(f"the target '{name}' has {times(said)} entries for each sample, and {prediction.origin}, "
                              f"the last layer, has {times(shape)} units", "target", name,
                              help=f"write {name}: {times(shape)}, or change the last layer")
        quantity = Quantity(name, own, Role.TARGET, "target")
        if loss.target == "one_hot":
            quantity = replace(quantity, facts=(_sums_to_one(quantity),))
    return parts.declare(quantity, "target")


def _penalties(parts: Parts) -> list[Expr]:
    """λ·Σ of what the catalogue says of one entry, over all entries of each parameter."""
    penalties = []
    for kind, text in REGULARISERS.items():
        term = getattr(parts.file.regularisation, kind, None)
        if term is None:
            continue
        path = ("regularisation", kind)
        scale = parts.constant(f"lambda{kind[1:]}", float(term.strength), f"strength of the {kind.upper()} regularisation",
                               *path)
        cost = parse_formula(text, Scope({"W": ()}))
        of = [parts.parameter(name, *path, "of", place) for place, name in enumerate(term.of or ())]
        tied = {parts.ours(name) for name in parts.file.tied}  # the parameter that they are tied to is counted itself
        for quantity in of or [parts.quantities[name] for name in parts.weights if name not in tied]:
            penalties.append(scale * Sum(cost.xreplace({Access("W"): quantity.entry}), *quantity.indices))
    return penalties
