"""Pages of claims about a network, read and judged."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lines import derived, network_of
from sympy import Expr

import codegen
import derive
from derive.checks.process import Runner
from derive.claims.claim import Claim, Verdict
from derive.claims.judging.judge import Judge
from derive.claims.reading import Written, read_claims
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

    def verdicts(self, lines: Iterable[str]) -> list[Verdict]:
        written = [Written(line, Place("page", number, 1, line)) for number, line in enumerate(lines, 1)]
        return self.judge.of(read_claims(written, self.network))


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
