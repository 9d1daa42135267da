"""Words around formulas: lists, counts and ranges of equation numbers."""

from __future__ import annotations

from collections.abc import Sequence


def listed(words: Sequence[str]) -> str:
    if len(words) <= 1:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def ranges(numbers: Sequence[int]) -> str:
    """(1), (2), (3), (7) as (1)--(3), (7); evenly spaced numbers as a first, second, … and last one."""
    ordered = sorted(numbers)
    steps = {b - a for a, b in zip(ordered, ordered[1:], strict=False)}
    if len(steps) == 1 and len(ordered) > 3 and steps != {1}:
        return f"({ordered[0]}), ({ordered[1]}), \\dots, ({ordered[-1]})"
    out, start = [], 0
    for position in range(1, len(ordered) + 1):
        if position == len(ordered) or ordered[position] != ordered[position - 1] + 1:
            first, last = ordered[start], ordered[position - 1]
            out.append(f"({first})" if first == last else f"({first})--({last})")
            start = position
    return ", ".join(out)


def count(number: int, word: str) -> str:
    small = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    digits = f"{number:,}".replace(",", r"\,")
    return f"{small[number] if number < len(small) else digits} {word}{'' if number == 1 else 's'}"


def capital(words: str) -> str:
    return "The quantity " + words if words.startswith("$") else words[:1].upper() + words[1:]


def natural(name: str) -> tuple:
    stem = name.rstrip("0123456789")
    return (stem, int(name[len(stem):] or 0))
