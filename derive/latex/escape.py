"""Text and names from the file as LaTeX: ASCII only, and no character of it is ever a command."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "`": r"\textasciigrave{}",
    "\u2013": "--", "\u2014": "---", "\u2018": "`", "\u2019": "'", "\u201c": "``", "\u201d": "''",
    "\u2026": r"\dots{}", "\u00a0": "~", "\u00ad": r"\-", "\u200b": r"\allowbreak{}", "\u00df": r"\ss{}", "\u00e6": r"\ae{}",
    "\u00f8": r"\o{}", "\u00d8": r"\O{}", "\u0142": r"\l{}", "\u00a7": r"\S{}", "\u00a9": r"\copyright{}",
}
_MATHS = {
    "\u2202": r"\partial", "\u2211": r"\sum", "\u00b7": r"\cdot", "\u00d7": r"\times", "\u2212": "-",
    "\u00b1": r"\pm", "\u2264": r"\le", "\u2265": r"\ge", "\u2260": r"\ne", "\u2248": r"\approx", "\u2192": r"\to",
    "\u2190": r"\leftarrow", "\u221e": r"\infty", "\u2207": r"\nabla", "\u221a": r"\surd", "\u00b2": "^2",
    "\u00b3": "^3", "\u00b9": "^1", "\u2208": r"\in", "\u0394": r"\Delta", "\u2032": "'", "\u00bd": r"\frac12",
    "\u2299": r"\odot", "\u22a4": r"\top", "\u03a3": r"\Sigma",
}
_ACCENTS = {"\u0300": r"\`", "\u0301": r"\'", "\u0302": r"\^", "\u0303": r"\~", "\u0308": r'\"', "\u0304": r"\=",
            "\u0306": r"\u", "\u0307": r"\.", "\u030a": r"\r", "\u030b": r"\H", "\u030c": r"\v", "\u0327": r"\c"}
#: What `text` writes for signs and accents, back to the character.
CHARACTERS = {latex.removesuffix("{}"): character for character, latex in (_SPECIAL | _ACCENTS).items() if latex != "~"}
GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
)
_GREEK = {name: "\\" + {"epsilon": "varepsilon", "phi": "varphi"}.get(name, name) for name in GREEK}
_GREEK |= {"eps": r"\varepsilon", "ell": r"\ell"}
_GREEK_LETTERS = {unicodedata.lookup(f"GREEK {'CAPITAL' if n[0].isupper() else 'SMALL'} LETTER "
                                     f"{n.upper().replace('LAMBDA', 'LAMDA')}"): n for n in GREEK}
_CODE = re.compile(r"`([^`\n]+)`")
_LONG = re.compile(r"\S{30,}")  # a word, as an address, that may not fit into its line
_PIECES = re.compile(r"[^\W_]{1,10}[\W_]*|[\W_]+")  # between which it may go on in the next
_LETTER_BELOW = re.compile(r"([A-Zbz])([a-z])|([UVW])([a-z]{2})")  # of weights, biases, gates
_SEVERAL_WORDS = re.compile(r"([a-z]{4,}(?:_[a-z]+)*_[a-z]{3,}(?:_[a-z]+)*)(\d*)")


def text(words: str) -> str:
    """Running text, with `code` in a typewriter's letters.

    Letters that plain TeX does not have become their code point in brackets, long words can be broken.
    """
    parts = _CODE.split(words)  # what stands between two backticks at odd places
    return "".join(rf"\texttt{{{_plain(part)}}}" if at % 2 else _plain(part, not at) for at, part in enumerate(parts))


def _plain(words: str, first: bool = True) -> str:
    out: list[str] = [] if first else [""]
    for character in _LONG.sub(_breakable, unicodedata.normalize("NFC", words)):
        if character == '"':  # a pair of quotation marks
            out.append("``" if not out or out[-1] in (" ", "(", "[") else "''")
        elif character == "-" and out and out[-1].endswith("-"):  # no dash of two hyphens
            out.append("{}-")
        else:
            out.append(_character(character))
    return "".join(out)


def _breakable(word: re.Match[str]) -> str:
    return "\u200b".join(_PIECES.findall(word.group()))


@lru_cache(maxsize=4096)
def _character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character in "\n\r\t\v\f\u2028\u2029":
        return " "
    if " " <= character <= "~":
        return character
    if character in _GREEK_LETTERS:
        return f"${_GREEK[_GREEK_LETTERS[character]]}$"
    if character in _MATHS:
        return f"${_MATHS[character]}$"
    base, *marks = list(unicodedata.normalize("NFD", character))
    if len(marks) == 1 and marks[0] in _ACCENTS and base.isascii() and base.isalpha():
        return f"{_ACCENTS[marks[0]]}{{{base}}}"
    plain = unicodedata.normalize("NFKD", character)
    if plain.isascii() and plain.isprintable() and plain:
        return "".join(_SPECIAL.get(c, c) for c in plain)
    return f"[U+{ord(character):04X}]" if character.isprintable() else ""


@lru_cache(maxsize=4096)
def name_parts(name: str) -> tuple[str, str, str]:
    """A name as (letter, superscript, subscript): W1 is W^{(1)}, Y_star is Y^{*}, net_h1 is net_{h1}, yhat is y hat.

    Words stay together: running_mean2 is (running mean)^{(2)}.
    """
    if words := _SEVERAL_WORDS.fullmatch(name):
        return _together(words.group(1)), f"({words.group(2)})" if words.group(2) else "", ""
    base, *rest = name.split("_") if not name.startswith("_") else [name]
    over, under = "", []
    star = False
    for part in rest:
        if part == "star":
            star = True
        elif part:
            under.append(part)
    match = re.fullmatch(r"(.*?[^\W\d_])(\d+)", base)
    if match and match.group(1):
        base, over = match.group(1), f"({match.group(2)})"
    base, *under[:0] = _with_subscript(base)
    if star:
        over = f"{over}*" if over else "*"
    return _letter(base), over, _subscripts(under)


def scalar_name(name: str) -> str:
    """The document's own name of one number: w5 is w_{5}, net_o1 is net_{o1}, E_total is E_total upright.

    Words stay together: running_mean2 is (running mean)_{2}.
    """
    if words := _SEVERAL_WORDS.fullmatch(name):
        return _together(words.group(1)) + (f"_{{{words.group(2)}}}" if words.group(2) else "")
    base, *rest = name.split("_") if not name.startswith("_") else [name]
    match = re.fullmatch(r"(.*?[^\W\d_])(\d+)", base)
    digits = ""
    if match and match.group(1):
        base, digits = match.groups()
    base, *gate = _with_subscript(base)
    under = [part for part in rest if part and part != "star"]
    below = ",".join(filter(None, (_subscripts(gate), digits, _subscripts(under))))
    return _letter(base) + ("^{*}" if "star" in rest else "") + (f"_{{{below}}}" if below else "")


def _with_subscript(base: str) -> Sequence[str]:
    """The letter of a name, and what stands below it: Wf is W_f, Wxh is W_{xh}, bo is b_o and zi is z_i."""
    match = _LETTER_BELOW.fullmatch(base) if base not in _GREEK else None
    return [base] if match is None else [part for part in match.groups() if part]


def in_print(name: str) -> str:
    """The letters and digits of an array's name as they follow each other in print: W1i for Wi1, which is W^{(1)}_i."""
    numbered = re.fullmatch(r"([^\W\d_]+)(\d+)", name)
    base, digits = numbered.groups() if numbered else (name.replace("_", ""), "")
    letter, *gate = _with_subscript(base) if numbered else [base]
    return letter + digits + "".join(gate)


