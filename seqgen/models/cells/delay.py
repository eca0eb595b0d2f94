"""A recurrent network with connections across long delays (Lin, Horne, Tiňo and Giles 1996)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from seqgen.errors import ConfigError
from seqgen.models.cells.base import Arrays, Cell, Graph, LayerTensors, Names

if TYPE_CHECKING:
    import keras

    from seqgen.models.scans.base_layer import CellLayer

# Gain of the orthogonal kernels of all delays but the shortest, which has 1. One layer of 256 units
# with the default delays had 1.96 nats after half a million characters of tinyshakespeare, and 2.01
# with gains of 0.5 for all.
OTHER_GAIN = 0.1


class Delay(Cell):
    """h_t = f(x W + h_{t-d} R_d + ... + b), with a connection for each delay d of ``delays``.

    The state is the last D outputs, D being the longest delay. ``recurrent_kernel`` is the
    concatenation of the kernels R_d in the order of the delays.
    """

    name = "delay"
    title = "RNN with delays"
    states = ("past",)
    option_defaults: ClassVar = {"delays": (1, 4, 16, 64), "activation": "tanh"}

    def __init__(self, options: Mapping[str, Any], recurrent_dropout: float = 0.0) -> None:
        super().__init__(options, recurrent_dropout)
        self.delays: tuple[int, ...] = options["delays"]
        repeated = sorted({d for d in self.delays if self.delays.count(d) > 1})
        if repeated:
            raise ConfigError(f"{repeated[0]} is repeated; give each delay once", option="delays")

    @property
    def preset_overrides(self) -> Mapping[str, Any]:
        # Sums have more terms, so the rate is halved: after half a million characters of
        # tinyshakespeare 512 units had 2.00 nats with it, and 2.10 with the usual one.
        return {"learning_rate": 2e-3}

    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        return {
            "kernel": (inputs, units),
            "recurrent_kernel": (len(self.delays) * units, units),
            "bias": (units,),
        }

    def state_shapes(self, units: int) -> dict[str, tuple[int, ...]]:
        return {"past": (max(self.delays), units)}

    def layer_class(self, *, plain: bool) -> "type[CellLayer]":
        from seqgen.models.scans.delay import DelayScan

        return DelayScan

    def initial(self, weight: str) -> "keras.Initializer":
        """Return the initializer of a weight.

        The recurrent kernel of the shortest delay is orthogonal, as in the vanilla network; the
        others are a tenth of that, so that their sum does not explode. The input kernel is √3 times
        Glorot's to balance so many recurrent terms: two epochs of tinyshakespeare had 1.75 nats
        with input vectors that much larger, and 1.80 without.
        """
        import keras

        if weight == "kernel":
            return keras.initializers.VarianceScaling(3.0, "fan_avg", "uniform")
        if weight != "recurrent_kernel":
            return super().initial(weight)

        gains = [1.0 if d == min(self.delays) else OTHER_GAIN for d in self.delays]

        class Orthogonals(keras.initializers.Initializer):
            def __call__(self, shape: Any, dtype: Any = None) -> Any:
                size = (shape[0] // len(gains), shape[1])
                kernels = [keras.initializers.Orthogonal(gain)(size, dtype) for gain in gains]
                return keras.ops.concatenate(kernels)

        return Orthogonals()

    def step(
        self, graph: Graph, x_BI: str, states: Names, weights: Arrays, name: str
    ) -> LayerTensors:
        past_BDH = states["past"]
        indices = np.array([max(self.delays) - d for d in self.delays], np.int64)
        past_BNH = graph.node("Gather", past_BDH, graph.constant(f"{name}/places", indices), axis=1)
        past = graph.bound(graph.node("Flatten", past_BNH, axis=1), self.bound)
        inputs = {x_BI: weights["kernel"], past: weights["recurrent_kernel"]}
        h_BH = graph.node(self.activation.node, graph.linear(inputs, weights["bias"], name))
        # Replace the oldest output.
        first, end, axis = (
            graph.constant(f"{name}/{n}", np.array([value], np.int64))
            for n, value in (("first", 1), ("end", max(self.delays)), ("axis", 1))
        )
        rest = graph.node("Slice", past_BDH, first, end, axis)
        past_BDH = graph.node("Concat", rest, graph.node("Unsqueeze", h_BH, axis), axis=1)
        return h_BH, {"past": past_BDH}
