"""What was probably done where a claim is wrong: a search over attempts, each tried by computing with it.

Simple mistakes in the claimed line itself come first, those further up after them.  The more is tried, the likelier
something agrees by chance: a number of few digits is only explained by what is tried first, and a formula only by what
is proved to be equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from sympy import Expr

from derive.claims.branches import put_in
from derive.claims.claim import Diagnosis
from derive.claims.diagnosis.attempts import Attempts
from derive.claims.diagnosis.patience import ATTEMPT, PROOF, Patience
from derive.claims.diagnosis.trials import Attempt, Spot, Trial
from derive.claims.judging.before import Before
from derive.claims.judging.statement import Statement
from derive.claims.judging.workings import Workings
from derive.claims.working.equations import TooLarge
from derive.claims.working.names import nodes_of, spoken
from derive.claims.working.points import Unknown
from derive.language.expressions import Access

BY_CHANCE = 0.2  # how likely agreement by chance may be
MOST = 3
MOST_ATTEMPTS = 4000
NEAR = 0.05  # relative; what rounding changes is not more


def diagnose_number(statement: Statement, workings: Workings, before: Before) -> tuple[Diagnosis, ...]:
    """The likeliest explanations of a wrong number, each of which gives it to its last digit."""
    spot = Spot(workings.here, statement)
    with _searching(workings.patience):
        attempts = Attempts(spot, workings, before.carried(spot.lines), before.printed_above(spot.lines))
        odds = min(1.0, 2 * statement.unit / abs(spot.target)) if spot.target else 1.0
        return _first(_stages(attempts, numeric=True), _Search([spot], odds, lambda _: True, workings.patience))
    return ()


def diagnose_formula(spots: Sequence[Spot], workings: Workings, before: Before) -> tuple[Diagnosis, ...]:
    """The likeliest explanations of a wrong formula, each of which is proved to give it; it fails at the first spot."""
    known = workings.known(spots[0].point.working)
    workings.effort.renew()

    def proved(attempt: Attempt) -> bool:
        workings.patience.spend(PROOF)
        trials = [(spot, attempt.at(spot)) for spot in spots if spot.point is spots[0].point]
        return all(trial is not None and (difference := _difference(spot, trial)) is not None
                   and known.vanishes(difference) for spot, trial in trials)

    with _searching(workings.patience):
        attempts = Attempts(spots[0], workings, before.carried(spots[0].lines), {})
        return _first(_stages(attempts, numeric=False), _Search(spots, 0.0, proved, workings.patience))
    return ()


@contextmanager
def _searching(patience: Patience) -> Iterator[None]:
    """A search, which finds nothing where what it is about is not known or too large."""
    patience.begin()
    with suppress(TooLarge, Unknown):
        yield


def _stages(attempts: Attempts, numeric: bool) -> Iterator[Iterable[Attempt]]:
    """Groups of attempts; where one succeeds, those after it are not made."""
    spot = attempts.spot
    near = abs(spot.target - spot.right) <= NEAR * abs(spot.right)
    yield attempts.in_the_claim()
    yield attempts.in_the_line()
    if numeric:
        yield attempts.in_training()
        if near:
            yield attempts.rounded()
    for distance in range(1, max(spot.lines.values(), default=0) + 1):
        yield attempts.further_up(distance)
    if numeric:
        yield attempts.other_entries()
        if not near:
            yield attempts.rounded()


def _first(stages: Iterator[Iterable[Attempt]], search: _Search) -> tuple[Diagnosis, ...]:
    """What the first stage finds that finds anything."""
    for stage in stages:
        found = search.among(stage)
        if found or search.hopeless:
            return found
    return ()


class _Search:
    """The attempts that have been made.

    Args:
        spots: where an attempt has to give what is claimed.
        odds: how likely a number agrees by chance.
        confirmed: what is asked of an attempt that gives all the numbers.
    """

    def __init__(self, spots: Sequence[Spot], odds: float, confirmed: Callable[[Attempt], bool], patience: Patience) -> None:
        self.spots, self.odds, self.confirmed, self.patience = spots, odds, confirmed, patience
        self.tried: set[float] = set()
        self.count = 0

    @property
    def hopeless(self) -> bool:
        """Whether so much has been tried that agreement shows nothing, or no more can be waited for."""
        return self.count > MOST_ATTEMPTS or len(self.tried) * self.odds > BY_CHANCE or self.patience.is_lost()

    def among(self, attempts: Iterable[Attempt]) -> tuple[Diagnosis, ...]:
        """The attempts that give what is claimed, while that shows something; one of each kind."""
        found: dict[str, Diagnosis] = {}
        for attempt in attempts:
            number = self._number(attempt)
            if self.hopeless:
                break
            if number is not None and attempt.kind not in found and self.confirmed(attempt):
                ranks = self.spots[0].point.working.equations.ranks
                formula = None if attempt.formula is None else spoken(attempt.formula, ranks)
                found[attempt.kind] = Diagnosis(attempt.kind, attempt.words, formula, number)
        return tuple(found.values())[:MOST]

    def _number(self, attempt: Attempt) -> float | None:
        """What an attempt gives at the first spot; None where that or another is not what is claimed."""
        first = None
        for spot in self.spots:
            try:
                trial = attempt.at(spot)
                if trial is None:
                    return None
                self.patience.spend(ATTEMPT + len(trial.point.lines(trial.root)))
                number = trial.value()
                target = spot.target if trial.claimed is None else spot.point.value(trial.claimed)
            except (TooLarge, Unknown):
                return None
            if first is None:
                first = number
                self.count += 1
                if number == spot.right and trial.claimed is None:
                    return None
                self.tried.add(number if trial.claimed is None else target)
            if not spot.statement.agree(number, target):
                return None
        return first


def _difference(spot: Spot, trial: Trial) -> Expr | None:
    """The claim with the mistake made in it: left − right over nodes that the mistake does not reach.

    None where it has too many cases.
    """
    reached: dict[Access, Expr] = {}
    claimed = spot.statement.right if trial.claimed is None else trial.claimed
    try:
        for line in trial.point.lines(trial.root):
            change = trial.changes.get(line.node)
            body = change if isinstance(change, Expr) else line.body
            if change is not None or any(read in reached for read in nodes_of(body)):
                reached[line.node] = put_in(body, reached)
        return put_in(trial.root, reached) - claimed
    except NotImplementedError:
        return None
