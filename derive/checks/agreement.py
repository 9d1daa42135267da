"""When a computed number agrees with a printed one: to the last digit that was printed, give or take one there.

How well it agrees is said as well: whether the printed number is rounded, truncated, or off by one in its last digit,
and whether anything else would have agreed too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from derive.checks.asked import Wanted
from derive.file.errors import Place

Verdict = Literal["agrees", "document is off", "disagrees", "document is not off"]
Note = Literal["", "truncated", "last digit ± 1", "weak"]
FORMULA_DIGITS = 1e-11  # relative; both sides are double precision
WEAK = 0.1  # a number that may be off by more than this part of itself says little


@dataclass(frozen=True, eq=False)
class Check:
    """One expectation of a file, ready to be compared."""

    expectation: Any  # derive.file.models.Expectation
    place: Place
    wanted: Wanted
    value: Wanted | None  # where the expected value is a formula
    printed: Wanted | None

    @property
    def all_wanted(self) -> list[Wanted]:
        return [wanted for wanted in (self.wanted, self.value, self.printed) if wanted is not None]

    @cached_property
    def accepted(self) -> tuple[float, float] | None:
        """The least and the greatest number that agrees with a printed one; None for bounds and formulas."""
        value = self.expectation.value
        if value is None or self.value is not None:
            return None
        room = value.digits if self.expectation.tolerance is None else self.expectation.tolerance.exact
        return float(value.exact - room), float(value.exact + room)

    @cached_property
    def weak(self) -> str:
        """Why agreement would show little; empty where it shows something."""
        if self.value is not None and self.wanted.same_as(self.value):
            return "it is compared with itself"
        if not self.wanted.takes:
            return "it is a constant, whatever the network computes"
        if self.accepted is not None:
            (low, high), said = self.accepted, self.expectation
            if high - low > 2 * WEAK * abs(float(said.value)):
                more = "" if said.tolerance is not None else f"; if it is exact, write {_with_digits(said.value)}"
                return f"anything from {low:g} to {high:g} agrees{more}"
        return ""


@dataclass(frozen=True)
class Result:
    """A comparison: what was expected and computed, agreement in digits, and the verdict."""

    check: Check
    computed: float
    expected: float | None
    printed: float | None
    digits: float
    verdict: Verdict
    note: Note = ""

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
    number = None if check.value else said.value
    expected = check.value.value(numbers) if check.value else float(said.value)
    agrees = agrees_with(computed, expected if number is None else number, said.tolerance)
    verdict: Verdict = "agrees" if agrees else "disagrees"
    printed = None
    if said.printed is not None:
        printed = check.printed.value(numbers) if check.printed else float(said.printed)
        if agrees:
            right = agrees_with(computed, printed if check.printed else said.printed, None)
            verdict = "document is not off" if right else "document is off"
    note: Note = ""
    if verdict == "agrees":
        plain = number is not None and said.tolerance is None
        note = "weak" if check.weak else _last_digit(computed, number) if plain else ""
    digits = agreement(computed, expected)
    return Result(check, computed, expected, printed, digits if number is None else min(digits, significant(number)),
                  verdict, note)


def agrees_with(computed: float, expected: Any, tolerance: Any) -> bool:
    """Whether a number agrees with a printed one (`derive.file.numbers.Number`), or with the value of a formula."""
    if not math.isfinite(computed):
        return False
    off = abs(computed - float(expected))
    if tolerance is not None:
        return off <= float(tolerance)
    if not hasattr(expected, "digits"):  # a formula
        return off <= FORMULA_DIGITS * max(abs(computed), abs(expected))
    # Half a unit in the last place of a double is no disagreement.
    return off <= float(expected.digits) * (1 + 1e-9) + math.ulp(float(expected))


def _last_digit(computed: float, number: Any) -> Note:
    """How a printed number that agrees was shortened, where it was not by rounding to the nearest."""
    more = Decimal(computed) - number.exact
    half = number.digits / 2 + Decimal(math.ulp(computed))
    if abs(more) <= half:
        return ""
    return "truncated" if more * (number.exact or more) > 0 and abs(more) < number.digits else "last digit ± 1"


def _with_digits(number: Any) -> str:
    """A printed number with more digits: 3.00 for 3, and 1.00e3 for 1e3."""
    digits, *power = str(number.text).lower().partition("e")
    return digits + ("00" if "." in digits else ".00") + "".join(power)


def significant(number: Any) -> int:
    """The significant digits of a printed number: 3 for 0.0120, 1 for 1e3 and for 0."""
    return max(1, len(number.exact.as_tuple().digits))


def agreement(computed: float, expected: float) -> float:
    """The number of significant digits to which two numbers agree, at most 16."""
    if computed == expected:
        return 16.0
    size = max(abs(computed), abs(expected))
    return min(16.0, max(0.0, -math.log10(abs(computed - expected) / size))) if math.isfinite(size) else 0.0
