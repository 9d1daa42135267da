"""Our gradients against those of PyTorch and JAX, for the whole catalogue:  python benchmarks/peers.py

Each row is a piece of YAML in several shapes (samples first): the page around it is derived, its module generated and
run, and the same network is computed by the peer's own layers and differentiated by the peer's own autograd.  In each
precision all sides get the same numbers.

    float64    relative error at most 1e-10
    float32    relative error at most 1e-4

The relative error of a parameter is max |ours − theirs| / max |theirs| over its entries (see peer_networks/agreement.py),
and the table shows the largest over the parameters, the loss and the shapes.  The numbers are drawn so that there are
no ties and nothing lies on a kink, where libraries differ by convention.

The exit code is 1 if a row fails, or if an entry of the catalogue has no row.  PyTorch and JAX are in the extra `bench`;
one that is not installed is left out.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import math
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

from peer_networks.agreement import TOLERANCE, errors, scales  # noqa: E402
from peer_networks.cases import ROWS, without_a_row  # noqa: E402

PEERS = {"torch": "PyTorch", "jax": "JAX"}


@dataclass
class Result:
    """What a row came to: the largest error and where, by (peer, precision)."""

    what: str
    shapes: str
    error: dict[tuple[str, str], float] = field(default_factory=dict)
    worst: dict[tuple[str, str], str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.failed


def compare(place: int, peers: Iterable[str]) -> Result:
    """Compare one row; an error of either side fails it."""
    row = ROWS[place]
    result = Result(row.what, row.shape)
    for (text, samples), shape in zip(row.pages, row.shapes, strict=True):
        try:
            _compare_page(text, samples, shape, peers, result)
        except Exception as error:  # a row that cannot be computed is a failure of the row, not of the table
            where = traceback.extract_tb(error.__traceback__)[-1]
            result.failed.append(f"{shape}: {type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})")
    return result


def _compare_page(text: str, samples: int, shape: tuple[int, ...], peers: Iterable[str], result: Result) -> None:
    import numpy as np
    from peer_networks.ours import Page, in_type
    from peer_networks.pages import loss

    page = Page(text, samples)
    ours = {}
    for precision in TOLERANCE:
        J, gradients = page.value_and_gradients(np.dtype(precision).type)
        ours[precision] = {"J": np.asarray(J), **gradients}
    for peer in peers:
        module = importlib.import_module(f"peer_networks.{peer}_networks")
        scale: dict[str, float] = {}
        for precision, tolerance in TOLERANCE.items():
            J, gradients = module.value_and_gradients(
                partial(loss, page.file, page.network, module), in_type(page.parameters, precision),
                in_type({**page.data, **page.masks}, precision))
            scale = scale or {"J": abs(J), **scales(gradients)}
            found = errors(ours[precision], {"J": np.asarray(J), **gradients}, scale)
            key = peer, precision
            name, error = max(found.items(), key=lambda each: (math.isnan(each[1]), each[1]))
            if not error <= result.error.get(key, -1):
                result.error[key], result.worst[key] = error, f"{name} of {shape}"
            if not error <= tolerance:
                wrong = [name for name, error in found.items() if not error <= tolerance]
                result.failed.append(f"{shape}: {PEERS[peer]} {precision}: {error:.1e} in {name} (off: {', '.join(wrong)})")


# -- the table ----------------------------------------------------------------------------------------------------


def show(results: list[Result], peers: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(caption="largest relative error of a gradient: max |ours − theirs| / max |theirs| over its entries")
    table.add_column("what", overflow="fold")
    table.add_column("shapes", overflow="fold")
    for peer in peers:
        for precision in TOLERANCE:
            table.add_column(f"{PEERS[peer]}\n{precision}", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for result in results:
        numbers = [f"{result.error[peer, precision]:.0e}" if (peer, precision) in result.error else "–"
                   for peer in peers for precision in TOLERANCE]
        table.add_row(result.what.replace("[", r"\["), result.shapes, *numbers, "ok" if result.ok else "[red]FAILED[/red]")
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def as_json(results: list[Result], missing: list[str], seconds: float) -> str:
    rows = [{"what": result.what, "shapes": result.shapes, "ok": result.ok, "failed": result.failed, "errors": [
        {"peer": PEERS[peer], "precision": precision, "error": error if math.isfinite(error) else str(error),
         "where": result.worst[peer, precision]} for (peer, precision), error in result.error.items()]}
            for result in results]
    return json.dumps({"tolerance": TOLERANCE, "without_a_row": missing, "seconds": round(seconds, 1), "rows": rows},
                      indent=1, ensure_ascii=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only rows that contain one of these, such as conv2d")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    start = time.perf_counter()
    peers = [peer for peer in PEERS if importlib.util.find_spec(peer)]
    for peer in PEERS.keys() - peers:
        print(f"{PEERS[peer]} is not installed and is left out: pip install '.[bench]'", file=sys.stderr)
    if not peers:
        return 1
    places = [place for place, row in enumerate(ROWS) if not asked.words or any(word in row.what for word in asked.words)]
    with multiprocessing.get_context("spawn").Pool(min(asked.processes, len(places) or 1)) as pool:
        results = list(pool.imap(partial(compare, peers=peers), places))
    missing, seconds = without_a_row(), time.perf_counter() - start
    failed = [result for result in results if not result.ok]
    if asked.json:
        print(as_json(results, missing, seconds))
    else:
        show(results, peers)
        for result in failed:
            print(f"FAILED {result.what}", *result.failed, sep="\n    ")
        for name in missing:
            print(f"FAILED {name} has no row: add one in benchmarks/peer_networks/cases.py")
        print(f"{len(results) - len(failed)} of {len(results)} rows agree, {seconds:.0f} s")
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())
