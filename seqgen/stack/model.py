"""The Keras model: an embedding, recurrent layers with dropout between them, an output layer."""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from seqgen.config import StackOptions
from seqgen.stack import cells
from seqgen.stack.shapes import layer_names, place_offsets, state_shapes, weight_shapes


class Stack(keras.Model):
    """Token ids to logits, states in and states out: ``(ids_TB, states) -> (logits_TBV, states)``.

    Time comes first, which is how the recurrence reads it and the generation graph runs it. Where
    numbers come beside each token, it reads ids_TBF, of which the first is the token.
    States go by the names of `seqgen.stack.shapes.state_shapes`, float32 [B, *shape].

    options: with layers, units and embedding chosen.
    vocab: how many tokens there are, V.
    boundary: the token before which the states are forgotten, so that each document is read as
        generation writes it, from nothing; None to carry them over everything.
    places: of each number that comes beside a token, how many values it has; their vectors are
        added to the token's.
    precision: "float32" or "bfloat16", of the operands of products; weights, states and logits are
        float32 in both.
    """

    def __init__(
        self,
        options: StackOptions,
        vocab: int,
        boundary: int | None = None,
        precision: str = "float32",
        places: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        policy = {"float32": "float32", "bfloat16": "mixed_bfloat16"}[precision]
        self.boundary = boundary
        self.options = options
        self.embedding = keras.layers.Embedding(
            vocab, options.embedding, name="embedding", dtype=policy
        )
        self.offsets = place_offsets(places)
        self.places = keras.layers.Embedding(
            sum(places) or 1, options.embedding, name="places", dtype=policy
        )
        self.output_layer = keras.layers.Dense(vocab, name="output", dtype=policy)
        self.dropouts = [
            keras.layers.Dropout(options.dropout or 0.0, dtype=policy) for _ in (*options.widths, 0)
        ]
        cell = cells.find(options.cell)
        self.recurrent = [
            cell.layer(units, name, forgets=boundary is not None)
            for name, units in zip(layer_names(options), options.widths, strict=True)
        ]
        self.embedding.build((None, None))
        if places:
            self.places.build((None, None))
        inputs = options.embedding
        for layer in self.recurrent:
            layer.build(inputs)
            inputs = layer.units
        self.output_layer.build((None, inputs))
        layers = (self.embedding, self.places, *self.recurrent, self.output_layer)
        self.parameters = [weight for layer in layers for weight in layer.trainable_weights]
        self.names = tuple(weight_shapes(options, vocab, places))
        self.built = True

    def zero_states(self, streams: int) -> dict[str, tf.Tensor]:
        """The states before the first token."""
        return {n: tf.zeros((streams, *s)) for n, s in state_shapes(self.options).items()}

    def call(
        self, ids_TB: tf.Tensor, states: Mapping[str, tf.Tensor], training: bool = False
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        x = self._embedded(ids_TB)
        ids_TB = ids_TB[..., 0] if self.offsets else ids_TB
        x = self.dropouts[0](x, training=training)
        keeps = None
        if self.boundary is not None:
            keeps = tf.cast(ids_TB != self.boundary, tf.float32)[..., None]
        after: dict[str, tf.Tensor] = {}
        for layer, dropout in zip(self.recurrent, self.dropouts[1:], strict=True):
            names = [f"{layer.name}/{state}" for state in layer.cell.states]
            x, last = layer(x, tuple(states[name] for name in names), keeps)
            after.update(zip(names, last, strict=True))
            x = dropout(x, training=training)
        # The bias is added in float32, or its gradient would be summed in bfloat16.
        output = self.output_layer
        logits_TBV = tf.tensordot(x, tf.cast(output.kernel, x.dtype), 1)
        return tf.cast(logits_TBV, tf.float32) + output.bias, after

    def _embedded(self, ids_TB: tf.Tensor) -> tf.Tensor:
        """The vector of each token, with those of the numbers beside it added, [T, B, E]."""
        if not self.offsets:
            return self.embedding(ids_TB)
        rows_TBF = ids_TB[..., 1:] + tf.constant(self.offsets, ids_TB.dtype)
        beside_TBE = tf.reduce_sum(self.places(rows_TBF), axis=2)
        return self.embedding(ids_TB[..., 0]) + beside_TBE

    def arrays(self) -> dict[str, np.ndarray]:
        """A copy of every weight by its name, float32."""
        pairs = zip(self.names, self.parameters, strict=True)
        return {name: np.array(weight.numpy(), np.float32) for name, weight in pairs}

    def assign(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Set every weight. Raises KeyError or ValueError where a name or shape does not fit."""
        for name, weight in zip(self.names, self.parameters, strict=True):
            weight.assign(arrays[name])
