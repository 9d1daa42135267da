"""The document compiles as it is, holds every equation of the record, and its numbers are those of the record."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from derivation.networks import network as catalogue
from latex_networks import WORKED, network, values, worked

from derive.build.parameters import initialiser
from derive.latex import document
from derive.latex.lines import PAGE, broken
from derive.latex.printer import Printer
from derive.latex.width import width
from derive.network import Training

needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
GOLDEN = Path(__file__).parent / "golden"


def compiled(tex: str, folder: Path) -> str:
    """The log of pdflatex; fails where it stops."""
    (folder / "page.tex").write_text(tex, encoding="ascii")
    run = subprocess.run(["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
                         cwd=folder, capture_output=True, timeout=120, check=False)
    log = (folder / "page.log").read_text(encoding="latin-1")
    assert run.returncode == 0, log[-2000:]
    return log


def overfull(log: str) -> list[str]:
    return [line for line in log.splitlines()
            if (found := re.match(r"Overfull \\hbox \(([\d.]+)pt", line)) and float(found.group(1)) > 1]


@needs_tex
@pytest.mark.parametrize(("widths", "activation", "loss", "samples", "form"), [
    ([2, 2, 2], "sigmoid", "half", 1, "all"), ([2, 2, 1], "tanh", "bce", 4, "auto"),
    ([2, 3, 2], "relu", "ce", 1, "scalar"), ([2, 3, 3], "relu", "labels", 3, "index"),
    ([784, 512, 512, 10], "relu", "ce", 2, "matrix"),
])
def test_every_form_compiles_and_nothing_leaves_the_page(widths, activation, loss, samples, form, tmp_path):
    made, derivation = network(widths, activation, loss, samples)
    numbers = values(made, derivation) if max(widths) < 10 else None
    log = compiled(document(made, derivation, form=form, values=numbers), tmp_path)
    assert overfull(log) == []
    assert "undefined" not in log.replace("undefined on input line 0", "")


@needs_tex
def test_text_of_the_file_cannot_run_a_command(tmp_path):
    made, derivation = network([2, 2, 2], title=r"\input{secret} & 100% _x_ {#1} $y$ ^~",
                               notes="<b>“ü”\n中\\end{document}")
    tex = document(made, derivation)
    assert r"\input{secret}" not in tex and tex.count(r"\end{document}") == 1
    compiled(tex, tmp_path)


def test_every_equation_of_the_record_has_its_number():
    made, derivation = network([2, 2, 2])
    tex = document(made, derivation, form="index")
    for equation in derivation.system.equations:
        assert rf"\tag{{{equation.number}}}" in tex


def test_softmax_with_cross_entropy_shows_every_step_of_the_cancellation():
    made, derivation = network([2, 2, 2], loss="ce")
    tex = document(made, derivation, form="index")
    for reason in ("chain rule", "local derivative", "with (8) put in", "cancelled", "one-hot",
                   "in terms of the output"):
        assert reason in tex


def test_the_convention_at_the_kink_is_said_in_words():
    made, derivation = network([2, 2, 2], "relu")
    assert ("At the kink $z^{(2)}_{n'i} = 0$ the value of the last branch is taken by convention: "
            "the derivative there is $0$.") in document(made, derivation)


def test_the_scalar_view_has_the_numbers_of_the_worked_example():
    made, derivation = worked()
    tex = document(made, derivation, form="scalar", values=values(made, derivation, WORKED))
    for printed in ("0.741365070", "0.186815602", "0.593269992", "0.082167041", "0.358916480", "0.408666186",
                    "0.511301270", "0.561370121", "0.055399425", "0.036350306", "0.000438568", "0.149780716",
                    "0.199561432", "0.249751144", "0.299502287"):
        assert printed in tex, printed


def test_the_forward_pass_is_written_with_numbers_for_the_worked_example():
    made, derivation = worked()
    tex = document(made, derivation, form="scalar", values=values(made, derivation, WORKED))
    assert r"0.05 \cdot 0.15 + 0.1 \cdot 0.2 + 0.35 = 0.3775" in tex
    assert r"\frac{1}{1 + e^{-\mathit{net}_{h1}}} = \frac{1}{1 + e^{-0.3775}} = 0.593269992" in tex
    assert r"E_{o1} + E_{o2} = 0.274811083 + 0.023560026 = 0.298371109" in tex
    assert tex.index("The numbers") < tex.index("Every weight by itself")


@pytest.mark.parametrize(("widths", "samples", "said"), [
    ([2, 2, 1], 3, "All 3 samples are shown"), ([2, 2, 1], 4, "Of the 4 samples the first is shown"),
    ([2, 30, 1], 1, None)])
def test_the_forward_pass_is_written_for_few_entries(widths, samples, said):
    made, derivation = network(widths, "tanh", "half", samples)
    tex = document(made, derivation, form="scalar", values=values(made, derivation))
    assert said in tex if said else "The numbers" not in tex


def test_labels_count_from_one_in_formulas_and_say_so():
    made, derivation = network([2, 2, 3], "tanh", "labels", 2)
    tex = document(made, derivation, form="scalar", values=values(made, derivation))
    assert "counted from 1 in the formulas and from 0 in the data" in tex
    label = int(made.data["t"][0]) + 1
    assert rf"-\log a^{{(2)}}_{{1,t_{{1}}}} = -\log a^{{(2)}}_{{1{label}}} = -\log 0." in tex


def test_no_paragraph_ends_between_a_sentence_and_its_formula():
    made, derivation = worked()
    tex = document(made, derivation, values=values(made, derivation, WORKED))
    assert not re.search(r"(so|gives|updated|:)\s*\n\n\s*(\\\[|\\begin\{align)", tex)


def test_the_matrix_form_stays_on_the_page_of_its_formula():
    made, derivation = worked()
    tex = document(made, derivation, form="auto")
    below = [part for part in re.split(r"\n(?=As matrices)", tex)[:-1]]
    assert below and all(part.endswith("\\end{kept}") for part in below)


def test_no_display_leaves_its_first_or_last_row_alone():
    made, derivation = worked()
    tex = document(made, derivation, values=values(made, derivation, WORKED))
    for inner in re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", tex, re.S):
        rows = inner.split("\n")
        assert len(rows) < 2 or rows[0].endswith(r"\\*") and rows[-2].endswith(r"\\*")


def test_training_starts_from_the_formula_of_the_catalogue():
    made, derivation = network([2, 2, 2], initial={"W1": initialiser("he_normal"), "b1": initialiser("zeros")})
    tex = document(made, derivation)
    assert r"\theta = \sqrt{\frac{2}{n_{\mathrm{in}}}} \, N$ in $W^{(1)}$ (He et al. 2015) and $\theta = 0$ in" in tex
    assert "Training starts" not in document(*worked())


def test_kronecker_is_explained_only_where_it_stands():
    made, derivation = worked()
    assert "Kronecker" in document(made, derivation, form="index")
    assert "Kronecker" not in document(made, derivation, form="matrix")


def test_both_paths_to_a_hidden_weight_are_written():
    made, derivation = worked()
    tex = document(made, derivation, wrt="w1", values=values(made, derivation, WORKED))
    assert (r"\frac{\partial E_{\mathit{total}}}{\partial \mathit{out}_{h1}} &= \frac{\partial E_{o1}}{\partial "
            r"\mathit{out}_{h1}} + \frac{\partial E_{o2}}{\partial \mathit{out}_{h1}}") in tex


def test_layer_by_layer_uses_the_updated_weights_and_says_so():
    made, derivation = worked(training=Training(update_order="layer_by_layer"))
    tex = document(made, derivation, values=values(made, derivation, WORKED))
    assert "layer by layer" in tex
    assert r"w_{5}^{+} = 0.358916480" in tex


def test_wrt_picks_a_quantity_an_entry_or_the_documents_name():
    made, derivation = worked()
    assert r"\paragraph{$w_{6}$.}" in document(made, derivation, wrt="W2[2,1]")
    only = document(made, derivation, wrt="w5")
    assert r"\paragraph{$w_{5}$.}" in only and r"\paragraph{$w_{6}$.}" not in only
    assert r"\tag{14}" not in document(made, derivation, wrt="W2", form="index")


@pytest.mark.parametrize(("wrt", "message"), [
    ("w55", "did you mean '?w5"), ("W2[3,1]", "no entry of W2"), ("x", "no derivative by x"), ("W1]", "no derivative"),
])
def test_wrt_that_names_nothing_is_an_error(wrt, message):
    made, derivation = worked()
    with pytest.raises(ValueError, match=message):
        document(made, derivation, wrt=wrt)


def test_a_hundred_equal_layers_are_derived_once():
    shallow, deep = network([64] * 13, "relu", "ce"), network([64] * 101, "relu", "ce")
    short, long = document(*shallow), document(*deep)
    assert len(long) < 1.2 * len(short)
    started = time.perf_counter()
    document(*deep)
    assert time.perf_counter() - started < 1


def test_the_same_network_gives_the_same_document():
    assert document(*worked()) == document(*worked())


def test_the_worked_example_is_as_it_was(request):
    made, derivation = worked()
    tex = document(made, derivation, values=values(made, derivation, WORKED))
    golden = GOLDEN / "worked.tex"
    if request.config.getoption("--update", default=False):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(tex, encoding="ascii")
    assert golden.read_text(encoding="ascii") == tex, "run pytest --update where the change is meant"


def test_a_long_formula_breaks_at_its_outermost_signs():
    from sympy import Symbol
    marked = Printer().marked(sum((Symbol(f"a{i}") * Symbol(f"b{i}") for i in range(1, 40)), Symbol("c")))
    lines = broken(marked, 20.0)
    assert len(lines) > 3
    assert all(width(line) <= 20.0 for line in lines)
    assert all(line.startswith("+") for line in lines[1:])


@needs_tex
def test_the_estimate_of_widths_is_on_the_safe_side(tmp_path):
    made, derivation = network([2, 2, 2], "tanh", "ce")
    printer = Printer(derivation.system.quantities)
    formulas = [printer.plain(e) for equation in derivation.system.equations for e in (equation.target, equation.body)]
    formulas += [r"\mathit{out}_{h1} = 0.593269992 \cdot (-0.4) + 1.5 \cdot 10^{-7}",
                 r"d_{0} \times d_{\mathit{two\ words}}",
                 r"\begin{cases} z & \text{if } t > 0 \text{ and } z > 1 \\ z + t + u + v & \text{otherwise} \end{cases}"]
    body = "".join(rf"\setbox0\hbox{{$\displaystyle {f}$}}\typeout{{W:\the\wd0}}" + "\n" for f in formulas)
    log = compiled("\\documentclass[11pt]{article}\\usepackage[T1]{fontenc}\\usepackage{amsmath}\\begin{document}\n" + body
                   + "x\\end{document}\n", tmp_path)
    measured = [float(w) / 10.95 for w in re.findall(r"W:([\d.]+)pt", log)]
    assert len(measured) == len(formulas)
    for latex, em in zip(formulas, measured, strict=True):
        assert em - 0.1 < width(latex) < 1.25 * em + 0.5, latex
    assert PAGE < 44


def test_a_weight_that_acts_along_many_paths_is_written_out_only_where_that_is_asked_for():
    made = catalogue("inputs: {x: [6, 6, 1]}\nlayers: [{conv2d: {filters: 2, kernel: 3}}, {flatten: {}}, {dense: 1}]\n"
                     "loss: mean_squared_error\n")
    derivation = made.derivation()
    assert made.parameter_count <= 60
    assert "Every weight by itself" not in document(made, derivation)
    assert r"\paragraph{$b^{(3)}_{1}$.}" in document(made, derivation, wrt="b3[1]")
