"""Hashes of the documents of a corpus, ``documents.safetensors``."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqgen.checkpoint import layout
from seqgen.checkpoint.run_data import stored_tokens
from seqgen.data.fingerprint import DocumentHashes, fingerprints
from seqgen.data.token_files import document_texts
from seqgen.errors import CheckpointError
from seqgen.io.arrays import SPARE_BYTES, read_arrays, write_arrays
from seqgen.tasks import TASKS

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint

HASHES = "hashes"
HELD_OUT = "held_out"


def save(path: Path, hashes: DocumentHashes) -> None:
    """Write hashes of documents into a checkpoint. Raises CheckpointError."""
    arrays = {HASHES: hashes.training, HELD_OUT: hashes.held_out}
    write_arrays(path / layout.DOCUMENTS, arrays)


def corpus_hashes(checkpoint: "Checkpoint", *, make: bool = True) -> DocumentHashes | None:
    """Return the hashes of the documents of a model's corpus.

    Args:
        checkpoint: The model.
        make: Compute hashes that are not stored from the tokens of the run.

    Returns:
        None if neither hashes nor tokens are stored.

    Raises:
        CheckpointError: If the file or the tokens are damaged.
    """
    path = checkpoint.path / layout.DOCUMENTS
    if path.exists():
        return _read(path, checkpoint.config.corpus.documents)
    parts = stored_tokens(checkpoint) if make else None
    if parts is None:
        return None
    fingerprint = TASKS.load(checkpoint.config.task).fingerprint
    training, held_out = (
        fingerprints(document_texts(part, checkpoint.tokenizer), fingerprint) for part in parts
    )
    return DocumentHashes(training, held_out)


def _read(path: Path, documents: int) -> DocumentHashes:
    """Read stored hashes of at most ``documents`` documents. Raises CheckpointError."""
    arrays, _ = read_arrays(path, max_bytes=8 * documents + SPARE_BYTES)
    valid = all(values.dtype == np.uint64 and values.ndim == 1 for values in arrays.values())
    valid = valid and sum(map(len, arrays.values())) <= documents
    if not valid or HASHES not in arrays or not arrays.keys() <= {HASHES, HELD_OUT}:
        raise CheckpointError(f"{path} is not a file of document hashes; restore it or delete it")
    held_out = arrays.get(HELD_OUT, np.zeros(0, np.uint64))
    return DocumentHashes(np.sort(arrays[HASHES]), np.sort(held_out))
