"""Find units that correlate with features of the text.

Karpathy, Johnson and Fei-Fei (2015, section 4.2) found such units by eye.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.data.tokenizers.base import END
from seqgen.errors import ConfigError
from seqgen.inspection import features
from seqgen.inspection.text import Passage
from seqgen.inspection.tracing import StateTrace

# Activations are stored as float32, so these are 4 GB.
MAX_VALUES = 1_000_000_000
MAX_MATCHES = 3
# A feature with fewer changes in either half of the text is not searched.
MIN_CHANGES = 10
# Least correlation in the second half that confirms a match.
MIN_CORRELATION = 0.3


@dataclass(frozen=True, order=True)
class Unit:
    """An element of a state.

    Attributes:
        layer: From 1.
        state: Name of the state.
        number: From 0.
    """

    layer: int
    state: str
    number: int

    def __str__(self) -> str:
        return f"{self.layer}:{self.state}:{self.number}"


@dataclass(frozen=True)
class Activations:
    """Activations of all units at every token of a passage.

    Attributes:
        passage: The text.
        states: By layer and state, float32 [N, H], in the order of the layers. The first state of a
            cell is its output; tanh is applied to the others, as in the paper.
    """

    passage: Passage
    states: dict[tuple[int, str], np.ndarray]

    @property
    def units(self) -> int:
        """Number of units."""
        return sum(values.shape[1] for values in self.states.values())

    def of(self, unit: Unit) -> np.ndarray:
        """Return the activation of a unit, float32 [N]."""
        return self.states[unit.layer, unit.state][:, unit.number]


@dataclass(frozen=True)
class Match:
    """Correlation of a unit with a feature.

    Attributes:
        unit: The unit.
        correlation: Pearson's r over the half of the text by which the unit was chosen.
        held_out: The same over the other half. Among thousands of units some correlation is large
            by chance in the former, but not in the latter.
    """

    unit: Unit
    correlation: float
    held_out: float

    @property
    def confirmed(self) -> bool:
        """Whether the other half of the text confirms the correlation."""
        return self.correlation * self.held_out > 0 and abs(self.held_out) >= MIN_CORRELATION


@dataclass(frozen=True)
class Finding:
    """A feature and the units that correlate with it best; none if it is rare in the text."""

    feature: features.Feature
    matches: tuple[Match, ...]


def activations(
    checkpoint: Checkpoint,
    passage: Passage,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Activations:
    """Run the network over a passage, in one stream and float32.

    Of a state that holds several steps, such as that of the delay cell, the latest is kept.

    Args:
        checkpoint: Any model.
        passage: What it reads.
        on_progress: Called with the completed share.

    Raises:
        ConfigError: If the activations need too much memory.
        CheckpointError: If the checkpoint is damaged.
    """
    trace = StateTrace(checkpoint)
    vectors = {name: shape[-1] for name, shape in trace.states.items()}
    count = len(passage.rows)
    if count * sum(vectors.values()) > MAX_VALUES:
        limit = MAX_VALUES // sum(vectors.values())
        raise ConfigError(
            f"the maximum is {limit} with {sum(vectors.values()):,} units", option="characters"
        )
    values_of = {name: np.empty((count, units), np.float32) for name, units in vectors.items()}
    for n, (states, _) in enumerate(trace.run(passage)):
        for name, values in values_of.items():
            values[n] = states[name].reshape(-1, values.shape[1])[-1]
        on_progress((n + 1) / count)
    by_state: dict[tuple[int, str], np.ndarray] = {}
    for name, values in values_of.items():
        layer, state = layer_and_state(name)
        first = not any(number == layer for number, _ in by_state)
        by_state[layer, state] = values if first else np.tanh(values)
    return Activations(passage, by_state)


def layer_and_state(name: str) -> tuple[int, str]:
    """Split the name of a state: ``recurrent_2/c`` is the state c of layer 2."""
    layer, state = name.split("/", 1)
    return int(layer.rpartition("_")[2]), state


def search(activations: Activations, max_matches: int = MAX_MATCHES) -> tuple[Finding, ...]:
    """Find the units with the largest absolute correlation with each feature of the text.

    The first half of the text chooses them, the second half confirms them.
    """
    passage = activations.passage
    # Features are taken after the last character of a token; tokens without characters are skipped.
    ends = np.cumsum([len(piece) for piece in passage.pieces]) - 1
    tokens = np.flatnonzero([bool(piece) for piece in passage.pieces])
    choosing, other = np.array_split(tokens, 2)
    findings = []
    for feature in features.features_of(passage.text):
        values = feature_values(feature, passage)[ends]
        if min(_changes(values[choosing]), _changes(values[other])) < MIN_CHANGES:
            findings.append(Finding(feature, ()))
            continue
        matches = [
            Match(Unit(layer, state, number), *pair)
            for (layer, state), units in activations.states.items()
            for number, pair in enumerate(
                zip(
                    _correlations(units[choosing], values[choosing]).tolist(),
                    _correlations(units[other], values[other]).tolist(),
                    strict=True,
                )
            )
        ]
        matches.sort(key=lambda match: -abs(match.correlation))
        findings.append(Finding(feature, tuple(matches[:max_matches])))
    return tuple(findings)


def feature_values(feature: features.Feature, passage: Passage) -> np.ndarray:
    """Compute a feature for each document of a passage, float64 [C]."""
    begins = [0, *(np.flatnonzero(passage.ids == END)).tolist(), len(passage.pieces)]
    texts = ["".join(passage.pieces[a:b]) for a, b in itertools.pairwise(begins)]
    return np.concatenate([feature.measure(text) for text in texts if text])


def _changes(values: np.ndarray) -> int:
    """Number of values that differ from the previous one."""
    return int(np.count_nonzero(np.diff(values)))


def _correlations(units_NH: np.ndarray, values_N: np.ndarray) -> np.ndarray:
    """Pearson's r of each unit with a feature, float64 [H]; 0 for a constant unit."""
    values_N = values_N - values_N.mean()
    length = np.sqrt(values_N @ values_N)
    units_NH = units_NH - units_NH.mean(axis=0, dtype=np.float64).astype(np.float32)
    lengths_H = np.sqrt(np.einsum("nh,nh->h", units_NH, units_NH, dtype=np.float64))
    products_H = values_N @ units_NH
    scale_H = lengths_H * length
    return np.divide(products_H, scale_H, out=np.zeros_like(scale_H), where=scale_H > 1e-9)


