"""Networks of the catalogue, computed by derive's generated modules, by PyTorch and by JAX."""
