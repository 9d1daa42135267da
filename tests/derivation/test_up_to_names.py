"""What is derived for one layer holds for an equal one, and only for an equal one."""

from __future__ import annotations

import pytest
from sympy import Symbol

from derive.language import substitution
from derive.language.expressions import Access, Index, Sum, dimension
from derive.language.substitution import outline, up_to_names


def layer(number: int):
    k = Index("k", dimension(f"d{number}"))
    return Sum(Access(f"x{number}", k) ** 2, k)


def test_equal_layers_are_worked_out_once():
    asked = []
    double = up_to_names(lambda e: asked.append(e) or 2 * e)
    assert [double(layer(i)) for i in range(5)] == [2 * layer(i) for i in range(5)] and len(asked) == 1


def test_sizes_of_which_other_things_are_assumed_are_not_equal():
    assert outline(dimension("d") + 1)[0] == outline(dimension("e") + 1)[0]
    assert outline(dimension("d") + 1)[0] != outline(Symbol("d") + 1)[0]


def test_only_the_results_used_last_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(substitution, "MOST_KEPT", 3)
    asked = []
    double = up_to_names(lambda e: asked.append(e) or 2 * e)
    forms = [layer(1) + number for number in range(1, 4)]
    for form in [*forms, forms[0], layer(1) + 9, forms[0]]:
        assert double(form) == 2 * form
    assert len(asked) == 4  # the first was used again, and stays
    double(forms[1])
    assert len(asked) == 5
