"""The NumPy target: one module that imports NumPy and nothing else."""

from codegen.targets.numpy.module import emit

__all__ = ["emit"]
