"""Claims of formulas: refuted by numbers, or proved from the equations."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from sympy import Add, Expr

from derive.checks.agreement import FORMULA_DIGITS
from derive.claims.claim import Verdict
from derive.claims.diagnosis.search import diagnose_formula
from derive.claims.diagnosis.trials import Spot
from derive.claims.judging.before import Before
from derive.claims.judging.numbers import judge_number
from derive.claims.judging.statement import Statement
from derive.claims.judging.workings import Workings
from derive.claims.proof.general import in_general, vanishes_in_general, with_sizes
from derive.claims.proof.known import Known
from derive.claims.working.equations import TooLarge
from derive.claims.working.names import entry, spoken
from derive.claims.working.points import Point, Unknown
from derive.claims.working.routes import Working
from derive.language.expressions import Access

MOST_PLACES, FIRST_PLACES = 100, 12
MOST_POINTS = 12


def judge_formula(statement: Statement, workings: Workings, before: Before) -> Verdict:
    """The verdict on a claim for all numbers, or with some of the file's put in."""
    workings.effort.renew()
    try:
        return _judged(statement, workings, before)
    except (TooLarge, Unknown):  # the module may have the file's own numbers where none can be computed here
        where = _own_numbers(statement, workings)
        if where is None:
            raise
        return _refuted(statement, *where)


def _judged(statement: Statement, workings: Workings, before: Before) -> Verdict:
    claim, working = statement.claim, workings.of(statement, "telling")
    if statement.general and (sizes := vanishes_in_general(statement.difference, working, workings.effort)):
        return Verdict(claim, "proved", f"the difference of both sides is 0, for {sizes}")
    try:
        everywhere, points, seen, where = _looked_at(statement, working, workings)
    except TooLarge:
        everywhere, points, seen, where = _looked_at(statement, workings.of(statement, "small"), workings)
        if where is None:
            raise
    if seen and where is None and _proved(statement, everywhere, workings.known(working)):
        return Verdict(claim, "proved", "the difference of both sides is 0" + (
            _sizes(statement, working) if statement.free else ""), remark=_remark(statement, workings))
    if where is None:  # as where all units of a layer were switched off
        seen, where = _counterexample(list(workings.points(working, MOST_POINTS)), everywhere)
    found = (_at_its_sizes if statement.free else _with_numbers)(statement, workings, before)
    if found is not None and (where is None or found.status != "refuted"):
        return found
    if where is not None:
        wrong = _wrong(statement, everywhere, points, where, workings, before)
        return wrong if found is None or wrong.diagnoses else replace(wrong, diagnoses=found.diagnoses)
    return Verdict(claim, "undecided", "both sides are equal at random numbers, and no proof was found" if seen
                   else "it has no finite value at random numbers")


def _looked_at(statement: Statement, working: Working, workings: Workings
               ) -> tuple[list[Statement], list[Point], bool, tuple[Point, Statement] | None]:
    """A formula at its places and a few points, whether it has numbers to compare there, and where both sides differ.

    Where they differ at one of the first places, those after it are left out.
    """
    places = (statement.at(working, place) for place in statement.places(working, MOST_PLACES))
    points, everywhere = list(workings.points(working)), list(islice(places, FIRST_PLACES))
    seen, where = _counterexample(points, everywhere)
    if where is None:
        everywhere += places
        seen, where = _counterexample(points, everywhere)
    return everywhere, points, seen, where


def _proved(statement: Statement, everywhere: list[Statement], known: Known) -> bool:
    """Whether a formula is shown to hold at every place."""
    return statement.count(known.working) <= MOST_PLACES and all(known.vanishes(here.difference) for here in everywhere)


def _at_its_sizes(statement: Statement, workings: Workings, before: Before) -> Verdict | None:
    """The verdict where numbers in a formula are sizes of the network, or decimals that may be rounded.

    Raises:
        TooLarge, Unknown: they may be, and that cannot be looked at.
    """
    claim, working = statement.claim, workings.of(statement, "its")
    if not claim.decimals and working is workings.of(statement, "telling"):
        return None
    everywhere, points, seen, where = _looked_at(statement, working, workings)
    complete = statement.count(working) <= MOST_PLACES
    if seen and where is None and _proved(statement, everywhere, workings.known(working)):
        return Verdict(claim, "proved", "the difference of both sides is 0" + _sizes(statement, working),
                       remark=_remark(statement, workings))
    if not seen or where is not None and _counterexample(points, everywhere, rounded=True) != (True, None):
        return None
    if complete and claim.decimals:
        return Verdict(claim, "proved", "both sides are equal as exactly as its decimals are printed")
    return Verdict(claim, "undecided", "both sides are equal at random numbers, and no proof was found")


