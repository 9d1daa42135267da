"""The index language: indices, accesses, reductions, equations, systems of equations."""
