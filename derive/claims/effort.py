"""How much is worked at one claim: counted in what is done and not in time, so that every machine says the same of it."""

from __future__ import annotations


class Exhausted(Exception):
    """No more is to be done for this claim."""


class Effort:
    """What is left of an effort; `renew` where a new one begins.

    Args:
        most: how much may be spent, in units of whoever spends it.
    """

    def __init__(self, most: int) -> None:
        self.most = self.left = most

    def renew(self) -> None:
        self.left = self.most

    def spend(self, amount: int) -> None:
        """
        Raises:
            Exhausted: nothing is left.
        """
        self.left -= amount
        if self.left < 0:
            raise Exhausted
