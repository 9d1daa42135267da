"""A formula of the user's becomes an expression of the index language, or one error at its character."""

from __future__ import annotations

import pytest
import sympy
from sympy import Expr, Integer, Piecewise, Rational

from derive.file.errors import FileError, Place
from derive.file.formulas import Scope, parse_equation, parse_formula
from derive.file.functions import FUNCTIONS
from derive.file.source import source_of_text
from derive.language.expressions import Access, Delta, Index, Maximum, Sum, Within, dimension
from derive.language.substitution import same_up_to_bound_names

SAMPLES, INPUTS, UNITS = dimension("m"), dimension("d0"), dimension("d1")
n, k, j = Index("n", SAMPLES), Index("k", INPUTS), Index("j", UNITS)
i, u, p = Index("i", 4), Index("u", 3), Index("p", 6)
beta = sympy.Symbol("beta", real=True)
SCOPE = Scope(
    {"z": (n, j), "x": (n, k), "W": (k, j), "b": (j,), "s": (n, p), "K": (u,), "J": (), "label": (n,)},
    {"beta": beta}, {"n": n, "j": j, "i": i})
z, x, W, b = Access("z", n, j), Access("x", n, k), Access("W", k, j), Access("b", j)


def parse(text: str) -> Expr:
    return parse_formula(text, SCOPE)


def refused(text: str) -> FileError:
    with pytest.raises(FileError) as caught:
        parse(text)
    return caught.value


# -- what a formula can say ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expression"), [
    ("z", z),
    ("z[n,j]", z),
    ("2*z - 1/3", 2 * z - Rational(1, 3)),
    ("-z**2", -z**2),
    ("+z", z),
    ("z\n  * 2\n", 2 * z),
    ("z / (1 + exp(-beta*z))", z / (1 + sympy.exp(-beta * z))),
    ("0.044715*z", Rational(44715, 10**6) * z),
    ("1e-3*z", z / 1000),
    ("sqrt(2/pi)", sympy.sqrt(2 / sympy.pi)),
    ("log1p(z)", sympy.log(1 + z)),
    ("expm1(z)", sympy.exp(z) - 1),
    ("sigmoid(z)", 1 / (1 + sympy.exp(-z))),
    ("tanh(z) + atan(z) + erf(z) + tan(z) + sinh(z) + cosh(z) + sin(z) + cos(z)", sum(
        f(z) for f in (sympy.tanh, sympy.atan, sympy.erf, sympy.tan, sympy.sinh, sympy.cosh, sympy.sin, sympy.cos))),
    ("sum(k, x*W) + b", Sum(x * W, k) + b),
    ("sum(k, x[n,k]*W[k,j]) + b[j]", Sum(x * W, k) + b),
    ("maximum(k, x[n,k])", Maximum(x, k)),
    ("mean(k, x[n,k])", Sum(x, k) / INPUTS),
    ("size(j)*z", UNITS * z),
    ("sum(u, s[n,i+u]*K[u])", Sum(Access("s", n, i + u) * Access("K", u), u)),
    ("s[n, i + 1]", Access("s", n, i + 1)),
    ("within(2*i - 1, 4)*s[n, 2*i - 1]", Within(2 * i - 1, Integer(4)) * Access("s", n, 2 * i - 1)),
    ("s[n, 5]", Access("s", n, 5)),
    ("delta(i, n)", Delta(i, n)),
    ("within(i - 1, 4)", Within(i - 1, Integer(4))),
    ("J", Access("J")),
    ("W[label, j]", Access("W", Access("label", n), j)),
    ("i*z", i * z),
])
def test_a_formula_is_an_expression(text: str, expression: Expr) -> None:
    assert parse(text) == expression


def test_a_bound_index_may_have_the_name_of_a_free_one() -> None:
    softmax = parse("exp(z) / sum(j, exp(z))")
    bound = Index("k", UNITS)
    assert softmax == sympy.exp(z) / Sum(sympy.exp(Access("z", n, bound)), bound)


def test_a_bound_index_that_stands_in_no_axis_runs_as_far_as_the_free_one_of_its_name() -> None:
    below = Piecewise((Access("z", n, Index("k", UNITS)), Index("k", UNITS) <= j), (0, True))
    free = {"n": n, "j": j}
    found = parse_formula("sum(j, sum(k, where(k <= j, z[n,k], 0))**2)", Scope({"z": (n, j)}, indices=free))
    assert same_up_to_bound_names(found) == same_up_to_bound_names(Sum(Sum(below, Index("k", UNITS)) ** 2, j))


