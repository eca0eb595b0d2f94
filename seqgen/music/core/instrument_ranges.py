"""Instruments: their General MIDI numbers, and the ranges and keys in which tunes suit them.

Ranges are those of written notes in which a player of ordinary skill plays tunes, as tune books
write them in the treble clef: guitar, tenor banjo, low whistle and men's voices sound an octave
lower, whistle, recorder and piccolo an octave higher. Sources:

- S. Adler, *The Study of Orchestration* (4th edition, 2016), ranges of bowed strings, woodwinds,
  trumpet, guitar, harp and keyboards; their extremes, which tunes hardly need, are left out.
- F. Vallely (editor), *Companion to Irish Traditional Music* (2nd edition, 2011), articles on
  accordion, banjo, concertina, fiddle, flute, harp, mandolin, uilleann pipes and whistle. Fiddle,
  mandolin and tenor banjo are tuned G D A E; in first position the little finger on the E string is
  B5. Whistle, simple-system flute and chanter have two octaves from D4, of which tunes use the
  notes up to B5; their keys need the scale of D and C natural. Whistles in other keys have the
  same fingering.
- *The Highland Bagpipe Tutor Book* (College of Piping): nine notes, the scale of A mixolydian from
  G4 to A5.
- Choral ranges of amateurs: *The New Grove Dictionary* (2001), "Voice"; ``voice`` is for people who
  sing a song together.
"""

import re
from dataclasses import dataclass, field

from seqgen.errors import ConfigError, unknown_name
from seqgen.music.core.accidentals import ALTERS
from seqgen.music.core.key import (
    LETTERS,
    Key,
    Pitch,
    parse_key,
    respell,
    transpose_pitch,
    transposition_between,
)

LEAST_SEMITONES = 7
"""Size of the smallest range that `parse_range` accepts: a fifth, five fingers of a scale."""

_SCIENTIFIC = re.compile(r"([A-Ga-g])([#♯b♭]?)([0-9])")
_ABC = re.compile(r"(\^|_|=|)([A-Ga-g])([,']{0,4})")
_SIGNS = {"#": 1, "♯": 1, "b": -1, "♭": -1, "": 0}


def parse_pitch(text: str) -> Pitch:
    """Parse a pitch, ``F#4`` (4 is the octave of middle C) or ``^F`` as in ABC.

    Raises:
        ConfigError: If it is neither.
    """
    text = text.strip()
    if match := _SCIENTIFIC.fullmatch(text):
        letter = LETTERS.index(match[1].upper())
        return Pitch(7 * int(match[3]) + letter, _SIGNS[match[2]])
    if match := _ABC.fullmatch(text):
        octave = (4 if match[2].isupper() else 5) + match[3].count("'") - match[3].count(",")
        letter = LETTERS.index(match[2].upper())
        return Pitch(7 * octave + letter, ALTERS.get(match[1], 0))
    raise ConfigError(
        f"{text!r} is not a note; write D4 (the D above middle C), F#5, or D and ^f as in ABC"
    )


def pitch_label(pitch: Pitch) -> str:
    """Name a pitch as `parse_pitch` reads it: ``F#4``."""
    return LETTERS[pitch.letter] + "b#"[pitch.alter > 0] * abs(pitch.alter) + str(pitch.octave)


def parse_range(text: str) -> tuple[Pitch, Pitch]:
    """Parse a range of notes such as ``D4:B5``, or ``D:b`` as in ABC.

    Returns:
        The lowest and the highest note.

    Raises:
        ConfigError: If a note is invalid, the first is above the second, or they are less than a
            fifth apart.
    """
    notes = re.split(r"\s*(?::|\.\.|–|-| to )\s*", text.strip())
    if len(notes) != 2 or not all(notes):
        raise ConfigError(
            f"{text!r} is not a range; write the lowest and the highest note: D4:B5, or D:b",
            option="range",
        )
    try:
        low, high = map(parse_pitch, notes)
    except ConfigError as error:
        raise ConfigError(str(error), option="range") from error
    semitones = high.midi - low.midi
    if semitones < 0:
        raise ConfigError(
            f"{pitch_label(low)} is above {pitch_label(high)}; write the lowest note first: "
            f"{pitch_label(high)}:{pitch_label(low)}",
            option="range",
        )
    if semitones < LEAST_SEMITONES:
        raise ConfigError(
            f"{pitch_label(low)} to {pitch_label(high)} is less than a fifth, too few notes for a "
            "tune; most tunes take an octave and a half",
            option="range",
        )
    return low, high


