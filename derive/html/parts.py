"""What can be pointed at in the picture, and what lights up then: parts of the picture, of the text and of the code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from derive.drawing import Drawing, Edge, Factor, Node, Place, gradient_path
from derive.drawing.gradient import Standing, Walk
from derive.html.learning import Learning, Series
from derive.language.equations import Role
from derive.language.expressions import Access, Index, Partial
from derive.latex.entries import Entries
from derive.network import Network, NetworkDerivation

MOST_CHAINS = 6  # that are written out for one weight


@dataclass(frozen=True)
class Number:
    """A quantity or an entry of a part: how it is written, its equation, its numbers and those of its derivative."""

    latex: str
    key: str
    derivative: str
    derivative_key: str
    equations: tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """A step on the way to the loss, from a quantity to all that read it: what lights up, and the next steps."""

    lights: tuple[str, ...]
    next: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A node or an edge that stands for quantities.

    Attributes:
        lights: what lights up with it by itself: keys of the picture, and tokens of the text.
        steps: those with which its way to the loss begins, by their numbers.
        chains: the factors of each path from the loss to it, by their keys; `more` says how many are left out.
    """

    key: str
    name: str
    numbers: tuple[Number, ...]
    lights: tuple[str, ...]
    steps: tuple[int, ...] = ()
    chains: tuple[tuple[str, ...], ...] = ()
    more: bool = False


class Parts:
    """The parts of a drawing with their numbers.

    Attributes:
        series: all numbers by key.
        factors: the LaTeX of each local derivative by its key, which is also that of its numbers.
        tokens: the token of a left side in the text.
        steps: those of all quantities that lie between a part and the loss.
    """

    def __init__(self, network: Network, derivation: NetworkDerivation, drawing: Drawing, learning: Learning) -> None:
        self.network, self.derivation, self.drawing, self.learning = network, derivation, drawing, learning
        self.quantities = derivation.system.quantities
        self.series: dict[str, Series] = {}
        self.factors: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self._view = Entries(network, derivation, None, 9)
        self._adjoints = {adjoint.of.name: adjoint for adjoint in derivation.adjoints}
        self._keys: dict[Factor, str] = {}
        self._walk, self._standing = Walk(network, derivation), Standing(drawing)
        self._step_of: dict[Place, int] = {}
        self._begun: list[Place] = []
        elements: tuple[Node | Edge, ...] = (*drawing.edges, *drawing.nodes)
        self.parts = tuple(self._part(each) for each in elements if places(each))
        self.steps = tuple(self._steps())

    @property
    def loss(self) -> tuple[str, Series]:
        """The loss over training, and the key of its numbers."""
        key = self._stored((self.derivation.objective, () if self.learning.moments.entries else None))
        return key, self.series.get(key, [])

    def written(self, name: str) -> str:
        """A quantity's name in LaTeX."""
        return self._view.print.plain(Access(name))

    @property
    def standing(self) -> dict[str, list[str]]:
        """Which parts of the picture an equation is about: those that stand for what it defines, or differentiates by."""
        out: dict[str, list[str]] = {}
        for part in self.parts:
            for number in part.numbers:
                for equation in number.equations:
                    out.setdefault(f"eq-{equation}", []).append(part.key)
        return out

    def _part(self, element: Node | Edge) -> Part:
        own = places(element)
        numbers = tuple(map(self._number, own))
        weights = [place for place in own if self.quantities[place[0]].role is Role.PARAMETER]
        lights = {element.key: None, **{self.token(number.latex): None for number in numbers}}
        lights |= {f"eq-{equation}": None for number in numbers for equation in number.equations}
        starts = [place for place in weights or own[:1] if place[0] in self._adjoints]
        steps = tuple(map(self._step, starts))
        found: list[tuple[Factor, ...]] = []
        if len(own) == 1 and starts and own[0][1] is not None:
            found = list(islice(gradient_path(self.network, self.derivation, own[0]).chains(), MOST_CHAINS + 1))
        chains = tuple(tuple(self._factors(chain)) for chain in found[:MOST_CHAINS])
        return Part(element.key, _name(element), numbers, tuple(lights), steps, chains, len(found) > MOST_CHAINS)

    def _step(self, place: Place) -> int:
        """The number of the step that begins at an entry or a quantity."""
        if place not in self._step_of:
            self._step_of[place] = len(self._begun)
            self._begun.append(place)
        return self._step_of[place]

    def _steps(self) -> Iterator[Step]:
        """Every step that is begun, and those that it leads to."""
        for place in self._begun:  # which grows meanwhile
            factors = list(self._walk.direct(place)) if place[0] != self.derivation.objective else []
            lit = self._standing.highlight(factors)
            lights = dict.fromkeys([*lit.nodes, *lit.edges, *(token for factor in factors for token in self._said(factor))])
            yield Step(tuple(lights), tuple(self._step(factor.of) for factor in factors))

    def _said(self, factor: Factor) -> Iterator[str]:
        """The tokens of the lines in which a factor, and the derivative by what it is taken by, are worked out."""
        if factor.by[1] is None:
            yield f"eq-{self._adjoints[factor.by[0]].equation.number}"
        else:
            yield self.token(self._view.print.plain(Partial(self._access(factor.of), self._access(factor.by))))
            yield self.token(self._derivative(factor.by))

    def _factors(self, chain: tuple[Factor, ...]) -> Iterator[str]:
        """The keys of the factors of a path, without those that are 1."""
        for factor in chain:
            if factor.form == 1:
                continue
            if factor not in self._keys:
                key = self._keys[factor] = f"f{len(self._keys)}"
                self.factors[key] = self._view.print.plain(Partial(self._access(factor.of), self._access(factor.by)))
                self.series[key] = self.learning.of_factor(factor)
            yield self._keys[factor]

    def _number(self, place: Place) -> Number:
        name, _ = place
        adjoint = self._adjoints.get(name)
        definition = self.derivation.forward.definitions.get(name)
        equations = [each.number for each in (definition, adjoint.equation if adjoint else None) if each is not None]
        derived: Place | None = (adjoint.quantity.name, place[1]) if adjoint is not None else None
        return Number(self._view.print.plain(self._access(place)), self._stored(place),
                      self._derivative(place) if derived else "", self._stored(derived) if derived else "", tuple(equations))

    def _stored(self, place: Place) -> str:
        """The key of a place's numbers; "" where it has none."""
        key = place[0] if place[1] is None else f"{place[0]}[{','.join(map(str, place[1]))}]"
        if key not in self.series:
            found = self.learning.of(place)
            if found is None:
                return ""
            self.series[key] = found
        return key

    def _derivative(self, place: Place) -> str:
        return self._view.print.partial(self._view.print.plain(Access(self.derivation.objective)), self._access(place))

    def _access(self, place: Place) -> Access:
        """The entry as the text has it: of many samples, that of sample n."""
        name, indices = place
        if indices is None:
            return self.quantities[name].entry
        own: list[int | Index] = list(indices)
        axis = self.quantities[name].sample_axis
        if axis is not None and not self._view.single:
            own[axis] = self._view.n
        return Access(name, *own)

    def token(self, latex: str) -> str:
        """The token of everything in the text that begins with this left side."""
        return self.tokens.setdefault(latex, f"l{len(self.tokens)}")


def places(element: Node | Edge) -> tuple[Place, ...]:
    if isinstance(element, Node):
        return element.places
    return (element.place,) if element.place is not None else ()


def _name(element: Node | Edge) -> str:
    if isinstance(element, Node):
        return element.name
    return element.label.plain if element.label else ""
