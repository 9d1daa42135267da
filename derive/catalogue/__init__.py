"""The catalogue: layers, activations, losses, regularisers, optimisers and initialisers as forward equations.

Every entry is text in the language that a user types (`derive.file.formulas`), and takes the same road.  There is no
derivative here, and none anywhere else: the engine finds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Formula:
    """An entry of the catalogue: its equation, its options with their usual values, and where it comes from."""

    text: str
    options: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
