"""From a network file to its checked model; every error of validation becomes one at its place in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from derive.file.errors import FileError
from derive.file.models import NetworkFile
from derive.file.names import name_from
from derive.file.numbers import Number
from derive.file.quantities import parse_quantity, parse_reference, parse_value
from derive.file.source import Source, read_source

# What pydantic itself finds wrong, in our words; the values in braces are pydantic's.
IN_OTHER_WORDS = {
    "missing": ("'{key}' is missing", "add {key}:"),
    "too_short": ("this needs at least {min_length} of them, and has {actual_length}", "add one"),
    "too_long": ("this has more than {max_length} items", "split it, or use repeat: for equal layers"),
}


def read(path: str | Path) -> tuple[NetworkFile, Source]:
    """Read and check a network file.

    The model's name is always set.  Raises FileError, with the place in the file, for the first thing that is wrong.
    """
    source = read_source(Path(path))
    return validated(source), source


def validated(source: Source) -> NetworkFile:
    """The model of a file that has been read."""
    try:
        model = NetworkFile.model_validate(source.values)
    except ValidationError as error:
        raise first_error(error, source) from None
    for name, text in model.names.items():
        parse_reference(text, source.at("names", name))
    for number, expectation in enumerate(model.expect):
        parse_quantity(expectation.quantity, source.at("expect", number, "quantity"))
        for key in ("value", "printed"):
            if not isinstance(value := getattr(expectation, key), Number | None):
                parse_value(value, source.at("expect", number, key))
    return model if model.name else model.model_copy(update={"name": name_from(Path(source.name).stem)})


def first_error(error: ValidationError, source: Source) -> FileError:
    """The error that stands first in the file."""
    found = [_translated(detail, source) for detail in error.errors(include_url=False, include_input=False)]
    return min(found, key=lambda each: (each.place.line, each.place.column) if each.place else (0, 0))


def _translated(detail: Any, source: Source) -> FileError:
    path = tuple(detail["loc"])
    context = detail.get("ctx", {})
    if detail["type"] == "wrong":
        key = context["key"] or path[-1:] == ("[key]",)
        return source.error(context["message"], *path, *context["path"], help=context["help"] or None, key=key)
    message, help_ = IN_OTHER_WORDS.get(detail["type"], (detail["msg"].replace("{", "{{"), "look at the reference"))
    words = {**context, "key": path[-1] if path else ""}
    return source.error(message.format(**words), *path, help=help_.format(**words))