def test_several_indices_are_bound_at_once() -> None:
    scope = Scope({"z": (n, j)})
    assert parse_formula("sum(n, j, z**2)", scope) == Sum(z**2, n, j)


def test_a_decimal_is_exact() -> None:
    assert parse("0.1") + parse("0.2") == parse("0.3") == Rational(3, 10)


@pytest.mark.parametrize(("text", "cases"), [
    ("max(z, 0)", [(z, z > 0), (0, True)]),
    ("min(z, 1)", [(z, z < 1), (1, True)]),
    ("abs(z)", [(z, z > 0), (-z, z < 0), (0, True)]),
    ("sign(z)", [(1, z > 0), (-1, z < 0), (0, True)]),
    ("where(z > 0, z, exp(z) - 1)", [(z, z > 0), (sympy.exp(z) - 1, True)]),
    ("where(z >= 0 and z != 1, z, 2)", [(z, (z >= 0) & sympy.Ne(z, 1)), (2, True)]),
    ("where(not z <= 0, z, 0)", [(z, z > 0), (0, True)]),
    ("max(0, min(z, 1))", [(z, (z > 0) & (z < 1)), (0, z < 1), (1, True)]),
    ("max(z, 0, 1)", [(z, z > 1), (1, True)]),
    ("max(0.2*z, z)", [(z / 5, z < 0), (z, True)]),
    ("max(0.9*(z - b), -0.1*(z - b))", [(Rational(9, 10) * (z - b), b < z), (-(z - b) / 10, True)]),
    ("where(z*b - x > exp(z) - 2*z, 1, 0)", [(1, x + sympy.exp(z) < z * b + 2 * z), (0, True)]),
    ("where(2*z - 1 <= b - 1, 1, 0)", [(1, b >= 2 * z), (0, True)]),
])
def test_a_kink_is_a_case_distinction_whose_last_case_holds_at_it(text: str, cases: list[tuple[Expr, bool]]) -> None:
    assert parse(text) == Piecewise(*cases)


def test_the_derivative_at_a_kink_is_that_of_the_last_case() -> None:
    at = sympy.Symbol("at", real=True)
    for text in ("max(J, 0)", "abs(J)", "min(J, 0)", "sign(J)*J"):
        assert parse(text).xreplace({Access("J"): at}).diff(at).subs(at, 0) == 0


@pytest.mark.parametrize(("text", "value"), [
    ("abs(abs(z) - 1)", lambda v: abs(abs(v) - 1)),
    ("max(min(z, 2), -1) * sign(z)", lambda v: max(min(v, 2), -1) * sympy.sign(v)),
    ("max(abs(z), 1)", lambda v: max(abs(v), 1)),
    ("abs(max(z, -1)) + min(z, abs(z - 1))", lambda v: abs(max(v, -1)) + min(
        v, abs(v - 1))),
])
def test_nested_kinks_have_flat_cases_and_the_right_values(text: str, value) -> None:  # type: ignore[no-untyped-def]
    found = parse(text)
    for at in (-3, -2, -1, Rational(-1, 2), 0, Rational(1, 2), 1, 2, 3):
        assert found.xreplace({z: sympy.sympify(at)}).doit() == value(at)
    assert not any(condition.has(Piecewise) for part in found.atoms(Piecewise) for _, condition in part.args)


def test_an_equation_has_a_left_side_whose_sizes_come_from_the_right() -> None:
    left, right = parse_equation("y[n,j] = sum(k, x[n,k]*W[k,j]) + b[j]", Scope(SCOPE.quantities))
    assert left == Access("y", n, j) and right == Sum(x * W, k) + b
    left, right = parse_equation("L = sum(n, j, z)", Scope(SCOPE.quantities))
    assert left == Access("L") and right == Sum(z, n, j)


def test_an_equation_may_take_its_sizes_from_its_scope() -> None:
    left, right = parse_equation("y[i] = 1", SCOPE)
    assert left == Access("y", i) and right == 1


