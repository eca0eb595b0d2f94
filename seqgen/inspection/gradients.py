"""How the gradient of a loss falls or grows on its way back through time.

What truncated backpropagation through time hands from step to step is the derivative of the loss by
the carried states. It is measured here on the network as it learns, but with the loss of one step
alone, L_t, so that one sees how much of it arrives k steps earlier: vanishing and exploding
gradients (Hochreiter 1991; Bengio, Simard and Frasconi 1994; Pascanu, Mikolov and Bengio 2013).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import TrainingOptions
from seqgen.errors import ConfigError
from seqgen.inspection.kernels import Kernel, kernels
from seqgen.inspection.neurons import layer_and_state
from seqgen.inspection.options import GradientOptions
from seqgen.inspection.text import boundary

STEPS = 100
# Tokens that are read before, so that the states are those of a network amid a text.
WARM = 100
ALL = "all"

Told = Callable[[float], None]


@dataclass(frozen=True)
class Curve:
    """The norm of the loss's gradient by a state, k steps back, for k = 1 to K.

    Of one layer with the other layers' states held, as in backpropagation through time.
    layer: from 1; None for all layers together. state: its name; "all" for all states together.
    median: over the streams: one stream that explodes, or is dead, does not move it.
    mean: over the streams, which a few large ones decide. low, high: first and last decile.
    """

    layer: int | None
    state: str
    median: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def per_step(self) -> float | None:
        """The factor of the median from a step to the one before: e to the slope of its logarithm.

        By least squares over all k; None where fewer than two of them have a gradient.
        """
        median = np.array(self.median)
        there = np.flatnonzero((median > 0) & np.isfinite(median))
        if len(there) < 2:
            return None
        return float(np.exp(np.polyfit(there, np.log(median[there]), 1)[0]))


@dataclass(frozen=True)
class Gradients:
    """curves: for each layer of each of its states, and of all of them where it has several; last
    of all layers together. kernels: the recurrent ones. steps: K. streams: places of the text."""

    steps: int
    streams: int
    curves: tuple[Curve, ...]
    kernels: tuple[Kernel, ...]


def measure(
    checkpoint: Checkpoint,
    rows: np.ndarray,
    options: GradientOptions,
    told: Told = lambda share: None,
) -> Gradients:
    """Follow the gradient of one step's loss back through K steps, at several places of a text.

    rows: ids [N], or [N, 1 + F] with the numbers beside them that the network reads.
    told: is told the share that is done.
    Raises ConfigError if the text has no stretch of K steps in one document, CheckpointError if the
    checkpoint is damaged.
    """
    weights = checkpoint.weights()
    ids = rows if rows.ndim == 1 else rows[:, 0]
    begins_B, steps = places(ids, options.steps, options.streams, boundary(checkpoint))
    norms = followed(checkpoint, weights, rows, begins_B, steps, told)
    return Gradients(steps, len(begins_B), curves(norms), kernels(checkpoint.config.model, weights))


def places(
    ids: np.ndarray, steps: int | None, streams: int, boundary: int | None
) -> tuple[np.ndarray, int]:
    """Where to begin so that K steps and a token to predict follow, with no boundary to read.

    Returns the indices, evenly spread, [B], and K. Raises ConfigError if there is no such place.
    """
    ends = np.flatnonzero(ids == boundary) if boundary is not None else np.array([], int)
    # From each token, how many may be read until the next boundary, or until one is left.
    until = np.append(ends, len(ids) - 1)
    room = until[np.searchsorted(until, np.arange(len(ids) - 1))] - np.arange(len(ids) - 1)
    most = int(room.max(initial=0))
    if most < 2:
        raise ConfigError(
            "too short to backpropagate a gradient through; give a longer one", option="text"
        )
    if steps is not None and steps > most:
        raise ConfigError(
            f"the maximum for this text is {most}; give a longer `text`", option="steps"
        )
    steps = steps or min(STEPS, most)
    able = np.flatnonzero(room >= steps)
    # Rather those behind which there is something to warm up with.
    warm = able[able >= WARM]
    able = warm if len(warm) >= min(streams, len(able)) else able
    chosen = np.linspace(0, len(able) - 1, min(streams, len(able))).astype(int)
    return able[chosen], steps


def followed(
    checkpoint: Checkpoint,
    weights: Mapping[str, np.ndarray],
    rows: np.ndarray,
    begins_B: np.ndarray,
    steps: int,
    told: Told,
) -> dict[str, np.ndarray]:
    """Natural logarithm of the norm by each state's name, float64 [K, B]; -inf where it is 0.

    Jacobians are applied one by one, from the last, and the length that all states' gradients have
    together is taken out after each, so that nothing leaves the range of float32.
    """
    from seqgen.models import tf_runtime

    tf_runtime.load(TrainingOptions())
    import tensorflow as tf

    from seqgen.models.network import RecurrentLM

    config = checkpoint.config
    model = RecurrentLM(
        config.model, config.vocab, boundary(checkpoint), feature_sizes=config.feature_sizes
    )
    model.assign(weights)
    streams = len(begins_B)
    warm = min(WARM, int(begins_B.min()))
    states = model.zero_states(streams)
    if warm:
        read = rows[begins_B + np.arange(-warm, 0)[:, None]]
        _, states = model(tf.constant(read.astype(np.int32)), states)
    x_TB = tf.constant(rows[begins_B + np.arange(steps + 1)[:, None]].astype(np.int32))
    targets_B = x_TB[steps] if rows.ndim == 1 else x_TB[steps, :, 0]
    before = [states]
    for step in range(steps - 1):
        before.append(model(x_TB[step : step + 1], before[-1])[1])
        told((step + 1) / (3 * steps))

    def loss(logits_TBV: Any) -> Any:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(targets_B, logits_TBV[0])

    names = list(states)
    length_B = np.zeros(streams)
    gradient: dict[str, Any] = {}
    norms: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for step in reversed(range(steps)):
        with tf.GradientTape() as tape:
            tape.watch(before[step])
            logits_TBV, after = model(x_TB[step : step + 1], before[step])
            reached = after if gradient else loss(logits_TBV)
        seeds = gradient or None
        found = tape.gradient(
            reached, before[step], seeds, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        gradient, squares = {}, {}
        for name, value in found.items():
            squares[name] = np.square(value.numpy().astype(np.float64).reshape(streams, -1)).sum(1)
        total_B = np.sqrt(sum(squares.values()))
        with np.errstate(divide="ignore"):  # a gradient may be 0
            for name in names:
                norms[name].append(np.log(np.sqrt(squares[name])) + length_B)
            length_B = length_B + np.log(total_B)
        scale_B = np.where(total_B > 0, total_B, 1).astype(np.float32)
        for name, value in found.items():
            gradient[name] = value / scale_B.reshape(-1, *[1] * (len(value.shape) - 1))
        told(1 - 2 * step / (3 * steps))
    return {name: np.array(values) for name, values in norms.items()}


def curves(norms: Mapping[str, np.ndarray]) -> tuple[Curve, ...]:
    """A curve of each state, of each layer with several, and of all layers where there are several.

    norms: natural logarithms by ``layer/state``, [K, B].
    """
    layers: dict[int, dict[str, np.ndarray]] = {}
    for name, values in norms.items():
        layer, state = layer_and_state(name)
        layers.setdefault(layer, {})[state] = values
    found = []
    for layer, states in layers.items():
        found += [curve(layer, state, [values]) for state, values in states.items()]
        if len(states) > 1:
            found.append(curve(layer, ALL, [*states.values()]))
    if len(layers) > 1:
        found.append(curve(None, ALL, [*norms.values()]))
    return tuple(found)


def curve(layer: int | None, state: str, parts: list[np.ndarray]) -> Curve:
    """parts: natural logarithms of norms [K, B], whose squares are added."""
    with np.errstate(all="ignore"):
        norms_KB = np.exp(np.logaddexp.reduce([2 * part for part in parts]) / 2)
        low, median, high = np.quantile(norms_KB, (0.1, 0.5, 0.9), axis=1)
        mean = norms_KB.mean(axis=1)
    return Curve(layer, state, *(tuple(line.tolist()) for line in (median, mean, low, high)))
