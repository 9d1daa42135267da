"""The numbers: what is given, and the forward pass entry by entry with the numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sympy import Expr

from derive.instantiate import evaluate_indices, instantiate, number
from derive.language.equations import Equation, Role
from derive.language.expressions import Access
from derive.language.substitution import SAMPLES
from derive.latex.entries import Entries, EntryPrinter
from derive.latex.lines import PAGE, width
from derive.latex.printer import NumberPrinter, Printer
from derive.latex.rows import merged, rows_of

_MOST_ROWS = 8
_MOST_FORWARD = 60  # scalar entries of a forward pass that is written out
_MOST_SAMPLES = 3


def numbers(view: Entries, whole: Callable[[str], str]) -> str:
    """The given numbers, and every forward entry as a formula, with numbers put in, and as a result."""
    if view.values is None or not view.samples:
        return ""
    shown = _shown(view)
    if not shown:
        return ""
    sampled, before, after = _forward_parts(view)
    out = [r"\section{The numbers}", "The forward equations, written out for each entry, with the numbers put in. "
           + ("" if view.single else f"All {view.samples} samples are shown. " if shown == view.samples
              else f"Of the {view.samples} samples the first is shown. ")
           + precision(view.digits), rf"{{\raggedright Given are {_given(view, whole)}.\par}}"]
    labels = _labels(view)
    aliases = {**view.aliases, **view.network.aliases}
    instance = instantiate(view.derivation.forward, view.network.sizes, view.samples)
    of: dict[str, list[Equation]] = {}
    for equation in instance.equations:
        of.setdefault(equation.name, []).append(equation)
    printer = EntryPrinter(view.derivation.system.quantities, aliases)

    def row(equation: Equation) -> tuple[str, list[str]]:
        inserted = evaluate_indices(equation.body, {}, view.numeric_sizes, labels)
        return printer.marked(equation.target), _inserted(view, equation.body, inserted, printer)

    def rows(names: Sequence[str], sample: int | None) -> list[tuple[str, list[str]]]:
        return [row(e) for name in names for e in of[name]
                if sample is None or _sample_of(view, e.target) == sample]

    parts = ["Entry by entry:"] if view.single or before else []
    parts += [rows_of(rows(before, None))] if before else []
    for sample in range(shown):
        if not view.single:
            parts.append(rf"\paragraph{{Sample {sample + 1}.}}")
        parts.append(rows_of(rows(sampled, sample)))
    if after and not view.single:
        definitions = view.derivation.forward.definitions
        parts += ["Over all samples:", rows_of([
            (left, [printer.marked(evaluate_indices(definitions[name].body, {}, view.sizes)), *right[
                1 if shown == view.samples else -1:]])
            for name in after for e in of[name] if not e.target.indices
            for left, right in [row(e)]])]
    elif after:
        parts.append(rows_of(rows(after, None)))
    return "\n\n".join([*out, merged(parts)])


def _shown(view: Entries) -> int:
    """The samples whose forward pass is written out: all of a few, or the first; none of a large network."""
    once = each = 0
    for equation in view.derivation.forward.equations:
        count = 1
        for index in equation.target.indices:
            count *= 1 if index.size == SAMPLES else view.network.size(index.size) or _MOST_FORWARD + 1
        by_sample = any(i.size == SAMPLES for i in equation.target.indices)
        once, each = once + count * (not by_sample), each + count * by_sample
    samples = view.samples or 0
    if samples <= _MOST_SAMPLES and once + samples * each <= _MOST_FORWARD:
        return samples
    return 1 if once + each <= _MOST_FORWARD else 0


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


def _labels(view: Entries) -> dict[str, dict]:
    """The values of integer quantities, as nested mappings."""
    assert view.values is not None
    out: dict[str, dict] = {}
    for (name, place), value in view.values.items():
        if place and name in view.derivation.system.quantities and view.derivation.system.quantities[name].integer:
            level = out.setdefault(name, {})
            for position in place[:-1]:
                level = level.setdefault(position, {})
            level[place[-1]] = int(value)
    return out


def _inserted(view: Entries, body: Expr, at_labels: Expr, printer: Printer) -> list[str]:
    """A formula, with its numbers put in, and its value, each once."""
    assert view.values is not None
    values = view.values
    out = [printer.marked(body)]
    numbers = NumberPrinter(values, view.digits, view.derivation.system.quantities, printer.aliases)
    for printed in ([printer.marked(at_labels)] if at_labels != body else []) + [
            numbers.marked(at_labels), view.real(number(at_labels, values))]:
        if printed != out[-1]:
            out.append(printed)
    return out


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
    value = {p: view.real(view.values[name, p] + quantity.integer) for p in places}
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
        if rows > _MOST_ROWS and quantity.indices[0].size == SAMPLES:
            latex = f"{whole} = " + _grid({p: value[p] for p in places if p[0] < _MOST_SAMPLES}, more=True)
            rows = _MOST_SAMPLES
        if rows <= _MOST_ROWS and width(latex) <= PAGE:
            return rf"\mbox{{${latex}$}}"
    return ",\n".join(f"${entry[p]} = {value[p]}$" for p in places)


def _grid(entries: Mapping[tuple[int, ...], str], more: bool = False) -> str:
    """Entries by their places as a matrix; a vector is a column."""
    rows: dict[int, list[str]] = {}
    for place, entry in entries.items():
        rows.setdefault(place[0], []).append(entry)
    lines = [" & ".join(row) for row in rows.values()] + ([r"\vdots"] if more else [])
    return r"\begin{pmatrix} " + r" \\ ".join(lines) + r" \end{pmatrix}"


def precision(digits: int) -> str:
    return (f"Numbers are printed to {digits} decimals, very small and very large ones to {digits} "
            "significant digits; nothing is rounded in between.")
