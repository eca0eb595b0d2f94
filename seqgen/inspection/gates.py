"""How often each gate is open, shut or between (Karpathy, Johnson and Fei-Fei 2015, figure 2)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.inspection.neurons import layer_and_state
from seqgen.inspection.text import Passage
from seqgen.inspection.tracing import StateTrace

OPEN, SHUT = 0.9, 0.1


@dataclass(frozen=True)
class Gate:
    """A gate of a layer, which each of its units has.

    layer: from 1. name: as in the cell's equation.
    units_open, units_shut: for each unit, the share of the steps at which it was above `OPEN`, and
        below `SHUT`.
    mean: of the gate over all units and steps.
    """

    layer: int
    name: str
    units_open: tuple[float, ...]
    units_shut: tuple[float, ...]
    mean: float

    @property
    def open(self) -> float:
        """The share of all units and steps at which it was open."""
        return float(np.mean(self.units_open))

    @property
    def shut(self) -> float:
        """The same of those at which it was shut."""
        return float(np.mean(self.units_shut))

    @property
    def between(self) -> float:
        """The share of the others."""
        return max(0.0, 1 - self.open - self.shut)


def measure(
    checkpoint: Checkpoint, passage: Passage, told: Callable[[float], None] = lambda share: None
) -> tuple[Gate, ...]:
    """Count over a passage, read in one stream in float32; nothing for a cell that has no gates.

    told: is told the share that is done.
    Raises CheckpointError if the checkpoint is damaged.
    """
    steps = StateTrace(checkpoint, gates=True)
    if not steps.gates:
        return ()
    count = len(passage.rows)
    totals: dict[str, np.ndarray] = {}
    for n, (_, gates) in enumerate(steps.over(passage)):
        for name, values in gates.items():
            seen = np.array([values > OPEN, values < SHUT, values], np.float64)
            totals[name] = totals[name] + seen if n else seen
        told((n + 1) / count)
    return tuple(
        Gate(
            *layer_and_state(name),
            units_open=tuple((above / count).tolist()),
            units_shut=tuple((below / count).tolist()),
            mean=float(np.mean(total) / count),
        )
        for name, (above, below, total) in totals.items()
    )
