"""The files besides the module: the HTML page, the PDF and the figure; whether they can be made is asked before all else."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from derive.options import WrongUsage
from derive.pdf import TeXMissing, engine, pdf

FIGURES = (".svg", ".png", ".pdf")
PACKAGES = {"html": "latex2mathml", "plot": "matplotlib"}


def check(said: argparse.Namespace) -> None:
    """WrongUsage, before anything is done, where a file that is asked for cannot be made."""
    paths = {option: path for option in ("html", "pdf", "plot") if (path := getattr(said, option)) is not None}
    for option, path in paths.items():
        if option == "plot" and path.suffix not in FIGURES:
            raise WrongUsage(f"--plot: {path} is no file that ends in .svg, .png or .pdf")
        if path.is_dir():
            raise WrongUsage(f"--{option}: {path} is a folder")
        if not (there := next(each for each in path.absolute().parents if each.exists())).is_dir():
            raise WrongUsage(f"--{option}: {path} cannot be written: {there} is no folder")
        package = PACKAGES.get(option)
        if package is not None and find_spec(package) is None:
            raise WrongUsage(f"--{option} needs the package {package}: install derive with its extra 'report'")
    if len({path.resolve() for path in paths.values()}) < len(paths):
        raise WrongUsage(f"{' and '.join(f'--{option}' for option in paths)} need a file each")
    if "pdf" in paths:
        try:
            engine()
        except TeXMissing as error:
            raise WrongUsage(f"--pdf needs TeX: {error}") from None


def write_pdf(latex: str, path: Path) -> None:
    """Typeset a document."""
    try:
        made = pdf(latex)
    except TeXMissing as error:
        raise WrongUsage(f"--pdf needs more of TeX: {error}") from None
    write("pdf", made, path)


def write(option: str, content: str | bytes, path: Path) -> None:
    """Write a file, or say that its option cannot be met."""
    import codegen  # and with it SymPy

    try:
        codegen.write(content, path)
    except OSError as error:
        raise WrongUsage(f"--{option}: {path} cannot be written: {error.strerror}") from None
