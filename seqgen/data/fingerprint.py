"""Hashes of documents, by which equal ones are recognised."""

import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from seqgen.data.tokenizers.base import Text

# Longer texts are hashed in pieces, with the white space around them; no sample is that long.
MAX_STRIPPED = 1_000_000


class DocumentHashes(NamedTuple):
    """The distinct hashes of a corpus's documents, each part sorted, uint64 [N].

    Attributes:
        training: Hashes of the training part.
        held_out: Hashes of the validation part; empty in checkpoints that did not store them.
    """

    training: np.ndarray
    held_out: np.ndarray


def fingerprint(text: "Text") -> int:
    """Return a 64-bit hash of a text.

    White space at both ends of a text of up to a million characters is ignored.
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


def fingerprints(
    texts: "Iterable[Text]", fingerprint: "Callable[[Text], int]" = fingerprint
) -> np.ndarray:
    """Return the distinct hashes of texts, sorted, uint64 [N]."""
    return np.unique(np.fromiter(map(fingerprint, texts), np.uint64))
