"""The layers of a network as a graph: what each reads, blocks of them as groups, and repeated ones only once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from derive.drawing.units import parameters
from derive.language.equations import Recurrence, Role
from derive.network import Layer, Network, Use

PartKind = Literal["input", "layer", "target", "loss"]


@dataclass(eq=False)
class Part:
    """An input, a layer with all its copies, a target or the loss: what is drawn as one box."""

    kind: PartKind
    quantities: list[str]
    layer: Layer | None = None
    recurrence: Recurrence | None = None


@dataclass(eq=False)
class Group:
    """The layers of one use of a block, or a layer that is repeated."""

    block: str
    copies: int
    members: list[Part | Group] = field(default_factory=list)


@dataclass(frozen=True)
class Graph:
    """Everything that is drawn, in an order in which each part comes after all that it reads.

    The last member is the loss, which alone reads the targets.  `flows` are the pairs (what is read, what reads it); `ties`
    likewise where parameters are those of another layer.
    """

    members: list[Part | Group]
    targets: list[Part]
    flows: list[tuple[Part, Part]]
    ties: list[tuple[Part, Part]]

    def parts(self) -> Iterator[Part]:
        yield from parts((*self.members, *self.targets))


def parts(members: Sequence[Part | Group]) -> Iterator[Part]:
    for member in members:
        if isinstance(member, Part):
            yield member
        else:
            yield from parts(member.members)


def graph(network: Network) -> Graph:
    """The graph of a network's layers; without layers every equation is one."""
    return _Reader(network).graph()


class _Reader:
    """Finds out which part each quantity belongs to, and then which part reads which."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.quantities = network.system.quantities
        self.parameters = parameters(network)
        self.of: dict[str, Part] = {}
        self.uses: dict[str, tuple[Use, ...]] = {}

    def graph(self) -> Graph:
        inputs = [self._part("input", [name]) for name in self.network.inputs]
        layers = self._grouped(self.network.layers or self._equations(), 0)
        targets = [self._part("target", [name]) for name in self.network.targets]
        rest = [name for name, quantity in self.quantities.items()
                if name not in self.of and quantity.role is Role.INTERMEDIATE]
        loss = self._part("loss", rest)
        for block in self.network.system.blocks():
            if isinstance(block, Recurrence) and block.equations[0].name in self.of:
                self.of[block.equations[0].name].recurrence = block
        flows, ties = self._reads()
        read = {source for source, _ in flows}
        compared = [target for target in targets if target in read]
        flows = [(source, reader) for source, reader in flows if source not in compared]
        return Graph([*(each for each in inputs if each in read), *layers, loss], compared, flows, ties)

    def _equations(self) -> tuple[Layer, ...]:
        wanted = {equation.name for equation in self.network.predicting.equations}
        return tuple(Layer(e.name, "", None, (e.name, *sorted(e.reads & self.parameters)), e.name)
                     for e in self.network.system.in_order() if e.name in wanted - self.parameters)

    def _part(self, kind: PartKind, names: list[str], layer: Layer | None = None) -> Part:
        made = Part(kind, names, layer)
        self.of |= dict.fromkeys(names, made)
        self.uses |= dict.fromkeys(names, layer.uses if layer else ())
        return made

    def _grouped(self, layers: Sequence[Layer], depth: int) -> list[Part | Group]:
        """Layers as parts, those of one block as a group of its first copy; the other copies' are the same parts."""
        def start(layer: Layer) -> int | None:
            return layer.uses[depth].start if len(layer.uses) > depth else None

        found: list[Part | Group] = []
        for begins, run in groupby(layers, start):
            together = list(run)
            if begins is None:
                found += [self._part("layer", list(layer.quantities), layer) for layer in together]
                continue
            use = together[0].uses[depth]
            each = len(together) // use.copies
            group = Group(use.block, use.copies, self._grouped(together[:each], depth + 1))
            for copy in range(each, len(together), each):
                self._copies(group.members, together[copy:copy + each])
            found.append(group)
        return found

    def _copies(self, members: Sequence[Part | Group], layers: Sequence[Layer]) -> None:
        """Further copies of layers: their quantities belong to the parts of the first."""
        for part, layer in zip(_written_out(members), layers, strict=True):
            part.quantities += layer.quantities
            self.of |= dict.fromkeys(layer.quantities, part)
            self.uses |= dict.fromkeys(layer.quantities, layer.uses)

    def _reads(self) -> tuple[list[tuple[Part, Part]], list[tuple[Part, Part]]]:
        flows: dict[tuple[Part, Part], None] = {}
        ties: dict[tuple[Part, Part], None] = {}
        for equation in self.network.system.equations:
            reader = self.of.get(equation.name)
            for name in sorted(equation.reads):
                source = self.of.get(name)
                if reader is None or source is None or source is reader or self._of_another_copy(equation.name, name):
                    continue
                if name not in self.parameters and self.quantities[name].role is not Role.CONSTANT:
                    flows.setdefault((source, reader))
                elif reader.kind == "layer":
                    ties.setdefault((source, reader))
        return list(flows), list(ties)

    def _of_another_copy(self, reader: str, source: str) -> bool:
        """Whether one copy of a block reads what the copy before hands on: the repetition, which is not drawn."""
        for mine, theirs in zip(self.uses.get(reader, ()), self.uses.get(source, ()), strict=False):
            if mine.start != theirs.start:
                return False
            if mine.copy != theirs.copy:
                return True
        return False


def _written_out(members: Sequence[Part | Group]) -> Iterator[Part]:
    """The parts as often as their layers stand in the network."""
    for member in members:
        if isinstance(member, Part):
            yield member
        else:
            for _ in range(member.copies):
                yield from _written_out(member.members)
