"""A program as the plain functions of the module have it: one statement a line, each with its equation and shape."""

from __future__ import annotations

from sympy import Mul

from codegen.program import Block, Guard, Kind, Program, Statement, Step, flat
from codegen.targets.numpy.printer import NumpyPrinter
from derive.language.expressions import Access, Delta, Index, Sum

Line = tuple[str, str]  # code and its comment


def plain_lines(step: Step, program: Program, printer: NumpyPrinter) -> list[Line]:
    """Lines of code, each with its comment: ('z1 = x @ W1 + b1', '(1)  (m, 2)')."""
    printer.quantities = program.quantities
    if isinstance(step, Statement):
        return [*_made_before(step, program, printer), *_lines(step, program, printer)]
    return [line for s in flat(step.body) for line in _made_before(s, program, printer)] + _block(step, program, printer)


def _block(step: Block, program: Program, printer: NumpyPrinter) -> list[Line]:
    lines = [(heading(step, printer), "")]
    for inner in step.body:
        if isinstance(inner, Statement):
            inside = [(code, comment or f"({inner.number})") for code, comment in _lines(inner, program, printer)]
        else:
            inside = _block(inner, program, printer)
        lines += [(f"    {code}", comment) for code, comment in inside]
    return lines


def heading(step: Block, printer: NumpyPrinter) -> str:
    """The line that a loop or a condition begins with."""
    if isinstance(step, Guard):
        return f"if {printer.text(step.condition)}:"
    values = f"range({printer.size(step.counter.size)})"
    return f"for {step.counter.name} in {values if step.step > 0 else f'reversed({values})'}:"


def _comment(statement: Statement, program: Program, printer: NumpyPrinter) -> str:
    quantity = program.quantities[statement.name]
    return f"({statement.number})  {printer.shape(quantity.shape) if quantity.indices else 'scalar'}"


def _made_before(statement: Statement, program: Program, printer: NumpyPrinter) -> list[Line]:
    """The array that the statement fills a part of, where it is the first to do so."""
    if not statement.partial or program.first[statement.name] is not statement:
        return []
    shape = printer.shape(program.quantities[statement.name].shape)
    return [(f"{printer.identifier(statement.name)} = np.empty({shape}, {printer.dtype})",
             _comment(statement, program, printer))]


def _lines(statement: Statement, program: Program, printer: NumpyPrinter) -> list[Line]:
    quantity, axes = program.quantities[statement.name], statement.axes
    name = printer.identifier(statement.name)
    shape = printer.shape(quantity.shape)
    comment = _comment(statement, program, printer)
    if statement.kind is Kind.SCATTER and not statement.partial:
        return [(f"{name} = np.zeros({shape}, {printer.dtype})", comment), (_additions(statement, printer, name), "")]
    if statement.kind is Kind.PADDING:
        return [(f"{name} = np.pad({printer.text(statement.body, axes)}, {_widths(statement, program, printer)})", comment)]
    if statement.partial:
        place = printer.view(statement.target, axes)
        if statement.adds and not quantity.indices:
            place = name
        sign, body = "=", statement.body
        if statement.adds:
            sign, body = ("-=", -body) if body.could_extract_minus_sign() else ("+=", body)
        return [(f"{place} {sign} {printer.text(body, axes)}", "")]
    if not quantity.indices:
        return [(f"{name} = {printer.text(statement.body)}", comment)]
    own = printer.shape([i.size for i in axes])
    code = printer.filling(statement.body, axes, own)
    if axes != statement.target.indices:  # several indices in one axis
        code = f"{printer.filling(statement.body, axes, own, atom=True)}.reshape{shape}"
    elif statement.name in program.in_parts and (isinstance(statement.body, Access) or code.startswith("np.broadcast_to(")):
        code = f"np.array({code})"  # parts are added to it, so that it must not be a view of another
    return [(f"{name} = {code}", comment)]


def _widths(statement: Statement, program: Program, printer: NumpyPrinter) -> str:
    """How many zeros stand before and after, along each axis."""
    pairs = []
    for position, axis in zip(statement.target.indices, program.quantities[statement.name].indices, strict=True):
        (index,) = position.atoms(Index)
        pairs.append(f"({printer.size(position - index)}, {printer.size(axis.size - index.size - (position - index))})")
    return f"({', '.join(pairs)}{',' if len(pairs) == 1 else ''})"


def _additions(statement: Statement, printer: NumpyPrinter, out: str) -> str:
    """target[v, …] = Σ_n [v = t[n]]·rest[n, …] as an addition at the labels."""
    before, labels, value = scattered(statement, printer)
    subscript = f"({'slice(None), ' * before}{labels})" if before else labels
    return f"np.add.at({out}, {subscript}, {value})"


def scattered(statement: Statement, printer: NumpyPrinter) -> tuple[int, str, str]:
    """How many axes there are before the one that the labels are places in, the labels, and what is added at them."""
    assert isinstance(statement.body, Sum)
    label = next(f for f in Mul.make_args(statement.body.body) if isinstance(f, Delta))
    place, at = label.args if isinstance(label.args[1], Access) else label.args[::-1]
    assert isinstance(at, Access) and isinstance(place, Index)
    target, over = statement.target, at.indices
    position = target.indices.index(place)
    own = [i for i in target.indices if i != place]
    labels = printer.text(at, over)
    return position, labels, printer.text(statement.body.body / label, (*own[:position], *over, *own[position:]))
