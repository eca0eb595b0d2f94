"""Leaky units: a recurrent network whose units have different time constants."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from seqgen.errors import ConfigError
from seqgen.models.cells.base import Graph, RecurrentCell, TensorNames, Tensors

if TYPE_CHECKING:
    import keras

# Smallest τ - 1, so that its logarithm is finite.
MIN_EXCESS = 1e-6


class Leaky(RecurrentCell):
    """s' = (1 - 1/τ) s + (1/τ) f(x W + s R + b), with a τ for each unit, at least 1.

    Mozer 1992 ("Induction of multiscale temporal structure"). A state decays to 1/e in about τ
    steps, and so does its gradient. The weight ``timescale`` is ln(τ - 1), so that a trained τ
    stays above 1.
    """

    name = "leaky"
    title = "leaky RNN"
    states = ("s",)
    option_defaults: ClassVar = {
        "activation": "tanh",
        "recurrent_init": "orthogonal",
        "tau": "1:10",
        "learn_tau": False,
    }
    saved = ("f", "s", "rate")

    def __init__(self, options: Mapping[str, Any], recurrent_dropout: float = 0.0) -> None:
        super().__init__(options, recurrent_dropout)
        self.ends = time_constants(options["tau"])
        self.fixed = () if options["learn_tau"] else ("timescale",)

    @property
    def preset_overrides(self) -> Mapping[str, Any]:
        # Four epochs of tinyshakespeare with 512 units: 1.708 nats, and 1.745 with half the rate.
        return {"learning_rate": 8e-3}

    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        return super().shapes(inputs, units) | {"timescale": (units,)}

    def initial(self, weight: str) -> "keras.Initializer":
        if weight != "timescale":
            return super().initial(weight)
        import keras

        first, last = self.ends

        class Spread(keras.initializers.Initializer):
            def __call__(self, shape: Any, dtype: Any = None) -> Any:
                taus = np.geomspace(first, last, *shape)
                return keras.ops.convert_to_tensor(np.log(np.maximum(taus - 1, MIN_EXCESS)), dtype)

        return Spread()

    def constants(self, weights: Mapping[str, Any]) -> Tensors:
        return (1 / (1 + np.e ** weights["timescale"]),)

    def forward(self, a: Any, r: Any, states: Tensors) -> tuple[Tensors, Tensors]:
        s, rate = states
        f = self.activation.forward(a + r)
        return (s + rate * (f - s), rate), (f, s, rate)

    def backward(self, gradients: Tensors, saved: Tensors) -> tuple[Any, Any, Tensors]:
        ds, drate = gradients
        f, s, rate = saved
        inward = ds * rate
        if self.options["learn_tau"]:
            drate += ds * (f - s)
        return inward * self.activation.slope(f), None, (ds - inward, drate)

    def gates(self, graph: Graph, products: TensorNames, states: TensorNames) -> TensorNames:
        s, rate = states
        f = graph.node(self.activation.node, products[0])
        return (graph.node("Add", s, graph.node("Mul", rate, graph.node("Sub", f, s))),)


def time_constants(tau: str) -> tuple[float, float]:
    """Parse the τ of the first and of the last unit, as ``10`` or ``1:100``; raise ConfigError."""
    first, colon, last = tau.partition(":")
    try:
        ends = float(first), float(last if colon else first)
    except ValueError:
        ends = math.nan, math.nan
    if not 1 <= ends[0] <= ends[1] < math.inf:
        raise ConfigError(
            f"{tau!r} is neither a number of steps of at least 1, such as 10, nor an increasing "
            "range of them, such as 1:100",
            option="tau",
        )
    return ends
