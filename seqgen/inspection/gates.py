"""How often gates are open or closed (Karpathy, Johnson and Fei-Fei 2015, figure 2)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.inspection.neurons import layer_and_state
from seqgen.inspection.text import Passage
from seqgen.inspection.tracing import StateTrace

OPEN, CLOSED = 0.9, 0.1


@dataclass(frozen=True)
class Gate:
    """Statistics of a gate of a layer.

    Attributes:
        layer: From 1.
        name: As in the equation of the cell.
        units_open: Share of steps at which the gate of each unit is above `OPEN`.
        units_closed: Share of steps at which it is below `CLOSED`.
        mean: Mean over units and steps.
    """

    layer: int
    name: str
    units_open: tuple[float, ...]
    units_closed: tuple[float, ...]
    mean: float

    @property
    def open(self) -> float:
        """Share of units and steps at which it is open."""
        return float(np.mean(self.units_open))

    @property
    def closed(self) -> float:
        """Share of units and steps at which it is closed."""
        return float(np.mean(self.units_closed))

    @property
    def between(self) -> float:
        """Share of units and steps at which it is neither."""
        return max(0.0, 1 - self.open - self.closed)


def measure(
    checkpoint: Checkpoint,
    passage: Passage,
    on_progress: Callable[[float], None] = lambda share: None,
) -> tuple[Gate, ...]:
    """Measure all gates over a passage in one stream and float32; none if the cell has none.

    They are in the order of the layers.
    """
    trace = StateTrace(checkpoint, gates=True)
    if not trace.gates:
        return ()
    count = len(passage.rows)
    totals: dict[str, np.ndarray] = {}
    for n, (_, gates) in enumerate(trace.run(passage)):
        for name, values in gates.items():
            step = np.array([values > OPEN, values < CLOSED, values], np.float64)
            totals[name] = totals[name] + step if n else step
        on_progress((n + 1) / count)
    return tuple(
        Gate(
            *layer_and_state(name),
            units_open=tuple((above / count).tolist()),
            units_closed=tuple((below / count).tolist()),
            mean=float(np.mean(total) / count),
        )
        for name, (above, below, total) in totals.items()
    )
