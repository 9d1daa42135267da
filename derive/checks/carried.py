"""Where a printed number that disagrees comes from: other numbers of the document, which it went on with.

Who works by hand goes on with what is written down: rounded numbers, and wrong ones.

    in_final = w1*out_top + w2*out_bottom        0.3*0.68 + 0.9*0.6637 = 0.80133, and 0.80144 when nothing is rounded

Each equation on the way is computed with the document's numbers in place of the module's; nothing is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sympy import Float

from derive.checks.agreement import Check, agrees_with
from derive.checks.asked import Probes, Take
from derive.checks.factors import Line, label, line_at
from derive.instantiate import number
from derive.language.equations import System
from derive.language.expressions import Access
from derive.network import Network

MOST_TAKES = 100  # numbers that lead to one
MOST_SAID = 4


@dataclass(frozen=True)
class Carried:
    """An expected number as other numbers of the document give it: these, and what they give."""

    others: Mapping[str, float]
    computed: float

    def __str__(self) -> str:
        said = [f"{name} = {value:.12g}" for name, value in self.others.items()]
        more = f" and {len(said) - MOST_SAID} more" if len(said) > MOST_SAID else ""
        return (f"the expected number follows from other numbers of the document, {', '.join(said[:MOST_SAID])}{more}: "
                f"{self.computed:.12g}")


def printed_numbers(checks: Iterable[Check]) -> dict[Take, float]:
    """What the document prints for single numbers: itself, or a multiple of it such as -dE/dnet_o1."""
    found: dict[Take, float] = {}
    for check in checks:
        said = check.expectation.value if check.expectation.printed is None else check.expectation.printed
        formula = check.value if check.expectation.printed is None else check.printed
        if said is None or formula is not None or len(check.wanted.takes) != 1:
            continue
        [take] = check.wanted.takes.values()
        below, at_0, at_1, above = (check.wanted.value({take: float(x)}) for x in (-1, 0, 1, 2))
        slope = at_1 - at_0
        if take.kind == "entry" and slope and above - at_1 == slope == at_0 - below:
            found[_at_moment(take, take.after)] = (float(said) - at_0) / slope
    return found


class Working:
    """The equations that lead to numbers, each down to what the document prints."""

    def __init__(self, printed: Mapping[Take, float], system: System, network: Network, probes: Probes) -> None:
        self.printed = printed
        self.system, self.network, self.probes = system, network, probes
        self.lines: dict[Take, Line] = {}

    def takes(self, check: Check) -> list[Take]:
        """What has to be read from the module for a check; the lines that lead to it are noted."""
        outermost = [_at_moment(take, take.after) for take in check.wanted.takes.values()]
        if check.weak or check.accepted is None or any(take.kind != "entry" for take in outermost):
            return []
        waiting, read = list(outermost), dict[Take, None]()
        while waiting and len(read) < MOST_TAKES:
            take = waiting.pop(0)
            if take in read:
                continue
            read[take] = None
            if take in self.printed and outermost != [take]:
                continue
            if take not in self.lines and (line := self._line(take)) is not None:
                self.lines[take] = line
            if take in self.lines:
                waiting += self.lines[take].read.values()
        return list(read)

    def carried(self, check: Check, numbers: Mapping[Take, float]) -> Carried | None:
        """How other numbers of the document give the expected one, if they do."""
        if not self.takes(check):
            return None
        alone = len(check.wanted.takes) == 1
        used: dict[Take, float] = {}
        known: dict[Take, float] = {}

        def value(take: Take, outermost: bool = False) -> float:
            if take in self.printed and not outermost:
                return used.setdefault(take, self.printed[take])
            if take not in known:
                line = self.lines.get(take)
                known[take] = numbers[take] if line is None or not all(each in numbers for each in line.read.values()) else \
                    number(line.body, {entry: value(each) for entry, each in line.read.items()})
            return known[take]

        computed = check.wanted.value({take: value(_at_moment(take, take.after), alone)
                                       for take in check.wanted.takes.values()})
        if not used or not agrees_with(computed, check.expectation.value, check.expectation.tolerance):
            return None
        return Carried({self._said(take): each for take, each in used.items()}, computed)

    def _said(self, take: Take) -> str:
        return label((take.name, take.entry), self.network, self.probes) + (f" after {take.after}" if take.after else "")

    def _line(self, take: Take) -> Line | None:
        """The equation of a quantity, or the update of a parameter."""
        if take.name not in self.network.trained:
            return line_at(take, self.system, self.network)
        optimiser = self.network.optimiser
        if not take.after or len(optimiser.assignments) != 1 or optimiser.sums or self.network.training.batch_size:
            return None
        derivation = self.probes.derivation
        if self.network.training.update_order == "layer_by_layer":  # the first to be updated reads nothing that is new
            first = next(a.of.name for a in derivation.adjoints if a.of.name in self.network.trained)
            if take.name != first:
                return None
        old = _at_moment(take, take.after - 1)
        gradient = replace(old, name=derivation.adjoint(take.name).quantity.name)
        here, slope = Access(take.name, *take.entry), Access(gradient.name, *take.entry)
        known = {Access(name): Float(value, 17) for name, value in optimiser.constants_of(take.name).items()}
        [update] = optimiser.assignments
        body = update.body.xreplace({**known, Access("k"): Float(take.after), Access("theta"): here, Access("g"): slope})
        return Line(take, body, {(take.name, take.entry): old, (gradient.name, take.entry): gradient})


def _at_moment(take: Take, after: int | None) -> Take:
    """A take after so many updates; at the start is written in one way."""
    return replace(take, after=after or None)
