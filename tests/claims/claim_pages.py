"""Pages of claims about a network, read and judged."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sympy import Expr

import codegen
import derive
from derive.checks.process import Runner
from derive.claims.claim import Claim, Verdict
from derive.claims.judging.judge import Judge
from derive.claims.reading import Written, read_claims
from derive.file.errors import Place
from derive.language.expressions import Access, Partial

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class Bench:
    """A network whose module runs, and the judge of claims about it."""

    def __init__(self, path: Path, runner: Runner | None = None) -> None:
        self.network = derive.load(path)
        derivation = self.network.derivation()
        if runner is not None:
            runner.load_files(self.network, codegen.generate_files(self.network, derivation))
        self.judge = Judge(self.network, derivation, runner)

    def verdicts(self, lines: Iterable[str]) -> list[Verdict]:
        written = [Written(line, Place("page", number, 1, line)) for number, line in enumerate(lines, 1)]
        return self.judge.of(read_claims(written, self.network))


def equations(bench: Bench) -> list[Claim]:
    """The equations of the network's derivation as claims."""
    derivation = bench.network.derivation()
    made = {adjoint.quantity.name: adjoint.of.name for adjoint in derivation.adjoints}

    def said(expression: Expr) -> Expr:
        return expression.xreplace({access: Partial(Access(derivation.objective), Access(made[access.name], *access.indices))
                                    for access in expression.atoms(Access) if access.name in made})

    return [Claim(str(e), Place("derivation", e.number, 1, ""), said(e.target), said(e.body))
            for e in derivation.system.equations]


def example(name: str, runner: Runner | None = None) -> Bench:
    return Bench(EXAMPLES / f"{name}.yaml", runner)
