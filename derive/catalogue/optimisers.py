"""Optimisers: how one entry theta of a parameter is updated from its gradient g, line by line.

A state (such as the velocity u) starts at 0; k counts the updates from 1.  Each line reads what the lines before it
have set.
"""

from __future__ import annotations

from derive.catalogue import Formula

OPTIMISERS = {
    "gradient_descent": Formula("theta = theta - learning_rate*g", {"learning_rate": 0.1}),
    "momentum": Formula(
        """u = momentum*u + g
        theta = theta - learning_rate*u""",
        {"learning_rate": 0.01, "momentum": 0.9}, "Polyak 1964; Sutskever et al. 2013"),
    "nesterov": Formula(
        """u = momentum*u + g
        theta = theta - learning_rate*(g + momentum*u)""",
        {"learning_rate": 0.01, "momentum": 0.9}, "Nesterov 1983, in the form of Sutskever et al. 2013"),
    "rmsprop": Formula(
        """v = rho*v + (1 - rho)*g**2
        theta = theta - learning_rate*g/(sqrt(v) + epsilon)""",
        {"learning_rate": 0.01, "rho": 0.99, "epsilon": 1e-8}, "Tieleman, Hinton 2012"),
    "adam": Formula(
        """u = beta1*u + (1 - beta1)*g
        v = beta2*v + (1 - beta2)*g**2
        theta = theta - learning_rate*(u/(1 - beta1**k))/(sqrt(v/(1 - beta2**k)) + epsilon)""",
        {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}, "Kingma, Ba 2015"),
    "adamw": Formula(
        """u = beta1*u + (1 - beta1)*g
        v = beta2*v + (1 - beta2)*g**2
        theta = theta - learning_rate*weight_decay*theta
        theta = theta - learning_rate*(u/(1 - beta1**k))/(sqrt(v/(1 - beta2**k)) + epsilon)""",
        {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01},
        "Loshchilov, Hutter 2019"),
}
