"""The option --html of the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SMALL = "inputs: {x: 2}\nlayers: [{dense: 2, activation: tanh}, {dense: 1}]\nloss: mean_squared_error\n"


@pytest.fixture(autouse=True)
def small(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)


def test_a_page_is_written_beside_all_else(derive_command, tmp_path):
    done = derive_command("small.yaml", "-q", "--json", "--html", "page.html")
    assert done.returncode == 0 and json.loads(done.stdout)["passed"], done.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "The checks" in page and "random samples" in page


@pytest.mark.parametrize(("path", "says"), [("small.yaml/page.html", "cannot be written"), (".", "is a folder")])
def test_a_page_that_cannot_be_written_is_wrong_usage(derive_command, tmp_path, path, says):
    done = derive_command("small.yaml", "-q", "--html", path)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "generated").exists()


def test_two_outputs_in_one_file_are_wrong_usage(derive_command, tmp_path):
    done = derive_command("small.yaml", "--html", "both.svg", "--plot", "both.svg")
    assert done.returncode == 2 and "--html and --plot need a file each" in done.stderr
    assert not (tmp_path / "generated").exists()
