"""The page: what its sections have in common, and how numbered equations are set on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from derive.calculus.record import Adjoint, Derivation
from derive.language.equations import Equation
from derive.language.expressions import Access
from derive.latex.likeness import signature
from derive.latex.lines import PAGE, Line, chain, display
from derive.latex.matrix import MatrixPrinter
from derive.latex.printer import Printer, plain
from derive.latex.slices import computed_indices
from derive.latex.width import width
from derive.latex.words import ranges
from derive.network import Network


class Page:
    """What every section reads: the network, its derivation, and how they are printed.

    Attributes:
        form: which views are printed.
        print, matrix: the printers of entries and of whole matrices.
        adjoint_of: the adjoint of a quantity by the quantity's name.
    """

    def __init__(self, network: Network, derivation: Derivation, form: str) -> None:
        self.network, self.derivation, self.form = network, derivation, form
        quantities = derivation.system.quantities
        whole = {key: alias for key, alias in network.aliases.items() if not key[1]}
        self.print = Printer(quantities, whole)
        computed = computed_indices(a for e in derivation.forward.equations for a in e.body.atoms(Access))
        self.matrix = MatrixPrinter(quantities, whole, computed)
        self.with_matrix = form in ("auto", "matrix", "all")
        self.forward_system = derivation.forward
        self.adjoint_of: Mapping[str, Adjoint] = {a.of.name: a for a in derivation.adjoints}
        self._signatures: dict[str, str] = {}

    def symbol(self, name: str) -> str:
        """A quantity as a whole: its matrix, or its entry where it has none."""
        quantity = self.derivation.system.quantities[name]
        if len(quantity.indices) <= 2 and self.with_matrix:
            try:
                return plain(self.matrix.name(name, len(quantity.indices)))
            except Exception:  # a second derivative has no matrix name
                return self.print.plain(quantity.entry)
        return self.print.plain(quantity.entry)

    def equations(self, equations: Sequence[Equation]) -> str:
        """Equations in order; those equal to an earlier one up to names are listed where there are many."""
        groups: dict[str, list[Equation]] = {}
        for equation in equations:
            groups.setdefault(self.signature(equation), []).append(equation)
        out: list[str] = []
        waiting: list[Equation] = []
        for equation in equations:
            group = groups[self.signature(equation)]
            if len(group) <= 6:
                waiting.append(equation)
            elif equation is group[0]:
                out.append(self.numbered(*waiting, equation))
                waiting = []
                out.append(f"Likewise for ${self.names(group[1:])}$: equations "
                           f"{ranges([e.number for e in group[1:]])}.")
        if waiting:
            out.append(self.numbered(*waiting))
        return "\n".join(out)

    def names(self, equations: Sequence[Equation]) -> str:
        first, last = equations[0], equations[-1]
        return f"{self.print.plain(first.target)}, \\dots, {self.print.plain(last.target)}"

    def numbered(self, *equations: Equation) -> str:
        """Equations with their numbers: the index form, and the matrix form beside it or below."""
        out: list[str] = []
        beside: list[str] = []

        def flush() -> None:
            if beside:
                out.append(display(beside))
                beside.clear()

        for equation in equations:
            left, right = self.print.marked(equation.target), self.print.marked(equation.body)
            whole = self.matrix.equation(equation) if self.with_matrix else None
            tag = rf"\tag{{{equation.number}}}"
            if whole is not None and self.form == "matrix":
                left, right, whole = *whole, None
            if whole is None and width(left) + width(right) + 1.4 <= (PAGE - 3) * (0.5 if self.with_matrix else 1):
                beside.append(f"{plain(left)} &= {plain(right)} {tag}")
            elif whole is not None and (max(width(left) + width(right), width(whole[0]) + width(whole[1])) + 2
                                        <= (PAGE - 5) / 2):
                beside.append(f"{plain(left)} &= {plain(right)} & {plain(whole[0])} &= {plain(whole[1])} {tag}")
            else:
                flush()
                out.append(self.with_matrices(chain(left, [Line(right)], str(equation.number)), whole))
        flush()
        return "\n".join(out)

    @staticmethod
    def with_matrices(above: str, whole: tuple[str, str] | None) -> str:
        """A display, and below it on the same page the same as matrices."""
        if whole is None:
            return above
        above = above.replace(" \\\\\n", " \\displaybreak[0] \\\\\n")
        above = f"\\begin{{kept}}\n{above}\n\\end{{kept}}"
        if width(whole[0]) + width(whole[1]) < PAGE - 12:
            return f"{above}\n" + rf"As matrices: \quad $\displaystyle {plain(whole[0])} = {plain(whole[1])}$"
        return f"{above}\nAs matrices:\n" + chain(whole[0], [Line(whole[1])])

    @cached_property
    def readers(self) -> Mapping[str, list[Equation]]:
        """The equations that read a quantity and lead to the loss."""
        out: dict[str, list[Equation]] = {}
        for equation in self.forward_system.equations:
            if equation.name in self.adjoint_of or equation.name == self.derivation.objective:
                for name in equation.reads:
                    out.setdefault(name, []).append(equation)
        return out

    def signature(self, equation: Equation) -> str:
        """Equal for equations that are equal up to names."""
        if equation.name not in self._signatures:
            self._signatures[equation.name] = signature([equation.target, equation.body], self._role)
        return self._signatures[equation.name]

    def _role(self, name: str) -> str:
        quantity = self.derivation.system.quantities[name]
        return f"{quantity.role.name}{'!' if name == self.derivation.objective else ''}"
