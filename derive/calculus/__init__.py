"""Differentiation of equations: partial derivatives, delta contraction, the chain rule and its record."""
