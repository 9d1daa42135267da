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

from derive import outputs
from derive.options import DIGITS, DIGITS_BY_HAND, WrongUsage, check_together, options

AGREES, UNEXPECTED, USAGE, INVALID_FILE, DISAGREES, MODULE_FAILED = 0, 1, 2, 3, 4, 5
WIDE = 100  # columns of a terminal from which the table of checks has all of its own


def derive(arguments: list[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    from derive.file.errors import DeriveError

    parser = options()
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if arguments[:1] == ["check"]:
            from derive.claims.command import check

            return check(arguments[1:])
        said = parser.parse_args(arguments)
        check_together(said, parser)
        return _run(said)
    except WrongUsage as error:
        parser.error(str(error))
    except DeriveError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNEXPECTED


def _run(said: argparse.Namespace) -> int:
    from derive.checks.process import ModuleFailed, Runner

    outputs.check(said)
    with Runner() as runner:
        try:
            return _exercise(said, runner) if said.exercise else _derive(said, runner)
        except ModuleFailed as error:
            print(f"the generated module failed:\n{error}", file=sys.stderr)
            return MODULE_FAILED


def _exercise(said: argparse.Namespace, runner: Any) -> int:
    """Print a sheet and its solution; nothing is written or checked, because the numbers are not those of the file."""
    from derive.build import build
    from derive.file import read
    from derive.progress import Progress

    with Progress(not said.quiet) as progress:
        progress("deriving")
        network = build(*read(said.network))
        derivation = network.derivation()

        from derive.exercise import Task, exercise
        from derive.latex.entries import find_entries

        try:
            place = find_entries(network, derivation, said.wrt) if said.wrt is not None else (None, None)
            task = Task(said.seed or 0, said.hard, said.digits or DIGITS_BY_HAND, *place)
            found = exercise(network, derivation, task, runner, progress)
        except ValueError as error:
            raise WrongUsage(str(error)) from None
        if said.pdf is not None:
            from derive.drawing.illustrated import illustrated

            progress("typesetting the PDF")
            outputs.write_pdf(illustrated(found.latex, network, derivation, paths=False), said.pdf)
    sys.stdout.write(found.latex)
    return AGREES


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
    page: Any  # what the HTML page shows of the running module, where there is one
    plot: Any  # the plan of the figure, where one is wanted


def _derive(said: argparse.Namespace, runner: Any) -> int:
    from derive.progress import Progress

    with Progress(not said.quiet) as progress:
        work = _started(said, runner, progress)
    if not said.json:
        sys.stdout.write(work.latex)
        sys.stdout.flush()
    with Progress(not said.quiet) as progress:
        if said.pdf is not None:
            from derive.drawing.illustrated import illustrated

            progress("typesetting the PDF")
            outputs.write_pdf(illustrated(work.latex, work.network, work.derivation, work.wrt), said.pdf)
        progress("running the module")
        if work.page is not None:
            from derive.html import sections

            sections(work.latex)  # the page has them then, and the module runs meanwhile
        result = _checked(work, said, runner, progress)
    if work.page is not None:
        from derive.html import page

        module = work.module.read_text(encoding="utf-8")
        outputs.write("html", page(work.network, work.derivation, work.page, runner.moments, work.latex, module, result),
                      said.html)
    if work.plot is not None:
        from derive.plots import figure

        outputs.write("plot", figure(work.network, work.plot, runner.points, said.plot.suffix[1:]), said.plot)
    if said.json:
        from derive.checks.report import as_json

        _print_json(work, as_json(result))
    if not said.quiet:
        _print_report(result, work.derivation)
    return AGREES if result.passed else DISAGREES


def _started(said: argparse.Namespace, runner: Any, progress: Any) -> _Work:
    """Derive and write all there is, while the runner works."""
    progress("deriving")
    from derive.build import build
    from derive.file import read

    file, source = read(said.network)
    network = build(file, source)
    derivation = network.derivation()

    import codegen
    from derive.checks.report import plan
    from derive.latex.document import FEW_SAMPLES, SMALL
    from derive.latex.entries import find_entries

    planned = plan(file, source, network, derivation)
    module = said.out / f"{network.name}.py"
    try:
        within = find_entries(network, derivation, said.wrt) if said.wrt is not None else None
        codegen.write_files(codegen.generate_files(network, derivation, said.target), module)
    except ValueError as error:
        raise WrongUsage(str(error)) from None
    except OSError as error:
        raise WrongUsage(f"--out: {module} cannot be written: {error.strerror}") from None
    written = not said.json or said.html is not None or said.pdf is not None  # whether anything shows the derivation
    # The runner reads numbers and trains while this process goes on deriving and writing.
    runner.load(network, module, (network.parameter_count <= SMALL or said.form in ("scalar", "all"))
                and (network.samples or 1) <= FEW_SAMPLES and written)
    runner.read(planned.entries)
    runner.test_gradients(network.seed)
    runner.fit(planned.metrics)
    page = None
    if said.html is not None:
        from derive.html import planned as page_planned

        page = page_planned(network, derivation, max((take.after or 0 for take in planned.takes), default=0))
        page.ask(runner, derivation)
    plot = None
    if said.plot is not None:
        from derive import plots

        plot = plots.planned(network, derivation)
        plot.ask(runner)
    system = derivation.system
    if planned.probed:
        system = planned.probes.derive()
        runner.numbers |= dict.fromkeys((t for t in planned.probed if t.name not in system.definitions), 0.0)
        probed = [t for t in planned.probed if t.name in system.definitions]
        part = system.part(t.name for t in probed)
        runner.read(probed, codegen.generate_trace(network, derivation, part, said.target))
    latex = ""
    if written:
        progress("writing the derivation")
        runner.wait("start", progress)
        try:
            latex = derivation.latex(said.form, said.wrt, runner.values or None, said.digits or DIGITS)
        except ValueError as error:
            raise WrongUsage(str(error)) from None
    return _Work(network, derivation, system, planned, module, within, latex, page, plot)


def _checked(work: _Work, said: argparse.Namespace, runner: Any, progress: Any) -> Any:
    """The report, with all that can be said about numbers that disagree."""
    import rich.console  # noqa: F401  (loads while the module runs)
    import rich.table  # noqa: F401

    from derive.checks.report import report, restricted

    runner.wait(progress=progress)
    result = report(work.planned.checks, runner)
    if said.wrt is not None:
        result = restricted(result, work.network, said.wrt, *work.wrt)
    if any(each.verdict == "disagrees" for each in result.shown):
        import codegen
        from derive.checks.disagreements import explained

        result = explained(result, work.planned.probes, work.system, runner,
                           lambda network: codegen.generate_files(network, work.derivation, said.target),
                           codegen.generate_trace(work.network, work.derivation, work.system, said.target), progress)
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
    gc.set_threshold(1_000_000, 50, 100)
    os.environ.setdefault("SYMPY_CACHE_SIZE", "None")  # all that it has computed is met again
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
