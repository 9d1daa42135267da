"""The command line: one page of YAML in; the derivation, the module and the proof out.

Nothing heavy is imported before it is needed: `--help` answers without SymPy.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AGREES, UNEXPECTED, USAGE, INVALID_FILE, DISAGREES, MODULE_FAILED = 0, 1, 2, 3, 4, 5
FEW_SAMPLES = 8  # samples up to which its numbers are put in
WIDE = 100  # columns of a terminal from which the table of checks has all of its own

FORMS = ("auto", "scalar", "index", "matrix", "all")  # as in derive.latex.document, which imports SymPy

DESCRIPTION = """\
Derive the gradients of a network, write its training module, and check the module's numbers.

The derivation goes to standard output as one LaTeX document, the module to OUT/<name>.py, the table of checks to
standard error.

Exit codes: 0 all well; 2 wrong usage; 3 the file is not a valid network; 4 a number disagrees; 5 the generated
module failed; 1 anything unexpected.
"""


class WrongUsage(Exception):
    """The options do not fit the network, or this machine; the text says why."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m derive", description=DESCRIPTION, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path, help="the network: a YAML file")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("generated"),
                        help="the folder for the generated module (generated)")
    parser.add_argument("--form", choices=FORMS, default="auto",
                        help="the derivation in scalar, index or matrix form, or all of them; auto: index and matrix, and "
                        "scalar where the network is small")
    parser.add_argument("--wrt", metavar="NAME", help='only what leads to this weight or parameter: w5, W1, "W1[1,2]"')
    parser.add_argument("--target", default="numpy", help="what the module is written for: numpy (as it is), c or jax")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of LaTeX, for machines")
    parser.add_argument("-q", "--quiet", action="store_true", help="print no progress and no table of checks")
    return parser


