"""Options of the whole test suite, and what its parts share."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
# A worker makes expressions by the million and few cycles, and meets equal ones in hundreds of networks.
gc.set_threshold(200_000, 20, 20)
os.environ.setdefault("SYMPY_CACHE_SIZE", "50000")
if "PYTEST_XDIST_WORKER" in os.environ:  # a process for each core: more threads would wait for each other
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")

TOOLS = ("pdflatex", "cc", "chromium")  # some tests need them, and are skipped on a machine without them, never in CI


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite golden files (and generated/) instead of comparing")


def pytest_configure(config: pytest.Config) -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a hundred processes would each compile the project anew
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing and os.environ.get("CI"):
        raise pytest.UsageError(f"CI must not skip tests, and these programs are missing: {', '.join(missing)}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests with an equal first parameter, the name of a network, share what they make of it: one worker has them all.

    (pytest-xdist 3.8 has groups for this, which pytest 9.2 does not see.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.partition("[")[2].partition("-")[0].rstrip("]") or nodeid

    return Scheduling(config, log)


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--update"))


@pytest.fixture
def derive_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs `python -m derive` in an empty folder: here, where SymPy is loaded, or with an environment in a process."""

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        words = list(map(str, arguments))
        if environment:
            return subprocess.run(
                [sys.executable, "-m", "derive", *words], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8",
                timeout=300, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment})
        from derive.command_line import derive

        monkeypatch.chdir(tmp_path)
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            try:
                code = derive(words)
            except SystemExit as exit_:
                code = exit_.code if isinstance(exit_.code, int) else 1
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    return run
