"""The sections of the page, in its order."""

# ruff: isort: off
from derive.latex.sections.network import network
from derive.latex.sections.symbols import symbols
from derive.latex.sections.forward import forward, loss
from derive.latex.sections.modes import modes
from derive.latex.sections.backward import backward
from derive.latex.sections.second_derivatives import second_derivatives
from derive.latex.sections.numbers import numbers
from derive.latex.sections.weights import weights
from derive.latex.sections.update import update

__all__ = ["network", "symbols", "forward", "loss", "modes", "backward", "second_derivatives", "numbers", "weights",
           "update"]
