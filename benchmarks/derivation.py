"""How long a derivation takes, as ratios in one run:  python benchmarks/derivation.py

Every time is the best of several fresh processes, taken in turn, so that a busy machine slows all alike; for whole
processes the median of the ratios of neighbours is printed as well, and the ratio of processor times (user and system,
of all processes). Python's compiled modules are there, as after an installation, in a folder of this run.

    whole process, worked example        against `python -c "import sympy"`        goal: at most 3
    --help                                                                         goal: at most 0.3 s
    784-512-512-10, index and matrix     against 2-2-2                             goal: at most 1.2
    100 dense layers of 64                                                         goal: under 2 s
    4-16-3 (131 weights)                 against SymPy on the written-out loss     goal: at least 20
    8-8-8-4                                                                        goal: under 1 s
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

DERIVE = """
import sys, time
sys.path.insert(0, {root!r})
import sympy, derive, derive.latex
from derive.build import build
from derive.file import read
file, source = read({path!r})
import pydantic, numpy
start = time.perf_counter()
network = build(file, source)
derivation = network.derivation()
for form in {forms!r}:
    derivation.latex(form)
print(time.perf_counter() - start)
"""

DIRECTLY = """
import sys, time
sys.path.insert(0, {root!r})
import derive, sympy
from derive.instantiate import instantiate
network = derive.load({path!r})
start = time.perf_counter()
instance = instantiate(network.system, network.sizes, 1)
loss = instance.expanded(network.loss)  # the loss as one expression in the weights
weights = [instance.symbol(entry.name, *entry.indices) for name in network.parameters for entry in instance.entries(name)]
for weight in weights:
    sympy.diff(loss, weight)
print(time.perf_counter() - start, len(weights))
"""


def network(*widths: int, activation: str = "sigmoid") -> str:
    layers = "\n".join(f"  - {{dense: {width}, activation: {activation}}}" for width in widths[1:])
    return f"inputs: {widths[0]}\nlayers:\n{layers}\nloss: half_squared_error\n"


def deep(layers: int, width: int) -> str:
    return (f"inputs: {width}\nlayers:\n  - {{dense: {width}, activation: relu, repeat: {layers}}}\n"
            f"loss: half_squared_error\n")


def transformer(blocks: int) -> str:
    """The sorting transformer of the examples, its block so many times."""
    page = (ROOT / "examples" / "sorting_transformer.yaml").read_text(encoding="utf-8")
    without_data = page[:page.index("data:")]
    return without_data.replace("- block: transformer", f"- {{block: transformer, repeat: {blocks}}}")


def seconds(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """The time that a process takes, and that of the processor."""
    start, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, env=environment)
    wall, after = time.perf_counter() - start, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


def printed(code: str, environment: dict[str, str]) -> list[float]:
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT,
                           env=environment)
    return [float(word) for word in found.stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="processes for each time (the best counts)")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(Path(folder, "compiled"))}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        paths = {}
        for name, text in {"2-2-2": network(2, 2, 2), "784-512-512-10": network(784, 512, 512, 10),
                           "4-16-3": network(4, 16, 3), "8-8-8-4": network(8, 8, 8, 4), "100 × 64": deep(100, 64),
                           "20 × 64": deep(20, 64), "transformer": transformer(1),
                           "12 × transformer": transformer(12)}.items():
            paths[name] = Path(folder, f"n{len(paths)}.yaml")
            paths[name].write_text(text)
        run = [sys.executable, "-m", "derive"]
        processes: dict[str, list[str]] = {
            "import sympy": [sys.executable, "-c", "import sympy"],
            "worked example": [*run, "examples/worked_example.yaml", "--out", folder],
            "--help": [*run, "--help"],
        }
        best = dict.fromkeys(paths, float("inf"))
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in processes}
        for command in processes.values():
            seconds(command, environment)  # compiles
        for _ in range(rounds):
            for name, command in processes.items():
                taken[name].append(seconds(command, environment))
            for name, path in paths.items():
                code = DERIVE.format(root=str(ROOT), path=str(path), forms=("index", "matrix"))
                best[name] = min(best[name], printed(code, environment)[0])
        best |= {name: min(wall for wall, _ in times) for name, times in taken.items()}
        best["directly"], weights = printed(DIRECTLY.format(root=str(ROOT), path=str(paths["4-16-3"])), environment)
    neighbours = list(zip(taken["worked example"], taken["import sympy"], strict=True))
    derived = best["4-16-3"]
    for text, value, goal in (
            ("whole process, worked example ÷ import sympy", best["worked example"] / best["import sympy"], "≤ 3"),
            ("    median of neighbours", statistics.median(ours[0] / theirs[0] for ours, theirs in neighbours), ""),
            ("    processor time", statistics.median(ours[1] / theirs[1] for ours, theirs in neighbours), ""),
            ("    worked example, s", best["worked example"], ""),
            ("    import sympy, s", best["import sympy"], ""),
            ("--help, s", best["--help"], "≤ 0.3"),
            ("784-512-512-10 ÷ 2-2-2", best["784-512-512-10"] / best["2-2-2"], "≤ 1.2"),
            ("    2-2-2: equations, derivation, LaTeX in index and matrix form, s", best["2-2-2"], ""),
            ("100 layers of 64, s", best["100 × 64"], "< 2"),
            ("    20 layers of 64, s", best["20 × 64"], ""),
            ("a transformer's block, s", best["transformer"], "< 5"),
            ("    twelve of them, s", best["12 × transformer"], "< 6"),
            (f"SymPy on the written-out loss, {weights:.0f} weights ÷ ours", best["directly"] / derived, "≥ 20"),
            ("8-8-8-4, s", best["8-8-8-4"], "< 1")):
        print(f"{text:68} {value:8.2f}   {goal}")


if __name__ == "__main__":
    main()
