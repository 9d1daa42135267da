"""The engine held against the mathematics: exact derivatives, Taylor slopes, corrupted derivations, stable digits."""
