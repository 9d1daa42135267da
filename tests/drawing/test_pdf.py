"""PDF: pictures that TeX compiles, in a process that can do no harm."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest
from pictures import BLOCKS, EXAMPLES, derivation, drawing, network

from derive import pdf
from derive.drawing import gradient_path, highlight
from derive.drawing.illustrated import illustrated
from derive.drawing.tikz import PREAMBLE, tikz

DRAWN = ("worked_example", "three_layer_network", "softmax", *BLOCKS[:4], "branches")
EXAMPLE = EXAMPLES / "three_layer_network.yaml"
SPECIAL = r"""
title: '100% of $x_1$ & #2 \input{x} ~^ {'
inputs: {x: 1}
layers: [{dense: 1, activation: tanh, name: odd_name}, {dense: 1}]
loss: mean_squared_error
names: {under_score: "W2[1,1]"}
"""


def _has(package: str) -> bool:
    return shutil.which("kpsewhich") is not None and not subprocess.run(
        ["kpsewhich", package], capture_output=True, check=False).returncode


needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
needs_tikz = pytest.mark.skipif(not _has("tikz.sty"), reason="TikZ is not installed")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("networks")


def document(*body: str) -> str:
    return "\n".join([r"\documentclass[11pt,a4paper]{article}\usepackage{amsmath,graphicx}",
                      r"\usepackage[a4paper,margin=20mm]{geometry}\pagestyle{empty}\parindent0pt", PREAMBLE,
                      r"\begin{document}", *body, r"\end{document}"])


@needs_tikz
def test_every_picture_compiles_and_fits_the_page(folder, tmp_path):
    pages = []
    for name in DRAWN:
        made, drawn = network(name, folder), drawing(name, folder)
        path = gradient_path(made, derivation(name, folder), made.parameters[0])
        pages += [tikz(drawn, highlight(drawn, path)), r"\newpage"]
    (tmp_path / "page.tex").write_text(document(tikz(drawing("worked_example")), r"\newpage", *pages), encoding="ascii")
    run = subprocess.run(["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
                         cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout[-2000:]
    assert "Overfull" not in run.stdout
    assert f"({1 + len(DRAWN)} pages" in run.stdout


def test_what_is_not_on_the_path_is_grey():
    drawn = drawing("worked_example")
    path = gradient_path(network("worked_example"), derivation("worked_example"), "w5")
    lines = tikz(drawn, highlight(drawn, path)).splitlines()
    assert sum("faded" in line for line in lines) > sum(", lit" in line for line in lines) > 0
    assert not any("faded" in line for line in tikz(drawn).splitlines())


def test_every_weight_of_a_small_network_has_a_picture():
    made, derived = network("worked_example"), derivation("worked_example")
    text = illustrated(derived.latex(), made, derived)
    assert text.count(r"\begin{tikzpicture}") == 1 + 8
    assert illustrated(derived.latex(wrt="w5"), made, derived, ("W2", (0, 0))).count(r"\begin{tikzpicture}") == 1
    assert r"\usepackage{tikz}" not in derived.latex()


@needs_tikz
@pytest.mark.parametrize("options", [(), ("--json", "--wrt", "under_score", "--form", "scalar")])
def test_the_command_writes_a_pdf_whatever_the_names(derive_command, tmp_path, options):
    (tmp_path / "50% & more.yaml").write_text(SPECIAL)
    done = derive_command("50% & more.yaml", "--pdf", "$page_{1}%.pdf", *options)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "$page_{1}%.pdf").read_bytes().startswith(b"%PDF-")
    assert done.stdout.startswith("{" if "--json" in options else r"\documentclass")
    assert "tikz" not in done.stdout


def test_without_tex_the_error_says_what_to_install(derive_command, tmp_path):
    done = derive_command(EXAMPLE, "--pdf", "page.pdf", PATH=str(tmp_path))
    assert done.returncode == 2 and done.stdout == ""
    assert "pdflatex" in done.stderr and "apt install" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "page.pdf").exists()


@needs_tikz
def test_a_folder_cannot_be_written(derive_command, tmp_path):
    (tmp_path / "folder").mkdir()
    done = derive_command(EXAMPLE, "--pdf", "folder")
    assert done.returncode == 2 and "--pdf: folder is a folder" in done.stderr


@needs_tex
@pytest.mark.parametrize("command", [r"\input{/etc/passwd}", r"\openin5=../secret \ifeof5 \undefined \fi",
                                     r"\newwrite\out\immediate\openout\out=../harm.tex \immediate\write\out{x}"])
def test_tex_reads_and_writes_nothing_outside(command):
    with pytest.raises(pdf.TeXFailed):
        pdf.pdf("\\documentclass{article}\\begin{document}x" + command + "\\end{document}")


@needs_tex
def test_tex_runs_no_command(tmp_path):
    mark = tmp_path / "mark"
    pdf.pdf(rf"\documentclass{{article}}\begin{{document}}\immediate\write18{{touch {mark}}}x\end{{document}}")
    assert not mark.exists()


@needs_tex
def test_an_error_of_tex_is_told_with_its_line():
    with pytest.raises(pdf.TeXFailed, match=r"TeX stopped: Undefined control sequence.; l.2 x\\nonsense"):
        pdf.pdf("\\documentclass{article}\\begin{document}\nx\\nonsense\n\\end{document}")


@needs_tex
def test_a_package_that_is_missing_is_told_with_how_to_install_it():
    with pytest.raises(pdf.TeXMissing, match="TeX is installed without nowhere.sty.*apt install"):
        pdf.pdf("\\documentclass{article}\\usepackage{nowhere}\\begin{document}x\\end{document}")


@needs_tex
def test_tex_that_does_not_end_is_stopped():
    begun = time.monotonic()
    with pytest.raises(pdf.TeXFailed, match="more than 1 s"):
        pdf.pdf("\\documentclass{article}\\begin{document}\\loop\\iftrue\\repeat\\end{document}", seconds=1)
    assert time.monotonic() - begun < 10
