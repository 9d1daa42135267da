"""Claims of formulas: refuted by numbers, or proved from the equations."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace

from sympy import Expr

from derive.claims.claim import Verdict
from derive.claims.diagnosis.search import diagnose_formula
from derive.claims.diagnosis.trials import Spot
from derive.claims.judging.before import Before
from derive.claims.judging.statement import Statement
from derive.claims.judging.workings import Workings
from derive.claims.proof.general import in_general, vanishes_in_general
from derive.claims.working.equations import TooLarge
from derive.claims.working.names import entry, spoken
from derive.claims.working.points import Point, Unknown
from derive.claims.working.routes import Working
from derive.language.expressions import Access

MOST_PLACES = 100


def judge_formula(statement: Statement, workings: Workings, before: Before) -> Verdict:
    """The verdict on a claim for all numbers."""
    try:
        return _at_random(statement, workings, before)
    except (TooLarge, Unknown):  # the module may have the file's own numbers where none can be computed here
        where = _own_numbers(statement, workings)
        if where is None:
            raise
        return _refuted(statement, *where)


def _at_random(statement: Statement, workings: Workings, before: Before) -> Verdict:
    working = workings.of(statement)
    if statement.general and (sizes := vanishes_in_general(statement.difference, working)):
        return Verdict(statement.claim, "proved", f"the difference of both sides is 0, for {sizes}")
    everywhere = [statement.at(working, place) for place in statement.places(working, MOST_PLACES)]
    points = list(workings.points(working))
    seen = False
    for point in points:
        for here in everywhere:
            sides = point.value(here.left), point.value(here.right)
            if all(map(math.isfinite, sides)):
                seen = True
                if not here.agree(*sides):
                    return _wrong(statement, everywhere, points, (point, here), workings, before)
    if not seen:
        return Verdict(statement.claim, "undecided", "it has no finite value at random numbers")
    complete = statement.count(working) <= MOST_PLACES
    if complete and all(workings.known(working).vanishes(here.difference) for here in everywhere):
        where = _sizes(statement, working) if working is not workings.own else ""
        return Verdict(statement.claim, "proved", f"the difference of both sides is 0{where}")
    return Verdict(statement.claim, "undecided", "both sides are equal at random numbers, and no proof was found")


def _sizes(statement: Statement, working: Working) -> str:
    """For which sizes a formula is proved."""
    used = {s for node in statement.nodes for axis in working.equations.axes(node) for s in axis.free_symbols}
    said = ", ".join(f"{symbol} = {working.equations.sizes[symbol]}" for symbol in sorted(used, key=str))
    return f" at every entry, for {said}" if said else " at every entry"


def _wrong(statement: Statement, everywhere: list[Statement], points: list[Point], where: tuple[Point, Statement],
           workings: Workings, before: Before) -> Verdict:
    """The verdict on a formula that does not hold."""
    if not statement.free and statement.decimals and _holds_here(statement, workings):
        return Verdict(statement.claim, "proved", "both sides are equal for the numbers of the file")
    found = _refuted(statement, *(_own_numbers(statement, workings) or where))
    built_on = _built_on(before, points, everywhere)
    if built_on is not None:
        return replace(found, status="follows", built_on=tuple(sorted(built_on)))
    spots = [Spot(*where), *(Spot(at, each) for at in points[:2] for each in everywhere if (at, each) != where)]
    return replace(found, right=_right(statement, workings), diagnoses=diagnose_formula(spots, workings, before))


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


def _right(statement: Statement, workings: Workings) -> Expr | None:
    """What the left side is, where that is one node."""
    working, left = workings.of(statement), statement.left
    if not isinstance(left, Access):
        return None
    right = in_general(working, left)
    if not statement.free:
        with suppress(TooLarge):
            right = next(iter(working.routes(left)), None) if right is None else working.equations.places(right, {})
    return None if right is None else spoken(right, working.equations.ranks)


def _holds_here(statement: Statement, workings: Workings) -> bool:
    """Whether a formula holds for the file's own numbers."""
    try:
        return statement.agree(workings.here.value(statement.left), workings.here.value(statement.right))
    except (Unknown, TooLarge):
        return False


def _own_numbers(statement: Statement, workings: Workings) -> tuple[Point, Statement] | None:
    """The file's own numbers, at a place where a formula does not hold for them."""
    try:
        for place in statement.places(workings.own, MOST_PLACES):
            here = statement.at(workings.own, place)
            sides = workings.here.value(here.left), workings.here.value(here.right)
            if all(map(math.isfinite, sides)) and not here.agree(*sides):
                return workings.here, here
    except (Unknown, TooLarge):
        pass
    return None
