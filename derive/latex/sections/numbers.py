"""The numbers: what is given, and the forward pass entry by entry with the numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod

from derive.instantiate import evaluate_indices, instantiate, number
from derive.language.equations import Equation, Role, System
from derive.language.expressions import Access
from derive.language.substitution import SAMPLES
from derive.latex.entries import Entries, EntryPrinter
from derive.latex.lines import PAGE
from derive.latex.printer import NumberPrinter, Printer
from derive.latex.rows import Row, merged, rows_of
from derive.latex.width import width
from derive.network import Network

_MOST_ROWS = 8
MOST_FORWARD = 60  # scalar entries of a forward pass that is written out
_MOST_SAMPLES = 3


def numbers(view: Entries, whole: Callable[[str], str]) -> str:
    """The given numbers, and every forward entry as a formula, with numbers put in, and as a result."""
    if view.values is None or not view.samples:
        return ""
    shown = _shown(view)
    if not shown:
        return ""
    sampled, before, after = _forward_parts(view)
    forward = ForwardRows(view)
    out = [r"\section{The numbers}", "The forward equations, written out for each entry, with the numbers put in. "
           + ("" if view.single else f"All {view.samples} samples are shown. " if shown == view.samples
              else f"Of the {view.samples} samples the first is shown. ")
           + precision(view.digits), rf"{{\raggedright Given are {_given(view, whole)}.\par}}"]
    parts = ["Entry by entry:"] if view.single or before else []
    parts += [rows_of(forward.of(before))] if before else []
    for sample in range(shown):
        if not view.single:
            parts.append(rf"\paragraph{{Sample {sample + 1}.}}")
        parts.append(rows_of(forward.of(sampled, sample)))
    if after and not view.single:
        definitions = view.derivation.forward.definitions
        scalars = [name for name in after if not definitions[name].target.indices]
        summed = [forward.printer.marked(evaluate_indices(definitions[name].body, {}, view.sizes)) for name in scalars]
        parts += ["Over all samples:", rows_of(
            row._replace(parts=[formula, *row.parts[1 if shown == view.samples else -1:]])
            for formula, row in zip(summed, forward.of(scalars), strict=True))]
    elif after:
        parts.append(rows_of(forward.of(after)))
    return "\n\n".join([*out, merged(parts)])


class ForwardRows:
    """The forward equations entry by entry: as a formula, with the numbers put in, and as a result."""

    def __init__(self, view: Entries) -> None:
        self.view = view
        self.printer = EntryPrinter(view.derivation.system.quantities, {**view.aliases, **view.network.aliases})
        self._equations: dict[str, list[Equation]] = {}
        for equation in instantiate(view.derivation.forward, view.network.sizes, view.samples or 1).equations:
            self._equations.setdefault(equation.name, []).append(equation)

    def of(self, names: Iterable[str], sample: int | None = None) -> list[Row]:
        """The rows of all entries of some quantities, or of those that belong to one sample."""
        return [self._row(equation) for name in names for equation in self._equations[name]
                if sample is None or _sample_of(self.view, equation.target) == sample]

    def _row(self, equation: Equation) -> Row:
        assert self.view.values is not None
        values, body = self.view.values, equation.body
        at_labels = self.view.at_labels(body)
        numbers = NumberPrinter(values, self.view.digits, self.view.derivation.system.quantities, self.printer.aliases)
        return Row(self.printer.marked(equation.target),
                   self.view.steps([self.printer.marked(body), self.printer.marked(at_labels)],
                                   [numbers.marked(at_labels)], number(at_labels, values)))


def _shown(view: Entries) -> int:
    """The samples whose forward pass is written out: all of a few, or the first; none of a large network."""
    samples = view.samples or 0
    if samples <= _MOST_SAMPLES and forward_entries(view.network, view.derivation.forward, samples) <= MOST_FORWARD:
        return samples
    return 1 if forward_entries(view.network, view.derivation.forward) <= MOST_FORWARD else 0


def forward_entries(network: Network, forward: System, samples: int = 1) -> int:
    """How many numbers a forward pass computes."""
    return sum(prod(samples if index.size == SAMPLES else network.size(index.size) or MOST_FORWARD + 1
                    for index in equation.target.indices) for equation in forward.equations)


def _forward_parts(view: Entries) -> tuple[list[str], list[str], list[str]]:
    """Quantities that belong to a sample, those of none, and those of all samples, in forward order."""
    sampled: list[str] = []
    before: list[str] = []
    after: list[str] = []
    quantities = view.derivation.system.quantities
    for equation in view.derivation.forward.in_order():
        if any(i.size == SAMPLES for i in equation.target.indices):
            sampled.append(equation.name)
        elif any(name in after or any(i.size == SAMPLES for i in quantities[name].indices)
                 for name in equation.reads):
            after.append(equation.name)
        else:
            before.append(equation.name)
    return sampled, before, after


def _sample_of(view: Entries, entry: Access) -> int | None:
    indices = view.derivation.system.quantities[entry.name].indices
    return next((int(at) for i, at in zip(indices, entry.indices, strict=True) if i.size == SAMPLES), None)


def _given(view: Entries, whole: Callable[[str], str]) -> str:
    """Data and parameters, as matrices where they fit."""
    assert view.values is not None
    quantities = view.derivation.system.quantities
    names = [q.name for q in quantities.values() if q.role in (Role.INPUT, Role.TARGET, Role.PARAMETER)
             and (q.name, (0,) * len(q.indices)) in view.values]
    return ",\n".join(_given_one(view, name, whole) for name in names)


def _given_one(view: Entries, name: str, whole_name: Callable[[str], str]) -> str:
    assert view.values is not None
    quantity = view.derivation.system.quantities[name]
    places = sorted(place for of, place in view.values if of == name)
    if any(i.size == SAMPLES for i in quantity.indices):
        places = [p for p in places if (_sample_of(view, Access(name, *p)) or 0) < (view.samples or 1)]
    aliases = {**view.aliases, **view.network.aliases}
    printer = Printer(view.derivation.system.quantities, aliases)
    entry = {p: printer.plain(Access(name, *p)) for p in places}
    value = {p: view.given(view.values[name, p] + quantity.integer) for p in places}
    if len(places) == 1 and (name, places[0]) in aliases or not quantity.indices:
        return f"${entry[places[0]]} = {value[places[0]]}$"
    if len(quantity.indices) <= 2 and places:
        whole = whole_name(name)
        if whole == view.print.plain(quantity.entry):
            whole = rf"\bigl({whole}\bigr)"
        grids = [value]
        if all((name, p) in aliases for p in places):
            grids.insert(0, entry)
        latex = " = ".join([whole, *map(_grid, grids)])
        rows = 1 + max(p[0] for p in places)
        axis = quantity.sample_axis
        if axis is not None and (width(latex) > PAGE if axis else rows > _MOST_ROWS):
            latex = f"{whole} = " + _grid({p: value[p] for p in places if p[axis] < _MOST_SAMPLES}, more=axis)
            rows = rows if axis else _MOST_SAMPLES
        if rows <= _MOST_ROWS and width(latex) <= PAGE:
            return rf"\mbox{{${latex}$}}"
    return ",\n".join(f"${entry[p]} = {value[p]}$" for p in places)


def own_names(view: Entries) -> list[str]:
    """What the document calls the entries of each quantity, where it has names for all of them."""
    out = []
    for quantity in view.derivation.forward.quantities.values():
        entries = list(view.entries(quantity.name))
        if 1 <= len(quantity.indices) <= 2 and all(view.print._alias(entry) for entry in entries):
            grid = _grid({tuple(map(int, entry.indices)): view.print.plain(entry) for entry in entries})
            out.append(rf"\mbox{{$\bigl({view.print.plain(quantity.entry)}\bigr) = {grid}$}}")
    return out


def _grid(entries: Mapping[tuple[int, ...], str], more: int | None = None) -> str:
    """Entries by their places as a matrix, with dots where it goes on along an axis; a vector is a column."""
    rows: dict[int, list[str]] = {}
    for place, entry in entries.items():
        rows.setdefault(place[0], []).append(entry)
    lines = [" & ".join([*row, *[r"\cdots"] * (more == 1)]) for row in rows.values()] + [r"\vdots"] * (more == 0)
    return r"\begin{pmatrix} " + r" \\ ".join(lines) + r" \end{pmatrix}"


def precision(digits: int) -> str:
    return (f"Results are printed to {digits} decimal{'s' * (digits > 1)}, very small and very large ones to as many "
            "significant digits; nothing is rounded in between.")
