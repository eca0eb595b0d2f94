"""The split into training and validation documents."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqgen.data.corpora import Corpus, Document
from seqgen.data.split import held_out_mask, split_text


def corpus(*texts, kind="text"):
    return Corpus("test", kind, tuple(Document(text, "test") for text in texts), ("test",))


def tune(number, key="C"):
    pitches = "CDEFGABc"
    body = "".join(pitches[number >> 3 * k & 7] for k in range(8))
    return f"X:{number}\nT:Tune {number}\nR:reel\nM:4/4\nL:1/8\nK:{key}\n{body}|]\n"


def test_the_last_tenth_of_each_text_is_held_out():
    split = split_text(corpus("a" * 1005, "b" * 20))
    assert split.training == ("a" * 904, "b" * 18)
    assert split.validation == ("a" * 101, "b" * 2)


def test_tinyshakespeare_is_split_as_published():
    split = split_text(corpus("x" * 1_115_394))
    assert list(map(len, split.training)) == [1_003_854]
    assert list(map(len, split.validation)) == [111_540]


NAMES = [f"{a}{b}{c}" for a in "ABCDEFGH" for b in "aeiou" for c in ("n", "ra", "lis", "mo", "t")]


def test_held_out_documents_do_not_depend_on_their_order():
    split = split_text(corpus("\n".join(NAMES)), "line")
    reordered = split_text(
        corpus(*("\n".join(part) for part in (NAMES[150:], NAMES[:150]))), "line"
    )
    assert split.documents == 200
    assert split.held_out == len(list(split.validation)) == 20
    assert set(split.validation) == set(reordered.validation)
    assert sorted(map(str, split.texts)) == sorted(NAMES)
    assert not set(split.training) & set(split.validation)
    assert {str(name)[0] for name in split.training} == set("ABCDEFGH")


def test_twenty_or_more_files_are_held_out_whole():
    texts = [f"Text {number}.\n" * 5 for number in range(20)]
    split = split_text(corpus(*texts))
    assert (split.held_out, split.documents, split.unit) == (2, 20, "file")
    assert sorted(map(str, [*split.training, *split.validation])) == sorted(texts)
    fewer = split_text(corpus(*texts[:19]))
    assert fewer.held_out == 0
    assert fewer.training == tuple(text[: int(0.9 * len(text))] for text in texts[:19])


def test_equal_documents_are_in_the_same_part():
    split = split_text(corpus("\n".join([*NAMES, *NAMES, *(name + " " for name in NAMES)])), "line")
    assert split.held_out == 60
    assert not {str(n).strip() for n in split.training} & {str(n).strip() for n in split.validation}


def test_too_few_different_documents_are_one_text():
    split = split_text(corpus("\n".join(NAMES[:19] * 5)), "line")
    assert (split.held_out, split.documents, split.unit) == (0, 1, "file")
    assert "19 different documents, one per line" in split.notices[0]


@given(st.lists(st.integers(1, 1000), min_size=20, max_size=60), st.integers(0, 2**32))
def test_held_out_documents_are_a_small_part(lengths: list[int], seed: int):
    lengths[0] = max(lengths[0], 10 * sum(lengths[1:]))
    hashes = np.random.default_rng(seed).integers(0, 2**63, len(lengths), np.uint64)
    mask = held_out_mask(hashes, np.array(lengths))
    assert 1 <= mask.sum() <= max(1, round(0.1 * len(lengths)))
    assert not mask[0]
