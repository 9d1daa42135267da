"""Networks in a notebook: what Jupyter shows of them, and the cell magic `%%derive`, which reads a page of YAML.

Nothing here needs IPython, which calls what it knows of.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Container
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from derive.file.errors import DeriveError, quoted
from derive.progress import PATIENCE

if TYPE_CHECKING:
    from derive.network import Network, NetworkDerivation

HEIGHT = "42rem"  # of the page in a notebook; its corner can be pulled
SECONDS = 2.0  # of training: a reader of a notebook waits for each cell
FORMATS = ("text/html", "text/latex", "text/plain")


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext derive`: the cell magic is there."""
    def derive(line: str, cell: str) -> Network:
        """Read the network that the cell describes in YAML, show it, and keep it under a name.

            %%derive [NAME]

        NAME is the variable that holds it then: network, if not given.
        """
        name = line.strip() or "network"
        if not name.isidentifier():
            raise DeriveError(f"{quoted(name)} is no name for a variable", help="write %%derive, or %%derive and one name")
        shell.user_ns[name] = made = read_cell(cell, name)
        return made

    shell.register_magic_function(derive, "cell", "derive")


def read_cell(cell: str, name: str) -> Network:
    """The network of a cell; its data files are looked for in the working folder.

    Raises:
        derive.file.FileError: the cell is not a valid network; lines are counted from that of the magic.
    """
    from derive.build import build
    from derive.file.reading import validated
    from derive.file.source import source_of_text

    source = source_of_text("\n" + cell, name, Path.cwd())
    return build(validated(source), source)


def mimebundle(derivation: Callable[[], NetworkDerivation], include: Container[str] | None = None,
               exclude: Container[str] | None = None) -> dict[str, str]:
    """What a notebook shows, in those of its formats that are asked for.

    HTML is the page of `--html`, in a frame: neither its style nor its script reaches the notebook. It is left out where
    the packages that make it are not installed.

    Args:
        derivation: is called where a format is wanted.
        include, exclude: media types; without `include`, those that the shell shows.
    """
    made: NetworkDerivation | None = None
    bundle: dict[str, str] = {}
    include = _shown() if include is None else include
    for kind, write in zip(FORMATS, (_html, _latex, _plain), strict=True):
        if kind in (include or FORMATS) and kind not in (exclude or ()):
            made = made or derivation()
            if text := write(made):
                bundle[kind] = text
    return bundle


def _shown() -> Container[str] | None:
    """The formats that the running shell shows; a terminal shows plain text only."""
    ipython = sys.modules.get("IPython")  # without it there is no shell
    shell = ipython and ipython.get_ipython()
    return shell.display_formatter.active_types if shell else None


def _html(derivation: NetworkDerivation) -> str | None:
    try:
        text = page(derivation)
    except ModuleNotFoundError:
        return None
    network = derivation.network
    return (f'<iframe title="{escape(network.title or network.name)}" sandbox="allow-scripts" srcdoc="{escape(text)}" '
            f'style="width: 100%; height: {HEIGHT}; border: 0; resize: vertical"></iframe>')


def _latex(derivation: NetworkDerivation) -> str:
    """Every equation with its number, as one display."""
    from derive.latex.page import Page

    return Page(derivation.network, derivation, "index").numbered(*derivation.system.equations)


def _plain(derivation: NetworkDerivation) -> str:
    """Every equation with its number, a line each."""
    network, equations = derivation.network, derivation.system.equations
    digits = len(str(len(equations)))
    return "\n".join([network.title or network.name,
                      *(f"  ({each.number:{digits}}) {each}" for each in equations)])


class _Doing:
    """What is being done, in one line below the cell that is empty in the end; nothing outside of a notebook."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._line: Any = None

    def __enter__(self) -> _Doing:
        return self

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            self._line.update({"text/plain": ""}, raw=True)

    def __call__(self, text: str) -> None:
        if self._line is not None:
            self._line.update({"text/plain": f"{text} …"}, raw=True)
        elif _shown() is not None and time.monotonic() > self._start + PATIENCE:
            display = sys.modules["IPython"].display.display
            self._line = display({"text/plain": f"{text} …"}, raw=True, display_id=True)


def page(derivation: NetworkDerivation) -> str:
    """The HTML page of a network: its module runs in a process of its own for the numbers.

    Raises:
        ModuleNotFoundError: a package of the extra `report` is missing.
        derive.checks.process.ModuleFailed: the generated module raised an error.
    """
    import codegen
    from derive.checks.process import Runner
    from derive.html import page, planned, sections
    from derive.latex.document import FEW_SAMPLES

    network = derivation.network
    with tempfile.TemporaryDirectory(prefix="derive-") as folder, Runner() as runner, _Doing() as doing:
        plan = planned(network, derivation)
        files = codegen.generate_files(network, derivation)
        module = Path(folder, f"{network.name}.py")
        codegen.write_files(files, module)
        runner.load(network, module, values=plan.moments.entries and (network.samples or 1) <= FEW_SAMPLES)
        plan.ask(runner, derivation, SECONDS)
        doing("writing the derivation")
        runner.wait("start")
        latex = derivation.latex(values=runner.values or None)
        sections(latex)
        runner.wait(progress=doing)
        doing("writing the page")
        return page(network, derivation, plan.until(len(runner.moments)), runner.moments, latex, files[".py"])
