"""How training goes, as a figure: loss, score, weights and gradients over the updates (needs matplotlib, extra `report`)."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from derive.checks.moments import is_steep, moments
from derive.checks.process import Runner
from derive.checks.work import updates_of_training
from derive.network import Network, NetworkDerivation

FEW_ENTRIES = 24  # up to which every weight has a line of its own
MOST_NAMES = 12  # that a legend holds
SAMPLES = 1024  # of each set that losses and scores are of
SETS = {"data": "-", "test": "--"}
SCORES = {"values": "R²"}  # what the score of other predictions than values is: accuracy
STYLE: dict[Any, Any] = {"svg.hashsalt": "derive", "svg.fonttype": "none", "font.size": 9,
                         "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10,
                         "axes.titlelocation": "left", "legend.frameon": False, "legend.fontsize": 8,
                         "lines.linewidth": 1.3}

Series = tuple[str, str, list[float]]  # name, style of the line, a number for each moment


@dataclass(frozen=True)
class Plan:
    """The updates after which numbers are read, and whether weights are shown by entries."""

    after: tuple[int, ...]
    entries: bool

    def ask(self, runner: Runner) -> None:
        """Let the runner read the numbers, when it has done what it was asked before."""
        runner.curves(self.after, SAMPLES, self.entries)


def planned(network: Network, derivation: NetworkDerivation) -> Plan:
    """The plan of a network's figure."""
    return Plan(moments(network, derivation, updates_of_training(network)), network.parameter_count <= FEW_ENTRIES)


def figure(network: Network, plan: Plan, points: Sequence[Mapping[str, Any]], kind: str = "svg") -> bytes:
    """The figure as a file: equal input gives equal bytes.

    Args:
        points: what the runner has read at each moment of the plan.
        kind: svg, png or pdf.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    import matplotlib
    from matplotlib.figure import Figure

    losses, scores, weights, gradients = _series(network, points)
    how = "" if plan.entries else ", root mean square"
    panels = [(f"Loss {network.loss}", losses), (SCORES.get(network.kind, "Accuracy"), scores),
              (f"Parameters{how}", weights), (f"Gradients of {network.loss}{how}", gradients)]
    panels = [(title, series) for title, series in panels if series]
    with matplotlib.rc_context(STYLE):
        made = Figure(figsize=(9.6, 3.3 * math.ceil(len(panels) / 2)), layout="constrained")
        for place, (title, series) in enumerate(panels, 1):
            axes = made.add_subplot(math.ceil(len(panels) / 2), 2, place, title=title, xlabel="updates")
            _draw(axes, plan.after, series, steep=series is losses)
        file = io.BytesIO()
        made.savefig(file, format=kind, dpi=150, metadata={"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind))
    return file.getvalue()


def _series(network: Network, points: Sequence[Mapping[str, Any]]) -> tuple[list[Series], ...]:
    losses, scores = (
        [(which if len(points[0][what]) > 1 else "", line, [point[what][which] for point in points])
         for which, line in SETS.items() if which in points[0][what]] for what in ("loss", "score"))
    return (losses, scores if network.samples != 1 else [],  # of one sample it says nothing
            *([(label, "-", [_at(point[what][name], place) for point in points])
               for name in network.parameters if name in points[0][what]
               for label, place in _places(network, name, points[0][what][name])] for what in ("parameters", "gradients")))


def _places(network: Network, name: str, value: Any, place: tuple[int, ...] = ()) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The entries of nested lists, by the document's names where it has any."""
    if isinstance(value, list):
        for position, part in enumerate(value):
            yield from _places(network, name, part, (*place, position))
    else:
        counted = f"[{','.join(str(position + 1) for position in place)}]" if place else ""
        yield network.aliases.get((name, place), name + counted), place


def _at(value: Any, place: tuple[int, ...]) -> float:
    for position in place:
        value = value[position]
    return value


def _draw(axes: Any, after: Sequence[int], series: Sequence[Series], steep: bool) -> None:
    import matplotlib

    many = len(series) > MOST_NAMES  # a colour for each, from the first to the last
    colours = matplotlib.colormaps["viridis"]
    for place, (name, line, numbers) in enumerate(series):
        axes.plot(after, numbers, line, label=name, color=colours(place / len(series)) if many else None)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if after[-1] > 100:
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xlim(0, after[-1])
    finite = [number for _, _, numbers in series for number in numbers if math.isfinite(number)]
    if steep and finite and is_steep(finite):
        axes.set_yscale("log")
    if many:
        axes.set_title(f"{series[0][0]} (dark) to {series[-1][0]} (light)", loc="right", fontsize=8)
    elif any(name for name, _, _ in series):
        axes.legend(ncols=2 if len(series) > 6 else 1)
