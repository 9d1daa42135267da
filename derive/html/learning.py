"""The numbers of a page: of entries, or of whole quantities, and of local derivatives, at each moment of training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sympy import Expr

from derive.calculus.record import Derivation
from derive.checks.process import entries
from derive.drawing import Factor, Place
from derive.html.moments import Moments, sample_axes
from derive.instantiate import Entry, evaluate_indices, number
from derive.language.substitution import SAMPLES
from derive.network import Network

Series = list[float | None]
DIGITS, FEW = 9, 6  # significant ones, of entries and of root mean squares


class Learning:
    """Numbers by place, a list of one for each moment; None where there is no finite one.

    Args:
        found: what the runner read at each moment.
    """

    def __init__(self, network: Network, derivation: Derivation, moments: Moments,
                 found: Sequence[Mapping[str, Any]]) -> None:
        self.moments = moments
        self._derivation = derivation
        self._axes = sample_axes(derivation) if moments.entries else {}
        self._constants: dict[Entry, float] = {(q.name, ()): q.value for q in network.constants.values()
                                               if isinstance(q.value, (int, float))}
        self._values = [self._flat(each) for each in found]
        self._labels = {name: network.data[name] for name in network.data if network.system.quantities[name].integer}
        self._sizes = {**network.sizes, SAMPLES: moments.samples}
        self._forms: dict[Expr, Series] = {}

    def of(self, place: Place) -> Series | None:
        """The numbers of an entry, or of a whole quantity; None where there are none."""
        key = (place[0], place[1] or ())
        if not self._values or key not in self._values[0]:
            return None
        return [_rounded(each[key], DIGITS if self.moments.entries else FEW) for each in self._values]

    def of_factor(self, factor: Factor) -> Series:
        """The numbers of a local derivative between two entries; of many samples, for the first."""
        path = next(path for path in self._derivation.adjoint(factor.by[0]).paths if path.through.name == factor.of[0])
        local = path.local
        place = {**dict(zip(local.of.indices, factor.of[1] or (), strict=True)),
                 **dict(zip(local.by.indices, factor.by[1] or (), strict=True))}
        form = evaluate_indices(local.form, place, self._sizes, self._labels)
        if form not in self._forms:
            self._forms[form] = [_rounded(number(form, each), DIGITS) for each in self._values]
        return self._forms[form]

    def _flat(self, found: Mapping[str, Any]) -> dict[Entry, float]:
        flat = dict(self._constants)
        for name, nested in found.items():
            axis = self._axes.get(name)
            flat |= {(name, place if axis is None else (*place[:axis], 0, *place[axis:])): value
                     for place, value in entries(nested)}
        return flat


def _rounded(value: float, digits: int) -> float | None:
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None
