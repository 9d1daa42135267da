"""C programs of networks, built and loaded in a folder of the test's own."""

from __future__ import annotations

import importlib.util
import shutil
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from emitted import derivation, network

import codegen

compiler = shutil.which("cc") or shutil.which("gcc")
needs_compiler = pytest.mark.skipif(compiler is None, reason="there is no C compiler here: install gcc")
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")


@cache
def files(text: str) -> dict[str, str]:
    return codegen.generate_files(network(text), derivation(text), "c")


def written(text: str, folder: Path) -> Path:
    """The path of the C file; the others are beside it."""
    path = folder / f"{network(text).name}.c"
    codegen.write_files(files(text), path.with_suffix(".py"))
    return path


def loaded(text: str, folder: Path) -> ModuleType:
    path = written(text, folder).with_suffix(".py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
