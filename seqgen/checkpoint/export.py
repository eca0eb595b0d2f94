"""A copy of a checkpoint to pass on: all that writing needs, and nothing of the run behind it."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from seqgen.checkpoint import document_hashes, end_calibration, layout, write
from seqgen.checkpoint.config import parse_dataclass
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.errors import CheckpointError
from seqgen.io.atomic import MAX_TEXT_BYTES, read_bytes, read_json, write_atomic, write_json

SAMPLE_CHARACTERS = 4000


@dataclass(frozen=True)
class Export:
    """What a copy knows of itself beside its run; ``export.json`` holds it.

    half: whether its weights are in half precision.
    halving: what that added to the loss of the validation part, nats a token.
    validation: loss on the validation part by precision of the products, nats a token.
    excerpt: the same on a few fixed lines, by which anyone can check it without the corpus.
    commands: that make the checkpoint anew.
    """

    half: bool
    halving: float | None = None
    validation: dict[str, float] = field(default_factory=dict)
    excerpt: dict[str, float] = field(default_factory=dict)
    commands: tuple[str, ...] = ()


Measure = Callable[[Checkpoint], Export]


def export(checkpoint: Checkpoint, folder: Path, *, half: bool, measure: Measure) -> Export:
    """Copy a checkpoint, without the state of its run, into a folder that is not there yet.

    half: store the weights in half precision.
    measure: called with the copy before it gets its name; returns what is to be known of it.
    Returns that. The copy is there whole or not at all.
    Raises CheckpointError if something has the folder's name, the checkpoint is damaged or the copy
    cannot be written.
    """
    from seqgen.checkpoint.model_card import write_card

    if os.path.lexists(folder):
        raise CheckpointError(f"{folder} exists; name a folder that is not there yet")
    with _temporary_folder(folder) as beside:
        _copy_files(checkpoint, beside, half)
        copy = open_checkpoint(beside)
        found = measure(copy)
        write_json(beside / layout.EXPORT, asdict(found))
        write_card(beside)
        copy.stored_weights()
        os.rename(beside, folder)
    return found


@contextlib.contextmanager
def _temporary_folder(folder: Path) -> Iterator[Path]:
    """A folder of the same name on the same disk, gone at the end unless it was moved."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{folder.name}-", dir=folder.parent, ignore_cleanup_errors=True
        ) as made:
            # Inside it: what tempfile makes is closed to everybody else.
            inside = Path(made) / folder.name
            inside.mkdir()
            yield inside
    except OSError as error:
        raise CheckpointError(f"cannot write {folder}: {error.strerror or error}") from error


def _copy_files(checkpoint: Checkpoint, folder: Path, half: bool) -> None:
    """Write the files of a checkpoint that its run is not needed for into a folder."""
    config, path = checkpoint.config, checkpoint.path
    write_json(folder / layout.CONFIG, config.to_json())
    write_atomic(folder / layout.TOKENIZER, read_bytes(path / layout.TOKENIZER))
    # With the graph, which takes half as much again: where the folder cannot be written to, it
    # would be built at every start (0.15 s for 3.3 million weights, beside 0.03 s to read it).
    write.save_weights(folder, config, checkpoint.weights(), half=half)
    write.write_metrics(folder, checkpoint.metrics())
    # Though the copy has no training text, it can still leave copies of it out.
    if config.task == "tunes" or config.corpus.learns_ends:
        hashes = document_hashes.corpus_hashes(checkpoint)
        if hashes is not None:
            document_hashes.save(folder, hashes)
        end_calibration.save(folder, end_calibration.read(path))
    with contextlib.suppress(FileNotFoundError):
        os.lstat(path / layout.SAMPLES)
        text = read_bytes(path / layout.SAMPLES, MAX_TEXT_BYTES).decode("utf-8", "replace")
        write_atomic(folder / layout.SAMPLES, _latest_samples(text).encode())


def _latest_samples(samples: str) -> str:
    """The samples at the end of a run, from the beginning of one as far as they are long."""
    end = samples[-SAMPLE_CHARACTERS:]
    if end == samples:
        return samples
    begins = end.find("\n--- ") + 1
    return end[begins:] if begins else end


def read_export(path: Path) -> Export | None:
    """What `export` wrote of a copy; None for a checkpoint that is none.

    Raises CheckpointError if it is damaged.
    """
    where = path / layout.EXPORT
    if not where.exists():
        return None
    return parse_dataclass(Export, read_json(where)[0], str(where), "")
