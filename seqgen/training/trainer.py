"""The trainer: one compiled step of gradient descent, and one of evaluation."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqgen.config.resolved import ModelSpec, TrainSpec
from seqgen.data.batching import Batch, EvalBatches, gradient_scale
from seqgen.models import tf_runtime
from seqgen.models.network import RecurrentLM
from seqgen.training.averaging import Average
from seqgen.training.optimiser import Adam, clip

# Shape of the batches of an evaluation.
EVAL_STREAMS = 64
EVAL_SEQ_LENGTH = 32


class Trainer:
    """A model with its optimiser and the carried states."""

    def __init__(
        self,
        spec: ModelSpec,
        options: TrainSpec,
        vocab: int,
        boundary: int | None = None,
        feature_sizes: tuple[int, ...] = (),
    ) -> None:
        """Create the model.

        Args:
            spec: The network.
            options: How it is trained.
            vocab: Number of tokens, V.
            boundary: Token before which the states are reset (`RecurrentLM`).
            feature_sizes: Number of values of each input feature.
        """
        keras.utils.set_random_seed(options.seed)
        self.options = options
        self.seq_length = options.seq_length
        random = options.truncate == "random"
        precision = tf_runtime.precision(options.precision)
        flow = gradient_scale(self.seq_length) if random else 1.0
        self.model = RecurrentLM(spec, vocab, boundary, precision, feature_sizes, flow)
        # Evaluations run in float32, as generation does.
        self.reader = RecurrentLM(spec, vocab, boundary, feature_sizes=feature_sizes)
        self.weights = [weight.value for weight in self.model.learned]
        self.adam = Adam(self.weights, options)
        share = options.weight_averaging
        self.average = Average(self.weights, share) if share else None
        self.batch_size = options.batch_size
        self.states = self.model.initial_state(None, self.batch_size)
        self._train_step = tf.function(
            self._compute_step,
            input_signature=self._signature(random, feature_sizes),
            autograph=False,
        )
        self._eval_step = tf.function(self._compute_eval_step, autograph=False)

    def reset(self) -> None:
        """Reset the states of all streams."""
        self.states = self.model.initial_state(None, self.batch_size)

    def step(self, batch: Batch, learning_rate: float) -> tuple[float, float]:
        """Take one step of gradient descent, and carry the states to the next.

        Args:
            batch: B streams, as many as ``options.batch_size``.
            learning_rate: That of this step.

        Returns:
            The training loss in nats per token, and the gradients' norm before clipping.
        """
        tensors = [
            tf.constant(batch.inputs),
            tf.constant(batch.targets),
            tf.constant(~batch.reset[:, None], tf.float32),
        ]
        if batch.weights is not None:
            tensors.append(tf.constant(batch.weights))
        rate = tf.constant(learning_rate, tf.float32)
        loss, norm, self.states = self._train_step(tuple(tensors), rate, self.states)
        if self.average:
            self.average.follow()
        return float(loss), float(norm)

    def network(self) -> dict[str, np.ndarray]:
        """Copy the weights, averaged if `weight_averaging` is on."""
        weights = self.model.arrays()
        if self.average:
            means = zip(self.model.learned_names, self.average.means, strict=True)
            weights |= {name: np.array(mean.numpy(), np.float32) for name, mean in means}
        return weights

    def measure(
        self,
        tokens: np.ndarray,
        share: float = 1.0,
        weights: Mapping[str, np.ndarray] | None = None,
    ) -> tuple[float, int]:
        """Evaluate a part: its mean loss, with the state carried and without dropout.

        Args:
            tokens: [N] or [N, 1 + F]; the first is context only.
            share: Fraction of the part to read, spread evenly over it.
            weights: Weights to use; those of `network` if not given.

        Returns:
            The loss in nats per token, and the number of tokens that it is the mean of.
        """
        streams = min(EVAL_STREAMS, max(1, (len(tokens) - 1) // EVAL_SEQ_LENGTH))
        batches = EvalBatches(tokens, streams, EVAL_SEQ_LENGTH)
        self.reader.assign(weights or self.network())
        states = self.reader.initial_state(None, streams)
        total, counted = 0.0, 0.0
        burn_in_steps = batches.burn_in // batches.seq_length
        steps = burn_in_steps + max(1, round((batches.steps - burn_in_steps) * share))
        for step in range(steps):
            batch = batches.read(0, step)
            arrays = map(tf.constant, (batch.inputs, batch.targets, batch.weights))
            nats, states = self._eval_step(*arrays, states)
            total += float(nats)
            counted += float(batch.weights.sum())
        return total / counted, int(counted)

    def arrays(self) -> dict[str, np.ndarray]:
        """Copy everything that training changes: weights, moments, carried and random states."""
        model = self.model
        arrays = {f"weight/{name}": array for name, array in model.arrays().items()}
        arrays |= self.adam.arrays(model.learned_names)
        if self.average:
            arrays |= self.average.arrays(model.learned_names)
        arrays |= {f"state/{name}": state.numpy() for name, state in self.states.items()}
        return arrays | {f"random/{n}": s.numpy() for n, s in enumerate(self.model.random_states)}

    def assign(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restore what `arrays` returned. Raises KeyError or ValueError if it does not fit."""
        model = self.model
        model.assign({name: arrays[f"weight/{name}"] for name in model.names})
        self.adam.assign(model.learned_names, arrays)
        if self.average:
            self.average.assign(model.learned_names, arrays)
        self.states = {name: tf.constant(arrays[f"state/{name}"]) for name in self.states}
        for n, state in enumerate(self.model.random_states):
            state.assign(arrays[f"random/{n}"])

    def _signature(self, random: bool, feature_sizes: tuple[int, ...]) -> list[Any] | None:
        """Return the signature of a step for windows of any length, so that it compiles once."""
        if not random:
            return None
        shape = (None, self.batch_size, *((1 + len(feature_sizes),) if feature_sizes else ()))
        batch = (
            tf.TensorSpec(shape, tf.int32),
            tf.TensorSpec(shape[:2], tf.int32),
            tf.TensorSpec((self.batch_size, 1)),
        )
        return [
            batch,
            tf.TensorSpec(()),
            {name: tf.TensorSpec(state.shape) for name, state in self.states.items()},
        ]

    def _compute_step(self, batch: Any, rate: Any, states: Any) -> Any:
        inputs_TB, targets_TB, keeps_B1, *weights_TB = batch
        losses, gradients, after = [], [], []
        # The parts are independent, so that each uses one thread.
        parts = self._split_batch(states, keeps_B1)
        for own, before in parts:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(self.weights)
                logits, carried = self.model.forward(inputs_TB[:, own], before, training=True)
                losses_TB = nats(targets_TB[:, own], logits)
                if weights_TB:
                    weights = weights_TB[0][:, own]
                    loss = tf.reduce_sum(losses_TB * weights) / tf.reduce_sum(weights)
                else:
                    loss = tf.reduce_mean(losses_TB)
                # A token has the same weight in long and short windows.
                scaled_loss = loss * tf.cast(tf.shape(logits)[0], tf.float32) / self.seq_length
            losses.append(loss / len(parts))
            part_gradients = tape.gradient(scaled_loss, self.weights)
            # That of an embedding is sparse.
            gradients.append([tf.convert_to_tensor(gradient) for gradient in part_gradients])
            after.append(carried)
        mean = [tf.add_n(list(each)) / len(parts) for each in zip(*gradients, strict=True)]
        clipped, norm = clip(mean, self.options)
        self.adam.apply(clipped, rate)
        return tf.add_n(losses), norm, concatenate(after)

    def _split_batch(self, states: Any, keeps_B1: Any) -> list[tuple[slice, dict[str, Any]]]:
        """Return the streams of each part of a batch, and their states after resets."""
        count = tf_runtime.shards(self.options.batch_size, self.options.threads)
        size = self.batch_size // count
        parts = [slice(number * size, (number + 1) * size) for number in range(count)]
        return [
            (own, {n: _reset_streams(state[own], keeps_B1[own]) for n, state in states.items()})
            for own in parts
        ]

    def _compute_eval_step(
        self, inputs_TB: Any, targets_TB: Any, weights_TB: Any, states: Any
    ) -> Any:
        streams = inputs_TB.shape[1]
        parts = min(streams, tf_runtime.shards(self.options.batch_size, self.options.threads))
        edges = [streams * part // parts for part in range(parts + 1)]
        sums, after = [], []
        for own in (slice(*pair) for pair in itertools.pairwise(edges)):
            before = {name: state[own] for name, state in states.items()}
            logits, carried = self.reader.forward(inputs_TB[:, own], before)
            sums.append(tf.reduce_sum(nats(targets_TB[:, own], logits) * weights_TB[:, own]))
            after.append(carried)
        return tf.add_n(sums), concatenate(after)


def _reset_streams(state: Any, keeps_B1: Any) -> Any:
    """Set a state [B, *shape] to zero for the streams that are reset."""
    return state * tf.reshape(keeps_B1, [-1, *(1 for _ in state.shape[1:])])


def concatenate(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Concatenate the states of the parts of a batch."""
    return {name: tf.concat([part[name] for part in parts], 0) for name in parts[0]}


def nats(targets: Any, logits: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
