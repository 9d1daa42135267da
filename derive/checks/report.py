"""All checks of a file: what they read, how they came out, and the table that says so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from derive.checks.agreement import Check, Result, compare
from derive.checks.asked import Probes, Take, Wanted, resolve
from derive.checks.process import Runner
from derive.file.quantities import parse_quantity, parse_value
from derive.network import Network, NetworkDerivation

SLOPES = 1.9, 2.1


@dataclass(frozen=True)
class Plan:
    """The checks of a file and the numbers that they need."""

    checks: tuple[Check, ...]
    probes: Probes

    @property
    def takes(self) -> list[Take]:
        wanted = [w for check in self.checks for w in (check.wanted, check.value, check.printed) if w is not None]
        return list(dict.fromkeys(take for w in wanted for take in w.takes.values()))

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

    checks = []
    for number, said in enumerate(file.expect):
        formulas = {key: wanted(getattr(said, key), number, key) if isinstance(getattr(said, key), str) else None
                    for key in ("value", "printed")}
        checks.append(Check(said, source.at("expect", number), wanted(said.quantity, number, "quantity"), **formulas))
    return Plan(tuple(checks), probes)


@dataclass(frozen=True)
class Report:
    """How the checks came out."""

    results: tuple[Result, ...]
    slope: float | None
    linear: bool

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


def table(report: Report) -> Any:
    """The table of checks, for `rich` to print."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    rows.add_column("quantity", overflow="fold")
    rows.add_column("expected", justify="right", no_wrap=True)
    rows.add_column("computed", justify="right", no_wrap=True)
    rows.add_column("digits", justify="right", no_wrap=True)
    rows.add_column("equation", justify="right", no_wrap=True)
    rows.add_column("", no_wrap=True)
    styles = {"agrees": "green", "document is off": "yellow"}
    for result in report.results:
        said = result.check.expectation
        equation = result.check.wanted.equation
        rows.add_row(Text(said.quantity), Text(expected_text(result)), f"{result.computed:.12g}",
                     "" if math.isnan(result.digits) else f"{result.digits:.0f}", f"({equation})" if equation else "",
                     Text(result.verdict, style=styles.get(result.verdict, "bold red")))
    slope = "straight line" if report.slope is None and report.linear else f"{report.slope or math.nan:.3f}"
    rows.add_row(Text("Taylor test: slope"), "1.9 to 2.1", slope, "", "all",
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
    """One paragraph for each number of the document that is off, and each that disagrees."""
    lines = []
    for result in report.results:
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
            number = result.check.wanted.equation
            equation = next((f", equation ({number}): {e}" for e in derivation.system.equations if e.number == number), "")
            lines.append(f"{result.check.place}: {said.quantity} is expected to be {expected_text(result)}{where}, and "
                         f"the module computes {result.computed:.12g}{equation}")
    if not report.taylor_passed:
        lines.append(f"the Taylor test has the slope {report.slope:.3f}, and the gradient of a function has the slope 2"
                     if report.slope is not None else "the loss or its gradient is not finite at the first parameters: "
                     "look at the formulas, and at data that they do not hold for")
    return lines


def as_json(report: Report) -> dict[str, Any]:
    """The checks for machines."""
    return {
        "passed": report.passed,
        "taylor": {"slope": report.slope, "linear": report.linear, "passed": report.taylor_passed},
        "checks": [{
            "quantity": r.check.expectation.quantity, "expected": r.expected, "printed": r.printed,
            "computed": r.computed, "digits": None if math.isnan(r.digits) else r.digits, "verdict": r.verdict,
            "equation": r.check.wanted.equation, "where": r.check.expectation.where,
            "because": r.check.expectation.because, "line": r.check.place.line} for r in report.results],
    }
