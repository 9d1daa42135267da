"""The update of an optimiser that solves equations with all parameters at once."""

from __future__ import annotations

from derive.latex.escape import text
from derive.latex.optimiser import spoken
from derive.latex.page import Page
from derive.latex.printer import real

EQUATION = r"\[ (%s + \lambda I)\, d = -\frac{\partial %s}{\partial \theta} , \qquad \theta \leftarrow \theta + d . \]"
WORDS = {
    "newton": (
        "H", "$H$ is the Hessian, a column from each product with a unit vector.",
        r"It is multiplied by 10, from a thousandth of the mean of $|H_{ii}|$ at least, until $H + \lambda I$ is positive "
        "definite and the loss falls, and divided by 10 after the step."),
    "hessian_free": (
        "G", "$G$ is the Gauss--Newton matrix. Conjugate gradients need its products with vectors only; they end when the "
        r"quadratic model $\frac{1}{2} d^{\mathsf T} (G + \lambda I)\, d + d^{\mathsf T} g$ hardly falls any more, and of "
        "their last steps the one is taken after which the loss is least.",
        "It grows by one half where the loss falls by less than a quarter of what the model says, and shrinks by one third "
        "where it falls by more than three quarters of that."),
}


def solving(page: Page) -> str:
    """Which equations are solved, and how they are damped."""
    optimiser = page.network.optimiser
    matrix, what, damping = WORDS[optimiser.name]
    return "\n".join([
        "All trained parameters are updated at once, by "
        f"{spoken(optimiser.name)} ({text(optimiser.source)}):",
        EQUATION % (matrix, page.symbol(page.network.loss)), what,
        rf"The damping $\lambda$ starts at ${real(optimiser.constants['damping'])}$. {damping}"])
