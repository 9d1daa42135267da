"""Networks in a notebook: the formats that are shown, the cell magic, and the tutorial."""

from __future__ import annotations

import html
import json
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from derivation.networks import network
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbclient import NotebookClient
from traitlets.config import Config

import derive
from derive import notebook
from derive.file import FileError
from derive.notebook import FORMATS, mimebundle, read_cell

ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = ROOT / "docs" / "tutorial.ipynb"
HOSTILE = """
title: "</iframe></script><script>alert(1)</script>\\" onload=\\"alert(2)"
inputs: {x: 2}
layers: [{dense: 1, activation: sigmoid}]
loss: binary_cross_entropy
"""


@pytest.fixture
def shell(tmp_path: Path) -> Any:
    made = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}), ipython_dir=str(tmp_path))
    made.run_line_magic("load_ext", "derive")
    return made


def test_the_tutorial_runs(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    tutorial = nbformat.read(TUTORIAL, as_version=4)
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in tutorial.cells), \
        "the tutorial is kept without outputs: clear them"
    NotebookClient(tutorial, timeout=120, resources={"metadata": {"path": str(TUTORIAL.parent)}}).execute()
    outputs = [output for cell in tutorial.cells for output in cell.get("outputs", ())]
    data = [output.data for output in outputs if output.get("data", {}).get("text/plain")]
    assert [set(each) for each in data] == [set(FORMATS), {"text/latex", "text/plain"}, set(FORMATS)]
    assert r"\sum_{n=1}^{m}" in data[1]["text/latex"]
    said = "".join(output.text for output in outputs if output.output_type == "stream")
    assert "R² is 0.9" in said and r"\end{document}" in said and "proved" in said
    [error] = [output for output in outputs if output.output_type == "error"]
    assert error.traceback[0].startswith("network:4:") and error.traceback[-1] == "help: did you mean 'softplus'?"


def test_html_is_a_page_in_a_frame_that_nothing_can_leave():
    made = network(HOSTILE)
    shown = mimebundle(made.derivation, include=["text/html"])["text/html"]
    [(title, page)] = re.findall(
        r'<iframe title="([^"<>]*)" sandbox="allow-scripts" srcdoc="([^"<>]*)" style="[^"<>]*"></iframe>', shown)
    assert shown.count("<") == 2 and html.unescape(title) == made.title
    assert html.unescape(page).startswith("<!doctype html>") and "<script>alert" not in html.unescape(page)


def test_what_takes_long_says_what_it_does_and_then_is_silent(monkeypatch, tmp_path):
    monkeypatch.setattr(notebook, "PATIENCE", 0.0)
    InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}), ipython_dir=str(tmp_path))
    try:
        with capture_output() as seen:
            assert notebook.page(network(HOSTILE).derivation()).startswith("<!doctype html>")
    finally:
        InteractiveShell.clear_instance()
    said = [output.data["text/plain"] for output in seen.outputs]
    assert said[0] == "writing the derivation …" and said[-2:] == ["writing the page …", ""]
    assert any(line.startswith("update 1 of") for line in said)


def test_nobody_waits_long_for_training(monkeypatch):
    monkeypatch.setattr(notebook, "SECONDS", 0.0)
    derivation = network(HOSTILE + "training: {epochs: 1000}\n").derivation()
    data = json.loads(re.search(r'id="numbers">(.*?)</script>', notebook.page(derivation)).group(1))
    assert data["moments"] == [0] and all(len(series) == 1 for series in data["series"].values())


def test_only_the_formats_that_are_asked_for_are_made():
    def underivable() -> Any:
        raise AssertionError("nothing is to be derived")

    made = network("{inputs: 2, layers: [{dense: 1}], loss: mean_squared_error}")
    assert list(made._repr_mimebundle_(include=["text/plain"])) == ["text/plain"]
    assert list(made.derivation()._repr_mimebundle_(exclude=["text/html"])) == ["text/latex", "text/plain"]
    assert mimebundle(underivable, include=["image/png"]) == {}


def test_latex_and_plain_text_have_every_equation_with_its_number():
    derivation = derive.load(ROOT / "examples" / "worked_example.yaml").derivation()
    shown = derivation._repr_mimebundle_(exclude=["text/html"])
    numbers = [str(equation.number) for equation in derivation.system.equations]
    assert re.findall(r"\\tag\{(\d+)\}", shown["text/latex"]) == numbers
    assert re.findall(r"^ *\( *(\d+)\) \S+ = ", shown["text/plain"], re.M) == numbers


def test_a_cell_becomes_a_network_under_the_name_that_it_asks_for(shell):
    made = shell.run_cell_magic("derive", "mine", "{inputs: 2, layers: [{dense: 3}], loss: mean_squared_error}")
    assert shell.user_ns["mine"] is made and made.name == "mine" and made.shape("W1") == (2, 3)


def test_lines_of_a_cell_count_from_its_magic_as_the_editor_counts_them():
    with pytest.raises(FileError, match="network:3:") as raised:
        read_cell("inputs: 2\nlayers: [{dense: 1, activation: sigmoyd}]\nloss: mean_squared_error", "network")
    assert raised.value._render_traceback_() == str(raised.value).splitlines()


@pytest.mark.parametrize("line, cell", [("", "inputs: [[["), ("not a name", "inputs: 2"), ("", " ")])
def test_a_mistake_is_shown_without_a_traceback(shell, capsys, line, cell):
    shell.run_cell(f"%%derive {line}\n{cell}")
    shown = "".join(capsys.readouterr())
    assert "help: " in shown and "Traceback" not in shown and "line)" not in shown


def test_the_package_needs_no_notebook(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)  # as if it were not installed
    made = network("{inputs: 2, layers: [{dense: 1}], loss: mean_squared_error}")
    assert "text/plain" in mimebundle(made.derivation, exclude=["text/html"])
