"""The base class of the training layers: the weights of a cell."""

from typing import TYPE_CHECKING

import keras
import tensorflow as tf

if TYPE_CHECKING:
    from seqgen.models.cells.base import Cell


class CellLayer(keras.layers.Layer):
    """A layer of a cell: ``(x_TBI, states[, keeps, training]) -> (y_TBH, states)``."""

    def __init__(self, cell: "Cell", units: int, name: str, flow: float = 1.0) -> None:
        """Create a layer without weights; the arguments are those of `Cell.layer`."""
        # The operands have the type of the input; states stay float32.
        super().__init__(name=name, autocast=False)
        self.cell = cell
        self.units = units
        self.flow = flow
        # The same weights are dropped at all steps of a window (Merity et al. 2018).
        self.dropout = keras.layers.Dropout(cell.recurrent_dropout, dtype="float32")

    def build(self, input_shape: int) -> None:
        """Make the weights for inputs of that width."""
        self.by_name = {
            weight: self.add_weight(
                shape=shape,
                name=weight,
                initializer=self.cell.initial(weight),
                trainable=weight not in self.cell.fixed,
            )
            for weight, shape in self.cell.shapes(input_shape, self.units).items()
        }
        self.built = True

    def call(
        self,
        x_TBI: tf.Tensor,
        states: tuple[tf.Tensor, ...],
        keeps_TB1: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        weights = {name: tf.convert_to_tensor(weight) for name, weight in self.by_name.items()}
        if self.cell.supports_recurrent_dropout:
            recurrent = self.dropout(weights["recurrent_kernel"], training=training)
            weights["recurrent_kernel"] = recurrent
        return self.scan(x_TBI, states, weights, keeps_TB1)

    def scan(
        self,
        x_TBI: tf.Tensor,
        states: tuple[tf.Tensor, ...],
        weights: dict[str, tf.Tensor],
        keeps_TB1: tf.Tensor | None,
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        """Run the cell over T steps.

        Args:
            x_TBI: Input, float32 or bfloat16; T may be known at the call only.
            states: Before the first step, float32 [B, *state shape] each.
            weights: By name, float32; some recurrent ones are dropped in training.
            keeps_TB1: 0 where a stream's states are reset before a step, else 1; None for no reset.

        Returns:
            The outputs [T, B, H] in the type of the input, and the states after the last step.
        """
        raise NotImplementedError
