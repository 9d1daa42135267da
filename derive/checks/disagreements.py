"""What is worked out about numbers that disagree, and only then: their factors, and where the expected number is from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from derive.checks.agreement import Check
from derive.checks.asked import Probes, Take
from derive.checks.carried import Working, printed_numbers
from derive.checks.elsewhere import elsewhere, in_order, moved, variants
from derive.checks.factors import taken_apart, written
from derive.checks.multiples import before, multiple
from derive.checks.process import Runner
from derive.checks.report import Explanation, Report
from derive.language.equations import System
from derive.network import Network


def explained(report: Report, probes: Probes, system: System, runner: Runner, module: Callable[[Network], Mapping[str, str]],
              trace: Mapping[str, str], progress: Callable[[str], None]) -> Report:
    """The report with the factors of each number that disagrees, and with where the expected number comes from instead.

    Args:
        system: holds every equation, those of the probes included.
        module: the files of a network's module.
        trace: the files of a module that traces the system.
    """
    network = probes.derivation.network

    def read(takes: Iterable[Take]) -> dict[Take, float]:
        constant = {take for take in takes if take.name in probes.names and take.name not in system.definitions}
        runner.read([take for take in dict.fromkeys(takes) if take not in constant], trace)
        runner.wait(progress=progress)
        return {**runner.numbers, **dict.fromkeys(constant, 0.0)}

    checks = [result.check for result in report.shown if result.verdict == "disagrees"]
    lines = {check: taken_apart(take, system, network, probes) for check in checks
             for take in list(check.wanted.takes.values())[:1] if take.kind == "entry" and len(check.wanted.takes) == 1}
    working = Working(printed_numbers(result.check for result in report.results), system, network, probes)
    numbers = read([*(take for found in lines.values() for line in found for take in line.takes),
                    *(take for check in checks for take in working.takes(check)),
                    *(take for check in checks for take in (before(check, network),) if take)])
    factors = {check: [written(line, numbers, network, probes) for line in found] for check, found in lines.items()}

    of_order = {}
    for order in dict.fromkeys(order for order, _ in variants(network)):
        takes = [take for check in checks for each, later in variants(network) if each == order
                 for take in moved(check, later).values()]
        if takes:
            other = in_order(network, order)
            runner.load_files(other, module(other))
            of_order[order] = read(takes)
    explanations: dict[Check, Explanation] = {}
    for check in checks:
        found = (multiple(check, network, system, numbers) or elsewhere(check, network, of_order)
                 or working.carried(check, numbers))
        if found is not None:
            explanations[check] = found
    return replace(report, factors=factors, explanations=explanations)
