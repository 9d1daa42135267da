"""What may have been done where a claim is wrong: mistakes in one equation or in all of a kind, in training, in rounding."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from operator import mul

from sympy import Expr, Rational

from derive.checks.elsewhere import ORDERS
from derive.claims.diagnosis.mistakes import Mistakes
from derive.claims.diagnosis.mistakes.entries import beside
from derive.claims.diagnosis.mistakes.mistake import Mistake, say
from derive.claims.diagnosis.trials import Attempt, Changes, Spot, Trial, as_a_whole, changed, on_the_way, one_changed
from derive.claims.judging.workings import Workings
from derive.claims.working.equations import TooLarge
from derive.claims.working.names import entry, meant, nodes_of
from derive.claims.working.points import Unknown
from derive.claims.working.routes import Order
from derive.language.expressions import Access

MOST_DIGITS = 8

class Attempts:
    """The attempts at one claim.

    Args:
        spot: one at which the claim is wrong.
        carried: wrong lines before it that may have been computed with.
        printed: right numbers as earlier lines print them, and in which lines.
    """

    def __init__(self, spot: Spot, workings: Workings, carried: Changes,
                 printed: Mapping[Access, tuple[float, int]]) -> None:
        self.spot, self.workings, self.printed = spot, workings, printed
        self.working = spot.point.working
        self.mistakes: Mistakes = workings.mistakes(self.working)
        self.starts: list[Changes] = [{}, carried] if carried else [{}]

    def _with(self, kind: str, words: str, changes: Callable[[Spot], Changes | None], formula: Expr | None = None
              ) -> Iterator[Attempt]:
        """Computations with changes, from the right lines before and from the wrong ones."""
        for start in self.starts:
            yield Attempt(kind, words, partial(changed, changes, start), formula)

    def _say(self, expression: Expr) -> str:
        return say(self.working, expression)

    # -- mistakes in equations -----------------------------------------------------------------------------------

    def in_the_line(self) -> Iterator[Attempt]:
        """Mistakes in the equation that is claimed, or in the number as a whole."""
        yield Attempt("sign", "the sign is flipped", partial(as_a_whole, lambda root: -root))
        for place, node in enumerate(nodes_of(self.spot.root)):
            if node in self.spot.lines:
                for mistake in self.mistakes.of(node):
                    yield from self._with(mistake.kind, mistake.words, partial(self._own, place, mistake), mistake.body)
        for factor, words in self._factors.items():
            yield Attempt("factor", f"it is {words} what is right", partial(as_a_whole, partial(mul, factor)))
        for factor, words in self._factors.items():
            words = f"the sign is flipped, and it is {words} what is right"
            yield Attempt("sign", words, partial(as_a_whole, partial(mul, -factor)))
        yield Attempt("upside down", "it is 1 over what is right", partial(as_a_whole, lambda root: 1 / root))

    @property
    def _factors(self) -> Mapping[Rational, str]:
        """Factors that a formula may have too much, in words: 2, the number of samples, and those that stand in it."""
        m = self.working.equations.samples
        found = {Rational(2): "twice", Rational(1, 2): "half", Rational(m): "m times", Rational(1, m): "1/m of"}
        for number in sorted(self.spot.statement.factors):
            found |= {Rational(number): f"{number} times", Rational(1, number): f"1/{number} of", **found}
        return {factor: words for factor, words in found.items() if factor != 1}

    def _own(self, place: int, mistake: Mistake, spot: Spot) -> Changes | None:
        node = nodes_of(spot.root)[place]
        return self.mistakes.same(mistake, [node]) or None

    def in_the_claim(self) -> Iterator[Attempt]:
        """Mistakes in the formula that is claimed: it is right without them."""
        for mistake in self.mistakes.undone(self.spot.statement.right):
            yield Attempt(mistake.kind, mistake.words, partial(self._undone, mistake))

    def _undone(self, mistake: Mistake, spot: Spot) -> Trial | None:
        bodies = [other.body for other in self.mistakes.undone(spot.statement.right) if other.same == mistake.same]
        return Trial(spot.point, spot.root, claimed=bodies[0]) if bodies else None

    def further_up(self, distance: int) -> Iterator[Attempt]:
        """A mistake in one equation that the number is computed from, and the same in all equations of its kind."""
        nodes = [node for node, away in self.spot.lines.items() if away == distance]
        seen: set[tuple[Access, float]] = set()
        for node in nodes:
            for mistake in self.mistakes.of(node):
                value = self._value(mistake)
                if value is not None and (node, value) not in seen and value != self.spot.point[entry(node)]:
                    seen.add((node, value))
                    words = f"{mistake.words} in {self._say(node)}"
                    yield from self._with(mistake.kind, words, partial(one_changed, node, mistake.body), mistake.body)
        for name in dict.fromkeys(node.name for node in nodes):
            like = [node for node in self.spot.lines if node.name == name]
            for mistake in self.mistakes.of(like[0]):
                words = f"{mistake.words} in {self._say(like[0])}"
                words += ", and likewise in all of its kind" if len(like) > 1 else ""
                yield from self._with(mistake.kind, words, partial(self._in_all, name, mistake), mistake.body)

    def _value(self, mistake: Mistake) -> float | None:
        try:
            return self.spot.point.value(mistake.body)
        except (TooLarge, Unknown):
            return None

    def _in_all(self, name: str, mistake: Mistake, spot: Spot) -> Changes | None:
        like = [node for node in spot.lines if node.name == name]
        found = self.mistakes.same(mistake, like)
        return found if len(found) == len(like) else None

    def other_entries(self) -> Iterator[Attempt]:
        """The number of another entry of the same quantity."""
        if isinstance(self.spot.root, Access):
            for other in beside(self.working, self.spot.root):
                words = f"this is the number of {self._say(other)}"
                yield Attempt("another entry", words, partial(as_a_whole, partial(_instead, other)))

    # -- training ------------------------------------------------------------------------------------------------

    def in_training(self) -> Iterator[Attempt]:
        """Updates in another order, one more or less, of other parameters; derivatives with weights updated already."""
        nodes = nodes_of(self.spot.root)
        if any(meant(node.name).by for node in nodes):
            words = "weights that are updated already are used"
            yield Attempt("stale weight", words, partial(as_a_whole, self._with_new_weights))
        if not any(meant(node.name).updates for node in nodes):
            return
        own, frozen = self.working.order, self.working.frozen
        other: Order = "simultaneous" if own == "layer_by_layer" else "layer_by_layer"
        for order in (own, other):
            for later in (0, -1, 1):
                if (order, later) != (own, 0):
                    kind = "updates" if order == own else "stale weight"
                    yield Attempt(kind, _said_of_training(order == own, order, later),
                                  partial(self._trained, later, order, frozen))
        if frozen:
            words = f"{' and '.join(sorted(frozen))} {'is' if len(frozen) == 1 else 'are'} updated as well"
            yield Attempt("biases", words, partial(self._trained, 0, own, frozenset()))
        for name in self.working.trained:
            yield Attempt("biases", f"{name} is not updated", partial(self._trained, 0, own, frozen | {name}))

    def _with_new_weights(self, root: Expr) -> Expr:
        def moved(node: Access) -> Access:
            name = meant(node.name)
            return self.working.at(node, name.updates, frozenset(self.working.trained) - {name.by}) if name.by else node

        return root.xreplace({node: moved(node) for node in nodes_of(root)})

    def _trained(self, later: int, order: Order, frozen: frozenset[str], spot: Spot) -> Trial:
        """The number after more updates or fewer, made in another way."""
        point = self.workings.trained_otherwise(order, frozen)
        moved = {}
        for node in nodes_of(spot.root):
            updates = meant(node.name).updates
            moved[node] = point.working.at(node, updates + later) if updates and updates + later >= 0 else node
        return Trial(point, spot.root.xreplace(moved))

    # -- rounding ------------------------------------------------------------------------------------------------

    def rounded(self) -> Iterator[Attempt]:
        """Intermediate numbers that are carried on with few digits."""
        say, point = self._say, self.spot.point
        for node, (value, line) in self.printed.items():
            yield from self._with("rounding", f"{say(node)} is carried on as line {line} has it, {value:.12g}",
                                  partial(one_changed, node, value))
        if len(self.printed) > 1:
            every = {node: value for node, (value, _) in self.printed.items()}
            yield from self._with("rounding", "numbers are carried on as the lines before have them", lambda _: every)
        nodes = sorted(self.spot.lines, key=lambda node: bool(meant(node.name).by))  # out_h1 before dnet_o1/dw5, which it is
        for shorten, how in SHORTENED:
            for digits in range(MOST_DIGITS, 0, -1):
                for node in nodes:
                    if point[entry(node)] and point[entry(node)] != (value := shorten(point[entry(node)], digits)):
                        words = f"{say(node)} is {how.format(digits)}{'s' * (digits > 1)}, {value:.12g}"
                        yield from self._with("rounding", words, partial(one_changed, node, value))
        for digits in range(MOST_DIGITS, 0, -1):
            yield Attempt("rounding", f"every number is rounded to {digits} decimal{'s' * (digits > 1)}",
                          partial(on_the_way, partial(round, ndigits=digits)))


def _significant(value: float, digits: int) -> float:
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def _cut_off(value: float, digits: int) -> float:
    return math.trunc(value * 10**digits) / 10**digits


SHORTENED: tuple[tuple[Callable[[float, int], float], str], ...] = (
    (round, "rounded to {} decimal"), (_significant, "rounded to {} digit"), (_cut_off, "cut off after {} decimal"))


def _said_of_training(same: bool, order: str, later: int) -> str:
    when = {-1: "one update earlier", 0: "", 1: "one update later"}[later]
    how = "" if same else f"updated {order.replace('_', ' ')}: {ORDERS[order]}"
    return ", ".join(part for part in (how, when) if part)


def _instead(other: Access, _: Expr) -> Expr:
    return other
