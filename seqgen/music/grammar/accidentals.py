"""Which pitches may come: signs that stay in force in a bar, and ties.

Two small automata beside that of the bar. One knows the key and the letters that have had a sign
since the last bar line; a chromatic note always carries its sign, every later note of its letter
does, and no other note does (so all programs read the same pitches). The other knows the last
pitch, and whether it is tied.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqgen.music.core.key import Key, parse_key
from seqgen.music.normal.tokens import ACCIDENTALS, BARS, NATURALS, PITCHES, TIE

MASKS = 128  # sets of letters that have had a sign: bit 0 for C
NO_LETTER = 7


class AccidentalRules:
    """The tables of both automata, for a vocabulary of V tokens.

    The first has the state ``key * MASKS + mask``: key 0 stands for none yet, 1 for the first of
    ``keys``. It becomes ``state & keep[id] | set[id]``, and behind a bar line ``| carried[last]``
    besides: a tied note with a sign is the new bar's first, with its sign.
    The second has the state ``last``: 0, the id of the last pitch, or V + id if it is tied. It
    becomes ``last * stays[id] + adds[id]``.

    signs: pitches that the first allows, bool [(keys + 1) * MASKS, V]; ties: that the second
        allows, bool [2 V, V]; both are true for other tokens.
    step, letter, alter: of each token that is a pitch; alter as a sign says, 0 without one.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        size = len(tokens)
        self.keys: dict[int, Key] = {}
        for id, token in enumerate(tokens):
            key = parse_key(token[2:]) if token.startswith("K:") else None
            if key:
                self.keys[id] = key
        self.key_number = {id: number for number, id in enumerate(self.keys, start=1)}

        self.pitch = np.array([token in PITCH_TOKENS for token in tokens])
        self.signed = self.pitch & [token[:1] in ACCIDENTALS for token in tokens]
        self.step = np.array([NATURALS.get(token.lstrip("_=^"), 0) for token in tokens])
        self.letter = np.where(self.pitch, self.step % 7, NO_LETTER)
        self.alter = np.array([ACCIDENTALS.get(token[:1], 0) for token in tokens])

        bars = np.isin(np.array(tokens), BARS)
        bit = np.where(self.signed, 1 << self.letter, 0)
        self.keep = np.where(bars, ~(MASKS - 1), -1)
        self.set = bit.copy()
        for id, number in self.key_number.items():
            self.keep[id], self.set[id] = 0, number * MASKS
        self.carried = np.concatenate([np.zeros(size, int), bit])
        self.bar = np.where(bars, -1, 0)

        self.stays = np.where(self.pitch, 0, 1)
        self.adds = np.where(self.pitch, np.arange(size), 0)
        self.adds[[id for id, token in enumerate(tokens) if token == TIE]] = size

        self.ties = np.ones((2 * size, size), bool)
        self.ties[size:, self.pitch] = np.eye(size, dtype=bool)[:, self.pitch]
        signs = np.ones((len(self.keys) + 1, MASKS, size), bool)
        bits = np.arange(MASKS)[:, None] >> np.arange(NO_LETTER + 1) & 1 == 1
        altered = bits[:, self.letter]
        for id, number in self.key_number.items():
            redundant = self.signed & (self.alter == self.altered_by(self.keys[id]))
            signs[number] = np.where(altered, self.signed | ~self.pitch, ~redundant)
        self.signs = signs.reshape(-1, size)

    def lists(self) -> "Lists":
        """The rules of both states as lists, which are quicker to look up one by one."""
        arrays = self.keep, self.set, self.carried, self.bar, self.stays, self.adds
        return Lists(*(array.tolist() for array in arrays))

    def altered_by(self, key: Key) -> np.ndarray:
        """What the key's signature makes of each token's letter, int [V]."""
        return np.array([*key.signature, 0])[self.letter]

    def tonics(self, key: Key) -> np.ndarray:
        """Which tokens are the key's tonic, in any octave, bool [V]."""
        alter = np.where(self.signed, self.alter, self.altered_by(key))
        return (self.letter == key.letter) & (alter == key.alter)


class Lists(NamedTuple):
    """Arrays of `AccidentalRules`, as lists."""

    keep: list[int]
    set: list[int]
    carried: list[int]
    bar: list[int]
    stays: list[int]
    adds: list[int]


PITCH_TOKENS = frozenset(PITCHES)