_UNIT = re.compile(r"(?:(?P<layer>\d+):)?(?:(?P<state>[^:\d][^:]*):)?(?P<number>\d+)")


def parse_units(names: Sequence[str], activations: Activations) -> tuple[Unit, ...]:
    """Parse names such as 17, 2:17 and 2:h:17. Raises ConfigError."""
    return tuple(_parse_unit(name.strip(), activations) for name in names)


def _parse_unit(name: str, activations: Activations) -> Unit:
    parts = _UNIT.fullmatch(name)
    if not parts:
        raise ConfigError(f"{name!r} is not a unit such as 17, 2:17 or 2:h:17", option="units")
    layers = sorted({layer for layer, _ in activations.states})
    layer = int(parts["layer"] or layers[-1])
    if layer not in layers:
        raise ConfigError(
            f"{name}: the network has {len(layers)} layer{'s' * (len(layers) > 1)}", option="units"
        )
    states = [state for number, state in activations.states if number == layer]
    state = parts["state"] or states[0]
    if state not in states:
        raise ConfigError(
            f"{name}: the states of layer {layer} are {', '.join(states)}", option="units"
        )
    units = activations.states[layer, state].shape[1]
    if int(parts["number"]) >= units:
        raise ConfigError(
            f"{name}: the units of layer {layer} are 0 to {units - 1}", option="units"
        )
    return Unit(layer, state, int(parts["number"]))
