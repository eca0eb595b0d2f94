"""Sampling of text and tunes from a checkpoint, on ONNX Runtime without TensorFlow."""

from functools import partial
from pathlib import Path

from seqgen.checkpoint import layout
from seqgen.checkpoint.locate import find_checkpoint
from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.options import INT8
from seqgen.errors import unknown_name
from seqgen.generation.engine import ROUNDING, Engine
from seqgen.generation.generator import TextGenerator

__all__ = ["Engine", "TextGenerator", "load"]


def load(
    path: str | Path,
    *,
    precision: str = INT8,
    threads: int | None = None,
    weights: str = layout.BEST,
) -> TextGenerator:
    """Open a checkpoint for sampling.

    Args:
        path: Folder of the checkpoint, or its name in ``checkpoints/``.
        precision: Precision of matrix products: "int8", or "float32", which is slower and exact.
        threads: Number of threads; None to choose it by the size of the network.
        weights: "best", or "last" for those at the end of the run, if stored.

    Raises:
        CheckpointError: If there is no such checkpoint, or it is damaged.
        ConfigError: If precision or weights are unknown.
    """
    if weights not in layout.WEIGHTS_OF:
        raise unknown_name("weights", weights, layout.WEIGHTS_OF)
    checkpoint = open_checkpoint(find_checkpoint(str(path)), weights)
    sequence_graph = partial(checkpoint.sequence_graph, precision)
    graph, rounding = checkpoint.graph(precision), ROUNDING[precision]
    engine = Engine(graph, threads=threads, sequence_graph=sequence_graph, rounding=rounding)
    return TextGenerator(checkpoint, engine)
