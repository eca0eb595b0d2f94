"""Pitches and keys: parsing and transposition."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.core.accidentals import ALTERS, SIGNS

LETTERS = "CDEFGAB"
SEMITONES = (0, 2, 4, 5, 7, 9, 11)  # of the letters above C

# Sharps that a mode on C has, flats counted below zero; its names go by their first three letters.
MODES = {"maj": 0, "min": -3, "dor": -2, "mix": -1, "phr": -4, "lyd": 1, "loc": -5}
SAME = {"m": "min", "ion": "maj", "aeo": "min", "mol": "min", "dur": "maj"}
SHARPS = "FCGDAEB"  # the order in which a signature gains them; it gains flats from the other end

# Tonic and mode; a tonic in lower case needs a mode, because "g" may mean G major or G minor.
KEY = re.compile(
    r"""(?P<letter>[A-Ga-g])
        (?:\s*-?\s*(?P<word>sharp|flat)|(?P<sign>[#b♯♭♮]))?
        (?:(?P<gap>\s*-?\s*)(?P<mode>[A-Za-z]+)(?!\w|\s*=(?!\s*[A-Ga-g](?!\w))))?""",
    re.VERBOSE,
)
TONIC_SIGNS = {"sharp": 1, "#": 1, "♯": 1, "flat": -1, "b": -1, "♭": -1}
EXPLICIT = re.compile(r"(exp|Exp|EXP)?((?:(?:\^\^?|__?|=)[A-Ga-g],?)*)")
# Signs in a musician's spelling, and a minus that word processors put in.
UNICODE = str.maketrans({"♯": "^", "♭": "_", "♮": "=", "𝄪": "^^", "𝄫": "__"})


class Pitch(NamedTuple):
    """A spelled pitch.

    Attributes:
        step: Letters above the C of octave 0: 28 is middle C, 29 the D above it.
        alter: Semitones above the natural, -2 to 2.
    """

    step: int
    alter: int = 0

    @property
    def letter(self) -> int:
        """Number of the letter, from 0 for C to 6 for B."""
        return self.step % 7

    @property
    def octave(self) -> int:
        """Number of the octave; that of middle C is 4."""
        return self.step // 7

    @property
    def midi(self) -> int:
        """MIDI number, 60 for middle C."""
        return 12 * (self.octave + 1) + SEMITONES[self.letter] + self.alter


@dataclass(frozen=True)
class Key:
    """A key signature with its tonic.

    Attributes:
        letter, alter: Those of the tonic, as in `Pitch`.
        mode: One of `MODES`.
        explicit: Letter and alteration of explicit signs, which override the mode.
    """

    letter: int
    alter: int = 0
    mode: str = "maj"
    explicit: tuple[tuple[int, int], ...] = ()

    @cached_property
    def sharps(self) -> int:
        """Number of sharps; negative for flats."""
        natural = SHARPS.index(LETTERS[self.letter]) - 1
        return natural + 7 * self.alter + MODES[self.mode]

    @cached_property
    def signature(self) -> tuple[int, ...]:
        """Alteration of each letter, C to B, in semitones."""
        alters = [0] * 7
        for number in range(abs(self.sharps)):
            letter = SHARPS[number % 7] if self.sharps > 0 else SHARPS[6 - number % 7]
            alters[LETTERS.index(letter)] += 1 if self.sharps > 0 else -1
        for letter_number, alter in self.explicit:
            alters[letter_number] = alter
        return tuple(alters)

    @property
    def tonic(self) -> str:
        """Letter and sign of the tonic: ``"F#"``."""
        return LETTERS[self.letter] + {-1: "b", 0: "", 1: "#"}[self.alter]

    def __str__(self) -> str:
        """The value of ``K:`` in the normal form: ``"F#min"``."""
        extra = "".join(f" {SIGNS[a]}{LETTERS[number].lower()}" for number, a in self.explicit)
        return f"{self.tonic}{self.mode}{extra}"


class KeyText(NamedTuple):
    """A parsed ``K:`` value.

    Attributes:
        key: None for no signature.
        given: Whether the value concerns the key, as ``none`` does, unlike a clef.
        rest: The other words, such as ``"clef=bass"``.
    """

    key: Key | None
    given: bool
    rest: str


def parse_key(value: str) -> Key | None:
    """The key in a ``K:`` value, such as ``Ador``, ``A Dorian``, ``Am`` or ``Dm^c``.

    Returns None without a valid key (``none``, an empty or invalid value).
    """
    try:
        return parse_key_text(value).key
    except TuneError:
        return None


# The kind of a minor scale; its raised notes have signs of their own in the music.
SCALE = re.compile(r"(?<=[\s#b♯♭A-G])(?:natural|harmonic|melodic)[\s-]+(?=min|m\b)", re.IGNORECASE)


@lru_cache(maxsize=1024)
def parse_key_text(value: str) -> KeyText:
    """Parse a ``K:`` value (sections 3.1.14 and 4.6 of ABC 2.1).

    Only the first three letters of a mode count, in either case. Accidentals may follow the mode
    with or without a blank; with ``exp`` they are the whole signature. ``HP`` and ``Hp`` are the
    scale of the Highland pipes, A with the sharps of D.

    Raises TuneError for a key that cannot be read, or that has more than seven signs.
    """
    text = value.strip()
    if not text or re.match(r"none\b", text, re.IGNORECASE):
        return KeyText(None, True, text[4:].strip())
    if re.match(r"H[Pp](?!\w)", text):
        return KeyText(Key(LETTERS.index("A"), 0, "mix"), True, text[2:].strip())
    text = SCALE.sub("", text)
    match = KEY.match(text)
    letter, alter, mode, end = _parse_tonic(match) if match else ("", 0, "", 0)
    explicit, whole, rest = _parse_accidentals(text[end:])
    if not letter:
        if not (explicit or whole):
            if re.match(r"\w+\s*=|[A-Za-z]{3}|[\"+-]|[GFCP][1-5]", text):
                return KeyText(None, False, rest)  # perhaps a clef
            raise TuneError("unreadable key", f"K:{value}")
        letter, mode = "C", "maj"  # a signature that names no tonic
    elif re.match(r"[^\s,;(\[\"%]", text[end:]) and not (explicit or whole):
        raise TuneError("unreadable key", f"K:{value}")
    if whole:
        explicit = {number: explicit.get(number, 0) for number in range(7)}
    key = Key(LETTERS.index(letter.upper()), alter, mode, tuple(explicit.items()))
    if abs(key.sharps) > 7:
        raise TuneError("key of more than seven signs", f"K:{value}")
    return KeyText(key, True, rest)


def _parse_tonic(match: re.Match[str]) -> tuple[str, int, str, int]:
    """Tonic ("" without one), its alteration, mode, and the end of the match."""
    letter = match["letter"]
    alter = TONIC_SIGNS.get(match["word"] or match["sign"] or "", 0)
    short = (match["mode"] or "").lower()
    mode = SAME.get(short[:3] if len(short) > 1 else short, short[:3])
    if mode in MODES and (short in SAME or len(short) > 2):
        return letter, alter, mode, match.end()
    end = max(match.end("letter"), match.end("word"), match.end("sign"))
    if letter.islower() or (match["mode"] and not match["gap"] and short != "exp"):
        return "", 0, "", 0
    return letter, alter, "maj", end


def _parse_accidentals(text: str) -> tuple[dict[int, int], bool, str]:
    """The alterations of letters, whether ``exp`` is among them, and the other words."""
    alters: dict[int, int] = {}
    whole = False
    rest = []
    # "clef = bass" is one word, and so is "^ c".
    text = re.sub(r"(?<=\w)\s*=\s*(?=[\w\"+-]{2})", "=", text)
    text = re.sub(r"(^|\s)(\^\^?|__?|=)\s+(?=[A-Ga-g](?!\w))", r"\1\2", text)
    for word in re.findall(r'(?:[^\s"]|"[^"]*")+', text):
        signs = EXPLICIT.fullmatch(word.translate(UNICODE))
        if not signs:
            rest.append(word)
            continue
        whole = whole or bool(signs[1])
        for sign, letter in re.findall(r"(\^\^?|__?|=)([A-Ga-g])", signs[2]):
            alters[LETTERS.index(letter.upper())] = ALTERS[sign]
    return alters, whole, " ".join(rest)


def transposition_between(source: Key, target: Key) -> tuple[int, int]:
    """The interval from a tonic to the nearest one of another key, in letters and semitones.

    From and to C, it is the same in both directions.
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


def transpose_pitch(pitch: Pitch, by: tuple[int, int]) -> Pitch:
    """Move a pitch by letters and semitones; `respell` reduces alterations beyond -2 to 2."""
    there = Pitch(pitch.step + by[0])
    return there._replace(alter=pitch.midi + by[1] - there.midi)


def respell(pitch: Pitch) -> Pitch:
    """Spell a pitch with at most one sign: B double sharp is C sharp."""
    while pitch.alter > 1:
        pitch = transpose_pitch(pitch, (1, 0))
    while pitch.alter < -1:
        pitch = transpose_pitch(pitch, (-1, 0))
    return pitch
