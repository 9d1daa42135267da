"""The table and the picture of what was measured."""

from __future__ import annotations

import sys
from typing import Any

from training_systems import PRODUCTS, is_ours


def show(measured: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(caption=CAPTION)
    for heading in ("system", "each step"):
        table.add_column(heading, no_wrap=True)
    for heading in ("median\nµs a step", "quartiles\nµs", "÷ matrix\nproducts", "ours ÷\nbest peer", "memory\nMiB",
                    "allocated\nKiB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in measured["rows"]:
        table.add_section()
        table.add_row(f"[bold]{row['name']}[/bold]")
        for name, system in sorted(row["systems"].items(), key=lambda item: item[1]["median"]):
            style = "green" if is_ours(name) else "dim" if name == PRODUCTS else ""
            low, high = (1e6 * seconds for seconds in system["quartiles"])
            table.add_row(
                f"  {name}", "in a loop inside" if system["loop_inside"] else "a call", _digits(1e6 * system["median"]),
                f"{_digits(low)}–{_digits(high)}", _digits(system.get("to_products")),
                _digits(system.get("to_best_peer")), _digits(_divided(system["memory"], 2**20)),
                _digits(_divided(system["allocated"], 2**10)), style=style)
    Console(width=None if sys.stdout.isatty() else 150).print(table)
    asked = measured["machine"]["threads"]
    used = {(name, system["threads"]) for row in measured["rows"] for name, system in row["systems"].items()}
    for threads in sorted({threads for _, threads in used if threads is not None}):
        print(f"{'' if threads == asked else 'NOT AS ASKED: '}{threads} threads, as the libraries say themselves: "
              + "; ".join(sorted(name for name, own in used if own == threads)))
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in measured["rows"]:
        for name, reason in row["skipped"].items():
            reasons.setdefault((name, reason), []).append(row["name"])
    for (name, reason), rows in reasons.items():
        print(f"left out: {name}: {reason}", "" if len(rows) == len(measured["rows"]) else f"({'; '.join(rows)})")
    for row in measured["rows"]:
        for name, error in row["wrong"].items():
            print(f"WRONG {name}, {row['name']}: {error}")


CAPTION = """\
Median and quartiles of the blocks; ratios are medians of the ratios within a round.
best peer: the fastest of those that train and are not ours.
memory: the most that the process had in RAM in its training blocks, less what it had when its libraries were imported.
allocated: the most that Python and NumPy held in a run of 10 steps above what they held before and after it (tracemalloc;
where all arrays are NumPy's)."""


def plot(measured: dict[str, Any], path: str) -> None:
    """Times over those of the matrix products, with quartiles, a group for each network."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = measured["rows"]
    names = list(dict.fromkeys(name for row in rows for name in row["systems"] if name != PRODUCTS))
    figure, axes = pyplot.subplots(figsize=(12, 5.5), layout="constrained")
    for place, name in enumerate(names):
        points = []
        for group, row in enumerate(rows):
            if name in row["systems"] and PRODUCTS in row["systems"]:
                system, unit = row["systems"][name], row["systems"][PRODUCTS]["median"]
                low, high = (abs(q - system["median"]) / unit for q in system["quartiles"])
                points.append((group + 0.8 * ((place + 0.5) / len(names) - 0.5), system["median"] / unit, low, high))
        if points:
            at, times, low, high = zip(*points, strict=True)
            axes.errorbar(at, times, (low, high), fmt="D" if is_ours(name) else "o", label=name, capsize=2,
                          markersize=8 if is_ours(name) else 5, markeredgecolor="black" if is_ours(name) else "none",
                          color=f"C{place}" if place < 10 else pyplot.get_cmap("Dark2")(place - 10))
    for group in range(1, len(rows)):
        axes.axvline(group - 0.5, color="0.85", linewidth=0.8)
    axes.axhline(1, color="0.3", linewidth=1)
    axes.set_yscale("log")
    axes.set_xlim(-0.5, len(rows) - 0.5)
    axes.set_xticks(range(len(rows)), [row["name"].replace(", ", "\n") for row in rows], fontsize=8)
    axes.set_ylabel("time of a training step ÷ time of its matrix products")
    axes.set_title(f"{measured['machine']['processor']}, {measured['machine']['threads']} threads", fontsize=10)
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    figure.savefig(path, dpi=160)


def _divided(value: int | None, unit: int) -> float | None:
    return None if value is None else value / unit


def _digits(value: float | None) -> str:
    """Three significant digits, without exponent."""
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"
