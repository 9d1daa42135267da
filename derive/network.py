"""A network: its forward equations, and all that a page of YAML says besides them.

Everything that reads a network (derivation, LaTeX, generated code, checks) reads this object; nothing below it
knows of YAML.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from math import prod
from typing import Any, Literal

from sympy import Expr, Integer, Symbol

from derive.calculus.chain_rule import differentiate
from derive.calculus.record import Derivation
from derive.data import Arrays
from derive.language.equations import Equation, Quantity, Role, System
from derive.language.expressions import Sum, dimension, names, units
from derive.language.substitution import substitute

ENTRIES = dimension("size")  # how many entries are updated together
Prediction = Literal["values", "probability", "logit", "distribution", "logits", "margin"]


@dataclass(frozen=True)
class Initialiser:
    """How a parameter starts: the formula of an entry, or the file's own numbers.

    The scalars of the formula are `fan_in`, `fan_out` (`derive.fans`) and the random numbers of
    `derive.catalogue.initialisers.DRAWS`.
    """

    name: str  # "given" for the file's own numbers
    formula: Expr = Integer(0)
    values: Any = None  # nested lists of floats for "given"
    source: str = ""


@dataclass(frozen=True)
class Optimiser:
    """One update of one entry of a parameter: assignments to scalars, carried out in order.

    There are none for an optimiser that solves equations with all parameters at once (`newton`, `hessian_free`).

    Each assignment reads the values before it, or the new one where an earlier assignment has set it.  The scalars
    are `theta` (the entry), `g` (its gradient), `k` (the number of the update, from 1), `K` (how many there will be),
    the states, which start at 0, and the constants.  A sum is over all entries of the same parameter; a sum of `G`, the
    vector of all g, is over those of every parameter.

    Attributes:
        learning_rates: those of parameters that have one of their own, in place of the constant.
    """

    name: str
    assignments: tuple[Equation, ...]
    states: tuple[str, ...]
    constants: Mapping[str, float]
    source: str = ""
    learning_rates: Mapping[str, float] = field(default_factory=dict)

    @property
    def by_parameter(self) -> bool:
        """Whether each parameter is updated by itself, and not all entries alike."""
        return bool(self.learning_rates) or any("G" not in names(sum_) for sum_ in self.sums)

    @property
    def sums(self) -> list[Sum]:
        """The sums over entries; without them each entry is updated by itself."""
        return [sum_ for line in self.assignments for sum_ in line.body.atoms(Sum)]

    def constants_of(self, parameter: str) -> Mapping[str, float]:
        """The constants with which a parameter is updated."""
        own = self.learning_rates.get(parameter)
        return self.constants if own is None else {**self.constants, "learning_rate": own}


@dataclass(frozen=True)
class Training:
    """How to train."""

    epochs: int = 1
    batch_size: int | None = None  # None: all samples in one batch
    shuffle: bool = False
    seed: int | None = None
    update_order: Literal["simultaneous", "layer_by_layer"] = "simultaneous"
    stop_when_change_below: float | None = None


@dataclass(frozen=True)
class Use:
    """One use of a block of the file, or of a layer that is repeated: which copy of how many.

    `start` counts the layers before the first copy, so that two uses of one block are told apart.
    """

    block: str  # "" for a single layer
    start: int
    copy: int = 1
    copies: int = 1


@dataclass(frozen=True)
class Layer:
    """A layer of the file: what it is, and the quantities that it declares.

    Attributes:
        name: the file's name for it, else its number.
        kind: the key of the file: "dense", "add", "equations", …; "activation" for an activation by itself.
        activation: its name; None where there is none, "" for a formula of the user's own.
        output: the quantity that it hands on.
        uses: the blocks that it is part of, from the outside in.
    """

    name: str
    kind: str
    activation: str | None
    quantities: tuple[str, ...]
    output: str
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True)
class Network:
    """A network of any width.

    Attributes:
        system: the forward equations, over symbolic sizes.
        sizes: the value of each size symbol, except m (the number of samples).
        inputs, targets: names of the quantities that data is given for; `sample_weight` is one of the targets.
        prediction: name of the quantity that the loss compares with the target.
        kind: whether a prediction is values, the probability of one class (or its logit), a distribution over classes
            (or its logits), or a margin, whose sign is the class.
        loss: name of the scalar that training lowers.
        parameters: names of all parameters in order; `frozen` are those never updated.
        aliases: the document's own name of one entry, by (quantity, indices from 0): ("W2", (0, 0)) → "w5".
        labels: inputs of whole numbers, and how many different ones there are.
        inference: what defines a quantity outside of training, where that differs from the system (a normalisation by
            running statistics instead of those of the batch).
        running: how each running statistic goes on after an update, as assignments; they start as `initial` says.
        random: quantities that are drawn for each batch in training, and the constant that is the probability of a 0;
            the other entries are 1/(1 − rate).
        second_order: whether second derivatives are asked for.
        layers: the layers of the file in order; what no layer declares belongs to the loss.
        data, test: arrays by quantity name, as float64 or int64 NumPy arrays (empty where the file has none).
    """

    name: str
    title: str
    source: str
    notes: str
    system: System
    sizes: Mapping[Symbol, int]
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    prediction: str
    kind: Prediction
    loss: str
    parameters: tuple[str, ...]
    frozen: tuple[str, ...]
    initial: Mapping[str, Initialiser]
    seed: int
    optimiser: Optimiser
    training: Training
    aliases: Mapping[tuple[str, tuple[int, ...]], str]
    data: Mapping[str, Any]
    test: Mapping[str, Any]
    inference: Mapping[str, Expr] = field(default_factory=dict)
    running: tuple[Equation, ...] = ()
    random: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    sample_weight: str | None = None
    second_order: bool = False
    layers: tuple[Layer, ...] = ()

    def derivation(self, wrt: Iterable[str] | None = None) -> NetworkDerivation:
        """Derive ∂J/∂q for every quantity q between the loss and those asked for (by default every parameter)."""
        record = differentiate(self.system, self.loss, self.parameters if wrt is None else wrt)
        return NetworkDerivation(**{f.name: getattr(record, f.name) for f in fields(record)}, network=self)

    def _repr_mimebundle_(self, include: Container[str] | None = None,
                          exclude: Container[str] | None = None) -> dict[str, str]:
        """What Jupyter shows: the network, its derivation and its code."""
        from derive.notebook import mimebundle

        return mimebundle(self.derivation, include, exclude)

    @property
    def predicting(self) -> System:
        """The equations that lead to the prediction outside of training."""
        whole = System(self.system.quantities, tuple(
            replace(e, body=self.inference.get(e.name, e.body)) for e in self.system.equations))
        wanted = whole.leading_to(self.prediction)
        return System(self.system.quantities, tuple(e for e in whole.equations if e.name in wanted))

    @property
    def target(self) -> str | None:
        """What the prediction is compared with; None for a loss of the prediction alone."""
        return next((name for name in self.targets if name != self.sample_weight), None)

    @property
    def trained(self) -> tuple[str, ...]:
        """The parameters that training changes."""
        return tuple(name for name in self.parameters if name not in self.frozen)

    @property
    def parameter_count(self) -> int:
        """The number of scalar parameters."""
        return sum(prod(size or 1 for size in self.shape(name)) for name in self.parameters)

    @property
    def columns(self) -> bool:
        """Whether the samples are the last axis of the data and the prediction, and not the first."""
        return any(self.system.quantities[name].sample_axis for name in (*self.inputs, *self.targets, self.prediction))

    @property
    def samples(self) -> int | None:
        """How many samples the data has; None without data."""
        arrays = Arrays.of(self.data)
        return next((arrays.shape(name)[self.system.quantities[name].sample_axis or 0] for name in arrays), None)

    @property
    def batch(self) -> int | None:
        """How many of them the first batch has."""
        return self.samples and min(self.samples, self.training.batch_size or self.samples)

    @cached_property
    def constants(self) -> Mapping[str, Quantity]:
        """Scalars with a value of their own, such as the strength of a regularisation."""
        return {q.name: q for q in self.system.quantities.values() if q.role is Role.CONSTANT}

    def size(self, expression: Expr) -> int | None:
        """The number that a size stands for; None where it depends on the number of samples."""
        return units(expression, self.sizes)

    def shape(self, name: str) -> tuple[int | None, ...]:
        """The number of units along each axis of a quantity; None along the samples."""
        return tuple(self.size(size) for size in self.system.quantities[name].shape)


@dataclass(frozen=True)
class NetworkDerivation(Derivation):
    """The derivation of a network, which can be printed in the network's own terms."""

    network: Network

    def gradient(self, name: str) -> Expr:
        """∂J/∂name for a quantity ("W1"), an entry counted from 1 ("W1[1,2]") or the document's name of one ("w5").

        Raises:
            KeyError: the loss does not depend on it, or it was not asked for.
        """
        from derive.latex.entries import find_entries

        try:
            quantity, place = find_entries(self.network, self, name)
        except ValueError as error:
            raise KeyError(str(error)) from None
        equation = self.adjoint(quantity).equation
        if place is None:
            return equation.body
        return substitute(equation.body, dict(zip(equation.target.indices, map(Integer, place), strict=True)))

    def latex(self, form: str = "auto", wrt: str | None = None, values: Mapping[Any, float] | None = None,
              digits: int = 9) -> str:
        """One complete LaTeX document.

        Args:
            form: "scalar", "index", "matrix", "all", or "auto" (scalar too where the network is small).
            wrt: print only what leads to this quantity or entry, such as "W1" or "w5".
            values: numbers by (quantity, indices from 0), to be put into the scalar view.
            digits: decimals of printed numbers.
        """
        from derive.latex import document

        return document(self.network, self, form=form, wrt=wrt, values=values, digits=digits)

    def _repr_mimebundle_(self, include: Container[str] | None = None,
                          exclude: Container[str] | None = None) -> dict[str, str]:
        """What Jupyter shows: the network, its derivation and its code."""
        from derive.notebook import mimebundle

        return mimebundle(lambda: self, include, exclude)
