"""What the training layers of all cells have in common: their weights."""

import keras
import tensorflow as tf

from seqgen.models.cells.base import Cell


class CellLayer(keras.layers.Layer):
    """A layer of a cell: ``(x_TBI, states[, keeps, training]) -> (y_TBH, states)``.

    A subclass says in its `call` how it goes over time.

    cell: what happens at a step.
    units: H.
    flow: factor of a gradient on its way from a step to the one before.
    """

    def __init__(self, cell: Cell, units: int, name: str, flow: float = 1.0) -> None:
        # The operands have the type of the input; states stay float32.
        super().__init__(name=name, autocast=False)
        self.cell = cell
        self.units = units
        self.flow = flow
        # The same weights are missing at all steps of a window (Merity et al. 2018).
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

    def tensors(self, training: bool) -> dict[str, tf.Tensor]:
        """The weights by name; of the recurrent ones, some are dropped while training."""
        weights = {name: tf.convert_to_tensor(weight) for name, weight in self.by_name.items()}
        if self.cell.supports_recurrent_dropout:
            dropped = self.dropout(weights["recurrent_kernel"], training=training)
            weights["recurrent_kernel"] = dropped
        return weights
