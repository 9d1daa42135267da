"""An error shows where it is: file, line and column, the line itself, and a caret under the very character."""

from __future__ import annotations

import unicodedata

import pytest

from derive.file.errors import DeriveError, FileError, Place, excerpt, nearest, suggestion


def caret_stands_under(text: str, column: int) -> str:
    """The character of the shown line that stands above the caret."""
    shown, caret = excerpt(text, column)
    cells = "".join(c * (2 if unicodedata.east_asian_width(c) in "WF" else 1) for c in shown
                    if unicodedata.category(c) not in ("Mn", "Me"))
    return cells[caret]


def test_an_error_reads_as_place_line_caret_and_help() -> None:
    place = Place("network.yaml", 12, 13, "activation: sigmoyd")
    error = FileError("there is no activation 'sigmoyd'", place, "did you mean 'sigmoid'?")
    assert str(error) == (
        "network.yaml:12:13: there is no activation 'sigmoyd'\n"
        "  activation: sigmoyd\n"
        "              ^\n"
        "help: did you mean 'sigmoid'?")


def test_a_file_error_ends_the_program_with_3() -> None:
    assert FileError("wrong").exit_code == 3
    assert issubclass(FileError, DeriveError)


@pytest.mark.parametrize(("text", "column", "character"), [
    ("\ta: \tX", 6, "X"),
    ("名前: 値X", 6, "X"),
    ("e\u0301e\u0301X", 5, "X"),
    ("😀😀X", 3, "X"),
    ("a\x1b[31mX", 7, "X"),
    ("a" * 500 + "X" + "b" * 500, 501, "X"),
    ("X" + "b" * 5000, 1, "X"),
    ("a" * 5000 + "X", 5001, "X"),
    ("名" * 300 + "X" + "名" * 300, 301, "X"),
    ("\t" * 200 + "X", 201, "X"),
    ("\x01" * 300 + "X" + "\x01" * 300, 301, "X"),
])
def test_the_caret_stands_under_the_character(text: str, column: int, character: str) -> None:
    assert caret_stands_under(text, column) == character


@pytest.mark.parametrize("text", ["a" * 10_000, "名" * 10_000, "\x00" * 10_000, "\t" * 10_000])
@pytest.mark.parametrize("column", [1, 50, 5000, 10_000, 10_001])
def test_a_long_line_is_cut_to_a_window(text: str, column: int) -> None:
    shown, caret = excerpt(text, column)
    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in shown)
    assert width <= 102
    assert 0 <= caret <= 102


def test_control_characters_are_shown_and_do_not_act() -> None:
    place = Place("evil\x1b[2J.yaml", 1, 1, "a\x1b[2J\u202eb\x07")
    text = str(FileError("about '\x1b[2J'", place, "say '\x9b'"))
    assert not any(unicodedata.category(c)[0] == "C" and c != "\n" for c in text)
    assert "\\x1b" in text and "\\u202e" in text


def test_the_nearest_word_is_suggested_and_else_all_of_them() -> None:
    assert nearest("Sigmoyd", ["relu", "sigmoid"]) == "sigmoid"
    assert nearest("zzz", ["relu", "sigmoid"]) is None
    assert nearest("s" * 10_000, ["relu", "sigmoid"]) is None
    assert suggestion("sigmod", ["relu", "sigmoid"]) == "did you mean 'sigmoid'?"
    assert suggestion("zzz", ["relu", "sigmoid"]) == "the choices are: relu, sigmoid"


def test_a_place_in_a_typed_text_counts_lines() -> None:
    place = Place.of_text("a +\n  b").inside(6)
    assert (place.line, place.column, place.text) == (2, 3, "  b")
