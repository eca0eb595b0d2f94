"""Token classes: the tokens of a vocabulary as the grammar distinguishes them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqgen.errors import ConfigError
from seqgen.music.core.key import LETTERS, SEMITONES, Key
from seqgen.music.grammar.accidentals import AccidentalRules
from seqgen.music.grammar.bar_automaton import (
    CLASS_IDS,
    COPY,
    END,
    FINAL_NOTE,
    FORBIDDEN,
    HEADER,
    OTHER_NOTE,
)
from seqgen.music.normal.known_lines import is_header
from seqgen.music.normal.tokens import BODY, COPIES

MAX_APPROACH = 4  # letters: a fifth
_ANY = 1000


class Frame(NamedTuple):
    """Which notes a tune may have.

    Attributes:
        key: The key it is written in.
        low, high: Lowest and highest letter, as steps of `seqgen.music.core.key.Pitch`.
        lowest, highest: MIDI numbers.
        degrees: Scale degree of the final note of each section, from 1; 0 for any note.
        tonic: Whether the last note must be the tonic, also without ``degrees``.
    """

    key: Key
    low: int = 0
    high: int = _ANY
    lowest: int = -_ANY
    highest: int = _ANY
    degrees: tuple[int, ...] = ()
    tonic: bool = False

    def degree(self, sections: int | None) -> int:
        """The degree of the next final note. sections: those to go; None without a plan."""
        if sections is None:
            return int(self.tonic)
        return self.degrees[-sections] if sections else 0


class ClassRow(NamedTuple):
    """The classes of all tokens where a certain note may follow.

    Attributes:
        classes: Numbers of `TOKEN_CLASSES`, int [V].
        far: For each last pitch (0 for none, else its id), the notes to end on that are too far
            from it, bool [V, V]; None if there is no limit.
    """

    classes: np.ndarray
    far: np.ndarray | None


class TokenClasses:
    """The classes of the tokens of a vocabulary."""

    def __init__(
        self, tokens: Sequence[str], accidentals: AccidentalRules, *, no_accidentals: bool = False
    ) -> None:
        """Classify all but the pitches; those with signs may be excluded.

        Raises:
            ConfigError: If a token of the normal form is missing.
        """
        missing = [token for token in BODY if token not in set(tokens)]
        if missing:
            raise ConfigError(
                "the vocabulary is not that of tunes in normal form: it lacks " + " ".join(missing)
            )
        known = {token: CLASS_IDS[token] for token in BODY if token in CLASS_IDS}
        self._base_V = np.array([known.get(t, CLASS_IDS[FORBIDDEN]) for t in tokens])
        self._base_V[[is_header(token) for token in tokens]] = CLASS_IDS[HEADER]
        self._base_V[[token in COPIES for token in tokens]] = CLASS_IDS[COPY]
        self._base_V[0] = CLASS_IDS[END]
        self._accidentals = accidentals
        self._pitch_V = accidentals.pitch & (accidentals.signed == 0 if no_accidentals else True)
        self.header = ClassRow(np.where(self._pitch_V, CLASS_IDS[FINAL_NOTE], self._base_V), None)
        self._rows: dict[tuple[Frame, int, bool], ClassRow] = {}

    def row(self, frame: Frame, sections: int | None) -> ClassRow:
        """The classes for the next note. sections: those to go; None without a plan."""
        degree = frame.degree(sections)
        near = frame.tonic and sections in (None, 1)
        key = frame._replace(degrees=(), tonic=False), degree, near
        if key not in self._rows:
            self._rows[key] = self._make_row(*key)
        return self._rows[key]

    def notes(self, frame: Frame) -> np.ndarray:
        """The pitches that a tune may have, bool [V]."""
        rules = self._accidentals
        midi_V = rules.midi(frame.key)
        in_range_V = (rules.step >= frame.low) & (rules.step <= frame.high)
        return self._pitch_V & in_range_V & (midi_V >= frame.lowest) & (midi_V <= frame.highest)

    def _make_row(self, frame: Frame, degree: int, near: bool) -> ClassRow:
        rules = self._accidentals
        notes_V = self.notes(frame)
        classes_V = self._base_V.copy()
        classes_V[self._pitch_V] = CLASS_IDS[FORBIDDEN]
        classes_V[notes_V] = CLASS_IDS[FINAL_NOTE]
        if not degree:
            return ClassRow(classes_V, None)
        final_V = notes_V & rules.degree(frame.key, degree)
        classes_V[notes_V & ~final_V] = CLASS_IDS[OTHER_NOTE]
        return ClassRow(classes_V, self._far(final_V) if near else None)

    def _far(self, final_V: np.ndarray) -> np.ndarray:
        """Notes to end on farther than a fifth from each last pitch, but for the nearest."""
        step = self._accidentals.step
        distance_VV = np.abs(step[None] - step[:, None])
        distance_VV[~self._accidentals.pitch] = 0  # after no pitch
        nearest_V1 = np.where(final_V, distance_VV, _ANY).min(axis=1, initial=_ANY, keepdims=True)
        return final_V & (distance_VV > np.maximum(MAX_APPROACH, nearest_V1))


def letter_midi(step: int) -> int:
    """MIDI number of a letter without a sign."""
    return 12 * (step // len(LETTERS) + 1) + SEMITONES[step % len(LETTERS)]
