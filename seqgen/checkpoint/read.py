"""Open checkpoints. They may come from anybody, so everything is checked before it is used."""

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgen.checkpoint import layout
from seqgen.checkpoint.config import Config
from seqgen.checkpoint.graph_cache import cached_graph, graph_key
from seqgen.config.options import INT8
from seqgen.errors import CheckpointError
from seqgen.io.arrays import CHECKSUM, read_arrays
from seqgen.io.atomic import parse_json, read_bytes, read_json
from seqgen.io.system import address_limit, physical_memory

if TYPE_CHECKING:
    from seqgen.data.tokenizers.base import Tokenizer

MAX_METRICS_BYTES = 32 * 1024 * 1024
# Weights in float32, the int8 graph that is built from them, and intermediate arrays.
BYTES_PER_PARAMETER = 10
# Address space of the libraries; with less, ONNX Runtime cannot be imported.
LIBRARY_BYTES = 250_000_000


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose configuration and tokenizer are read; methods read the rest.

    Attributes:
        path: Its folder.
        config: Its configuration.
        tokenizer: Its tokenizer.
        which: The weights to use: ``"best"``, or ``"last"`` for those at the end of the run.
    """

    path: Path
    config: Config
    tokenizer: "Tokenizer"
    which: str = layout.BEST

    def weights(self) -> dict[str, np.ndarray]:
        """Return float32 arrays by ``LAYER/WEIGHT``. Raises CheckpointError."""
        return to_float32(self.stored_weights()[0])

    def stored_weights(self) -> tuple[dict[str, np.ndarray], str]:
        """Return the arrays as stored and their checksum. Raises CheckpointError."""
        path = self.path / layout.WEIGHTS_OF[self.which]
        if self.which == layout.LAST and not path.exists():
            raise CheckpointError(
                f"{self.path} has no last weights: a run stores them only if its best ones are "
                "no better than a unigram model"
            )
        arrays, metadata = read_arrays(path, self.config.weight_shapes(), prefix=layout.DECODER)
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                raise CheckpointError(f"{path}: {name} is not finite; train again")
        return arrays, metadata[CHECKSUM]

    def metrics(self) -> list[dict[str, Any]]:
        """Read ``metrics.jsonl``.

        Returns:
            One object per evaluation, in order; empty before the first.

        Raises:
            CheckpointError: If the file is damaged.
        """
        path = self.path / layout.METRICS
        if not path.exists():
            return []
        lines = read_bytes(path, MAX_METRICS_BYTES).splitlines()
        metrics = [parse_json(line, f"{path}, line {n}") for n, line in enumerate(lines, 1)]
        for n, metric in enumerate(metrics, 1):
            if not isinstance(metric, dict):
                raise CheckpointError(f"{path}, line {n}: this is not an object")
        return metrics

    def graph(self, precision: str = INT8) -> bytes:
        """Return the one-step graph, from the user's cache or built from the weights.

        Args:
            precision: Precision of matrix products, ``"int8"`` or ``"float32"``.

        Returns:
            The ONNX file that `seqgen.models.onnx.graph.build` returns.

        Raises:
            CheckpointError: If the weights are damaged.
            ConfigError: If the precision is unknown.
        """
        from seqgen.models.onnx import graph

        return self._cached("step", graph.build, precision)

    def sequence_graph(self, precision: str = INT8) -> bytes:
        """Return the graph for long prompts, as `graph` does."""
        from seqgen.models.onnx import graph

        return self._cached("sequence", graph.build_sequence, precision)

    def _cached(self, name: str, build: Callable[..., bytes], precision: str) -> bytes:
        from seqgen.models.onnx.graph import GRAPH_FORMAT

        config = self.config
        arrays, weights_sha256 = self.stored_weights()
        inputs = {
            "graph": layout.DECODER + name,
            "format": GRAPH_FORMAT,
            "precision": precision,
            "weights": weights_sha256,
            "model": asdict(config.model),
            "vocab": config.vocab,
            "feature_sizes": config.feature_sizes,
        }
        return cached_graph(
            graph_key(inputs),
            lambda: build(
                config.model, config.vocab, to_float32(arrays), precision, config.feature_sizes
            ),
        )


def to_float32(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Convert arrays to float32; those that are float32 are not copied."""
    return {name: array.astype(np.float32, copy=False) for name, array in arrays.items()}


def best_metric(metrics: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the evaluation of the stored weights, preferably over the whole validation part.

    None before the first evaluation.
    """
    kept = [metric for metric in metrics if metric.get("best")]
    whole = [metric for metric in kept if metric.get("whole")]
    return next(reversed(whole or kept), None)


def open_checkpoint(path: Path, which: str = layout.BEST) -> Checkpoint:
    """Read the configuration and the tokenizer of a checkpoint.

    Args:
        path: The folder (`seqgen.checkpoint.locate.find_checkpoint` returns it for a name).
        which: The weights to use, ``"best"`` or ``"last"``.

    Raises:
        CheckpointError: If a file is missing or damaged, or the network exceeds the memory.
    """
    if not path.is_dir():
        raise CheckpointError(f"{path} is not a checkpoint: there is no such folder")
    _check_regular_files(path)
    where = path / layout.CONFIG
    data, _ = read_json(where)
    config = Config.from_json(data, str(where))
    _check_memory(config, path)
    return Checkpoint(path, config, _read_tokenizer(path / layout.TOKENIZER, config), which)


def _check_memory(config: Config, path: Path) -> None:
    """Raise CheckpointError for a network that exceeds the memory."""
    needed = config.parameters * BYTES_PER_PARAMETER + LIBRARY_BYTES
    if needed > available_memory():
        raise CheckpointError(
            f"{path}: a network of {config.parameters:,} parameters takes {needed / 1e9:,.2f} GB "
            f"of memory, and this process can use {available_memory() / 1e9:,.2f}"
        )


def available_memory() -> float:
    """Return the bytes of memory that this process can use.

    A limit of the address space (``ulimit -v``) counts too, although a process uses more addresses
    than memory.
    """
    return min(physical_memory(), address_limit())


def _check_regular_files(path: Path) -> None:
    """Raise CheckpointError if a file of a checkpoint is a link, a pipe or a device."""
    run = path / layout.RESUME
    try:
        if run.is_symlink():
            raise CheckpointError(
                f"{run} is a link; the files of a checkpoint must be in its own folder"
            )
        kept = list(run.iterdir()) if run.is_dir() else []
        for file in (*(path / name for name in layout.FILES), *kept):
            with contextlib.suppress(FileNotFoundError):
                if not stat.S_ISREG(os.lstat(file).st_mode):
                    raise CheckpointError(f"{file} is not a regular file")
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error


def _read_tokenizer(path: Path, config: Config) -> "Tokenizer":
    from seqgen.data import tokenizers

    data, content = read_json(path, config.vocab)
    if hashlib.sha256(content).hexdigest() != config.tokenizer_sha256:
        raise CheckpointError(
            f"{path} is not the vocabulary that this network was trained with (its checksum "
            "differs from config.json); restore it or train again"
        )
    try:
        tokenizer = tokenizers.load(data)
    except CheckpointError as error:
        raise CheckpointError(f"{path.parent}: {error}") from error
    if tokenizer.size != config.vocab:
        raise CheckpointError(
            f"{path} has {tokenizer.size} tokens and config.json says {config.vocab}; "
            "restore it or train again"
        )
    return tokenizer