def _counterexample(points: list[Point], everywhere: list[Statement], rounded: bool = False
                    ) -> tuple[bool, tuple[Point, Statement] | None]:
    """Whether there are numbers to compare, and where both sides differ: by more than rounded decimals do, if so asked."""
    seen = False
    for point in points:
        for here in everywhere:
            sides = point.value(here.left), point.value(here.right)
            if all(map(math.isfinite, sides)):
                seen = True
                room = sum(abs(point.value(slope)) * unit for slope, unit in here.roundings) if rounded else 0.0
                if not here.agree(*sides, room) and not _is_rounding(here, point):
                    return True, (point, here)
    return seen, None


def _is_rounding(here: Statement, point: Point) -> bool:
    """Whether both sides are as near as the rounding of their terms lets them be: Σ (a − t) = 0."""
    terms = [point.value(term) for side in (here.left, -here.right) for term in Add.make_args(side)]
    return abs(math.fsum(terms)) <= FORMULA_DIGITS * max(map(abs, terms))


def _with_numbers(statement: Statement, workings: Workings, before: Before) -> Verdict | None:
    """The verdict where numbers are put into a formula: decimals, which may be rounded, or those of the file."""
    with suppress(TooLarge, Unknown):
        if statement.claim.decimals:
            return judge_number(statement, workings, before)
        if statement.puts_numbers_in and _holds_here(statement, workings):
            return Verdict(statement.claim, "proved", "both sides are equal for the numbers of the file")
        here = statement.at(workings.with_data, {})
        if _counterexample(list(workings.points(workings.with_data)), [here]) == (True, None) and workings.known(
                workings.with_data).vanishes(here.difference):
            return Verdict(statement.claim, "proved", "both sides are equal for the inputs and targets of the file")
    return None


def _sizes(statement: Statement, working: Working) -> str:
    """For which sizes a formula is proved."""
    used = {s for node in statement.nodes for axis in working.equations.axes(node) for s in axis.free_symbols}
    said = ", ".join(f"{symbol} = {working.equations.sizes[symbol]}" for symbol in sorted(used, key=str))
    return f" at every entry, for {said}" if said else " at every entry"


def _remark(statement: Statement, workings: Workings) -> str:
    """What is to be said where a formula holds because the file has one sample."""
    more = workings.of(statement, "more")
    if workings.network.samples == 1 and more.equations.samples > 1:
        with suppress(TooLarge, Unknown):
            *_, where = _looked_at(statement, more, workings)
            if where is not None:
                return "it holds for one sample, as the file has, and not for more of them"
    return ""


def _wrong(statement: Statement, everywhere: list[Statement], points: list[Point], where: tuple[Point, Statement],
           workings: Workings, before: Before) -> Verdict:
    """The verdict on a formula that does not hold."""
    found = _refuted(statement, *(_own_numbers(statement, workings) or where))
    built_on = _built_on(before, points, everywhere)
    if built_on is not None:
        return replace(found, status="follows", built_on=tuple(sorted(built_on)))
    spots = [Spot(*where), *(Spot(at, each) for at in points[:2] for each in everywhere if (at, each) != where)]
    diagnoses = diagnose_formula(spots, workings, before)
    return replace(found, right=right_side(statement, workings), diagnoses=diagnoses, ended=workings.patience.lost)


def _refuted(statement: Statement, point: Point, here: Statement) -> Verdict:
    """The numbers at which both sides differ."""
    return Verdict(statement.claim, "refuted", "both sides differ",
                   counterexample={entry(node): point[entry(node)] for node in here.nodes},
                   sides=(point.value(here.left), point.value(here.right)))


def _built_on(before: Before, points: list[Point], everywhere: list[Statement]) -> frozenset[int] | None:
    """The wrong lines that a formula follows from at every place; None where it does not."""
    lines: frozenset[int] = frozenset()
    for point in points[:2]:
        for here in everywhere:
            found = before.explain(here, point)
            if found is None:
                return None
            lines |= found
    return lines


def right_side(statement: Statement, workings: Workings) -> Expr | None:
    """What the left side is, where that is one node."""
    working, left = workings.of(statement, "telling"), statement.left
    if not isinstance(left, Access):
        return None
    right = in_general(working, left)
    if not statement.free:
        with suppress(TooLarge):
            right = next(iter(working.routes(left)), None) if right is None else working.equations.places(right, {})
    return None if right is None else spoken(with_sizes(right, working), working.equations.ranks)


def _holds_here(statement: Statement, workings: Workings) -> bool:
    """Whether a formula holds for the file's own numbers."""
    try:
        return statement.agree(workings.here.value(statement.left), workings.here.value(statement.right))
    except (Unknown, TooLarge):
        return False


def _own_numbers(statement: Statement, workings: Workings) -> tuple[Point, Statement] | None:
    """The file's own numbers, at a place where a formula does not hold for them."""
    if not workings.numbers_are_known:
        return None
    try:
        for place in statement.places(workings.own, MOST_PLACES):
            here = statement.at(workings.own, place)
            sides = workings.here.value(here.left), workings.here.value(here.right)
            if all(map(math.isfinite, sides)) and not here.agree(*sides):
                return workings.here, here
    except (Unknown, TooLarge):
        pass
    return None
