"""A number taken apart: its equation at one entry, then that of every derivative in it, with the numbers put in.

    dE/dw5 = out_h1*dE/dnet_o1 = 0.593269992107*0.138498561629 = 0.0821670405642

So whoever worked it out by hand sees which factor is off.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympy import Expr, Integer, Symbol

from derive.checks.asked import Probes, Take
from derive.instantiate import Entry, evaluate_indices, outer_accesses
from derive.language.equations import System
from derive.language.expressions import Access, Index, Reduction
from derive.language.substitution import SAMPLES
from derive.network import Network

MOST_TERMS = 8  # a longer sum is not written out
MOST_LINES = 8


@dataclass(frozen=True)
class Line:
    """take = body, an expression over accesses at numbers; `read` has what is read for each of them."""

    take: Take
    body: Expr
    read: Mapping[Entry, Take]

    @property
    def takes(self) -> list[Take]:
        return [self.take, *self.read.values()]


def taken_apart(take: Take, system: System, network: Network, probes: Probes) -> list[Line]:
    """The lines that lead to a number, itself first; none where its sums are too long to be written out.

    A parameter after an update is taken apart into the gradient that it was updated by.
    """
    name, after = take.name, take.after
    if name in network.trained and after and network.training.update_order == "simultaneous":
        name, after = probes.derivation.adjoint(name).quantity.name, after - 1
    derivatives = {a.quantity.name for a in probes.derivation.adjoints} | set(probes.derivatives)
    lines: list[Line] = []
    waiting = [replace(take, name=name, after=after)]
    seen = set(waiting)
    while waiting and len(lines) < MOST_LINES:
        line = line_at(waiting.pop(0), system, network)
        if line is None:
            continue
        lines.append(line)
        new = [read for entry, read in line.read.items() if entry[0] in derivatives and read not in seen]
        waiting += new
        seen.update(new)
    return lines


def line_at(take: Take, system: System, network: Network) -> Line | None:
    """The equation of a quantity at one entry; None where it has none, or one too long to be written out."""
    equation = system.definitions.get(take.name)
    sizes = {**network.sizes, SAMPLES: network.samples or 5}
    if equation is None or _terms(equation.body, sizes) > MOST_TERMS:
        return None
    labels = {name: data for name, data in network.data.items() if system.quantities[name].integer}
    body = evaluate_indices(equation.body, dict(zip(equation.target.indices, take.entry, strict=True)), sizes, labels)
    read = [(a.name, tuple(map(int, a.indices))) for a in outer_accesses(body)]
    return Line(take, body, {entry: replace(take, name=entry[0], entry=entry[1]) for entry in read})


def _terms(body: Expr, sizes: Mapping[Symbol, int]) -> float:
    """How many terms the sums of an expression have when they are written out."""
    def count(index: Index) -> float:
        return float(index.size.xreplace({symbol: Integer(size) for symbol, size in sizes.items()}))

    own = math.prod(count(i) for i in body.indices) if isinstance(body, Reduction) else 1
    return own * max((_terms(a, sizes) for a in body.args if isinstance(a, Expr)), default=1)


def written(line: Line, numbers: Mapping[Take, float], network: Network, probes: Probes) -> str:
    """A line of text: the names, the numbers, the result."""
    accesses = outer_accesses(line.body)
    keys = [Symbol(f"entry{i:03d}") for i in range(len(accesses))]
    formula = str(line.body.xreplace(dict(zip(accesses, keys, strict=True))))

    def filled(words: Sequence[str]) -> str:
        return re.sub(r"\bentry(\d{3})\b", lambda found: words[int(found.group(1))], formula)

    entries = [_entry(access) for access in accesses]
    values = [_number(numbers[line.read[entry]]) for entry in entries]
    parts = [label((line.take.name, line.take.entry), network, probes),
             filled([label(entry, network, probes) for entry in entries]),
             filled([f"({value})" if value.startswith("-") else value for value in values]),
             _number(numbers[line.take])]
    return " = ".join(dict.fromkeys(parts))


def label(entry: Entry, network: Network, probes: Probes) -> str:
    """The document's name of an entry, else such as a1[1,2], counted from 1; dE/dw5 for a derivative."""
    derivation = probes.derivation
    of: dict[str, tuple[Entry, str]] = {a.quantity.name: ((derivation.objective, ()), a.of.name)
                                        for a in derivation.adjoints} | probes.derivatives
    if entry[0] in of:
        top, by = of[entry[0]]
        return f"d{label(top, network, probes)}/d{label((by, entry[1]), network, probes)}"
    places = f"[{','.join(str(i + 1) for i in entry[1])}]" if entry[1] else ""
    return network.aliases.get(entry) or entry[0] + places


def _entry(access: Access) -> Entry:
    return access.name, tuple(map(int, access.indices))


def _number(value: Any) -> str:
    return f"{value:.12g}"
