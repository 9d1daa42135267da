"""The printer: expressions of the index language as LaTeX, in the order in which a person writes them.

Indices count from 1 in print.  A string from `Printer.marked` holds invisible marks where a long line may be broken,
the lower the mark the better the place; `plain` removes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache

import sympy
from sympy import Add, Basic, Expr, Function, Mul, Number, Piecewise, Pow, Rational, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFunction
from sympy.printing.latex import LatexPrinter

from derive.language.equations import Equation, Quantity, Role
from derive.language.expressions import (
    Access,
    Delta,
    Index,
    Maximum,
    Partial,
    Reduction,
    Sum,
    Within,
    free_indices,
)
from derive.language.substitution import SAMPLE_INDEX, SAMPLES
from derive.latex.escape import name_parts, scalar_name
from derive.network import Network

_MARK = 0xE000  # a private character: marks of level 0, 1, 2, … are this one and the next ones
_MARKS = re.compile("[\ue000-\ue0ff]")
_NAMED = {"log": r"\log", "tanh": r"\tanh", "sinh": r"\sinh", "cosh": r"\cosh", "sin": r"\sin", "cos": r"\cos",
          "tan": r"\tan", "atan": r"\arctan", "asin": r"\arcsin", "acos": r"\arccos"}
_SHORT = 6  # decimals of a number that people write down
_MANY = 10 ** 15  # from where on a whole number is written with a power of 10
_WITH_POWER = ("tanh", "sinh", "cosh", "sin", "cos", "tan")
_RELATIONS = {"==": "=", "!=": r"\ne", "<": "<", ">": ">", "<=": r"\le", ">=": r"\ge"}


def plain(marked: str) -> str:
    """The LaTeX without the marks for line breaks."""
    return _MARKS.sub("", marked)


def mark(level: int) -> str:
    return chr(_MARK + min(level, 0xFF))


def mark_levels(marked: str) -> list[int]:
    """The levels of all marks in a string, as often as they stand in it."""
    return [ord(m) - _MARK for m in _MARKS.findall(marked)]


def deeper(marked: str) -> str:
    """The same marks one level pair further in: what stands around them breaks first."""
    return _MARKS.sub(lambda m: mark(ord(m.group()) - _MARK + 2), marked)


def formula(expression: Expr | Equation, network: Network | None = None) -> str:
    """One formula as LaTeX for mathematics mode: amsmath macros, no environment around it, no equation number."""
    quantities = network.system.quantities if network is not None else {}
    printer = Printer(quantities, network.aliases if network is not None else {})
    if isinstance(expression, Equation):
        return f"{plain(printer.marked(expression.target))} = {plain(printer.marked(expression.body))}"
    return plain(printer.marked(expression))


class Printer(LatexPrinter):
    """LaTeX of the index language.

    Args:
        quantities: what is known of the names; it decides the order of factors and what is an adjoint.
        aliases: the document's own names of entries, by (quantity, indices from 0).
    """

    printmethod = ""  # no expression prints itself here

    def __init__(self, quantities: Mapping[str, Quantity] | None = None,
                 aliases: Mapping[tuple[str, tuple[int, ...]], str] | None = None) -> None:
        super().__init__()
        self.quantities = quantities or {}
        self.aliases = aliases or {}
        self._depth = 0
        self._in_sum = False
        self._in_place = False
        self._ranks: dict[tuple[Expr, bool, bool], tuple] = {}

    def marked(self, expression: Basic) -> str:
        self._depth = 0
        self._in_sum = False
        return self._print(expression)

    def plain(self, expression: Basic) -> str:
        return plain(self.marked(expression))

    # Names and indices

    def _print_Access(self, access: Access, size: str = "") -> str:
        alias = self._alias(access)
        if alias is not None:
            return scalar_name(alias)
        quantity = self.quantities.get(access.name)
        of, by = _adjoint_of(access.name, quantity)
        if of is not None and by is not None:
            return self.partial(self._print_Access(Access(of)), Access(by, *access.indices))
        if of is not None:  # the derivative of a quantity along a direction
            return rf"\mathrm{{R}} {self._print_Access(Access(of, *access.indices))}"
        letter, over, under = name_parts(access.name)
        if quantity is not None and quantity.role is Role.CONSTANT and not access.indices:
            return scalar_name(access.name)
        return decorated(letter, over, ",".join(filter(None, (under, self.places(access.indices)))))

    def _alias(self, access: Access) -> str | None:
        if not self.aliases or not all(i.is_Integer for i in access.indices):
            return None
        return self.aliases.get((access.name, tuple(map(int, access.indices))))

    def partial(self, of: str, by: Access) -> str:
        below = self._print_Access(by)
        if below.startswith(r"\frac"):  # the derivative by a derivative
            inner = re.fullmatch(r"\\frac\{(.*?)\}\{(.*)\}", below)
            assert inner is not None
            below = f"({inner.group(1)}/{inner.group(2)})"
        if of.startswith(r"\frac"):
            return rf"\frac{{\partial}}{{\partial {below}}} {of}"
        return rf"\frac{{\partial {of}}}{{\partial {below}}}"

    def _print_Partial(self, node: Partial) -> str:
        return self.partial(self._print(node.args[0]), node.args[1])

    def places(self, indices: Sequence[Expr]) -> str:
        """Positions as a subscript."""
        printed = [self.place(index) for index in indices]
        short = all(re.fullmatch(r"[a-zA-Z]'*|\d", p) for p in printed)
        return ("" if short else ",").join(printed)

    def place(self, position: Expr) -> str:
        """One position, counted from 1; a label stands for itself."""
        if isinstance(position, Index):
            return _index_name(position.name)
        if position.is_Integer:
            return str(int(position) + 1)
        if position.has(Access):
            return plain(self._print(position))
        shifted = position.xreplace({i: i - 1 for i in free_indices(position)}) + 1
        outer, self._in_place = self._in_place, True
        printed = plain(self._print(shifted))
        self._in_place = outer
        return printed

    def _print_Index(self, index: Index) -> str:
        return _index_name(index.name)

    def _print_Symbol(self, symbol: Symbol, style: str = "plain") -> str:
        return scalar_name(symbol.name)

    # Sums, indicators

    def limits(self, operator: str, indices: Iterable[Index]) -> str:
        return "".join(f"{operator}_{{{_index_name(i.name)}=1}}^{{{plain(self._print(i.size))}}} " for i in indices)

    def _print_Sum(self, node: Sum) -> str:
        sign, node = self._signed(node)
        if sign == "-":
            return "-" + self._print(node)
        outer, self._in_sum = self._in_sum, True
        body = self._factor(node.body, last=True)
        self._in_sum = outer
        return self.limits(r"\sum", node.indices) + body

    def _print_Maximum(self, node: Maximum) -> str:
        names = ",".join(_index_name(i.name) for i in node.indices)
        return rf"\max_{{{names}}} " + self._factor(node.body, last=True)

    def _print_Delta(self, node: Delta) -> str:
        left, right = sorted(map(self.place, node.args), key=lambda p: (len(p), p))
        short = all(re.fullmatch(r"[a-zA-Z]'*|[a-zA-Z]_\{?[a-zA-Z]\}?", p) for p in (left, right))
        return rf"\delta_{{{left}{' ' if short else ','}{right}}}"

    def _print_Within(self, node: Within) -> str:
        """A position inside of an array; where it is an index of the array's range and a step, one side holds anyway."""
        position, size = node.args
        limit = plain(self._print(size))
        step, rest = position.as_coeff_Add()
        if not (isinstance(rest, Index) and rest.size == size and step.is_Integer and step):
            return rf"[1 \le {self.place(position)} \le {limit}]"
        if step < 0:
            return f"[{self.place(rest)} > {-step}]"
        return f"[{self.place(rest)} < {limit}]" if step == 1 else (
            rf"[{self.place(rest)} \le {plain(self._print(size - step))}]")

    # Arithmetic

    def _print_Add(self, node: Add, order: str | None = None) -> str:
        terms = [self._signed(term) for term in self._in_order(node)]
        if not self._depth and all(sign == "-" for sign, _ in terms):
            return "-" + self.bracket(Add(*(-a for a in node.args)))
        printed = sorted(((sign, self._print(term)) for sign, term in terms), key=lambda each: ends_open(each[1]))
        out = ""
        for at, (sign, term) in enumerate(printed):
            if at < len(printed) - 1 and ends_open(term) or at and term.startswith("-"):
                term = bracketed(term)
            out += f" {mark(2 * self._depth)}{sign} {term}" if at else ("-" if sign == "-" else "") + term
        return out

    def _in_order(self, node: Add) -> list[Expr]:
        """The terms as they are written: sums after a difference that is none, a - t + Σ …"""
        terms = sorted(node.args, key=self._term_rank)
        short = [term for term in terms if not term.has(Reduction)]
        if len({self._signed(term)[0] for term in short}) == 2:
            terms.sort(key=lambda term: term.has(Reduction))
        return terms

    @staticmethod
    def _signed(term: Expr) -> tuple[str, Expr]:
        coefficient = term.args[0] if isinstance(term, Mul) else term
        if isinstance(coefficient, Number) and coefficient.is_negative:
            sign, term = Printer._signed(-term)
            return ("+" if sign == "-" else "-"), term
        if isinstance(term, Sum) and isinstance(term.body, Mul):
            sign, body = Printer._signed(term.body)
            return sign, Sum(body, *term.indices) if sign == "-" else term
        return "+", term

    def _term_rank(self, term: Expr) -> tuple:
        """Numbers first, the bias after the sum, the shorter before the longer; what is subtracted last.

        In a position an index comes first: i + 1.
        """
        sign, unsigned = self._signed(term)
        narrower = -len(free_indices(term))
        bias = isinstance(term, Access) and self._is_weight(term)
        return (sign == "-", term.is_Number is self._in_place, narrower, bias, _measure(unsigned), self._text_key(unsigned))

    @staticmethod
    @lru_cache(maxsize=1 << 14)
    def _text_key(term: Expr) -> str:
        return sympy.sstr(term, order="none")

    def _print_Mul(self, node: Mul) -> str:
        number, upper, lower = _fraction_parts(node)
        sign = "-" if number.is_negative else ""
        number = abs(number)
        if any(isinstance(f, Partial) for f in upper) and not lower and number == 1:
            return sign + self._joined(upper)
        scalars_above = [f for f in upper if self._is_scalar(f)]
        if all(self._is_scalar(f) for f in lower):
            rest = [f for f in upper if not self._is_scalar(f)]
            front = self._scalar_front(number, scalars_above, lower)
            if not rest:
                return sign + front
            body = self._joined(rest)
            if not front:
                return sign + body
            between = (front[-1].isdigit() or front[-1] == "}") and body[0].isdigit()
            dot = r" \cdot " if between else r" \, " if front[-1] != "}" or r"\mathit" in front else " "
            return sign + front + dot + body
        beside = [f for f in upper if isinstance(f, (Reduction, Piecewise, Partial)) or self._is_adjoint(f)]
        over = [f for f in upper if f not in beside]
        decimal = number if not number.is_Integer and _terminates(number) else None
        above = ([] if number.p == 1 and over else [str(number.p)]) if decimal is None else []
        numerator = (above[0] + (r" \, " if over else "") if above else "") + (
            self._alone(over) if over else "" if above else "1")
        denominator = (f"{number.q} " if decimal is None and number.q != 1 else "") + self._alone(
            lower, with_number=decimal is None and number.q != 1)
        ratio = rf"\frac{{{plain(numerator)}}}{{{plain(denominator)}}}"
        if decimal is not None:
            ratio = rf"{_decimal(number)} \, {ratio}"
        first = [f for f in beside if self._is_adjoint(f) and not self._in_sum]
        after = [f for f in beside if f not in first]
        pieces = ([self._joined(first) + r" \cdot"] if first else []) + [ratio] + (
            [self._joined(after)] if after else [])
        return sign + f" {mark(2 * self._depth + 1)}".join(pieces)

    def _alone(self, factors: list[Expr], with_number: bool = False) -> str:
        """Factors that fill a numerator or denominator: a single sum needs no brackets there."""
        if len(factors) == 1 and not with_number:
            return self._print(factors[0])
        return self._joined(factors)

    def _scalar_front(self, number: Rational, above: list[Expr], lower: list[Expr]) -> str:
        if not lower and number.is_Integer:
            pieces = ([str(number.p)] if number != 1 else []) + [self._joined(above)] * bool(above)
            return r" \, ".join(pieces)
        if not lower and (not above or _terminates(number)):
            return self._print(number) + (r" \, " + self._joined(above) if above else "")
        numerator = (str(number.p) if number.p != 1 or not above else "") + (
            (" " if number.p != 1 else "") + self._joined(above) if above else "")
        denominator = (str(number.q) if number.q != 1 or not lower else "") + (
            (" " if number.q != 1 else "") + self._joined(lower) if lower else "")
        return rf"\frac{{{plain(numerator)}}}{{{plain(denominator)}}}"

    def _is_scalar(self, factor: Expr) -> bool:
        """A size, a constant or a number: what stands before a product as one fraction."""
        base = factor.base if isinstance(factor, Pow) and factor.exp.is_Number else factor
        if isinstance(base, Access):
            quantity = self.quantities.get(base.name)
            return quantity is not None and quantity.role is Role.CONSTANT
        if isinstance(base, Index):
            return False
        if isinstance(base, Symbol):
            return base.is_integer is True
        return base.is_number and not isinstance(base, Add) or isinstance(base, (Add, Mul)) and all(
            self._is_scalar(a) or a.is_number for a in base.args) and not base.atoms(Function)

    def _joined(self, factors: Sequence[Expr]) -> str:
        ordered = sorted(factors, key=lambda f: self._factor_rank(f, any(isinstance(g, Delta) for g in factors)))
        out, before = "", None
        for position, factor in enumerate(ordered):
            printed = self._factor(factor, last=position == len(ordered) - 1)
            if before is not None:
                out += f" {mark(2 * self._depth + 1)}{self._sign_between(before, factor, out, printed)}"
            out += printed
            before = factor
        return out

    def _sign_between(self, before: Expr, after: Expr, left: str, right: str) -> str:
        tall = [isinstance(f, Partial) or self._is_adjoint(f) for f in (before, after)]
        if all(tall) or left[-1].isdigit() and right[0].isdigit():
            return r"\cdot "
        return r"\, "

    def _factor(self, factor: Expr, last: bool) -> str:
        """A factor of a product, in brackets where it needs them."""
        if isinstance(factor, Add) or isinstance(factor, Number) and factor.is_negative:
            return self.bracket(factor)
        if isinstance(factor, (Sum, Maximum)) and not last:
            return self.bracket(factor)
        if isinstance(factor, Piecewise) and not last:
            return rf"\left( {plain(self._print(factor))} \right)"
        if _is_named(factor) and not last:
            return self._function(factor, brackets=True)
        printed = self._print(factor)
        return self.bracket(factor) if printed.startswith("-") else printed

    def bracket(self, expression: Basic) -> str:
        self._depth += 1
        inner = self._print(expression)
        self._depth -= 1
        return bracketed(inner)

    def _print_Pow(self, node: Pow) -> str:
        base, exponent = node.base, node.exp
        if exponent.is_Rational and exponent.is_negative:
            return rf"\frac{{1}}{{{plain(self._print(Pow(base, -exponent)))}}}"
        if exponent == sympy.S.Half:
            return rf"\sqrt{{{plain(self._print(base))}}}"
        above = plain(self._print(exponent))
        if exponent.is_Rational and not exponent.is_Integer and not _terminates(exponent):
            above = f"{exponent.p}/{exponent.q}"
        if _is_named(base) and exponent.is_Integer and type(base).__name__ in _WITH_POWER:
            return self._function(base, power=above)
        printed = self._print(base)
        if self._is_plain_letter(base, printed):
            return rf"{printed}^{{{above}}}"
        return rf"{bracketed(printed)}^{{{above}}}"

    def _is_plain_letter(self, base: Expr, printed: str) -> bool:
        if "^" in plain(printed) or printed.startswith(("-", r"\frac", "(")):
            return False
        return isinstance(base, (Access, Symbol)) or base.is_Integer or base is sympy.pi

    def _print_exp(self, node: Expr) -> str:
        exponent = node.args[0]
        if not exponent.has(Reduction, Piecewise) and _measure(exponent) <= 6:
            return rf"e^{{{plain(self._print(exponent))}}}"
        return r"\exp" + self.bracket(exponent)

    def _function(self, node: Expr, brackets: bool = False, power: str = "") -> str:
        (argument,) = node.args
        name = _NAMED[type(node).__name__] + (f"^{{{power}}}" if power else "")
        if isinstance(argument, (Access, Symbol)) and not brackets and self._is_short(argument):
            return f"{name} {self._print(argument)}"
        return name + self.bracket(argument)

    def _is_short(self, argument: Expr) -> bool:
        return not self._print(argument).startswith(("-", r"\frac"))

    def _print_Function(self, node: Function, exp: str | None = None) -> str:
        if _is_named(node):
            return self._function(node, power=exp or "")
        name = type(node).__name__
        self._depth += 1
        inner = ", ".join(self._print(a) for a in node.args)
        self._depth -= 1
        letters = re.sub(r"[^A-Za-z0-9]", "", name)
        return rf"\operatorname{{{letters}}}" + (f"^{{{exp}}}" if exp else "") + bracketed(inner)

    _print_log = _print_tanh = _print_sinh = _print_cosh = _print_sin = _print_cos = _print_tan = _print_Function
    _print_atan = _print_asin = _print_acos = _print_erf = _print_sign = _print_Heaviside = _print_Function

    def _print_Abs(self, node: Expr, exp: str | None = None) -> str:
        return rf"\lvert {plain(self._print(node.args[0]))} \rvert"

    def _print_Max(self, node: Expr, exp: str | None = None) -> str:
        return self._extreme(r"\max", node)

    def _print_Min(self, node: Expr, exp: str | None = None) -> str:
        return self._extreme(r"\min", node)

    def _extreme(self, name: str, node: Expr) -> str:
        self._depth += 1
        inner = ", ".join(self._print(a) for a in sorted(node.args, key=lambda a: (not a.is_Number, str(a))))
        self._depth -= 1
        return name + bracketed(inner)

    def _print_Piecewise(self, node: Piecewise) -> str:
        rows = []
        for value, condition in node.args:
            when = r"\text{otherwise}" if condition == sympy.true else rf"\text{{if }} {plain(self._print(condition))}"
            rows.append(f"{plain(self._print(value))} & {when}")
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"

    def _print_Relational(self, node: Relational) -> str:
        return f"{self._print(node.lhs)} {_RELATIONS[node.rel_op]} {self._print(node.rhs)}"

    def _print_And(self, node: BooleanFunction) -> str:
        return r" \text{ and } ".join(self._print(a) for a in sorted(node.args, key=str))

    def _print_Or(self, node: BooleanFunction) -> str:
        return r" \text{ or } ".join(self._print(a) for a in sorted(node.args, key=str))

    # Numbers

    def _print_Integer(self, node: sympy.Integer) -> str:
        return str(node.p) if abs(node.p) < _MANY else real(float(node.p))

    def _print_Rational(self, node: Rational) -> str:
        sign = "-" if node.p < 0 else ""
        if _terminates(node):
            return sign + _decimal(abs(node))
        return rf"{sign}\tfrac{{{abs(node.p)}}}{{{node.q}}}"

    _print_Half = _print_Rational

    def _print_Pi(self, node: sympy.NumberSymbol) -> str:
        return r"\pi"

    def _print_Float(self, node: sympy.Float) -> str:
        return real(float(node))

    # Order

    def _factor_rank(self, factor: Expr, with_delta: bool) -> tuple:
        key = (factor, self._in_sum, with_delta)
        if key not in self._ranks:
            name = "" if factor == SAMPLES else self._text_key(factor)  # the number of samples comes first
            self._ranks[key] = (self._kind_rank(factor, with_delta), _measure(factor), name)
        return self._ranks[key]

    def _kind_rank(self, factor: Expr, with_delta: bool) -> float:
        base = factor.base if isinstance(factor, Pow) else factor
        if base.is_number:
            return 0
        if self._is_adjoint(base):
            return 5 if self._in_sum and not with_delta else 2
        if isinstance(base, Access):
            return self._role_rank(base)
        if isinstance(base, Symbol):
            return 1
        if isinstance(base, Partial):
            return 9
        if isinstance(base, Add):
            return 4
        if isinstance(base, (Delta, Within)):
            return 10
        if isinstance(base, Piecewise):
            return 12
        if isinstance(base, Reduction):
            return 11
        return 3 if isinstance(base, sympy.exp) else 7

    def _role_rank(self, access: Access) -> float:
        """Data before weights, or after them where the samples stand last: as in the product of their matrices."""
        data, weights = (3, 6) if not self._columns else (6, 3) if self._in_sum else (3, 2.5)
        quantity = self.quantities.get(access.name)
        known = {Role.CONSTANT: 1, Role.ADJOINT: 5}.get(quantity.role) if quantity is not None else None
        return known or (weights if self._is_weight(access) else data)

    def _is_weight(self, access: Access) -> bool:
        quantity = self.quantities.get(access.name)
        if quantity is not None:
            return quantity.role is Role.PARAMETER
        carries = any(str(i).rstrip("'") == SAMPLE_INDEX for i in access.indices)
        return not carries and access.name[:1].isupper()

    @cached_property
    def _columns(self) -> bool:
        return any(quantity.role is Role.INPUT and quantity.sample_axis for quantity in self.quantities.values())

    def _is_adjoint(self, factor: Expr) -> bool:
        if not isinstance(factor, Access):
            return False
        of, by = _adjoint_of(factor.name, self.quantities.get(factor.name))
        return of is not None and by is not None


