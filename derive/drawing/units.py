"""The units of a small dense network, and what each of them reads: the graph behind the drawing of its neurons.

It is read off the equations at the network's own sizes, entry by entry and for one sample; a weighted sum and the
activation of it make one unit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import Add, Expr

from derive.drawing.picture import NodeKind, Place
from derive.instantiate import Instance, instantiate, outer_accesses
from derive.language.equations import Equation, Role
from derive.language.expressions import Access
from derive.network import Network

MOST_UNITS = 6  # in a column
MOST_WEIGHTS = 60


@dataclass
class Unit:
    """A circle: the entries that it stands for, the column that it stands in, and what it reads.

    `reads` maps the unit that is read to the entry of a parameter that the line carries, or to None; `biases` are
    those that are added.
    """

    kind: NodeKind
    places: list[Place]
    column: int = 0
    reads: list[tuple[Unit, Place | None]] = field(default_factory=list)
    biases: list[Place] = field(default_factory=list)


@dataclass(frozen=True)
class Units:
    """All units in the order of their equations; `coupled` are the layers whose units act on each other (softmax)."""

    units: list[Unit]
    coupled: list[list[Unit]]


def parameters(network: Network) -> frozenset[str]:
    """The parameters, and what is one of them under another name, as where layers are tied."""
    found = set(network.parameters)
    for equation in network.system.in_order():
        if isinstance(equation.body, Access) and equation.reads <= found:
            found.add(equation.name)
    return frozenset(found)


def units(network: Network) -> Units | None:
    """The units of a network; None where it is no small dense network."""
    shapes = {name: [size for size in network.shape(name) if size is not None] for name in network.system.quantities}
    if network.parameter_count > MOST_WEIGHTS or any(
            max(shape, default=1) > MOST_UNITS for shape in shapes.values()):
        return None
    return _Reader(network).read()


class _Reader:
    """Reads the equations in order, until one of them is none of a dense network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.quantities = network.system.quantities
        self.parameters = parameters(network)
        self.before = {equation.name for equation in network.predicting.equations}
        self.instance: Instance = instantiate(network.system, network.sizes, 1)
        self.of: dict[Place, Unit] = {}
        self.units: list[Unit] = []
        self.coupled: list[list[Unit]] = []

    def read(self) -> Units | None:
        for name in (*self.network.inputs, *self.network.targets):
            if len(self.quantities[name].indices) > 2:
                return None
            kind: NodeKind = "input" if name in self.network.inputs else "target"
            for entry in self.instance.entries(name):
                self._add(Unit(kind, [place_of(entry)]))
        for equation in self.instance.equations:
            if equation.name in self.parameters:
                continue
            if equation.name not in self.before:
                self._loss(equation)
            elif not self._is_fixed(equation) or not (self._weighted_sum(equation) or self._activation(equation)):
                return None
        if not any(unit.kind == "unit" for unit in self.units):
            return None
        self._join_targets()
        self._move_sources()
        return Units([unit for unit in self.units if unit.kind in ("unit", "loss") or self._readers(unit)], self.coupled)

    def _add(self, unit: Unit) -> None:
        self.units.append(unit)
        for place in unit.places:
            self.of[place] = unit

    def _readers(self, unit: Unit) -> list[Unit]:
        return [each for each in self.units if any(read is unit for read, _ in each.reads)]

    @staticmethod
    def _is_fixed(equation: Equation) -> bool:
        """Whether it reads the same entries for every sample: none that a label picks."""
        return all(position.is_Integer for read in outer_accesses(equation.body) for position in read.indices)

    def _weighted_sum(self, equation: Equation) -> bool:
        """Whether an entry is a sum of weights times entries of the column before, and biases; then it is a unit."""
        unit = Unit("unit", [place_of(equation.target)])
        for term in Add.make_args(equation.body):
            reads = outer_accesses(term)
            weights = [read for read in reads if read.name in self.parameters]
            others = [read for read in reads if read not in weights]
            if len(weights) != 1 or len(others) > 1 or others and place_of(others[0]) not in self.of:
                return False
            if term != (weights[0] * others[0] if others else weights[0]):
                return False
            if others:
                unit.reads.append((self.of[place_of(others[0])], place_of(weights[0])))
            else:
                unit.biases.append(place_of(weights[0]))
        columns = {read.column for read, _ in unit.reads}
        if len(columns) != 1:
            return False
        unit.column = columns.pop() + 1
        self._add(unit)
        return True

    def _activation(self, equation: Equation) -> bool:
        """Whether an entry is a function of weighted sums that have none yet; then it is the output of that unit."""
        reads = [read for read in outer_accesses(equation.body) if self.quantities[read.name].role is not Role.CONSTANT]
        places = [place_of(read) for read in reads]
        own = equation.target.indices
        if len({read.name for read in reads}) != 1 or any(place not in self.of for place in places):
            return False
        summed: Place = (reads[0].name, tuple(map(int, own)))
        unit = self.of.get(summed)
        if unit is None or unit.kind != "unit" or unit.places != [summed]:
            return False
        place = place_of(equation.target)
        unit.places.append(place)
        self.of[place] = unit
        if len(places) > 1:
            layer = [self.of[place] for place in places]
            if not any(layer[0] in each for each in self.coupled):
                self.coupled.append(layer)
        return True

    def _loss(self, equation: Equation) -> None:
        unit = Unit("loss", [place_of(equation.target)])
        for read in outer_accesses(equation.body):
            for place in self._meant(read):
                if place in self.of:
                    unit.reads.append((self.of[place], None))
        unit.column = 1 + max((read.column for read, _ in unit.reads if read.kind != "target"), default=0)
        self._add(unit)

    def _meant(self, read: Access) -> list[Place]:
        """The entries that an access may mean: one, or where a label picks it, all that the label may pick."""
        if all(position.is_Integer for position in read.indices):
            return [place_of(read)]
        fixed = [(at, position) for at, position in enumerate(read.indices) if position.is_Integer]
        return [place_of(entry) for entry in self.instance.entries(read.name)
                if all(entry.indices[at] == position for at, position in fixed)] + [
                    place_of(label) for label in _accesses_inside(read)]

    def _join_targets(self) -> None:
        """Targets that are read together, as those of a cross-entropy, become one."""
        joined: dict[tuple[object, ...], Unit] = {}
        for unit in [unit for unit in self.units if unit.kind == "target"]:
            readers = self._readers(unit)
            first = joined.setdefault((*map(id, readers), unit.places[0][0]), unit)
            if first is not unit:
                first.places += unit.places
                for reader in readers:
                    reader.reads = [(read, place) for read, place in reader.reads if read is not unit]

    def _move_sources(self) -> None:
        """What reads nothing of a column, as a penalty on the weights, stands just before its first reader."""
        for unit in self.units:
            if unit.kind == "target" or unit.kind == "loss" and all(read.kind == "target" for read, _ in unit.reads):
                readers = [reader.column for reader in self._readers(unit)]
                unit.column = min(readers, default=1) - (unit.kind == "loss" and bool(readers))


def place_of(entry: Access) -> Place:
    return entry.name, tuple(map(int, entry.indices))


def _accesses_inside(read: Expr) -> list[Access]:
    return [access for position in read.args for access in outer_accesses(position)]
