"""The workings that claims are judged in: at the file's own sizes and numbers, and at small sizes and random numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import count
from typing import Any, Literal

import numpy as np
from sympy import Expr, Symbol

from derive.checks.process import EXAMPLES, example_data
from derive.claims.diagnosis.mistakes import Mistakes
from derive.claims.diagnosis.patience import Patience
from derive.claims.effort import Effort
from derive.claims.judging.statement import Statement
from derive.claims.proof.known import Known
from derive.claims.working.equations import TooLarge, given
from derive.claims.working.module import Module
from derive.claims.working.names import entry, meant
from derive.claims.working.points import Point, at_random, of_the_file
from derive.claims.working.routes import Order, Working
from derive.claims.working.training import Training
from derive.language.expressions import Access, Delta, Index, accesses
from derive.language.substitution import SAMPLES
from derive.network import Network, NetworkDerivation

SMALL = 2
TOLD_APART = 3  # of two classes that sum to 1 each says what the other is, and of two samples 1/m is ½
POINTS = 3
MOST_TERMS = 40_000  # that are multiplied out for one claim; a few seconds

Sizes = Literal["small", "telling", "its", "more"]


class Workings:
    """The workings of one network."""

    def __init__(self, network: Network, derivation: NetworkDerivation, module: Module) -> None:
        self.network, self.derivation, self.module = network, derivation, module
        self.data: Mapping[str, Any] = network.data or example_data(network)
        self.samples = network.samples or EXAMPLES
        self.patience, self.effort = Patience(), Effort(MOST_TERMS)
        self._small: dict[tuple[int, tuple[tuple[Symbol, int], ...]], Working] = {}
        self._points: dict[tuple[Working, int], Point] = {}
        self._known: dict[Working, Known] = {}
        self._mistakes: dict[Working, Mistakes] = {}
        self._otherwise: dict[tuple[Order, frozenset[str]], Point] = {}

    @cached_property
    def own(self) -> Working:
        """The network at its own sizes, with the samples of its data."""
        sizes = {**self.network.sizes, SAMPLES: self.samples}
        return Working(self.network, self.derivation, sizes, self._labels(self.samples))

    @cached_property
    def here(self) -> Point:
        """The network with its own numbers."""
        return self._point(self.own)

    @cached_property
    def numbers_are_known(self) -> bool:
        """Whether parameters have numbers: those of a module that runs, or of the file."""
        ranks = self.own.equations.ranks
        return self.module.runner is not None or all(
            given(self.network, name, (0,) * ranks[name]) is not None for name in self.network.parameters)

    @cached_property
    def with_data(self) -> Working:
        """The network at its own sizes, with the numbers of its inputs and targets put in."""
        return Working(self.network, self.derivation, self.own.equations.sizes, self.own.equations.labels, data=self.data)

    def trained_otherwise(self, order: Order | None = None, frozen: Iterable[str] | None = None) -> Point:
        """The network with its own numbers, updated in another way."""
        other = Working(self.network, self.derivation, self.own.equations.sizes, self.own.equations.labels, order, frozen)
        key = other.order, other.frozen
        if key not in self._otherwise:
            self._otherwise[key] = self._point(other)
        return self._otherwise[key]

    def _point(self, working: Working) -> Point:
        """The file's own numbers in a working of its own sizes; after many updates, parameters come from training."""
        training: list[Training] = []  # made when it is needed

        def elsewhere(node: Access) -> float | None:
            name = meant(node.name)
            if name.updates and name.of in working.trained and not name.by and working.batches == 1:
                try:
                    training[:] = training or [Training(point)]
                    return training[0].after(name.updates)[name.of, entry(node)[1]]
                except TooLarge:
                    pass
            return self.module.number(node) if working is self.own or not name.updates else None

        def read(nodes: Sequence[Access]) -> None:
            if working is self.own:
                self.module.read(node for node in nodes if not meant(node.name).updates)

        point = of_the_file(working, self.data, elsewhere, read)
        return point

    def of(self, statement: Statement, sizes: Sizes) -> Working:
        """The working that a formula is judged in: one of small sizes where it is for any, else the network's own.

        It begins at the first moment that the formula is about.

        Args:
            sizes: "telling" ones are small, and no number in the formula is one of them by chance; the "small" ones are
                enough to refute it; and some are "its" own where such a number may be meant, as 1/6 or 0.167 for 1/m.
                Where the file has one sample, a formula without m is about that one, but for "more" samples.
        """
        found: dict[Symbol, int] = {**self.network.sizes, SAMPLES: self.samples}
        start = min((meant(node.name).updates for node in statement.nodes if self.own.changes(node)), default=0)
        if statement.free or statement.general:
            found |= {symbol: self._size(symbol, found[symbol], statement, sizes) for symbol in self._may_shrink}
        elif not start:
            return self.own
        key = start, tuple(sorted(found.items(), key=str))
        if key not in self._small:
            self._small[key] = Working(self.network, self.derivation, found, self._labels(found[SAMPLES]), start=start)
        return self._small[key]

    def _size(self, symbol: Symbol, own: int, statement: Statement, sizes: Sizes) -> int:
        """A size; where the formula names positions there is one more, which it may have forgotten."""
        one = symbol == SAMPLES and self.network.samples == 1
        if one and sizes != "more" and (sizes == "its" or not statement.counts_samples):
            return own
        if sizes == "its" and (statement.may_mean(own) or statement.may_be_rounded_from(own)):
            return own
        named = max(self._named(statement, symbol), default=0)
        least = max(named + 1, TOLD_APART if symbol in self._predicted else SMALL)
        size = least if sizes == "small" else next(size for size in count(least) if not statement.may_mean(size))
        return size if symbol == SAMPLES and not named else min(own, size)

    @cached_property
    def _predicted(self) -> set[Expr]:
        """The sizes of the prediction."""
        return {index.size for index in self.network.system.quantities[self.network.prediction].indices}

    def mistakes(self, working: Working) -> Mistakes:
        """The mistakes in the equations of a working."""
        if working not in self._mistakes:
            self._mistakes[working] = Mistakes(working)
        return self._mistakes[working]

    def known(self, working: Working) -> Known:
        """What is known in a working, for proofs."""
        if working not in self._known:
            self._known[working] = Known(working, self.effort)
        return self._known[working]

    def points(self, working: Working, number: int = POINTS) -> Iterable[Point]:
        """A few random points of a working."""
        for seed in range(number):
            if (working, seed) not in self._points:
                self._points[working, seed] = at_random(working, seed)
            yield self._points[working, seed]

    def _labels(self, samples: int) -> dict[str, Any]:
        """Whole numbers for inputs and targets that stand inside indices."""
        quantities = self.network.system.quantities
        return {name: np.take(data, range(samples), quantities[name].sample_axis, mode="wrap").tolist()
                for name, data in self.data.items() if quantities[name].integer}

    @cached_property
    def _may_shrink(self) -> list[Symbol]:
        """The sizes that may be any number: their axes are read at an index, a step beside it, or the last position.

        Whole numbers inside indices name positions, and so the sizes of what they count stay.
        """
        system = self.derivation.system
        fixed: set[Symbol] = set()
        for equation in system.equations:
            for read in accesses(equation.body):
                own = system.quantities[read.name].indices
                for axis, position in zip(own, read.indices, strict=True):
                    if not any((position - any_).is_Integer for any_ in (axis.size, *_running(position, axis.size))):
                        fixed |= axis.size.free_symbols | {s for i in position.atoms(Index) for s in i.size.free_symbols}
            for index in equation.body.atoms(Index):
                if not index.size.is_Symbol:
                    fixed |= index.size.free_symbols
        every = [*self.network.sizes, SAMPLES]
        return [symbol for symbol in every if symbol not in fixed]

    def _named(self, statement: Statement, symbol: Symbol) -> Iterable[int]:
        """The positions that a statement names along axes of a size, from 1, and how far it shifts others."""
        for node in statement.nodes:
            for axis, index in zip(self.own.equations.axes(node), node.indices, strict=True):
                if axis == symbol:
                    yield int(index) + 1 if index.is_Integer else abs(int(index.as_coeff_Add()[0]))
        for delta in statement.difference.atoms(Delta):
            if any(isinstance(side, Index) and side.size == symbol for side in delta.args):
                yield from (int(side) + 1 for side in delta.args if side.is_Integer)


def _running(position: Expr, size: Expr) -> list[Index]:
    """The indices of a position that run over all of an axis."""
    return [index for index in position.atoms(Index) if index.size == size]
