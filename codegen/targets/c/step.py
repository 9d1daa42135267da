"""The training step in C: loss and gradients, with what training changes on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr

from codegen.accumulation import accumulation, with_accumulated_products
from codegen.positions import extent
from codegen.program import Program, Statement, flat
from codegen.targets.c.functions import Buffer, Function, Writer
from codegen.targets.c.loops import Barrier, Node, is_multiplication, leaves
from codegen.targets.c.program import Functions
from codegen.targets.c.update import field
from codegen.targets.numpy.step import merged
from derive.language.equations import Equation, Quantity
from derive.language.expressions import Access

LARGE = 2048  # entries of a gradient that is not written if it can be helped
Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class Step:
    """A step, and what is left to do with the gradients after it.

    Attributes:
        function: None where it is that of the gradients.
        differs: in what it is another one, in words.
        updates: the parts of the parameters that are still to be updated.
        rests: those to which only the assignments that do not read the gradient are still to be done.
        rest: these assignments.
    """

    function: Function | None
    differs: str
    updates: Spans
    rests: Spans
    rest: Sequence[Equation] = ()


NO_STEP = Step(None, "", [], [])  # for an optimiser without assignments


def training_step(functions: Functions) -> Step:
    """The step of a network's optimiser.

    It changes running statistics, and the parameters of each layer where these are updated one after the other.  Else it
    adds to a parameter the product that is its gradient, where that is all that the optimiser does with a gradient.
    """
    network, lowered = functions.network, functions.lowered
    spans = {name: (begin, end) for name, begin, end in functions.spans}
    each = network.optimiser.by_parameter
    differs = [*(["the running statistics go on"] if lowered.running else []),
               *(["without the gradients of what no update changes"] if network.frozen else [])]
    if functions.layered:
        differs.insert(0, "each layer is updated as soon as its gradients are known")
        return Step(functions.loss(network.trained, lowered.running, between=_LayerByLayer(functions).updated),
                    " and ".join(differs), [], [])
    products = _Products(functions)
    function: Function | None = None
    if products.added:
        others = [name for name in network.trained if name not in products.added]
        function = functions.loss(others, [*lowered.running, *products.targets], products.writer, products.buffers)
        differs.append("products that are gradients are added to what the optimiser changes")
    elif differs:
        function = functions.loss(network.trained, lowered.running)
    left = merged([span for name, span in spans.items() if name not in products.added], each)
    rests = merged([spans[name] for name in products.added], each) if products.rest else []
    return Step(function, " and ".join(differs), left, rests, products.rest)


class _Products:
    """The program of a step that adds products to parameters, or to states of the optimiser.

    Attributes:
        added: the parameters that it does so for.
        targets: what is changed for each of them.
        rest: the assignments that are left for them.
    """

    def __init__(self, functions: Functions) -> None:
        self.functions = functions
        self.optimiser = functions.network.optimiser
        self.found = accumulation(self.optimiser)
        self.added: list[str] = []
        self.rest: Sequence[Equation] = self.found.rest if self.found else ()
        if self.found:
            self.program = self._program(keep=self.found.keep, scale=self.found.scale)
            written = {s.name for s in flat(self.program.statements)}
            self.added = [name for name, gradient in self._gradients.items() if gradient not in written]
        self.targets = [self._target(name) for name in self.added]

    @property
    def _gradients(self) -> dict[str, str]:
        gradient_of = self.functions.lowered.gradient_of
        return {name: gradient_of[name] for name in self.functions.network.trained if name in gradient_of}

    def _target(self, parameter: str) -> str:
        """The name of what a product is added to in the place of a parameter's gradient."""
        assert self.found
        return parameter if self.found.target == "theta" else f"{self.found.target} of {parameter}"

    def _program(self, keep: Expr, scale: Expr) -> Program:
        program = self.functions.lowered.program
        own = {Access(name): Access(_own(name)) for name in self._numbers}
        targets = {name: Quantity(self._target(name), program.quantities[name].indices) for name in self._gradients}
        scalars = {access.name: Quantity(access.name, ()) for access in own.values()}

        def is_product(statement: Statement) -> bool:
            return is_multiplication(statement, program) and extent(statement.axes) >= LARGE

        made = with_accumulated_products(
            program, self._gradients, targets, keep.xreplace(own), scale.xreplace(own), is_product)
        return Program(made.statements, {**made.quantities, **scalars}, made.outputs, made.temporaries)

    @property
    def _numbers(self) -> tuple[str, ...]:
        return (*self.optimiser.constants, "k", "K")

    @property
    def writer(self) -> Writer:
        plain = {Access(_own(name)): Access(name) for name in self._numbers}
        words = {s.name: Equation(s.target, s.body.xreplace(plain), s.number) for s in self.program.statements
                 if isinstance(s, Statement) and s.name in self.targets}
        return self.functions.writer(self.program, words)

    @property
    def buffers(self) -> list[Buffer]:
        """The parameters, the optimiser's numbers and its states."""
        assert self.found
        trained = self.functions.network.trained
        return [*self.functions.stored("in", "in"),
                *(Buffer(f"model->{field(name)}", (_own(name),), scalar=True) for name in self._numbers),
                *([] if self.found.target == "theta" else
                  [Buffer(f"model->{field(self.found.target)}", tuple(map(self._target, trained)), "in")])]


def _own(name: str) -> str:
    """The name of one of the optimiser's numbers among the quantities of a network."""
    return f"{name} of the update"


class _LayerByLayer:
    """Puts the update of each layer's parameters to where their gradients are known."""

    def __init__(self, functions: Functions) -> None:
        self.functions = functions
        gradient_of = functions.lowered.gradient_of
        self.parameter_of = {gradient_of[n]: n for n in functions.network.trained if n in gradient_of}

    def updated(self, body: list[Node]) -> list[Node]:
        last = {leaf.owner: place for place, node in enumerate(body) for leaf in leaves([node])}
        made: list[Node] = []
        pending: list[str] = []
        for place, node in enumerate(body):
            owners = {leaf.owner for leaf in leaves([node])}
            if pending and owners.isdisjoint(self.parameter_of):
                made.append(self._update(pending))
                pending = []
            made.append(node)
            pending += [self.parameter_of[owner] for owner in owners & self.parameter_of.keys() if last[owner] == place]
        return [*made, self._update(pending)] if pending else made

    def _update(self, pending: Sequence[str]) -> Barrier:
        spans = {name: (begin, end) for name, begin, end in self.functions.spans}
        calls = [f"update(model, {begin}, {end});" for begin, end in merged(
            [spans[name] for name in pending], self.functions.network.optimiser.by_parameter)]
        return Barrier("\n".join(calls))
