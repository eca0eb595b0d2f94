"""How much a recurrent kernel stretches what it is applied to, once and again and again."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seqgen.config.options import ModelOptions
from seqgen.models import cells
from seqgen.models.architecture import layer_names

INPUT = "kernel"
# The parts of a gated cell's kernel, in the order in which they stand in it.
PARTS = {"lstm": ("i", "f", "g", "o"), "gru": ("z", "u", "n")}


@dataclass(frozen=True)
class Kernel:
    """A square matrix that multiplies a state.

    layer: from 1. name: of the weight, with the gate whose part of it this is.
    radius: largest modulus of its eigenvalues: its powers grow or fall by that in the long run.
    norm: its largest singular value: nothing grows by more in one step.
    """

    layer: int
    name: str
    radius: float
    norm: float


def kernels(options: ModelOptions, weights: Mapping[str, np.ndarray]) -> tuple[Kernel, ...]:
    """The recurrent kernels of a stack; none of a cell that multiplies no state.

    weights: the arrays that `seqgen.models.architecture.weight_shapes` lists.
    """
    found = []
    for number, (layer, units) in enumerate(
        zip(layer_names(options), options.widths, strict=True), 1
    ):
        for name, array in weights.items():
            own = name.removeprefix(f"{layer}/")
            if own in (name, INPUT):
                continue
            for part, square in squares(own, array, units, parts(options)):
                radius = float(np.abs(np.linalg.eigvals(square)).max())
                norm = float(np.linalg.norm(square, 2))
                found.append(Kernel(number, part, radius, norm))
    return tuple(found)


def parts(options: ModelOptions) -> tuple[str, ...]:
    """Names of the parts of the cell's kernel: gates, or how far back they reach."""
    delays = cells.chosen(options).delays
    return tuple(f"delay {d}" for d in delays) if delays else PARTS.get(options.cell, ())


def squares(
    name: str, array: np.ndarray, units: int, parts: tuple[str, ...]
) -> list[tuple[str, np.ndarray]]:
    """The square blocks [H, H] of a weight [H, n H] or [n H, H], each with its name."""
    if array.ndim == 2 and array.shape[0] == units and array.shape[1] % units == 0:
        blocks = np.split(array, array.shape[1] // units, axis=1)
    elif array.ndim == 2 and array.shape[1] == units and array.shape[0] % units == 0:
        blocks = np.split(array, array.shape[0] // units)
    else:
        return []
    if len(blocks) == 1:
        return [(name, blocks[0])]
    named = parts if len(parts) == len(blocks) else [str(n + 1) for n in range(len(blocks))]
    return [(f"{name} {part}", block) for part, block in zip(named, blocks, strict=True)]
