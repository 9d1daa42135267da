"""A claim, one line of somebody's working, and the verdict on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import sympy
from sympy import Expr, Integer, Symbol

from derive.file.errors import Place
from derive.file.numbers import Number
from derive.file.quantities import Unit
from derive.instantiate import Entry


class After(Expr):
    """What stands in it (an access or a partial derivative), once so many updates have been made."""

    is_real = True
    is_commutative = True

    def __new__(cls, what: Expr, updates: Expr | int) -> After:
        return Expr.__new__(cls, what, sympy.sympify(updates))

    @property
    def what(self) -> Expr:
        return self.args[0]

    @property
    def updates(self) -> int:
        return int(self.args[1])

    def _sympystr(self, printer: Any) -> str:
        return f"{printer._print(self.what)} after {self.updates}"


@dataclass(frozen=True)
class Claim:
    """left = right, both in the index language over the network's own quantities.

    Their atoms are accesses (positions from 0, or free indices: the claim is then made for all their values), `Partial`
    for a derivative, and `After` for either after some updates.  Sizes are the symbols of the system; the document's
    names are resolved already, and constants of the optimiser are their numbers.

    Attributes:
        text: as it was written, without its number.
        number: the right side where it is a printed number, with its digits.
        decimals: the other decimals that are printed in it and that the file does not give, so that they may be rounded:
            numbers with their digits, by symbols.
        opened: left − right, with these symbols where the decimals stand.
        unit: what `After` counts.
        where: where the working says it, as its writer tells.
        misfit: why its shapes do not fit, where they do not; its right side says nothing then.
    """

    text: str
    place: Place
    left: Expr
    right: Expr
    number: Number | None = None
    decimals: Mapping[Symbol, Number] = field(default_factory=dict)
    opened: Expr = Integer(0)
    unit: Unit = "updates"
    where: str = ""
    misfit: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """What was probably done: it gives the claimed number to its digits, or the claimed formula exactly."""

    kind: str  # "sign", "factor", "transposed", "logarithm", "path", "diagonal", "stale weight", "rounding", …
    words: str
    formula: Expr | None = None  # the equation with the mistake made in it
    number: float | None = None


@dataclass(frozen=True)
class Verdict:
    """What is true of a claim.

    status  "proved": the difference of both sides is 0, or the number is right to its last digit
            "refuted": it is wrong, and the lines before it are no excuse
            "follows": wrong, but what follows from the wrong lines of `built_on` (numbers of claims, from 0)
            "undecided": neither a proof nor a counterexample was found; `reason` says why

    Attributes:
        reason: how it was proved, or how it fails, in a sentence.
        counterexample: numbers for what stands in the claim, and `sides` what both sides are there.
        right: what the left side is, in the terms of the claim where that is possible.
        diagnoses: the likeliest first; empty where nothing that was tried gives the claim.
        remark: what is to be said of a claim although it is proved.
        ended: whether the search for them was ended before everything had been tried.
    """

    claim: Claim
    status: Literal["proved", "refuted", "follows", "undecided"]
    reason: str = ""
    built_on: tuple[int, ...] = ()
    counterexample: Mapping[Entry, float] = field(default_factory=dict)
    sides: tuple[float, float] | None = None
    right: Expr | None = None
    computed: float | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    remark: str = ""
    ended: bool = False
