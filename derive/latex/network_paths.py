"""The path through the network that a product of factors follows, unit by unit: i1 → h1 → o1.

It is followed in the record, from entry to entry.  What an equation computes from one entry alone is the same unit, as
an activation is; the document's names may say what the unit is called: net_h1 and out_h1 are those of h1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

from derive.language.equations import Role
from derive.language.expressions import Access, Reduction
from derive.language.substitution import SAMPLES
from derive.latex.entries import Entries, Term
from derive.latex.escape import scalar_name
from derive.latex.width import width

_MOST, _WIDEST = 4, 28.0  # paths that are listed, and their width in em: of others only what they share is


class NetworkPaths:
    """Names the paths that derivatives follow, from what a weight multiplies to the prediction."""

    def __init__(self, view: Entries) -> None:
        self.view = view
        self.quantities = view.derivation.system.quantities
        self.definitions = view.derivation.forward.definitions
        self.predicting = view.derivation.forward.leading_to(view.network.prediction)

    def named(self, entry: Access, terms: Sequence[Term] | None = None) -> str:
        """The paths from an entry on, as LaTeX; "" where they have no second unit.

        Args:
            terms: the first steps; by default all that the record has.
        """
        paths = list(islice(self._paths(entry, terms), _MOST + 1))
        listed = r" \text{ and } ".join(map(_arrows, paths))
        if len(paths) <= _MOST and width(listed) <= _WIDEST:
            return listed
        first = [units[0] for units in zip(*paths, strict=False) if len(set(units)) == 1]
        return _arrows([*first[:2], r"\dots"]) if len(first) > 1 else ""

    def _paths(self, entry: Access, terms: Sequence[Term] | None) -> Iterator[tuple[str, ...]]:
        """The printed names of the units of each path, of those with more than one."""
        seen = set()
        for term in self._onward(entry, terms):
            multiplied = self.quantities[entry.name].role is Role.PARAMETER and isinstance(term.local, Access)
            for way in self._ways(term.through):
                units = tuple(name for name, _ in groupby(self._units([term.local if multiplied else entry, *way])))
                if len(units) > 1 and units not in seen:
                    seen.add(units)
                    yield units

    def _onward(self, entry: Access, terms: Sequence[Term] | None = None) -> list[Term]:
        known = self.view.terms(entry) if terms is None else terms
        return [term for term in known or () if term.through.name in self.predicting]

    def _ways(self, entry: Access) -> Iterator[tuple[Access, ...]]:
        """The entries of every way from one to the prediction."""
        following = self._onward(entry)
        if not following:
            yield (entry,)
        for term in following:
            for way in self._ways(term.through):
                yield (entry, *way)

    def _units(self, way: Sequence[Access]) -> Iterator[str]:
        unit: list[Access] = []
        for entry in way:
            if unit and not self._continues(unit[-1], entry):
                yield self._name(unit)
                unit = []
            unit.append(entry)
        yield self._name(unit)

    def _continues(self, before: Access, after: Access) -> bool:
        """Whether an entry is computed from the one before it alone."""
        equation = self.definitions[after.name]
        varying = {read for read in equation.reads if self.quantities[read].role is not Role.CONSTANT}
        return (varying == {before.name} and not equation.body.has(Reduction) and before.indices == after.indices
                and all(read.indices == equation.target.indices for read in equation.body.atoms(Access)
                        if read.name == before.name))

    def _name(self, unit: Sequence[Access]) -> str:
        aliases = [alias for entry in unit if (alias := self.view.print._alias(entry))]
        endings = {alias.rpartition("_")[2] for alias in aliases}
        if len(endings) == 1 and (ending := endings.pop())[:1].isalpha():
            return scalar_name(ending)
        own = [place for index, place in zip(self.quantities[unit[-1].name].indices, unit[-1].indices, strict=True)
               if index.size != SAMPLES]
        return self.view.print.plain(unit[-1] if aliases else Access(unit[-1].name, *own))


def _arrows(units: Iterable[str]) -> str:
    return r" \to ".join(units)
