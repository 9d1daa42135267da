"""The functions of a network in C: forward, loss and gradients, trace, running statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import prod

from codegen.program import Program
from codegen.targets.c.functions import Buffer, Function, Writer
from codegen.targets.c.layout import listed
from codegen.targets.c.loops import Node
from codegen.targets.c.names import Names, c_prefix
from codegen.targets.numpy.lowered import Lowered
from derive.language.equations import Equation

TAKEN = (
    "theta", "gradient", "fixed", "memory", "values", "model", "begin", "end", "size", "rows",
    "loss", "choose", "uniform", "normal", "orthogonal", "random_number", "exponential", "tile", "strip",
    "update", "finish", "step", "clip", "gradients", "train_batch", "rate", "samples", "epochs", "order", "tolerance",
    "losses", "prediction", "direction", "result", "seed", "statistics", "from", "total", "batch", "epoch", "INLINE", "TILE",
    "GEMM", "at_least",
)


class Functions:
    """Prints the functions of one network; a quantity is called the same in each.

    Attributes:
        prefix: what the names of everything that other files see begin with.
        spans: each trained parameter, and where it begins and ends in the vector `theta`.
        parameters, fixed: how many numbers are trained, and how many stand beside them.
    """

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self.network = network = lowered.network
        self.prefix = c_prefix(network.name)
        self.names = Names(self.prefix, TAKEN)
        for name in network.constants:
            self.names.constant(name)
        for name in (*lowered.data, *lowered.quantities):
            self.names(name)
        self.others = (*network.frozen, *lowered.running)
        self.spans = [(name, begin, end) for name, (begin, end) in self._spans(network.trained).items()]
        self.parameters = max((end for _, _, end in self.spans), default=0)
        self.fixed = sum(prod(size or 1 for size in network.shape(name)) for name in self.others)
        self._textbook = {e.name: e for e in (*lowered.system.equations, *network.running)}
        self._writer = Writer(lowered.program, self.names, self._textbook, network.constants)

    def _spans(self, names: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Where each of the parameters begins and ends, if they lie one after the other."""
        found, end = {}, 0
        for name in names:
            begin, end = end, end + prod(size or 1 for size in self.network.shape(name))
            found[name] = begin, end
        return found

    def forward(self) -> Function:
        network = self.network
        textbook = {e.name: self._textbook.get(e.name, e) for e in network.predicting.equations}
        writer = self.writer(self.lowered.predicting, textbook)
        return writer.function([network.prediction], [
            *self.stored(), *self._data(network.inputs), Buffer("values", (network.prediction,), "out")])

    @property
    def layered(self) -> bool:
        return self.network.training.update_order == "layer_by_layer"

    def gradients(self) -> Function:
        """The loss and its derivatives by all parameters, the trained ones first; running statistics stay."""
        return self.loss((*self.network.trained, *self.network.frozen))

    def loss(self, parameters: Sequence[str], changed: Sequence[str] = (), writer: Writer | None = None,
             stored: Sequence[Buffer] = (), between: Callable[[list[Node]], list[Node]] = list) -> Function:
        """The loss and its derivatives by some of the parameters.

        Args:
            changed: what it changes besides, such as running statistics.
            writer: of a program that does so, where it is not the network's own.
            stored: where that is and what else the program reads, if not in the parameters and beside them.
            between: see `Writer.function`.
        """
        gradients = {name: self.lowered.gradient_of.get(name) for name in self.by_parameter}
        buffers = [*(stored or self.stored("in" if changed else "const")), *self.data(), self.vector("gradient", gradients)]
        outputs = [gradient for name in parameters if (gradient := gradients[name])]
        made = (writer or self._writer).function([self.network.loss, *outputs, *changed], buffers, between)
        made.lines += self.zeros("gradient", {name: gradients[name] for name in parameters})
        return made

    def writer(self, program: Program, textbook: Mapping[str, Equation]) -> Writer:
        """What writes functions of another program over the network's quantities and some more."""
        return Writer(program, self.names, {**self._textbook, **textbook}, self.network.constants)

    @cached_property
    def by_parameter(self) -> dict[str, tuple[int, int]]:
        """Where in a vector of derivatives each parameter has its part, those that no update changes last."""
        return self._spans((*self.network.trained, *self.network.frozen))

    def vector(self, pointer: str, parts: Mapping[str, str | None], access: str = "out") -> Buffer:
        """A vector with a part for each parameter, or room for it where there is none."""
        return Buffer(pointer, tuple(parts[name] or end - begin for name, (begin, end) in self.by_parameter.items()), access)

    def zeros(self, pointer: str, parts: Mapping[str, str | None]) -> list[str]:
        """The lines that fill such room with zeros."""
        return [f"    memset({pointer} + {begin}, 0, {end - begin} * sizeof(real));"
                for name, (begin, end) in self.by_parameter.items() if name in parts and not parts[name]]

    def trace(self, traced: Sequence[str]) -> Function:
        return self._writer.function(traced, [*self.stored(), *self.data(), Buffer("values", tuple(traced), "out")])

    def statistics(self) -> Function:
        """The running statistics as they are after an update, one after the other."""
        running = self.lowered.running
        made = self._writer.function(running, [
            *self.stored("in"), *self._data((*self.network.inputs, *self.lowered.random))])
        end = self.fixed
        begin = end - sum(prod(size or 1 for size in self.network.shape(name)) for name in running)
        made.lines.append(f"    memcpy(values, fixed + {begin}, {end - begin} * sizeof(real));")
        return made

    def stored(self, access: str = "const", theta: str = "const") -> list[Buffer]:
        """The parameters, and what lies beside them: running statistics may be changed."""
        fixed = [Buffer("fixed", self.others, access)] if self.others else []
        return [Buffer("theta", self.network.trained, theta), *fixed]

    def data(self) -> list[Buffer]:
        """The data, and what is drawn."""
        return self._data((*self.lowered.data, *self.lowered.random))

    def _data(self, names: Sequence[str]) -> list[Buffer]:
        return [Buffer(self.argument(name), (name,), type=self.type(name)) for name in names]

    # Arguments.

    def type(self, name: str) -> str:
        return "int64_t" if self.lowered.quantities[name].integer else "real"

    def argument(self, name: str) -> str:
        """What the numbers of a quantity are called as an argument of a function."""
        return self.names(f"{name} given")

    def arguments(self, data: Sequence[str], stored: bool = True, form: str = "definition", running: bool = False) -> str:
        """The parameters and the data as arguments: of a definition, of a declaration in the header, or of a call.

        Args:
            running: whether the running statistics are changed.
        """
        real = f"{self.prefix}_real" if form == "header" else "real"
        parts = []
        if stored:
            parts.append(f"const {real} *theta" if form != "model" else "*model->theta")
            if self.others:
                parts.append("*model->fixed" if form == "model" else f"{'' if running else 'const '}{real} *fixed")
        for name in data:
            kind = real if self.type(name) == "real" else self.type(name)
            parts.append(f"const {kind} *{self.names(name) if form == 'header' else self.argument(name)}")
        if form in ("call", "model"):
            return ", ".join(part.split("*")[1] for part in parts)
        return listed(parts)
