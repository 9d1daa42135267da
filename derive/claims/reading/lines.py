"""From the lines of a working to claims about a network.

A line is split at its relation signs, and each side becomes a syntax tree: plain text by `text`, LaTeX by `latex`, both
beside this file.  Two sides are a claim, and a = b = 0.5 is two: a = b and a = 0.5.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from sympy import Dummy, Expr, Integer

from derive.claims.claim import After, Claim
from derive.claims.reading.formula import ClaimFormula
from derive.claims.reading.matrices import Matrices
from derive.claims.reading.matrix_signs import speaks_of_matrices
from derive.claims.reading.numbers import has_decimals, printed
from derive.claims.reading.positions import Misfit
from derive.claims.reading.sides import Sides, Written
from derive.claims.reading.vocabulary import Vocabulary
from derive.file.errors import FileError
from derive.file.numbers import Number
from derive.language.equations import Role
from derive.language.expressions import Access, Index, free_indices
from derive.language.substitution import substitute
from derive.network import Network


def read_claims(lines: Sequence[Written], network: Network, names: Mapping[str, Written] | None = None) -> list[Claim]:
    """The claims of all lines, in their order.

    Args:
        names: what the working's own names stand for; each may use those before it.

    Raises:
        FileError: at the character of a line that is wrong.
    """
    words = Vocabulary(network)
    for name, meaning in (names or {}).items():
        if name in words.quantities:
            raise FileError(f"the network has a quantity '{name}' already", meaning.place, "choose another name")
        words.define(name, *_meaning(meaning, words))
    return [claim for line in lines for row in _rows(line) for claim in _claims(row, words)]


def _rows(line: Written) -> Iterable[Written]:
    if not line.latex:
        return [line]
    from derive.claims.reading.latex.rows import rows

    return rows(line)


def _sides(line: Written, words: Vocabulary, several: bool = True) -> Sides:
    if line.latex:
        from derive.claims.reading.latex import sides  # and with it the parser
    else:
        from derive.claims.reading.text import sides
    return sides(line.text, line.place, words, several)


def _meaning(line: Written, words: Vocabulary) -> tuple[tuple[Index, ...], Expr]:
    """What a name of the working stands for, and the indices of that in the order in which they are met."""
    said = _sides(line, words, several=False)
    if len(said.trees) > 1:
        said.formula.fail("a name stands for one side of a claim", said.trees[1], "write delta2: dJ/dz2")
    letters, [meaning] = _values(said, said.trees, words)
    indices = _usual(letters, words) if _are_matrices(said, said.trees) else letters
    return indices, said.formula.finished(substitute(meaning, dict(zip(letters, indices, strict=True))))


def _usual(letters: tuple[Index, ...], words: Vocabulary) -> tuple[Index, ...]:
    """The letters that a quantity of the network has along axes of these sizes."""
    sizes = [index.size for index in letters]
    alike = (quantity.indices for quantity in words.network.system.quantities.values())
    return next((indices for indices in alike if [index.size for index in indices] == sizes), letters)


def _claims(line: Written, words: Vocabulary) -> Iterator[Claim]:
    said = _sides(line, words)
    formula = said.formula
    order = sorted(range(len(said.trees)), key=lambda side: said.numeric[side] and not side)
    if said.numeric[order[0]]:
        formula.fail("this names no quantity of the network", said.trees[0], "write what has this value")
    try:
        expressions = _read(said, order, words)
        numbers = {side: number for side in order[1:] if (number := printed(formula, said.trees[side])) is not None}
        opened, decimals = _with_decimals_open(said, order, words, expressions, numbers)
    except Misfit as error:
        yield Claim(" ".join(line.text.split()), error.place or line.place, _left_alone(said, order, words), Integer(0),
                    where=line.where, misfit=error.message)
        return
    before = order[0]
    for side in order[1:]:
        # A number is that of what the line begins with: in a = 0.74*0.19 = 0.14 the product has rounded factors.
        numeric = said.numeric[side]
        left = order[0] if numeric else before
        before = before if numeric else side
        start, end = said.spans[min(left, side)][0], said.spans[max(left, side)][1]
        text = line.text[start:end]
        start += len(text) - len(text.lstrip())
        if abs(side - left) > 1:
            text = " = ".join(line.text[slice(*said.spans[each])].strip() for each in (left, side))
        a, b, difference = expressions[left], expressions[side], opened[left] - opened[side]
        alone = free_indices(a) ^ free_indices(b)
        if all(words.count(index.size) == 1 for index in alone):  # an axis with one position has one entry to name
            a, b, difference = (substitute(each, dict.fromkeys(alone, Integer(0))) for each in (a, b, difference))
        if numeric and has_decimals(said.trees[side]) and free_indices(a):
            formula.fail("this has several entries, and a rounded number is that of one", said.trees[left],
                         "say which, as in W1[1,2]")
        yield Claim(" ".join(text.split()), line.place.inside(start), a, b, numbers.get(side),
                    {symbol: decimals[symbol] for symbol in decimals if symbol in difference.free_symbols}, difference,
                    formula.one_unit(), line.where)


def _read(said: Sides, order: Sequence[int], words: Vocabulary) -> dict[int, Expr]:
    """What the sides stand for, by their positions in the line."""
    formula = said.formula
    _, values = _values(said, [said.trees[side] for side in order if not said.numeric[side]], words)
    start = next(values)
    if said.update:
        if not isinstance(start, Access) or words.network.system.quantities[start.name].role is not Role.PARAMETER:
            formula.fail("only a parameter is updated", said.trees[order[0]], "write w5 ← w5 - eta*dE/dw5")
        start = formula.after(start, 1)
    moment = _moment(formula, start, words)
    expressions = {order[0]: start}
    for side in order[1:]:
        tree = said.trees[side]
        expressions[side] = formula.value(tree, {}) if said.numeric[side] else formula.after(next(values), moment)
    return {side: formula.finished(expression) for side, expression in expressions.items()}


def _with_decimals_open(said: Sides, order: Sequence[int], words: Vocabulary, exact: dict[int, Expr],
                        numbers: Collection[int]) -> tuple[dict[int, Expr], dict[Dummy, Number]]:
    """The sides, printed numbers apart, with symbols for the decimals that may be rounded, and what these are."""
    formula = said.formula
    if any(has_decimals(said.trees[side]) for side in order if side not in numbers):
        formula.decimals = {}
        try:
            with suppress(FileError):  # (-1)**3.0 is real, and with another number there it is not
                opened = _read(said, order, words)
                return {side: (exact if side in numbers else opened)[side] for side in opened}, formula.decimals
        finally:
            formula.decimals = None
    return exact, {}


def _left_alone(said: Sides, order: Sequence[int], words: Vocabulary) -> Expr:
    """The side with which a line begins whose sides do not fit together; 0 where it does not fit itself."""
    with suppress(FileError):
        return _read(replace(said, trees=[said.trees[order[0]]]), [0], words)[0]
    return Integer(0)


def _values(said: Sides, trees: Sequence[ast.expr], words: Vocabulary) -> tuple[tuple[Index, ...], Iterator[Expr]]:
    """The indices of sides that are no numbers, and the sides, one after the other."""
    if _are_matrices(said, trees):
        columns = words.network.system.quantities[words.network.prediction].sample_axis != 0
        letters, entries = Matrices(said.formula, said.latex or columns, said.latex,
                                    said.formula.free(*trees, bare=False)).sides(trees)
        return letters, iter(entries)
    indices = said.formula.free(*trees)
    return tuple(indices.values()), (said.formula.value(tree, indices) for tree in trees)


def _are_matrices(said: Sides, trees: Sequence[ast.expr]) -> bool:
    return speaks_of_matrices(trees, said.formula.scope.quantities, said.latex)


def _moment(formula: ClaimFormula, start: Expr, words: Vocabulary) -> int:
    """After how many updates the other sides are meant where they do not say it.

    One writes w5 after 1 = w5 - eta*dE/dw5 and means the w5 before; but E after 1 = E_o1 + E_o2.
    """
    after = start.atoms(After)
    quantities = words.network.system.quantities
    updated = {each for each in after if isinstance(each.what, Access)
               and quantities[each.what.name].role is Role.PARAMETER}
    names = {each.what.name for each in updated}
    formula.of_parameter(*names if len(names) == 1 else (None,))
    if updated:
        return max(each.updates for each in updated) - 1
    return max((each.updates for each in after), default=0)
