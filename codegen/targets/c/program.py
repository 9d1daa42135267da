"""The functions of a network in C: forward, loss and gradients, trace, running statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from codegen.targets.c.functions import Buffer, Function, Writer
from codegen.targets.c.loops import Barrier, Node, leaves
from codegen.targets.c.names import Names, c_prefix
from codegen.targets.numpy.lowered import Lowered
from codegen.targets.numpy.step import merged

TAKEN = (
    "theta", "gradient", "fixed", "memory", "values", "model", "turned", "begin", "end", "size", "rows",
    "loss", "choose", "uniform", "normal", "orthogonal", "random_number", "exponential", "tile", "strip",
    "update", "step", "clip", "gradients", "train_batch", "rate", "samples", "epochs", "order", "tolerance", "losses",
    "prediction", "seed", "statistics", "from", "total", "batch", "epoch", "INLINE", "TILE",
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
        writer = Writer(self.lowered.predicting, self.names, textbook, network.constants)
        return writer.function([network.prediction], [*self._given(network.inputs), _out("values", network.prediction)])

    @property
    def layered(self) -> bool:
        return self.network.training.update_order == "layer_by_layer"

    def gradients(self) -> Function:
        """The loss and its derivatives by all parameters, the trained ones first; running statistics stay."""
        return self._loss((*self.network.trained, *self.network.frozen))

    def step(self) -> Function:
        """The loss and the gradients of a training step; running statistics are changed, and parameters layer by layer."""
        return self._loss(self.network.trained, self.lowered.running, self._with_updates if self.layered else None)

    def _loss(self, parameters: Sequence[str], running: Sequence[str] = (),
              between: Callable[[list[Node]], list[Node]] | None = None) -> Function:
        gradient_of = self.lowered.gradient_of
        buffers = [*self._given((*self.lowered.data, *self.lowered.random), "in" if running else "const"),
                   _out("gradient", *(gradient_of.get(n, n) for n in parameters))]
        outputs = (self.network.loss, *(gradient_of[n] for n in parameters if n in gradient_of), *running)
        made = self._writer.function(outputs, buffers, between or list)
        made.lines += [f"    memset(gradient + {begin}, 0, {end - begin} * sizeof(real));"
                       for name, (begin, end) in self._spans(parameters).items() if name not in gradient_of]
        return made

    def trace(self, traced: Sequence[str]) -> Function:
        lowered = self.lowered
        return self._writer.function(traced, [*self._given((*lowered.data, *lowered.random)), _out("values", *traced)])

    def statistics(self) -> Function:
        """The running statistics as they are after an update, one after the other."""
        running, given = self.lowered.running, self._given((*self.network.inputs, *self.lowered.random), "in")
        made = self._writer.function(running, given)
        end = self.fixed
        begin = end - sum(prod(size or 1 for size in self.network.shape(name)) for name in running)
        made.lines.append(f"    memcpy(values, fixed + {begin}, {end - begin} * sizeof(real));")
        return made

    def _given(self, data: Sequence[str], access: str = "const") -> list[Buffer]:
        """The parameters and the data; running statistics may be changed."""
        fixed = [Buffer("fixed", self.others, access)] if self.others else []
        return [Buffer("theta", self.network.trained), *fixed,
                *(Buffer(self.argument(name), (name,), type=self.type(name)) for name in data)]

    def _with_updates(self, body: list[Node]) -> list[Node]:
        """Each layer's parameters are updated as soon as their gradients are known."""
        parameter_of = {self.lowered.gradient_of[n]: n for n in self.network.trained if n in self.lowered.gradient_of}
        last = {leaf.owner: place for place, node in enumerate(body) for leaf in leaves([node])}
        made: list[Node] = []
        pending: list[str] = []
        for place, node in enumerate(body):
            owners = {leaf.owner for leaf in leaves([node])}
            if pending and owners.isdisjoint(parameter_of):
                made.append(self._update(pending))
                pending = []
            made.append(node)
            pending += [parameter_of[owner] for owner in owners & parameter_of.keys() if last[owner] == place]
        return [*made, self._update(pending)] if pending else made

    def _update(self, pending: Sequence[str]) -> Barrier:
        spans = {name: (begin, end) for name, begin, end in self.spans}
        calls = [f"update(model, {begin}, {end});" for begin, end in merged(
            [spans[name] for name in pending], self.network.optimiser.by_parameter)]
        return Barrier("\n".join(calls))

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
        parts = []
        if stored:
            parts.append("const real *theta" if form != "model" else "*model->theta")
            if self.others:
                parts.append("*model->fixed" if form == "model" else
                             "real *fixed" if running else "const real *fixed")
        for name in data:
            parts.append(f"const {self.type(name)} *{self.names(name) if form == 'header' else self.argument(name)}")
        if form in ("call", "model"):
            parts = [part.split("*")[1] for part in parts]
        text = ", ".join(parts)
        return text.replace("real", f"{self.prefix}_real") if form == "header" else text


def _out(pointer: str, *names: str) -> Buffer:
    return Buffer(pointer, names, "out")
