"""Bars come in the order in which musicians play them."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.play_order import MAX_BARS, bar_order
from seqgen.music.core.tune import Bar

ONE = parse_tune("M:1/4\nL:1/4\nK:C\nA|").bars[0].notes


TOKEN = re.compile(
    r"(?P<line>:\|:|\|:|:\||\|\||\|\]|\|)(?P<ending>[\d,-]*)(?:\*(?P<times>\d+))?"
    r"|(?:(?P<part>[A-Z])=)?(?P<note>[a-z])(?:\{(?P<marks>[^}]*)\})?"
)


def bars(text: str) -> tuple[Bar, ...]:
    """Bars of one note each; the letters do not matter.

    ``"|: a | b |1 c :|2 d ||"``; ``:|*3`` ends what is played three times, ``A=a`` begins part A,
    and ``a{D.C.}`` has a mark.
    """
    result: list[Bar] = []
    left = ending = ""
    for token in TOKEN.finditer(text):
        line = token["line"]
        if not line:
            marks = tuple((token["marks"] or "").split())
            result.append(Bar(ONE, left, "", ending, part=token["part"] or "", marks=marks))
            left = ""
            continue
        if result and not result[-1].right:
            right = ":|" if line == ":|:" else "|" if line == "|:" else line
            result[-1] = replace(result[-1], right=right, times=int(token["times"] or 2))
        left = "|:" if line in (":|:", "|:") else ""
        ending = token["ending"] or (ending if line == "|" else "")
    return tuple(result)


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("a | b |]", "ab"),
        ("|: a | b :|", "abab"),
        ("a | b :| c | d :|", "ababcdcd"),
        ("|: a | b :|: c :| d |]", "ababccd"),
        ("a || b :|", "abb"),
        ("|: a || b :|", "abab"),
        ("a | b |: c :|", "abcc"),
        ("|: a | b |1 c :|2 d || e :|", "abcabdee"),
        ("|: a |1 b | c :|2 d | e |: f :|", "abcadeff"),
        ("|: a |1,3 b :|2 c :| d |]", "abacabd"),
        ("|: a |1-2 b :|3 c |]", "ababac"),
        ("|: a |1 b :| c |]", "abac"),
        ("a |2 b :| c |]", "ababc"),
        ("|: a |1 b |2 c |: d :|", "abacdd"),
        ("|: a |1,2 b :|3 c :|4 d |]", "ababacad"),
        ("|: a |1-3 b :|4 c :|", "abababac"),
        ("|: a | b :|*3 c |]", "abababc"),
        ("|: a :|*4: b :|", "aaaabb"),
    ],
)
def test_bars_come_in_the_order_of_playing(written: str, heard: str) -> None:
    assert played(written) == heard


@pytest.mark.parametrize(
    ("written", "order", "heard"),
    [
        ("A=a | b || B=c | d |]", "AABA", "ababcdab"),
        ("A=a || B=b || C=c |]", "CAB", "cab"),
        ("x || A=a || B=b |]", "BA", "xba"),
        ("A=a || B=b |]", "AXA", "aa"),
        ("A=a || B=b |]", "X", "ab"),
        ("A=a || B=b |]", "", "ab"),
        ("|: A=a :|: B=b |1 c :|2 d |]", "ABA", "aabcbdaa"),
        ("A=a | b :| B=c :|", "BAB", "ccababcc"),
        ("A=a |1 b :|2 c || B=d |]", "ABA", "abacdabac"),
        ("A=a || A=b || B=c |]", "ABA", "aca"),
    ],
)
def test_parts_are_played_in_their_order(written: str, order: str, heard: str) -> None:
    assert played(written, order) == heard


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("a | b{D.C.} |]", "abab"),
        ("a | b{fine} | c | d{D.C.} |]", "abcdab"),
        ("a | b{fine} | c | d{D.C.alfine} |]", "abcdab"),
        ("a | b{fine} |]", "ab"),
        ("|: a | b{fine} :|: c | d{D.C.} :|", "ababcdcdab"),
        ("|: a |1 b :|2 c{fine} || d | e{D.C.} |]", "abacdeac"),
        ("a | b{segno} | c | d{D.S.} |]", "abcdbcd"),
        ("a | b{segno} | c{fine} | d{D.S.alfine} |]", "abcdbc"),
        ("a | b{D.S.} |]", "abab"),
        ("a | b{dacoda} | c{D.C.alcoda} | d{coda} | e |]", "abcabde"),
        ("a{segno} | b{dacoda} | c{D.S.alcoda} | d{coda} | e |]", "abcabde"),
        ("a | b{coda} | c{D.C.} | d{coda} | e |]", "abcade"),
        ("a | b{dacoda} | c{D.C.} |: d{coda} | e :|", "abcabdede"),
        ("a | b{D.C.} | c |]", "ababc"),
        ("|: a{D.C.} | b :|", "abaab"),
        ("|: a | b{D.C.} :| c |]", "abababc"),
    ],
)
def test_jumps_are_followed_once_without_repeats(written: str, heard: str) -> None:
    assert played(written) == heard


def test_an_endless_order_is_cut_off() -> None:
    assert len(bar_order(bars("|: a |1-99 b :|" * 99))) <= MAX_BARS + 1
    assert len(bar_order(bars("A=a | b |]"), "A" * 99_999)) <= MAX_BARS + 2


def played(written: str, order: str = "") -> str:
    letters = [token["note"] for token in TOKEN.finditer(written) if token["note"]]
    return "".join(letters[i] for i in bar_order(bars(written), order))


MARKED = st.builds(
    Bar,
    notes=st.just(ONE),
    left=st.sampled_from(["", "", "|:"]),
    right=st.sampled_from(["|", "|", "|", ":|", "||", "|]", ""]),
    ending=st.sampled_from(["", "", "1", "2", "1,3", "2-4", "x"]),
    times=st.sampled_from([2, 2, 2, 3]),
)
SIGNED = st.builds(
    replace,
    MARKED,
    part=st.sampled_from(["", "", "A", "B"]),
    marks=st.lists(
        st.sampled_from(["D.C.", "D.S.alcoda", "fine", "segno", "coda", "dacoda"]), max_size=2
    ).map(tuple),
)


@given(st.lists(SIGNED, max_size=12), st.text("ABC", max_size=5))
def test_playing_ends_for_any_signs(written: list[Bar], order: str) -> None:
    assert set(bar_order(written, order)) <= set(range(len(written)))


@given(st.lists(MARKED, max_size=12))
def test_playing_ends_for_any_marks(written: list[Bar]) -> None:
    order = bar_order(written)
    assert set(order) <= set(range(len(written)))
    assert len(order) <= 5 * len(written) ** 2
    for before, after in pairwise(order):
        # It goes back only behind the end of a repeat or of an ending.
        assert after > before or written[before].right == ":|" or written[before].ending
    if not any(bar.ending for bar in written):
        assert set(order) == set(range(len(written)))
