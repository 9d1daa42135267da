"""What a long run is doing, in one line of the terminal that is gone in the end."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time

PATIENCE = 1.0  # seconds: what takes less shows nothing
INTERVAL = 0.2


class Progress:
    """Call it with what is being done.

    Nothing is written where standard error is no terminal, nor to one that cannot erase a line.
    """

    def __init__(self, wanted: bool) -> None:
        self._text, self._shown, self._start = "", False, time.monotonic()
        self._stop = threading.Event()
        self._thread = None
        if wanted and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            self._thread = threading.Thread(target=self._show, daemon=True)
            self._thread.start()

    def __call__(self, text: str) -> None:
        self._text = text

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Erase the line and write no more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self._shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
            self._shown = False

    def _show(self) -> None:
        if self._stop.wait(PATIENCE):
            return
        while not self._stop.wait(INTERVAL):
            line = f"{self._text} … {time.monotonic() - self._start:.0f} s"
            sys.stderr.write(f"\r\x1b[2K{line[:shutil.get_terminal_size().columns - 1]}")
            sys.stderr.flush()
            self._shown = True