class NumberPrinter(Printer):
    """Formulas with numbers put in for the entries whose value is known."""

    def __init__(self, values: Mapping[tuple[str, tuple[int, ...]], float], digits: int,
                 quantities: Mapping[str, Quantity] | None = None,
                 aliases: Mapping[tuple[str, tuple[int, ...]], str] | None = None) -> None:
        super().__init__(quantities, aliases)
        self.values = values
        self.digits = digits

    def _value(self, access: Expr) -> float | None:
        if not isinstance(access, Access) or not all(i.is_Integer for i in access.indices):
            return None
        return self.values.get((access.name, tuple(map(int, access.indices))))

    def _print_Access(self, access: Access, size: str = "") -> str:
        value = self._value(access)
        if value is None:
            return super()._print_Access(access, size)
        quantity = self.quantities.get(access.name)
        computed = quantity is None or quantity.role in (Role.INTERMEDIATE, Role.ADJOINT)
        return (real if computed else given)(value, self.digits)

    def _sign_between(self, before: Expr, after: Expr, left: str, right: str) -> str:
        bare = (right[0].isdigit() or right.startswith(("(-", r"\tfrac"))) and (left[-1].isdigit() or left[-1] in ")}")
        return r"\cdot " if bare else r"\, "

    def _is_plain_letter(self, base: Expr, printed: str) -> bool:
        return super()._is_plain_letter(base, printed) and (self._value(base) is None or "cdot" not in printed)

    def _is_adjoint(self, factor: Expr) -> bool:
        return self._value(factor) is None and super()._is_adjoint(factor)


