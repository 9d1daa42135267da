"""How fast networks are trained, by us and by others:  python benchmarks/training.py

Every system that is installed trains the same networks from the same weights on the same batch: softmax and
cross-entropy, gradient descent. A step is the forward pass with the loss, the backward pass and the update. Each
system is alone in a process of its own, and all may use the same number of threads.

Before anything is timed, the weights after five steps are compared with those of the textbook's formulas in float64
(relative error at most 1e-10 in float64, 1e-4 in float32). Then the systems take turns, in each round in another order:
a block of as many steps as take about 75 ms. The unit of the table is a loop over the matrix products of the step.

What is not installed is left out, and the table says so: pip install '.[bench]'. The exit code is 1 if a system fails
or does not reach the weights.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
           "NPROC", "PJRT_NPROC")  # the last two are XLA's


def machine(threads: int) -> dict[str, Any]:
    """Where it was measured, and with what."""
    import numpy as np

    processor = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next((line.split(": ")[1] for line in lines if line.startswith("model name")), processor)
    versions = {}
    for package in ("numpy", "torch", "jax", "scikit-learn", "autograd", "cffi", "scipy-openblas32"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    blas = np.show_config("dicts")["Build Dependencies"]["blas"]
    return {"processor": processor, "cores": os.cpu_count(), "threads": threads, "system": platform.platform(),
            "python": platform.python_version(), "blas": f"{blas['name']} {blas['version']}", "versions": versions}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="blocks of each system for each network")
    parser.add_argument("--rows", nargs="+", metavar="WORD", help="only networks whose name contains one, such as 4-16-3")
    parser.add_argument("--systems", nargs="+", metavar="WORD", help="only systems whose name contains one, such as JAX")
    parser.add_argument("--block", type=float, default=0.075, metavar="SECONDS", help="about how long a block takes")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="for every system; all cores")
    parser.add_argument("--json", metavar="FILE", help="write what was measured")
    parser.add_argument("--read", metavar="FILE", help="show what --json wrote, and measure nothing")
    parser.add_argument("--plot", metavar="FILE", help="write a picture (needs matplotlib)")
    asked = parser.parse_args()
    os.environ.update(dict.fromkeys(THREADS, str(asked.threads)))  # before a process loads a library that reads them

    from training_systems import PRODUCTS, names, report

    if asked.read:
        measured = json.loads(Path(asked.read).read_text(encoding="utf-8"))
    else:
        from training_systems.measurement import measure
        from training_systems.networks import NETWORKS

        from codegen import targets

        rows = [network for network in NETWORKS if _asked(network.name, asked.rows)]
        systems = [name for name in names(targets.names()) if name == PRODUCTS or _asked(name, asked.systems)]
        if not rows or not systems[1:]:
            parser.error("nothing has such a name; networks: " + "; ".join(network.name for network in NETWORKS)
                         + "; systems: " + "; ".join(names(targets.names())))
        measured = {"machine": machine(asked.threads),
                    "rows": [measure(network, systems, asked.rounds, asked.block) for network in rows]}
    if asked.json:
        Path(asked.json).write_text(json.dumps(measured, indent=1, ensure_ascii=False), encoding="utf-8")
    of = measured["machine"]
    print(f"{of['processor']}, {of['cores']} cores, {of['threads']} threads for every system; {of['system']}; "
          f"Python {of['python']}, {of['blas']}, {', '.join(map(' '.join, of['versions'].items()))}")
    report.show(measured)
    if asked.plot:
        report.plot(measured, asked.plot)
    return 1 if any(row["wrong"] for row in measured["rows"]) else 0


def _asked(name: str, words: list[str] | None) -> bool:
    return words is None or any(word.lower() in name.lower() for word in words)


if __name__ == "__main__":
    sys.exit(main())
