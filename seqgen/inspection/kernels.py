"""Spectral radius and largest singular value of recurrent kernels."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seqgen.config.resolved import ModelSpec
from seqgen.models.architecture import layer_names

INPUT = "kernel"
# Gates of a kernel, in its order.
PARTS = {"lstm": ("i", "f", "g", "o"), "gru": ("z", "u", "n")}


@dataclass(frozen=True)
class Kernel:
    """A square matrix that multiplies a state.

    Attributes:
        layer: From 1.
        name: Name of the weight, with that of the gate.
        radius: Spectral radius, the asymptotic growth factor of its powers.
        norm: Largest singular value, the maximum growth in one step.
    """

    layer: int
    name: str
    radius: float
    norm: float


def kernels(spec: ModelSpec, weights: Mapping[str, np.ndarray]) -> tuple[Kernel, ...]:
    """Analyse the recurrent kernels of a network, from the bottom layer to the top."""
    result = []
    for number, (layer, units) in enumerate(zip(layer_names(spec), spec.units, strict=True), 1):
        for name, array in weights.items():
            own = name.removeprefix(f"{layer}/")
            if own in (name, INPUT):
                continue
            for part, square in _square_blocks(own, array, units, _block_names(spec)):
                radius = float(np.abs(np.linalg.eigvals(square)).max())
                norm = float(np.linalg.norm(square, 2))
                result.append(Kernel(number, part, radius, norm))
    return tuple(result)


def _block_names(spec: ModelSpec) -> tuple[str, ...]:
    """Names of the blocks of the cell's kernel: gates or delays."""
    delays = spec.cell_options.get("delays")
    return tuple(f"delay {d}" for d in delays) if delays else PARTS.get(spec.cell, ())


def _square_blocks(
    name: str, array: np.ndarray, units: int, names: tuple[str, ...]
) -> list[tuple[str, np.ndarray]]:
    """Split a weight [H, n H] or [n H, H] into named blocks [H, H]."""
    if array.ndim == 2 and array.shape[0] == units and array.shape[1] % units == 0:
        blocks = np.split(array, array.shape[1] // units, axis=1)
    elif array.ndim == 2 and array.shape[1] == units and array.shape[0] % units == 0:
        blocks = np.split(array, array.shape[0] // units)
    else:
        return []
    if len(blocks) == 1:
        return [(name, blocks[0])]
    if len(names) != len(blocks):
        names = tuple(str(n + 1) for n in range(len(blocks)))
    return [(f"{name} {part}", block) for part, block in zip(names, blocks, strict=True)]