@dataclass(frozen=True)
class InstrumentRange:
    """An instrument, or a voice, and what suits it.

    Attributes:
        name: Its name in options.
        midi_number: The number of its sound in General MIDI, 1 to 128.
        lowest, highest: Range of the written notes.
        keys: Its usual keys, the most usual first; empty for any.
        scale: A key whose signature has all its notes; None if it is chromatic, or has the common
            accidentals.
        aliases: Other names.
    """

    name: str
    midi_number: int
    lowest: Pitch
    highest: Pitch
    keys: tuple[Key, ...] = ()
    scale: Key | None = None
    aliases: tuple[str, ...] = field(default=(), compare=False)


def _instrument(
    name: str, midi_number: int, notes: str, keys: str = "", scale: str = "", aliases: str = ""
) -> InstrumentRange:
    low, high = parse_range(notes)
    return InstrumentRange(
        name,
        midi_number,
        low,
        high,
        tuple(key for word in keys.split() if (key := parse_key(word))),
        parse_key(scale) if scale else None,
        tuple(filter(None, aliases.split(", "))),
    )


_WHISTLE_KEYS = "D G Edor Emin Ador Amix Bmin Dmix"
_FIDDLE_KEYS = "D G A Ador Edor Emin Amix Bmin C Dmix Gmix Amin Ddor Gdor Dmin Gmin F Bb"
_PLECTRUM_KEYS = "D G A Ador Edor Emin Amix Bmin C Dmix Amin F"
_BOX_KEYS = "D G A Ador Edor Emin Amix Bmin C Dmix Amin"
_HARP_KEYS = "G D C F Bb Eb A Amin Emin Dmin Gmin Bmin Ador Edor"
_RECORDER_KEYS = "C F G D Bb Amin Dmin Emin Gmin"

