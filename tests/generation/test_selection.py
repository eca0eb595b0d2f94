"""Copies and repeats are left out and counted, and a hopeless search ends."""

from collections.abc import Iterator

import numpy as np
import pytest

from seqgen.checkpoint.document_hashes import DocumentHashes, fingerprint, fingerprints
from seqgen.errors import SamplingError
from seqgen.generation.batch import Piece
from seqgen.generation.selection import MOST_REJECTED, Selection

LEARNED = DocumentHashes(fingerprints(["one", "two"]), fingerprints(["three"]))


def written(selection: Selection, texts: list[str]) -> Iterator[Piece]:
    """Candidates with these texts, again and again, each in two pieces; a batch ends last first."""
    for batch in selection.batches():
        for index in batch:
            yield Piece(index, texts[index % len(texts)][:1], False)
        for index in reversed(batch):
            text = texts[index % len(texts)]
            yield Piece(index, text[1:], True, text)


def chosen(selection: Selection, texts: list[str]) -> list[tuple[int, str]]:
    found = []
    for number, text, document in selection.chosen(written(selection, texts)):
        assert text == document
        found.append((number, text))
    return found


def test_copies_are_left_out() -> None:
    selection = Selection(3, fingerprint, LEARNED, novel=True)
    assert chosen(selection, ["one", "new", "two"]) == [(0, "new"), (1, "new"), (2, "new")]
    assert (selection.copies, selection.repeats) == (5, 0)
    assert selection.report() == ["left out: 5 copies of training documents, of 8 candidates"]


def test_held_out_documents_are_left_out_too() -> None:
    selection = Selection(2, fingerprint, LEARNED, novel=True)
    assert chosen(selection, ["three", "new", "one"]) == [(0, "new"), (1, "new")]
    assert (selection.copies, selection.held_out) == (1, 2)
    assert "1 copy of training documents, 2 of held-out ones" in selection.report()[0]


def test_repeats_are_left_out() -> None:
    selection = Selection(3, fingerprint, None, unique=True)
    assert chosen(selection, ["a", "b", "a", "c"]) == [(0, "a"), (1, "b"), (2, "c")]
    assert selection.report() == ["left out: 1 repeat, of 4 candidates"]


def test_both_are_left_out() -> None:
    selection = Selection(2, fingerprint, LEARNED, novel=True, unique=True)
    assert chosen(selection, ["one", "a", "a", "two", "b"]) == [(0, "a"), (1, "b")]
    assert (selection.copies, selection.repeats, selection.candidates) == (2, 1, 5)


def test_the_same_samples_come_whatever_their_number() -> None:
    texts = [str(number % 97) for number in range(400)]
    few, many = (Selection(n, fingerprint, LEARNED, unique=True) for n in (5, 80))
    assert chosen(many, texts)[:5] == chosen(few, texts)


@pytest.mark.parametrize(("novel", "unique"), [(True, False), (False, True), (True, True)])
def test_a_search_in_vain_ends(novel: bool, unique: bool) -> None:
    selection = Selection(9, fingerprint, LEARNED, novel=novel, unique=unique)
    samples = selection.chosen(written(selection, ["one"]))
    if not novel:
        assert next(samples) == (0, "one", "one")
    with pytest.raises(SamplingError, match=f"gave up after {int(not novel)} of 9") as error:
        next(samples)
    assert selection.candidates <= MOST_REJECTED + 1
    assert error.value.status == 1


def test_a_search_that_hardly_finds_anything_ends() -> None:
    texts = ["one"] * 300 + ["new"]
    selection = Selection(9, fingerprint, LEARNED, novel=True)
    with pytest.raises(SamplingError):
        chosen(selection, texts)
    assert selection.candidates == MOST_REJECTED + 900


def test_copies_are_counted_among_what_is_written() -> None:
    selection = Selection(4, fingerprint, LEARNED)
    texts = ["one", "a", "b", "c"]
    pieces = [Piece(index, text, True, text) for index, text in enumerate(texts)]
    assert list(selection.counted(iter(pieces))) == pieces
    assert selection.report() == [
        "1 of 4 samples (25.0%) is a copy of training documents; --novel leaves them out"
    ]


def test_of_what_is_not_known_nothing_is_reported() -> None:
    selection = Selection(1, fingerprint, None)
    list(selection.counted(iter([Piece(0, "a", True, "a")])))
    assert selection.report() == []


def test_a_hash_is_found_among_sorted_ones() -> None:
    from seqgen.generation.selection import is_in

    values = np.array([1, 5, 2**64 - 1], np.uint64)
    assert [is_in(value, values) for value in (0, 1, 4, 5, 2**64 - 1)] == [
        False, True, False, True, True,
    ]  # fmt: skip
    assert not is_in(0, values[:0])
