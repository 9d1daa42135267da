"""A letter or a word with its marks: what stands below it, and the layer, the sample and the update above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lark import Token, Tree

from derive.claims.reading.latex import marks
from derive.claims.reading.latex.marks import kind, plain

ACCENTS = {"widehat": "hat", "overline": "bar", "widetilde": "tilde"}


@dataclass(frozen=True)
class Symbol:
    """A letter or a word with the marks that may belong to its name.

    Attributes:
        base: its plain spelling: w, net, theta, yhat.
        above: what is written above it, such as the layer 2 of a^{(2)}.
        below: the subscripts between commas.
        sample: the letter in brackets that is written above it, such as the i of x^{(i)}.
        in_brackets: the number that is `above`, where it is in round brackets and may be a sample's.
    """

    base: str
    start: int
    end: int
    above: str = ""
    below: tuple[Tree[Token], ...] = ()
    sample: Tree[Token] | None = None
    in_brackets: Tree[Token] | None = None

    def __str__(self) -> str:
        return self.base + self.above + "".join(map(plain, self.below))


def base_of(inner: Tree[Token]) -> str:
    """The plain spelling of a letter, with its accent: w, yhat."""
    if inner.data == "accented":
        accent = marks.token(inner)[1:]
        return plain(marks.tree(inner, 1)) + ACCENTS.get(accent, accent)
    return marks.spelled(marks.token(inner))


def marked(base: str, inner: Tree[Token], scripts: Sequence[Tree[Token]]) -> tuple[Symbol, list[Tree[Token]], bool]:
    """What belongs to a name, the marks that are left, and whether one of them says that it is the updated value."""
    said, after, stop = Symbol(base, marks.start(inner), marks.end(inner)), False, marks.end(inner)
    rest: list[Tree[Token]] = []
    for script in scripts:
        last = script.children[-1]
        sign = last.type if isinstance(last, Token) else ""
        if script.data == "below":
            below = marks.trees(last.children) if isinstance(last, Tree) and last.data == "list" else [marks.tree(script)]
            said = replace(said, below=(*said.below, *below))
        elif script.data == "above" and (sign in ("PLUS", "PLUS_CLOSE") or plain(script) == "new"):
            after = True
            if sign != "PLUS" and isinstance(script.children[0], Tree) and (layer := _bracketed(script, said)) is not None:
                said, _ = layer
        elif script.data == "above" and sign == "TIMES":
            said = replace(said, above=said.above + "star")
        elif script.data == "above" and (bracketed := _bracketed(script, said)) is not None:
            said, more = bracketed
            rest += more
        else:
            rest.append(script)
            continue
        stop = max(stop, marks.end(script))
    return replace(said, end=stop), rest, after


def _bracketed(script: Tree[Token], said: Symbol) -> tuple[Symbol, list[Tree[Token]]] | None:
    """A name with what stands above it in brackets, the layer of a^{(2)} and the sample of a^{[2](i)}, and marks beside it.

    None where the script says something else.
    """
    last, more = script.children[-1], list[Tree[Token]]()
    found = False
    for factor in marks.factors(script.children[0]) or ():
        text, square = plain(marks.atom(factor)), kind(factor) == "square"
        if found and kind(factor) == "WORD" and text == "T":
            more.append(Tree("above", [Token("TOP", "T", start_pos=marks.start(factor), end_pos=marks.end(factor))]))
            continue
        if kind(factor) not in ("round", "square") or len(list(marks.tokens(marks.atom(factor)))) != 1:
            return None
        inside = marks.tree(marks.tree(marks.atom(factor)))
        if text.isdigit():
            said = replace(said, above=said.above + text, in_brackets=None if square or said.above else inside)
        elif text and not square:
            said = replace(said, sample=inside)
        else:
            return None
        found = True
        more += marks.scripts(factor)  # g^{[1]'}, A^{[1]^T}
    if not found:
        return None
    return said, [*more, *([Tree("above", [last])] if isinstance(last, Token) and last.type == "TOP" else [])]
