"""A network file that has been read: its values, and the place of each of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from derive.file.errors import FileError, Place
from derive.file.page import Page, read_page
from derive.file.tree import Node, build

LARGEST_FILE = 2_000_000  # bytes
ESCAPES = {"x": 4, "u": 6, "U": 10}  # how many characters the escapes \xhh, \uhhhh, \Uhhhhhhhh take


class Source:
    """The values of a file as plain Python (dict, list, str, Number, bool, None), and where they stand.

    A path is the keys and positions that lead to a value: ("layers", 0, "dense").
    """

    def __init__(self, page: Page, folder: Path, root: Node | None = None):
        self.page = page
        self.folder = folder
        self.root = build(page) if root is None else root
        self.values: Any = self.root.plain()

    @property
    def name(self) -> str:
        return self.page.name

    def at(self, *path: str | int) -> Place:
        """Where a value begins.  Parts of the path that the file does not have are passed over."""
        node = self._find(path)[0]
        place = self.page.place(node.start)
        if node.children is not None:
            return place
        return Place(place.file, place.line, place.column, place.text,
                     lambda offset: self.page.spot(_offset_of(self.page.text, node, offset)))

    def at_key(self, *path: str | int) -> Place:
        """Where the key of a value begins; where it has none, as in a list, the value."""
        key = self._find(path)[1]
        return self.at(*path) if key is None else self.page.place(key.start)

    def error(self, message: str, *path: str | int, help: str | None = None, key: bool = False) -> FileError:  # noqa: A002
        """An error at a value of the file, or at its key, to be raised."""
        return FileError(message, self.at_key(*path) if key else self.at(*path), help)

    def _find(self, path: tuple[str | int, ...]) -> tuple[Node, Node | None]:
        node, key = self.root, None
        for part in path:
            if isinstance(node.children, dict) and isinstance(part, str) and part in node.children:
                node, key = node.children[part], node.keys[part]
            elif isinstance(node.children, list) and isinstance(part, int) and 0 <= part < len(node.children):
                node, key = node.children[part], None
        return node, key


def read_source(path: Path) -> Source:
    """Read a network file; FileError where it is no YAML that is safe to work on."""
    return Source(read_page(path, LARGEST_FILE), path.parent)


def source_of_text(text: str, name: str = "network.yaml", folder: Path | None = None) -> Source:
    """The same from a text that stands in no file."""
    return Source(Page(name, text), folder or Path())


def _offset_of(text: str, node: Node, wanted: int) -> int:
    """Where in the text the wanted character of a scalar stands: quotes and escapes take room, folded lines move.

    Value and text are walked side by side; white space matches any white space, since folding changes it.
    """
    value = node.value if isinstance(node.value, str) else text[node.start : node.end]
    position = node.start
    if node.style in ("'", '"'):
        position += 1
    elif node.style is not None:  # a block scalar begins in the line below its | or >
        position = text.find("\n", position) + 1 or position
    for character in value[:wanted]:
        position = _skip(text, node, position, character)
    if wanted < len(value) and not value[wanted].isspace():
        while position < node.end - 1 and text[position].isspace():
            position += 1
    return min(position, max(node.end - 1, node.start))


def _skip(text: str, node: Node, position: int, character: str) -> int:
    """The offset behind a character of the value."""
    if not character.isspace():
        while position < node.end and text[position].isspace():
            position += 1
    if node.style == '"' and text[position : position + 1] == "\\":
        return position + ESCAPES.get(text[position + 1 : position + 2], 2)
    if node.style == "'" and text[position : position + 2] == "''":
        return position + 2
    if character.isspace() and position < node.end and not text[position].isspace():
        return position  # a line end that stands nowhere, such as the last one of a block scalar
    return position + 1
