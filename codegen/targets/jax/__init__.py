"""The JAX target: one module of jax.numpy, compiled by XLA, for one device or a mesh of them."""

from codegen.targets.jax.module import emit, emit_trace

__all__ = ["emit", "emit_trace"]
