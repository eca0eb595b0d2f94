"""Start or resume a run."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.checkpoint import document_hashes, layout, titles, write
from seqgen.checkpoint.config import Config, CorpusFacts
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.checkpoint.run_data import changed_sources
from seqgen.config.options import RunOptions
from seqgen.data.corpora import Corpus
from seqgen.data.dataset import Dataset, preparing
from seqgen.data.token_files import TRAINING, VALIDATION, open_ids
from seqgen.errors import CheckpointError, ConfigError
from seqgen.io.atomic import write_json
from seqgen.io.lock import locked
from seqgen.models import tf_runtime
from seqgen.training import train_state
from seqgen.training.autoconfig import ResolvedRun, check_names, depends_on_speed, resolve
from seqgen.training.events import Event, Preparing, Started
from seqgen.training.memory import check_memory, memory_errors
from seqgen.training.train_state import TrainState
from seqgen.version import __version__

if TYPE_CHECKING:
    from seqgen.training.loop import Run

DEPENDENCIES = ("tensorflow", "keras", "numpy", "onnx", "onnxruntime", "tokenizers")
MAY_CHANGE = ("minutes", "epochs", "patience")


def start_run(
    corpus: Corpus, options: RunOptions, path: Path, *, overwrite: bool = False
) -> Iterator[Event]:
    """Train a new network on a corpus, into a new checkpoint.

    Closing the iterator saves the run, which `resume_run` continues. An existing checkpoint is
    replaced only after the options have been checked.

    Yields:
        The events of the run.

    Raises:
        ConfigError: If options are invalid.
        CorpusError: If there is too little to train on.
        CheckpointError: If the checkpoint exists or cannot be written.
        TrainingError: If there is too little memory, or the loss explodes.
    """
    check_names(options)
    with locked(path):
        yield from _start_locked(corpus, options, path, overwrite)


def _start_locked(
    corpus: Corpus, options: RunOptions, path: Path, overwrite: bool
) -> Iterator[Event]:
    """Body of `start_run`; the caller holds the lock."""
    overwrite = overwrite or has_no_run(path)
    if not overwrite:
        write.clear(path, overwrite)
    with temporary_folder(path) as folder:
        data = yield from preparing(corpus, options.data, folder)
        if depends_on_speed(options.training):
            yield Preparing("loading TensorFlow and timing the machine")
        run = resolve(options, data)
        config = configure(corpus, data, run)
        write.create(path, config, data.tokenizer, overwrite=overwrite)
        store_dataset(data, folder, path, os.replace)
    position = TrainState.start(config.training)
    checkpoint = Checkpoint(path, config, data.tokenizer)
    notices = (*corpus.notices, *data.notices)
    current = yield from _prepare(checkpoint, position, None)
    yield from _events(current, False, notices, run.reasons)


def store_dataset(
    data: Dataset, folder: Path, checkpoint: Path, put: Callable[[Path, Path], object]
) -> None:
    """Put the tokens of a dataset, and hashes and titles of its documents, into a checkpoint.

    Args:
        data: What `seqgen.data.dataset.preparing` returned.
        folder: Where it wrote the tokens.
        checkpoint: Folder of the checkpoint.
        put: Moves or copies a file.
    """
    (checkpoint / layout.RESUME).mkdir(exist_ok=True)
    for name in (TRAINING, VALIDATION):
        put(folder / name, checkpoint / layout.RESUME / name)
    if data.hashes is not None:
        document_hashes.save(checkpoint, data.hashes)
    titles.save(checkpoint, data.titles)


def has_no_run(path: Path) -> bool:
    """Return whether a folder is a checkpoint whose run ended before its first save."""
    saved = (path / layout.WEIGHTS).exists() or train_state.resumable(path)
    return write.is_checkpoint(path) and not saved


@contextlib.contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """Create a temporary folder on the disk of a checkpoint. Raises CheckpointError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent)
    except OSError as error:
        raise CheckpointError(f"cannot write {path}: {error.strerror or error}") from error
    with temporary as folder:
        yield Path(folder)


def resume_run(
    path: Path, overrides: Mapping[str, Any], *, ignore_corpus_changes: bool = False
) -> Iterator[Event]:
    """Continue a run from its last save.

    Args:
        path: Folder of the checkpoint.
        overrides: Options by name; only the length of the run and the patience can change.
        ignore_corpus_changes: Whether to continue with the stored text if the files have changed.

    Yields:
        The events of the run.

    Raises:
        ConfigError: If another option is given, the run has finished, or the files have changed.
        CheckpointError: If there is nothing to resume.
    """
    with locked(path):
        yield from _resume_locked(path, overrides, ignore_corpus_changes)


