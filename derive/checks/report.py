"""All checks of a file: what they read, how they came out, and the table that says so."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from derive.checks.agreement import Check, Result, compare
from derive.checks.asked import Probes, Take, Wanted, resolve
from derive.checks.carried import Carried
from derive.checks.concerns import concerns, dependants
from derive.checks.elsewhere import Elsewhere
from derive.checks.multiples import Multiple
from derive.checks.process import Runner
from derive.checks.work import check_work, updates_of_training
from derive.file.quantities import parse_quantity, parse_value
from derive.network import Network, NetworkDerivation

SLOPES = 1.9, 2.1
Explanation = Elsewhere | Multiple | Carried


@dataclass(frozen=True)
class Plan:
    """The checks of a file and the numbers that they need."""

    checks: tuple[Check, ...]
    probes: Probes

    @property
    def takes(self) -> list[Take]:
        return list(dict.fromkeys(take for check in self.checks for w in check.all_wanted for take in w.takes.values()))

    @property
    def entries(self) -> list[Take]:
        """What the module traces."""
        return [take for take in self.takes if take.kind == "entry" and take.name not in self.probes.names]

    @property
    def probed(self) -> list[Take]:
        """What a module that traces the probes has to be asked for."""
        return [take for take in self.takes if take.kind == "entry" and take.name in self.probes.names]

    @property
    def metrics(self) -> list[Take]:
        return [take for take in self.takes if take.kind == "metric"]


def plan(file: Any, source: Any, network: Network, derivation: NetworkDerivation) -> Plan:
    """What the expectations of a file ask for.

    Raises:
        FileError: an expectation names what the network does not have.
    """
    probes = Probes(derivation)

    def wanted(text: str, number: int, key: str) -> Wanted:
        place = source.at("expect", number, key)
        parse = parse_quantity if key == "quantity" else parse_value
        return resolve(parse(text, place), network, probes, place)

    checks: list[Check] = []
    for number, said in enumerate(file.expect):
        formulas = {key: wanted(getattr(said, key), number, key) if isinstance(getattr(said, key), str) else None
                    for key in ("value", "printed")}
        checks.append(Check(said, source.at("expect", number), wanted(said.quantity, number, "quantity"), **formulas))
    planned = Plan(tuple(checks), probes)
    asked = [(max((t.after or 0 for w in check.all_wanted for t in w.takes.values()), default=0), check.place)
             for check in checks]
    if planned.metrics:
        asked.append((updates_of_training(network), source.at("training", "epochs")))
    check_work(asked, network, derivation)
    return planned


@dataclass(frozen=True)
class Report:
    """How the checks came out.

    Attributes:
        results: of every expectation, in the file's order.
        wrt: the name that the report is restricted to, and `others` the expectations that do not concern it.
        factors: for a number that disagrees, the lines that lead to it with the numbers put in.
        explanations: for a number that disagrees, where the expected number comes from instead.
    """

    results: tuple[Result, ...]
    slope: float | None
    linear: bool
    wrt: str | None = None
    others: frozenset[Check] = frozenset()
    factors: Mapping[Check, Sequence[str]] = field(default_factory=dict)
    explanations: Mapping[Check, Explanation] = field(default_factory=dict)

    @property
    def shown(self) -> list[Result]:
        return [result for result in self.results if result.check not in self.others]

    @property
    def taylor_passed(self) -> bool:
        return self.linear if self.slope is None else SLOPES[0] <= self.slope <= SLOPES[1]

    @property
    def passed(self) -> bool:
        return self.taylor_passed and all(result.passed for result in self.results)


def report(checks: Sequence[Check], run: Runner) -> Report:
    """Compare every expectation with the numbers of a run that has finished."""
    return Report(tuple(compare(check, run.numbers) for check in checks), run.taylor.get("slope"),
                  run.taylor.get("linear", False))


def restricted(report: Report, network: Network, wrt: str, name: str, place: tuple[int, ...] | None) -> Report:
    """The report about what depends on one quantity, or on one entry of it."""
    reached = dependants(network.system, name, place)
    return replace(report, wrt=wrt, others=frozenset(
        result.check for result in report.results if not concerns(result.check.wanted, reached)))


def table(report: Report, wide: bool = True) -> Any:
    """The table of checks, for `rich` to print; a narrow one leaves out the equations."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1) if wide else (0, 1, 0, 0))
    rows.add_column("quantity", overflow="fold")
    rows.add_column("expected", justify="right", no_wrap=True)
    rows.add_column("computed", justify="right", no_wrap=True)
    rows.add_column("digits", justify="right", no_wrap=True)
    if wide:
        rows.add_column("equation", justify="right", no_wrap=True)
    rows.add_column("")

    def add(quantity: str, expected: str, computed: str, digits: str, equation: str, verdict: Text) -> None:
        rows.add_row(Text(quantity), Text(expected), computed, digits, *([equation] if wide else []), verdict)

    styles = {"agrees": "green", "document is off": "yellow"}
    for result in report.shown:
        equation = result.check.wanted.equation
        verdict = Text(result.verdict, style=styles.get(result.verdict, "bold red"))
        if result.note:
            verdict.append(f", {result.note}", style="yellow")
        add(result.check.expectation.quantity, expected_text(result), f"{result.computed:.12g}",
            "" if math.isnan(result.digits) else f"{result.digits:.0f}", f"({equation})" if equation else "", verdict)
    slope = "straight line" if report.slope is None and report.linear else f"{report.slope or math.nan:.3f}"
    add("Taylor test: slope", "1.9 to 2.1", slope, "", "all",
        Text("agrees", style="green") if report.taylor_passed else Text("disagrees", style="bold red"))
    return rows


