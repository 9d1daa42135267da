"""The C target: one .c and one .h in C99, and the Python module that builds and calls them."""

from codegen.targets.c.module import emit, emit_trace

__all__ = ["emit", "emit_trace"]
