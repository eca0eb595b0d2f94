"""Train recurrent networks on any text or book of tunes, and generate text and music with them.

    import seqgen

    for event in seqgen.train("poems.txt", minutes=2):
        print(event)
    print("".join(seqgen.load("poems").generate("Shall I", length=300)))

The same names, types and bounds as on the command line; what fails raises a `SeqgenError` that says
what to do. Nothing heavy is imported until it is needed.
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

disable_telemetry()  # before anything imports ONNX Runtime

if TYPE_CHECKING:
    from seqgen.generation.generator import TextGenerator
    from seqgen.training.events import Event

__version__ = "0.1.0"

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

    sources: files, folders, patterns or known corpora, one or several.
    name: of the checkpoint; the corpus's unless given.
    encoding: of the files, where it is not UTF-8.
    overwrite: replace a checkpoint of that name.
    options: fields of `seqgen.config.options.DataOptions`, `ModelOptions` and `TrainingOptions`
        by name, such as ``minutes=2``, ``cell="gru"``, ``units=(512, 256)``.
    Returns the run's events (`seqgen.training.events`); training goes on as they are taken, and
    closing the iterator saves it, to be taken up with `resume`.
    Raises ConfigError for an unknown or impossible option, CorpusError for a source that is not
    there or not text, CheckpointError if the checkpoint exists or cannot be written, and
    TrainingError if the loss is not finite again and again.
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
    """Take up a run where it stopped.

    path: the checkpoint's folder, or its name in ``checkpoints/``.
    ignore_corpus_changes: go on though the files that it learns from have changed; it has kept
        their text.
    options: ``minutes`` or ``epochs``, all training counted, or ``patience``.
    Returns the run's events. Raises as `train` does.
    """
    from seqgen.checkpoint.locate import find_checkpoint
    from seqgen.training.run import resume_run

    return resume_run(
        find_checkpoint(str(path)), options, ignore_corpus_changes=ignore_corpus_changes
    )


def load(
    path: str | Path, *, precision: str = "int8", threads: int | None = None
) -> "TextGenerator":
    """Open a trained network to write from it; see `seqgen.generation.generator.TextGenerator`.

    path: the checkpoint's folder, or its name in ``checkpoints/``.
    precision: of the numbers in products, "int8" or, exact and slower, "float32".
    threads: cores that a step may use; chosen by the network's size unless given.
    Raises CheckpointError if there is none, or it is damaged.
    """
    from seqgen.generation import load

    return load(path, precision=precision, threads=threads)
