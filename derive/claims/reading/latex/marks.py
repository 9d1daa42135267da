"""What stands in a tree of the LaTeX parser: tokens, letters, and the marks above and below them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lark import Token, Tree

Part = Token | Tree[Token]


@dataclass(frozen=True)
class Letter:
    """An index or a number among subscripts that stand without commas: n, j', k1, 12."""

    text: str
    start: int


Position = Tree[Token] | Letter


def tokens(part: Part) -> Iterator[Token]:
    """The tokens of a tree in reading order."""
    waiting: list[Part] = [part]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Token):
            yield node
        else:
            waiting += reversed(node.children)


def trees(parts: list[Part]) -> list[Tree[Token]]:
    """The parts that are trees."""
    return [part for part in parts if isinstance(part, Tree)]


def token(tree: Tree[Token]) -> Token:
    """The token with which a tree begins."""
    found = tree.children[0]
    assert isinstance(found, Token)
    return found


def tree(parent: Tree[Token], at: int = 0) -> Tree[Token]:
    """A part of a tree that is one itself."""
    found = parent.children[at]
    assert isinstance(found, Tree)
    return found


def atom(factor: Part) -> Tree[Token]:
    """What the marks of a factor belong to."""
    assert isinstance(factor, Tree)
    return tree(factor)


def scripts(factor: Part) -> list[Tree[Token]]:
    """The marks of a factor, in the order in which they stand."""
    assert isinstance(factor, Tree)
    return trees(factor.children[1:])


def kind(factor: Part) -> str:
    """What a factor is: the type of its token, or the name of its brackets."""
    inner = atom(factor)
    return token(inner).type if inner.data == "atom" else str(inner.data)


def start(part: Part) -> int:
    return min((each.start_pos or 0 for each in tokens(part)), default=getattr(part, "start_pos", 0) or 0)


def end(part: Part) -> int:
    return max((each.end_pos or 0 for each in tokens(part)), default=0)


def word(text: str, at: int, marks: list[Tree[Token]] | None = None) -> Tree[Token]:
    """A factor made of letters that stand at a place of the text."""
    return Tree("factor", [Tree("atom", [Token("WORD", text, start_pos=at, end_pos=at + len(text))]), *(marks or [])])


def factors(part: Part) -> list[Tree[Token]] | None:
    """The factors of a product without signs between them; None where it is more."""
    if not isinstance(part, Tree) or part.data != "sum" or len(part.children) != 1:
        return None
    found = tree(part).children
    return None if any(isinstance(each, Token) for each in found) else trees(found)


def primes(script: Tree[Token]) -> int:
    return str(token(script)).count("'") + str(token(script)).count("prime")


def plain(part: Part) -> str:
    """Letters and digits alone, as of h1 in net_{h1}, {\\text{o}1} in out_{\\text{o}1} or {total}."""
    return "".join(map(spelled, tokens(part)))


def spelled(letters: Token) -> str:
    """The plain spelling of a letter, a Greek letter, or a word in \\text or \\mathit."""
    if letters.type == "TEXT":
        return re.sub(r"[^A-Za-z0-9]+", "", letters.partition("{")[2])
    if letters.type == "GREEK":
        return letters[1:].removeprefix("var")
    return "".join(re.findall("[A-Za-z0-9]", letters)) if not letters.startswith("\\") else ""


def pieces(below: Tree[Token]) -> list[Position] | None:
    """A subscript such as nj, n'i, k_{1}j or 12 piece by piece; None where it is a formula."""
    if below.data != "sum":
        return list(_apart(token(below))) or None
    found: list[Position] = []
    for factor in factors(below) or ():
        apart = _apart(token(atom(factor))) if atom(factor).data == "atom" else []
        if not apart:
            return None
        marks = scripts(factor)
        if all(mark.data == "primed" or mark.data == "below" and plain(mark).isdigit() for mark in marks):
            more = "".join("'" * primes(mark) if mark.data == "primed" else plain(mark) for mark in marks)
            found += [*apart[:-1], Letter(apart[-1].text + more, apart[-1].start)]
        elif len(apart) == 1:  # an entry that is a position itself, as t_n in \\delta_{j t_n}
            found.append(Tree("sum", [Tree("product", [factor])]))
        else:
            return None
    return found or None


def letters(below: Tree[Token]) -> list[Letter]:
    """The indices that stand below a sum."""
    return [piece for piece in pieces(below) or () if isinstance(piece, Letter)]


def _apart(together: Token) -> list[Letter]:
    first = together.start_pos or 0
    return [Letter(letter, first + at) for at, letter in enumerate(together)] if together.isalnum() else []
