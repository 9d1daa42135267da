"""A process for one system and one network: it is asked for weights, times and memory through a pipe.

A system alone in its process has its threads and its memory to itself. A turn ends when its threads sleep: OpenBLAS and
OpenMP let them spin on for some 20 ms after the last product, which would slow down whoever is next.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import time
import traceback
import tracemalloc
from multiprocessing.connection import Connection
from typing import Any

from training_systems.networks import Network

TRACED = 10  # steps whose allocations are traced


class Failed(Exception):
    """A system raised an error or its process ended."""


class Worker:
    """The other end of the process."""

    def __init__(self, name: str, network: Network, block: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.name = name
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, name, network, block))
        self.process.start()
        theirs.close()

    def answer(self) -> Any:
        """Raises Failed."""
        try:
            kind, value = self.connection.recv()
        except EOFError:
            self.process.join()
            raise Failed(f"its process ended with code {self.process.exitcode}") from None
        if kind == "failed":
            raise Failed(value)
        return value

    def ask(self, *question: Any) -> Any:
        """Raises Failed."""
        self.connection.send(question)
        return self.answer()

    def close(self) -> None:
        self.connection.close()  # its next read ends it
        self.process.join()


def _serve(connection: Connection, name: str, network: Network, block: float) -> None:
    try:
        turns = _Turns(name, network, block)
        connection.send(("answer", turns.unavailable))
        while not turns.unavailable:
            question, *arguments = connection.recv()
            answer = getattr(turns, question)(*arguments)
            _wait_for_threads()
            connection.send(("answer", answer))
    except EOFError:
        pass
    except Exception as error:  # of whatever kind, it is the system's, and the others go on
        where = traceback.extract_tb(error.__traceback__)[-1]
        connection.send(("failed", f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"))


class _Turns:
    """What a process answers."""

    def __init__(self, name: str, network: Network, block: float) -> None:
        import training_systems
        from training_systems.networks import batch
        from training_systems.system import Unavailable

        self.block, self.unavailable = block, ""
        weights, data = network.weights(), batch(network)
        try:
            self.system = training_systems.load(name)
        except ImportError as missing:
            self.unavailable = str(missing)
            return
        self.before = _memory("VmRSS")
        try:
            self.system.prepare(network, weights, data)
        except Unavailable as reason:
            self.unavailable = str(reason)

    def weights(self, steps: int) -> Any:
        """The weights after so many steps."""
        return self.system.run(steps)

    def calibrate(self) -> int:
        """Settle on the number of steps of a block, compile what is made for it, and forget the memory that this took."""
        multiple = self.steps = self.system.multiple
        self.time()
        while (taken := self.time()) < self.block / 4:
            self.steps *= 2
        self.steps = multiple * max(1, round(self.block * self.steps / taken / multiple))
        self.time()
        _forget_peak()
        return self.steps

    def time(self) -> float:
        """Seconds for a block of steps, after a tenth of it that is not counted."""
        import numpy as np

        self.system.run(self.system.multiple * math.ceil(self.steps / 10 / self.system.multiple))
        start = time.perf_counter()
        weights = self.system.run(self.steps)
        taken = time.perf_counter() - start
        if not all(np.isfinite(array).all() for array in weights):
            raise FloatingPointError("the weights are no longer finite: times of such steps would mean nothing")
        return taken

    def about(self) -> dict[str, Any]:
        """What does not change from block to block, and the memory: asked last."""
        peak = _memory("VmHWM")
        return {
            "loop_inside": self.system.loop_inside, "steps": self.steps, "threads": self.system.threads(),
            "memory": None if peak is None or self.before is None else max(0, peak - self.before),
            "allocated": self._allocated() if self.system.numpy_memory else None}

    def _allocated(self) -> int:
        """Bytes that Python and NumPy held at most during a run of some steps, above those before and after it."""
        self.system.run(TRACED)
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            self.system.run(TRACED)
            after, peak = tracemalloc.get_traced_memory()
            return peak - max(before, after)
        finally:
            tracemalloc.stop()


def _wait_for_threads() -> None:
    """Wait until the process no longer uses the processor, a second at most."""
    for _ in range(100):
        before = time.process_time()
        time.sleep(0.01)
        if time.process_time() - before < 0.001:
            return


def _memory(key: str) -> int | None:
    """Bytes of this process that are in memory: VmRSS now, VmHWM at most so far; None where the system does not say."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(1024 * int(line.split()[1]) for line in status if line.startswith(key))
    except (OSError, StopIteration):
        return None


def _forget_peak() -> None:
    """Let VmHWM begin anew."""
    if os.path.exists("/proc/self/clear_refs"):
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
