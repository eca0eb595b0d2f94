"""A normalized book has each tune once, under its rhythm; others are counted by reason."""

import re

import pytest

from seqgen.data.corpora.builtin import music21_corpora
from seqgen.data.corpora.document import Document
from seqgen.data.corpora.tunebook import split_tunes
from seqgen.errors import ConfigError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.key import Key
from seqgen.music.normal import codec, normalize
from seqgen.music.normal.known_lines import with_known_lines
from seqgen.music.normal.tokens import PATTERN
from seqgen.music.normal.tunebook import normalize_book
from seqgen.music.render.abc_writer import abc
from tests.music.normal import texts

JIG = "X:1\nT:One\nR:Double Jig\nM:6/8\nK:A dorian\nA|ABc def|gfe d2:|\n"
SAME = "X:2\nT:Two\nM:6/8\nK:Edor\nE|EFG ABc|dcB A2:|\n"
REEL = "X:3\nT:Three -- Reel\nM:C|\nK:D\nD2FA d2fd|e2c2A4|]\n"
SHORT = "X:4\nT:Four\nM:C|\nK:D\nD2FA d2fd|e2c2A2|D8|]\n"
BAD = "X:5\nT:Five\nM:C|\nK:D\nD2FA } d2fd|]\n"

# Step between the tunes that are read of each book, and the minimum and current fraction of them
# that have a normal form.
SHARES = {
    "oneills1850": (2, 0.806, 0.83),
    "ryansMammoth": (1, 0.753, 0.84),
    "airdsAirs": (2, 0.937, 0.945),
    "miscFolk": (1, 0.822, 0.855),
    "essenFolksong": (8, 0.823, 0.84),
}
SMALLEST = "miscFolk"


def documents(*tunes):
    return [Document(tune, f"b.abc:{tune[2]}") for tune in tunes]


def test_each_tune_is_kept_once_and_others_have_a_reason():
    book = normalize_book(documents(JIG, SHORT, SAME, REEL, BAD, SHORT))
    assert [tune.text for tune in book.tunes] == [
        "R:jig\nM:6/8\nO:?\nL:c\nH:b\nP:?\nK:Cdor\n|:c|cdefga|bagf2:|",
        "R:reel\nM:2/2\nO:?\nL:C\nH:e\nP:?\nK:Cmaj\nC2EGc2ec|d2B2G4|]",
    ]
    assert [tune.origin for tune in book.tunes] == ["b.abc:1", "b.abc:3"]
    assert [tune.key for tune in book.tunes] == [Key(5, 0, "dor"), Key(1)]
    assert book.duplicates == (("b.abc:2", "b.abc:1"),)
    assert book.rejected == {
        "bar that does not add up": ("b.abc:4, bar 2, of 6 eighths",) * 2,
        "unreadable music": ("b.abc:5, line 5, column 6",),
    }


def test_facts_count_everything():
    assert normalize_book(documents(JIG, SHORT, SAME, REEL, BAD, SHORT)).facts() == {
        "tunes": 6,
        "normal": 3,
        "duplicates": 1,
        "divided": 0,
        "kept": 2,
        "rejected": {
            "bar that does not add up": {"tunes": 2, "example": "b.abc:4, bar 2, of 6 eighths"},
            "unreadable music": {"tunes": 1, "example": "b.abc:5, line 5, column 6"},
        },
        "left_out": {},
        "keys": {"Ador": 1, "Dmaj": 1},
        "meters": {"6/8": 1, "2/2": 1},
        "rhythms": {"jig": 1, "reel": 1},
    }


def test_keys_can_stay_as_written():
    assert (
        normalize_book(documents(JIG), "none").tunes[0].text.endswith("K:Ador\n|:A|ABcdef|gfed2:|")
    )
    assert normalize_book(documents(JIG), "augment") == normalize_book(documents(JIG), "none")
    with pytest.raises(ConfigError, match="none, common, augment"):
        normalize_book([], "sideways")


@pytest.mark.parametrize(
    ("rhythm", "count", "expected"),
    [("Waltz", 1, "waltz"), ("SlipJigs", 1, "slip jig"), ("Halling", 4, ""),
     ("Halling", 5, "halling")],
)  # fmt: skip
def test_an_unknown_rhythm_needs_several_tunes(rhythm, count, expected):
    header = f"X:1\nR:{rhythm}\nM:C|\nK:C\n"
    book = normalize_book(
        Document(header + "CDEFGABc|" * n + "C8|]\n", str(n)) for n in range(1, count + 1)
    )
    assert {tune.rhythm for tune in book.tunes} == {expected}
    assert {tune.text.split("\n")[0] for tune in book.tunes} == {f"R:{expected or 'none'}"}


