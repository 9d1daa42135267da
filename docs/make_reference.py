"""Makes docs/reference/: the file format from its schema, the command line from its own help, Python from docstrings.

    python docs/make_reference.py
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import codegen
import derive
from derive.calculus.record import Adjoint, Derivation, Local, Step
from derive.claims.command import parser as check_parser
from derive.command_line import options
from derive.file.errors import DeriveError, FileError, Place
from derive.file.schema import schema
from derive.language.equations import Equation, Quantity, System
from derive.network import Network, NetworkDerivation

FOLDER = Path(__file__).with_name("reference")
MADE = "*Made by `python docs/build.py`.*\n"
API = {
    "derive": [derive.load],
    "derive.network": [Network, Network.derivation, NetworkDerivation, NetworkDerivation.gradient, NetworkDerivation.latex],
    "derive.calculus.record": [Derivation, Derivation.adjoint, Derivation.steps, Adjoint, Step, Local],
    "derive.language.equations": [System, Equation, Quantity],
    "derive.file.errors": [DeriveError, FileError, Place],
    "codegen": [codegen.generate, codegen.generate_files, codegen.write, codegen.write_files],
}
SECTIONS = ("Args:", "Attributes:", "Raises:", "Returns:")


def pages() -> dict[Path, str]:
    """The text of each page."""
    return {FOLDER / "file.md": file_format(schema()), FOLDER / "command_line.md": command_line(),
            FOLDER / "python.md": python()}


def file_format(of: Mapping[str, Any]) -> str:
    """A table of keys for the file, and for each of its parts."""
    parts = ["# The file\n", MADE, "Every key of a network file, from the schema that checks it; what can be named in it is "
             "in [the catalogue](../catalogue.md).\n", _keys(of)]
    for name, part in of["$defs"].items():
        parts += [f"## {name}\n", f"{part['description']}\n" if "description" in part else "",
                  _keys(part) if "properties" in part else f"{_value(part)}\n"]
    return "\n".join(part for part in parts if part)


def _keys(of: Mapping[str, Any]) -> str:
    lines = ["| key | value | meaning |", "|---|---|---|"]
    for key, node in of["properties"].items():
        must = " *(must be given)*" if key in of.get("required", ()) else ""
        usual = f" (usually `{str(node['default']).lower()}`)" if "default" in node else ""
        lines.append(_row(f"`{key}`{must}", _value(node), _plain(node.get("description", "")) + usual))
    return "\n".join(lines) + "\n"


def _value(node: Mapping[str, Any], ranges: bool = True) -> str:
    """What may stand there, in words; how large a whole number may be is left out where it is one of several things."""
    kind = node.get("type")
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if choices := node.get("anyOf") or node.get("oneOf"):
        few = ranges and len([each for each in choices if each.get("type") != "null"]) == 1
        return ", or ".join(dict.fromkeys(_value(each, few) for each in choices))
    if "enum" in node:
        return ", ".join(f"`{str(each).lower()}`" for each in node["enum"])
    if isinstance(kind, list):
        return ", or ".join(_value({"type": each}, ranges) for each in kind)
    if kind in ("integer", "number"):
        return {"integer": "whole number", "number": "number"}[kind] + (_range(node) if ranges or kind == "number" else "")
    if kind == "array":
        return f"list of: {_value(node['items'], ranges)}" if node.get("items") else "list"
    if kind == "object":
        inside = node.get("additionalProperties") or next(iter(node.get("patternProperties", {}).values()), None)
        if node.get("properties"):
            return "options: " + ", ".join(f"`{name}`" for name in node["properties"]) if inside is None else "options"
        return f"name → {_value(inside, ranges)}" if isinstance(inside, Mapping) else "mapping"
    return {"string": "text", "boolean": "`true` or `false`"}.get(str(kind), "anything")


def _range(node: Mapping[str, Any]) -> str:
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    return "".join(f" {word} {node[key]:,}" for key, word in words.items() if key in node)


def command_line() -> str:
    """Description and options of each command."""
    return "\n".join(["# The command line\n", MADE, *_command(options()), *_command(check_parser())])


def _command(of: argparse.ArgumentParser) -> Iterator[str]:
    arguments = [action for action in of._actions if not action.option_strings]
    yield f"## {' '.join([of.prog, *(f'{action.dest}.yaml' for action in arguments)])}\n"
    yield f"{_plain(of.description or '').strip()}\n"
    yield "| option | meaning |\n|---|---|"
    for action in of._actions:
        value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else
                                   action.dest.upper() if action.nargs is None else "")
        names = f"{', '.join(action.option_strings)} {value}".strip() if action.option_strings else action.dest
        yield _row(f"`{names}`", _plain((action.help or "").replace("%%", "%")))
    yield ""


def python() -> str:
    """Signature and docstring of everything public."""
    parts = ["# Python\n", MADE]
    for module, names in API.items():
        parts.append(f"## {module}\n")
        for each in names:
            name = (each.fget if isinstance(each, property) else each).__qualname__
            parts += [f"### {name}\n", f"```python\n{_signature(each)}\n```\n",
                      _docstring(inspect.getdoc(each) or "")]
    return "\n".join(parts)


def _signature(of: Any) -> str:
    if inspect.isclass(of):
        fields = [f"    {name}: {kind}" for name, kind in inspect.get_annotations(of).items() if name[0] != "_"]
        bases = ", ".join(base.__name__ for base in of.__bases__ if base is not object)
        return "\n".join([f"class {of.__name__}{f'({bases})' if bases else ''}" + (":" if fields else ""), *fields])
    if isinstance(of, property):
        return f"{of.fget.__name__}: {inspect.signature(of.fget).return_annotation}"
    signature = inspect.signature(of)
    said = [f"{name}{f': {each.annotation}' if each.annotation is not each.empty else ''}"
            + (f" = {each.default!r}" if each.default is not each.empty else "")
            for name, each in signature.parameters.items() if name != "self"]
    return f"{of.__name__}({', '.join(said)}) -> {signature.return_annotation}"


def _docstring(text: str) -> str:
    """Markdown from a docstring: sections become lists, and code that is set in stays code."""
    out: list[str] = []
    section = False
    for line in text.splitlines():
        if line in SECTIONS:
            section = True
            out += [f"*{line.removesuffix(':').lower()}*", ""]
        elif section and (entry := re.match(r"    (\S[^:]*):(?= |$)(.*)", line)):
            out.append(f"* `{entry.group(1)}`:{entry.group(2)}")
        elif section and line.startswith("    "):
            out.append(line[2:])
        else:
            section = section and not line
            out.append(line)
    return "\n".join(out) + "\n"


def _plain(text: str) -> str:
    """Text in which nothing but what stands in backticks means anything to Markdown."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([*_<\[\]])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


if __name__ == "__main__":
    for path, text in pages().items():
        codegen.write(text, path)
