"""Formulas as plain text that a claim may say again: the document's own names, and positions that count from 1."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Mul, Piecewise, Rational, true
from sympy.core.relational import Relational
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from derive.claims.claim import After
from derive.claims.working import names
from derive.instantiate import Entry
from derive.language.equations import Quantity, Role
from derive.language.expressions import Access, Delta, Index, Maximum, Partial, Reduction, Sum, Within, free_indices
from derive.network import Network

QUOTIENT = PRECEDENCE["Mul"] + 1  # dE/dw5 is a factor as it stands, and stands in brackets under a power


def plain_text(expression: Expr, network: Network, quantities: Mapping[str, Quantity] | None = None) -> str:
    """An expression of a claim as text; `quantities` are those of a system with adjoints, where there may be some."""
    return PlainPrinter(network, quantities or network.system.quantities).doprint(expression)


class PlainPrinter(StrPrinter):
    """Plain text of the index language."""

    printmethod = "_plaintext"  # not that of the nodes themselves, who know no network

    def __init__(self, network: Network, quantities: Mapping[str, Quantity]) -> None:
        super().__init__()
        self.network = network
        self.quantities = quantities

    def parenthesize(self, item: Expr, level: int, strict: bool = False) -> str:
        rank = {Partial: QUOTIENT, After: PRECEDENCE["Add"]}.get(type(item))
        if isinstance(item, Access) and self._derivative(item) is not None:
            rank = QUOTIENT
        if rank is None:
            return super().parenthesize(item, level, strict)
        text = self._print(item)
        return f"({text})" if rank < level or not strict and rank <= level else text

    def _print_Access(self, node: Access) -> str:
        derivative = self._derivative(node)
        if derivative is not None:
            return self._print_Partial(derivative)
        own = [i for i in node.indices if i.is_Integer]
        if len(own) == len(node.indices):
            alias = self.network.aliases.get((node.name, tuple(map(int, own))))
            if alias is not None:
                return alias
        return node.name + (f"[{','.join(map(self.place, node.indices))}]" if node.indices else "")

    def _derivative(self, node: Access) -> Partial | None:
        """The derivative that an adjoint is."""
        quantity = self.quantities.get(node.name)
        if quantity is None or quantity.role is not Role.ADJOINT or quantity.of is None or quantity.by is None:
            return None
        return Partial(Access(quantity.of), Access(quantity.by, *node.indices))

    def place(self, position: Expr) -> str:
        """A position, counted from 1; a label stands for itself."""
        if position.has(Access):
            return self._print(position)
        return self._print(position.xreplace({i: i - 1 for i in free_indices(position)}) + 1).replace(" ", "")

    def _print_Index(self, node: Index) -> str:
        return node.name

    def _print_Partial(self, node: Partial) -> str:
        return f"d{self._print(node.args[0])}/d{self._print(node.args[1])}"

    def _print_After(self, node: After) -> str:
        return f"{self._print(node.what)} after {node.updates}"

    def _print_Reduction(self, node: Reduction) -> str:
        name = {Sum: "sum", Maximum: "maximum"}[type(node)]
        return f"{name}({', '.join(i.name for i in node.indices)}, {self._print(node.body)})"

    _print_Sum = _print_Maximum = _print_Reduction

    def _print_Delta(self, node: Delta) -> str:
        return f"delta({', '.join(map(self.place, node.args))})"

    def _print_Within(self, node: Within) -> str:
        return f"within({self.place(node.args[0])}, {self._print(node.args[1])})"

    def _print_Piecewise(self, node: Piecewise) -> str:
        value, condition = node.args[0]
        if condition == true:
            return self._print(value)
        rest = self._print(Piecewise(*node.args[1:]) if len(node.args) > 2 else node.args[1][0]) if node.args[1:] else "0"
        return f"where({self._print(condition)}, {self._print(value)}, {rest})"

    def _print_Relational(self, node: Relational) -> str:
        return f"{self._print(node.lhs)} {node.rel_op} {self._print(node.rhs)}"

    def _print_And(self, node: Expr) -> str:
        return " and ".join(f"{self._print(part)}" for part in sorted(node.args, key=str))

    def _print_Or(self, node: Expr) -> str:
        return " or ".join(f"{self._print(part)}" for part in sorted(node.args, key=str))

    def _print_Mul(self, node: Mul) -> str:
        number, rest = node.as_coeff_Mul()
        if number.is_Rational and "." in self._print(number):
            return f"{self._print(number)}*{self.parenthesize(rest, PRECEDENCE['Mul'])}"
        return super()._print_Mul(node)

    def _print_Rational(self, node: Rational) -> str:
        decimal = f"{float(node):.15g}"
        return decimal if node.q > 10 and Rational(decimal) == node else f"{node.p}/{node.q}"

    def _print_Float(self, node: Expr) -> str:
        return number_text(float(node))


def number_text(value: float) -> str:
    return f"{value:.12g}"


def label(entry: Entry, network: Network) -> str:
    """The name of what has a number in a working: w5, a1[1,2], dE/dw5, w5 after 1."""
    ranks = {name: len(quantity.indices) for name, quantity in network.system.quantities.items()}
    return plain_text(names.spoken(names.access(entry), ranks), network)
