"""Tune books are split into verbatim tunes at X: lines and empty lines."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.data.corpora.tunebook import (
    broken_tunes,
    looks_like_tunes,
    music_outside_tunes,
    split_tunes,
)

EXCERPTS = Path(__file__).parents[2] / "excerpts" / "abc"
REEL = "X:1\nT:A Reel\nM:C|\nL:1/8\n% comment\nK:G\nGABc dedB|dedB dedB|\nw:la la\n"
JIG = "X: 2\nT:A Jig\nM:6/8\nK:D\nA3 AFA|:def d2A:|\n"


def tunes(book):
    return [tune.text for tune in split_tunes(book, "b.abc")]


def test_tunes_are_verbatim_with_file_and_number():
    split = split_tunes(f"\n\n{REEL}\n\n{JIG}", "b.abc")
    assert [(tune.text, tune.origin) for tune in split] == [(REEL, "b.abc:1"), (JIG, "b.abc:2")]


def test_tunes_need_no_empty_lines_or_final_newline():
    assert tunes(REEL + JIG.rstrip("\n")) == [REEL, JIG]


def test_free_text_after_an_empty_line_is_left_out():
    assert tunes(f"A book\nof tunes\n\n{REEL}\nA note | on it\n \n{JIG}\n%end\n") == [REEL, JIG]
    assert tunes(f"{REEL} \t\nfree text\n") == [REEL]


def test_empty_lines_before_the_music_do_not_end_a_tune():
    book = (EXCERPTS / "blank_after_head.abc").read_text()
    split = split_tunes(book, "b.abc")
    assert [tune.origin for tune in split] == ["b.abc:1", "b.abc:2"]
    assert all(str(tune.text).endswith("|]\n") for tune in split)
    assert tunes("X:1\n\nT:One\n \nM:C\n\nK:G\n\nV:1\nGABc|\n\nfree | text\n") == [
        "X:1\n\nT:One\n \nM:C\n\nK:G\n\nV:1\nGABc|\n"
    ]
    assert tunes("X:1\nK:G\n\nOnce | upon a time\n") == ["X:1\nK:G\n"]
    assert tunes(f"X:1\nK:G\n\n{JIG}") == ["X:1\nK:G\n", JIG]


def test_music_outside_a_tune_is_counted():
    assert music_outside_tunes(f"{REEL}\nGABc dedB|ABcd e4|\n\nA note | on it\n\n{JIG}") == 1
    assert music_outside_tunes(f"GABc|\n\n{REEL}\n{JIG}\n|:c2d:|\nAB|\n") == 3
    assert music_outside_tunes(f"A book\n\n{REEL}\n{JIG}") == 0


PAGE = "<!DOCTYPE html>\n<html><head><title>T</title></head><body>\n%s\n</body></html>\n"


@pytest.mark.parametrize(
    "page",
    [
        PAGE % f"<p>A tune:</p><pre class='abc'>\n{REEL}</pre><p>X: end</p>",
        PAGE % REEL.replace("\n", "<br>\n"),
        PAGE % REEL.replace("\n", "<br/>"),
        PAGE % f"<textarea>{REEL}</textarea>",
    ],
)
def test_html_is_left_out(page):
    assert [tune.strip() for tune in tunes(page)] == [REEL.strip()]


def test_html_is_distinguished_from_broken_rhythm():
    sharp = "X:1\nT:a & b\nK:C\nA<b>c d<e>f | <(a b>) |\n"
    assert tunes(sharp) == [sharp]
    escaped = "X:1\nT:a &amp; b\nK:C\nA&lt;b&gt;c <b>d</b>|\n"
    assert tunes(escaped) == ["X:1\nT:a & b\nK:C\nA<b>c d|\n"]
    raw = "<pre>\nX:1\nT:<i>a</i> &eacute;\nK:C\nA<b>c|\n</pre>\n"
    assert tunes(raw) == ["X:1\nT:a é\nK:C\nA<b>c|\n"]


def test_fields_before_the_first_tune_are_defaults():
    book = f"%abc-2.1\nM:3/4\nL:1/16\nZ:me\n\n{REEL}\n{JIG}"
    assert tunes(book) == [REEL, JIG.replace("X: 2\n", "X: 2\nL:1/16\n")]


def test_fields_in_the_body_are_not_headers():
    body = "X:1\nK:D\nABc|\nL:1/4\nABc|\n"
    assert tunes("L:1/16\n\n" + body) == ["X:1\nL:1/16\nK:D\nABc|\nL:1/4\nABc|\n"]


def test_tunes_without_a_key_are_left_out_and_counted():
    book = f"X:9\nT:only a title\n\n{REEL}"
    assert tunes(book) == [REEL]
    assert broken_tunes(book) == 1


def test_books_are_distinguished_from_text_that_quotes_a_tune():
    assert looks_like_tunes("A foreword.\n\n" + REEL)
    assert not looks_like_tunes("Word upon word. " * 50 + "\n\n" + REEL)
    assert not looks_like_tunes("X: the unknown\nK, we said: nothing\n")
    assert not looks_like_tunes("")


@given(st.lists(st.sampled_from([REEL, JIG]), min_size=1, max_size=20), st.sampled_from(["", "\n"]))
def test_joined_tunes_split_into_the_same(parts, between):
    assert tunes(between.join(parts)) == parts


def test_lines_above_a_tune_are_its_headings():
    book = f"%abc-2.1\nTunes of ours\n%%staffwidth 18cm\n% Reels\n\n{REEL}% Jigs\n{JIG}"
    assert [tune.headings for tune in split_tunes(book, "b.abc")] == [
        ("abc-2.1", "Tunes of ours", "Reels"),
        ("Jigs",),
    ]
    assert {tune.file for tune in split_tunes(book, "b.abc")} == {"b.abc"}


def test_prose_is_not_a_heading():
    assert (
        split_tunes("A line of prose is longer than a heading is.\n\n" + REEL, "")[0].headings == ()
    )
