"""Optimisers: how one entry theta of a parameter is updated from its gradient g, line by line.

k counts the updates from 1, and K is how many there will be.  Each line reads what the lines before it have set; a name
that is read before a line sets it (such as the velocity u) is a state of the entry, which starts at 0.  A sum over i is
over the entries of the same parameter; G is g for all parameters, one after the other, and a sum over a is over these.
"""

from __future__ import annotations

from derive.catalogue import Formula

ADAM = """u = beta1*u + (1 - beta1)*g
        v = beta2*v + (1 - beta2)*g**2
        theta = theta - learning_rate*(u/(1 - beta1**k))/(sqrt(v/(1 - beta2**k)) + epsilon)"""
BETAS = {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}

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
    "adagrad": Formula(
        """v = v + g**2
        theta = theta - learning_rate*g/(sqrt(v) + epsilon)""",
        {"learning_rate": 0.01, "epsilon": 1e-10}, "Duchi, Hazan, Singer 2011"),
    "adadelta": Formula(
        """v = rho*v + (1 - rho)*g**2
        d = sqrt(w + epsilon)/sqrt(v + epsilon)*g
        w = rho*w + (1 - rho)*d**2
        theta = theta - learning_rate*d""",
        {"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-6}, "Zeiler 2012"),
    "rmsprop": Formula(
        """v = rho*v + (1 - rho)*g**2
        theta = theta - learning_rate*g/(sqrt(v) + epsilon)""",
        {"learning_rate": 0.01, "rho": 0.99, "epsilon": 1e-8}, "Tieleman, Hinton 2012"),
    "adam": Formula(ADAM, BETAS, "Kingma, Ba 2015"),
    "adamw": Formula(ADAM, {**BETAS, "weight_decay": 0.01}, "Loshchilov, Hutter 2019"),
    "amsgrad": Formula(
        """u = beta1*u + (1 - beta1)*g
        v = beta2*v + (1 - beta2)*g**2
        w = max(w, v)
        theta = theta - learning_rate*(u/(1 - beta1**k))/(sqrt(w/(1 - beta2**k)) + epsilon)""",
        BETAS, "Reddi, Kale, Kumar 2018"),
    "nadam": Formula(  # p is 1 minus the product of all mu so far
        """mu = beta1*(1 - 0.96**(psi*k)/2)
        nu = beta1*(1 - 0.96**(psi*(k + 1))/2)
        p = 1 - (1 - p)*mu
        u = beta1*u + (1 - beta1)*g
        v = beta2*v + (1 - beta2)*g**2
        d = nu*u/(1 - (1 - p)*nu) + (1 - mu)*g/p
        theta = theta - learning_rate*d/(sqrt(v/(1 - beta2**k)) + epsilon)""",
        {**BETAS, "learning_rate": 0.002, "psi": 0.004}, "Dozat 2016"),
    "lion": Formula(
        """theta = theta - learning_rate*sign(beta1*u + (1 - beta1)*g)
        u = beta2*u + (1 - beta2)*g""",
        {"learning_rate": 0.0001, "beta1": 0.9, "beta2": 0.99}, "Chen et al. 2023"),
    "lamb": Formula(
        """u = beta1*u + (1 - beta1)*g
        v = beta2*v + (1 - beta2)*g**2
        d = (u/(1 - beta1**k))/(sqrt(v/(1 - beta2**k)) + epsilon) + weight_decay*theta
        p = sum(i, theta**2)
        q = sum(i, d**2)
        r = where(p > 0 and q > 0, sqrt(p/q), 1)
        theta = theta - learning_rate*r*d""",
        {**BETAS, "epsilon": 1e-6, "weight_decay": 0.01}, "You et al. 2020"),
}

#: What a sentence calls them, where that is not the name with spaces.
IN_A_SENTENCE = {"adam": "Adam", "adamw": "AdamW", "adagrad": "AdaGrad", "adadelta": "AdaDelta", "amsgrad": "AMSGrad",
                 "nadam": "Nadam", "rmsprop": "RMSProp", "nesterov": "Nesterov's momentum", "lion": "Lion", "lamb": "LAMB",
                 "newton": "Newton's method"}

BEFORE = {
    "clip_value": "g = max(min(g, clip_value), -clip_value)",
    "clip_norm": "g = clip_norm/max(clip_norm, sqrt(sum(a, G**2)))*g",
    "weight_decay": "theta = theta - learning_rate*weight_decay*theta",
}
"""What is done before the lines of any optimiser, in this order, where its option is given (unless the optimiser has a use
of its own for it): Pascanu, Mikolov, Bengio 2013; Loshchilov, Hutter 2019."""

SCHEDULES = {
    "step": Formula("factor**floor((k - 1)/every)", {"every": 30, "factor": 0.1}),
    "exponential": Formula("factor**(k - 1)", {"factor": 0.99}),
    "linear": Formula("1 - (1 - least)*min(k - 1, K)/K", {"least": 0.0}),
    "cosine": Formula("least + (1 - least)*(1 + cos(pi*min(k - 1, K)/K))/2", {"least": 0.0}, "Loshchilov, Hutter 2017"),
    "one_cycle": Formula(
        """where(k < share*K, first + (1 - first)*(1 - cos(pi*(k - 1)/(share*K - 1)))/2,
                 least + (1 - least)*(1 + cos(pi*(min(k, K) - share*K)/(K - share*K)))/2)""",
        {"share": 0.3, "first": 0.04, "least": 4e-6}, "Smith, Topin 2019"),
}
"""What the learning rate is multiplied by at the update k."""

WARM_UP = Formula("min(k/warm_up, 1)", source="Goyal et al. 2017")
"""The factor of the first `warm_up` updates; any other schedule counts from the end of these."""
