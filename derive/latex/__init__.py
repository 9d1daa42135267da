"""LaTeX: from a network and its derivation record to a complete document, or to single formulas."""

from derive.latex.document import document
from derive.latex.printer import formula

__all__ = ["document", "formula"]
