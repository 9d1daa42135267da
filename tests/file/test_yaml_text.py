"""A network file is YAML 1.2, every value knows its place, and nothing in it expands, nests or runs without end."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from derive.file.errors import FileError
from derive.file.numbers import Number
from derive.file.source import read_source, source_of_text


def refused(text: str) -> FileError:
    with pytest.raises(FileError) as caught:
        source_of_text(text)
    assert caught.value.place is not None and caught.value.help
    return caught.value


def spot(error: FileError) -> tuple[int, int]:
    assert error.place is not None
    return error.place.line, error.place.column


@pytest.mark.parametrize(("written", "value"), [
    ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("true", True), ("False", False), ("~", None),
    ("'12'", "12"), ('"1e-3"', "1e-3"), ("1_000", "1_000"), ("1:30", "1:30"), ("2001-01-01", "2001-01-01"),
    ("!!str 12", "12"), ("12.5.1", "12.5.1"),
])
def test_words_are_words(written: str, value: Any) -> None:
    found = source_of_text(f"a: {written}").values["a"]
    assert found == value and not isinstance(found, Number)


@pytest.mark.parametrize(("written", "value"), [
    ("1e-3", 1e-3), ("0o17", 15), ("0x1F", 31), ("012", 12), ("+1.", 1), (".5", 0.5), ("-2.5E+3", -2500),
    (".inf", float("inf")), ("-.Inf", float("-inf")), ("1e999", float("inf")), ("9" * 5000, float("inf")),
])
def test_numbers_are_numbers(written: str, value: float) -> None:
    found = source_of_text(f"a: {written}").values["a"]
    assert isinstance(found, Number) and found == value and found.text == written


@pytest.mark.parametrize(("written", "unit"), [
    ("0.40", "0.01"), ("0.0000351085", "1e-10"), ("3.5e-05", "1e-6"), ("10", "1"), ("1e3", "1e3"), ("0x1F", "1"),
    ("0.291027924", "1e-9"), ("7.", "1"),
])
def test_a_number_remembers_its_last_printed_digit(written: str, unit: str) -> None:
    assert Number(written).digits == Decimal(unit)
    assert Number(written).exact == Decimal(int(written, 16) if written.startswith("0x") else written)


def test_a_number_is_whole_where_it_has_no_fraction() -> None:
    assert [Number(text).whole for text in ("3", "3.0", "3e0", "0.5", ".inf", ".nan")] == [3, 3, 3, None, None, None]


def test_every_key_and_value_has_its_place() -> None:
    source = source_of_text("# first\nlayers:\n  - dense: 16\n    activation: tanh\n  - {dense: 2}\n")
    place = source.at("layers", 0, "activation")
    assert (place.line, place.column, place.text) == (4, 17, "    activation: tanh")
    assert source.at_key("layers", 0, "activation").column == 5
    assert (source.at("layers", 1, "dense").line, source.at("layers", 1, "dense").column) == (5, 13)
    assert source.at("layers", 1, "nothing", 5).column == 5  # as far as the path goes


@pytest.mark.parametrize(("text", "character"), [
    ("a: 'it''s * 2'", "*"), ('a: "x\\u0041 * 2"', "*"), ("a: x * 2", "*"), ("a: |\n  x\n   * 2\n", "*"),
    ("a: >-\n  x\n  * 2\n", "*"), ("a: x\n  * 2", "*"), ("\ufeffa: x*2", "*"), ("a: [x, 'y*2']", "*"),
])
def test_a_character_of_a_scalar_is_found_again_in_the_file(text: str, character: str) -> None:
    source = source_of_text(text.removeprefix("\ufeff"))
    value = source.values["a"]
    path = ("a",) if isinstance(value, str) else ("a", 1)
    value = value if isinstance(value, str) else value[1]
    place = source.at(*path).inside(value.index(character))
    assert place.text[place.column - 1] == character


def test_windows_line_ends_count_as_one() -> None:
    source = source_of_text("a: 1\r\nb: 2\r\n")
    assert (source.at("b").line, source.at("b").column, source.at("b").text) == (2, 4, "b: 2")


@pytest.mark.parametrize(("text", "line", "column", "says"), [
    ("a: 1\nb: 2\na: 3", 3, 1, "line 1"),
    ("a: {b: 1, b: 2}", 1, 11, "second time"),
    ("a: [1, 2", 1, 4, "bracket"),
    ("a: 'x", 1, 4, "never closed"),
    ("a: b: c", 1, 5, "':'"),
    ("a: 1\n  b: 2", 2, 4, "':'"),
    ("\ta: 1", 1, 1, "tab"),
    ("a: @x", 1, 4, "cannot begin"),
    ("a: !!python/object/apply:os.system [ls]", 1, 4, "tag"),
    ("a: !mine 3", 1, 4, "tag"),
    ("<<: {a: 1}", 1, 1, "merge"),
    ("a: 1\n---\nb: 2", 2, 1, "second document"),
    ("%YAML 1.1\n---\na: 1", 1, 1, "version"),
    ("a: *b", 1, 4, "anchor"),
    ("a: &a [*a]", 1, 8, "contains itself"),
    ("? [1]\n: 2", 1, 3, "key"),
    ("- 1", 1, 1, "mapping"),
    ("hello", 1, 1, "mapping"),
    ("", 1, 1, "empty"),
    ("# nothing but a comment\n", 1, 1, "empty"),
    ("a: b\x01", 1, 5, "not allowed"),
    ('a: "\\UFFFFFFFF"', 1, 2, "cannot be read"),
])
def test_what_is_no_network_file_is_refused_at_its_character(text: str, line: int, column: int, says: str) -> None:
    error = refused(text)
    assert spot(error) == (line, column)
    assert says in error.message


def test_an_empty_file_says_what_a_small_network_looks_like() -> None:
    assert "layers" in str(refused("").help)


@pytest.mark.parametrize("text", [
    "[" * 10_000, "{a: " * 10_000, "- " * 10_000, "? " * 10_000, "a: " + "[" * 10_000 + "]" * 10_000,
    "".join("  " * i + "a:\n" for i in range(1000)),
    "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"b{i}: &b{i} [{', '.join([f'*b{i - 1}' if i else '*a'] * 10)}]\n" for i in range(12)),
    "a: &a0 [x]\n" + "".join(f"b{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 200)),
], ids=["lists", "mappings", "items", "keys", "balanced", "indented", "a billion laughs", "chained anchors"])
def test_nesting_and_anchors_without_end_stop_early(text: str) -> None:
    started = time.perf_counter()
    assert any(word in refused(text).message for word in ("nested", "values"))
    assert time.perf_counter() - started < 5


def test_a_file_of_100_mb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    started = time.perf_counter()
    with pytest.raises(FileError, match=r"100\.0 MB") as caught:
        read_source(path)
    assert time.perf_counter() - started < 0.5
    assert caught.value.help and "CSV" in caught.value.help


@pytest.mark.parametrize(("content", "says"), [
    (b"a: \xff\xfe", "UTF-8"), ("a: 1".encode("utf-16"), "UTF-8"), (b"a: \x00", "binary"),
    (b"\x89PNG\r\n\x1a\n", "UTF-8"),
])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "network.yaml"
    path.write_bytes(content)
    with pytest.raises(FileError, match=says):
        read_source(path)


def test_a_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "worked_example.yaml").write_text("a: 1")
    with pytest.raises(FileError, match="there is no file") as caught:
        read_source(tmp_path / "worked_exampel.yaml")
    assert caught.value.help == "did you mean 'worked_example.yaml'?"


def test_folders_and_devices_are_no_files(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(FileError, match="is no file"):
            read_source(path)


@pytest.mark.parametrize(("text", "line", "column"), [
    ("inputs: {x: 2\nlayers: [dense: 1]\n", 1, 9), ("layers: [{dense: 1}, {dense: 2]\n", 1, 22),
    ("a: [1,\n  2,\n  3\nb: {x: 1}\n", 1, 4), ("a: [1, 2", 1, 4), ("a: {b: 1, c: {d: 2}\n", 1, 4),
    ("data: {x: [[1,2],[3,4], t: [[1],[2]]}\n", 1, 11),
])
def test_a_bracket_that_is_never_closed_is_shown_at_the_opening_one(text: str, line: int, column: int) -> None:
    with pytest.raises(FileError, match="never closed") as caught:
        source_of_text(text)
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (line, column)
