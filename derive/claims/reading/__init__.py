"""From a file of claims to claims about a network: plain text or LaTeX, entries or whole matrices, counted from 1."""

from derive.claims.reading.lines import read_claims
from derive.claims.reading.sides import Written

__all__ = ["Written", "read_claims"]
