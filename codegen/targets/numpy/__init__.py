"""The NumPy target: one module that imports NumPy and nothing else."""

from codegen.targets.numpy.module import emit, emit_trace

__all__ = ["emit", "emit_trace"]
