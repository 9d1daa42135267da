"""The options of the emitted Model: what is no number, or out of range, is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from emitted import data, module, of_layers

TEXT = of_layers("dense: 2", more="optimiser: adam\n")


@pytest.mark.parametrize("name, value, error, expected", [
    ("learning_rate", 0, ValueError, "greater than 0"), ("learning_rate", float("nan"), ValueError, "greater than 0"),
    ("learning_rate", "fast", TypeError, "float"), ("learning_rate", float("inf"), ValueError, "greater than 0"),
    ("beta1", -1, ValueError, "at least 0"), ("epochs", -1, ValueError, "at least 0"), ("epochs", 2.5, TypeError, "int"),
    ("epochs", True, TypeError, "int"), ("batch_size", 2.5, TypeError, "int or None"),
    ("batch_size", 0, ValueError, "at least 1"), ("shuffle", 1, TypeError, "bool"),
    ("tolerance", -1e-3, ValueError, "at least 0"), ("seed", -1, ValueError, "at least 0"),
    ("dtype", int, ValueError, "float64 or float32"), ("dtype", "float16", ValueError, "float64 or float32")])
def test_an_option_that_makes_no_sense_is_refused(name, value, error, expected):
    net, given = module(TEXT), data(TEXT).values()
    with pytest.raises(error, match=f"{name} is .*, expected .*{expected}"):
        net.Model(**{name: value})
    with pytest.raises(error, match=name):
        net.Model().set_params(**{name: value})
    model = net.Model()
    setattr(model, name, value)
    with pytest.raises(error, match=name):
        model.fit(*given)


def test_numbers_of_numpy_are_numbers():
    net, given = module(TEXT), data(TEXT).values()
    net.Model(learning_rate=np.float32(0.1), epochs=np.int64(2), batch_size=np.int32(2), shuffle=np.bool_(True), beta1=0,
              dtype=np.float32).fit(*given)
