"""A program as the plain functions of the module have it: one statement a line, each with its equation and shape."""

from __future__ import annotations

from sympy import Expr, Mul

from codegen.program import Kind, Program, Statement
from codegen.targets.numpy.printer import NumpyPrinter
from derive.language.expressions import Access, Delta, Index, Sum


def plain_lines(statement: Statement, program: Program, printer: NumpyPrinter) -> list[tuple[str, str]]:
    """Lines of code, each with its comment: ('z1 = x @ W1 + b1', '(1)  (m, 2)')."""
    printer.quantities = program.quantities
    quantity = program.quantities[statement.name]
    name = printer.identifier(statement.name)
    shape = printer.shape(quantity.shape)
    comment = f"({statement.number})  {shape if quantity.indices else 'scalar'}"
    if statement.kind is Kind.SCATTER:
        assert isinstance(statement.body, Sum)
        made, *added = scatter(statement, printer, name)
        return [(f"{name} = np.zeros({shape}, {printer.dtype})", comment), *((line, "") for line in added)]
    if statement.kind is Kind.PART:
        place = printer.view(statement.target, statement.axes)
        lines = [(f"{place} {'+=' if statement.adds else '='} {printer.text(statement.body, statement.axes)}", "")]
        if program.first[statement.name] is statement:
            lines.insert(0, (f"{name} = np.empty({shape}, {printer.dtype})", comment))
        return lines
    if not quantity.indices:
        return [(f"{name} = {printer.text(statement.body)}", comment)]
    code = printer.filling(statement.body, statement.axes, shape)
    if statement.name in program.in_parts and program.first[statement.name] is statement and not code.startswith("np.full("):
        code = f"np.array({code})"  # parts are added to it, so that it must not be a view of another
    return [(f"{name} = {code}", comment)]


def scatter(statement: Statement, printer: NumpyPrinter, out: str) -> list[str]:
    """target[v, …] = Σ_n [v = t[n]]·rest[n, …] as an addition at the labels."""
    assert isinstance(statement.body, Sum)
    label = next(f for f in Mul.make_args(statement.body.body) if isinstance(f, Delta))
    return scattered(statement.target, label, statement.body.body / label, printer, out)


def scattered(target: Access, label: Expr, rest: Expr, printer: NumpyPrinter, out: str) -> list[str]:
    """The lines that clear `out` and add to it."""
    place, at = label.args if isinstance(label.args[1], Access) else label.args[::-1]
    assert isinstance(at, Access) and isinstance(place, Index)
    over = at.indices
    position = target.indices.index(place)
    own = [i for i in target.indices if i != place]
    labels = printer.text(at, over)
    subscript = labels if position == 0 else f"({'slice(None), ' * position}{labels})"
    value = printer.text(rest, (*own[:position], *over, *own[position:]))
    return [f"{out}[...] = 0", f"np.add.at({out}, {subscript}, {value})"]
