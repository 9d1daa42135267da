"""Claims about the file's own numbers: what the module computes decides."""

from __future__ import annotations

import math
from dataclasses import replace

from sympy import Expr

from derive.checks.agreement import WEAK
from derive.claims.claim import Verdict
from derive.claims.diagnosis.search import diagnose_number
from derive.claims.judging.before import Before
from derive.claims.judging.statement import Statement
from derive.claims.judging.workings import Workings
from derive.claims.working.names import entry, nodes_of
from derive.instantiate import number


def judge_number(statement: Statement, workings: Workings, before: Before) -> Verdict:
    """The verdict on a claim about numbers."""
    claim, statement = statement.claim, replace(statement.at(workings.own, {}), numeric=True)
    left, right = (computed(side, statement, workings) for side in (statement.left, statement.right))
    if not math.isfinite(left) or not math.isfinite(right):
        return Verdict(claim, "undecided", "it has no finite value here", computed=left, sides=(left, right))
    room = sum(abs(computed(slope, statement, workings)) * unit for slope, unit in statement.roundings)
    statement = replace(statement, room=room)
    if statement.agree(left, right):
        little = "; a number of so few digits shows little" if statement.unit > WEAK * abs(right) else ""
        return Verdict(claim, "proved", f"{left:.12g} is computed{little}", computed=left, sides=(left, right))
    built_on = before.explain(statement, workings.here)
    if built_on is not None:
        return Verdict(claim, "follows", f"{left:.12g} is computed", tuple(sorted(built_on)), computed=left,
                       sides=(left, right))
    found = diagnose_number(statement, workings, before)
    return Verdict(claim, "refuted", f"{left:.12g} is computed", computed=left, sides=(left, right), diagnoses=found,
                   ended=workings.patience.lost)


def computed(expression: Expr, statement: Statement, workings: Workings) -> float:
    """What the module computes, and what it does not trace from that."""
    values = {}
    for node in nodes_of(expression):
        found = workings.module.number(node, statement.full_batch)
        values[entry(node)] = workings.here[entry(node)] if found is None else found
    return number(expression, values)
