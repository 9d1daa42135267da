"""What we generate for JAX, one call of fit for all steps."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from training_systems import generated, jax_calls
from training_systems.system import Weights


class System(generated.System):
    numpy_memory = False

    def put(self, parameters: dict[str, Any]) -> None:
        self.model.parameters.update({name: jnp.asarray(array) for name, array in parameters.items()})

    def weights(self) -> Weights:
        return [np.array(array) for array in super().weights()]  # copies, as training uses the arrays up

    def threads(self) -> int | None:
        return jax_calls.threads()
