"""The path of a gradient: the factors of the chain rule from the loss to a weight, and the parts of a drawing they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sympy import Expr

from derive.calculus.record import Derivation
from derive.drawing.picture import Drawing, Edge, Place
from derive.instantiate import local_at, places
from derive.language.substitution import SAMPLES
from derive.latex.entries import find_entries
from derive.network import Network

T = TypeVar("T")


@dataclass(frozen=True)
class Factor:
    """A local derivative ∂of/∂by; `form` is its value over entries (None for whole quantities)."""

    of: Place
    by: Place
    form: Expr | None


@dataclass(frozen=True)
class GradientPath:
    """All that a derivative ∂loss/∂entry is a product and sum of.

    Attributes:
        entry: an entry, or a whole parameter.
        factors: each local derivative once, the loss's first: a factor stands after those of what it acts through.
    """

    loss: Place
    entry: Place
    factors: tuple[Factor, ...]

    def chains(self) -> Iterator[tuple[Factor, ...]]:
        """Every path by itself, from the loss to the entry; the derivative is the sum of the products along them."""
        by: dict[Place, list[Factor]] = {}
        for factor in self.factors:
            by.setdefault(factor.by, []).append(factor)

        def back(place: Place, seen: frozenset[Place]) -> Iterator[tuple[Factor, ...]]:
            for factor in by.get(place, ()):
                if factor.of == self.loss:
                    yield (factor,)
                elif factor.of not in seen:  # a recurrence comes back to itself
                    for chain in back(factor.of, seen | {factor.of}):
                        yield (*chain, factor)

        yield from back(self.entry, frozenset({self.entry}))


@dataclass(frozen=True)
class Highlight:
    """The keys of the nodes and edges of a drawing that a gradient's path goes along, from the loss back."""

    nodes: tuple[str, ...]
    edges: tuple[str, ...]


def gradient_path(network: Network, derivation: Derivation, entry: str | Place) -> GradientPath:
    """The factors through which the loss depends on an entry of a parameter, for one sample, or on a whole parameter.

    Those of an entry are as many as entries lie between it and the loss: for a network that is drawn as blocks, ask for the
    whole parameter.

    Args:
        entry: the document's name ("w5"), ours counted from 1 ("W2[1,1]", "W2"), or a place: indices from 0, None for all.

    Raises:
        ValueError: it names nothing that was derived.
    """
    place = find_entries(network, derivation, entry) if isinstance(entry, str) else entry
    loss: Place = (derivation.objective, None if place[1] is None else ())
    return GradientPath(loss, place, tuple(Walk(network, derivation).factors(place, loss)))


class Walk:
    """From an entry along the paths of the record to the loss."""

    def __init__(self, network: Network, derivation: Derivation) -> None:
        self.adjoints = {adjoint.of.name: adjoint for adjoint in derivation.adjoints}
        self.readers, self.objective = derivation.forward.readers, derivation.objective
        self.sizes = {**network.sizes, SAMPLES: 1}

    def factors(self, entry: Place, loss: Place) -> list[Factor]:
        """All factors, sorted so that those nearest to the loss come first (depth first, as the paths stand)."""
        after: dict[Place, list[Factor]] = {}
        order: list[Place] = []
        path: list[tuple[Place, Iterator[Factor]]] = []

        def enter(place: Place) -> None:
            after[place] = list(self.direct(place)) if place != loss else []
            path.append((place, iter(after[place])))

        enter(entry)
        while path:
            place, rest = path[-1]
            factor = next(rest, None)
            if factor is None:
                order.append(place)
                path.pop()
            elif factor.of not in after:
                enter(factor.of)
        return [factor for place in order for factor in after[place]]

    def direct(self, by: Place) -> Iterator[Factor]:
        """The local derivatives by an entry of what reads it."""
        name, indices = by
        if name not in self.adjoints:
            return
        if indices is None:
            for equation in reversed(self.readers.get(name, [])):
                if equation.name != name and (equation.name in self.adjoints or equation.name == self.objective):
                    yield Factor((equation.name, None), by, None)
            return
        for path in self.adjoints[name].paths:
            for place in places(path.through.indices, self.sizes):
                form = local_at(path.local, place, indices, self.sizes)
                if form != 0:
                    yield Factor((path.through.name, place), by, form)


def highlight(drawing: Drawing, path: GradientPath) -> Highlight:
    """The parts of a drawing that a gradient's path goes along."""
    return Standing(drawing).highlight(path.factors)


class Standing:
    """What stands for an entry in a drawing; a whole quantity is stood for by all that stand for its entries."""

    def __init__(self, drawing: Drawing) -> None:
        self.node_of: dict[Place, list[str]] = {}
        self.edge_of: dict[Place, list[Edge]] = {}
        self.courses: dict[tuple[str, str], list[Edge]] = {}  # from what hands on to what reads, through ports
        for node in drawing.nodes:
            for place in node.places:
                self.node_of.setdefault(place, []).append(node.key)
        ports = {edge.target: edge for edge in drawing.edges if drawing.node(edge.target).kind == "port"}
        for edge in drawing.edges:
            if edge.place is not None:
                self.edge_of.setdefault(edge.place, []).append(edge)
            if edge.target not in ports:
                course = [edge]
                while course[-1].source in ports:
                    course.append(ports[course[-1].source])
                self.courses.setdefault((course[-1].source, edge.target), []).extend(course)

    def highlight(self, factors: Iterable[Factor]) -> Highlight:
        """The parts of the drawing that some factors are."""
        nodes: dict[str, None] = {}
        edges: dict[str, None] = {}
        for factor in factors:
            for at in self.nodes(factor.of) + self.nodes(factor.by):
                nodes.setdefault(at)
            for edge in self.carrying(factor.by) + self.between(factor.by, factor.of):
                edges.setdefault(edge.key)
                nodes.setdefault(edge.source)  # a port on the way, or what a weight multiplies: that is its factor
        return Highlight(tuple(nodes), tuple(edges))

    @staticmethod
    def _found(known: Mapping[Place, list[T]], place: Place) -> list[T]:
        if place[1] is None and place not in known:
            return [each for (name, _), found in known.items() if name == place[0] for each in found]
        return known.get(place) or known.get((place[0], None), [])

    def nodes(self, place: Place) -> list[str]:
        return self._found(self.node_of, place)

    def carrying(self, place: Place) -> list[Edge]:
        return self._found(self.edge_of, place)

    def between(self, by: Place, of: Place) -> list[Edge]:
        """The edges from what stands for one entry to what stands for another, the last first."""
        return [edge for source in self.nodes(by) for target in self.nodes(of)
                for edge in self.courses.get((source, target), ())]
