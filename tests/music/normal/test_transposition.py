"""Tokens moved to another key are those of the tune's text in that key."""

from hypothesis import given
from hypothesis import strategies as st

from seqgen.errors import TuneError
from seqgen.music.core.key import Key
from seqgen.music.normal.codec import decode_tune, encode_tune, move_tune
from seqgen.music.normal.tokens import PATTERN, PITCHES
from seqgen.music.normal.transposition import (
    MAX_SIGNS,
    _move_pitch,
    key_line,
    moves,
    parse_key_line,
    token_map,
    transposed_lines,
    usual,
)

REEL = "R:reel\nM:4/4\nL:G\nH:c'\nP:3*\nF:3,6\nK:Ador\n|:A^GAcB_B=Bd|e3-e(3fge^dz2:|c'8|]"


def test_usual_keys_have_few_signs_and_one_name() -> None:
    for mode in ("maj", "min", "dor", "mix", "phr", "lyd"):
        signs = [key.sharps for key in usual(mode)]
        assert sorted(signs) == list(range(-MAX_SIGNS, MAX_SIGNS + 1))


@given(
    body=st.lists(st.sampled_from(PITCHES), min_size=1, max_size=5),
    own=st.sampled_from([key for mode in ("maj", "min", "dor", "mix") for key in usual(mode)]),
)
def test_a_tune_moved_token_by_token_is_its_text_in_the_other_key(
    body: list[str], own: Key
) -> None:
    # One note a bar, so that a sign holds for nothing else; then as the normal form signs them.
    source = encode_tune(decode_tune(f"R:none\nM:1/8\nK:{own}\n" + "|".join(body) + "|]"), None)
    tokens = PATTERN.findall(source)
    moved = {
        move.key: "".join(token_map(move).get(token, token) for token in tokens)
        for move in moves(tokens)
    }
    assert moved[own] == source
    for key in usual(own.mode):
        try:
            expected = encode_tune(move_tune(decode_tune(source), key)[0], None)
        except TuneError:
            assert key not in moved
        else:
            assert moved[key] == expected
    lines = {line for text in moved.values() for line in PATTERN.findall(text) if line[0] in "LHK"}
    assert transposed_lines(source) == lines
    # Their notes, unlike those of other texts, are within the range.
    plain = "".join(token for token in tokens if token[:2] not in ("L:", "H:"))
    assert transposed_lines(plain) == {f"K:{key}\n" for key in moved}


def test_signs_keep_what_they_add() -> None:
    tokens = PATTERN.findall(REEL)
    move = next(move for move in moves(tokens) if str(move.key) == "Gdor")
    there = "".join(token_map(move).get(token, token) for token in tokens)
    assert (
        there == "R:reel\nM:4/4\nL:F\nH:b\nP:3*\nF:3,6\nK:Gdor\n|:G^FGBA_A=Ac|d3-d(3efd^cz2:|b8|]"
    )


def test_what_cannot_be_written_is_missing() -> None:
    assert not list(moves(["|", "A"]))  # of no key
    highest = {str(move.key) for move in moves(["K:Cmaj\n", "C,", "e'"])}
    assert highest == {"Cmaj"}  # the whole range: there is no room to move
    sharp = next(move for move in moves(["K:Cmaj\n", "^f"]) if str(move.key) == "Emaj")
    assert "^f" in token_map(sharp)
    assert _move_pitch("^B", sharp) is None  # D sharp sharp


def test_lines_of_keys() -> None:
    assert parse_key_line(key_line(Key(5, 0, "dor"))) == Key(5, 0, "dor")
    assert parse_key_line("M:6/8\n") is None
