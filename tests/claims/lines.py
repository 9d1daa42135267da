"""Lines of a working, read on their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import derive
from derive.claims.claim import Claim
from derive.claims.reading import Written, read_claims
from derive.file.errors import Place
from derive.language.expressions import Access, Partial

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))
NETWORK = derive.load(EXAMPLES / "worked_example.yaml")


def read(text: str, network: Any = NETWORK, latex: bool = False) -> list[Claim]:
    """The claims of one line."""
    return read_claims([Written(text, Place.of_text(text, "claims.yaml"), latex=latex)], network)


def with_derivatives(expression: Any, derivation: Any) -> Any:
    """An expression of a derivation with derivatives for the adjoints that stand for them."""
    quantities = derivation.system.quantities
    adjoints = [access for access in expression.atoms(Access) if quantities[access.name].of and quantities[access.name].by]
    return expression.xreplace({access: Partial(Access(quantities[access.name].of),
                                                Access(quantities[access.name].by, *access.indices)) for access in adjoints})