# -- what it can not say ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "column", "says", "helps"), [
    ("sgimoid(z)", 1, "no function 'sgimoid'", "did you mean 'sigmoid'"),
    ("1 + frobnicate(z)", 5, "no function", "the functions are: "),
    ("1 + zz", 5, "no 'zz' here", "did you mean 'z'?"),
    ("1 + Q[n]", 5, "no quantity 'Q'", "known here are"),
    ("z^2", 2, "character ^", "**"),
    ("z × 2", 3, "character ×", "*"),
    ("2 − z", 3, "character −", "-"),
    ("√z", 1, "character √", "sqrt"),
    ("z²", 2, "character ²", "x**2"),
    ("Σz", 1, "character Σ", "sum(k"),
    ("β*z", 1, "character β", "ASCII"),
    ("\\frac{1}{2}", 1, "character \\", "LaTeX"),
    ("2z", 2, "product needs its sign", "2*x"),
    ("2(z)", 2, "product needs its sign", "2*(x + 1)"),
    ("z\xa0+ 1", 2, "character \\xa0", "ordinary space"),
    ("z +", 3, "ends too early", "follow"),
    ("z + * 2", 5, "cannot be read", "Python"),
    ("z z", 3, "operator is missing", "+ - *"),
    ("(z", 1, "never closed", "pairs"),
    ("z)", 2, "nothing matches", "pairs"),
    ("z)+(z", 2, "nothing matches", "pairs"),
    ("(z]", 3, "nothing matches", "pairs"),
    ("z[n]", 1, "z has 2 indices, and 1 stands here", "z[n,j]"),
    ("J[n]", 1, "J has no indices", "J alone"),
    ("beta[n]", 1, "single number", "beta alone"),
    ("W[k,j]", 3, "'k' is no index here", "sum(k"),
    ("sum(k, x[n,k]*z[n,k])", 19, "d0 values in x, but this axis of z has d1", "of its own"),
    ("z[j,n]", 3, "index j runs over d1", "of its own"),
    ("sum(k, 1)", 5, "how far 'k' runs", "W[k,j]"),
    ("sum(q, s[n,i+q])", 5, "how far 'q' runs", "alone"),
    ("sum(k, k, x[n,k])", 8, "bound twice", "of its own"),
    ("sum(z, z)", 5, "quantity and cannot be an index", "sum(k"),
    ("sum(beta, z)", 5, "constant and cannot be an index", "sum(k"),
    ("sum(1, z)", 5, "an index is expected", "sum(k"),
    ("maximum(z*2, 0)", 9, "an index is expected", "max(a, b)"),
    ("sum(z)", 1, "takes an index", "sum(k"),
    ("s[n,7]", 5, "no position 7", "0 to 5"),
    ("s[n,i*i]", 5, "whole number only", "2*i+u"),
    ("s[n,0.5]", 5, "whole number", None),
    ("s[n,exp(i)]", 5, "an index is a name", "2*i+u"),
    ("z[n:j]", 4, "character :", "index"),
    ("(z+1)[n]", 1, "only a name can have indices", "W[k,j]"),
    ("max(z)", 1, "2 to 8 arguments, and 1 stands here", "max(a, b)"),
    ("exp(z, z)", 1, "1 argument, and 2 stand here", "exp(x)"),
    ("exp()", 1, "1 argument, and no stand here", "exp(x)"),
    ("exp(x=z)", 5, "without names", "exp(x)"),
    ("exp(*z)", 5, "'*' needs a value", None),
    ("exp(**z)", 5, "without names", "exp(x)"),
    ("exp", 1, "is a function", "exp(x)"),
    ("z(2)", 1, "z is no function", "z*("),
    ("where(z, 1, 2)", 7, "a condition is expected", "x > 0"),
    ("where(0 < z < 1, z, 0)", 15, "one comparison at a time", "0 < x and x < 1"),
    ("where(abs(z)*2 > 1, z, 0)", 7, "cases of its own", "layer of its own"),
    ("where(z in z, 1, 2)", 7, "condition", "x > 0"),
    ("z > 0", 1, "a comparison is no number", "where"),
    ("z == 0", 1, "a comparison is no number", "where"),
    ("z = 0", 3, "'='", "=="),
    ("z if z else 0", 1, "'if'", "where"),
    ("z, z", 1, "one value", "operator"),
    ("[z]", 1, "one value", "operator"),
    ("z // 2", 6, "operator", "+ - * / **"),
    ("z << 2", 6, "operator", "+ - * / **"),
    ("z.real", 2, "a dot", "exp(x)"),
    ("z.__class__.__mro__", 12, "a dot", "exp(x)"),
    ("__import__('os').system('true')", 12, "character '", "no text"),
    ("__import__(os)", 1, "no function '__import__'", "the functions are"),
    ("eval(z)", 1, "no function 'eval'", "the functions are"),
    ("lambda: z", 7, "character :", "index"),
    ("(z := 2)", 4, "character :", "index"),
    ("f'{z}'", 2, "character '", "no text"),
    ("b'z'", 2, "character '", "no text"),
    ("[z for z in z]", 1, "no meaning", "made of"),
    ("z or 1", 1, "comparison", "where"),
    ("await z", 1, "no meaning", "made of"),
    ("True", 1, "no real number", "real numbers"),
    ("None", 1, "no real number", "real numbers"),
    ("...", 1, "no real number", "real numbers"),
    ("2j", 1, "no real number", "real numbers"),
    ("1/0", 3, "divides by zero", None),
    ("z/(2 - 2)", 4, "divides by zero", None),
    ("0**-1", 1, "divides by zero", None),
    ("log(0)", 1, "no finite value", "logarithm"),
    ("log(-1)", 1, "no real value", "negative"),
    ("sqrt(-2)", 1, "no real value", "negative"),
    ("9**9**9**9", 7, "exponent is too large", "at most"),
    ("2**10**10", 4, "exponent is too large", "at most"),
    ("(10**60)**60", 2, "power is too large", "at most"),
    ("exp(exp(exp(1000)))", 9, "too large", "at most"),
    ("1e999", 1, "too large", "at most"),
    ("1e-999", 1, "too small", "at least"),
    ("9" * 3000, 1, "too large", "digits"),
    ("", 1, "no formula", "such as"),
    ("   ", 1, "no formula", "such as"),
    ("-" * 3000 + "z", 1, "nested too deeply", "split"),
    ("(" * 1000 + "z" + ")" * 1000, 61, "more than 60 brackets", "split"),
    ("z+" * 1500 + "z", 1, "more than 1500 parts", "split"),
    ("z" * 5000, 1, "5000 characters", "split"),
    ("max(" * 8 + "z" + ", z*z)" * 8 + "*z", None, None, None),
])
def test_what_is_no_formula_is_refused_at_its_character(text: str, column: int | None, says: str | None,
                                                        helps: str | None) -> None:
    if column is None:  # long, and still a formula
        parse(text)
        return
    error = refused(text)
    assert error.place is not None and error.place.column == column
    assert says is not None and says in error.message
    assert helps is None or helps in str(error.help)


