import re
from collections.abc import Iterator

import numpy as np
import pytest

from seqgen.data.fingerprint import DocumentHashes, fingerprint, fingerprints
from seqgen.errors import SamplingError
from seqgen.generation.batch import Piece
from seqgen.generation.selection import MAX_CONSECUTIVE_REJECTIONS, Selection

HASHES = DocumentHashes(fingerprints(["one", "two"]), fingerprints(["three"]))


def candidates(selection: Selection, texts: list[str]) -> Iterator[Piece]:
    """Candidates that cycle through texts, each in two pieces; batches end in reverse order."""
    for batch in selection.batches():
        for index in batch:
            yield Piece(index, texts[index % len(texts)][:1], False)
        for index in reversed(batch):
            text = texts[index % len(texts)]
            yield Piece(index, text[1:], True, text)


def select(selection: Selection, texts: list[str]) -> list[tuple[int, str]]:
    texts_by_number = []
    for number, text, document in selection.select(candidates(selection, texts)):
        assert text == document
        texts_by_number.append((number, text))
    return texts_by_number


def test_copies_are_rejected() -> None:
    selection = Selection(3, fingerprint, HASHES, novel=True)
    assert select(selection, ["one", "new", "two"]) == [(0, "new"), (1, "new"), (2, "new")]
    assert (selection.copies, selection.repeats) == (5, 0)
    assert re.findall(r"\d+", selection.report()[0]) == ["5", "8"]


def test_held_out_documents_are_rejected() -> None:
    selection = Selection(2, fingerprint, HASHES, novel=True)
    assert select(selection, ["three", "new", "one"]) == [(0, "new"), (1, "new")]
    assert (selection.copies, selection.held_out) == (1, 2)
    assert re.findall(r"\d+", selection.report()[0]) == ["1", "2", "5"]


def test_repeats_are_rejected() -> None:
    selection = Selection(3, fingerprint, None, unique=True)
    assert select(selection, ["a", "b", "a", "c"]) == [(0, "a"), (1, "b"), (2, "c")]
    assert re.findall(r"\d+", selection.report()[0]) == ["1", "4"]


def test_copies_and_repeats_are_rejected() -> None:
    selection = Selection(2, fingerprint, HASHES, novel=True, unique=True)
    assert select(selection, ["one", "a", "a", "two", "b"]) == [(0, "a"), (1, "b")]
    assert (selection.copies, selection.repeats, selection.candidates) == (2, 1, 5)


def test_samples_do_not_depend_on_the_count() -> None:
    texts = [str(number % 97) for number in range(400)]
    few, many = (Selection(n, fingerprint, HASHES, unique=True) for n in (5, 80))
    assert select(many, texts)[:5] == select(few, texts)


@pytest.mark.parametrize(("novel", "unique"), [(True, False), (False, True), (True, True)])
def test_selection_gives_up_without_candidates(novel: bool, unique: bool) -> None:
    selection = Selection(9, fingerprint, HASHES, novel=novel, unique=unique)
    samples = selection.select(candidates(selection, ["one"]))
    if not novel:
        assert next(samples) == (0, "one", "one")
    with pytest.raises(SamplingError, match=f"{int(not novel)} of 9") as error:
        next(samples)
    assert selection.candidates <= MAX_CONSECUTIVE_REJECTIONS + 1
    assert error.value.status == 1


def test_selection_gives_up_with_few_candidates() -> None:
    texts = ["one"] * 300 + ["new"]
    selection = Selection(9, fingerprint, HASHES, novel=True)
    with pytest.raises(SamplingError):
        select(selection, texts)
    assert selection.candidates == MAX_CONSECUTIVE_REJECTIONS + 900


def test_copies_are_counted() -> None:
    selection = Selection(4, fingerprint, HASHES)
    texts = ["one", "a", "b", "c"]
    pieces = [Piece(index, text, True, text) for index, text in enumerate(texts)]
    assert list(selection.count_copies(iter(pieces))) == pieces
    (message,) = selection.report()
    assert re.findall(r"[\d.]+", message) == ["1", "4", "25.0"]


def test_no_report_without_hashes() -> None:
    selection = Selection(1, fingerprint, None)
    list(selection.count_copies(iter([Piece(0, "a", True, "a")])))
    assert selection.report() == []


def test_contains() -> None:
    from seqgen.generation.selection import contains

    values = np.array([1, 5, 2**64 - 1], np.uint64)
    assert [contains(values, value) for value in (0, 1, 4, 5, 2**64 - 1)] == [
        False, True, False, True, True,
    ]  # fmt: skip
    assert not contains(values[:0], 0)
