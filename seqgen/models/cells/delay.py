"""A recurrent network with connections across long delays (Lin, Horne, Tiňo and Giles 1996)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from seqgen.errors import ConfigError
from seqgen.models.activations import ACTIVATIONS
from seqgen.models.cells.base import Arrays, Cell, Graph, LayerTensors, Names

if TYPE_CHECKING:
    import keras

    from seqgen.models.scans.base_layer import CellLayer

# All orthogonal and divided by 2, one layer of 256 units with the default delays had 2.01 nats a
# character after half a million of tinyshakespeare; so, 1.96.
OTHERS = 0.1


class Delay(Cell):
    """h_t = f(x W + h_{t-d} R_d + ... + b), with a connection for each delay d of ``delays``.

    The state is the last D outputs, D the longest delay. The kernels R_d stand one below the other
    in ``recurrent_kernel``, in the order of the delays.
    """

    name = "delay"
    title = "RNN with delays"
    states = ("past",)
    option_defaults: ClassVar = {"delays": (1, 4, 16, 64), "activation": "tanh"}

    def __init__(self, options: Mapping[str, Any], recurrent_dropout: float = 0.0) -> None:
        super().__init__(options, recurrent_dropout)
        self.delays: tuple[int, ...] = options["delays"]
        self.activation = ACTIVATIONS[options["activation"]]
        self.bound = self.activation.bound
        twice = sorted({d for d in self.delays if self.delays.count(d) > 1})
        if twice:
            raise ConfigError(f"{twice[0]} is given twice; give each delay once", option="delays")

    @property
    def preset_overrides(self) -> Mapping[str, Any]:
        """With so many numbers in each sum, half the usual rate: after half a million characters
        of tinyshakespeare 512 units had 2.00 nats with it, and 2.10 with the usual one."""
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
        """How a weight begins: the kernel of the shortest delay orthogonal, as in the vanilla
        network, and those of the others a tenth of that, so that all together do not explode. What
        is read must be heard beside so many, so that its kernel is √3 times Glorot's: with vectors
        of tokens that much larger, which is the same at first, it had 1.75 nats after two passes
        over tinyshakespeare, and 1.80 with the usual."""
        import keras

        if weight == "kernel":
            return keras.initializers.VarianceScaling(3.0, "fan_avg", "uniform")
        if weight != "recurrent_kernel":
            return super().initial(weight)

        gains = [1.0 if d == min(self.delays) else OTHERS for d in self.delays]

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
        places = np.array([max(self.delays) - d for d in self.delays], np.int64)
        read_BNH = graph.node("Gather", past_BDH, graph.constant(f"{name}/places", places), axis=1)
        read = graph.bound(graph.node("Flatten", read_BNH, axis=1), self.bound)
        inputs = {x_BI: weights["kernel"], read: weights["recurrent_kernel"]}
        h_BH = graph.node(self.activation.node, graph.linear(inputs, weights["bias"], name))
        # The oldest makes room for the new one.
        first, end, axis = (
            graph.constant(f"{name}/{n}", np.array([value], np.int64))
            for n, value in (("first", 1), ("end", max(self.delays)), ("axis", 1))
        )
        rest = graph.node("Slice", past_BDH, first, end, axis)
        past_BDH = graph.node("Concat", rest, graph.node("Unsqueeze", h_BH, axis), axis=1)
        return h_BH, {"past": past_BDH}
