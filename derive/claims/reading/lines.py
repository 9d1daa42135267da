"""From the lines of a working to claims about a network.

A line is split at its relation signs, and each side becomes a syntax tree: plain text by `text`, LaTeX by `latex`, both
beside this file.  Two sides are a claim, and a = b = 0.5 is two: a = b and a = 0.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sympy import Expr, Integer, Rational

from derive.claims.claim import After, Claim
from derive.claims.reading.formula import ClaimFormula
from derive.claims.reading.matrices import Matrices, speaks_of_matrices
from derive.claims.reading.numbers import is_exact, is_numeric, printed, worked_out
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
        words.definitions[name] = _meaning(meaning, words)
    return [claim for line in lines for claim in _claims(line, words)]


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
    indices = said.formula.free(*said.trees)
    return tuple(indices.values()), said.formula.finished(said.formula.value(said.trees[0], indices))


def _claims(line: Written, words: Vocabulary) -> Iterator[Claim]:
    said = _sides(line, words)
    order = sorted(range(len(said.trees)), key=lambda side: is_numeric(said.trees[side]) and not side)
    if is_numeric(said.trees[order[0]]):
        said.formula.fail("this names no quantity of the network", said.trees[0], "write what has this value")
    try:
        expressions, numbers = _read(said, order, words)
    except Misfit as error:
        yield Claim(" ".join(line.text.split()), error.place or line.place, Integer(0), Integer(1), where=line.where,
                    misfit=error.message)
        return
    first = formula = order[0]
    for side in order[1:]:
        # A number is that of what the line begins with: in a = 0.74*0.19 = 0.14 the product has rounded factors.
        left, formula = (formula, side) if side not in numbers else (first, formula)
        start, end = said.spans[min(left, side)][0], said.spans[max(left, side)][1]
        text = line.text[start:end]
        if abs(side - left) > 1:
            text = " = ".join(line.text[slice(*said.spans[each])].strip() for each in (left, side))
        start += len(text) - len(text.lstrip())
        a, b, number = expressions[left], expressions[side], numbers.get(side)
        alone = free_indices(a) ^ free_indices(b)
        if all(words.count(index.size) == 1 for index in alone):  # an axis with one position has one entry to name
            a, b = (substitute(each, dict.fromkeys(alone, Integer(0))) for each in (a, b))
        if number is not None:
            if free_indices(a) and not is_exact(number):
                said.formula.fail("this has several entries, and a rounded number is that of one", said.trees[left],
                                  "say which, as in W1[1,2]")
            number = None if free_indices(a) else number
        yield Claim(" ".join(text.split()), line.place.inside(start), a, b, number,
                    said.formula.one_unit(), line.where)


def _read(said: Sides, order: Sequence[int], words: Vocabulary) -> tuple[dict[int, Expr], dict[int, Number]]:
    """What the sides stand for, and the numbers among them, by their positions in the line."""
    formula = said.formula
    values = _values(said, order, words)
    start = next(values)
    if said.update:
        if not isinstance(formula.entry(start), Access):
            formula.fail("only a parameter is updated", said.trees[order[0]], "write w5 ← w5 - eta*dE/dw5")
        start = formula.after(start, 1)
    moment = _moment(formula, start, words)
    expressions, numbers = {order[0]: start}, {}
    for side in order[1:]:
        tree = said.trees[side]
        if (number := printed(formula, tree)) is not None:
            expressions[side], numbers[side] = Rational(*number.exact.as_integer_ratio()), number
        elif is_numeric(tree):
            expressions[side], numbers[side] = worked_out(formula, tree)
        else:
            expressions[side] = formula.after(next(values), moment)
    return {side: formula.finished(expression) for side, expression in expressions.items()}, numbers


def _values(said: Sides, order: Sequence[int], words: Vocabulary) -> Iterator[Expr]:
    """The sides that are no numbers, one after the other."""
    trees = [said.trees[side] for side in order if not is_numeric(said.trees[side])]
    if speaks_of_matrices(trees):
        columns = words.network.system.quantities[words.network.prediction].sample_axis != 0
        yield from Matrices(said.formula, said.latex or columns, said.latex).sides(trees)
    else:
        indices = said.formula.free(*trees)
        yield from (said.formula.value(tree, indices) for tree in trees)


def _moment(formula: ClaimFormula, start: Expr, words: Vocabulary) -> int:
    """After how many updates the other sides are meant where they do not say it.

    One writes w5 after 1 = w5 - eta*dE/dw5 and means the w5 before; but E after 1 = E_o1 + E_o2.
    """
    after = formula.entry(start).atoms(After)
    quantities = words.network.system.quantities
    updated = {each for each in after if isinstance(each.what, Access)
               and quantities[each.what.name].role is Role.PARAMETER}
    names = {each.what.name for each in updated}
    formula.of_parameter(*names if len(names) == 1 else (None,))
    if updated:
        return max(each.updates for each in updated) - 1
    return max((each.updates for each in after), default=0)
