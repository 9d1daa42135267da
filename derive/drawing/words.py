"""What is written in a drawing: entries and quantities by the document's own names, as LaTeX and as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from derive.drawing.picture import EM, Label, Place
from derive.language.expressions import Access
from derive.latex.escape import text
from derive.latex.printer import Printer
from derive.latex.width import width
from derive.network import Network


class Words:
    """The names of one network; the sample's number is not written, and neither are names of single samples' entries."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.quantities = network.system.quantities
        one = (network.samples or 1) == 1
        self.aliases = {key: alias for key, alias in network.aliases.items()
                        if one or self.quantities[key[0]].sample_axis is None}
        self.printer = Printer(self.quantities, self.aliases)

    def label(self, place: Place) -> Label:
        name, indices = place
        alias = self.aliases.get((name, indices or ()))
        if alias is not None or indices is None:
            return Label(self.printer.plain(Access(name, *(indices or ()))), alias or name)
        sample = self.quantities[name].sample_axis
        own = [position for axis, position in enumerate(indices) if axis != sample]
        positions = ",".join(str(position + 1) for position in own)
        return Label(self.printer.plain(Access(name, *own)), f"{name}[{positions}]" if own else name)

    def several(self, places: Sequence[Place]) -> Label:
        """Entries one after the other."""
        labels = [self.label(place) for place in places]
        return Label(r",\ ".join(label.latex for label in labels), ", ".join(label.plain for label in labels))

    def unit(self, places: Sequence[Place]) -> str:
        """What a sentence calls a unit: h1, where its entries are called net_h1 and out_h1, else its output."""
        aliases = [alias for place in places if (alias := self.aliases.get((place[0], place[1] or ())))]
        endings = {alias.rpartition("_")[2] for alias in aliases}
        if len(places) > 1 and len(endings) == 1:
            return endings.pop()
        return self.label(places[-1]).plain if len({name for name, _ in places}) > 1 else self.several(places).plain


def words(plain: str) -> Label:
    """Running words."""
    return Label(rf"\text{{{text(plain)}}}", plain)


def breadth(label: Label) -> float:
    """The estimated width of a label in centimetres."""
    return width(label.latex) * EM
