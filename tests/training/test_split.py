"""Which documents are learned from, and which are held back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.data.corpora import Corpus, Document
from seqgen.errors import CorpusError
from seqgen.music.normal.tokens import PATTERN, PITCHES
from seqgen.training.split import held_out, split_text, split_tunes


def corpus(*texts, kind="text"):
    return Corpus("test", kind, tuple(Document(text, "test") for text in texts), ("test",))


def tune(number, key="C"):
    pitches = "CDEFGABc"
    body = "".join(pitches[number >> 3 * k & 7] for k in range(8))
    return f"X:{number}\nT:Tune {number}\nR:reel\nM:4/4\nL:1/8\nK:{key}\n{body}|]\n"


def test_the_last_tenth_of_each_text_is_held_back():
    split = split_text(corpus("a" * 1005, "b" * 20))
    assert split.training == ("a" * 904, "b" * 18)
    assert split.validation == ("a" * 101, "b" * 2)


def test_the_parts_of_tinyshakespeares_length_are_the_published_ones():
    split = split_text(corpus("x" * 1_115_394))
    assert [len(split.training[0]), len(split.validation[0])] == [1_003_854, 111_540]


NAMES = [f"{a}{b}{c}" for a in "ABCDEFGH" for b in "aeiou" for c in ("n", "ra", "lis", "mo", "t")]


def test_whole_documents_are_held_out_whatever_their_order():
    split = split_text(corpus("\n".join(NAMES)), "line")
    again = split_text(corpus(*("\n".join(part) for part in (NAMES[150:], NAMES[:150]))), "line")
    assert split.documents == 200
    assert split.held_out == len(list(split.validation)) == 20
    assert set(split.validation) == set(again.validation)
    assert sorted(split.texts) == sorted(NAMES)
    assert not set(split.training) & set(split.validation)
    assert {name[0] for name in split.training} == set("ABCDEFGH")


def test_files_are_held_out_whole_from_twenty_on():
    texts = [f"Text {number}.\n" * 5 for number in range(20)]
    split = split_text(corpus(*texts))
    assert (split.held_out, split.documents, split.unit) == (2, 20, "file")
    assert sorted([*split.training, *split.validation]) == sorted(texts)
    fewer = split_text(corpus(*texts[:19]))
    assert fewer.held_out == 0
    assert fewer.training == tuple(text[: int(0.9 * len(text))] for text in texts[:19])


def test_equal_documents_stand_on_one_side():
    split = split_text(corpus("\n".join([*NAMES, *NAMES, *(name + " " for name in NAMES)])), "line")
    assert split.held_out == 60
    assert not {n.strip() for n in split.training} & {n.strip() for n in split.validation}


def test_of_too_few_different_documents_the_end_of_the_text_is_held_out():
    split = split_text(corpus("\n".join(NAMES[:19] * 5)), "line")
    assert (split.held_out, split.documents, split.unit) == (0, 1, "file")
    assert "19 different documents, one per line" in split.notices[0]


@given(st.lists(st.integers(1, 1000), min_size=20, max_size=60), st.integers(0, 2**32))
def test_what_is_held_out_is_never_most_of_the_text(lengths: list[int], seed: int):
    lengths[0] = max(lengths[0], 10 * sum(lengths[1:]))
    hashes = np.random.default_rng(seed).integers(0, 2**63, len(lengths), np.uint64)
    held = held_out(hashes, np.array(lengths))
    assert 1 <= held.sum() <= max(1, round(0.1 * len(lengths)))
    assert not held[0]


def test_tunes_are_split_by_hash_whatever_their_order():
    tunes = [tune(number) for number in range(1, 301)]
    split = split_tunes(corpus(*tunes, kind="tunes"), "common")
    again = split_tunes(corpus(*reversed(tunes), kind="tunes"), "common")
    assert 15 <= len(split.validation) <= 50
    assert set(split.validation) == set(again.validation)
    assert not set(split.training) & set(split.validation)
    assert len(split.training) + len(split.validation) == 300
    assert all("T:" not in form and "X:" not in form for form in split.training)


def test_the_same_tune_under_another_title_stands_on_one_side():
    tunes = [tune(number) for number in range(1, 41)]
    twins = [t.replace("T:Tune", "T:The other") for t in tunes]
    split = split_tunes(corpus(*tunes, *twins, kind="tunes"), "common")
    assert len(split.training) + len(split.validation) == 40
    assert any("40 tunes that were there before" in notice for notice in split.notices)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_tunes_still_have_two_parts(count):
    split = split_tunes(corpus(*(tune(n) for n in range(1, count + 1)), kind="tunes"), "common")
    assert split.training
    assert split.validation


def test_variants_of_a_tune_stand_on_one_side():
    beginning = "CDEF GABc|cBAG FEDC|"
    endings = ["C8|]", "C4 G4|]", "G,8|]"]
    head = "X:1\nM:4/4\nL:1/8\nK:C\n"
    tunes = [tune(number) for number in range(1, 60)]
    variants = [head + beginning + ending + "\n" for ending in endings]
    split = split_tunes(corpus(*tunes, *variants, kind="tunes"), "common")
    sides = [any("CDEFGABc|cBAGFEDC|" in text for text in side)
             for side in (split.training, split.validation)]  # fmt: skip
    assert sorted(sides) == [False, True]


def test_what_is_known_of_a_book_goes_with_it():
    tunes = [tune(number, "D" if number % 3 else "Ador") for number in range(1, 31)]
    split = split_tunes(corpus(*tunes, kind="tunes"), "common")
    facts = split.tunes
    # Tune 4 sounds like tune 3 a second higher, and is left out.
    assert facts.tonics == {"maj": {"D": 19}, "dor": {"A": 10}}
    assert facts.meters == {"reel": ("4/4",)}
    assert facts.tunes == 29
    notes = [token for text in split.validation for token in PATTERN.findall(text)]
    assert facts.validation_notes == sum(token in PITCHES for token in notes) > 0
    assert all("K:C" in text for text in split.training)


def test_tunes_set_aside_are_told_of():
    tunes = [*map(tune, range(1, 20)), "X:99\nM:4/4\nK:C\nABC|DE|]\n"]
    split = split_tunes(corpus(*tunes, kind="tunes"), "common")
    assert any("1 of 20 tunes were set aside" in notice for notice in split.notices)
    with pytest.raises(CorpusError, match=r"no tune that can be learned: .* \(2, as in test\)"):
        split_tunes(corpus(tunes[-1], tunes[-1], kind="tunes"), "common")