def test_an_outline_needs_several_tunes():
    header = "X:1\nM:C|\nK:C\n"
    tunes = [header + f"{note}8|C8:|D8|{note}8||\n" for note in "CDEFG"]
    other = header + "C8|D8|E8|]\n"
    book = normalize_book(documents(*tunes, other))
    headers = [texts.header(tune.text) for tune in book.tunes]
    expected = [
        f"R:none\nM:2/2\nO:C\nL:C\nH:{high}\nP:2*\nF:1,6\nP:2\nF:{final}\nK:Cmaj\n"
        for high, final in [("D", "1,6"), ("D", "?"), ("E", "?"), ("F", "?"), ("G", "?")]
    ]
    assert headers == [*expected, "R:none\nM:2/2\nO:C\nL:C\nH:E\nP:?\nK:Cmaj\n"]


def test_what_a_kept_tune_loses_is_counted_and_of_others_nothing_is():
    chords = REEL.replace("D2FA", "[DFA]2FA")
    book = normalize_book(documents(chords, chords, BAD))
    assert book.left_out.counts == {"lower chord note": 2}
    assert book.left_out.tunes == {"lower chord note": 1}
    assert book.facts()["left_out"] == {"lower chord note": {"count": 2, "tunes": 1}}


def test_a_tune_of_two_keys_becomes_two():
    both = JIG + "K:D\nG|GAB cde|dcB A2:|\n"
    book = normalize_book(documents(both, JIG))
    assert [str(tune.key) for tune in book.tunes] == ["Ador", "Dmaj"]
    facts = book.facts()
    assert (facts["tunes"], facts["normal"], facts["divided"], facts["kept"]) == (2, 2, 1, 2)
    assert book.duplicates == (("b.abc:1", "b.abc:1"),)


VOICES = """X:6
T:Two voices
M:4/4
L:1/8
K:C
V:1 name="Fiddle"
CDEF GABc|c8|]
V:2 clef=bass
C,D,E,F, G,A,B,C|C8|]
"""


def test_the_first_or_the_named_voice_is_used():
    def bodies(*tunes, voice=None):
        return [
            t.text.split("\n")[-1] for t in normalize_book(documents(*tunes), voice=voice).tunes
        ]

    assert bodies(VOICES) == bodies(VOICES, voice="1") == bodies(VOICES, voice="Fiddle")
    assert bodies(VOICES) == ["CDEFGABc|c8|]"]
    assert bodies(VOICES, voice="2") == ["C,D,E,F,G,A,B,C|C8|]"]
    assert normalize_book(documents(VOICES)).left_out.counts == {"voice": 1}


def test_a_tune_of_one_voice_is_used_whatever_its_name():
    other = VOICES.replace("V:2", "V:bass")
    book = normalize_book(documents(VOICES, JIG, other), voice="2")
    assert [tune.origin for tune in book.tunes] == ["b.abc:6", "b.abc:1"]
    assert {reason: len(where) for reason, where in book.rejected.items()} == {
        "voice not in the tune": 1
    }


def test_a_voice_that_no_tune_has_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"unknown voice 'Fidle'; did you mean Fiddle\?"):
        normalize_book(documents(VOICES, JIG), voice="Fidle")


NAMELESS = "T:Untitled\nM:C|\nK:D\n"


@pytest.mark.parametrize(
    ("file", "above", "rhythms"),
    [
        ("hornpipes-2.abc", "", ["hornpipe", "hornpipe"]),
        ("set_dances/a.abc", "", ["set dance", "set dance"]),
        ("jigs.abc", "% Reels\n\n", ["reel", "reel"]),
        ("book.abc", "Polkas\n======\n\n", ["polka", "polka"]),
        ("book.abc", "% Hornpipes\n\nX:9\nK:D\nD8|]\n% Marches\n", ["hornpipe", "march", "march"]),
        ("book.abc", "%%titlefont Reels\n% not a reel\n\n", ["", ""]),
        ("book.abc", "R:reel\n\n", ["reel", "reel"]),
        ("jigs.abc", "R:reel\n\n", ["reel", "reel"]),
        ("jigs.abc", "", ["", ""]),  # not in this meter
    ],
)
def test_a_rhythm_that_a_tune_lacks_comes_from_a_heading_or_the_file(file, above, rhythms):
    book = f"{above}X:1\n{NAMELESS}D2FA d2fd|]\n\nX:2\n{NAMELESS}A2FA d2ff|]\n"
    tunes = split_tunes(book.replace("X:9\n", f"X:9\n{NAMELESS}"), file)
    assert [tune.rhythm for tune in normalize_book(tunes).tunes] == rhythms


