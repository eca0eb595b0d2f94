"""The automata of accidentals and ties: which pitch tokens may follow.

One automaton knows the key and the letters that have had a sign since the last bar line. A
chromatic note always has a sign, every later note of its letter in the bar has one, and no other
note does, so that all programs read the same pitches. The other automaton knows the last pitch, and
whether it is tied.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqgen.music.core.key import LETTERS, SEMITONES, Key, parse_key
from seqgen.music.normal.tokens import ACCIDENTALS, BARS, NATURALS, PITCH_TOKENS, TIE

MASKS = 128  # sets of letters that have had a sign, as bits; bit 0 is C
NO_LETTER = 7


class AccidentalRules:
    """The tables of both automata, for a vocabulary of V tokens.

    A state of the first is ``key * MASKS + mask``: key 0 means no key yet, 1 the first of
    ``keys``. The next state is ``state & keep[id] | set[id]``, after a bar line also
    ``| carried[last]``: a tied note with a sign is the first one of the new bar, with its sign.
    A state of the second, ``last``, is 0, the id of the last pitch, or V + id if it is tied. The
    next state is ``last * stays[id] + adds[id]``.

    Attributes:
        signs: Tokens that the first allows, bool [(keys + 1) * MASKS, V].
        ties: Tokens that the second allows, bool [2 V, V].
        step, letter, alter: Those of each pitch token, int [V]; alter is 0 without a sign.
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
        """The transition tables as lists, in which single look-ups are faster."""
        arrays = self.keep, self.set, self.carried, self.bar, self.stays, self.adds
        return Lists(*(array.tolist() for array in arrays))

    def altered_by(self, key: Key) -> np.ndarray:
        """The alteration of each token's letter by the key signature, int [V]."""
        return np.array([*key.signature, 0])[self.letter]

    def degree(self, key: Key, degree: int) -> np.ndarray:
        """Whether each token is a degree of a key's scale, in any octave, bool [V].

        degree: from 1 for the tonic.
        """
        letter = (key.letter + degree - 1) % len(LETTERS)
        alter = np.where(self.signed, self.alter, self.altered_by(key))
        return self.pitch & (self.letter == letter) & (alter == key.signature[letter])

    def midi(self, key: Key) -> np.ndarray:
        """MIDI number of each pitch token in a key, int [V]."""
        alter = np.where(self.signed, self.alter, self.altered_by(key))
        return 12 * (self.step // len(LETTERS) + 1) + np.array(SEMITONES)[self.step % 7] + alter


class Lists(NamedTuple):
    """Arrays of `AccidentalRules`, as lists."""

    keep: list[int]
    set: list[int]
    carried: list[int]
    bar: list[int]
    stays: list[int]
    adds: list[int]
