"""Lines of a working, read on their own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import derive
from derive.claims.claim import Claim
from derive.claims.reading import Written, read_claims
from derive.claims.reading.file import is_latex
from derive.file.errors import Place
from derive.language.expressions import Access, Partial
from derive.network import Network, NetworkDerivation

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))


@cache
def network_of(name: str) -> Network:
    """The network of an example."""
    return derive.load(EXAMPLES / f"{name}.yaml")


@cache
def derived(name: str) -> NetworkDerivation:
    """Its derivation."""
    return network_of(name).derivation()


NETWORK = network_of("worked_example")


def read(text: str, network: Any = NETWORK, latex: bool | None = None,
         names: Mapping[str, str] | None = None) -> list[Claim]:
    """The claims of one line."""
    meanings = {name: _written(meaning) for name, meaning in (names or {}).items()}
    return read_claims([_written(text, latex)], network, meanings)


def _written(text: str, latex: bool | None = None) -> Written:
    return Written(text, Place.of_text(text, "claims.yaml"), latex=is_latex(text) if latex is None else latex)


def with_derivatives(expression: Any, derivation: Any) -> Any:
    """An expression of a derivation with derivatives for the adjoints that stand for them."""
    quantities = derivation.system.quantities
    adjoints = [access for access in expression.atoms(Access) if quantities[access.name].of and quantities[access.name].by]
    return expression.xreplace({access: Partial(Access(quantities[access.name].of),
                                                Access(quantities[access.name].by, *access.indices)) for access in adjoints})
