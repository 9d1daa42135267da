"""An expectation names its number as the document does: net_h1, dE/dw5, w5 after 1, accuracy on test."""

from __future__ import annotations

import pytest

from derive.file.errors import FileError, Place
from derive.file.quantities import Asked, Reference, parse_quantity, parse_reference, parse_value


def ask(text: str) -> Asked:
    return parse_quantity(text, Place.of_text(text))


def summary(asked: Asked) -> tuple[object, ...]:
    return (asked.kind, str(asked.of or ""), str(asked.by or ""), asked.after, asked.on)


@pytest.mark.parametrize(("text", "expected"), [
    ("net_h1", ("value", "net_h1", "", None, None)),
    (" W1[1, 2] ", ("value", "W1[1,2]", "", None, None)),
    ("dw5", ("value", "dw5", "", None, None)),
    ("dE/dw5", ("derivative", "E", "w5", None, None)),
    ("∂E/∂w5", ("derivative", "E", "w5", None, None)),
    ("dE_o1/dout_h1", ("derivative", "E_o1", "out_h1", None, None)),
    ("dE/dW1[1,2] after 2", ("derivative", "E", "W1[1,2]", 2, None)),
    ("w5 after 1", ("value", "w5", "", 1, None)),
    ("w5 after 1 update", ("value", "w5", "", 1, None)),
    ("E after 10,000", ("value", "E", "", 10000, None)),
    ("accuracy on test", ("value", "accuracy", "", None, "test")),
    ("accuracy on test after 5 updates", ("value", "accuracy", "", 5, "test")),
])
def test_a_quantity_is_read(text: str, expected: tuple[object, ...]) -> None:
    assert summary(ask(text)) == expected
    assert ask(text).text == text


def test_updates_are_counted_unless_epochs_are_asked_for() -> None:
    assert [ask(text).unit for text in ("E after 3", "E after 3 epochs", "updates after 1 epoch",
                                        "w after 1 full-batch update", "w after 2 full-batch updates on test")] == [
        "updates", "epochs", "epochs", "full-batch updates", "full-batch updates"]


def test_a_formula_has_its_quantities_as_parts() -> None:
    asked = ask("dE/dout_o1 * dout_o1/dnet_o1")
    assert asked.kind == "formula" and asked.formula == "q_1 * q_2"
    assert [summary(part)[:3] for _, part in asked.parts] == [
        ("derivative", "E", "out_o1"), ("derivative", "out_o1", "net_o1")]


def test_after_belongs_to_the_quantity_or_the_bracket_before_it() -> None:
    change = ask("W1[30,1] after 1 - W1[30,1]")
    assert change.after is None and [part.after for _, part in change.parts] == [1, None]
    both = ask("(E_o1 + E_o2) after 3")
    assert both.after == 3 and [part.after for _, part in both.parts] == [None, None]


def test_functions_and_numbers_may_stand_in_a_formula() -> None:
    assert ask("2*exp(E) + 1e-3").formula == "2*exp(q_1) + 1e-3"


def test_a_right_value_may_be_a_formula_of_numbers_alone() -> None:
    assert parse_value("1/3", Place.of_text("1/3")).formula == "1/3"
    assert parse_value("theta2[3,1]", Place.of_text("")).of == Reference("theta2", (3, 1))


@pytest.mark.parametrize(("text", "column"), [
    ("", 1), ("a b", 1), ("dE/dw5 aftr 2", 1), ("E after x", 1), ("E after 1 after 2", 9), ("accuracy on a on b", 13),
    ("W1[0]", 4), ("dE/dW1[0,1]", 8), ("W1[1,x]", 6), ("W1[]", 4), ("1/3", 1), ("x" * 500, 1), ("x" * 50, 1),
    ("E.real", 1),
    ("E*(", 1), ("[" * 300, 1), ("E after 99999999999", 9), ("E; import os", 1), ("__import__", 1), ("d E/d w5", 1),
    ("E[1]E[2]", 1), ("lambda", 1), ("E == 1", 1), ("where(E > 0, 1, 2)", 1),
])
def test_what_names_no_quantity_is_refused_at_its_character(text: str, column: int) -> None:
    try:
        asked = ask(text)
    except FileError as error:
        assert error.place is not None and error.place.column == column and error.help
    else:
        assert text == "lambda" and asked.kind == "value"  # a name like any other: no network has it


def test_a_reference_counts_from_1() -> None:
    assert parse_reference("W1[1,12]", Place.of_text("")) == Reference("W1", (1, 12))
    for text in ("W1[0]", "W1[-1]", "W1[1.5]", "W1[1", "W1]", "../W1", "W1[99999999]"):
        with pytest.raises(FileError):
            parse_reference(text, Place.of_text(text))
