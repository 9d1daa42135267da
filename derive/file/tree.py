"""YAML 1.2 as a tree of nodes, each with its place in the text.

ruamel.yaml reads the text as a stream of events; this module builds the tree from them without recursion and checks
every limit on the way, so that deep nesting, and anchors that expand without end, stop at the event that goes too far.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from derive.file.errors import FileError, quoted
from derive.file.numbers import Number
from derive.file.page import Page

DEEPEST = 64
MOST_NODES = 100_000  # after the expansion of anchors

MINIMAL = "a small network is:  {inputs: 2, layers: [{dense: 1, activation: sigmoid}], loss: binary_cross_entropy}"
TEXT = "!!str"
COLLECTIONS = ("!!map", "!!seq")

# The core schema of YAML 1.2 (section 10.3.2): what a plain scalar is, when it is no text.
NULL = ("", "~", "null", "Null", "NULL")
BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"
                    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

NEVER_CLOSED = "a flow collection without an end"

# What ruamel.yaml says, what we say, and what to do.
IN_OTHER_WORDS = {
    "mapping values are not allowed here":
        ("a ':' is not allowed here", "put text that contains ': ' in quotes, and check the indentation"),
    "found unexpected end of stream": ("a quote is never closed", "close it with the quote that opened it"),
    "found character '\\t' that cannot start any token": ("a tab cannot stand here", "write spaces"),
    "could not find expected ':'": ("a ':' is missing after this key", "write key: value"),
    "expected <block end>":
        ("this line does not fit the lines above it", "indent the items of one list or mapping alike"),
    NEVER_CLOSED: ("this bracket is never closed", "close every [ and { that is opened"),
    "expected ',' or":
        ("a ',' or a closing bracket is missing",
         "close the bracket, separate the items by commas, and put text with brackets in quotes: \"W1[1,2]\""),
    "expected the node content, but found '<stream end>'":
        ("a bracket is never closed", "close every [ and { that is opened"),
    "expected the node content":
        ("a value is missing, or this bracket was never opened", "write key: value, and brackets in pairs"),
    "expected '<document start>'":
        ("nothing may follow the end of the mapping", "write one mapping: keys with values"),
    "found unknown escape character":
        ("this backslash begins no escape that YAML knows", "put text with backslashes in single quotes: '\\frac{a}{b}'"),
    "found undefined alias": ("this alias has no anchor", "define it before with &name"),
    "special characters are not allowed": ("this character is not allowed in a YAML file", "remove it"),
    "cannot start any token": ("this character cannot begin a value", "put the text in quotes"),
}


@dataclass(slots=True, eq=False)
class Node:
    """A scalar (no children), a list or a mapping; `start` and `end` are offsets in the text."""

    start: int
    end: int
    value: Any = None
    style: str | None = None
    children: list[Node] | dict[str, Node] | None = None
    keys: dict[str, Node] = field(default_factory=dict)
    anchor: str | None = None
    size: int = 1  # in nodes, with every alias expanded
    height: int = 1

    def plain(self) -> Any:
        """The value as plain Python; no deeper than DEEPEST."""
        if isinstance(self.children, list):
            return [child.plain() for child in self.children]
        if isinstance(self.children, dict):
            return {key: child.plain() for key, child in self.children.items()}
        return self.value


def build(page: Page) -> Node:
    """The tree of a page that holds one document, a mapping; FileError at the first thing that is wrong."""
    root = root_of(page, MINIMAL)
    if not isinstance(root.children, dict):
        raise FileError("a network file is a mapping: keys with values", page.place(root.start), MINIMAL)
    return root


def root_of(page: Page, example: str) -> Node:
    """The tree of a page that holds one document of any kind; `example` is shown to whoever leaves it empty."""
    builder = _Builder(page)
    for event in _events(page):
        builder.take(event)
    if builder.root is None or (builder.root.children is None and builder.root.value is None):
        raise FileError("this file is empty", page.place(0), example)
    return builder.root


def _events(page: Page) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    offset = 0
    try:
        for event in YAML(typ="safe", pure=True).parse(page.text):
            offset = event.end_mark.index
            yield event
    except FileError:
        raise
    except ReaderError as error:
        raise _syntax_error(page, error.position, error.reason) from None
    except MarkedYAMLError as error:
        problem = error.problem or error.context or ""
        mark = error.problem_mark or error.context_mark
        if "end of stream" in problem:
            mark = error.context_mark or mark
        if "expected ',' or" in problem and _never_closed(page.text, error.context_mark.index, mark.index):
            mark, problem = error.context_mark, NEVER_CLOSED
        raise _syntax_error(page, offset if mark is None else mark.index, problem) from None
    except Exception:  # for a few malformed texts ruamel.yaml raises whatever Python raised inside it
        raise _syntax_error(page, offset, "the text cannot be read from here on") from None


def _never_closed(text: str, opening: int, found: int) -> bool:
    """Whether what was found inside a bracket shows that its end is missing, and no comma.

    That is the end of the file, another bracket's end, or a line that is indented no further than the bracket's line.
    """
    if found >= len(text.rstrip()) or text[found] in "]}":
        return True
    indents = [len(line) - len(line.lstrip()) for at in (opening, found)
               for line in [text[text.rfind("\n", 0, at) + 1 :].split("\n", 1)[0]]]
    return "\n" in text[opening:found] and indents[1] <= indents[0]


def _syntax_error(page: Page, offset: int, problem: str) -> FileError:
    for said, (message, help_) in IN_OTHER_WORDS.items():
        if said in problem:
            return FileError(message, page.place(offset), help_)
    return FileError(f"this is no valid YAML: {problem}", page.place(offset),
                     "put special characters in quotes, and check the indentation")


class _Builder:
    """The tree so far, and the collections that are still open."""

    def __init__(self, page: Page):
        self.page = page
        self.root: Node | None = None
        self.open: list[tuple[Node, list[Node]]] = []  # a collection, and the nodes that it has received
        self.anchors: dict[str, Node | None] = {}  # None while the node is still open
        self.documents = 0
        self.nodes = 0

    def take(self, event: Any) -> None:
        match type(event).__name__:
            case "DocumentStartEvent":
                self.document(event)
            case "ScalarEvent":
                self.scalar(event)
            case "AliasEvent":
                self.alias(event)
            case "SequenceStartEvent" | "MappingStartEvent":
                self.begin(event)
            case "SequenceEndEvent" | "MappingEndEvent":
                self.finish(event)

    def fail(self, message: str, offset: int, help_: str) -> FileError:
        return FileError(message, self.page.place(offset), help_)

    def document(self, event: Any) -> None:
        start = event.start_mark.index
        self.documents += 1
        if self.documents > 1:
            raise self.fail("a second document begins here", start, "write one network in one file, without '---'")
        if event.version is not None and tuple(event.version) != (1, 2):
            raise self.fail("this file asks for another version of YAML", max(self.page.text.find("%YAML"), 0),
                            "remove the line: YAML 1.2 is read")

    def scalar(self, event: Any) -> None:
        tag = _tag(event)
        if tag not in (None, "!", TEXT):
            raise self.tagged(event)
        plain = event.style is None and tag is None
        self.add(Node(event.start_mark.index, event.end_mark.index, resolved(event.value) if plain else event.value,
                      event.style, anchor=event.anchor))

    def begin(self, event: Any) -> None:
        start = event.start_mark.index
        if _tag(event) not in (None, "!", *COLLECTIONS):
            raise self.tagged(event)
        if len(self.open) >= DEEPEST:
            raise self.fail(f"this is nested more than {DEEPEST} deep", start, "a network needs only a few levels")
        node = Node(start, start, children=[] if type(event).__name__.startswith("Seq") else {}, anchor=event.anchor)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.open.append((node, []))

    def finish(self, event: Any) -> None:
        node, received = self.open.pop()
        node.end = event.end_mark.index
        node.size = 1 + sum(child.size for child in received)
        node.height = 1 + max((child.height for child in received), default=0)
        if isinstance(node.children, list):
            node.children = received
        else:
            node.children, node.keys = self.mapping(received)
        self.add(node)

    def mapping(self, received: list[Node]) -> tuple[dict[str, Node], dict[str, Node]]:
        children: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        for key, value in zip(received[::2], received[1::2], strict=True):
            if key.children is not None:
                raise self.fail("a key must be a single word", key.start, "write key: value")
            name = key.value if isinstance(key.value, str) else self.page.text[key.start : key.end]
            if name == "<<" and key.style is None:
                raise self.fail("merge keys are not part of YAML 1.2", key.start,
                                "write the keys out, or use *alias as a value")
            if name in keys:
                first = self.page.spot(keys[name].start)[0]
                raise self.fail(f"the key {quoted(name)} stands here a second time; the first is in line {first}",
                                key.start, "remove or rename one of the two")
            children[name], keys[name] = value, key
        return children, keys

    def alias(self, event: Any) -> None:
        start = event.start_mark.index
        if event.anchor not in self.anchors:
            raise self.fail(f"there is no anchor {quoted(event.anchor)}", start, "define it before with &name")
        node = self.anchors[event.anchor]
        if node is None:
            raise self.fail(f"the anchor {quoted(event.anchor)} contains itself", start, "write the value out")
        if len(self.open) + node.height > DEEPEST:
            raise self.fail(f"this is nested more than {DEEPEST} deep", start, "a network needs only a few levels")
        self.add(node, start)

    def add(self, node: Node, at: int | None = None) -> None:
        """A finished node goes to the collection around it."""
        at = node.start if at is None else at
        if node.anchor is not None:
            self.anchors[node.anchor] = node
        if node.children is None or at != node.start:
            self.nodes += node.size
        if self.nodes > MOST_NODES:
            raise self.fail(f"this file has more than {MOST_NODES} values, with its anchors expanded", at,
                            "put large data into a CSV, NPY or NPZ file and name it: data: {x: {file: train.csv}}")
        if self.open:
            self.open[-1][1].append(node)
        else:
            self.root = node

    def tagged(self, event: Any) -> FileError:
        return self.fail(f"the tag {quoted(_tag(event))} has no meaning in a network file", event.start_mark.index,
                         "remove it, and put text in quotes")


def resolved(text: str) -> Any:
    """What a plain scalar stands for: nothing, a truth value, a number or text."""
    if text in NULL:
        return None
    if text in BOOLEAN:
        return BOOLEAN[text]
    return Number(text) if NUMBER.fullmatch(text) else text


def _tag(event: Any) -> str | None:
    return None if event.ctag is None else str(event.ctag).replace("tag:yaml.org,2002:", "!!")
