"""The recurrent layers of Keras, which run on cuDNN on a GPU."""

from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from seqgen.models.scans.base_layer import CellLayer

if TYPE_CHECKING:
    from seqgen.models.cells.base import RecurrentCell


class KerasRecurrent(CellLayer):
    """The layer that a cell names in ``cudnn``: the weights of `Recurrent`, but no resets."""

    cell: "RecurrentCell"

    def build(self, input_shape: int) -> None:
        self.layer = getattr(keras.layers, self.cell.cudnn)(
            self.units, return_sequences=True, return_state=True, dtype="float32"
        )
        self.layer.build((None, None, input_shape))
        names = self.cell.shapes(input_shape, self.units)
        self.by_name = dict(zip(names, self.layer.weights, strict=True))
        for name, weight in self.by_name.items():
            weight.assign(self.cell.initial(name)(weight.shape, dtype="float32"))
        self.built = True

    def scan(self, x_TBI: Any, states: Any, weights: Any, keeps_TB1: None) -> Any:
        x_BTI = tf.transpose(tf.cast(x_TBI, tf.float32), (1, 0, 2))
        y_BTH, *last = self.layer(x_BTI, initial_state=list(states))
        return tf.cast(tf.transpose(y_BTH, (1, 0, 2)), x_TBI.dtype), tuple(last)
