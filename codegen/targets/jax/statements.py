"""Statements as functional updates: nothing is written in place, and a condition that is known late chooses values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy
from sympy.core.basic import Basic

from codegen.positions import covers
from codegen.program import Counter, Guard, Kind, Loop, Program, Statement, Step, flat
from codegen.targets.jax.printer import JaxPrinter
from codegen.targets.numpy.plain import Line, heading, plain_lines, scattered
from derive.language.expressions import free_indices


def functional_lines(step: Step, program: Program, printer: JaxPrinter) -> list[Line]:
    """Lines of code, each with its comment."""
    printer.quantities = program.quantities
    made = [line for statement in flat([step]) for line in _made_before(statement, program, printer)]
    return [(printer.line(code), comment) for code, comment in made + lines_of(step, program, printer)]


def lines_of(step: Step, program: Program, printer: JaxPrinter, condition: Basic = sympy.true) -> list[Line]:
    """Lines of NumPy code that hold where a condition on counters does."""
    if isinstance(step, Guard) and step.condition.atoms(Counter) & printer.traced:
        both = sympy.And(condition, step.condition)
        return [line for inner in step.body for line in lines_of(inner, program, printer, both)]
    if not isinstance(step, Statement):
        inside = [line for inner in step.body for line in lines_of(inner, program, printer, condition)]
        return [(heading(step, printer), ""), *indented(inside)]
    if step.partial or step.kind is Kind.SCATTER:
        return _update(step, program, printer, condition)
    return plain_lines(step, replace(program, statements=(step,)), printer)


def indented(lines: Iterable[Line]) -> list[Line]:
    return [(f"    {code}", comment) for code, comment in lines]


def _comment(statement: Statement, program: Program, printer: JaxPrinter) -> str:
    quantity = program.quantities[statement.name]
    return f"({statement.number})  {printer.shape(quantity.shape) if quantity.indices else 'scalar'}"


def _made_before(statement: Statement, program: Program, printer: JaxPrinter) -> list[Line]:
    """The array that the statement fills a part of, where it is the first to do so."""
    if not statement.partial or program.first[statement.name] is not statement:
        return []
    shape = printer.shape(program.quantities[statement.name].shape)
    return [(f"{printer.identifier(statement.name)} = np.zeros({shape}, {printer.dtype})",
             _comment(statement, program, printer))]


def _update(statement: Statement, program: Program, printer: JaxPrinter, condition: Basic) -> list[Line]:
    """A new array that differs from the old one in the part that the statement fills."""
    quantity, axes = program.quantities[statement.name], statement.axes
    name = printer.identifier(statement.name)
    if statement.kind is Kind.SCATTER and not statement.partial:
        before, labels, value = scattered(statement, printer)
        zeros = f"np.zeros({printer.shape(quantity.shape)}, {printer.dtype})"
        return [(f"{name} = {zeros}.at[{':, ' * before}{labels}].add({value})", _comment(statement, program, printer))]
    whole = covers(statement.target, quantity)
    if whole and not statement.adds and condition == sympy.true:
        return plain_lines(replace(statement, partial=False), replace(program, statements=()), printer)
    value = printer.text(statement.body, axes)
    subscripts, shape = printer.place(statement.target, quantity)
    if shape is not None:
        value = f"np.broadcast_to({value}, {printer.shape([i.size for i in axes])}).reshape{printer.shape(shape)}"
    if condition != sympy.true:
        other = "0" if statement.adds else name if whole else f"{name}[{subscripts}]"
        value = f"np.where({printer.text(condition)}, {value}, {other})"
    if not whole:
        value = f"{name}.at[{subscripts}].{'add' if statement.adds else 'set'}({value})"
    elif statement.adds:
        value = f"{name} + {value}"
    return [(f"{name} = {value}", f"({statement.number})")]


def is_unrolled(loop: Loop) -> bool:
    """Whether the loop is over the places of a window, each of which sees a slice: its steps are written out one by one."""
    places = [place for statement in flat(loop.body) for access in (statement.target, *statement.accesses)
              for place in access.indices]
    return any(loop.counter in place.atoms(Counter) and free_indices(place) for place in places)
