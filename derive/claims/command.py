"""`python -m derive check claims.yaml`: the lines of a working, and which of them is the first that is wrong."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ALL_RIGHT, MODULE_FAILED, NOT_ALL_RIGHT = 0, 5, 4

DESCRIPTION = """\
Check a working line by line: each claim of the file is proved, refuted with numbers, or found to follow from a wrong
line before it; for a wrong one, what was probably done.

The report goes to standard output.

Exit codes: 0 every claim is proved; 2 wrong usage; 3 a file is not valid; 4 a claim is wrong or could not be decided;
5 the generated module failed; 1 anything unexpected.
"""


def parser() -> argparse.ArgumentParser:
    """The options of `derive check`."""
    made = argparse.ArgumentParser("python -m derive check", description=DESCRIPTION, allow_abbrev=False,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("claims", type=Path, help="the claims: a YAML file")
    made.add_argument("--network", type=Path, metavar="FILE", help="the network, where the claims do not name it")
    made.add_argument("--json", action="store_true", help="print one JSON object instead of the report, for machines")
    made.add_argument("-q", "--quiet", action="store_true",
                      help="print no progress, and of the report only the lines that are not right")
    return made


def check(arguments: Sequence[str]) -> int:
    """Run the command, and return its exit code.

    Raises:
        DeriveError: one of the files is not valid.
    """
    said = parser().parse_args(arguments)
    from derive.checks.process import ModuleFailed, Runner

    with Runner() as runner:
        try:
            return _check(said, runner)
        except ModuleFailed as error:
            print(f"the generated module failed:\n{error}", file=sys.stderr)
            return MODULE_FAILED


def _check(said: argparse.Namespace, runner: Any) -> int:
    from derive.progress import Progress

    with Progress(not said.quiet) as progress:
        progress("reading")
        from derive.claims.reading.file import read_file

        working = read_file(said.claims, said.network)
        import derive

        network = derive.load(working.network)
        from derive.claims.reading import read_claims

        claims = read_claims(working.lines, network, working.names)
        progress("deriving")
        derivation = network.derivation()
        import codegen
        from derive.claims.judging.judge import judge

        runner.load_files(network, codegen.generate_files(network, derivation))
        verdicts = judge(claims, network, derivation, runner, progress)
    if said.json:
        from derive.claims.report import as_json

        print(json.dumps(as_json(verdicts, network), indent=2, ensure_ascii=False))
    else:
        _print(verdicts, network, said.quiet)
    return ALL_RIGHT if all(each.status == "proved" for each in verdicts) else NOT_ALL_RIGHT


def _print(verdicts: Sequence[Any], network: Any, quiet: bool) -> None:
    from rich.console import Console

    from derive.claims.report import conclusion, table

    terminal = sys.stdout.isatty()
    console = Console(highlight=False, width=None if terminal else 10_000)
    with console.capture() as captured:
        console.print(table(verdicts, network, quiet))
    # A table is filled up with spaces to the width of its longest line.
    lines = captured.get().splitlines()
    print("\n".join(lines if terminal else map(str.rstrip, lines)), end="\n\n")
    console.print(conclusion(verdicts), markup=False)