def derive(arguments: list[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    from derive.file.errors import DeriveError

    parser = _parser()
    said = parser.parse_args(arguments)
    try:
        return _run(said.network, said.out, said.form, said.wrt, said.target, said.json, said.quiet)
    except WrongUsage as error:
        parser.error(str(error))
    except DeriveError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNEXPECTED


def _run(path: Path, out: Path, form: str, wrt: str | None, target: str, machine: bool, quiet: bool) -> int:
    from derive.checks.process import ModuleFailed, Runner

    with Runner() as runner:
        try:
            return _derive(path, out, form, wrt, target, machine, quiet, runner)
        except ModuleFailed as error:
            print(f"the generated module failed:\n{error}", file=sys.stderr)
            return MODULE_FAILED


@dataclass(frozen=True)
class _Work:
    """What is known when the module runs and the derivation is written."""

    network: Any
    derivation: Any
    system: Any  # the derivation's, with the derivatives that only expectations ask for
    planned: Any
    module: Path
    wrt: Any  # the quantity and the entry that everything is restricted to
    latex: str


def _derive(path: Path, out: Path, form: str, wrt: str | None, target: str, machine: bool, quiet: bool,
            runner: Any) -> int:
    from derive.progress import Progress

    with Progress(not quiet) as progress:
        work = _started(path, out, form, wrt, target, machine, runner, progress)
    sys.stdout.write(work.latex)
    sys.stdout.flush()
    with Progress(not quiet) as progress:
        progress("running the module")
        result = _checked(work, wrt, target, runner, progress)
    if machine:
        from derive.checks.report import as_json

        _print_json(work, as_json(result))
    if not quiet:
        _print_report(result, work.derivation)
    return AGREES if result.passed else DISAGREES


def _started(path: Path, out: Path, form: str, wrt: str | None, target: str, machine: bool, runner: Any,
             progress: Any) -> _Work:
    """Derive and write all there is, while the runner works."""
    progress("deriving")
    from derive.build import build
    from derive.file import read

    file, source = read(path)
    network = build(file, source)
    derivation = network.derivation()

    import codegen
    from derive.checks.report import plan
    from derive.latex.document import SMALL
    from derive.latex.entries import find_entries

    planned = plan(file, source, network, derivation)
    module = out / f"{network.name}.py"
    try:
        within = find_entries(network, derivation, wrt) if wrt is not None else None
        codegen.write_files(codegen.generate_files(network, derivation, target), module)
    except ValueError as error:
        raise WrongUsage(str(error)) from None
    except OSError as error:
        raise WrongUsage(f"--out: {module} cannot be written: {error.strerror}") from None
    # The runner reads numbers and trains while this process goes on deriving and writing.
    runner.load(network, module, (_entries(network) <= SMALL or form in ("scalar", "all"))
                and _samples(network) <= FEW_SAMPLES and not machine)
    runner.read(planned.entries)
    runner.test_gradients(network.seed)
    runner.fit(planned.metrics)
    system = derivation.system
    if planned.probed:
        system = planned.probes.derive()
        runner.numbers |= dict.fromkeys((t for t in planned.probed if t.name not in system.definitions), 0.0)
        runner.read([t for t in planned.probed if t.name in system.definitions],
                    codegen.generate_trace(network, derivation, system, target))
    latex = ""
    if not machine:
        progress("writing the derivation")
        runner.wait("start", progress)
        try:
            latex = derivation.latex(form, wrt, _flat(runner.trace))
        except ValueError as error:
            raise WrongUsage(str(error)) from None
    return _Work(network, derivation, system, planned, module, within, latex)


def _checked(work: _Work, wrt: str | None, target: str, runner: Any, progress: Any) -> Any:
    """The report, with all that can be said about numbers that disagree."""
    import rich.console  # noqa: F401  (loads while the module runs)
    import rich.table  # noqa: F401

    from derive.checks.report import report, restricted

    runner.wait(progress=progress)
    result = report(work.planned.checks, runner)
    if wrt is not None:
        result = restricted(result, work.network, wrt, *work.wrt)
    if any(each.verdict == "disagrees" for each in result.shown):
        import codegen
        from derive.checks.disagreements import explained

        result = explained(result, work.planned.probes, work.system, runner,
                           lambda network: codegen.generate_files(network, work.derivation, target),
                           codegen.generate_trace(work.network, work.derivation, work.system, target), progress)
    return result


def _print_report(result: Any, derivation: Any) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.padding import Padding

    from derive.checks.report import findings, table

    terminal = sys.stderr.isatty()
    console = Console(stderr=True, highlight=False, width=None if terminal else 120)
    console.print(table(result, wide=console.width >= WIDE))
    for paragraph in findings(result, derivation):
        for line in paragraph.splitlines():
            text = line.lstrip()
            if terminal:
                console.print(Padding(escape(text), (0, 0, 0, len(line) - len(text))))
            else:
                console.print(line, markup=False, soft_wrap=True)


def _entries(network: Any) -> int:
    """The number of scalar parameters."""
    from math import prod

    return sum(prod(size or 1 for size in network.shape(name)) for name in network.parameters)


def _samples(network: Any) -> int:
    return max((len(array) for array in network.data.values()), default=1)


def _flat(trace: dict[str, Any]) -> dict[tuple[str, tuple[int, ...]], float] | None:
    """Numbers by (quantity, indices from 0)."""
    flat: dict[tuple[str, tuple[int, ...]], float] = {}

    def walk(name: str, value: Any, place: tuple[int, ...]) -> None:
        if isinstance(value, list):
            for position, part in enumerate(value):
                walk(name, part, (*place, position))
        else:
            flat[name, place] = value

    for name, value in trace.items():
        walk(name, value, ())
    return flat or None


def _print_json(work: _Work, checks: dict[str, Any]) -> None:
    import json

    network = work.network
    equations = [{"number": e.number, "left": str(e.target), "right": str(e.body), "text": str(e)}
                 for e in work.derivation.system.equations]
    print(json.dumps({"name": network.name, "module": str(work.module), "loss": network.loss,
                      "update_order": network.training.update_order, "equations": equations, **checks},
                     indent=2, ensure_ascii=False))


def main() -> None:
    """The entry point of the command `derive`."""
    # Nearly all that this short process makes lives to its end: collecting garbage finds none, and taking SymPy's
    # hundred thousand objects apart at the end takes a fifth of the run.
    gc.set_threshold(200_000, 50, 100)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # which it looks for in every installed package
    for number in (signal.SIGINT, signal.SIGTERM):  # leave by way of `with`: no process stays
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        code: Any = derive()
    except SystemExit as exit_:
        code = exit_.code
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        os._exit(UNEXPECTED)
    os._exit(code if isinstance(code, int) else UNEXPECTED)
