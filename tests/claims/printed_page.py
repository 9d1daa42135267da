"""The equations that a derivation prints, one by one."""

from __future__ import annotations

import re

_DISPLAY = re.compile(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", re.S)
_ASIDE = re.compile(r"&& \\text\{\(.*|\\tag\{\d+\}|\\\\\*?\s*$|^&\\makebox.*")


def equations(page: str) -> list[str]:
    """Every member of every chain of equalities of a page in index form, each with the left side of its chain."""
    found: list[str] = []
    left = ""
    for display in _DISPLAY.findall(page):
        for row in re.split(r"\\\\\*?\n", display):
            text = _ASIDE.sub("", _ASIDE.sub("", row)).strip()
            if text.startswith(r"&\qquad"):
                found[-1] += text.removeprefix(r"&\qquad")
            elif "&=" in text:
                left = text.partition("&=")[0] or left
                found.append(f"{left} = {text.partition('&=')[2]}")
    return found
