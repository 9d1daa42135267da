"""Every example runs, every number of its document is reproduced, and generated/ is what is emitted now."""

from __future__ import annotations

import difflib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.stem)
def example(request, tmp_path_factory):
    """One example, run as a user runs it."""
    import os
    import sys

    folder = tmp_path_factory.mktemp(request.param.stem)
    done = subprocess.run(
        [sys.executable, "-m", "derive", str(request.param), "--out", str(folder)], cwd=folder, capture_output=True,
        text=True, encoding="utf-8", timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"})
    return request.param, folder, done


def test_every_number_of_the_document_is_reproduced(example):
    path, _, done = example
    assert done.returncode == 0, done.stderr
    assert "disagrees" not in done.stderr


def test_the_committed_module_is_the_one_emitted_now(example, update):
    path, folder, _ = example
    emitted = (folder / f"{path.stem}.py").read_text(encoding="utf-8")
    committed = ROOT / "generated" / f"{path.stem}.py"
    if update:
        committed.write_text(emitted, encoding="utf-8")
    before = committed.read_text(encoding="utf-8") if committed.exists() else ""
    lines = difflib.unified_diff(before.splitlines(True), emitted.splitlines(True), "committed", "emitted")
    difference = "".join(lines)
    assert not difference, f"{difference[:4000]}\nrewrite it with: pytest --update tests/test_examples.py"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_derivation_compiles_and_nothing_overflows_the_page(example, tmp_path):
    path, _, done = example
    (tmp_path / "derivation.tex").write_text(done.stdout, encoding="utf-8")
    compiled = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "derivation.tex"],
                              cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120)
    assert compiled.returncode == 0, compiled.stdout[-2000:]
    wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([0-9.]+)pt too wide\)", compiled.stdout)]
    assert not [points for points in wide if points > 1.0]


DOCUMENTS = ("worked_example", "worked_example_layer_by_layer", "binary_classifier", "digits")


@pytest.mark.parametrize("target", ["c", "jax"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_target_reproduces_every_number(name, target, derive_command, tmp_path, monkeypatch):
    needed, extra = {"c": ("cffi", "native"), "jax": ("jax", "jax")}[target]
    pytest.importorskip(needed, reason=f"pip install '.[{extra}]'")
    if target == "c" and shutil.which("cc") is None:
        pytest.skip("there is no C compiler here: install gcc")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if name != "worked_example":  # compiled in less time
        monkeypatch.setenv("CFLAGS", "-O1")
        monkeypatch.setenv("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
    done = derive_command(ROOT / "examples" / f"{name}.yaml", "--target", target, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "disagrees" not in done.stderr


def test_the_document_of_the_worked_example_mixes_two_update_orders(derive_command):
    """Each number that is off in one order is right in the other, or one update earlier."""
    together = json.loads(derive_command(ROOT / "examples" / "worked_example.yaml", "--json", "-q").stdout)
    apart = json.loads(derive_command(ROOT / "examples" / "worked_example_layer_by_layer.yaml", "--json", "-q").stdout)
    off = {c["quantity"]: c["printed"] for c in together["checks"] if c["verdict"] == "document is off"}
    right = {c["quantity"]: c["expected"] for c in apart["checks"] if c["verdict"] == "agrees"}
    assert set(off) == {"E after 1", "E after 10000", "out_o1 after 10000", "out_o2 after 10000"}
    for quantity in ("E after 1", "out_o1 after 10000", "out_o2 after 10000"):
        assert off[quantity] == right[quantity]
    [earlier] = [c for c in together["checks"] if c["quantity"] == "E after 9999"]
    assert earlier["verdict"] == "agrees" and earlier["expected"] == off["E after 10000"]


def test_the_code_in_the_readme_is_what_is_emitted():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    module = (ROOT / "generated" / "worked_example.py").read_text(encoding="utf-8")
    lines = [line for line in readme.splitlines() if re.search(r"# \(\d+\)", line)]
    assert len(lines) == 10
    trimmed = [re.sub(r" +", " ", line) for line in module.splitlines()]
    for line in lines:
        assert any(re.sub(r" +", " ", line) == each.strip() for each in trimmed), line


def test_the_yaml_in_the_readme_is_valid(tmp_path):
    from derive.build import build
    from derive.file.reading import validated
    from derive.file.source import source_of_text

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = re.findall(r"```yaml\n(.*?)```", readme, re.S)
    assert len(pages) == 3
    for text in pages:
        source = source_of_text(text.replace("digits.npz", "data/digits.npz"), folder=ROOT / "examples")
        assert build(validated(source), source).parameters


def test_the_expectations_can_fail(derive_command, tmp_path):
    """One digit changed in the last place but one is noticed, with its equation and exit code 4."""
    text = (ROOT / "examples" / "worked_example.yaml").read_text(encoding="utf-8")
    (tmp_path / "changed.yaml").write_text(text.replace("dE/dw5, value: 0.082167041", "dE/dw5, value: 0.082167061"))
    done = derive_command("changed.yaml")
    assert done.returncode == 4
    assert re.search(r"changed.yaml:\d+:\d+: dE/dw5 is expected to be 0.082167061.*0.0821670405\d*, equation \(10\)",
                     done.stderr.replace("\n", " "))


def test_a_mistake_that_is_none_is_refused(derive_command, tmp_path):
    """`printed` records a mistake of the document; where the printed number is right, the record is wrong."""
    text = Path(ROOT / "examples" / "worked_example.yaml").read_text(encoding="utf-8")
    (tmp_path / "changed.yaml").write_text(text.replace("printed: 0.291027924", "printed: 0.291027774"))
    done = derive_command("changed.yaml")
    assert done.returncode == 4 and "remove 'printed'" in done.stderr
