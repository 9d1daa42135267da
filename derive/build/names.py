"""The document's own names: of whole quantities (theta1 for W1) and of single entries (w5 for W2[1,1])."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sympy import Expr

from derive.build.parts import Parts
from derive.file.errors import FileError, Place, suggestion
from derive.file.names import MODULE_VARIABLES
from derive.language.equations import Equation, Fact, Quantity, Role, System


class Names:
    """What the document calls the quantities of the network."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._theirs: dict[str, str] = {}
        for theirs, reference in parts.references.items():
            if reference.name not in parts.quantities:
                raise parts.error(f"there is no quantity '{reference.name}'", "names", theirs,
                                  help=f"the document's name goes first: {reference.name}: {theirs}"
                                  if theirs in parts.quantities else
                                  suggestion(reference.name, parts.quantities, "there are"))
            if not reference.positions:
                if reference.name in self._theirs:
                    raise parts.error(f"{reference.name} has two names, {self._theirs[reference.name]} and {theirs}",
                                      "names", theirs, help="keep one")
                if theirs in MODULE_VARIABLES and parts.quantities[reference.name].role is Role.PARAMETER:
                    raise parts.error(f"the generated module calls something else '{theirs}'", "names", theirs, key=True,
                                      help=f"choose another name, such as {theirs}_{reference.name}")
                self._theirs[reference.name] = theirs
        kept = {name for name in parts.quantities if name not in self._theirs}
        for theirs in parts.references:
            if theirs in kept:
                raise parts.error(f"the name '{theirs}' is already taken by {parts.meaning(theirs)}", "names", theirs,
                                  key=True,
                                  help=f"choose another name, or give that one another too: {theirs}_1: {theirs}")

    def of(self, ours: str) -> str:
        return self._theirs.get(ours, ours)

    def all(self, ours: Iterable[str]) -> tuple[str, ...]:
        return tuple(map(self.of, ours))

    def body(self, expression: Expr) -> Any:
        """An expression in the document's names, with one symbol for sizes that are one."""
        return self.parts.renaming(self._theirs)(expression)

    def system(self) -> System:
        """The forward equations, likewise."""
        rename = self.parts.renaming(self._theirs)
        quantities = {}
        for quantity in self.parts.quantities.values():
            entry = rename(quantity.entry)
            facts = tuple(Fact(rename(f.left), rename(f.right), f.reason) for f in quantity.facts)
            quantities[entry.name] = replace(quantity, name=entry.name, indices=entry.indices, facts=facts)
        return System(quantities, tuple(Equation(rename(e.target), rename(e.body)) for e in self.parts.equations))

    def aliases(self) -> dict[tuple[str, tuple[int, ...]], str]:
        """The document's name of each single entry, by (quantity, indices from 0)."""
        aliases: dict[tuple[str, tuple[int, ...]], str] = {}
        for theirs, reference in self.parts.references.items():
            if not reference.positions:
                continue
            place = self.parts.source.at("names", theirs)
            quantity = self.parts.quantities[reference.name]
            check_positions(quantity, self.parts.shape(quantity), reference.positions, place)
            entry = self.of(reference.name), tuple(position - 1 for position in reference.positions)
            if entry in aliases:
                raise FileError(f"{reference} has two names, {aliases[entry]} and {theirs}", place, "keep one")
            aliases[entry] = theirs
        return aliases


def check_positions(quantity: Quantity, shape: tuple[int | None, ...], positions: tuple[int, ...], place: Place) -> None:
    """FileError unless the positions, from 1, are those of an entry of the quantity (None: any number of samples)."""
    if len(positions) != len(shape):
        wanted = ",".join(index.name for index in quantity.indices)
        raise FileError(f"{quantity.name} has {len(shape)} indices, and here it has {len(positions)}", place,
                        f"write {quantity.name}[{wanted}] with numbers for {wanted}, such as "
                        f"{quantity.name}[{','.join('1' * len(shape))}]" + (
                            f"; {quantity.indices[quantity.sample_axis].name} counts the samples"
                            if quantity.sample_axis is not None else "") if wanted else f"write {quantity.name}")
    for position, size, index in zip(positions, shape, quantity.indices, strict=True):
        if size is not None and position > size:
            raise FileError(f"{quantity.name} has {size} entries along {index.name}, and number {position} is asked for",
                            place, "positions count from 1")

