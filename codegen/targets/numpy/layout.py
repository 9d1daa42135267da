"""Layout of emitted Python: lines of at most a page's width, comments in a column, text for docstrings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from codegen.index_text import equation_text
from derive.language.equations import Equation

WIDTH = 100


def plain(text: str) -> str:
    """Text from a file, made safe for a docstring: one line, no escapes, nothing that ends it."""
    return " ".join(text.replace("\\", "\\\\").replace('"""', "'''").split())


def filled(text: str, first: str = "", indent: str = "") -> list[str]:
    return textwrap.wrap(first + text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False,
                         break_on_hyphens=False) or [first]


def columns(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max((len(left) for left, _ in rows), default=0)
    return [f"    {left:<{width}}  {right}" for left, right in rows]


def numbered_line(equation: Equation) -> list[str]:
    return textwrap.wrap(f"({equation.number})  {equation_text(equation)}", WIDTH,
                         initial_indent=" " * (6 - len(str(equation.number))), subsequent_indent=" " * 14,
                         break_long_words=False, break_on_hyphens=False)


def comment(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="    # ", subsequent_indent="    #     ", break_long_words=False,
                         break_on_hyphens=False)


def aligned(lines: Sequence[tuple[str, str]]) -> list[str]:
    """Code with comments in one column; a long line gets its comment above, and is broken where it must."""
    short = [len(code) for code, comment in lines if comment and len(code) <= 60]
    column = max(short, default=0) + 2
    result = []
    for code, comment in lines:
        if comment and len(code) <= 60:
            result.append(f"    {code:<{column}}# {comment}".rstrip())
            continue
        if comment and len(code) + len(comment) + 8 <= WIDTH:
            result.append(f"    {code}  # {comment}")
            continue
        if comment:
            result.append(f"    # {comment}")
        result += wrapped([f"    {code}"])
    return result


def wrapped(lines: Iterable[str]) -> list[str]:
    return [piece for line in lines for piece in _broken(line)]


def _broken(line: str) -> list[str]:
    """A line of at most the page's width, or the same code over several."""
    if len(line) <= WIDTH or line.lstrip().startswith("#"):
        return [line]
    indent = line[:len(line) - len(line.lstrip())]
    inner = indent + "    "
    if " = " in line and not line.rstrip().endswith(")") or " = " in line and not _one_call(line.split(" = ", 1)[1]):
        left, right = line.split(" = ", 1)
        return [f"{left} = (", *_pieces(right.strip(), inner), f"{indent})"]
    opening = line.index("(")
    return [line[:opening + 1], *_pieces(line[opening + 1:-1], inner, comma=True), f"{indent})"]


def _one_call(code: str) -> bool:
    """Whether the code is one call: its first bracket closes at its end."""
    depth = 0
    opened = code.find("(")
    if opened < 0 or not all(c.isalnum() or c in "._" for c in code[:opened]):
        return False
    for position, character in enumerate(code[opened:], opened):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return position == len(code) - 1
    return False


def _pieces(code: str, indent: str, comma: bool = False) -> list[str]:
    """Code broken at operators or commas outside all brackets, as few pieces as fit; deeper where none fits."""
    marks = (", ",) if comma else (" + ", " - ")
    parts = _split(code, marks)
    if len(parts) == 1:
        parts = _split(code, (" * ", " / ", " @ "))
    if len(parts) == 1 and len(indent + code) > WIDTH and "(" in code and code.endswith(")"):
        opening = code.index("(")
        if _one_call(code):
            return [f"{indent}{code[:opening + 1]}", *_pieces(code[opening + 1:-1], indent + "    ", comma=True),
                    f"{indent})"]
    lines: list[str] = []
    for part in parts:
        text = part.strip()
        if comma:
            text = text.rstrip(",") + ","
        if not comma and lines and len(lines[-1]) + 1 + len(text) <= WIDTH:
            lines[-1] += f" {text}"
        elif len(indent + text) > WIDTH:
            lead = ""
            if text[:2] in ("+ ", "- ", "* ", "/ ", "@ "):
                lead, text = text[:2], text[2:]
            deeper = _pieces(text, indent) if lead or not comma else _pieces(text[:-1], indent)
            deeper[0] = deeper[0][:len(indent)] + lead + deeper[0][len(indent):]
            if comma:
                deeper[-1] += ","
            lines += deeper if len(deeper) > 1 else [indent + lead + text]
        else:
            lines.append(indent + text)
    return lines


def _split(code: str, marks: Sequence[str]) -> list[str]:
    parts, depth, start, position = [], 0, 0, 0
    while position < len(code):
        character = code[position]
        depth += (character in "([{") - (character in ")]}")
        mark = next((m for m in marks if code.startswith(m, position)), None) if depth == 0 else None
        if mark and position > start:
            cut = position + 1 if mark == ", " else position
            parts.append(code[start:cut])
            start = cut
            position += len(mark)
            continue
        position += 1
    return [*parts, code[start:]]


def names_line(name: str, names: Sequence[str]) -> str:
    inner = ", ".join(f'"{n}"' for n in names) + ("," if len(names) == 1 else "")
    line = f"{name} = ({inner})"
    if len(line) <= WIDTH:
        return line
    return f"{name} = (\n" + textwrap.fill(inner, WIDTH, initial_indent="    ", subsequent_indent="    ") + ",\n)"


def unpacking(names: Sequence[str], source: str) -> list[str]:
    if not names:
        return []
    left = ", ".join(names) + ("," if len(names) == 1 else "")
    line = f"    {left} = {source}" if len(names) > 1 else f"    ({left}) = {source}"
    if len(line) <= WIDTH:
        return [line]
    folded = textwrap.fill(left, WIDTH, initial_indent="        ", subsequent_indent="        ")
    return ["    (", *(folded.rstrip(",") + ",").split("\n"), f"    ) = {source}"]


def returned(names: Sequence[str]) -> list[str]:
    inner = ", ".join(names) + ("," if len(names) == 1 else "")
    line = f"    return ({inner})" if len(names) < 2 else f"    return {inner}"
    if len(line) <= WIDTH:
        return [line]
    folded = textwrap.fill(inner, WIDTH, initial_indent="        ", subsequent_indent="        ")
    return ["    return (", *(folded + ",").split("\n"), "    )"]


def call_lines(function: str, arguments: Sequence[str], indent: int) -> str:
    space = " " * indent
    line = f"{space}{function}({', '.join(arguments)})"
    if len(line) <= WIDTH:
        return line
    return f"{space}{function}(\n" + "".join(f"{space}    {a},\n" for a in arguments) + f"{space})"


def wrapped_numbers(numbers: Sequence[float]) -> list[str]:
    return (textwrap.fill(", ".join(map(repr, numbers)), WIDTH - 4, break_on_hyphens=False) + ",").split("\n")

