"""What quantities and indices are called in C."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from sympy import Symbol

from codegen.targets.c.printer import DEFINED, MATH

KEYWORDS = frozenset([
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float",
    "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed", "sizeof",
    "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while", "_Bool", "_Complex",
    "_Imaginary", "asm", "bool", "true", "false", "NULL", "I", "INFINITY", "NAN", "HUGE_VAL", "EOF", "errno", "stdin",
    "stdout", "stderr", "main", "sqrt", "pow", "fabs", "exp2", "log2", "log10", "cbrt", "hypot", "fmod", "fmax", "fmin",
    "fma", "round", "trunc", "real", "R", "m", "inside", "square", "larger", "smaller", "product",
    "int64_t", "uint64_t", "size_t", "ptrdiff_t", "memset", "memcpy", "conj", "carg", "cimag", "creal",
    "cproj"
]) | frozenset(MATH.values()) | frozenset(DEFINED)


class Names:
    """One C identifier for each name, so that nothing is called like anything else of a program.

    Args:
        prefix: what the names of everything that other files see begin with.
        taken: names that mean something else in these functions.
    """

    def __init__(self, prefix: str, taken: Iterable[str] = ()) -> None:
        self.prefix = prefix
        self._taken = KEYWORDS | set(taken)
        self._made: dict[str, str] = {}
        self._indices: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """The identifier of a quantity."""
        if name not in self._made:
            text = _ascii(name)
            if text.lower().startswith(f"{self.prefix}_".lower()):  # such are the names that other files see
                text = f"v_{text}"
            while self._is_taken(text):
                text += "_"
            self._made[name] = text
        return self._made[name]

    def constant(self, name: str) -> str:
        """The identifier of a constant, which stands outside of functions, beside all that headers declare."""
        self._made[name] = f"{self.prefix}_constant_{_ascii(name)}"
        return self._made[name]

    def index(self, symbol: Symbol) -> str:
        """The name of a loop's variable, or of a size; none that a quantity has too."""
        if not hasattr(symbol, "size"):
            return symbol.name
        if symbol.name not in self._indices:
            text = _ascii(symbol.name)
            while self._is_taken(text):
                text += "_"
            self._indices[symbol.name] = text
        return self._indices[symbol.name]

    def _is_taken(self, text: str) -> bool:
        return text in self._taken or text in self._made.values() or text in self._indices.values()


def c_prefix(name: str) -> str:
    """The name of a network as a C identifier."""
    text = _ascii(name)
    return f"{text}_net" if text in KEYWORDS else text


def _ascii(name: str) -> str:
    """Letters that C99 may not know are spelt out: θ becomes theta."""
    text = "".join(c if c.isascii() else _spelt(c) for c in name)
    text = re.sub(r"\W", "_", text) or "_"
    return f"v{text}" if not text[0].isalpha() else text


def _spelt(letter: str) -> str:
    return unicodedata.name(letter, f"u{ord(letter):x}").split()[-1].lower()
