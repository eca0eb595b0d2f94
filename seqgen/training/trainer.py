"""The network as it learns: one compiled step down the gradient, one compiled step of measuring."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqgen.config.options import RunOptions
from seqgen.data.batching import EvalBatches, gradient_scale
from seqgen.models import tf_runtime
from seqgen.models.network import RecurrentLM
from seqgen.training.averaging import Average
from seqgen.training.optimiser import Adam, clip

# Streams and steps in which a part is measured.
MEASURE_STREAMS = 64
MEASURE_WINDOW = 32


class Trainer:
    """A stack with its optimiser and its carried state.

    options: with nothing left open.
    vocab: how many tokens there are.
    boundary: the token before which the state is forgotten (`RecurrentLM`).
    feature_sizes: number of values of each input feature.
    """

    def __init__(
        self,
        options: RunOptions,
        vocab: int,
        boundary: int | None = None,
        feature_sizes: tuple[int, ...] = (),
    ) -> None:
        keras.utils.set_random_seed(options.training.seed)
        assert options.training.batch_size
        assert options.training.seq_length
        self.options = options.training
        self.window = options.training.seq_length
        random = options.training.truncate == "random"
        precision = tf_runtime.precision(options.training)
        growth = gradient_scale(self.window) if random else 1.0
        self.model = RecurrentLM(options.model, vocab, boundary, precision, feature_sizes, growth)
        # What is measured is the network that will be used: in float32.
        self.reader = RecurrentLM(options.model, vocab, boundary, feature_sizes=feature_sizes)
        self.weights = [weight.value for weight in self.model.learned]
        self.adam = Adam(self.weights, options.training)
        share = options.training.weight_averaging
        self.average = Average(self.weights, share) if share else None
        self.batch_size = options.training.batch_size
        self.states = self.model.zero_states(self.batch_size)
        self._learn = tf.function(
            self._learn_step, input_signature=self._any_length(random, feature_sizes)
        )
        self._measure = tf.function(self._measure_step)

    def reset(self) -> None:
        """Forget what was read: the state before a first token."""
        self.states = self.model.zero_states(self.batch_size)

    def learn(
        self, ids_TB: np.ndarray, forgets_B: np.ndarray, learning_rate: float
    ) -> tuple[float, float]:
        """One window: gradients, clipping, a step of Adam; the state is carried on.

        ids_TB: inputs and targets, [T + 1, B], or [T + 1, B, 1 + F] with numbers beside them.
        forgets_B: which streams begin this window without their state.
        Returns the loss, nats a token, and the gradients' norm before clipping.
        """
        rate = tf.constant(learning_rate, tf.float32)
        keeps = tf.constant(~forgets_B[:, None], tf.float32)
        loss, norm, self.states = self._learn(tf.constant(ids_TB), keeps, rate, self.states)
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
        """Nats a token over a part, read with the state carried; dropout off.

        tokens: [N] or [N, 1 + F]; the first is only context.
        share: of the part to read, spread evenly over it.
        weights: of the network to measure; those of `network` unless given.
        Returns the mean, and over how many tokens it was taken.
        """
        streams = min(MEASURE_STREAMS, max(1, (len(tokens) - 1) // MEASURE_WINDOW))
        spans = EvalBatches(tokens, streams, MEASURE_WINDOW)
        self.reader.assign(weights or self.network())
        states = self.reader.zero_states(streams)
        total, counted = 0.0, 0.0
        warm_steps = spans.warm // spans.window
        steps = warm_steps + max(1, round((spans.steps - warm_steps) * share))
        for step in range(steps):
            ids, counts = spans.read(step)
            nats, states = self._measure(tf.constant(ids), tf.constant(counts), states)
            total += float(nats)
            counted += float(counts.sum())
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

    def _any_length(self, random: bool, feature_sizes: tuple[int, ...]) -> list[Any] | None:
        """What a step takes where windows have any length, so that it is compiled only once."""
        if not random:
            return None
        sides = (None, self.batch_size, *((1 + len(feature_sizes),) if feature_sizes else ()))
        return [
            tf.TensorSpec(sides, tf.int32),
            tf.TensorSpec((self.batch_size, 1)),
            tf.TensorSpec(()),
            {name: tf.TensorSpec(state.shape) for name, state in self.states.items()},
        ]

    def _learn_step(self, ids_TB: Any, keeps_B1: Any, rate: Any, states: Any) -> Any:
        parts = tf_runtime.shards(self.options)
        size = self.batch_size // parts
        losses, gradients, after = [], [], []
        # The parts depend on nothing of each other, so that each keeps one thread busy.
        for part in range(parts):
            own = slice(part * size, (part + 1) * size)
            before = {name: kept(state[own], keeps_B1[own]) for name, state in states.items()}
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(self.weights)
                logits, carried = self.model(ids_TB[:-1, own], before, training=True)
                loss = tf.reduce_mean(nats(targets(ids_TB[1:, own]), logits))
                # A token counts the same in a long window and in a short one.
                weighed = loss * tf.cast(tf.shape(logits)[0], tf.float32) / self.window
            losses.append(loss / parts)
            gradients.append([_dense(g) for g in tape.gradient(weighed, self.weights)])
            after.append(carried)
        mean = [tf.add_n(list(each)) / parts for each in zip(*gradients, strict=True)]
        clipped, norm = clip(mean, self.options)
        self.adam.apply(clipped, rate)
        return tf.add_n(losses), norm, joined(after)

    def _measure_step(self, ids_TB: Any, counts_TB: Any, states: Any) -> Any:
        streams = ids_TB.shape[1]
        parts = min(streams, tf_runtime.shards(self.options))
        edges = [streams * part // parts for part in range(parts + 1)]
        sums, after = [], []
        for own in (slice(*pair) for pair in itertools.pairwise(edges)):
            before = {name: state[own] for name, state in states.items()}
            logits, carried = self.reader(ids_TB[:-1, own], before, training=False)
            sums.append(tf.reduce_sum(nats(targets(ids_TB[1:, own]), logits) * counts_TB[:, own]))
            after.append(carried)
        return tf.add_n(sums), joined(after)


def kept(state: Any, keeps_B1: Any) -> Any:
    """A state [B, *shape], with zeros for the streams that forget it."""
    return state * tf.reshape(keeps_B1, [-1, *(1 for _ in state.shape[1:])])


def joined(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The states of all streams, from those of the parts."""
    return {name: tf.concat([part[name] for part in parts], 0) for name in parts[0]}


def targets(ids_TB: Any) -> Any:
    """The tokens, without the numbers that come beside them."""
    return ids_TB if len(ids_TB.shape) == 2 else ids_TB[..., 0]


def nats(targets: Any, logits: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)


def _dense(gradient: Any) -> Any:
    return tf.convert_to_tensor(gradient)
