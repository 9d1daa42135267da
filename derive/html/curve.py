"""The curve of the loss over the moments of training, as the points of a line."""

from __future__ import annotations

import math
from dataclasses import dataclass

from derive.checks.moments import is_steep
from derive.html.learning import Series
from derive.html.moments import Moments

WIDTH, HEIGHT = 400.0, 96.0


@dataclass(frozen=True)
class Curve:
    """Points from left to right, one for each moment; labels below some of them; the loss at both ends."""

    points: tuple[tuple[float, float], ...]
    labels: tuple[tuple[float, str], ...]
    first: float
    last: float
    logarithmic: bool

    @property
    def line(self) -> str:
        return " ".join(f"{x:g},{y:g}" for x, y in self.points)


def curve(loss: Series, moments: Moments) -> Curve | None:
    """The curve; None where there are not two finite numbers."""
    known = [number for number in loss if number is not None]
    if len(known) < 2:
        return None
    logarithmic = is_steep(known)
    heights = [math.log(number) if logarithmic else number for number in known]
    low, span = min(heights), (max(heights) - min(heights)) or 1.0
    points, labels = [], []
    for at, (number, after) in enumerate(zip(loss, moments.after, strict=True)):
        x = WIDTH * at / (len(loss) - 1)
        if number is not None:
            height = math.log(number) if logarithmic else number
            points.append((round(x, 1), round(HEIGHT * (1 - (height - low) / span), 1)))
        last = " updates" if after > 1 else " update"
        if after in (0, moments.after[-1]) or after > 1 and str(after).rstrip("0") == "1" and x < 0.7 * WIDTH:
            labels.append((round(x, 1), f"{after:,}".replace(",", "\u2009") + last * (after == moments.after[-1])))
    return Curve(tuple(points), tuple(labels), known[0], known[-1], logarithmic)
