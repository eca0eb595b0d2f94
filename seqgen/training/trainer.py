"""The model in training: one compiled step of gradient descent, and one of evaluation."""

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
    """A stack with its optimiser and its carried state.

    spec: the network.
    options: how it is trained.
    vocab: how many tokens there are.
    boundary: the token before which the state is forgotten (`RecurrentLM`).
    feature_sizes: number of values of each input feature.
    """

    def __init__(
        self,
        spec: ModelSpec,
        options: TrainSpec,
        vocab: int,
        boundary: int | None = None,
        feature_sizes: tuple[int, ...] = (),
    ) -> None:
        keras.utils.set_random_seed(options.seed)
        self.options = options
        self.window = options.seq_length
        random = options.truncate == "random"
        precision = tf_runtime.precision(options.precision)
        growth = gradient_scale(self.window) if random else 1.0
        self.model = RecurrentLM(spec, vocab, boundary, precision, feature_sizes, growth)
        # What is measured is the network that will be used: in float32.
        self.reader = RecurrentLM(spec, vocab, boundary, feature_sizes=feature_sizes)
        self.weights = [weight.value for weight in self.model.learned]
        self.adam = Adam(self.weights, options)
        share = options.weight_averaging
        self.average = Average(self.weights, share) if share else None
        self.batch_size = options.batch_size
        self.states = self.model.initial_state(None, self.batch_size)
        self._train_step = tf.function(
            self._compute_step, input_signature=self._signature(random, feature_sizes)
        )
        self._eval_step = tf.function(self._compute_eval_step)

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
        arguments = [
            tf.constant(batch.inputs),
            tf.constant(batch.targets),
            tf.constant(~batch.reset[:, None], tf.float32),
            tf.constant(learning_rate, tf.float32),
            self.states,
        ]
        if batch.weights is not None:
            arguments.append(tf.constant(batch.weights))
        loss, norm, self.states = self._train_step(*arguments)
        if self.average:
            self.average.follow()
        return float(loss), float(norm)

    def network(self) -> dict[str, np.ndarray]:
        """A copy of the weights to use: averaged where that is asked for."""
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
            assert batch.weights is not None
            inputs, targets, weights_TB = map(
                tf.constant, (batch.inputs, batch.targets, batch.weights)
            )
            nats, states = self._eval_step(inputs, targets, weights_TB, states)
            total += float(nats)
            counted += float(batch.weights.sum())
        return total / counted, int(counted)

    def arrays(self) -> dict[str, np.ndarray]:
        """A copy of all that learning changes: weights, optimiser, carried and random states."""
        model = self.model
        kept = {f"weight/{name}": array for name, array in model.arrays().items()}
        kept |= self.adam.arrays(model.learned_names)
        if self.average:
            kept |= self.average.arrays(model.learned_names)
        kept |= {f"state/{name}": state.numpy() for name, state in self.states.items()}
        return kept | {f"random/{n}": s.numpy() for n, s in enumerate(self.model.random_states)}

    def assign(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take back what `arrays` gave. Raises KeyError or ValueError where it does not fit."""
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
        return [
            tf.TensorSpec(shape, tf.int32),
            tf.TensorSpec(shape[:2], tf.int32),
            tf.TensorSpec((self.batch_size, 1)),
            tf.TensorSpec(()),
            {name: tf.TensorSpec(state.shape) for name, state in self.states.items()},
        ]

    def _compute_step(
        self,
        inputs_TB: Any,
        targets_TB: Any,
        keeps_B1: Any,
        rate: Any,
        states: Any,
        weights_TB: Any = None,
    ) -> Any:
        parts = tf_runtime.shards(self.options.batch_size, self.options.threads)
        size = self.batch_size // parts
        losses, gradients, after = [], [], []
        # The parts depend on nothing of each other, so that each keeps one thread busy.
        for part in range(parts):
            own = slice(part * size, (part + 1) * size)
            before = {name: kept(state[own], keeps_B1[own]) for name, state in states.items()}
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(self.weights)
                logits, carried = self.model.forward(inputs_TB[:, own], before, training=True)
                losses_TB = nats(targets_TB[:, own], logits)
                if weights_TB is None:
                    loss = tf.reduce_mean(losses_TB)
                else:
                    weights = weights_TB[:, own]
                    loss = tf.reduce_sum(losses_TB * weights) / tf.reduce_sum(weights)
                # A token counts the same in a long window and in a short one.
                weighed = loss * tf.cast(tf.shape(logits)[0], tf.float32) / self.window
            losses.append(loss / parts)
            gradients.append([_dense(g) for g in tape.gradient(weighed, self.weights)])
            after.append(carried)
        mean = [tf.add_n(list(each)) / parts for each in zip(*gradients, strict=True)]
        clipped, norm = clip(mean, self.options)
        self.adam.apply(clipped, rate)
        return tf.add_n(losses), norm, joined(after)

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
        return tf.add_n(sums), joined(after)


def kept(state: Any, keeps_B1: Any) -> Any:
    """A state [B, *shape], with zeros for the streams that forget it."""
    return state * tf.reshape(keeps_B1, [-1, *(1 for _ in state.shape[1:])])


def joined(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The states of all streams, from those of the parts."""
    return {name: tf.concat([part[name] for part in parts], 0) for name in parts[0]}


def nats(targets: Any, logits: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)


def _dense(gradient: Any) -> Any:
    return tf.convert_to_tensor(gradient)
