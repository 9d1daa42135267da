"""Proofs that two formulas are equal: entry by entry, and in the index language for all sizes."""
