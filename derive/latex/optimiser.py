"""The update rule: the optimiser's scalars with the letters that everybody uses for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy
from sympy import Expr, Symbol

from derive.catalogue.optimisers import IN_A_SENTENCE
from derive.language.expressions import Access, Index, names
from derive.latex.escape import scalar_name
from derive.latex.printer import Printer
from derive.network import Network


def spoken(optimiser: str) -> str:
    """What a sentence calls an optimiser."""
    return IN_A_SENTENCE.get(optimiser, optimiser.replace("_", " "))


class UpdatePrinter(Printer):
    """Prints the assignments of an optimiser."""

    _USUAL = {"learning_rate": r"\eta", "momentum": r"\mu", "weight_decay": r"\lambda", "epsilon": r"\varepsilon",
              "strength": r"\lambda", "clip_value": "c", "clip_norm": "C", "warm_up": "k_{0}", "factor": r"\gamma",
              "every": "s", "share": r"\tau", "first": "r_{0}", "least": "r_{1}",
              "fan_in": r"n_{\mathrm{in}}", "fan_out": r"n_{\mathrm{out}}"}

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.constants = set(network.optimiser.constants)

    def is_renamed(self, name: str) -> bool:
        """Whether a letter stands for a constant that has a longer name."""
        return name in self._USUAL and name != "epsilon"

    def _print_Access(self, access: Access, size: str = "") -> str:
        letter = self._USUAL.get(access.name) or scalar_name(access.name)
        return f"{letter}_{{{','.join(i.name for i in access.indices)}}}" if access.indices else letter

    def _print_Symbol(self, symbol: Symbol, style: str = "plain") -> str:
        return self._USUAL.get(symbol.name) or scalar_name(symbol.name)

    def limits(self, operator: str, indices: Iterable[Index]) -> str:
        """Over which entries a sum runs is said in words."""
        return "".join(f"{operator}_{{{index.name}}} " for index in indices)

    def _is_scalar(self, factor: Expr) -> bool:
        return not isinstance(factor, Access) and super()._is_scalar(factor)

    def _kind_rank(self, factor: Expr, with_delta: bool) -> float:
        base = factor.base if isinstance(factor, sympy.Pow) else factor
        if isinstance(base, Access):
            return 1 if base.name in self.constants else 6 if base.name == "g" else 3
        return super()._kind_rank(factor, with_delta) if base.is_number or not base.has(Access) else 2

    def _term_rank(self, term: Expr) -> tuple:
        """What was before the new gradient, and a small number that is added last: β u + (1 - β) g, √v + ε."""
        sign, unsigned = self._signed(term)
        words = names(term)
        return (sign == "-", not term.is_Number, words == {"epsilon"}, "g" in words, "theta" not in words, str(unsigned))


class EntryUpdatePrinter(UpdatePrinter):
    """The update rule with an entry, or its numbers, in place of theta and g."""

    def __init__(self, network: Network, words: Mapping[str, str], numbers_only: bool = False) -> None:
        super().__init__(network)
        self.words, self.numbers_only = words, numbers_only

    def _print_Access(self, access: Access, size: str = "") -> str:
        return self.words.get(access.name) or super()._print_Access(access, size)

    def _print_Symbol(self, symbol: Symbol, style: str = "plain") -> str:
        return self.words.get(symbol.name) or super()._print_Symbol(symbol, style)

    def _is_plain_letter(self, base: Expr, printed: str) -> bool:
        bracketed = self.numbers_only and isinstance(base, Access) and printed.startswith("(")
        return bracketed or super()._is_plain_letter(base, printed)

    def _sign_between(self, before: Expr, after: Expr, left: str, right: str) -> str:
        return r"\cdot " if self.numbers_only else r"\, "
