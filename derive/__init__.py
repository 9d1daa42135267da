"""derive: one page of YAML becomes the derivation of a network, its NumPy code, and numbers that are checked.

    network = derive.load("network.yaml")
    derivation = network.derivation()
    derivation.gradient("W1")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derive.network import Network

__all__ = ["load"]


def load(path: str | Path) -> Network:
    """Read a network file and build its network.

    Raises:
        derive.file.FileError: the file is not a valid network; the error names file, line and column.
    """
    from derive.build import build  # SymPy loads only when a file is read
    from derive.file import read

    return build(*read(path))


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext derive` in a notebook: the cell magic `%%derive` reads a page of YAML."""
    from derive.notebook import load_ipython_extension

    load_ipython_extension(shell)
