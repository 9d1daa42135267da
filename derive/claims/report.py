"""What is said about a working: one line a claim, why a wrong one is wrong, and which line is the first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from derive.claims.claim import Verdict
from derive.claims.plain import label, number_text, plain_text
from derive.file.errors import visible
from derive.network import Network

STYLES = {"proved": "green", "refuted": "bold red", "follows": "yellow", "undecided": "magenta"}
MOST_NUMBERS = 12  # of a counterexample that are shown


def table(verdicts: Sequence[Verdict], network: Network, quiet: bool = False) -> Any:
    """The report, for `rich` to print: the line of each claim, the verdict and the claim, below it what is to be said."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_column(justify="right", no_wrap=True)
    rows.add_column(no_wrap=True)
    rows.add_column(overflow="fold")
    remarks = {""}
    for verdict in verdicts:
        if quiet and verdict.status == "proved":
            continue
        claim = verdict.claim
        text = Text(visible(claim.text + (f"   ({claim.where})" if claim.where else "")))
        rows.add_row(str(claim.place.line), Text(verdict.status, style=STYLES[verdict.status]), text)
        about = [*_about(verdict, verdicts, network)] if verdict.status != "proved" else [*{verdict.remark} - remarks]
        remarks.add(verdict.remark)  # which is made once
        for line in about:
            rows.add_row("", "", Padding(Text(visible(line)), (0, 0, 0, 2)))
    return rows


def _about(verdict: Verdict, verdicts: Sequence[Verdict], network: Network) -> Iterator[str]:
    """Why a claim is not proved, what is right instead, and what was probably done."""
    claim = verdict.claim
    said = [verdict.reason] if verdict.reason else []
    if verdict.sides is not None and claim.number is None:
        sides = "left {}, right {}{}".format(*map(number_text, verdict.sides), _where(verdict, network))
        said = [f"{verdict.reason}: {sides}" if verdict.reason else sides]
    if verdict.built_on:
        said.insert(0, f"it is what follows from {_lines(verdict, verdicts)}")
    if verdict.computed is not None and number_text(verdict.computed) not in verdict.reason:
        said.append(f"{number_text(verdict.computed)} is computed")
    if said:
        yield "; ".join(said)
    if verdict.right is not None:
        yield f"right: {plain_text(claim.left, network)} = {plain_text(verdict.right, network)}"
    for number, diagnosis in enumerate(verdict.diagnoses):
        given = None if claim.number is None else diagnosis.number
        yield f"{'or' if number else 'probably'}: {diagnosis.words}" + (
            "" if given is None else f", which gives {number_text(given)}")
    if verdict.ended and not verdict.diagnoses:
        yield "the search for what was done here took too long, and was ended"


def _lines(verdict: Verdict, verdicts: Sequence[Verdict]) -> str:
    """The lines that a claim is built on; its own line may say something wrong before it."""
    own = verdict.claim.place.line
    numbers = list(dict.fromkeys(verdicts[number].claim.place.line for number in verdict.built_on))
    others = [str(number) for number in numbers if number != own]
    said = [f"line{'s' * (len(others) > 1)} {' and '.join(others)}"] if others else []
    return " and from ".join([*said, *(["what stands before it in this line"] if own in numbers else [])])


def _where(verdict: Verdict, network: Network) -> str:
    """The numbers that a claim fails with."""
    numbers = [f"{label(entry, network)} = {value:g}" for entry, value in verdict.counterexample.items()]
    more = f" and {len(numbers) - MOST_NUMBERS} more" if len(numbers) > MOST_NUMBERS else ""
    return f", with {', '.join(numbers[:MOST_NUMBERS])}{more}" if numbers else ""


def conclusion(verdicts: Sequence[Verdict]) -> str:
    """The last sentence: where the working first goes wrong."""
    wrong = first_wrong(verdicts)
    if wrong is not None:
        claim = verdicts[wrong].claim
        where = f" ({claim.where})" if claim.where else ""
        built = sum(each.status == "follows" for each in verdicts)
        rest = {0: "", 1: " One later line follows from it and is right but for that."}.get(
            built, f" {built} later lines follow from wrong ones and are right but for that.")
        return f"The first wrong line is line {claim.place.line}{where}: {claim.text}.{rest}"
    undecided = [str(each.claim.place.line) for each in verdicts if each.status == "undecided"]
    if undecided:
        return f"No line was found to be wrong; undecided: line{'s' * (len(undecided) > 1)} {', '.join(undecided)}."
    return "Every line is right." if len(verdicts) > 1 else "The line is right."


def first_wrong(verdicts: Sequence[Verdict]) -> int | None:
    """The number of the first claim that is wrong, from 0."""
    return next((number for number, each in enumerate(verdicts) if each.status == "refuted"), None)


def as_json(verdicts: Sequence[Verdict], network: Network) -> dict[str, Any]:
    """The report for machines; docs/claims.md says what each key holds."""
    return {
        "name": network.name,
        "passed": all(each.status == "proved" for each in verdicts),
        "first_wrong": first_wrong(verdicts),
        "claims": [{
            "claim": each.claim.text, "line": each.claim.place.line, "where": each.claim.where or None,
            "left": None if each.claim.misfit else plain_text(each.claim.left, network),
            "right": None if each.claim.misfit else plain_text(each.claim.right, network),
            "number": None if each.claim.number is None else each.claim.number.text,
            "status": each.status, "reason": each.reason or None, "remark": each.remark or None,
            "built_on": list(each.built_on),
            "counterexample": {label(entry, network): _plain(value) for entry, value in each.counterexample.items()},
            "sides": None if each.sides is None else list(map(_plain, each.sides)),
            "computed": _plain(each.computed),
            "correct": None if each.right is None else plain_text(each.right, network),
            "diagnoses": [{"kind": d.kind, "words": d.words, "number": _plain(d.number),
                           "formula": None if d.formula is None else plain_text(d.formula, network)}
                          for d in each.diagnoses],
            "search_ended": each.ended} for each in verdicts],
    }


def _plain(number: float | None) -> float | None:
    """A number that JSON has."""
    return None if number is None or not math.isfinite(number) else float(number)
