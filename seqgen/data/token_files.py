"""Memory-mapped files of token ids and input features."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqgen.data.tokenizers.base import BLOCK, END, Text, blocks

if TYPE_CHECKING:
    from seqgen.data.tokenizers.base import Tokenizer

TRAINING = "training.bin"
VALIDATION = "validation.bin"


def row_type(vocab: int, feature_sizes: tuple[int, ...]) -> np.dtype:
    """Return the smallest integer type that holds every token id and every input feature."""
    return np.min_scalar_type(max(vocab, *feature_sizes, 1) - 1)


def open_ids(path: Path, vocab: int, feature_sizes: tuple[int, ...]) -> np.ndarray:
    """Map a file of token ids into memory.

    Args:
        path: The file that `write_rows` wrote.
        vocab: Number of tokens, V.
        feature_sizes: Number of values of each of the F input features beside a token.

    Returns:
        Ids [N], or [N, 1 + F] with input features.

    Raises:
        ValueError: If the file's size does not fit.
    """
    dtype = row_type(vocab, feature_sizes)
    columns = 1 + len(feature_sizes)
    count, rest = divmod(path.stat().st_size, dtype.itemsize * columns)
    if rest or not count:
        raise ValueError(f"{path.name} does not contain tokens of this network")
    return np.memmap(path, dtype, mode="r", shape=(count, columns) if feature_sizes else (count,))


def write_rows(path: Path, rows: Iterable[tuple[np.ndarray, int]]) -> Iterator[int]:
    """Write rows of ids to a file, and yield after each array how many characters it had."""
    with open(path, "wb") as file:
        for part, characters in rows:
            file.write(part.tobytes())
            yield characters


def encode_documents(
    texts: Iterable[Text], tokenizer: "Tokenizer"
) -> Iterator[tuple[np.ndarray, int]]:
    """Encode documents, each preceded by END, a block at a time.

    Yields:
        Ids [N], and the number of characters that they encode.
    """
    short: list[str] = []  # encoded together
    length = 0
    for text in chain(texts, [None]):
        if short and (text is None or length + len(text) > BLOCK):
            yield tokenizer.encode_documents(short), length
            short, length = [], 0
        if text is None:
            return
        if len(text) <= BLOCK:
            short.append(str(text))
            length += len(text)
            continue
        yield np.array([END], tokenizer.dtype), 0
        for block in blocks(text):
            yield tokenizer.encode(block), len(block)


def token_ids(rows: np.ndarray) -> np.ndarray:
    """Return the token ids [N] of rows with or without input features, [N] or [N, 1 + F]."""
    return rows if rows.ndim == 1 else rows[:, 0]


def document_texts(rows: np.ndarray, tokenizer: "Tokenizer") -> Iterator[str]:
    """Decode the documents of a part, empty ones left out.

    Args:
        rows: Ids [N] or [N, 1 + F], each document preceded by END.
        tokenizer: The one that encoded them.
    """
    ids = np.asarray(token_ids(rows))
    edges = np.append(np.flatnonzero(ids == END), len(ids))
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if end - begin > 1:
            yield tokenizer.decode(ids[begin + 1 : end])