def decorated(letter: str, over: str, under: str) -> str:
    return letter + (f"^{{{over}}}" if over else "") + (f"_{{{under}}}" if under else "")


def ends_open(printed: str) -> bool:
    """Whether what follows would seem to belong to its last case."""
    return printed.endswith(r"\end{cases}")


def bracketed(inner: str) -> str:
    """Round brackets as tall as what they hold, of a fixed size, so that a line may be broken inside."""
    size = ("", r"\bigl", r"\Bigl", r"\biggl")[height(inner)]
    return f"{size}({inner}{size.replace('gl', 'gr')})"


@lru_cache(maxsize=1 << 14)
def height(latex: str) -> int:
    """How tall a formula is: 0 letters, 1 exponents, 2 a fraction, 3 a sum or a fraction in a fraction."""
    if r"\sum" in latex or r"\begin" in latex or re.search(r"\\frac\{[^{}]*(\{[^{}]*\}[^{}]*)*\\frac", latex):
        return 3
    if r"\frac" in latex:
        return 2
    return 1 if re.search(r"\^|\\tfrac|\\bigl|\\sqrt", latex) else 0


def real(value: float, digits: int | None = None) -> str:
    """A floating-point number: the shortest form that reads back to it, or `digits` decimals."""
    if value != value or value in (float("inf"), float("-inf")):
        return r"\text{undefined}" if value != value else r"\infty" if value > 0 else r"-\infty"
    value = float(value) or 0.0  # no -0
    shortest = repr(value)
    if digits is not None:
        near = round(value, digits)
        if abs(near - value) < 1e-14 * max(1.0, abs(value)):  # a decimal but for the last bits
            shortest = repr(near)
        decimals = len(shortest.partition(".")[2])
        if "e" in shortest or decimals > digits:
            small = value != 0 and abs(value) < 10.0 ** -(digits // 2 + 1)
            shortest = f"{value:.{digits - 1}e}" if small or abs(value) >= 1e9 else f"{value:.{digits}f}"
    if "e" in shortest:
        mantissa, exponent = shortest.split("e")
        mantissa = mantissa.removesuffix(".0")
        sign = "-" if mantissa.startswith("-") else ""
        power = f"10^{{{int(exponent)}}}"
        return sign + power if mantissa.lstrip("-") == "1" else rf"{mantissa} \cdot {power}"
    return shortest.removesuffix(".0")


def given(value: float, digits: int) -> str:
    """A number that is not computed, but written somewhere: it is not rounded where it is short."""
    return real(value) if round(value, _SHORT) == value else real(value, digits)


def _terminates(number: Rational) -> bool:
    """Whether a rational came from a decimal: it terminates, and a fraction would have a denominator over 10."""
    rest = number.q
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1 and number.q > 10


def _decimal(number: Rational) -> str:
    places = 0
    while (number.p * 10 ** places) % number.q:
        places += 1
    if places > 6 and abs(number) < Rational(1, 10 ** 4):
        return real(float(number))
    whole = str(number.p * 10 ** places // number.q).zfill(places + 1)
    return f"{whole[:-places]}.{whole[-places:]}"


def _fraction_parts(node: Mul) -> tuple[Rational, list[Expr], list[Expr]]:
    """The number of a product, its factors above and those below the line."""
    number: Rational = sympy.S.One
    upper: list[Expr] = []
    lower: list[Expr] = []
    for factor in node.args:
        if isinstance(factor, Rational):
            number *= factor
        elif isinstance(factor, Pow) and factor.exp.is_Rational and factor.exp.is_negative:
            lower.append(Pow(factor.base, -factor.exp))
        else:
            upper.append(factor)
    return number, upper, lower


def _is_named(node: Basic) -> bool:
    return isinstance(node, Function) and type(node).__name__ in _NAMED


def _measure(expression: Basic) -> int:
    """How long an expression is in print, roughly."""
    if isinstance(expression, (Access, Symbol)) or not expression.args:
        return 1
    return 1 + sum(map(_measure, expression.args))


@lru_cache(maxsize=1 << 14)
def _index_name(name: str) -> str:
    primes = len(name) - len(name.rstrip("'"))
    stem = name.rstrip("'").strip("_")
    match = re.fullmatch(r"([A-Za-z])(\d*)", stem)
    if match is None:
        return scalar_name(stem) if stem and not stem.isdigit() else f"i_{{{stem}}}"
    return match.group(1) + (f"_{{{match.group(2)}}}" if match.group(2) else "") + "'" * primes


def _adjoint_of(name: str, quantity: Quantity | None) -> tuple[str | None, str | None]:
    if quantity is not None:
        return quantity.of, quantity.by
    match = re.fullmatch(r"d([A-Za-z]\w*?)_d(\w+)", name)
    return (match.group(1), match.group(2)) if match else (None, None)
