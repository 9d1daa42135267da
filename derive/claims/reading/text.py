"""A claim in plain text, spelled as a formula: dE/dw5 becomes _d(E,w5), `w5 after 1` becomes w5._after1.

What people type and paste (Greek letters, ·, ², w₅, √, ∂, Δ, ^) gets the words of formulas.  A name that begins with an
underscore cannot be typed, so that what is put in here means what it says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable

from derive.claims.reading.bars import bars
from derive.claims.reading.formula import ClaimFormula
from derive.claims.reading.matrix_signs import NORM
from derive.claims.reading.sides import Sides
from derive.claims.reading.spelling import Piece, Spelling
from derive.claims.reading.vocabulary import FUNCTIONS, Vocabulary
from derive.file.errors import FileError, Place
from derive.file.formula_text import LONGEST, SPLIT
from derive.file.quantities import COUNT, ENTRY, LARGEST_STEP, NAME

CHARACTERS = {
    "·": "*", "×": "*", "⋅": "*", "∗": "*", "∙": "*", "•": "*", "⊙": "*", "∘": "*", "−": "-", "–": "-", "—": "-",
    "÷": "/", "∕": "/", "≈": "=", "≃": "=", "≅": "=", "←": ":=", "⟵": ":=", "→": ":=", "⟶": ":=",
    "′": "'", "’": "'", "ᵀ": "^T", "⊤": "T", "⁺": "^+", "≤": "<=", "≥": ">=", "≠": "!=",
    "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ", "\N{THIN SPACE}": " ",
}
PARTS = {"½": "(1/2)", "¼": "(1/4)", "¾": "(3/4)"}
ACCENTS = {"\N{COMBINING CIRCUMFLEX ACCENT}": "hat", "\N{COMBINING MACRON}": "bar", "\N{COMBINING TILDE}": "tilde"}
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼ", "0123456789aeoxhklmnpstij", strict=True))

BAR = re.compile(r"\|\||\||‖")
UNREADABLE = re.compile(r"(?<!\w)_")
ON = re.compile(rf"(?<=[\w\])])\s+on\s+{NAME}")
CHARACTER = re.compile(f"[{''.join(CHARACTERS)}]|[α-ωϕΓΘΛΞΠΦΨΩ]|[^\\W\\d_][{''.join(ACCENTS)}]|[À-ſḀ-ỹ]")
PART = re.compile(rf"([{''.join(PARTS)}])(\s*(?=[^\W\d_]|[(√]))?")  # ½(a + b) is a product that needs no sign
LAYER = re.compile("⁽([⁰¹²³⁴⁵⁶⁷⁸⁹]+)⁾")  # W⁽²⁾ is W2
POWER = re.compile(f"[{''.join(RAISED)}]+|\\^")
SUBSCRIPT = re.compile(f"[{''.join(LOWERED)}]+")
TRANSPOSE = re.compile(r"\^\s*T(?!\w)")
NEW = re.compile(rf"(?<![\w.])({NAME})(?:_new(?!\w)|\(new\))(\[[^\[\]]*\])?|(?<=[\w\]])(?:\^\s*\+"
                 r"(?=\s*(?:[=:)+\-*/,]|$))|\+(?=\s+=))")  # w5_new, w5^+, and w5+ where nothing is added
ROOT = re.compile(rf"√\s*(?:(?=\()|({ENTRY}|[0-9.]+))")
CHANGE = re.compile(rf"(?:[Δ∆]\s*|(?<![\w.])delta\s+)({ENTRY})")
DERIVATIVE = re.compile(rf"(?<![\w.])([d∂])\s*({ENTRY})\s*/\s*\1\s*({ENTRY})(?![\w\[]|\s*\()")
AFTER = re.compile(rf"\s+after\s+({COUNT})(?:\s+(updates?|epochs?|full-batch\s+updates?)(?!\w))?")
WHEN = re.compile(r"(?<=[\w\])])\s+after\s+(?![0-9])")
PRIME = re.compile(rf"(?<![\w.])({NAME})'(?=\s*\()")
TIMES_TEN = re.compile(r"(?<=[0-9])\s*x\s*(?=10\s*(?:\^|\*\*|⁻))")  # 4.4 x 10^-4
LAMBDA = re.compile(r"(?<![\w.])lambda(?!\w)")  # a word that Python keeps to itself
ARGUMENTS = re.compile(rf"(?<![\w.])({NAME})\(\s*({NAME}(?:\s*[,;]\s*{NAME})*)\s*\)")  # J(theta)
APPLIED = re.compile(rf"(?<![\w.])({NAME})[ ]+({ENTRY}|[0-9]+(?:\.[0-9]*)?)(?!\w)")  # ln 0.73
LETTERED = re.compile(r"(?<![\w.])(d?)([A-Za-z][A-Za-z0-9]*)_([a-z]{1,2})(?![\w\[])")  # a_j, W_kj
SECOND = re.compile(r"[d∂]\s*(?:²|\^\s*2)\s*(?=[^\W\d])")
BESIDE = re.compile(rf"(?:(?<![\w.])(?:(?P<number>[0-9][0-9.]*)|(?P<name>{NAME}))(?P<space>\s*)|(?P<bracket>[)\]])\s*)"
                    rf"(?=\(|(?P<next>_?{NAME}))")
APOSTROPHE = re.compile(r"(?<=[\w\])])'")
RELATION = re.compile(r"(?<![<>=!])(?<!axis)(?<!keepdims):?=(?!=)")
EQUALS = re.compile("==")
COMMA = re.compile(r"=\s*[-+]?[0-9]+(,)[0-9]+\s*(?:=|$)")
LONGEST_LINE = 2 * LONGEST
EXAMPLES = "write a claim as net_h1 = 0.3775, dJ/dz2[n,j] = (a2[n,j] - t[n,j]) / m or w5 after 1 = 0.3589"


def spelled(text: str, words: Vocabulary, place: Place) -> Spelling:
    """The claim in the words of formulas.

    Raises:
        FileError: it says what no claim can say.
    """
    if len(text) > LONGEST_LINE:
        raise FileError(f"this line has {len(text)} characters; the limit is {LONGEST_LINE}", place, SPLIT)
    if (unreadable := UNREADABLE.search(text)) is not None:
        raise FileError("a name begins with a letter", place.inside(unreadable.start()), EXAMPLES)
    if (on := ON.search(text)) is not None:
        raise FileError("a claim is about the network and its data, not about a data set of its own",
                        place.inside(on.start() + len(on[0]) - len(on[0].lstrip())), "leave it out")
    if (second := SECOND.search(text)) is not None:
        raise FileError("second derivatives are not known here", place.inside(second.start()), "a claim is about first ones")
    if (how_often := WHEN.search(text)) is not None:
        raise FileError("nothing says after how many updates", place.inside(how_often.end()),
                        "write w5 after 1, or E after 20 epochs")
    if (after := next((a for a in AFTER.finditer(text) if _count(a[1]) > LARGEST_STEP), None)) is not None:
        raise FileError("this is too many updates", place.inside(after.start(1)), f"write at most {LARGEST_STEP}")
    known = words.quantities
    claim = Spelling.typed(text).spelled(BAR, _absolute(text))
    claim = claim.spelled(LAYER, lambda m: ["".join(map(RAISED.__getitem__, m[1]))])
    claim = claim.spelled(PART, lambda m: [PARTS[m[1]], "" if m[2] is None else "*"])
    claim = claim.spelled(CHARACTER, lambda m: [_in_words(m[0])])
    claim = claim.spelled(LAMBDA, lambda m: ["lam"]).spelled(TIMES_TEN, lambda m: ["*"])
    claim = claim.spelled(SUBSCRIPT, lambda m: ["".join(map(LOWERED.__getitem__, m[0]))])
    claim = claim.spelled(LETTERED, lambda m: _lettered(m, words))
    claim = claim.spelled(TRANSPOSE, lambda m: [".T"])
    claim = claim.spelled(NEW, lambda m: _updated(m, known))
    claim = claim.spelled(POWER, lambda m: ["**" if m[0] == "^" else f"**({''.join(map(RAISED.__getitem__, m[0]))})"])
    claim = claim.spelled(ROOT, lambda m: ["sqrt(", m.span(1), ")"] if m[1] else ["sqrt"])
    claim = claim.spelled(DERIVATIVE, lambda m: _derivative(m, known))
    claim = claim.spelled(CHANGE, lambda m: ["_change(", m.span(1), ")"])
    claim = claim.spelled(AFTER, lambda m: [f"._after{_count(m[1])}{(m[2] or 'u')[0]}"])
    claim = claim.spelled(APPLIED, lambda m: [m.span(1), "(", m.span(2), ")"] if m[1] in FUNCTIONS else [m.span()])
    claim = claim.spelled(ARGUMENTS, lambda m: _without_arguments(m, words))
    claim = claim.spelled(BESIDE, lambda m: [m.span(), "*"] if _is_product(m, words) else [m.span()])
    claim = claim.spelled(PRIME, lambda m: ["_prime_", m.span(1)])
    return claim.spelled(APOSTROPHE, lambda m: [".T"])


def _absolute(text: str) -> Callable[[re.Match[str]], Iterable[Piece]]:
    """|x| is abs(x), and ‖x‖ the root of the sum of all squares."""
    opens = {at: open_ for at, _, open_ in bars(text)}

    def pieces(bar: re.Match[str]) -> Iterable[Piece]:
        if bar[0] == "||" and bar.start() + 1 in opens:
            return [("abs(" if opens[at] else ")") for at in range(*bar.span())]
        return [(("abs(" if bar[0] == "|" else f"{NORM}(") if opens[bar.start()] else ")")]

    return pieces


def _lettered(match: re.Match[str], words: Vocabulary) -> Iterable[Piece]:
    """W[k,j] for W_kj, where W is an array and W_kj no other name."""
    known = [name for name in (match[1] + match[2], match[2]) if words.is_array(name)]
    if not known or match[0] in words.quantities or match[0].removeprefix("d") in words.quantities:
        return [match.span()]
    return [match.span(1), match.span(2), f"[{','.join(match[3])}]"]


def _without_arguments(match: re.Match[str], words: Vocabulary) -> Iterable[Piece]:
    """J for J(theta)."""
    arguments = {name.strip() for name in re.split("[,;]", match[2])}
    return [match.span(1)] if words.is_loss(match[1]) and arguments <= {*words.quantities} else [match.span()]


def _is_product(match: re.Match[str], words: Vocabulary) -> bool:
    """Whether a product is meant where no sign stands: a(1 - a), (a - t)(b - t), 2 w5."""
    if match["next"] is not None and not (words.is_value(match["next"]) or words.is_function(match["next"])):
        return False
    if match["name"] is not None and not words.is_value(match["name"]):
        return False
    return match["bracket"] is not None or match["next"] is None or bool(match["space"])


def _inside(text: str, offset: int) -> bool:
    """Whether a character stands in round brackets, as the comparison in where(j == k, 1, 0)."""
    return text.count("(", 0, offset) > text.count(")", 0, offset)


def _count(written: str) -> int:
    return int(re.sub("[_,]", "", written)[:20])


def _in_words(character: str) -> str:
    if character in CHARACTERS:
        return CHARACTERS[character]
    name = unicodedata.name(character[0])
    if name.startswith("GREEK"):
        word = name.removesuffix(" SYMBOL").split()[-1].lower().replace("lamda", "lambda")
        return word.capitalize() if "CAPITAL" in name else word
    plain = unicodedata.normalize("NFD", character)
    return plain[0] + ACCENTS[plain[1]] if len(plain) == 2 and plain[1] in ACCENTS else character


def _updated(match: re.Match[str], known: Collection[str]) -> Iterable[Piece]:
    if match[1] and f"{match[1]}_new" in known:
        return [match.span()]
    return [*(match.span(group) for group in (1, 2) if match[group]), "._after1"]


def _derivative(match: re.Match[str], known: Collection[str]) -> Iterable[Piece]:
    of, by = (match[group].partition("[")[0] for group in (2, 3))
    if match[1] == "d" and "d" + of in known and "d" + by in known:  # a quotient of quantities that are called so
        return [match.span()]
    return ["_d(", match.span(2), ",", match.span(3), ")"]


def sides(line: str, place: Place, words: Vocabulary, several: bool = True) -> Sides:
    """The sides of a claim in plain text as syntax trees.

    Args:
        several: whether there must be more than one.

    Raises:
        FileError: at the character that is wrong.
    """
    claim = spelled(line, words, place)
    formula = ClaimFormula(claim.text, words, claim.place(place))
    if equals := [sign.start() for sign in EQUALS.finditer(claim.text) if not _inside(claim.text, sign.start())]:
        formula.fail("'==' has no meaning here", equals[0], "write one =")
    if (comma := COMMA.search(claim.text)) is not None:
        formula.fail("a comma has no meaning in a number", comma.start(1), "write a point: 0.3775")
    signs = list(RELATION.finditer(claim.text))
    if several and not signs:
        formula.fail("a claim has two sides", max(len(claim.text.rstrip()) - 1, 0), EXAMPLES)
    if (late := next((sign for sign in signs[1:] if sign[0] == ":="), None)) is not None:
        formula.fail("an update stands at the beginning of a line", late.start(), "write w5 ← w5 - eta*dE/dw5")
    starts = [0, *(sign.end() for sign in signs)]
    ends = [*(sign.start() for sign in signs), len(claim.text)]
    trees = [formula.prepared(formula.tree(claim.text[start:end], start)) for start, end in zip(starts, ends, strict=True)]
    spans = [(claim.offsets[start], claim.offsets[end]) for start, end in zip(starts, ends, strict=True)]
    return Sides(formula, trees, spans, latex=False, update=any(sign[0] == ":=" for sign in signs[:1]))