def _letter(base: str) -> str:
    for ending, accent in (("hat", r"\hat"), ("bar", r"\bar"), ("tilde", r"\tilde")):
        if base.endswith(ending) and len(base) > len(ending):
            inner = _letter(base[:-len(ending)])
            if not inner.startswith(r"\mathit"):
                return f"{accent}{{{inner}}}"
    if base in _GREEK:
        return _GREEK[base]
    if base in _GREEK_LETTERS:
        return _GREEK[_GREEK_LETTERS[base]]
    plain = "".join(c if c.isascii() and c.isalnum() else _in_maths(c) for c in base)
    return plain if len(base) == 1 and base.isascii() else f"\\mathit{{{plain}}}"


def _in_maths(character: str) -> str:
    if character == "_":
        return r"\_"
    if character in _GREEK_LETTERS:
        return _GREEK[_GREEK_LETTERS[character]] + " "
    plain = unicodedata.normalize("NFKD", character)
    kept = "".join(c for c in plain if c.isascii() and c.isalnum())
    return kept or f"\\langle {ord(character):X}\\rangle "


def _together(words: str) -> str:
    return r"\mathit{" + words.replace("_", r"\ ") + "}"


def _subscripts(parts: Sequence[str]) -> str:
    """Several words as they are said, and other parts with commas between them."""
    said = len(parts) > 1 and all(re.fullmatch("[a-z]+", part) and part not in _GREEK for part in parts)
    return _together("_".join(parts)) if said and max(map(len, parts)) > 2 else ",".join(map(_subscript, parts))


def _subscript(part: str) -> str:
    match = re.fullmatch(r"([^\W\d_])(\d*)", part)
    if match:
        return _letter(match.group(1)) + match.group(2)
    match = re.fullmatch(r"([^\W\d_]+)(\d*)", part)
    if match:
        return _letter(match.group(1)) + match.group(2)
    return "".join(c if c.isascii() and c.isalnum() else _in_maths(c) for c in part)
