"""What stands before what it is applied to: functions, sums and derivatives."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lark import Token, Tree

from derive.claims.reading.latex import marks
from derive.claims.reading.latex.marks import Letter, Part, kind, plain, primes
from derive.claims.reading.latex.names import position
from derive.claims.reading.latex.nodes import binary, call, number
from derive.claims.reading.latex.symbols import Symbol

if TYPE_CHECKING:
    from derive.claims.reading.latex.tree import LatexTree

DERIVATIVE = "write \\frac{\\partial E}{\\partial w_5}"
BASES = {"2": "log2", "10": "log10", "e": "log"}


def function(reader: LatexTree, items: Sequence[Part], place: int) -> tuple[ast.expr, int]:
    """\\log x, \\tanh^2 z, \\max(0, z), \\max_j z_j."""
    factor = items[place]
    name, scripts = marks.token(marks.atom(factor))[1:], marks.scripts(factor)
    below = [script for script in scripts if script.data == "below"]
    if below and name == "max":
        return reduction(reader, "maximum", items, place)
    if below and (name != "log" or plain(below[0]) not in BASES):
        reader.fail(f"{name} has no such subscript", below[0], f"write \\{name}")
    name = BASES[plain(below[0])] if below else name
    return applied(reader, name, [script for script in scripts if script not in below], items, place + 1)


def applied(reader: LatexTree, name: str, scripts: Sequence[Tree[Token]], items: Sequence[Part],
            place: int) -> tuple[ast.expr, int]:
    """A function, with its powers and primes, of what stands at a position of a product."""
    if place == len(items) or isinstance(items[place], Token):
        reader.fail(f"{name} needs an argument", items[place - 1], f"write \\{name}(z)")
    primed = [script for script in scripts if script.data == "primed"]
    if sum(map(primes, primed)) > 1:
        reader.fail("second derivatives are not known here", primed[0], "write one prime")
    behind: list[Tree[Token]] = []
    if kind(items[place]) == "round":  # f(x)^2 is the square of f(x)
        inside = marks.tree(marks.atom(items[place]))
        arguments, stop = [reader.sum(argument) for argument in marks.trees(inside.children)], place + 1
        behind = marks.scripts(items[place])
    else:
        argument, stop = reader.factor(items, place)
        arguments = [argument]
    value = call(f"_prime_{name}" if primed else name, arguments, marks.start(items[place - 1]))
    return reader.scripted(value, [*(s for s in scripts if s not in primed), *behind]), stop


def reduction(reader: LatexTree, name: str, items: Sequence[Part], place: int) -> tuple[ast.expr, int]:
    """A sum or a maximum over indices, of all that follows in the product."""
    binders: list[Letter] = []
    limit = but = None
    for script in marks.scripts(items[place]):
        parts = marks.trees(script.children)
        if script.data == "from":
            if plain(parts[1]) != "1":
                reader.fail("a sum begins at 1", parts[1], "indices count from 1: write \\sum_{k=1}^{d_0}")
            binders += marks.letters(parts[0])
        elif script.data == "but":
            binders, but = [*binders, *marks.letters(parts[0])], _other_than(reader, name, script)
        elif script.data == "below":
            under = marks.trees(parts[0].children) if parts[0].data == "list" else parts
            binders += [letter for part in under for letter in marks.letters(part)]
        elif script.data == "above" and parts:
            limit = reader.argument(parts[0])
    if not binders or any(letter.text.isdigit() for letter in binders):
        reader.fail("a sum needs an index", items[place], "write it below: \\sum_{k=1}^{d_0}, or \\sum_k")
    rest = items[place + 1 :]
    rest = rest[1:] if rest and isinstance(rest[0], Token) else rest
    if not rest:
        reader.fail("nothing follows this sum", items[place], "write what is summed")
    body = reader.product(rest)
    body = body if but is None else binary(but, ast.Mult(), body)
    made = call(name, [*(position(reader, letter) for letter in binders), body], marks.start(items[place]))
    made.keywords = [ast.keyword("upto", limit)] if limit is not None else []
    return made, len(items)


def _other_than(reader: LatexTree, name: str, script: Tree[Token]) -> ast.expr:
    """1 − δ_ki, which leaves out of a sum over k ≠ i the term that it does not have."""
    letters = [position(reader, letter) for part in marks.trees(script.children) for letter in marks.letters(part)]
    if len(letters) != 2 or name != "sum" or not any(str(part).startswith("\\ne") for part in script.children):
        reader.fail("this cannot stand below", script, "write \\sum_{k=1}^{d_0}, \\sum_k or \\sum_{k \\neq i}")
    start = marks.start(script)
    return binary(number("1", start), ast.Sub(), call("delta", letters, start))


def quotient(reader: LatexTree, items: Sequence[Part], place: int) -> tuple[ast.expr, int]:
    """\\partial E / \\partial w_5 in one line."""
    parts = items[place : place + 5]
    if len(parts) == 5 and isinstance(parts[2], Token) and parts[2].type == "DIVIDED" and not any(
            isinstance(parts[k], Token) for k in (1, 3, 4)) and kind(parts[3]) == "PARTIAL":
        return derivative(reader, parts[1], parts[4], marks.start(items[place])), place + 5
    reader.fail("this is no derivative", items[place], DERIVATIVE)


def gradient(reader: LatexTree, items: Sequence[Part], place: int) -> tuple[ast.expr, int]:
    """\\nabla_{W} E, \\partial_{w_5} E: the derivative of what follows."""
    scripts = marks.scripts(items[place])
    below = marks.trees(scripts[0].children) if len(scripts) == 1 and scripts[0].data == "below" else []
    if not below or len(below[0].children) != 1 or place + 1 == len(items) or isinstance(items[place + 1], Token):
        reader.fail("this is no derivative", items[place], DERIVATIVE)
    of, stop = reader.factor(items, place + 1)
    return call("_d", [of, reader.argument(below[0])], marks.start(items[place])), stop


def is_operator(factor: Part) -> bool:
    """Whether a fraction is \\frac{\\partial}{\\partial w}, which is applied to what follows."""
    top = marks.factors(marks.tree(marks.atom(factor), 1).children[0])
    return top is not None and len(top) == 1 and not marks.scripts(top[0]) and (
        kind(top[0]) == "PARTIAL" or plain(top[0]) == "d" and kind(top[0]) in ("WORD", "TEXT"))


def applied_operator(reader: LatexTree, items: Sequence[Part], place: int) -> tuple[ast.expr, int]:
    """\\frac{\\partial}{\\partial w_5} E"""
    bottom = marks.factors(marks.tree(marks.atom(items[place]), 2).children[0]) or []
    partial = len(bottom) == 2 and kind(bottom[0]) == "PARTIAL"
    by = bottom[1] if partial else _differential(reader, bottom) if bottom else None
    if by is None or place + 1 == len(items) or isinstance(items[place + 1], Token):
        reader.fail("this is no derivative of one quantity by another", items[place], DERIVATIVE)
    of, stop = reader.factor(items, place + 1)
    return call("_d", [of, reader.factor([by], 0)[0]], marks.start(items[place])), stop


def fraction(reader: LatexTree, command: Token, above: Tree[Token], below: Tree[Token]) -> ast.expr:
    """A quotient, or a derivative."""
    top, bottom = marks.factors(above.children[0]), marks.factors(below.children[0])
    start = command.start_pos or 0
    if command.endswith("dv"):
        return call("_d", [reader.one(above), reader.one(below)], start)
    if any(side and kind(side[0]) == "PARTIAL" for side in (top, bottom)):
        if top is None or bottom is None or len(top) != 2 or len(bottom) != 2 or any(
                kind(side[0]) != "PARTIAL" or marks.scripts(side[0]) for side in (top, bottom)):
            reader.fail("this is no derivative of one quantity by another", command, DERIVATIVE)
        return derivative(reader, top[1], bottom[1], start)
    of, by = (side and _differential(reader, side) for side in (top, bottom))
    if of and by:
        return derivative(reader, of, by, start)
    return binary(reader.one(above), ast.Div(), reader.one(below))


def derivative(reader: LatexTree, of: Part, by: Part, start: int) -> ast.expr:
    return call("_d", [reader.factor([of], 0)[0], reader.factor([by], 0)[0]], start)


def _differential(reader: LatexTree, parts: list[Tree[Token]]) -> Tree[Token] | None:
    """What a d stands before, as in dE or \\mathrm{d} w_5; None where there is none."""
    if kind(parts[0]) not in ("WORD", "TEXT"):
        return None
    word, scripts = marks.token(marks.atom(parts[0])), marks.scripts(parts[0])
    if len(parts) == 2 and marks.spelled(word) == "d" and not scripts:
        return parts[1]
    if len(parts) != 1 or not word.startswith("d") or len(word) == 1:
        return None
    subscripts = tuple(marks.tree(script) for script in scripts if script.data == "below")
    if reader.names.find(Symbol(str(word), 0, 0, "", subscripts)) is not None:  # a quantity that is called so
        return None
    return marks.word(word[1:], (word.start_pos or 0) + 1, scripts)
