"""Transposition of single tokens.

A pitch without a sign moves by letters; one with a sign keeps its difference to the signature. The
result is the same as the tokens of the transposed tune.
"""

from collections.abc import Collection, Iterator
from functools import cache
from typing import NamedTuple

from seqgen.music.core.accidentals import SIGNS
from seqgen.music.core.key import LETTERS, Key, parse_key, transposition_between
from seqgen.music.normal.codec import NAMES, OCTAVE_SHIFTS
from seqgen.music.normal.outline import HIGHEST, LOWEST
from seqgen.music.normal.tokens import ACCIDENTALS, NATURALS, PATTERN, PITCH_TOKENS, PITCHES

# Sharps or flats of the target keys; of O'Neill's 1591 tunes two have more.
MAX_SIGNS = 4


class Move(NamedTuple):
    """A transposition between keys of the same mode. letters: distance upwards."""

    own: Key
    key: Key
    letters: int


@cache
def usual(mode: str) -> tuple[Key, ...]:
    """The keys of a mode with at most `MAX_SIGNS` sharps or flats."""
    keys = (Key(letter, alter, mode) for letter in range(len(LETTERS)) for alter in (-1, 0, 1))
    return tuple(key for key in keys if abs(key.sharps) <= MAX_SIGNS)


@cache
def token_map(move: Move) -> dict[str, str]:
    """The token after a move for each pitch that can be written, and for lines of the header.

    These are those of the key and of the range.
    """
    moved = {key_line(move.own): key_line(move.key)}
    for name, step in NATURALS.items():
        if there := NAMES.get(step + move.letters):
            moved |= {f"{letter}:{name}\n": f"{letter}:{there}\n" for letter in (LOWEST, HIGHEST)}
    for token in PITCHES:
        if there := _move_pitch(token, move):
            moved[token] = there
    return moved


def _move_pitch(token: str, move: Move) -> str | None:
    """A pitch after a move; None beyond the range or with a double sign."""
    sign = token[0] if token[0] in ACCIDENTALS else ""
    before = NATURALS[token.removeprefix(sign)]
    name = NAMES.get(before + move.letters)
    if not name or not sign:
        return name
    added = ACCIDENTALS[sign] - move.own.signature[before % 7]
    alter = move.key.signature[(before + move.letters) % 7] + added
    return SIGNS[alter] + name if abs(alter) <= 1 else None


def moves(tokens: Collection[str]) -> Iterator[Move]:
    """The moves of a tune to its own key and to each usual one in which it can be written.

    A move takes the shortest distance, or an octave from it if the range requires that. There is no
    move if no token is the line of a key.
    """
    own = next(filter(None, map(parse_key_line, tokens)), None)
    if own is None:
        return
    pitches = PITCH_TOKENS.intersection(tokens)
    for key in dict.fromkeys([own, *usual(own.mode)]):
        way = transposition_between(own, key)[0]
        for letters in OCTAVE_SHIFTS:
            move = Move(own, key, way + letters)
            if token_map(move).keys() >= pitches:
                yield move
                break


def transposed_lines(text: str) -> set[str]:
    """The lines of the header that a tune has in its own key and in all to which it can move."""
    tokens = set(PATTERN.findall(text))
    tables = [token_map(move) for move in moves(tokens)]
    lines = [token for token in tokens if token[:2] in ("K:", f"{LOWEST}:", f"{HIGHEST}:")]
    return {table[line] for table in tables for line in lines if line in table}


def key_line(key: Key) -> str:
    """The token of a key."""
    return f"K:{key}\n"


def parse_key_line(token: str) -> Key | None:
    """The key of a token; None if it is of another kind."""
    return parse_key(token[2:]) if token.startswith("K:") else None
