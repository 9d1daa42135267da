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
from derive.drawing.layered import nearest
from derive.network import Network, NetworkDerivation

FEW_ENTRIES = 24  # up to which every weight has a curve of its own
MOST_NAMES = 24  # curves that have their names beside them
SAMPLES = 1024  # of each set that losses and scores are of
SETS = {"data": "-", "test": "--"}
SCORES = {"values": "R²"}  # what the score of other predictions than values is: accuracy
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#a6761d", "#000000")  # all readers can tell them apart
STYLES = ("-", "--", "-.", ":")
STYLE: dict[Any, Any] = {"svg.hashsalt": "derive", "svg.fonttype": "none", "font.size": 9,
                         "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10,
                         "axes.titlelocation": "left", "lines.linewidth": 1.3}
KEY = (1.04, 1.11)  # where a piece of each curve stands before its name, in widths of the axes
NAME, LINE = 8.0, 10.0  # points: the size of a name, and how far one stands below the next
WIDTH, HEIGHT, MARGINS = 9.6, 3.3, 0.8  # inches: of the figure, of a panel, and of what is above and below its axes


@dataclass(frozen=True)
class Curve:
    """A number for each moment; curves of one group have one colour."""

    name: str
    group: str
    numbers: Sequence[float]
    style: str = ""


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
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    losses, scores, weights, gradients = _curves(network, points)
    how = "" if plan.entries else ", root mean square"
    panels = [(f"Loss {network.loss}", losses), (SCORES.get(network.kind, "Accuracy"), scores),
              (f"Parameters{how}", weights), (f"Gradients of {network.loss}{how}", gradients)]
    panels = [(title, curves) for title, curves in panels if curves]
    named = max((len(curves) for _, curves in panels if len(curves) <= MOST_NAMES), default=0)
    height = max(HEIGHT, MARGINS + named * LINE / 72)
    rows = math.ceil(len(panels) / 2)
    with matplotlib.rc_context(STYLE):
        layout = ConstrainedLayoutEngine()
        made = Figure(figsize=(WIDTH, height * rows), layout=layout)
        odd = len(panels) % 2  # then the first is as wide as two
        for place, (title, curves) in enumerate(panels, 1 + odd):
            axes = made.add_subplot(rows, 2, (1, 2) if odd and curves is losses else place, title=title, xlabel="updates")
            _draw(axes, plan.after, curves, steep=curves is losses)
        layout.execute(made)  # the axes have their sizes
        for axes, (_, curves) in zip(made.axes, panels, strict=True):
            _write_names(axes, plan.after, curves)
        file = io.BytesIO()
        made.savefig(file, format=kind, dpi=150, metadata={"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind))
    return file.getvalue()


def _curves(network: Network, points: Sequence[Mapping[str, Any]]) -> tuple[list[Curve], ...]:
    losses, scores = (
        [Curve(which if len(points[0][what]) > 1 else "", what, [point[what][which] for point in points], style)
         for which, style in SETS.items() if which in points[0][what]] for what in ("loss", "score"))
    return (losses, scores if network.samples != 1 else [],  # of one sample it says nothing
            *([Curve(label, name, [_at(point[what][name], place) for point in points])
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


def _draw(axes: Any, after: Sequence[int], curves: Sequence[Curve], steep: bool) -> None:
    for curve, look in zip(curves, _looks(curves), strict=True):
        axes.plot(after, curve.numbers, **look)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if after[-1] > 100:
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xlim(0, after[-1])
    finite = [number for curve in curves for number in curve.numbers if math.isfinite(number)]
    if steep and finite and is_steep(finite):
        axes.set_yscale("log")
    if len(curves) > MOST_NAMES:
        axes.set_title(f"{curves[0].name} (dark) to {curves[-1].name} (light)", loc="right", fontsize=NAME)


def _looks(curves: Sequence[Curve]) -> list[dict[str, Any]]:
    """Colour and style of each curve: a colour for a group, and styles by turns in it; of very many a shade for each."""
    import matplotlib

    if len(curves) > MOST_NAMES:
        shades = matplotlib.colormaps["viridis"]
        return [{"color": shades(place / len(curves))} for place in range(len(curves))]
    looks = []
    groups: dict[str, tuple[int, int]] = {}  # its number, and how many of it there have been
    for curve in curves:
        number, before = groups.get(curve.group, (len(groups), 0))
        groups[curve.group] = number, before + 1
        turn, style = divmod(before + number // len(COLOURS), len(STYLES))
        looks.append({"color": COLOURS[number % len(COLOURS)], "linestyle": curve.style or STYLES[style],
                      "alpha": 0.6 ** turn})
    return looks


def _write_names(axes: Any, after: Sequence[int], curves: Sequence[Curve]) -> None:
    """The name of each curve after a piece of it, as near to its end as the names beside it allow."""
    if len(curves) > MOST_NAMES:
        return
    apart = LINE / 72 * axes.figure.dpi / axes.get_window_extent().height
    ends = []
    for curve, look in zip(curves, _looks(curves), strict=True):
        finite = [point for point in zip(after, curve.numbers, strict=True) if math.isfinite(point[1])]
        if finite and curve.name:
            height = axes.transAxes.inverted().transform(axes.transData.transform(finite[-1]))[1]
            ends.append((float(height), curve.name, finite[-1], look))
    ends.sort(key=lambda end: end[0])
    wanted = nearest([height for height, *_ in ends], [1.0] * len(ends), [apart] * len(ends))
    for at, (place, (_, name, last, look)) in enumerate(zip(wanted, ends, strict=True)):
        y = min(max(place, at * apart), 1 - (len(ends) - 1 - at) * apart)
        axes.annotate("", last, (KEY[0], y), textcoords="axes fraction", annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": look["color"], "lw": 0.4, "shrinkA": 0, "shrinkB": 0})
        axes.plot(KEY, (y, y), transform=axes.transAxes, clip_on=False, **look)
        axes.annotate(name, (KEY[1], y), (3, 0), "axes fraction", "offset points", color=look["color"], fontsize=NAME,
                      va="center", annotation_clip=False)
