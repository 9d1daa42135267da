"""PDF: a document through the TeX that is installed, in a folder of its own, without a shell and within bounds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from derive.file.errors import DeriveError

ENGINES = ("pdflatex", "lualatex")
SECONDS = 300.0  # for all runs together
MOST_RUNS = 4  # until the widths of tables that go over pages stand
SAFE = {"openin_any": "p", "openout_any": "p", "shell_escape": "f"}  # TeX reads and writes in its own folder only
INSTALL = ("Debian and Ubuntu: apt install texlive-latex-recommended texlive-pictures lmodern; macOS: brew install --cask "
           "mactex-no-gui; Windows: winget install MiKTeX.MiKTeX")


class TeXMissing(Exception):
    """There is no TeX on this machine; the text says how to install it."""


class TeXFailed(DeriveError):
    """TeX did not finish; the message is the line of its log that says why."""


def engine() -> str:
    """The program that makes PDF of LaTeX.

    Raises:
        TeXMissing: none is installed.
    """
    found = next(filter(None, map(shutil.which, ENGINES)), None)
    if found is None:
        raise TeXMissing(f"neither of {' and '.join(ENGINES)} is installed. {INSTALL}")
    return found


def pdf(latex: str, seconds: float = SECONDS) -> bytes:
    """The PDF of a complete document.

    Raises:
        TeXMissing: TeX, or a package of it that the document needs, is not installed.
        TeXFailed: TeX stopped at an error, or took longer than `seconds`.
    """
    program, end = engine(), time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="derive-", ignore_cleanup_errors=True) as folder:
        source, log = Path(folder, "page.tex"), Path(folder, "page.log")
        source.write_text(latex, encoding="ascii", newline="\n")
        for _ in range(MOST_RUNS):
            try:
                run = subprocess.run(
                    [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", source.name], cwd=folder,
                    env={**os.environ, **SAFE, "max_print_line": "1000"}, stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=max(0.0, end - time.monotonic()),
                    check=False)
            except subprocess.TimeoutExpired:
                raise TeXFailed(f"TeX took more than {seconds:.0f} s", help="leave less in the document: --form index, "
                                "or --wrt and one weight") from None
            said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
            if run.returncode != 0:
                raise _failure(said)
            if "Rerun" not in said and "rerun" not in said:
                break
        return Path(folder, "page.pdf").read_bytes()


def _failure(log: str) -> Exception:
    """What the log says of the error that TeX stopped at."""
    missing = re.search(r"^! LaTeX Error: File `([^']*\.(?:sty|cls))' not found", log, re.M)
    if missing:
        return TeXMissing(f"TeX is installed without {missing.group(1)}. {INSTALL}")
    error = re.search(r"^! (.*)$", log, re.M)
    line = re.search(r"^l\.\d+ .*$", log, re.M)
    said = [found.group(0).removeprefix("! ").strip() for found in (error, line) if found]
    return TeXFailed(f"TeX stopped: {'; '.join(said) or 'it left no message'}",
                     help="please report it: the document should compile")
