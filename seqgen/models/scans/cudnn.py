"""The recurrent layers of Keras, for the GPU: there it hands them to cuDNN."""

import keras
import tensorflow as tf

from seqgen.models.cells.base import RecurrentCell


class KerasRecurrent(keras.layers.Layer):
    """`seqgen.models.scans.recurrent.Recurrent` by the layer of Keras: the same weights, the same
    call.

    cell: one that names its layer in its attribute ``cudnn``. Nothing is forgotten inside a window.
    units: H.
    """

    def __init__(self, cell: RecurrentCell, units: int, name: str) -> None:
        super().__init__(name=name, autocast=False)
        assert cell.cudnn
        self.cell = cell
        self.units = units
        kind = getattr(keras.layers, cell.cudnn)
        self.layer = kind(units, return_sequences=True, return_state=True, dtype="float32")

    def build(self, input_shape: int) -> None:
        """Make the weights for inputs of that width."""
        self.layer.build((None, None, input_shape))
        for name, weight in zip(
            self.cell.shapes(input_shape, self.units), self.layer.weights, strict=True
        ):
            weight.assign(self.cell.initial(name)(weight.shape, dtype="float32"))
        self.built = True

    def call(
        self, x_TBI: tf.Tensor, states: tuple[tf.Tensor, ...], keeps_TB1: None = None
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        assert keeps_TB1 is None
        x_BTI = tf.transpose(tf.cast(x_TBI, tf.float32), (1, 0, 2))
        y_BTH, *last = self.layer(x_BTI, initial_state=list(states))
        return tf.cast(tf.transpose(y_BTH, (1, 0, 2)), x_TBI.dtype), tuple(last)
