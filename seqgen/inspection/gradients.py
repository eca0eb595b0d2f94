"""Norm of the gradient of a loss with respect to earlier states: does it vanish or explode?

Backpropagation through time passes the derivative of the loss with respect to the states from step
to step. It is measured on the training network, but with the loss L_t of one step alone, which
shows how much of it arrives k steps earlier (Hochreiter 1991; Bengio, Simard and Frasconi 1994;
Pascanu, Mikolov and Bengio 2013).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.data.token_files import token_ids
from seqgen.errors import ConfigError
from seqgen.inspection.kernels import Kernel, kernels
from seqgen.inspection.neurons import layer_and_state
from seqgen.inspection.options import GradientOptions

DEFAULT_STEPS = 100
# Tokens that are read first, so that the states are typical of the middle of a text.
BURN_IN = 100
# Tracing takes as long as this number of steps that are not traced; a traced one takes a tenth.
TRACED_STEPS = 15
ALL = "all"

OnProgress = Callable[[float], None]


@dataclass(frozen=True)
class Curve:
    """Norm of the gradient with respect to a state k steps earlier, for k = 1 to K.

    The derivative for one layer keeps the states of the others fixed, as backpropagation does.

    Attributes:
        layer: From 1; None for all layers together.
        state: Name of the state; "all" for all states of the layer together.
        median: Median over streams, which a single exploding stream does not change.
        mean: Mean over streams, which a few large ones dominate.
        low: First decile.
        high: Last decile.
    """

    layer: int | None
    state: str
    median: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def per_step(self) -> float | None:
        """Growth factor of the median per step, by a least-squares fit of its logarithm.

        None if fewer than two values are positive and finite.
        """
        median = np.array(self.median)
        steps = np.flatnonzero((median > 0) & np.isfinite(median))
        if len(steps) < 2:
            return None
        return float(np.exp(np.polyfit(steps, np.log(median[steps]), 1)[0]))


@dataclass(frozen=True)
class Gradients:
    """Gradients of a network.

    Attributes:
        steps: K.
        streams: Number of positions in the text.
        curves: One per state of each layer, one for all states of a layer that has several, and
            last one for all layers if there are several.
        kernels: The recurrent kernels.
    """

    steps: int
    streams: int
    curves: tuple[Curve, ...]
    kernels: tuple[Kernel, ...]


def measure(
    checkpoint: Checkpoint,
    rows: np.ndarray,
    options: GradientOptions,
    on_progress: OnProgress = lambda share: None,
) -> Gradients:
    """Backpropagate the loss of one step through K steps, at several positions of a text.

    Args:
        checkpoint: Any model.
        rows: Token ids [N], or [N, 1 + F] with position features.
        options: K and the number of positions.
        on_progress: Called with the completed share.

    Raises:
        ConfigError: If no document has K steps.
    """
    weights = checkpoint.weights()
    ids = token_ids(rows)
    boundary = checkpoint.config.boundary
    begins_B, steps = choose_positions(ids, options.steps, options.streams, boundary)
    norms = log_norms(checkpoint, weights, rows, begins_B, steps, on_progress)
    recurrent = kernels(checkpoint.config.model, weights)
    return Gradients(steps, len(begins_B), _curves(norms), recurrent)


def choose_positions(
    ids: np.ndarray, steps: int | None, streams: int, boundary: int | None
) -> tuple[np.ndarray, int]:
    """Return evenly spaced positions [B] that have K steps and a target after them, and K.

    These are in the same document. Without ``steps``, K is the default, or less if documents are
    shorter.
    """
    ends = np.flatnonzero(ids == boundary) if boundary is not None else np.array([], int)
    # Number of tokens from each one on before the next boundary or the last token.
    until = np.append(ends, len(ids) - 1)
    room = until[np.searchsorted(until, np.arange(len(ids) - 1))] - np.arange(len(ids) - 1)
    longest = int(room.max(initial=0))
    if longest < 2:
        raise ConfigError(
            "too short to backpropagate a gradient through; give a longer one", option="text"
        )
    if steps is not None and steps > longest:
        raise ConfigError(
            f"the maximum for this text is {longest}; give a longer `text`", option="steps"
        )
    steps = steps or min(DEFAULT_STEPS, longest)
    candidates = np.flatnonzero(room >= steps)
    late = candidates[candidates >= BURN_IN]
    candidates = late if len(late) >= min(streams, len(candidates)) else candidates
    count = min(streams, len(candidates))
    chosen = np.linspace(0, len(candidates) - 1, count).astype(int)
    return candidates[chosen], steps


def log_norms(
    checkpoint: Checkpoint,
    weights: Mapping[str, np.ndarray],
    rows: np.ndarray,
    begins_B: np.ndarray,
    steps: int,
    on_progress: OnProgress,
) -> dict[str, np.ndarray]:
    """Compute the natural logarithm of the gradient norm of each state by its name, float64 [K, B].

    Jacobians are applied one after the other, and the joint norm of all states is factored out
    after each, so that the values stay in the range of float32.
    """
    from seqgen.models import tf_runtime

    tf_runtime.load(batch_size=1)
    import tensorflow as tf

    from seqgen.models.network import RecurrentLM

    config = checkpoint.config
    model = RecurrentLM(
        config.model, config.vocab, config.boundary, feature_sizes=config.feature_sizes
    )
    model.assign(weights)
    streams = len(begins_B)
    burn_in = min(BURN_IN, int(begins_B.min()))
    states = model.initial_state(None, streams)
    if burn_in:
        context = rows[begins_B + np.arange(-burn_in, 0)[:, None]]
        _, states = model(tf.constant(context.astype(np.int32)), states)
    x_TB = tf.constant(rows[begins_B + np.arange(steps + 1)[:, None]].astype(np.int32))
    targets_B = x_TB[steps] if rows.ndim == 1 else x_TB[steps, :, 0]

    trace = tf.function(autograph=False) if steps >= TRACED_STEPS else lambda function: function

    @trace
    def forward(x_B: Any, states: Any) -> Any:
        return model(x_B[None], states)[1]

    @trace
    def backward(x_B: Any, states: Any, gradient: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(states)
            after = model(x_B[None], states)[1]
        return tape.gradient(after, states, gradient, unconnected_gradients=zero)

    zero = tf.UnconnectedGradients.ZERO
    before = [states]
    for step in range(steps - 1):
        before.append(forward(x_TB[step], before[-1]))
        on_progress((step + 1) / (3 * steps))
    with tf.GradientTape() as tape:
        tape.watch(before[-1])
        logits_TBV, _ = model(x_TB[steps - 1 : steps], before[-1])
        loss_B = tf.nn.sparse_softmax_cross_entropy_with_logits(targets_B, logits_TBV[0])

    names = list(states)
    log_scale_B = np.zeros(streams)
    gradient: dict[str, Any] = {}
    norms: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for step in reversed(range(steps)):
        if gradient:
            gradients = backward(x_TB[step], before[step], gradient)
        else:
            gradients = tape.gradient(loss_B, before[step], unconnected_gradients=zero)
        gradient, squares = {}, {}
        for name, value in gradients.items():
            squares[name] = np.square(value.numpy().astype(np.float64).reshape(streams, -1)).sum(1)
        total_B = np.sqrt(sum(squares.values()))
        with np.errstate(divide="ignore"):  # a gradient may be 0
            for name in names:
                norms[name].append(np.log(np.sqrt(squares[name])) + log_scale_B)
            log_scale_B = log_scale_B + np.log(total_B)
        scale_B = np.where(total_B > 0, total_B, 1).astype(np.float32)
        for name, value in gradients.items():
            gradient[name] = value / scale_B.reshape(-1, *[1] * (len(value.shape) - 1))
        on_progress(1 - 2 * step / (3 * steps))
    return {name: np.array(values) for name, values in norms.items()}


def _curves(norms: Mapping[str, np.ndarray]) -> tuple[Curve, ...]:
    """Make the curves of `Gradients` from logarithms by ``layer/state``, [K, B]."""
    layers: dict[int, dict[str, np.ndarray]] = {}
    for name, values in norms.items():
        layer, state = layer_and_state(name)
        layers.setdefault(layer, {})[state] = values
    result = []
    for layer, states in layers.items():
        result += [curve(layer, state, [values]) for state, values in states.items()]
        if len(states) > 1:
            result.append(curve(layer, ALL, [*states.values()]))
    if len(layers) > 1:
        result.append(curve(None, ALL, [*norms.values()]))
    return tuple(result)


def curve(layer: int | None, state: str, parts: list[np.ndarray]) -> Curve:
    """Make a curve from natural logarithms of norms [K, B], whose squares are added."""
    with np.errstate(all="ignore"):
        norms_KB = np.exp(np.logaddexp.reduce([2 * part for part in parts]) / 2)
        low, median, high = np.quantile(norms_KB, (0.1, 0.5, 0.9), axis=1)
        mean = norms_KB.mean(axis=1)
    return Curve(layer, state, *(tuple(line.tolist()) for line in (median, mean, low, high)))
