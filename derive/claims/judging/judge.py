"""What is true of each claim of a working, which line is the first wrong one, and what was probably done there.

A claim with numbers is held against what the generated module computes, a formula against random numbers and then
against the equations.  What is wrong is looked at once more with the wrong lines before it carried on.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property

from derive.checks.process import Runner
from derive.checks.work import most_updates
from derive.claims.claim import After, Claim, Verdict
from derive.claims.diagnosis.mistakes.mistake import say
from derive.claims.diagnosis.patience import Patience
from derive.claims.judging.before import Before
from derive.claims.judging.formulas import judge_formula, right_side
from derive.claims.judging.numbers import judge_number
from derive.claims.judging.statement import Statement, state
from derive.claims.judging.workings import Workings
from derive.claims.working.equations import TooLarge
from derive.claims.working.module import Module, Progress
from derive.claims.working.names import meant
from derive.claims.working.points import Unknown
from derive.claims.working.routes import UNROLLED
from derive.file.errors import FileError
from derive.language.expressions import Access, free_indices
from derive.network import Network, NetworkDerivation

MOST_OPERATIONS = 10**11  # some seconds


def judge(claims: Sequence[Claim], network: Network, derivation: NetworkDerivation, runner: Runner | None = None,
          progress: Progress = lambda _: None) -> list[Verdict]:
    """A verdict on each claim, in their order.

    Raises:
        FileError: a claim is about more updates than can be waited for.

    Args:
        runner: has loaded the network's module; without it the numbers of small networks are computed here, if the file
            gives those of the parameters.
        progress: is told what is being done.
    """
    return Judge(network, derivation, runner, progress).of(claims)


class Judge:
    """Judges any number of workings about one network."""

    def __init__(self, network: Network, derivation: NetworkDerivation, runner: Runner | None = None,
                 progress: Progress = lambda _: None) -> None:
        self.workings = Workings(network, derivation, Module(network, derivation, runner, progress))
        self.progress = progress

    def of(self, claims: Sequence[Claim]) -> list[Verdict]:
        """A verdict on each claim of one working."""
        self.workings.patience = Patience()
        statements = [self._state(claim) for claim in claims]
        self._read(statements)
        before, verdicts = Before(), list[Verdict]()
        for line, statement in enumerate(statements):
            self.progress(f"line {line + 1} of {len(statements)}")
            verdict = self._judge(statement, before)
            verdicts.append(verdict)
            before = before.and_then(line, statement, verdict)
        return verdicts

    def _state(self, claim: Claim) -> Statement:
        self._check_work(claim)
        statement = state(claim, self.workings.own)
        with suppress(TooLarge):  # which is said once the line is judged
            return statement.at(self.workings.own, {}) if statement.numeric else statement
        return statement

    def _check_work(self, claim: Claim) -> None:
        """FileError where a claim is about more updates than can be waited for."""
        moments = (claim.left - claim.right).atoms(After)
        if not moments:
            return
        each = self.workings.own.batches if claim.unit == "epochs" else 1
        updates, most = each * max(after.updates for after in moments), self._most_updates
        if updates > most:
            raise FileError(f"{updates:,} updates of this network take too long", claim.place,
                            f"claims are checked after at most {most:,} of them here; say it of fewer")

    @cached_property
    def _most_updates(self) -> int:
        return most_updates(self.workings.network, self.workings.derivation, MOST_OPERATIONS)

    def _judge(self, statement: Statement, before: Before) -> Verdict:
        claim, own = statement.claim, self.workings.own
        if claim.misfit:
            right = right_side(statement, self.workings)
            return Verdict(claim, "refuted", f"the shapes do not fit: {claim.misfit}", right=right)
        missing = statement.missing(own.equations)
        if missing:
            return Verdict(claim, "refuted", missing)
        try:
            return (judge_number if statement.numeric else judge_formula)(statement, self.workings, before)
        except Unknown as error:
            return Verdict(claim, "undecided", f"there is no number for {say(own, error.what)}" + self._why(error.what))
        except TooLarge as error:
            return Verdict(claim, "undecided", f"{say(own, error.what)} has too many terms to be written out")
        except RecursionError:
            return Verdict(statement.claim, "undecided", "it is computed in too many steps to be followed")

    def _why(self, node: Access) -> str:
        """Why nothing is computed of what comes after updates."""
        if not meant(node.name).updates:
            return ""
        if self.workings.own.batches > 1:
            return ": each update sees a part of the samples only"
        return f": formulas are followed over {UNROLLED} updates"

    def _read(self, statements: Sequence[Statement]) -> None:
        """Ask the module for all numbers at once."""
        for full_batch in (False, True):
            nodes = [node for statement in statements if statement.numeric and statement.full_batch == full_batch
                     and not statement.claim.misfit and not statement.missing(self.workings.own.equations)
                     for node in statement.nodes if not free_indices(node)]
            self.workings.module.read(nodes, full_batch)
