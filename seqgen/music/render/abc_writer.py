"""Writes tunes in normal form as ABC that other programs parse alike."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

from seqgen.io.atomic import write_atomic
from seqgen.music.abc.escapes import encode
from seqgen.music.core.accidentals import SIGNS
from seqgen.music.core.key import Key
from seqgen.music.core.meter import Meter, beat_groups
from seqgen.music.core.tune import Bar, NormalTune, Note
from seqgen.music.normal.codec import accidental_signs, closing, pitch_name
from seqgen.music.normal.tokens import REST, TIE, TRIPLET
from seqgen.music.render.writers import RenderedTune, Writer, WriterOptions

BARS_PER_LINE = 4
EIGHTH, DOTTED, SIXTEENTH = Fraction(1, 8), Fraction(3, 16), Fraction(1, 16)
BROKEN = {(DOTTED, SIXTEENTH): ">", (SIXTEENTH, DOTTED): "<"}
MODE_NAMES = {
    "maj": "major",
    "min": "minor",
    "dor": "dorian",
    "mix": "mixolydian",
    "phr": "phrygian",
    "lyd": "lydian",
}


def abc(
    tune: NormalTune,
    number: int = 1,
    title: str | None = None,
    tempo: float | None = None,
    header: Iterable[str] = (),
) -> str:
    """A complete tune in ABC 2.1.

    Args:
        tune: The tune, in any key.
        number: Number of the tune in its book.
        title: Title; `default_title` by default.
        tempo: Quarter notes a minute; none is written by default.
        header: Further lines of the header; words (``W:``) are written below the music.
    """
    name = " ".join((title or "").split()) or default_title(tune, number)
    above, below = above_and_below(header)
    # Without the first line music21 lets no accidental last through its bar.
    lines = ["%abc-2.1", f"X:{number}", f"T:{encode(name)}", *above]
    if tune.rhythm:
        # abc2midi adds swing to R:hornpipe and rejects it in 2/2, but ignores R:HORNPIPE.
        swings = tune.rhythm.startswith("hornpipe")
        lines.append(f"R:{tune.rhythm.upper() if swings else tune.rhythm}")
    lines += [f"M:{tune.meter}", "L:1/8"]
    if tempo:
        lines.append(f"Q:1/4={round(tempo)}")
    lines.append(f"K:{tune.key}")
    return "\n".join([*lines, *music(tune.bars, tune.meter, tune.key), *below, ""])


def above_and_below(header: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return lines of a header with the titles first, and the words, which stand below the music.

    The standard (3.1) wants the titles directly after the number.
    """
    lines = sorted(header, key=lambda line: not line.startswith("T:"))
    return (
        [line for line in lines if not line.startswith("W:")],
        [line for line in lines if line.startswith("W:")],
    )


def default_title(tune: NormalTune, number: int) -> str:
    """``Jig 1 in A dorian``."""
    return f"{(tune.rhythm or 'tune').capitalize()} {number} in {key_name(tune.key)}"


def key_name(key: Key) -> str:
    """``A dorian``, ``Bb major``."""
    return f"{key.tonic} {MODE_NAMES.get(key.mode, key.mode)}"


def music(bars: tuple[Bar, ...], meter: Meter, key: Key) -> Iterator[str]:
    """The lines of the body, of at most four bars without pickups; a section begins a line."""
    line, count, begins = "", 0, True
    for n, (bar, signs) in enumerate(zip(bars, accidental_signs(bars, key), strict=True)):
        after = bars[n + 1] if n + 1 < len(bars) else None
        pickup = begins and bar.length < meter.length
        start = meter.length - bar.length if pickup else Fraction(0)
        groups = _beam_groups(bar.notes, signs, start, meter)
        end = closing(bar, after)
        line += bar.left + " ".join(groups)
        count += not pickup
        begins = end not in ("|", "|1", ":|2")
        if (begins and end) or count == BARS_PER_LINE:
            # The bracket of an ending precedes its bars.
            yield _unlike_a_field(line + end.rstrip("12"))
            line, count = ("[" + end[-1] if end[-1] in "12" else ""), 0
        else:
            line += end
    if line:
        yield line


