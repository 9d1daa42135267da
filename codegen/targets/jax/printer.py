"""Index expressions as jax.numpy expressions: those of NumPy, for arrays that never change."""

from __future__ import annotations

import re

from sympy import Expr

from codegen.positions import Position, view
from codegen.program import Counter
from codegen.targets.numpy.printer import Axes, NumpyPrinter
from derive.calculus.products import Product
from derive.language.equations import Quantity
from derive.language.expressions import Access, Index, Sum

_NUMPY = re.compile(r"(?<!float\()\bnp\.")  # float(np.sqrt(2)) is a number that is known before anything is compiled


class JaxPrinter(NumpyPrinter):
    """Prints expressions over the given quantities.

    Attributes:
        traced: counters whose value is not known when the program is compiled.
    """

    traced: frozenset[Counter] = frozenset()

    def line(self, code: str) -> str:
        """A line of NumPy code as one of jax.numpy."""
        return _NUMPY.sub("jnp.", code)

    def place(self, target: Access, quantity: Quantity) -> tuple[str, list[Expr] | None]:
        """The subscripts of the part of an array that a statement fills; its shape where several indices are one axis."""
        positions = view(target, quantity)
        assert positions is not None
        subscripts: list[str] = []
        shape: list[Expr] = []
        for position, axis in zip(positions, quantity.indices, strict=True):
            if len(position.slopes) > 1:
                assert position.counts_digits
                size = position.highest - position.lowest + 1
                position = Position(position.offset, ((Index("digits", size), 1),))
            subscripts.append(self._slice(position, axis.size))
            shape += [] if not position.slopes else [position.slopes[0][0].size]
        while len(subscripts) > 1 and subscripts[-1] == ":":
            subscripts.pop()
        several = any(len(position.slopes) > 1 for position in positions)
        return ", ".join(subscripts), shape if several else None


class EntriesPrinter(JaxPrinter):
    """Prints what is done with each entry of an array of any shape; the index of its entries is no axis of it."""

    def contraction(self, expression: Sum, axes: Axes) -> Product | None:
        return None
