"""Layout of emitted C."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

WIDTH = 110
INDENT = "    "


def comment(text: str, indent: str) -> list[str]:
    """A comment over as many lines as it takes, which nothing in the text can end."""
    text = text.replace("*/", "* /").replace("/*", "/ *")
    lines = textwrap.wrap(text, WIDTH - 6, initial_indent=f"{indent}/* ", subsequent_indent=f"{indent}   ",
                          break_long_words=False, break_on_hyphens=False) or [f"{indent}/*"]
    return [*lines[:-1], f"{lines[-1]} */"]


def listed(arguments: Sequence[str]) -> str:
    """Arguments of a function, each in one piece, over as many lines as they take."""
    lines = textwrap.wrap(", ".join(argument.replace(" ", "~") for argument in arguments), WIDTH - 24,
                          subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("~", " ")
