"""Bars are filled exactly as the grammar of whole tunes allows."""

import numpy as np
import pytest

from seqgen.music.core.key import Pitch
from seqgen.music.grammar.bar_filling import BarFilling
from seqgen.music.grammar.grammar import Grammar
from seqgen.music.normal.codec import decode_tune
from seqgen.music.normal.outline import Final, final_of
from seqgen.music.normal.tokens import BODY, PATTERN

TOKENS = ("", "R:none\n", "M:6/8\n", "M:4/4\n", "K:Cmaj\n", "K:Cdor\n", *BODY)
IDS = {token: id for id, token in enumerate(TOKENS)}
C, E2 = 28, 44
HEADER = "R:none\nM:4/4\nK:Cdor\n"


def ids(text):
    return [IDS[token] for token in PATTERN.findall(text)]


def fill(filling, state, random):
    """Random tokens up to the bar line."""
    taken = []
    while True:
        id = int(random.choice(np.flatnonzero(filling.allowed(state))))
        taken.append(id)
        if id == state.line:
            return taken
        state = filling.step(state, id)


@pytest.mark.parametrize(
    ("before", "length", "line", "rest"),
    [
        ("C8|", 192, "|", "G8|]"),
        ("E2|C8|", 144, "|]", ""),
        ("|:E2|C8|", 144, ":|", ""),
        ("|:C8|", 192, "|1", "C8:|2C8|]"),
        ("|:C8|1", 192, ":|2", "C8|]"),
        ("B8-|", 192, "|", "G8|]"),
        ("A8-|", 192, "|", "G8|]"),
        ("B4=B4-|", 192, "|", "B8|]"),
        ("", 48, "|", "C8|C6|]"),
        ("", 48, "|:", "C8:|"),
    ],
)
def test_filled_bars_belong_to_tunes(before, length, line, rest):
    filling = BarFilling(TOKENS, C, E2)
    grammar = Grammar(TOKENS)
    random = np.random.default_rng(0)
    after = Pitch(32, 0) if rest[:1] == "G" else None
    for _ in range(60):
        context = filling.context(ids(HEADER + before))
        state = filling.begin(length, line, context, (after,) if after else ())
        taken = fill(filling, state, random)
        following = ids(rest)
        if taken[-2] == IDS["-"]:  # the tied note has the sign of the first
            following[0] = next(id for id in reversed(taken) if TOKENS[id].lstrip("_=^") == "G")
        grammar.follow([*ids(HEADER + before), *taken, *following, 0])


def test_notes_stay_in_the_range():
    filling = BarFilling(TOKENS, C + 1, C + 3)
    state = filling.begin(192, "|", filling.context(ids(HEADER + "D8|")), ())
    allowed = {TOKENS[id] for id in np.flatnonzero(filling.allowed(state))}
    assert allowed == {"D", "E", "F", "^D", "_D", "=E", "^E", "^F", "_F", "z", "(3"}


def test_a_tie_over_the_bar_line_needs_the_same_note_after_it():
    filling = BarFilling(TOKENS, C, E2)

    def may_tie(note, after, line="|"):
        state = filling.begin(192, line, filling.context(ids(HEADER)), after)
        for id in ids(f"{note}8"):
            state = filling.step(state, id)
        return bool(filling.allowed(state)[IDS["-"]])

    assert may_tie("B", (Pitch(34, -1),))
    assert not may_tie("=B", (Pitch(34, -1),))
    assert may_tie("=B", (Pitch(34, 0),))
    assert may_tie("B", None)
    assert not may_tie("B", ())
    assert not may_tie("B", None, line=":|")


def test_a_bar_ends_on_the_announced_note():
    filling = BarFilling(TOKENS, C, E2)
    random = np.random.default_rng(2)
    for final, length in ((Final(1, 2), 192), (Final(5, 4), 144), (Final(3, 1), 24)):
        state = filling.begin(length, ":|", filling.context(ids(HEADER)), (), final)
        for _ in range(40):
            text = "".join(TOKENS[id] for id in fill(filling, state, random)[:-1])
            tune = decode_tune(f"{HEADER}{text}|]")
            found = final_of(tune.bars, tune.key)
            assert found.degree == final.degree
            assert found.eighths >= final.eighths


def test_an_announced_note_without_room_is_not_required():
    filling = BarFilling(TOKENS, C, E2)
    state = filling.begin(48, ":|", filling.context(ids(HEADER)), (), Final(1, 4))
    assert state.final is None
    tied = filling.context(ids(HEADER + "D8-|"))
    assert filling.begin(192, ":|", tied, (), Final(1, 4)).final == Final(1, 4)
    fill(filling, filling.begin(192, ":|", tied, (), Final(1, 4)), np.random.default_rng(3))
    assert filling.begin(12, ":|", tied, (), Final(1, 1)).final is None


def test_every_allowed_token_leads_to_a_full_bar():
    filling = BarFilling(TOKENS, C, E2)
    random = np.random.default_rng(1)
    for length in (6, 12, 30, 54, 72, 144):
        state = filling.begin(length, ":|", filling.context(ids(HEADER)), ())
        for _ in range(20):
            taken = fill(filling, state, random)
            text = "".join(TOKENS[id] for id in taken[:-1])
            bar = decode_tune(f"{HEADER}{text}|]").bars[0]
            assert bar.length * 192 == length
