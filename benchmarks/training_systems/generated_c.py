"""What we generate in C, one call of fit for all steps."""

from __future__ import annotations

import os
import shutil

from training_systems import generated
from training_systems.networks import Batch, Network
from training_systems.system import Unavailable, Weights


class System(generated.System):
    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        if not os.environ.get("CC") and not any(map(shutil.which, ("cc", "gcc", "clang"))):
            raise Unavailable("it needs a C compiler")
        super().prepare(network, weights, batch)
