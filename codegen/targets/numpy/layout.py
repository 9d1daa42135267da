"""Layout of emitted Python: lines of at most a page's width, comments in a column, text for docstrings."""

from __future__ import annotations

import re
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


def comment(text: str, depth: int = 0) -> list[str]:
    """A comment in a function, inside as many loops."""
    indent = "    " * (depth + 1) + "# "
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "    ", break_long_words=False,
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
            result.append(f"    {code[:len(code) - len(code.lstrip())]}# {comment}")
        result += wrapped([f"    {code}"])
    return result


def wrapped(lines: Iterable[str]) -> list[str]:
    return [piece for line in lines for piece in _broken(line)]


def _broken(line: str) -> list[str]:
    """A line of at most the page's width, or the same code over several."""
    if len(line) <= WIDTH or line.lstrip().startswith("#"):
        return [line]
    indent = line[:len(line) - len(line.lstrip())]
    code = line.strip()
    assigned = re.match(r"([^()]* [+-]?= )(.*)", code)
    left, right = assigned.groups() if assigned else ("", code)
    group = _group(right)
    if group is not None and group[1] == len(right) - 1 and re.fullmatch(r"[\w.]+", right[:group[0]]):  # a single call
        return _folded(right, indent, lead=left)
    return [f"{indent}{left}(", *_folded(right, indent + "    "), f"{indent})"]


def _folded(code: str, indent: str, lead: str = "") -> list[str]:
    """Code inside brackets, over as few lines as fit: broken at operators, else inside its widest brackets."""
    if len(indent + lead + code) < WIDTH:  # leaves room for a comma
        return [indent + lead + code]
    for marks in ((" + ", " - "), (" * ", " / ", " @ ")):
        parts = _split(code, marks)
        if len(parts) > 1:
            lines = _folded(parts[0], indent, lead)
            for part in parts[1:]:
                operator, rest = part[:3].strip() + " ", part[3:]
                if len(lines[-1]) + 1 + len(operator + rest) < WIDTH and not lines[-1].strip().startswith(")"):
                    lines[-1] += f" {operator}{rest}"
                else:
                    lines += _folded(rest, indent, operator)
            return lines
    group = _group(code)
    if group is None:
        return [indent + lead + code]
    opening, closing = group
    inner = code[opening + 1:closing]
    if _is_call(code, opening):
        middle = [line for argument in _split(inner, (", ",))
                  for line in _with_comma(_folded(argument.removeprefix(", "), indent + "    "))]
    else:
        middle = _folded(inner, indent + "    ")
    return [f"{indent}{lead}{code[:opening + 1]}", *middle, f"{indent}{code[closing:]}"]


def _with_comma(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1] + ","]


def _is_call(code: str, opening: int) -> bool:
    return opening > 0 and (code[opening - 1].isalnum() or code[opening - 1] in "_)]")


def _group(code: str) -> tuple[int, int] | None:
    """Where the widest pair of round brackets that no other brackets enclose opens and closes."""
    found: list[tuple[int, int]] = []
    depth = opened = 0
    for position, character in enumerate(code):
        if character in "([{":
            if depth == 0:
                opened = position
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth == 0 and character == ")":
                found.append((opened, position))
    return max(found, key=lambda pair: pair[1] - pair[0], default=None)


def _split(code: str, marks: Sequence[str]) -> list[str]:
    """The code cut before each of the marks that stands outside all brackets."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(code):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and position > start and code.startswith(tuple(marks), position):
            parts.append(code[start:position])
            start = position
    return [*parts, code[start:]]


def names_line(name: str, names: Sequence[str]) -> str:
    inner = ", ".join(f'"{n}"' for n in names) + ("," if len(names) == 1 else "")
    line = f"{name} = ({inner})"
    if len(line) <= WIDTH:
        return line
    return f"{name} = (\n" + textwrap.fill(inner, WIDTH - 1, initial_indent="    ", subsequent_indent="    ",
                                               break_long_words=False) + ",\n)"


def unpacking(names: Sequence[str], source: str) -> list[str]:
    if not names:
        return []
    left = ", ".join(names) + ("," if len(names) == 1 else "")
    line = f"    {left} = {source}" if len(names) > 1 else f"    ({left}) = {source}"
    if len(line) <= WIDTH:
        return [line]
    folded = textwrap.fill(left, WIDTH - 1, initial_indent="        ", subsequent_indent="        ",
                           break_long_words=False)
    return ["    (", *(folded.rstrip(",") + ",").split("\n"), f"    ) = {source}"]


def returned(names: Sequence[str]) -> list[str]:
    inner = ", ".join(names) + ("," if len(names) == 1 else "")
    line = f"    return ({inner})" if len(names) < 2 else f"    return {inner}"
    if len(line) <= WIDTH:
        return [line]
    folded = textwrap.fill(inner, WIDTH - 1, initial_indent="        ", subsequent_indent="        ",
                           break_long_words=False)
    return ["    return (", *(folded + ",").split("\n"), "    )"]


def call_lines(function: str, arguments: Sequence[str], indent: int) -> str:
    space = " " * indent
    line = f"{space}{function}({', '.join(arguments)})"
    if len(line) <= WIDTH:
        return line
    return f"{space}{function}(\n" + "".join(f"{space}    {a},\n" for a in arguments) + f"{space})"


def wrapped_numbers(numbers: Sequence[float]) -> list[str]:
    return (textwrap.fill(", ".join(map(repr, numbers)), WIDTH - 5, break_on_hyphens=False) + ",").split("\n")

