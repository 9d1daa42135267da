"""What is true of each claim of a working, which line is the first wrong one, and what was probably done there.

A claim with numbers is held against what the generated module computes, a formula against random numbers and then
against the equations.  What is wrong is looked at once more with the wrong lines before it carried on.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from derive.checks.process import Runner
from derive.claims.claim import Claim, Verdict
from derive.claims.diagnosis.mistakes.mistake import say
from derive.claims.judging.before import Before
from derive.claims.judging.formulas import judge_formula
from derive.claims.judging.numbers import judge_number
from derive.claims.judging.statement import Statement, state
from derive.claims.judging.workings import Workings
from derive.claims.working.equations import TooLarge
from derive.claims.working.module import Module, Progress
from derive.claims.working.points import Unknown
from derive.language.expressions import free_indices
from derive.network import Network, NetworkDerivation


def judge(claims: Sequence[Claim], network: Network, derivation: NetworkDerivation, runner: Runner | None = None,
          progress: Progress = lambda _: None) -> list[Verdict]:
    """A verdict on each claim, in their order.

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
        statement = state(claim, self.workings.own)
        with suppress(TooLarge):  # which is said once the line is judged
            return statement.at(self.workings.own, {}) if statement.numeric else statement
        return statement

    def _judge(self, statement: Statement, before: Before) -> Verdict:
        missing = statement.missing(self.workings.own.equations)
        if missing:
            return Verdict(statement.claim, "refuted", missing)
        try:
            return (judge_number if statement.numeric else judge_formula)(statement, self.workings, before)
        except Unknown as error:
            return Verdict(statement.claim, "undecided", f"there is no number for {say(self.workings.own, error.what)}")
        except TooLarge as error:
            said = say(self.workings.own, error.what)
            return Verdict(statement.claim, "undecided", f"{said} has too many terms to be written out")
        except RecursionError:
            return Verdict(statement.claim, "undecided", "it is computed in too many steps to be followed")

    def _read(self, statements: Sequence[Statement]) -> None:
        """Ask the module for all numbers at once."""
        for full_batch in (False, True):
            nodes = [node for statement in statements if statement.numeric and statement.full_batch == full_batch
                     and not statement.missing(self.workings.own.equations)
                     for node in statement.nodes if not free_indices(node)]
            self.workings.module.read(nodes, full_batch)
