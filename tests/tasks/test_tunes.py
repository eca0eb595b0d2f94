"""The task of tunes: the split and the facts of a book."""

import pytest

from seqgen.data.corpora import Corpus, Document
from seqgen.data.fingerprint import fingerprint
from seqgen.errors import CorpusError
from seqgen.music.normal.tokens import PATTERN, PITCHES
from seqgen.tasks.tunes import split_tunes, tune_fingerprint

TUNE = "R:none\nM:4/4\nK:{key}\n{notes}|]"


def corpus(*texts):
    return Corpus("test", "tunes", tuple(Document(text, "test") for text in texts), ("test",))


def tune(number, key="C"):
    pitches = "CDEFGABc"
    body = "".join(pitches[number >> 3 * k & 7] for k in range(8))
    return f"X:{number}\nT:Tune {number}\nR:reel\nM:4/4\nL:1/8\nK:{key}\n{body}|]\n"


def test_fingerprints_do_not_depend_on_the_key() -> None:
    one = TUNE.format(key="Cmaj", notes="CDEFGABc")
    assert tune_fingerprint(one) == tune_fingerprint(TUNE.format(key="Dmaj", notes="DEFGABcd"))
    assert tune_fingerprint(one) != tune_fingerprint(TUNE.format(key="Cmaj", notes="CDEFGABe"))
    assert tune_fingerprint("no tune") == fingerprint("no tune")


def test_the_split_does_not_depend_on_the_order():
    tunes = [tune(number) for number in range(1, 301)]
    split = split_tunes(corpus(*tunes), "common")
    reordered = split_tunes(corpus(*reversed(tunes)), "common")
    assert 15 <= len(list(split.validation)) <= 50
    assert set(split.validation) == set(reordered.validation)
    assert not set(split.training) & set(split.validation)
    assert len([*split.training, *split.validation]) == 300
    assert all("T:" not in form and "X:" not in form for form in map(str, split.training))


def test_titles_are_those_of_the_training_part():
    names = [
        f"{a} on the {b}" for a in ("Larks", "Hares", "Geese") for b in ("Hill", "Moor", "Lea")
    ]
    tunes = [tune(n).replace(f"T:Tune {n}", f"T:{name} Reel") for n, name in enumerate(names, 1)]
    split = split_tunes(corpus(*tunes, tune(10)), "common")
    held_out = len(list(split.validation))
    assert set(split.titles) <= {f"{name} *" for name in names}
    assert len(names) - held_out <= len(split.titles) <= len(names) + 1 - held_out


def test_duplicates_with_another_title_are_dropped():
    tunes = [tune(number) for number in range(1, 41)]
    twins = [t.replace("T:Tune", "T:The other") for t in tunes]
    split = split_tunes(corpus(*tunes, *twins), "common")
    assert len([*split.training, *split.validation]) == 40
    assert any("40 tunes" in notice for notice in split.notices)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_tunes_give_two_parts(count):
    split = split_tunes(corpus(*(tune(n) for n in range(1, count + 1))), "common")
    assert split.training
    assert split.validation


def test_a_book_of_few_tunes_says_what_to_do_instead():
    few = split_tunes(corpus(*(tune(n) for n in range(1, 31))), "common")
    assert "30 tunes are too few" in few.notices[0]
    assert "seqgen train test tunes" in few.notices[0]
    assert "1 tune is too few" in split_tunes(corpus(tune(1)), "common").notices[0]
    enough = split_tunes(corpus(*(tune(n) for n in range(1, 61))), "common")
    assert not any("too few" in notice for notice in enough.notices)


def test_variants_of_a_tune_are_in_the_same_part():
    beginning = "CDEF GABc|cBAG FEDC|"
    endings = ["C8|]", "C4 G4|]", "G,8|]"]
    head = "X:1\nM:4/4\nL:1/8\nK:C\n"
    tunes = [tune(number) for number in range(1, 60)]
    variants = [head + beginning + ending + "\n" for ending in endings]
    split = split_tunes(corpus(*tunes, *variants), "common")
    sides = [any("CDEFGABc|cBAGFEDC|" in str(text) for text in side)
             for side in (split.training, split.validation)]  # fmt: skip
    assert sorted(sides) == [False, True]


def test_the_split_has_the_facts_of_the_book():
    tunes = [tune(number, "D" if number % 3 else "Ador") for number in range(1, 31)]
    split = split_tunes(corpus(*tunes), "common")
    facts = split.facts
    # Tune 4 is tune 3 transposed by a second, and is left out.
    assert facts.tonics == {"maj": {"D": 19}, "dor": {"A": 10}}
    assert facts.meters == {"reel": ("4/4",)}
    assert facts.tunes == 29
    notes = [token for text in split.validation for token in PATTERN.findall(str(text))]
    assert facts.validation_notes == sum(token in PITCHES for token in notes) > 0
    assert all("K:C" in str(text) for text in split.training)


def test_rejected_tunes_are_counted():
    tunes = [*map(tune, range(1, 20)), "X:99\nM:4/4\nK:C\nABC|DE|]\n"]
    split = split_tunes(corpus(*tunes), "common")
    assert any("1 of 20 tunes" in notice for notice in split.notices)
    with pytest.raises(CorpusError, match="2, as in test"):
        split_tunes(corpus(tunes[-1], tunes[-1]), "common")