def expected_text(result: Result) -> str:
    """The number as the file has it, with its digits."""
    said = result.check.expectation
    if said.value is not None:
        return getattr(said.value, "text", None) or f"{result.expected:.12g}"
    bounds = [f"{sign} {float(bound):g}" for sign, bound in (("≥", said.at_least), ("≤", said.at_most))
              if bound is not None]
    return ", ".join(bounds)


def findings(report: Report, derivation: NetworkDerivation) -> list[str]:
    """One paragraph for each number of the document that is off, each that disagrees, and each that shows little."""
    lines, told = [], set[str]()
    for result in report.shown:
        said = result.check.expectation
        where = f" ({said.where})" if said.where else ""
        if result.verdict == "document is off":
            printed = getattr(said.printed, "text", None) or f"{result.printed:.12g} = {said.printed}"
            lines.append(f"the document is off{where}: it prints {said.quantity} = {printed}, and the right value is "
                         f"{expected_text(result)}: {said.because}")
        elif result.verdict == "document is not off":
            lines.append(f"{result.check.place}: {said.quantity} = {said.printed} is recorded as a mistake of the "
                         f"document, but it agrees with the computed {result.computed:.12g}: remove 'printed'")
        elif result.verdict == "disagrees":
            lines.append(_disagreement(report, result, derivation, told))
        if result.note == "weak":
            lines.append(f"{result.check.place}: {said.quantity} = {expected_text(result)} shows little: "
                         f"{result.check.weak}")
    off = [result for result in report.shown if result.verdict == "disagrees"]
    left = [result.check for result in off if result.check not in report.explanations]
    if len(left) < len(off) > 1:
        first = f", and {left[0].expectation.quantity} (line {left[0].place.line}) is the first that is not" if left else ""
        lines.append(f"{len(off) - len(left)} of the {len(off)} numbers that disagree are explained{first}")
    if not report.taylor_passed:
        lines.append(f"the Taylor test has the slope {report.slope:.3f}, and the gradient of a function has the slope 2"
                     if report.slope is not None else "the loss or its gradient is not finite at the first parameters: "
                     "look at the formulas, and at data that they do not hold for")
    if report.wrt is not None:
        lines.append(f"the other {len(report.others)} numbers of the file do not concern {report.wrt}: "
                     + (", ".join(f"{count} {_COUNTED[verdict]}" for verdict, count in _others(report).items()) or "none"))
    return lines


_COUNTED = {"agrees": "agree", "document is off": "where the document is off", "disagrees": "disagree",
            "document is not off": "where the document is not off"}


def _others(report: Report) -> Counter[str]:
    return Counter(result.verdict for result in report.results if result.check in report.others)


def _disagreement(report: Report, result: Result, derivation: NetworkDerivation, told: set[str]) -> str:
    """What was expected and computed, the equation, the factors with their numbers, and where the number is from.

    A factor that was told before is not told again, but for the number's own equation.
    """
    check, said = result.check, result.check.expectation
    number = check.wanted.equation
    equation = next((f", equation ({number}): {e}" for e in derivation.system.equations if e.number == number), "")
    lines = [f"{check.place}: {said.quantity} is expected to be {expected_text(result)}"
             f"{f' ({said.where})' if said.where else ''}, and the module computes {result.computed:.12g}{equation}"]
    factors = report.factors.get(check, ())
    lines += [f"    {line}" for place, line in enumerate(factors) if not place or line not in told]
    told.update(factors)
    if check in report.explanations:
        lines.append(f"    {report.explanations[check]}")
    return "\n".join(lines)


def as_json(report: Report) -> dict[str, Any]:
    """The checks for machines; docs/json.md says what each key holds."""
    def elsewhere(check: Check) -> dict[str, Any] | None:
        found = report.explanations.get(check)
        if not isinstance(found, Elsewhere):
            return None
        return {"update_order": found.order, "updates_later": found.later, "computed": found.computed}

    return {
        "passed": report.passed,
        "taylor": {"slope": report.slope, "linear": report.linear, "passed": report.taylor_passed},
        "wrt": report.wrt,
        "others": dict(_others(report)),
        "checks": [{
            "quantity": r.check.expectation.quantity, "expected": _plain(r.expected), "printed": _plain(r.printed),
            "at_least": _plain(r.check.expectation.at_least), "at_most": _plain(r.check.expectation.at_most),
            "tolerance": _plain(r.check.expectation.tolerance), "accepted": r.check.accepted,
            "computed": _plain(r.computed),
            "digits": None if math.isnan(r.digits) else r.digits, "verdict": r.verdict, "note": r.note or None,
            "weak": r.check.weak or None, "equation": r.check.wanted.equation, "where": r.check.expectation.where,
            "because": r.check.expectation.because, "line": r.check.place.line,
            "factors": list(report.factors.get(r.check, ())), "elsewhere": elsewhere(r.check),
            "explanation": str(report.explanations[r.check]) if r.check in report.explanations else None}
            for r in report.shown],
    }


def _plain(number: Any) -> float | None:
    """A number that JSON has."""
    return None if number is None or not math.isfinite(number) else float(number)
