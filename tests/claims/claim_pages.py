"""Pages of claims about a network, read and judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lines import derived, network_of
from sympy import Expr

import codegen
import derive
from derive.checks.process import Runner
from derive.claims.claim import Claim, Verdict
from derive.claims.judging.judge import Judge
from derive.claims.reading import Written, read_claims
from derive.claims.reading.file import is_latex
from derive.file.errors import Place
from derive.language.expressions import Access, Partial
from derive.network import Network, NetworkDerivation


class Bench:
    """A network whose module runs, and the judge of claims about it."""

    def __init__(self, network: Network, derivation: NetworkDerivation, runner: Runner | None = None) -> None:
        self.network = network
        if runner is not None:
            runner.load_files(network, codegen.generate_files(network, derivation))
        self.judge = Judge(network, derivation, runner)
        self._read: dict[str, list[Claim]] = {}  # many pages have lines in common

    def verdicts(self, lines: Iterable[str]) -> list[Verdict]:
        return self.judge.of([replace(claim, place=Place("page", number, 1, line))
                              for number, line in enumerate(lines, 1) for claim in self.claims(line)])

    def claims(self, line: str) -> list[Claim]:
        """The claims of a line, wherever it stands."""
        if line not in self._read:
            written = Written(line, Place.of_text(line, "page"), latex=is_latex(line))
            self._read[line] = read_claims([written], self.network)
        return self._read[line]


def of_file(path: Path, runner: Runner | None = None) -> Bench:
    network = derive.load(path)
    return Bench(network, network.derivation(), runner)


def example(name: str, runner: Runner | None = None) -> Bench:
    return Bench(network_of(name), derived(name), runner)


def equations(name: str) -> list[Claim]:
    """The equations of an example's derivation as claims."""
    derivation = derived(name)
    made = {adjoint.quantity.name: adjoint.of.name for adjoint in derivation.adjoints}

    def said(expression: Expr) -> Expr:
        return expression.xreplace({access: Partial(Access(derivation.objective), Access(made[access.name], *access.indices))
                                    for access in expression.atoms(Access) if access.name in made})

    return [Claim(str(e), Place("derivation", e.number, 1, ""), said(e.target), said(e.body))
            for e in derivation.system.equations]
