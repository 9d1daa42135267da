"""The options of the command line, and which of them exclude each other."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

DIGITS, DIGITS_BY_HAND = 9, 4

FORMS = ("auto", "scalar", "index", "matrix", "all")  # as in derive.latex.document, which imports SymPy
OF_EXERCISES = ("hard", "seed")
NOT_OF_EXERCISES = ("json", "form", "html", "plot", "target", "out")

DESCRIPTION = """\
Derive the gradients of a network, write its training module, and check the module's numbers.
`python -m derive check claims.yaml` checks the lines of a hand calculation instead; it has a --help of its own.

The derivation goes to standard output as one LaTeX document, the module to OUT/<name>.py, the table of checks to
standard error.

Exit codes: 0 all well; 2 wrong usage; 3 the file is not a valid network; 4 a number disagrees; 5 the generated
module failed; 1 anything unexpected.
"""


class WrongUsage(Exception):
    """The options do not fit each other, the network, or this machine; the text says why."""


def options() -> argparse.ArgumentParser:
    """The options of `derive`."""
    parser = argparse.ArgumentParser("python -m derive", description=DESCRIPTION, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path, help="the network: a YAML file")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("generated"),
                        help="the folder for the generated module (generated)")
    parser.add_argument("--form", choices=FORMS, default="auto",
                        help="the derivation in scalar, index or matrix form, or all of them; auto: index and matrix, and "
                        "scalar where the network is small")
    parser.add_argument("--wrt", metavar="NAME", help='only what leads to this weight or parameter: w5, W1, "W1[1,2]"')
    parser.add_argument("--digits", type=_whole_number(1, 17), metavar="N",  # a double has 17
                        help=f"decimals of printed numbers ({DIGITS}, in an exercise {DIGITS_BY_HAND})")
    parser.add_argument("--exercise", action="store_true",
                        help="print a sheet with gaps to be filled in, and its solution on a page of its own, instead")
    parser.add_argument("--hard", action="store_true", help="an exercise without formulas")
    parser.add_argument("--seed", type=_whole_number(0, 10 ** 9), metavar="N",
                        help="the number of the exercise, which draws its numbers (0)")
    parser.add_argument("--target", default="numpy", help="what the module is written for: numpy (as it is), c or jax")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one HTML page too: text, picture, numbers, code")
    parser.add_argument("--pdf", type=Path, metavar="FILE",
                        help="write the document as PDF too, with the network drawn; needs a TeX")
    parser.add_argument("--plot", type=Path, metavar="FILE",
                        help="draw how training goes, as SVG, PNG or PDF: loss, score, weights, gradients")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of LaTeX, for machines")
    parser.add_argument("-q", "--quiet", action="store_true", help="print no progress and no table of checks")
    return parser


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    """The reader of an option that is a number between two others."""
    def read(said: str) -> int:
        if not said.isascii() or not said.isdigit() or not least <= int(said) <= most:
            raise argparse.ArgumentTypeError(f"{said} is no whole number from {least} to {most}")
        return int(said)

    return read


def check_together(said: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """WrongUsage where options exclude each other."""
    def given(*names: str) -> Sequence[str]:
        return [f"--{name}" for name in names if getattr(said, name) != parser.get_default(name)]

    if not said.exercise and given(*OF_EXERCISES):
        raise WrongUsage(f"{' and '.join(f'--{name}' for name in OF_EXERCISES)} are options of --exercise")
    if said.exercise and (found := given(*NOT_OF_EXERCISES)):
        raise WrongUsage(f"--exercise prints a sheet and writes no module: leave out {' and '.join(found)}")
