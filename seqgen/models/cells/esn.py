"""Echo state network: a random reservoir that is not trained, and an output layer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from seqgen.models.cells.base import RecurrentCell, Tensors
from seqgen.models.cells.leaky import Leaky

if TYPE_CHECKING:
    import keras

# Connections to each unit; the number matters little (Lukoševičius 2012, "A practical guide to
# applying echo state networks").
FAN_IN = 10
# Squarings of a matrix that give its spectral radius to four digits.
SQUARINGS = 16


class ESN(Leaky):
    """h' = (1 - a) h + a tanh(x W + h R + b): leaky units that are not trained.

    Jaeger 2001 ("The echo state approach to analysing and training recurrent neural networks"),
    with the leaky units of Jaeger et al. 2007. R is sparse and scaled to a spectral radius below 1,
    so that the state does not depend on its initial value and is an echo of the input. The input
    scale is the standard deviation of the input product.
    """

    name = "esn"
    title = "echo state network"
    states = ("h",)
    option_defaults: ClassVar = {
        "activation": "tanh",
        "spectral_radius": 0.95,
        "connectivity": None,
        "input_scale": 1.5,
        "leak": 1.0,
        "readout": "gradient",
        "ridge": 0.03,
    }
    fixed = ("kernel", "recurrent_kernel", "bias")
    fixed_embedding = True
    supports_recurrent_dropout = False

    def __init__(self, options: Mapping[str, Any], recurrent_dropout: float = 0.0) -> None:
        # The rate is the leak; there is no τ.
        super().__init__({"tau": "1", "learn_tau": False, **options}, recurrent_dropout)
        self.fixed = ESN.fixed

    @property
    def preset_overrides(self) -> Mapping[str, Any]:
        plain = {"dropout": 0.0, "weight_decay": 0.0}
        # 45 s of tinyshakespeare: 1.864 nats with 2000 units, 1.893 with 1000. The matrices of a
        # ridge readout grow with the square of the units.
        if self.options["readout"] == "ridge":
            return plain | {"units": 1000, "learning_rate": 4.0, "token_budget": 0}
        return plain | {"units": 2000, "learning_rate": 0.015}

    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        return RecurrentCell.shapes(self, inputs, units)

    def initial(self, weight: str) -> "keras.Initializer":
        import keras

        scale: float = self.options["input_scale"]
        radius: float = self.options["spectral_radius"]
        connectivity = self.options["connectivity"]

        class Input(keras.initializers.Initializer):
            def __call__(self, shape: Any, dtype: Any = None) -> Any:
                # The variance of a uniform distribution in [-1, 1] is 1/3.
                return keras.random.normal(shape, 0.0, scale * (3 / shape[0]) ** 0.5, dtype)

        class Reservoir(keras.initializers.Initializer):
            def __call__(self, shape: Any, dtype: Any = None) -> Any:
                share = FAN_IN / shape[0] if connectivity is None else connectivity
                weights, order = np.array(keras.random.uniform((2, *shape), -1.0, 1.0))
                # With at least one to each unit there is a cycle, and the radius is not 0.
                weights[order.argsort(axis=0) >= max(1, round(share * shape[0]))] = 0
                weights *= radius / spectral_radius(weights)
                return keras.ops.convert_to_tensor(weights, dtype)

        kinds = {"kernel": Input, "recurrent_kernel": Reservoir, "bias": keras.initializers.Zeros}
        return kinds[weight]()

    def constants(self, weights: Mapping[str, Any]) -> Tensors:
        return (self.options["leak"] + 0 * weights["bias"],)


def spectral_radius(matrix: np.ndarray) -> float:
    """Compute the largest absolute eigenvalue of a square matrix to four digits.

    As the limit of ||A^n||^(1/n) (Gelfand 1941), in a quarter of the time of all eigenvalues.
    """
    power, log_radius = matrix, 0.0
    for squaring in range(SQUARINGS):
        norm = np.linalg.norm(power)
        log_radius += np.log(norm) / 2**squaring
        power = power / norm
        power = power @ power
    return float(np.exp(log_radius + np.log(np.linalg.norm(power)) / 2**SQUARINGS))
