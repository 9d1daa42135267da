"""How long is searched for what was done: seconds of this process, for one claim and for all of them together."""

from __future__ import annotations

import time
from dataclasses import dataclass

FOR_ONE, FOR_ALL = 5.0, 30.0


@dataclass
class Patience:
    """Counts the time of the searches of one judge.

    Attributes:
        lost: whether the latest search was ended before everything had been tried.
    """

    spent: float = 0.0
    lost: bool = False
    _start: float = 0.0

    def begin(self) -> None:
        """A search begins."""
        self._start, self.lost = time.process_time(), False

    def end(self) -> None:
        """It is over."""
        self.spent += time.process_time() - self._start

    def is_lost(self) -> bool:
        """Whether no more is to be tried."""
        now = time.process_time() - self._start
        self.lost = self.lost or now > FOR_ONE or self.spent + now > FOR_ALL
        return self.lost
