"""Train recurrent networks on your own text or ABC tunes, and sample from them.

    import seqgen

    for event in seqgen.train("poems.txt", minutes=2):
        print(event)
    print("".join(seqgen.load("poems").generate("Shall I", length=300)))

Options have the names, types and bounds of the command line. Failures raise `SeqgenError`, whose
message says what to do. Heavy packages are imported when they are needed.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.errors import (
    CheckpointError,
    ConfigError,
    CorpusError,
    SeqgenError,
    TokenError,
    TrainingError,
    TuneError,
)
from seqgen.privacy import disable_telemetry
from seqgen.version import __version__

disable_telemetry()  # before anything imports ONNX Runtime

if TYPE_CHECKING:
    from seqgen.generation.generator import TextGenerator
    from seqgen.training.events import Event

__all__ = [
    "CheckpointError",
    "ConfigError",
    "CorpusError",
    "SeqgenError",
    "TokenError",
    "TrainingError",
    "TuneError",
    "__version__",
    "load",
    "resume",
    "train",
]


def train(
    sources: str | Path | Sequence[str | Path],
    *,
    name: str | None = None,
    checkpoints_dir: str | Path = "checkpoints",
    encoding: str | None = None,
    overwrite: bool = False,
    **options: Any,
) -> "Iterator[Event]":
    """Train a network and save it in ``checkpoints_dir/name``.

    Args:
        sources: Files, folders, glob patterns or built-in corpora; one or several.
        name: Name of the checkpoint; by default that of the corpus.
        checkpoints_dir: Folder of checkpoints.
        encoding: Encoding of the files; by default UTF-8, or that of a byte-order mark.
        overwrite: Whether to replace an existing checkpoint.
        options: Fields of `seqgen.config.options.DataOptions`, `ModelOptions` and
            `TrainingOptions`, such as ``minutes=2``, ``cell="gru"`` or ``units=(512, 256)``.

    Returns:
        The events of the run (`seqgen.training.events`). Training advances as they are taken;
        closing the iterator saves the run, so that `resume` can continue it.

    Raises:
        ConfigError: If an option is unknown or invalid.
        CorpusError: If a source does not exist or is not text.
        CheckpointError: If the checkpoint exists or cannot be written.
        TrainingError: If the loss is repeatedly not finite.
    """
    from seqgen.checkpoint.locate import validate_name
    from seqgen.config.options import RunOptions
    from seqgen.data.corpora import open_corpus
    from seqgen.training.run import start_run

    run = RunOptions.of(options)
    each = [sources] if isinstance(sources, (str, Path)) else sources
    corpus = open_corpus([str(source) for source in each], encoding=encoding)
    path = Path(checkpoints_dir) / (corpus.name if name is None else validate_name(name))
    return start_run(corpus, run, path, overwrite=overwrite)


def resume(
    path: str | Path, *, ignore_corpus_changes: bool = False, **options: Any
) -> "Iterator[Event]":
    """Resume a run where it stopped.

    Args:
        path: Folder of the checkpoint, or its name in ``checkpoints/``.
        ignore_corpus_changes: Whether to resume with the stored text if files have changed.
        options: ``minutes`` or ``epochs``, which count all training of the run, or ``patience``.

    Returns:
        The events of the run, as `train`.

    Raises:
        ConfigError: If an option cannot change, or a file has changed.
        CheckpointError: If there is no such checkpoint, or it is damaged.
        TrainingError: If the loss is repeatedly not finite.
    """
    from seqgen.checkpoint.locate import find_checkpoint
    from seqgen.training.run import resume_run

    return resume_run(
        find_checkpoint(str(path)), options, ignore_corpus_changes=ignore_corpus_changes
    )


def load(
    path: str | Path, *, precision: str = "int8", threads: int | None = None
) -> "TextGenerator":
    """Load a trained network to sample from it.

    Args:
        path: Folder of the checkpoint, or its name in ``checkpoints/``.
        precision: Precision of matrix products: "int8", or "float32", exact and slower.
        threads: CPU threads; by default chosen by the size of the network.

    Returns:
        A `seqgen.generation.generator.TextGenerator`.

    Raises:
        CheckpointError: If there is no such checkpoint, or it is damaged.
    """
    from seqgen.generation import load

    return load(path, precision=precision, threads=threads)
