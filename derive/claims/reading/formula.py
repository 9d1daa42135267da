"""One side of a claim: a formula as in a network file, with derivatives and updates besides.

    _d(J, z2[n,j])          ∂J/∂z2[n,j]
    w5._after1              w5 after one update
    _change(w5)             w5 after one update, less w5
    _prime_sigmoid(z)       sigmoid'(z)
    _cases(z > 0, 1, 0)     1 where z > 0, and 0 elsewhere; also _cases(z > 0, 1, z <= 0, 0)

Nobody types these words: `text` and `latex`, beside this file, put them there for what people write.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence

import sympy
from sympy import Basic, Dummy, Expr, Piecewise

from derive.claims.branches import cover_everything
from derive.claims.claim import After
from derive.claims.reading.positions import CountedFrom1, from_0
from derive.claims.reading.vocabulary import FUNCTIONS, Vocabulary, derivative_of
from derive.file.errors import Place, suggestion
from derive.file.numbers import Number
from derive.file.quantities import Unit
from derive.language.equations import Role
from derive.language.expressions import Access, Delta, Index, Partial, Reduction, Sum, Within, accesses
from derive.language.substitution import SAMPLES, substitute

CASES = "_cases"
UNITS: Mapping[str, Unit] = {"u": "updates", "e": "epochs", "f": "full-batch updates"}
AFTER = re.compile(r"_after(\d+)([uef]?)")
LETTERS = ("f", "g", "h", "phi", "varphi")  # for an activation, whichever it is
UNCHANGED = (Role.INPUT, Role.TARGET, Role.CONSTANT)


class ClaimFormula(CountedFrom1):
    """The text of a claim on its way from syntax trees to expressions.

    Attributes:
        known: what stands for parts that have been read already, by names that nobody types.
        units: the units in which updates are counted in it.
        decimals: where decimals are to be told apart that may be rounded, those of them that were met, by the symbols
            that stand for them; None reads all as exact.
    """

    def __init__(self, text: str, words: Vocabulary, place: Place) -> None:
        super().__init__(text, words, place)
        self.known: dict[str, Expr] = {}
        self.units: dict[Unit, ast.AST] = {}
        self.decimals: dict[Dummy, Number] | None = None

    def of_parameter(self, parameter: str | None) -> None:
        """From here on the update of one parameter is spoken of."""
        self.scope = self.words.scope(parameter)

    def value(self, node: ast.expr, indices: Mapping[str, Index]) -> Expr:
        match node:
            case ast.Attribute(value=inner, attr=attr) if (after := AFTER.fullmatch(attr)) is not None:
                self.units.setdefault(UNITS[after[2] or "u"], node)
                what = self.value(inner, indices)
                if what.has(After):
                    self.fail("'after' stands here twice", node, "write it once: w5 after 1")
                return self.after(what, int(after[1]))
            case ast.Compare() | ast.BoolOp():  # as in NumPy, da1 * (z1 > 0)
                return Piecewise((1, self.condition(node, indices)), (0, True))
        return super().value(node, indices)

    def call(self, node: ast.Call, indices: Mapping[str, Index]) -> Expr:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        match name:
            case "_d":
                (of, inside), (by, also) = (self.quantity(argument, indices) for argument in node.args)
                return Partial(of, by) * inside * also
            case "_change":
                what, _ = self.quantity(node.args[0], indices)
                return self.after(what, 1) - self.after(what, 0)
            case _ if name == CASES:
                return self.by_conditions(node, indices)
            case "delta" | "within":
                self._arity(node, name, 2, 2)
                left, right = (self.index_expression(argument, indices) for argument in node.args)
                return Delta(from_0(left), from_0(right)) if name == "delta" else Within(from_0(left), right)
            case "sum" | "maximum" if node.keywords:
                return self.limited(node, name, indices)
        plain = name.removeprefix("_prime_")
        if plain in FUNCTIONS:
            if len(node.args) != 1:
                self.fail(f"{plain} takes one argument, and {len(node.args)} stand here", node, f"write {plain}(z)")
            function = FUNCTIONS[plain] if plain == name else derivative_of(FUNCTIONS[plain])
            return function(self.value(node.args[0], indices))
        if plain in LETTERS and len(node.args) == 1:
            return self.activation(node, indices, primed=plain != name)
        if plain != name:
            self.fail(f"the derivative of {plain} is not known here", node, suggestion(plain, FUNCTIONS))
        return super().call(node, indices)

    def activation(self, node: ast.Call, indices: Mapping[str, Index], primed: bool) -> Expr:
        """f(z), f'(z): what is computed from z alone, entry by entry, and its derivative."""
        z = self.value(node.args[0], indices)
        for equation in self.words.network.system.readers.get(z.name, ()) if isinstance(z, Access) else ():
            if all(read == Access(z.name, *equation.target.indices) for read in accesses(equation.body)):
                a = Access(equation.name, *z.indices)
                return Partial(a, z) if primed else a
        self.fail("nothing says which function this is", node, "write it by its name, as sigmoid(z1) or tanh'(z1)")

    def operation(self, node: ast.BinOp, indices: Mapping[str, Index]) -> Expr:
        if isinstance(node.op, ast.Mult):  # of whatever kind
            node, written = ast.copy_location(ast.BinOp(node.left, ast.Mult(), node.right), node), node
            self.stand(node, written)
        return super().operation(node, indices)

    def by_conditions(self, node: ast.Call, indices: Mapping[str, Index]) -> Expr:
        """A value with cases; the last one is for all the rest."""
        *_, last = node.args
        conditions = [self.condition(argument, indices) for argument in node.args[:-1:2]]
        values = [self.value(argument, indices) for argument in node.args[1::2]]
        if len(node.args) % 2:
            values.append(self.value(last, indices))
        elif not cover_everything(conditions):
            self.fail("no case is left for all the rest", node, "end with \\text{otherwise}")
        return Piecewise(*zip(values[:-1], conditions, strict=False), (values[-1], True))

    def limited(self, node: ast.Call, name: str, indices: Mapping[str, Index]) -> Expr:
        """A sum up to a limit that is written above it; terms behind the limit are left out."""
        keyword, node.keywords = node.keywords[0], []
        upto, letter = self.value(keyword.value, indices), node.args[0]
        assert isinstance(letter, ast.Name)
        self.limits[letter.id] = upto
        total = super().call(node, indices)
        node.keywords = [keyword]
        if not isinstance(total, Reduction):
            return total
        index = total.indices[0]
        if self.words.same(upto, index.size):
            return total
        if not upto.is_Integer or not isinstance(total, Sum):
            self.misfit(f"{letter.id} runs over {self.words.size(index.size)} values, and the sum ends at {upto}",
                        keyword.value)
        return Sum(total.body * Within(index, upto), *total.indices)

    def quantity(self, node: ast.expr, indices: Mapping[str, Index]) -> tuple[Access, Expr]:
        """A quantity or one of its entries, by whatever name, and a factor that is 0 outside of it."""
        return self.apart(self.value(node, indices), node)

    def apart(self, value: Expr, node: ast.expr) -> tuple[Access, Expr]:
        """An entry, and the factor that is 0 where there is none."""
        factors = sympy.Mul.make_args(value)
        found = [factor for factor in factors if isinstance(factor, Access)]
        inside = [factor for factor in factors if isinstance(factor, Within)]
        if len(found) != 1 or len(found) + len(inside) != len(factors):
            self.fail("a derivative is of one quantity by another, or by one of their entries", node,
                      "write dE/dw5, dJ/dz2[n,j] or dout_o1/dnet_o1")
        return found[0], sympy.Mul(*inside)

    def own(self, expression: Expr) -> Expr:
        """The expression in the network's own names."""
        own: dict[Basic, Basic] = {}
        for access in expression.atoms(Access):
            if access.name in self.words.entries:
                own[access] = self.words.entries[access.name]
            elif access.name in self.words.definitions:
                indices, meaning = self.words.definitions[access.name]
                own[access] = substitute(meaning, dict(zip(indices, access.indices, strict=True)))
        return expression.xreplace(own)

    def after(self, expression: Expr, updates: int) -> Expr:
        """The expression after so many updates, but for what is said to be of another moment or never changes."""
        if isinstance(expression, After) or not expression.has(Access):
            return expression
        if isinstance(expression, (Access, Partial)):
            return After(expression, updates) if isinstance(expression, Partial) or self.changes(expression) else expression
        return _rebuilt(expression, lambda part: self.after(part, updates))

    def changes(self, access: Access) -> bool:
        return self.words.network.system.quantities[access.name].role not in UNCHANGED

    def name(self, node: ast.Name, indices: Mapping[str, Index]) -> Expr:
        if node.id in self.known:
            return self.known[node.id]
        if node.id not in self.scope.quantities and re.fullmatch(r"d\w+", node.id) and node.id[1:] in self.scope.quantities:
            self.fail(f"there is no '{node.id}' here", node,
                      f"write d{self.words.network.loss}/{node.id} for a derivative of the loss")
        return self.own(super().name(node, indices))

    def access(self, node: ast.Subscript, indices: Mapping[str, Index]) -> Expr:
        return self.own(super().access(node, indices))

    def index_expression(self, node: ast.expr, indices: Mapping[str, Index]) -> Expr:
        rounded, self.decimals = self.decimals, None  # a position is exact
        try:
            return super().index_expression(node, indices)
        finally:
            self.decimals = rounded

    def instead(self, name: str, known: Sequence[str]) -> str:
        """Drawings and people write x1 for an entry of x; other names may be the working's own."""
        for end in range(len(name) - 1, 0, -1):
            quantity = self.words.network.system.quantities.get(name[:end].rstrip("_"))
            if quantity is not None and name[end:].isdigit():
                digits = iter(name[end:])
                positions = ["1" if axis.size == SAMPLES else next(digits, "") for axis in quantity.indices]
                if all(positions) and not next(digits, ""):
                    return f"write {quantity.name}[{','.join(positions)}]" + (
                        " (for the first sample)" if quantity.sample_axis is not None else "")
        stem = name.partition("_")[0]
        near = f"did you mean '{stem}'?" if stem in known else super().instead(name, known)
        return (f"{near}{' ' if near.endswith('?') else '. '}A name of your own is defined beside network:, as in "
                f"names: {{{name}: d{self.words.network.loss}/d…}}")

    def number(self, node: ast.Constant) -> Expr:
        value = super().number(node)
        if self.decimals is None or value.is_Integer or node.value in self.words.given:
            return value
        symbol = Dummy("decimal", real=True)
        self.decimals[symbol] = Number(self.source(node))
        return symbol

    def source(self, node: ast.expr) -> str:
        """The characters of a node that stands in one place."""
        start = self.offset(node)
        return self.text[start : start + (node.end_col_offset or 0) - node.col_offset]

    def checked(self, tree: ast.expr) -> ast.expr:
        """A tree that came from another parser, neither too large nor too deep."""
        self._check_size(tree, 0)
        return tree

    def finished(self, expression: Expr) -> Expr:
        """An expression that has been read, in the network's own names."""
        letters = {index: Index(index.name.lstrip("_"), index.size) for index in expression.atoms(Index)
                   if index.name.startswith("_")}
        return _without_start(expression.xreplace(letters))

    def one_unit(self) -> Unit:
        """The unit of all updates in the claim."""
        if len(self.units) > 1:
            *_, (unit, node) = self.units.items()
            self.fail(f"{unit} and {next(iter(self.units))} stand in one claim", node, "count in one unit")
        return next(iter(self.units), "updates")


def _rebuilt(expression: Basic, changed: Callable[[Expr], Expr]) -> Expr:
    """The expression with the change made in each of its parts that is an expression."""
    return expression.func(*(changed(part) if isinstance(part, Expr) else
                             _rebuilt(part, changed) if part.args and not part.is_Symbol else part
                             for part in expression.args))


def _without_start(expression: Expr) -> Expr:
    """Without `after 0`, which is where every formula is."""
    return expression.xreplace({after: after.what for after in expression.atoms(After) if after.updates == 0})
