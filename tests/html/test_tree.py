"""The document's LaTeX is read completely, and what is not understood is an error."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import EXAMPLES

import derive
from derive.html.inline import read_inline
from derive.html.mathml import NotConverted, mathml
from derive.html.reading import read
from derive.html.tokens import UnknownLatex
from derive.html.tree import Display, Formula, Heading, Items, Paragraph, Row, Table, Words
from derive.latex.escape import text


def test_headings_paragraphs_and_displays_become_blocks():
    blocks = read("\\section{The loss}\nIt is $J$, \\emph{one} number:\n\\begin{kept}\n\\begin{align*}\n"
                  "J &= a && \\text{(by $b$)} \\displaybreak[0] \\\\\n &= c \\tag{3}\n\\end{align*}\n\\end{kept}\nDone.")
    assert blocks == (
        Heading(1, (Words("The loss"),)),
        Paragraph((Words("It is "), Formula("J"), Words(", "), Words("one", "em"), Words(" number:"))),
        Display((Row((("J", "= a"),), (Words("(by "), Formula("b"), Words(")"))), Row((("", "= c"),), (), "3"))),
        Paragraph((Words("Done."),)))


def test_the_entry_form_and_the_matrix_form_stand_beside_each_other():
    (display,) = read("\\begin{align*}\na &= b & A &= B \\tag{1} \\\\*\nc &= d \\tag{2}\n\\end{align*}")
    assert display == Display((Row((("a", "= b"), ("A", "= B")), (), "1"), Row((("c", "= d"),), (), "2")))


def test_what_was_done_for_the_width_of_a_page_is_undone():
    (display,) = read("{\\small \\begin{align*}\na &= b \\\\*\n&\\makebox[30.0em][r]{(chain rule)}\\\\\n"
                      "&\\qquad {} + c\n\\end{align*}}")
    assert display == Display((Row((("a", "= b"),), (Words("(chain rule)"),)), Row((("", "{} + c"),), continued=True)))
    (reasoned,) = read("\\begin{align*}\na &\\reasoned{30.0em}{= \\frac{b}{c}}{(with $b_{1}$)} \\tag{2}\n\\end{align*}")
    assert reasoned == Display((Row((("a", r"= \frac{b}{c}"),), (Words("(with "), Formula("b_{1}"), Words(")")), "2"),))
    (shrunk,) = read(r"\[ \resizebox{0.9\linewidth}{!}{$\displaystyle J = a$} \tag{4} \]")
    assert shrunk == Display((Row((("", "J = a"),), (), "4"),))
    (within,) = read("\\begin{align*}\nJ &= \\resizebox{17.0em}{!}{$\\displaystyle \\sum_{n} a$} \\tag{5}\n\\end{align*}")
    assert within == Display((Row((("J", r"= \sum_{n} a"),), (), "5"),))


def test_a_matrix_within_a_line_is_no_new_line():
    (display,) = read("\\begin{align*}\nx &= \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}\n\\end{align*}")
    assert len(display.rows) == 1 and len(display.rows[0].pairs) == 1


def test_tables_have_a_head_and_groups_between_rules():
    (table,) = read("\\begin{tabular}{rP{9mm}}\n\\toprule\n$n$ & product \\\\\n\\midrule\n1 & $2$ \\\\\n\\midrule\n"
                    "\\multicolumn{1}{r}{sum} & $2$ \\\\\n\\bottomrule\n\\end{tabular}")
    assert isinstance(table, Table) and table.columns == "rl" and len(table.head) == 1 and len(table.groups) == 2


def test_a_head_that_was_shrunk_for_its_column_is_a_formula():
    (table,) = read("\\begin{tabular}{r}\n\\toprule\n\\resizebox{5.0em}{!}{$\\displaystyle J$} \\\\\n\\midrule\n1 \\\\\n"
                    "\\bottomrule\n\\end{tabular}")
    assert table.head[0][0].content == (Formula("J", True),)


def test_lists_hold_blocks():
    (items,) = read("\\begin{itemize}\n\\item one\n\\[ a = b \\]\n\\item two\n\\end{itemize}")
    assert isinstance(items, Items) and [len(item) for item in items.items] == [2, 1]


@pytest.mark.parametrize("latex", [r"\input{secret}", r"\begin{tikzpicture}\end{tikzpicture}", r"\textbf{x}", "}", "{", "$x",
                                   r"\begin{align*} a & b & c \end{align*}", r"\begin{center} x", r"\emph{x"])
def test_what_has_no_place_on_a_page_is_an_error(latex):
    with pytest.raises(UnknownLatex):
        read(latex)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "M"))))
def test_text_of_a_file_comes_back_as_it_was(words):
    """But for the forms that a page has for a sign, such as curved quotation marks, and signs that are formulas."""
    written = text(words)
    if "$" in written.replace(r"\$", ""):
        return
    seen = "".join(part.text for part in read_inline(written))
    assert _compared(seen) == _compared(re.sub("`([^`\n]+)`", r"\1", words))  # code is told by its letters


def test_a_word_that_is_too_long_for_a_line_may_go_on_in_the_next():
    address = "https://archive.example.org/ml/machine-learning-databases/" + "x" * 40
    (words,) = read_inline(text(f"see {address}"))
    assert max(map(len, words.text.split("\u200b"))) <= 20 and words.text.replace("\u200b", "") == f"see {address}"
    assert "allowbreak" not in text("a short-word, and others that are not short as a whole")


def _compared(words: str) -> str:
    without = dict.fromkeys(map(ord, "\u201c\u201d\u2018\u2019'\"`\u00ad\u200b"))
    plain = unicodedata.normalize("NFKD", words).translate(without)
    return "".join(c for c in plain.replace("\u2014", "-").replace("\u2013", "-") if not c.isspace())


@pytest.mark.parametrize("latex", [r"\unknown{x}", r"\text{\input{x}}", r"\frac{1}"])
def test_a_formula_that_cannot_be_converted_is_an_error(latex):
    with pytest.raises(NotConverted):
        mathml(latex)


@pytest.mark.parametrize(("latex", "part"), [
    (r"\mathit{net}_{h1}", '<mi class="italic">net</mi>'), (r"\mathbf{1}", "<mn>\U0001d7cf</mn>"),
    (r"\text{a\allowbreak{}b}", "<mtext>ab</mtext>"),
    (r"\text{position\_embedding \& co}", "<mtext>position_embedding\u00a0&amp;\u00a0co</mtext>"),
    (r"n_{\mathrm{in}}", ">in</mi>"), (r"\log a", '<mi>log</mi><mspace width="0.167em" /><mi>a</mi>'),
    (r"\exp(a)", '<mi>exp</mi><mo stretchy="false" form="prefix">(</mo>'), (r"\max_{k} x", "<munder><mi>max</mi>"),
    ("n'", '<mrow><mi>n</mi><mo form="postfix" lspace="0" rspace="0">\u2032</mo></mrow>'),
    (r"x_{i - 1}", '<mo lspace="0" rspace="0">\u2212</mo>'), (r"x - 1", "<mo>\u2212</mo>"),
    (r"\Bigl(\frac{a}{b}\Bigr)^{2}", "<msup><mrow><mo"), (r"a < b", "&lt;")])
def test_formulas_are_said_in_what_browsers_draw(latex, part):
    assert part in mathml(latex)


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
def test_every_formula_of_every_example_is_converted(name):
    latex = derive.load(EXAMPLES / f"{name}.yaml").derivation().latex()
    body = latex.partition(r"\begin{document}")[2].rpartition(r"\end{document}")[0]
    blocks = read(body[body.index(r"\section{"):])
    shown = [display for display in blocks if isinstance(display, Display)]
    assert shown
    for display in shown:
        for row in display.rows:
            assert all("\\" not in mathml(side, True) for pair in row.pairs for side in pair)
