"""When a computed number agrees with a printed one: to the last digit that was printed, give or take one there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from derive.checks.asked import Wanted
from derive.file.errors import Place

Verdict = Literal["agrees", "document is off", "disagrees", "document is not off"]
FORMULA_DIGITS = 1e-11  # relative; both sides are double precision


@dataclass(frozen=True)
class Check:
    """One expectation of a file, ready to be compared."""

    expectation: Any  # derive.file.models.Expectation
    place: Place
    wanted: Wanted
    value: Wanted | None  # where the expected value is a formula
    printed: Wanted | None


@dataclass(frozen=True)
class Result:
    """A comparison: what was expected and computed, agreement in digits, and the verdict."""

    check: Check
    computed: float
    expected: float | None
    printed: float | None
    digits: float
    verdict: Verdict

    @property
    def passed(self) -> bool:
        return self.verdict in ("agrees", "document is off")


def compare(check: Check, numbers: Any) -> Result:
    """Compare one expectation with the numbers that were read from the module."""
    said = check.expectation
    computed = check.wanted.value(numbers)
    if said.value is None:
        low = -math.inf if said.at_least is None else float(said.at_least)
        high = math.inf if said.at_most is None else float(said.at_most)
        return Result(check, computed, None, None, math.nan, "agrees" if low <= computed <= high else "disagrees")
    expected = check.value.value(numbers) if check.value else float(said.value)
    agrees = _agrees(computed, expected, None if check.value else said.value, said.tolerance)
    verdict: Verdict = "agrees" if agrees else "disagrees"
    printed = None
    if said.printed is not None:
        printed = check.printed.value(numbers) if check.printed else float(said.printed)
        if agrees:
            right = _agrees(computed, printed, None if check.printed else said.printed, None)
            verdict = "document is not off" if right else "document is off"
    return Result(check, computed, expected, printed, agreement(computed, expected), verdict)


def _agrees(computed: float, expected: float, number: Any, tolerance: Any) -> bool:
    if not math.isfinite(computed):
        return False
    if tolerance is not None:
        return abs(computed - expected) <= float(tolerance)
    if number is None:  # a formula
        return abs(computed - expected) <= FORMULA_DIGITS * max(abs(computed), abs(expected))
    unit = float(number.digits)
    # Half a unit in the last place of a double is no disagreement.
    return abs(computed - expected) <= unit * (1 + 1e-9) + math.ulp(expected)


def agreement(computed: float, expected: float) -> float:
    """The number of significant digits to which two numbers agree, at most 16."""
    if computed == expected:
        return 16.0
    size = max(abs(computed), abs(expected))
    return min(16.0, max(0.0, -math.log10(abs(computed - expected) / size))) if math.isfinite(size) else 0.0
