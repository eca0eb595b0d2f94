"""Begin a run, or take one up again."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.checkpoint import format, write
from seqgen.checkpoint.card import write_card
from seqgen.checkpoint.files import write_json
from seqgen.checkpoint.format import Config, CorpusFacts
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.config import RunOptions
from seqgen.corpora import Corpus
from seqgen.errors import CheckpointError, ConfigError
from seqgen.stack import backend, cells
from seqgen.training import resume
from seqgen.training.data import Dataset, open_ids, prepare
from seqgen.training.events import Event, Finished, Preparing, Started
from seqgen.training.plan import Plan, parameters, plan
from seqgen.training.resume import Position

if TYPE_CHECKING:
    from seqgen.training.loop import Run

STANDS_ON = ("seqgen", "tensorflow", "keras", "numpy", "onnx", "onnxruntime", "tokenizers")
MAY_CHANGE = ("minutes", "epochs", "patience")


def begin(
    corpus: Corpus, options: RunOptions, path: Path, *, overwrite: bool = False
) -> Iterator[Event]:
    """Train a new network on a corpus, into a new checkpoint.

    Yields the run's events. Closing the iterator saves the run, to be taken up with `go_on`.
    Raises ConfigError, CorpusError, CheckpointError or TrainingError.
    """
    cells.find(options.stack.cell)
    write.make_way(path, overwrite)
    yield Preparing(f"cutting {corpus.characters:,} characters into tokens")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
        data = prepare(corpus, options.tokens, Path(folder))
        chosen = plan(options, data.tokenizer.kind, len(data.training))
        config = configure(corpus, data, chosen)
        write.create(path, config, data.tokenizer, overwrite=overwrite)
        (path / format.RESUME).mkdir(exist_ok=True)
        for name in (resume.TRAINING, resume.VALIDATION):
            os.replace(Path(folder) / name, path / format.RESUME / name)
    training = config.training
    position = Position(
        epochs=training.epochs, minutes=training.minutes, most_minutes=chosen.most_minutes
    )
    checkpoint = Checkpoint(path, config, data.tokenizer)
    notices = (*corpus.notices, *data.notices)
    yield from run(checkpoint, position, None, notices, chosen.reasons)


def go_on(path: Path, said: Mapping[str, Any]) -> Iterator[Event]:
    """Take up a run where it stopped.

    said: options given now, by name; only the length of the run and the patience may change.
    Yields the run's events, as `begin` does. Raises CheckpointError if there is nothing to take up.
    """
    checkpoint = open_checkpoint(path)
    position, arrays = resume.read(path)
    said = {name: value for name, value in said.items() if value is not None}
    for name in said:
        if name not in MAY_CHANGE:
            flags = ", ".join(f"--{each}" for each in MAY_CHANGE)
            raise ConfigError(f"a resumed run keeps its options but for {flags}; not {name!r}")
    if said:
        length = {"minutes": None, "epochs": None} if {"minutes", "epochs"} & set(said) else {}
        training = replace(checkpoint.config.training, **{**length, **said})
        config = replace(checkpoint.config, training=training)
        checkpoint = replace(checkpoint, config=config)
        if length:
            position.epochs, position.minutes = training.epochs, training.minutes
            position.most_minutes = None
        position.waited = 0
        write_json(path / format.CONFIG, config.to_json())
    kept = [line for line in checkpoint.metrics() if line.get("step", 0) <= position.step]
    write.rewrite_metrics(path, kept)
    yield from run(checkpoint, position, arrays, (), ())


def configure(corpus: Corpus, data: Dataset, chosen: Plan) -> Config:
    """What config.json says of a run."""
    facts = CorpusFacts(
        name=corpus.name,
        kind=corpus.kind,
        sources=corpus.sources,
        documents=data.documents,
        characters=corpus.characters,
        fingerprint=corpus.fingerprint,
        training_characters=data.training_characters,
        validation_characters=data.validation_characters,
        training_tokens=len(data.training),
        validation_tokens=len(data.validation),
    )
    return Config(
        kind=corpus.kind,
        vocab=data.tokenizer.size,
        start=data.start,
        tokens=chosen.options.tokens,
        stack=chosen.options.stack,
        training=chosen.options.training,
        corpus=facts,
        versions={name: metadata.version(name) for name in STANDS_ON},
        tokenizer_sha256=write.tokenizer_sha256(data.tokenizer),
    )


def run(
    checkpoint: Checkpoint,
    position: Position,
    arrays: dict[str, Any] | None,
    notices: tuple[str, ...],
    reasons: tuple[str, ...],
) -> Iterator[Event]:
    """Load TensorFlow, set the run up, and pass its events on."""
    config = checkpoint.config
    yield Preparing("loading TensorFlow and building the network")
    current = set_up(checkpoint, position, arrays)
    if current.length().progress(position.seconds, position.step) >= 1:
        raise ConfigError(
            f"{checkpoint.path.name} has been trained to its end; give more --minutes or --epochs "
            "than it had, all its training counted"
        )
    yield Started(
        path=checkpoint.path,
        config=config,
        parameters=parameters(config.stack, config.vocab),
        steps=current.windows.steps,
        resumed=arrays is not None,
        notices=notices,
        reasons=reasons,
    )
    for event in current.events():
        if isinstance(event, Finished):
            write_card(checkpoint.path)
        yield event


def set_up(checkpoint: Checkpoint, position: Position, arrays: dict[str, Any] | None) -> "Run":
    """The run of a checkpoint, ready to go. Raises CheckpointError if its state does not fit it."""
    config = checkpoint.config
    backend.load(config.training.batch or 1)
    from seqgen.training.loop import Run

    folder = checkpoint.path / format.RESUME
    try:
        training, validation = (
            open_ids(folder / name, checkpoint.tokenizer)
            for name in (resume.TRAINING, resume.VALIDATION)
        )
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder}: the tokens cannot be read: {error}") from error
    try:
        return Run(checkpoint, training, validation, position, arrays)
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            f"{folder / resume.STATE} does not fit the network ({error}); --overwrite to begin anew"
        ) from error