def _unlike_a_field(line: str) -> str:
    """Write the length of the note in a line such as ``A:|``, which looks like a field."""
    return f"{line[0]}1{line[1:]}" if line[0].isalpha() and line[1:2] == ":" else line


def bar_text(
    notes: tuple[Note, ...],
    key: Key | None,
    meter: Meter,
    *,
    unit: Fraction = EIGHTH,
    octave: int = 0,
    start: Fraction = Fraction(0),
) -> str:
    """The notes of a bar as they are written within a tune of any unit length and signature.

    Args:
        notes: Single notes and rests, with or without triplets.
        key: The key signature at the bar; None for no signature.
        meter: The meter, which determines the beams.
        unit: The unit length (``L:``) in whole notes.
        octave: Octaves by which notes are higher than their letters (``octave=``).
        start: Position of the first note in a full bar, in whole notes.
    """
    signature = key.signature if key else (0,) * 7
    signs, signed = [], set()
    for note in notes:
        sign = ""
        if note.pitches:
            pitch = note.pitches[0]
            if pitch.alter != signature[pitch.letter] or pitch.letter in signed:
                sign = SIGNS[pitch.alter]
                signed.add(pitch.letter)
        signs.append(sign)
    if octave:
        notes = tuple(
            note._replace(pitches=tuple(p._replace(step=p.step - 7 * octave) for p in note.pitches))
            for note in notes
        )
    return " ".join(_beam_groups(notes, signs, start, meter, unit))


def length_text(length: Fraction, unit: Fraction) -> str:
    """A written length in units: ``""``, ``3``, ``/2``, ``3/2``."""
    units = length / unit
    over = "" if units.numerator == 1 else str(units.numerator)
    return over + (f"/{units.denominator}" if units.denominator > 1 else "")


def _beam_groups(
    notes: tuple[Note, ...],
    signs: list[str],
    start: Fraction,
    meter: Meter,
    unit: Fraction = EIGHTH,
) -> Iterator[str]:
    """Yield the notes of a bar in the groups that are beamed together.

    start: position of the first note in a full bar, in whole notes.
    """
    groups = beat_groups(meter, notes, start)
    onsets = list(accumulate((note.length for note in notes), initial=start))
    text, first, n = "", 0, 0
    while n < len(notes):
        tuplet = notes[n].tuplet
        if groups[n] != groups[first] and not (tuplet and tuplet.place):
            yield text
            text, first = "", n
        sign = ""
        if n + 1 < len(notes) and groups[n + 1] != onsets[n + 1]:
            sign = _broken_rhythm(notes[n], notes[n + 1], onsets[n])
        text += _note_text(notes[n], signs[n], bool(sign), unit)
        if sign:
            n += 1
            text += sign + _note_text(notes[n], signs[n], True, unit)
        n += 1
    yield text


def _broken_rhythm(note: Note, after: Note, onset: Fraction) -> str:
    """``>`` or ``<`` for a dotted pair that begins on an eighth of the bar, else ""."""
    if note.tied or note.tuplet or after.tuplet or (onset / EIGHTH).denominator != 1:
        return ""
    if not (note.pitches and after.pitches):
        return ""
    return BROKEN.get((note.length, after.length), "")


def _note_text(note: Note, sign: str, broken: bool, unit: Fraction) -> str:
    """broken: whether ``>`` or ``<`` changes the length, which is written as an eighth."""
    start = TRIPLET if note.tuplet and note.tuplet.place == 0 else ""
    name = sign + pitch_name(note.pitches[0]) if note.pitches else REST
    return (
        start
        + name
        + length_text(EIGHTH if broken else note.written, unit)
        + (TIE if note.tied else "")
    )


def _write(tunes: Sequence[RenderedTune], path: Path, _: WriterOptions) -> None:
    # An empty line ends a tune.
    write_atomic(path, "\n".join(tune.abc.strip() + "\n" for tune in tunes).encode())


ABC_WRITER = Writer((".abc",), _write)
