"""Open a checkpoint, perhaps a stranger's: everything is checked before it is used."""

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgen.checkpoint import format
from seqgen.checkpoint.arrays import CHECKSUM, read_arrays
from seqgen.checkpoint.files import (
    MOST_JSON_BYTES,
    parse_json,
    read_bytes,
    read_json,
)
from seqgen.checkpoint.format import Config
from seqgen.errors import CheckpointError

if TYPE_CHECKING:
    from seqgen.tokenizers.base import Tokenizer


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose configuration and vocabulary are read; the rest comes when asked for."""

    path: Path
    config: Config
    tokenizer: "Tokenizer"

    def weights(self) -> dict[str, np.ndarray]:
        """The best weights by ``layer/weight``, float32. Raises CheckpointError if damaged."""
        return widened(self.stored_weights()[0])

    def stored_weights(self) -> tuple[dict[str, np.ndarray], str]:
        """The weights in the precision of their file, and the checksum that they fit."""
        path = self.path / format.WEIGHTS
        arrays, metadata = read_arrays(path, self.config.weight_shapes())
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                raise CheckpointError(f"{path}: {name} is not finite; train anew")
        return arrays, metadata[CHECKSUM]

    def metrics(self) -> list[dict[str, Any]]:
        """One object an evaluation, in order; empty before the first. Raises CheckpointError."""
        path = self.path / format.METRICS
        if not path.exists():
            return []
        lines = read_bytes(path, MOST_JSON_BYTES).splitlines()
        metrics = [parse_json(line, f"{path}, line {n}") for n, line in enumerate(lines, 1)]
        for n, metric in enumerate(metrics, 1):
            if not isinstance(metric, dict):
                raise CheckpointError(f"{path}, line {n}: this is not an object")
        return metrics

    def graph(self, precision: str = format.INT8) -> bytes:
        """The one-step graph that generation runs (`seqgen.checkpoint.graph.build`).

        precision: of its products. The int8 graph is in ``step.onnx``; it is built again from the
        weights where that is missing or is not theirs, and then kept, if the folder can be written
        to. Any other is built at each call.
        Raises CheckpointError if the weights are damaged, ConfigError for an unknown precision.
        """
        stored, total = self.stored_weights()
        if precision == format.INT8:
            with contextlib.suppress(CheckpointError):
                content = read_bytes(self.path / format.GRAPH)
                if read_json(self.path / format.GRAPH_OF)[0] == fitting(content, total):
                    return content
        from seqgen.checkpoint import graph, write

        content = graph.build(
            self.config.stack, self.config.vocab, widened(stored), precision, self.config.places
        )
        if precision == format.INT8:
            with contextlib.suppress(CheckpointError):
                write.save_graph(self.path, content, total)
        return content


def widened(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays as float32."""
    return {name: array.astype(np.float32, copy=False) for name, array in arrays.items()}


def fitting(content: bytes, weights_sha256: str) -> dict[str, Any]:
    """What ``step.json`` says where ``step.onnx`` is the graph of the weights."""
    return {
        "format": format.GRAPH_FORMAT,
        "graph": hashlib.sha256(content).hexdigest(),
        "weights": weights_sha256,
    }


def best_metric(metrics: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The evaluation of the weights that were kept, over the whole validation part if there is one.

    metrics: what `Checkpoint.metrics` returns. None before the first evaluation.
    """
    kept = [metric for metric in metrics if metric.get("best")]
    whole = [metric for metric in kept if metric.get("whole")]
    return next(reversed(whole or kept), None)


def open_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint's configuration and vocabulary.

    path: the folder (`seqgen.checkpoint.find.find` turns a name into it).
    Raises CheckpointError that names the file and says what is wrong and what to do.
    """
    if not path.is_dir():
        raise CheckpointError(f"{path} is not a checkpoint: there is no such folder")
    where = path / format.CONFIG
    data, _ = read_json(where)
    config = Config.from_json(data, str(where))
    return Checkpoint(path, config, read_tokenizer(path / format.TOKENIZER, config))


def read_tokenizer(path: Path, config: Config) -> "Tokenizer":
    from seqgen import tokenizers

    data, content = read_json(path)
    if hashlib.sha256(content).hexdigest() != config.tokenizer_sha256:
        raise CheckpointError(
            f"{path} is not the vocabulary that this network learned with "
            "(its checksum is another than config.json says); restore it or train anew"
        )
    try:
        tokenizer = tokenizers.load(data)
    except CheckpointError as error:
        raise CheckpointError(f"{path.parent}: {error}") from error
    if tokenizer.size != config.vocab:
        raise CheckpointError(
            f"{path} has {tokenizer.size} tokens and config.json says {config.vocab}; "
            "restore it or train anew"
        )
    return tokenizer
