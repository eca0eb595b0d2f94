"""Units that follow something that a person would name.

Karpathy, Johnson and Fei-Fei (2015, section 4.2) found some by eye; here correlation finds them.
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

# Activations are kept as float32: four gigabytes.
MOST_NUMBERS = 1_000_000_000
BEST = 3
# A feature that changes more seldom in either half of the text says nothing about a unit.
LEAST_CHANGES = 10
# A correlation that is worth looking at.
WORTH = 0.3

Told = Callable[[float], None]


@dataclass(frozen=True, order=True)
class Unit:
    """One number of a state. layer: from 1; state: its name; number: from 0."""

    layer: int
    state: str
    number: int

    def __str__(self) -> str:
        return f"{self.layer}:{self.state}:{self.number}"


@dataclass(frozen=True)
class Activations:
    """What every unit did at every token of a passage.

    states: by layer and state, float32 [N, H], in the order of the layers. The first state of a
        cell is its output and is as it is; any other is given as its tanh, as in the paper.
    """

    passage: Passage
    states: dict[tuple[int, str], np.ndarray]

    @property
    def units(self) -> int:
        """How many there are."""
        return sum(values.shape[1] for values in self.states.values())

    def of(self, unit: Unit) -> np.ndarray:
        """What a unit did, float32 [N]."""
        return self.states[unit.layer, unit.state][:, unit.number]


@dataclass(frozen=True)
class Match:
    """A unit and how it goes with a feature.

    correlation: Pearson's, over the half of the text by which the unit was chosen.
    held_out: the same over the other half. Among thousands of units chance makes some correlation
        large in the former, and not in the latter.
    """

    unit: Unit
    correlation: float
    held_out: float

    @property
    def stands(self) -> bool:
        """Whether the half that did not choose it bears it out."""
        return self.correlation * self.held_out > 0 and abs(self.held_out) >= WORTH


@dataclass(frozen=True)
class Finding:
    """A feature and the units that follow it best; none where the text hardly has it."""

    feature: features.Feature
    matches: tuple[Match, ...]


def activations(
    checkpoint: Checkpoint, passage: Passage, told: Told = lambda share: None
) -> Activations:
    """Run the network over a passage in one stream, in float32, and keep what every unit did.

    Of a state that remembers several steps, as that of the delay cell does, the latest is kept.
    told: is told the share that is done.
    Raises ConfigError if that is more than memory should hold, CheckpointError if it is damaged.
    """
    steps = StateTrace(checkpoint)
    vectors = {name: shape[-1] for name, shape in steps.states.items()}
    count = len(passage.rows)
    if count * sum(vectors.values()) > MOST_NUMBERS:
        most = MOST_NUMBERS // sum(vectors.values())
        raise ConfigError(
            f"the maximum is {most} with {sum(vectors.values()):,} units", option="characters"
        )
    kept = {name: np.empty((count, units), np.float32) for name, units in vectors.items()}
    for n, (states, _) in enumerate(steps.over(passage)):
        for name, values in kept.items():
            values[n] = states[name].reshape(-1, values.shape[1])[-1]
        told((n + 1) / count)
    found: dict[tuple[int, str], np.ndarray] = {}
    for name, values in kept.items():
        layer, state = layer_and_state(name)
        first = not any(number == layer for number, _ in found)
        found[layer, state] = values if first else np.tanh(values)
    return Activations(passage, found)


def layer_and_state(name: str) -> tuple[int, str]:
    """``recurrent_2/c`` is the state c of layer 2."""
    layer, state = name.split("/", 1)
    return int(layer.rpartition("_")[2]), state


def search(found: Activations, best: int = BEST) -> tuple[Finding, ...]:
    """For every feature of the text the units that go with it most, by the size of Pearson's r.

    The first half of the text chooses, the second tells what that is worth.
    best: how many units of each feature.
    """
    # After the last character of each token; where a token has none, nothing is to be seen.
    ends = np.cumsum([len(piece) for piece in found.passage.pieces]) - 1
    seen = np.flatnonzero([bool(piece) for piece in found.passage.pieces])
    choosing, other = np.array_split(seen, 2)
    findings = []
    for feature in features.of(found.passage.text):
        values = measured(feature, found.passage)[ends]
        if min(changes(values[choosing]), changes(values[other])) < LEAST_CHANGES:
            findings.append(Finding(feature, ()))
            continue
        matches = [
            Match(Unit(layer, state, number), *pair)
            for (layer, state), units in found.states.items()
            for number, pair in enumerate(
                zip(
                    correlations(units[choosing], values[choosing]).tolist(),
                    correlations(units[other], values[other]).tolist(),
                    strict=True,
                )
            )
        ]
        matches.sort(key=lambda match: -abs(match.correlation))
        findings.append(Finding(feature, tuple(matches[:best])))
    return tuple(findings)


def measured(feature: features.Feature, passage: Passage) -> np.ndarray:
    """A feature of every character; each document is measured by itself. float64 [characters]."""
    begins = [0, *(np.flatnonzero(passage.ids == END)).tolist(), len(passage.pieces)]
    texts = ["".join(passage.pieces[a:b]) for a, b in itertools.pairwise(begins)]
    return np.concatenate([feature.measure(text) for text in texts if text])


def changes(values: np.ndarray) -> int:
    """How often a number is another than the one before."""
    return int(np.count_nonzero(np.diff(values)))


def correlations(units_NH: np.ndarray, values_N: np.ndarray) -> np.ndarray:
    """Pearson's r of each unit with a number, float64 [H]; 0 for a unit that never changes."""
    values_N = values_N - values_N.mean()
    length = np.sqrt(values_N @ values_N)
    units_NH = units_NH - units_NH.mean(axis=0, dtype=np.float64).astype(np.float32)
    lengths_H = np.sqrt(np.einsum("nh,nh->h", units_NH, units_NH, dtype=np.float64))
    products_H = values_N @ units_NH
    scale_H = lengths_H * length
    return np.divide(products_H, scale_H, out=np.zeros_like(scale_H), where=scale_H > 1e-9)


NAME = re.compile(r"(?:(?P<layer>\d+):)?(?:(?P<state>[^:\d][^:]*):)?(?P<number>\d+)")


def named(names: Sequence[str], found: Activations) -> tuple[Unit, ...]:
    """The units that are meant. Raises ConfigError for one that there is not."""
    return tuple(unit_named(name.strip(), found) for name in names)


def unit_named(name: str, found: Activations) -> Unit:
    parts = NAME.fullmatch(name)
    if not parts:
        raise ConfigError(f"{name!r} is not a unit such as 17, 2:17 or 2:h:17", option="units")
    layers = sorted({layer for layer, _ in found.states})
    layer = int(parts["layer"] or layers[-1])
    if layer not in layers:
        raise ConfigError(f"{name}: the network has layers 1 to {layers[-1]}", option="units")
    states = [state for number, state in found.states if number == layer]
    state = parts["state"] or states[0]
    if state not in states:
        raise ConfigError(
            f"{name}: the states of layer {layer} are {', '.join(states)}", option="units"
        )
    units = found.states[layer, state].shape[1]
    if int(parts["number"]) >= units:
        raise ConfigError(
            f"{name}: the units of layer {layer} are 0 to {units - 1}", option="units"
        )
    return Unit(layer, state, int(parts["number"]))