@pytest.mark.parametrize(
    ("header", "rhythm"),
    [
        ("R:REEL\nM:C|", "reel"),
        ("R:Irish Reel\nM:C|", "reel"),
        ("R:Jig\nM:9/8", "slip jig"),
        ("R:Jig\nM:2/4", "jig"),  # the straight jigs of American books
        ("T:Miss Hall's Reel\nM:6/8", ""),
    ],
)
def test_a_rhythm_has_its_common_name(header, rhythm):
    bar = {"C|": "D8", "9/8": "D9", "2/4": "D4", "6/8": "D6"}[header.rpartition("M:")[2]]
    book = normalize_book(documents(f"X:1\n{header}\nL:1/8\nK:D\n{bar}|{bar}|]\n"))
    assert [tune.rhythm for tune in book.tunes] == [rhythm]


def test_a_tune_takes_the_rhythm_of_its_duplicate():
    named = SAME.replace("T:Two\n", "T:Two\nR:jig\n")
    book = normalize_book(documents(SAME, named))
    assert [(tune.origin, tune.rhythm) for tune in book.tunes] == [("b.abc:2", "jig")]
    # Not in a meter that it contradicts.
    assert (
        normalize_book(documents(REEL, REEL.replace("-- Reel", "Waltz"))).tunes[0].rhythm == "reel"
    )


def test_a_part_after_a_change_of_meter_has_no_rhythm_that_contradicts_it():
    book = normalize_book(documents(f"{REEL.rstrip()}\nM:6/8\nD6|F6|A6|]\n"))
    assert [(str(tune.meter), tune.rhythm) for tune in book.tunes] == [("2/2", "reel"), ("6/8", "")]


def test_the_rhythm_of_a_tune_goes_before_that_of_its_file():
    assert [
        t.rhythm for t in normalize_book(split_tunes(f"{JIG}\n{REEL}", "polkas.abc")).tunes
    ] == [
        "jig",
        "reel",
    ]


@pytest.fixture(
    scope="module",
    params=[
        name if name == SMALLEST else pytest.param(name, marks=pytest.mark.slow) for name in SHARES
    ],
)
def kept(request):
    """The name of a book, its normal form, and its number of tunes."""
    step, *_ = SHARES[request.param]
    texts = [
        tune
        for path in sorted((music21_corpora() / request.param).glob("*.abc"))
        for tune in split_tunes(path.read_text(encoding="utf-8"), path.name)
    ][::step]
    return request.param, normalize_book(texts), len(texts)


def test_at_least_this_share_of_each_book_is_kept(kept):
    name, book, count = kept
    facts = book.facts()
    assert (
        facts["tunes"]
        == count
        == facts["normal"] + sum(reason["tunes"] for reason in facts["rejected"].values())
    )
    _, study, now = SHARES[name]
    assert facts["normal"] / count >= max(study, now)
    assert len(facts["rejected"]) < 20  # reasons are few, so that they can be counted


def test_every_kept_tune_survives_a_round_trip(kept):
    known = {token for tune in kept[1].tunes for token in PATTERN.findall(tune.text)}
    for normalized in kept[1].tunes[::5]:
        tune = codec.decode_tune(normalized.text)
        assert normalize.normalize(tune) == tune
        whole = codec.encode_tune(tune).replace("O:C\n", f"O:{normalized.key.tonic}\n")
        text = re.sub("O:(.*?)[,']*\n", "O:\\1\n", normalized.text)
        assert text == with_known_lines(whole, known)
        there = codec.transpose_tune(tune, normalized.key)
        parsed = parse_tune(abc(there))
        assert parsed.bars == there.bars
        assert normalize.identity(normalize.normalize(parsed)) == normalize.identity(tune)
        assert normalize.signature(there) == normalize.signature(tune)


def test_no_tune_comes_twice(kept):
    identities = [normalize.identity(codec.decode_tune(tune.text)) for tune in kept[1].tunes]
    assert len(set(identities)) == len(identities)
