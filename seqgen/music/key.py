"""Keys: what a ``K:`` value means, and how a pitch is moved from one key to another."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

LETTERS = "CDEFGAB"
SEMITONES = (0, 2, 4, 5, 7, 9, 11)  # of the letters above C

# Sharps that a mode on C has, flats counted below zero; its names go by their first three letters.
MODES = {"maj": 0, "min": -3, "dor": -2, "mix": -1, "phr": -4, "lyd": 1, "loc": -5}
SAME = {"": "maj", "m": "min", "ion": "maj", "aeo": "min"}
SHARPS = "FCGDAEB"  # the order in which a signature gains them; it gains flats from the other end
SIGNS = {"__": -2, "_": -1, "=": 0, "^": 1, "^^": 2}

KEY = re.compile(r"([A-G])([#b]?)\s*([A-Za-z]*)")


class Pitch(NamedTuple):
    """A pitch as it is spelled.

    step: letters above the C of octave 0, so 28 is middle C, 29 the D above it.
    alter: semitones above the letter's natural, -2 to 2.
    """

    step: int
    alter: int = 0

    @property
    def letter(self) -> int:
        """0 for C to 6 for B."""
        return self.step % 7

    @property
    def octave(self) -> int:
        """4 from middle C on."""
        return self.step // 7

    @property
    def midi(self) -> int:
        """Number of the key on a keyboard, 60 for middle C."""
        return 12 * (self.octave + 1) + SEMITONES[self.letter] + self.alter


@dataclass(frozen=True)
class Key:
    """A key signature with its tonic.

    letter, alter: of the tonic, as in `Pitch`. mode: one of `MODES`.
    explicit: letters that the signature alters in another way than the mode does, with how.
    """

    letter: int
    alter: int = 0
    mode: str = "maj"
    explicit: tuple[tuple[int, int], ...] = ()

    @cached_property
    def sharps(self) -> int:
        """Sharps of the signature; flats are below zero."""
        natural = SHARPS.index(LETTERS[self.letter]) - 1
        return natural + 7 * self.alter + MODES[self.mode]

    @cached_property
    def signature(self) -> tuple[int, ...]:
        """What the signature makes of each letter, C to B, in semitones."""
        alters = [0] * 7
        for number in range(abs(self.sharps)):
            letter = SHARPS[number % 7] if self.sharps > 0 else SHARPS[6 - number % 7]
            alters[LETTERS.index(letter)] += 1 if self.sharps > 0 else -1
        for letter_number, alter in self.explicit:
            alters[letter_number] = alter
        return tuple(alters)

    @property
    def tonic(self) -> str:
        """Its letter and sign: ``"F#"``."""
        return LETTERS[self.letter] + {-1: "b", 0: "", 1: "#"}[self.alter]

    def __str__(self) -> str:
        """As it stands behind ``K:`` in the normal form: ``"F#min"``."""
        signs = {alter: sign for sign, alter in SIGNS.items()}
        extra = "".join(f" {signs[a]}{LETTERS[number].lower()}" for number, a in self.explicit)
        return f"{self.tonic}{self.mode}{extra}"


def parse_key(value: str) -> Key | None:
    """The key that a ``K:`` value names, such as ``Ador``, ``A Dorian``, ``Am`` or ``D =c``.

    What follows it there, a clef for example, is not looked at.
    Returns None for what names no key (``none``, ``HP``, nothing) or has over seven signs.
    """
    match = KEY.match(value.strip())
    if not match:
        return None
    name = match[3].lower()[:3]
    mode = SAME.get(name, name)
    if mode not in MODES:
        mode = "maj"  # a word such as "clef=bass" or "exp", which is no mode
    explicit = tuple(
        (LETTERS.index(letter.upper()), SIGNS[sign])
        for sign, letter in re.findall(r"(?<=\s)(\^\^?|__?|=)([A-Ga-g])(?=\s|$)", value)
    )
    key = Key(LETTERS.index(match[1]), {"b": -1, "": 0, "#": 1}[match[2]], mode, explicit)
    return key if abs(key.sharps) <= 7 else None


def shift(source: Key, target: Key) -> tuple[int, int]:
    """The way from a tonic to the nearest one of another key, in letters and in semitones.

    Where one of the tonics is C, the way back is the same way.
    """
    semitones = tonic_semitone(target) - tonic_semitone(source)
    letters = target.letter - source.letter
    # At most a tritone, which is up from C and down to C.
    while semitones > 6 or (semitones == 6 and target.letter == target.alter == 0):
        letters, semitones = letters - 7, semitones - 12
    while semitones < -6 or (semitones == -6 and not target.letter == target.alter == 0):
        letters, semitones = letters + 7, semitones + 12
    return letters, semitones


def tonic_semitone(key: Key) -> int:
    return SEMITONES[key.letter] + key.alter


def moved(pitch: Pitch, by: tuple[int, int]) -> Pitch:
    """A pitch moved by letters and semitones, as `shift` gives them; alter may be out of -2 to 2.

    `respelled` mends that.
    """
    there = Pitch(pitch.step + by[0])
    return there._replace(alter=pitch.midi + by[1] - there.midi)


def respelled(pitch: Pitch) -> Pitch:
    """The same key of the keyboard with at most one sign: B sharp sharp is C sharp."""
    while pitch.alter > 1:
        pitch = moved(pitch, (1, 0))
    while pitch.alter < -1:
        pitch = moved(pitch, (-1, 0))
    return pitch
