"""How much is tried to find what was done, for one claim and for all of them together: a count, alike everywhere."""

from __future__ import annotations

from dataclasses import dataclass

FOR_ONE, FOR_ALL = 1_000_000, 6_000_000  # equations computed, some 5 and 30 seconds
ATTEMPT, PROOF = 40, 50_000  # what making an attempt and proving that it gives a formula take, in such equations


@dataclass
class Patience:
    """Counts what the searches of one judge do.

    Attributes:
        lost: whether the latest search was ended before everything had been tried.
    """

    spent: int = 0
    lost: bool = False
    _now: int = 0

    def begin(self) -> None:
        """A search begins."""
        self._now, self.lost = 0, False

    def spend(self, equations: int) -> None:
        self._now += equations
        self.spent += equations

    def is_lost(self) -> bool:
        """Whether no more is to be tried."""
        self.lost = self.lost or self._now > FOR_ONE or self.spent > FOR_ALL
        return self.lost
