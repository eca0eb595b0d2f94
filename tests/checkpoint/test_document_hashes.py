"""Storing, reading and validating the hashes of documents."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import document_hashes, layout
from seqgen.checkpoint.read import open_checkpoint
from seqgen.data.fingerprint import DocumentHashes, fingerprints
from seqgen.data.token_files import TRAINING, VALIDATION
from seqgen.errors import CheckpointError
from seqgen.io.arrays import write_arrays


def test_stored_hashes_are_read(make: Callable[..., Path], tmp_path: Path) -> None:
    path = make(tmp_path / "list", documents=30, held_out=3, unit="line")
    assert document_hashes.corpus_hashes(open_checkpoint(path)) is None
    hashes = fingerprints(["b", "a", "a"])
    assert len(hashes) == 2
    document_hashes.save(path, DocumentHashes(hashes, hashes[:1] + 1))
    stored = document_hashes.corpus_hashes(open_checkpoint(path))
    assert stored is not None
    np.testing.assert_array_equal(stored.training, hashes)
    np.testing.assert_array_equal(stored.held_out, hashes[:1] + 1)


def test_a_checkpoint_without_hashes_of_held_out_documents_is_read(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    path = make(tmp_path / "list", documents=30, held_out=3, unit="line")
    write_arrays(path / layout.DOCUMENTS, {"hashes": np.arange(3, dtype=np.uint64)})
    stored = document_hashes.corpus_hashes(open_checkpoint(path))
    assert stored is not None
    assert (stored.training.tolist(), stored.held_out.tolist()) == ([0, 1, 2], [])


def test_hashes_that_are_not_stored_are_made_from_the_tokens(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    path = make(tmp_path / "list", documents=30, held_out=3, unit="line")
    checkpoint = open_checkpoint(path)
    (path / layout.RESUME).mkdir()
    ids = checkpoint.tokenizer.encode_documents(["The fox", "lazy dog", "The fox"])
    ids.tofile(path / layout.RESUME / TRAINING)
    held_out = checkpoint.tokenizer.encode_documents(["The dog"])
    held_out.tofile(path / layout.RESUME / VALIDATION)
    stored = document_hashes.corpus_hashes(checkpoint)
    assert stored is not None
    np.testing.assert_array_equal(stored.training, fingerprints(["lazy dog", "The fox"]))
    np.testing.assert_array_equal(stored.held_out, fingerprints(["The dog"]))


@pytest.mark.parametrize(
    "arrays",
    [
        {"hashes": np.arange(31, dtype=np.uint64)},  # more than documents
        {"hashes": np.arange(200_000, dtype=np.uint64)},  # refused by its size
        {"hashes": np.arange(16, dtype=np.uint64), "held_out": np.arange(15, dtype=np.uint64)},
        {"hashes": np.arange(3, dtype=np.float32)},
        {"hashes": np.arange(3, dtype=np.uint64), "held_out": np.arange(3, dtype=np.float32)},
        {"hashes": np.zeros((3, 2), np.uint64)},
        {"other": np.arange(3, dtype=np.uint64)},
        {"hashes": np.arange(3, dtype=np.uint64), "other": np.zeros(1, np.uint64)},
    ],
)
def test_other_arrays_are_refused(
    arrays: dict[str, np.ndarray], make: Callable[..., Path], tmp_path: Path
) -> None:
    path = make(tmp_path / "list", documents=30, held_out=3, unit="line")
    write_arrays(path / layout.DOCUMENTS, arrays)
    with pytest.raises(CheckpointError, match=layout.DOCUMENTS):
        document_hashes.corpus_hashes(open_checkpoint(path))


def test_a_truncated_file_is_refused(make: Callable[..., Path], tmp_path: Path) -> None:
    path = make(tmp_path / "list", documents=30, held_out=3, unit="line")
    hashes = np.arange(20, dtype=np.uint64)
    document_hashes.save(path, DocumentHashes(hashes, hashes[:0]))
    data = (path / layout.DOCUMENTS).read_bytes()
    (path / layout.DOCUMENTS).write_bytes(data[:-5])
    with pytest.raises(CheckpointError, match=layout.DOCUMENTS):
        document_hashes.corpus_hashes(open_checkpoint(path))
