"""A tune in normal form as a whole ABC tune that other programs read as it is meant."""

from collections.abc import Iterator

from seqgen.music.abc.escapes import encode
from seqgen.music.core.key import Key
from seqgen.music.core.sections import size
from seqgen.music.core.tune import Bar, Meter, Note, Tune
from seqgen.music.normal.codec import WRITTEN, closing, pitch_name, signed
from seqgen.music.normal.tokens import LENGTHS, REST, TIE, TRIPLET, WHOLE

BARS_PER_LINE = 4
EIGHTH, DOTTED, SHORT = LENGTHS[""], LENGTHS["3/2"], LENGTHS["/2"]
BROKEN = {(DOTTED, SHORT): ">", (SHORT, DOTTED): "<"}
MODE_NAMES = {
    "maj": "major",
    "min": "minor",
    "dor": "dorian",
    "mix": "mixolydian",
    "phr": "phrygian",
    "lyd": "lydian",
}


def abc(tune: Tune, number: int = 1, title: str | None = None, tempo: float | None = None) -> str:
    """A whole tune of ABC 2.1, ended by a line end.

    tune: in normal form, in any key.
    number: of the tune in its book.
    title: in one line; `default_title` unless said.
    tempo: quarter notes a minute; none is written unless said.
    """
    assert tune.key
    name = " ".join((title or "").split()) or default_title(tune, number)
    # Without the first line music21 lets no accidental last through its bar.
    lines = ["%abc-2.1", f"X:{number}", f"T:{encode(name)}"]
    if tune.rhythm:
        # abc2midi plays R:hornpipe, however it goes on, with a swing and refuses it in 2/2; it
        # leaves R:HORNPIPE alone.
        swings = tune.rhythm.startswith("hornpipe")
        lines.append(f"R:{tune.rhythm.upper() if swings else tune.rhythm}")
    lines += [f"M:{tune.meter}", "L:1/8"]
    if tempo:
        lines.append(f"Q:1/4={round(tempo)}")
    lines.append(f"K:{tune.key}")
    return "\n".join([*lines, *music(tune.bars, tune.meter, tune.key), ""])


def default_title(tune: Tune, number: int) -> str:
    """``Jig 1 in A dorian``."""
    assert tune.key
    return f"{(tune.rhythm or 'tune').capitalize()} {number} in {key_name(tune.key)}"


def key_name(key: Key) -> str:
    """``A dorian``, ``Bb major``."""
    return f"{key.tonic} {MODE_NAMES.get(key.mode, key.mode)}"


def music(bars: tuple[Bar, ...], meter: Meter, key: Key) -> Iterator[str]:
    """The lines of the body: at most four bars each besides pickups; a section begins a line."""
    full = int(meter.length * WHOLE)
    line, count, begins = "", 0, True
    for n, (bar, signs) in enumerate(zip(bars, signed(bars, key), strict=True)):
        after = bars[n + 1] if n + 1 < len(bars) else None
        length = sum(map(size, bar.notes))
        pickup = begins and length < full
        groups = beams(bar.notes, signs, full - length if pickup else 0, meter)
        end = closing(bar, after)
        line += bar.left + " ".join(groups)
        count += not pickup
        begins = end not in ("|", "|1", ":|2")
        if (begins and end) or count == BARS_PER_LINE:
            # The bracket of an ending stands before its bars.
            yield unlike_a_field(line + end.rstrip("12"))
            line, count = ("[" + end[-1] if end[-1] in "12" else ""), 0
        else:
            line += end
    if line:
        yield line


def unlike_a_field(line: str) -> str:
    """A line that a program might take for a field, ``A:|``, with the length of its note said."""
    return f"{line[0]}1{line[1:]}" if line[0].isalpha() and line[1:2] == ":" else line


def beams(notes: tuple[Note, ...], signs: list[str], place: int, meter: Meter) -> Iterator[str]:
    """The notes of a bar in the groups that are beamed together.

    place: ticks from the beginning of a full bar to the first note.
    """
    edges = group_edges(notes, place, meter)
    group, n = "", 0
    start = place
    while n < len(notes):
        tuplet = notes[n].tuplet
        if any(start < edge <= place for edge in edges) and not (tuplet and tuplet.place):
            yield group
            group, start = "", place
        sign = broken(notes[n : n + 2], place, edges)
        group += note_text(notes[n], signs[n], bool(sign))
        place += size(notes[n])
        if sign:
            n += 1
            group += sign + note_text(notes[n], signs[n], True)
            place += size(notes[n])
        n += 1
    yield group


def broken(pair: tuple[Note, ...], place: int, edges: list[int]) -> str:
    """``>`` or ``<`` for a dotted pair on the beat of an eighth, else ""."""
    if len(pair) < 2 or place % EIGHTH or pair[0].tied or any(n.tuplet for n in pair):
        return ""
    if not all(note.pitches for note in pair) or place + size(pair[0]) in edges:
        return ""
    return BROKEN.get((size(pair[0]), size(pair[1])), "")


def group_edges(notes: tuple[Note, ...], place: int, meter: Meter) -> list[int]:
    """Where groups begin: by threes in 6/8, by halves in 4/4 and 2/2, or by quarters there if
    there are sixteenths in the half; else by quarters."""
    full = int(meter.length * WHOLE)
    if meter.unit >= 8 and meter.beats % 3 == 0:
        step = 3 * WHOLE // meter.unit
    elif meter.beats % 2 == 0 and meter.unit in (2, 4) and meter != (2, 4):
        step = 4 * EIGHTH
    else:
        step = 2 * EIGHTH
    edges = set(range(0, full, step))
    if step == 4 * EIGHTH:
        for note in notes:
            if size(note) < EIGHTH and not note.tuplet:
                edges.add(place - place % step + step // 2)
            place += size(note)
    return sorted(edges)


def note_text(note: Note, sign: str, broken: bool) -> str:
    """broken: whether the length is said by ``>`` or ``<`` beside it."""
    start = TRIPLET if note.tuplet and note.tuplet.place == 0 else ""
    name = sign + pitch_name(note.pitches[0]) if note.pitches else REST
    return start + name + ("" if broken else WRITTEN[note.written]) + (TIE if note.tied else "")
