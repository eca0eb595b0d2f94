"""Prompts are split into header and music, and words are rejected."""

from collections import Counter

import pytest

from seqgen.errors import TuneError
from seqgen.music.normal.prompt import Prompt, PromptHeader, parse_prompt


@pytest.mark.parametrize(
    ("prompt", "fields", "music"),
    [
        ("X:1\nM: 6/8 % jig\nK:D\nABc|\nw:la\nde|", {"M": "6/8", "K": "D"}, "ABc|\nw:la\nde|"),
        ("A:|", {}, "A:|"),
        ("[M:6/8][K:D] ABc|[K:G]def|", {"M": "6/8", "K": "D"}, "ABc|[K:G]def|"),
        ("K:D", {"K": "D"}, ""),
        ("\n\nABc\n", {}, "ABc"),
        ("%abc-2.1\n\nX:1\n% mine\nK:D\n% here\nABc", {"K": "D"}, "ABc"),
        ("", {}, ""),
    ],
)  # fmt: skip
def test_a_prompt_is_split_into_fields_and_music(prompt, fields, music):
    assert parse_prompt(prompt) == Prompt(fields, music, Counter())


def test_what_a_person_wrote_above_the_music_is_kept():
    prompt = (
        "X:7\nT:Bourr\\'ee % mine\nC:Me\nT:Two\nM:6/8\nN:one\n+:two\nZ:\nQ:1/4=90\nK:D\n"
        "ABc|\nW:la\n"
    )
    parsed = parse_prompt(prompt)
    lines = ("C:Me", "T:Two", "N:one two", "Q:1/4=90", "W:la")
    assert parsed.header == PromptHeader(7, "Bourrée", lines)
    assert parsed.music == "ABc|"
    assert not parsed.left_out
    assert parse_prompt("X:?\nK:D\nABc").header == PromptHeader()
    assert parse_prompt("[T:One][K:D] ABc").header.title == "One"


@pytest.mark.parametrize(
    ("header", "tempo"),
    [("L:1/4\nQ:100", "Q:1/4=100"), ("Q:100", "Q:100"), ("L:1/4\nQ:1/8=100", "Q:1/8=100")],
)
def test_a_tempo_in_units_of_the_prompt_keeps_its_meaning(header, tempo):
    assert parse_prompt(f"{header}\nK:D\nABc").header.lines == (tempo,)


def test_what_is_not_used_is_counted_by_kind():
    prompt = "X:7\nT:One\nP:AABB\nw:la\nE:1\n+:2\nK:D\nABc|\n\nABc|\n\n% end\n"
    assert parse_prompt(prompt).left_out == {
        "part label": 1,
        "line of lyrics": 1,
        "other field": 2,
        "line after the end of the tune": 2,
    }


@pytest.mark.parametrize(
    ("prompt", "place"),
    [
        ("hello world", "line 1, column 1"),
        ("Once upon a time", "line 1, column 6"),
        ("K:D\nABc|def|\nA play by me", "line 2, column 3"),
        ("ABc def this", "line 1, column 9"),
        ("caf\xe9", "line 1, column 1"),
        ("быть", "line 1, column 1"),
        ("A I", "line 1, column 3"),
    ],
)
def test_words_are_no_music(prompt, place):
    with pytest.raises(TuneError, match="is no music") as caught:
        parse_prompt(prompt)
    assert caught.value.where == place


@pytest.mark.parametrize(
    "music",
    [
        "ABc def|gfe dcB|",
        'uA vB ~c .d (3Tefg|H[ac]2 S|:M"Am"A!trill!B +fermata+ c y2 z2 Z|',
        '"slowly, with feeling"A {gf}e Te2 L=f P_B u.v^A|',
        "[K:D]ABc[M:6/8]def % a comment of words\n",
        "ABc\nw:hello world\nT:Part two\ndef|",
        "kA",
        "U:k=!trill!\nK:D\nkAlBmc",
    ],
)
def test_music_is_not_taken_for_words(music):
    parse_prompt(music)


def test_settings_of_the_parser_are_kept():
    prompt = "%%propagate-accidentals not\nI:linebreak $\nU:k=!trill!\nV:1 clef=bass\nK:D\nkA"
    assert parse_prompt(prompt).settings == (
        "I:propagate-accidentals not",
        "I:linebreak $",
        "U:k=!trill!",
        "V:1 clef=bass",
    )
