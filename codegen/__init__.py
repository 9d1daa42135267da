"""Array programs from equations.

`generate` turns a network and its derivation into the text of a Python module, and `generate_files` into all files of a
target; `write` and `write_files` put them into place.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from codegen import targets
from derive.calculus.record import Derivation
from derive.language.equations import System
from derive.network import Network

__all__ = ["generate", "generate_files", "generate_trace", "write", "write_files"]


def generate(network: Network, derivation: Derivation, target: str = "numpy") -> str:
    """The text of the Python module of a target: `generate_files(…)[".py"]`."""
    return generate_files(network, derivation, target)[".py"]


def generate_files(network: Network, derivation: Derivation, target: str = "numpy") -> dict[str, str]:
    """The texts of a program that computes the network, the derived gradients and the training, by file ending.

    One of them is a Python module, ".py"; it finds the others beside it.  Equal input gives equal text, to the byte.

    Args:
        network: with its forward equations, parameters and training.
        derivation: of the network's loss by all of its parameters.
        target: one of codegen.targets.names().

    Raises:
        ValueError: there is no such target, or the derivation is not of this network's loss.
    """
    if derivation.objective != network.loss:
        raise ValueError(f"the derivation is of {derivation.objective}, the network's loss is {network.loss}")
    return targets.load(target).emit(network, derivation)


def generate_trace(network: Network, derivation: Derivation, system: System, target: str = "numpy") -> dict[str, str]:
    """The files of a program that only computes every quantity of a system, which may hold more than the derivation."""
    return targets.load(target).emit_trace(network, derivation, system)


def write_files(files: Mapping[str, str], module: str | os.PathLike[str]) -> None:
    """Write the files of a target, those that the Python module reads before it."""
    for ending in sorted(files, key=lambda ending: ending == ".py"):
        write(files[ending], Path(module).with_suffix(ending))


def write(text: str | bytes, path: str | os.PathLike[str]) -> None:
    """Write a file in one go: whoever looks finds the old text or the new, never a part.

    The folder is made where it is missing. When anything fails, an earlier file stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with open(handle, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