_TABLE = (
    _instrument("accordion", 22, "G3:C6", _BOX_KEYS, aliases="button accordion, piano accordion"),
    _instrument("alto", 53, "G3:D5", aliases="alto voice"),
    _instrument("bagpipe", 110, "D4:B5", _WHISTLE_KEYS, aliases="pipes, uilleann pipes, bagpipes"),
    _instrument("banjo", 106, "G3:B5", _PLECTRUM_KEYS, aliases="tenor banjo, irish banjo"),
    _instrument("baritone", 53, "A3:E5", aliases="baritone voice"),
    _instrument("bass", 53, "F3:C5", aliases="bass voice"),
    _instrument("bouzouki", 26, "G3:B5", _PLECTRUM_KEYS, aliases="irish bouzouki"),
    _instrument("cello", 43, "C2:A4", _FIDDLE_KEYS),
    _instrument("clarinet", 72, "E3:C6"),
    _instrument("concertina", 24, "G3:C6", _BOX_KEYS, aliases="anglo, english concertina"),
    _instrument("dulcimer", 16, "D3:D6", "D G A C Ador Emin", aliases="hammered dulcimer"),
    _instrument("fiddle", 111, "G3:B5", _FIDDLE_KEYS),
    _instrument("flute", 74, "D4:B5", _WHISTLE_KEYS, aliases="irish flute, wooden flute"),
    _instrument("guitar", 26, "E3:B5", "G D C A E Amin Emin Dmin F"),
    _instrument("harmonica", 23, "C4:C7", "C Amin Gmix Ddor", "C", aliases="mouth organ"),
    _instrument("harp", 47, "C3:C6", _HARP_KEYS, aliases="irish harp, celtic harp"),
    _instrument("harpsichord", 7, "F2:D6"),
    _instrument("highland-pipes", 110, "G4:A5", "Amix D Bmin", "Amix", "great highland bagpipe"),
    _instrument("mandolin", 26, "G3:B5", _PLECTRUM_KEYS),
    _instrument("melodeon", 22, "A3:B5", "D G Emin Bmin Amix Edor", aliases="diatonic accordion"),
    _instrument("mezzo", 53, "A3:F5", aliases="mezzo-soprano"),
    _instrument("oboe", 69, "B3:D6"),
    _instrument("piano", 1, "C3:C7"),
    _instrument("piccolo", 73, "D4:B5", "D G Bb Eb Ab C F"),
    _instrument("recorder", 75, "C4:D6", _RECORDER_KEYS, aliases="descant recorder"),
    _instrument("alto-recorder", 75, "F4:G6", "F C Bb G Dmin Gmin Amin", aliases="treble recorder"),
    _instrument("soprano", 53, "C4:A5", aliases="soprano voice"),
    _instrument("tenor", 53, "C4:G5", aliases="tenor voice"),
    _instrument("trumpet", 57, "A3:G5", "C F G Bb D"),
    _instrument("ukulele", 25, "C4:A5", "C F G D A Amin Dmin"),
    _instrument("viola", 42, "C3:E5", _FIDDLE_KEYS),
    _instrument("violin", 41, "G3:B5", _FIDDLE_KEYS),
    _instrument("voice", 54, "A3:E5", aliases="singer, singing, voices"),
    _instrument(
        "whistle", 79, "D4:B5", _WHISTLE_KEYS,
        aliases="tin whistle, penny whistle, low whistle, d whistle, whistle in d, whistle-d",
    ),
)  # fmt: skip

_WHISTLE_TONICS = ("C", "Bb", "Eb", "F", "G", "A")
_D = Key(LETTERS.index("D"))


def _in_other_key(instrument: InstrumentRange, tonic: Key) -> InstrumentRange:
    """An instrument in D as it is built in another key, with the same fingering."""
    way = transposition_between(_D, tonic)

    def moved(pitch: Pitch) -> Pitch:
        return respell(transpose_pitch(pitch, way))

    def moved_key(key: Key) -> Key:
        there = moved(Pitch(28 + key.letter, key.alter))
        return Key(there.letter, there.alter, key.mode)

    return InstrumentRange(
        f"{instrument.name}-{tonic.tonic.lower()}",
        instrument.midi_number,
        moved(instrument.lowest),
        moved(instrument.highest),
        tuple(map(moved_key, instrument.keys)),
        aliases=(f"{tonic.tonic.lower()} {instrument.name}",
                 f"{instrument.name} in {tonic.tonic.lower()}"),
    )  # fmt: skip


def _with_whistles() -> dict[str, InstrumentRange]:
    instruments = {each.name: each for each in _TABLE}
    for tonic in filter(None, map(parse_key, _WHISTLE_TONICS)):
        whistle = _in_other_key(instruments["whistle"], tonic)
        instruments[whistle.name] = whistle
    return dict(sorted(instruments.items()))


INSTRUMENTS = _with_whistles()
"""The known instruments by name, in alphabetical order."""


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", "-", name.strip().lower())


_BY_ANY_NAME = {
    _folded(name): each for each in INSTRUMENTS.values() for name in (*each.aliases, each.name)
}


def find_instrument(name: str) -> InstrumentRange:
    """Return an instrument by its name or an alias, in any case, with blanks or hyphens.

    Raises:
        ConfigError: For an unknown one; the message lists the known names.
    """
    folded = _folded(name)
    for each in (folded, folded.removesuffix("s")):
        if each in _BY_ANY_NAME:
            return _BY_ANY_NAME[each]
    raise unknown_name("instrument", name, INSTRUMENTS)
