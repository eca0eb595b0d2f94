"""The documents of a network's corpus, each as a hash of its text."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqgen.checkpoint import layout
from seqgen.checkpoint.run_data import kept_parts
from seqgen.data.tokenizers.base import END
from seqgen.errors import CheckpointError, TuneError
from seqgen.io.arrays import SPARE_BYTES, read_arrays, write_arrays

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint
    from seqgen.data.tokenizers.base import Text, Tokenizer

HASHES = "hashes"
HELD_OUT = "held_out"


class DocumentHashes(NamedTuple):
    """The distinct hashes of a corpus's documents, each part sorted, uint64 [N].

    held_out: of the validation part; empty in checkpoints that did not store them.
    """

    training: np.ndarray
    held_out: np.ndarray


# Characters up to which a text is hashed without the blanks around it. Nothing that a network
# writes is longer.
MAX_STRIPPED = 1_000_000


def fingerprint(text: "Text") -> int:
    """A 64-bit hash of a text.

    Blanks at both ends of a text of up to a million characters do not count.
    """
    length = len(text)
    digest = hashlib.blake2b(digest_size=8)
    if length <= MAX_STRIPPED:
        digest.update(str(text).strip().encode("utf-8", "surrogatepass"))
    else:
        for start in range(0, length, MAX_STRIPPED):
            piece = str(text[start : start + MAX_STRIPPED])
            digest.update(piece.encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest.digest(), "little")


def fingerprints(texts: "Iterable[Text]", *, tunes: bool = False) -> np.ndarray:
    """The distinct hashes of texts, or of tunes in normal form, sorted, uint64 [N]."""
    one = tune_fingerprint if tunes else fingerprint
    return np.unique(np.fromiter(map(one, texts), np.uint64))


def save(path: Path, hashes: DocumentHashes) -> None:
    """Write hashes of documents into a checkpoint. Raises CheckpointError if that fails."""
    arrays = {HASHES: hashes.training, HELD_OUT: hashes.held_out}
    write_arrays(path / layout.DOCUMENTS, arrays)


def corpus_hashes(checkpoint: "Checkpoint", *, make: bool = True) -> DocumentHashes | None:
    """The hashes of the documents of a network's corpus.

    make: where they are not stored, make them from the tokens of its run.
    None if they are not stored and those tokens are not there.
    Raises CheckpointError if either is damaged.
    """
    path = checkpoint.path / layout.DOCUMENTS
    if path.exists():
        return read(path, checkpoint.config.corpus.documents)
    parts = kept_parts(checkpoint) if make else None
    if parts is None:
        return None
    tunes = checkpoint.config.kind == "tunes"
    training, held_out = (
        fingerprints(document_texts(part, checkpoint.tokenizer), tunes=tunes) for part in parts
    )
    return DocumentHashes(training, held_out)


def read(path: Path, most: int) -> DocumentHashes:
    """What `save` wrote. most: documents that there can be. Raises CheckpointError."""
    arrays, _ = read_arrays(path, max_bytes=8 * most + SPARE_BYTES)
    valid = all(values.dtype == np.uint64 and values.ndim == 1 for values in arrays.values())
    valid = valid and sum(map(len, arrays.values())) <= most
    if not valid or HASHES not in arrays or not arrays.keys() <= {HASHES, HELD_OUT}:
        raise CheckpointError(f"{path} does not hold hashes of documents; restore it or delete it")
    held_out = arrays.get(HELD_OUT, np.zeros(0, np.uint64))
    return DocumentHashes(np.sort(arrays[HASHES]), np.sort(held_out))


def document_texts(rows: np.ndarray, tokenizer: "Tokenizer") -> Iterator[str]:
    """The documents of a part. rows: ids [N], or [N, 1 + F] with numbers beside them."""
    ids = np.asarray(rows if rows.ndim == 1 else rows[:, 0])
    edges = np.append(np.flatnonzero(ids == END), len(ids))
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if end - begin > 1:
            yield tokenizer.decode(ids[begin + 1 : end])


def tune_fingerprint(text: "Text") -> int:
    """A hash that is the same for a tune under another title and in another key.

    text: in normal form. What is no whole tune has the hash of its text.
    """
    from seqgen.music.normal.normalize import identity, parse

    try:
        return fingerprint(identity(parse(str(text))))
    except (TuneError, IndexError):  # it has no note
        return fingerprint(text)