def _resume_locked(
    path: Path, overrides: Mapping[str, Any], ignore_corpus_changes: bool
) -> Iterator[Event]:
    """Body of `resume_run`; the caller holds the lock."""
    checkpoint = open_checkpoint(path)
    position, arrays = train_state.read(path, checkpoint.config)
    overrides = {name: value for name, value in overrides.items() if value is not None}
    for name in overrides:
        if name not in MAY_CHANGE:
            changeable = ", ".join(f"`{each}`" for each in MAY_CHANGE)
            raise ConfigError(f"a resumed run can only change {changeable}", option=name)
    if not ignore_corpus_changes and (changed := changed_sources(checkpoint.config.corpus)):
        raise ConfigError(
            f"{changed}; resume with the stored text (`ignore_corpus_changes=True`) or start over "
            "(`overwrite=True`)"
        )
    if overrides:
        length = {"minutes": None, "epochs": None} if {"minutes", "epochs"} & set(overrides) else {}
        training = replace(checkpoint.config.training, **{**length, **overrides})
        config = replace(checkpoint.config, training=training)
        checkpoint = replace(checkpoint, config=config)
        if length:
            position.set_length(training)
        position.evals_since_best = 0
    current = yield from _prepare(checkpoint, position, arrays)
    if current.finished() and (overrides or finished(checkpoint)):
        raise ConfigError(
            f"{checkpoint.path.name} has finished training; extend it with `minutes` or `epochs`, "
            "which count all its training"
        )
    if overrides:
        write_json(path / layout.CONFIG, checkpoint.config.to_json())
    yield from _events(current, True, (), ())


def _versions() -> dict[str, str]:
    """Return the versions of seqgen and of its libraries, by name."""
    return {"seqgen": __version__} | {name: metadata.version(name) for name in DEPENDENCIES}


def configure(corpus: Corpus, data: Dataset, run: ResolvedRun) -> Config:
    """Return the configuration of a new checkpoint."""
    facts = CorpusFacts(
        name=corpus.name,
        sources=corpus.sources,
        documents=data.documents,
        characters=corpus.characters,
        fingerprint=corpus.fingerprint,
        training_characters=data.training_characters,
        validation_characters=data.validation_characters,
        training_tokens=len(data.training),
        validation_tokens=len(data.validation),
        encoding=corpus.encoding,
        unit=data.unit,
        held_out=data.held_out,
        long=data.long,
    )
    return Config(
        task=corpus.kind,
        vocab=data.tokenizer.size,
        start=data.start,
        data=run.data,
        model=run.model,
        training=run.training,
        corpus=facts,
        versions=_versions(),
        tokenizer_sha256=write.tokenizer_sha256(data.tokenizer),
        feature_sizes=data.feature_sizes,
        facts=data.facts,
    )


def _prepare(
    checkpoint: Checkpoint, position: TrainState, arrays: dict[str, Any] | None
) -> Generator[Event, None, "Run"]:
    """Load TensorFlow and build the network of a run, with a notice."""
    yield Preparing("loading TensorFlow and building the network")
    return _load(checkpoint, position, arrays)


def finished(checkpoint: Checkpoint) -> bool:
    """Return whether the run has its final evaluation and model card; it may be killed before."""
    lines = checkpoint.metrics()
    evaluated = bool(lines) and lines[-1].get("int8_loss") is not None
    return evaluated and (checkpoint.path / layout.CARD).exists()


def _events(
    current: "Run", resumed: bool, notices: tuple[str, ...], reasons: tuple[str, ...]
) -> Iterator[Event]:
    """Yield the events of a run, preceded by its start."""
    checkpoint, config = current.checkpoint, current.checkpoint.config
    yield Started(
        path=checkpoint.path,
        config=config,
        parameters=config.parameters,
        steps=current.windows.steps,
        resumed=resumed,
        notices=notices,
        reasons=reasons,
    )
    events = current.events()
    try:
        with memory_errors():
            yield from events
    finally:
        # Garbage collection would close it too, but would ignore a failure to save.
        events.close()  # type: ignore[attr-defined]


def _load(checkpoint: Checkpoint, position: TrainState, arrays: dict[str, Any] | None) -> "Run":
    """Load TensorFlow and the run of a checkpoint.

    Raises:
        CheckpointError: If its files do not fit each other.
        TrainingError: If there is too little memory; before TensorFlow is loaded.
    """
    config = checkpoint.config
    check_memory(config.model, config.training, config.vocab)
    tf_runtime.load(config.training.batch_size, config.training.threads)
    from seqgen.training.loop import Run

    folder = checkpoint.path / layout.RESUME
    try:
        training, validation = (
            open_ids(folder / name, config.vocab, config.feature_sizes)
            for name in (TRAINING, VALIDATION)
        )
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder}: the tokens cannot be read: {error}") from error
    try:
        with memory_errors():
            return Run(checkpoint, training, validation, position, arrays)
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            f"{folder / train_state.STATE} does not fit the network ({error}); start over "
            "with `overwrite=True`"
        ) from error