@pytest.mark.parametrize(("text", "says"), [
    ("y[n,j]", "one = sign"), ("y = z = 1", "one = sign"), ("y[n,n] = 1", "twice"), ("y[n+1] = 1", "plain name"),
    ("exp(z) = 1", "left side"), ("y[q] = 1", "how far 'q' runs"), ("y[n] = z[n,j]", "'j' is no index here"),
    ("z[n] = 1", "z has 2 indices"), ("z = 1", "z has 2 indices"), ("y[n,j] = ", "no formula"),
    ("y[j] = b[j]*x[j,k]", "d1 values in b, but this axis of x has m"),
])
def test_what_is_no_equation_is_refused(text: str, says: str) -> None:
    with pytest.raises(FileError, match=says.replace("[", "\\[")):
        parse_equation(text, Scope(SCOPE.quantities))


def test_an_error_points_into_the_file() -> None:
    source = source_of_text("loss: l\nactivation: 'it''s'\nformula: \"z + \\u0071q\"\nblock: |\n  z +\n   qq\n")
    for key, line, column in (("activation", 2, 16), ("formula", 3, 15), ("block", 6, 4)):
        with pytest.raises(FileError) as caught:
            parse_formula(source.values[key], SCOPE, source.at(key))
        assert caught.value.place is not None
        assert (caught.value.place.line, caught.value.place.column) == (line, column)


def test_every_function_can_be_written_as_its_help_says() -> None:
    a, c, cut = (Access(name, n) for name in "ac") and ("a", "c", "cut")
    scope = Scope({a: (n,), c: (n,), "x": (n, k), "b": (n,)}, {"size": Integer(3)}, {"n": n, "i": i, "j": i})
    for name, usage in FUNCTIONS.items():
        if name == "flat":  # a position, not a value
            continue
        text = usage.replace("(x)", "(a)").replace("x >", "a >").replace(", size)", ", 3)").replace("size(k)",
                             "size(n)")
        assert isinstance(parse_formula(text, scope, Place.of_text(text)), Expr), (name, cut)


def test_a_position_that_leaves_its_axis_is_refused_unless_a_bracket_guards_it() -> None:
    with pytest.raises(FileError, match="may lie outside"):
        parse("s[n, 2*i - 1]")


def test_a_maximum_over_an_index_is_not_of_cases() -> None:
    with pytest.raises(FileError, match="cannot be of cases"):
        parse("maximum(k, abs(x[n,k]))")
