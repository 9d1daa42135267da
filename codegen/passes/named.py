"""Passes that can be left out, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Concatenate, ParamSpec

from codegen.program import Program

Options = ParamSpec("Options")
Pass = Callable[Concatenate[Program, Options], Program]
#: Every pass that may be left out, by name.
PASSES: dict[str, Callable[..., Program]] = {}
_OFF: ContextVar[frozenset[str]] = ContextVar("passes that are switched off", default=frozenset())


def optional(function: Pass[Options]) -> Pass[Options]:
    """A pass that may be left out: see `without`."""
    PASSES[function.__name__] = function

    @wraps(function)
    def applied(program: Program, *args: Options.args, **options: Options.kwargs) -> Program:
        return program if function.__name__ in _OFF.get() else function(program, *args, **options)

    return applied


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Programs that are made inside are made without these passes; ValueError for a name that no pass has."""
    if unknown := set(names) - PASSES.keys():
        raise ValueError(f"no pass is called {', '.join(sorted(unknown))}; there is {', '.join(PASSES)}")
    token = _OFF.set(_OFF.get() | set(names))
    try:
        yield
    finally:
        _OFF.reset(token)
