"""The targets, a folder each: a printer, templates, and the two functions of `Target`."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol, cast

from derive.calculus.record import Derivation
from derive.language.equations import System
from derive.network import Network


class Target(Protocol):
    """What the package of a target offers: functions that give texts by file ending, that of a Python module among them.

    The module has the interface of every other target's: `initial_parameters`, `forward`, `loss_and_gradients`, `trace`
    and `Model`; that of `emit_trace` has `trace` only.
    """

    def emit(self, network: Network, derivation: Derivation) -> dict[str, str]: ...

    def emit_trace(self, network: Network, derivation: Derivation, system: System) -> dict[str, str]: ...


def names() -> list[str]:
    """The targets that there are: the folders beside this file, and those in any other folder of `__path__`."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def load(name: str) -> Target:
    """The target of this name.

    Raises:
        ValueError: there is none.
    """
    if name not in names():
        raise ValueError(f"no target is called {name!r}; there is {', '.join(names())}")
    return cast(Target, importlib.import_module(f"{__name__}.{name}"))
