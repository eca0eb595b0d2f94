"""Tunes as a standard MIDI file, repeats played."""

import io
from collections.abc import Sequence
from fractions import Fraction

from seqgen.music.instruments import Instrument
from seqgen.music.key import Key
from seqgen.music.layout import settings
from seqgen.music.play import Performance, accented, bar_order
from seqgen.music.tune import Meter

# Exact for dotted 64ths and for tuplets of 3, 5, 7 and 9 notes.
TICKS_PER_QUARTER = 10_080
PAUSE = Fraction(1, 2)  # a half note between two tunes
STRONG, SOFT = 96, 80  # how hard a key is struck
MAJOR = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
MINOR = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m",
         "D#m", "A#m")  # fmt: skip


def midi_file(performances: Sequence[Performance], instrument: Instrument) -> bytes:
    """A MIDI file of type 1 with the tunes one after the other, a pause between two.

    The first track has tempo, meter and key, and each tune's title as a marker; the second has
    the notes, exactly as long as written. A pickup is a short bar by a meter of its own, so that
    the bar lines of other programs stand where they should.
    """
    import mido

    conductor, melody = mido.MidiTrack(), mido.MidiTrack()
    events: list[tuple[int, int, mido.Message | mido.MetaMessage]] = []  # tick, rank, message
    facts: list[tuple[int, mido.MetaMessage]] = []
    start = Fraction(0)
    for performance in performances:
        facts += [(ticks(start + t), message) for t, message in told(performance)]
        for sound, strong in zip(performance.sounds, accented(performance), strict=True):
            note = {"note": sound.pitch, "velocity": STRONG if strong else SOFT}
            # What ends at a tick ends before the next begins: it may be the same key.
            on, off = start + sound.onset, start + sound.onset + sound.duration
            events.append((ticks(on), 1, mido.Message("note_on", **note)))
            events.append((ticks(off), 0, mido.Message("note_off", **note)))
        start += performance.length + PAUSE
    program = mido.Message("program_change", program=instrument.number - 1)
    melody.append(mido.MetaMessage("track_name", name=instrument.name))
    add(melody, [(0, program), *((t, m) for t, _, m in sorted(events, key=lambda e: e[:2]))])
    add(conductor, facts)
    file = mido.MidiFile(
        type=1, ticks_per_beat=TICKS_PER_QUARTER, tracks=[conductor, melody], charset="utf-8"
    )
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def ticks(time: Fraction) -> int:
    return round(time * 4 * TICKS_PER_QUARTER)


def add(track: list, events: Sequence[tuple[int, object]]) -> None:
    """Append messages with their absolute ticks, which are in order."""
    now = 0
    for tick, message in events:
        track.append(message.copy(time=tick - now))  # type: ignore[attr-defined]
        now = tick


def told(performance: Performance) -> list[tuple[Fraction, object]]:
    """What the first track says of a tune: title, tempo, and meter and key where they change."""
    import mido

    tune = performance.tune
    title = tune.title or f"Tune {tune.number}"
    zero = Fraction(0)
    said: list[tuple[Fraction, object]] = [
        (zero, mido.MetaMessage("marker", text=title)),
        (zero, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(performance.tempo))),
    ]
    found = settings(tune)
    now, meter, key = zero, None, None
    for place, number in enumerate(bar_order(tune.bars)):
        length, wanted = tune.bars[number].length, found[number].meter
        if place == 0 and zero < length < wanted.length:
            wanted = short(length)
        if wanted != meter and (signature := time_signature(wanted)):
            said.append((now, signature))
            meter = wanted
        if found[number].key != key and (signature := key_signature(found[number].key)):
            said.append((now, signature))
            key = found[number].key
        now += length
    return said


def short(length: Fraction) -> Meter:
    """A meter that is as long as a pickup, in eighths at least."""
    unit = max(8, length.denominator)
    return Meter(int(length * unit), unit) if unit % length.denominator == 0 else Meter(0, 0)


def time_signature(meter: Meter) -> object | None:
    """None for what MIDI cannot say: no meter, or a unit that is no power of two."""
    import mido

    if not 1 <= meter.beats <= 255 or meter.unit not in (1, 2, 4, 8, 16, 32, 64):
        return None
    return mido.MetaMessage("time_signature", numerator=meter.beats, denominator=meter.unit)


def key_signature(key: Key | None) -> object | None:
    """The signature, as a minor key for minor and as the major key of the same signs else."""
    import mido

    if key is None or abs(key.sharps) > 7:
        return None
    table = MINOR if key.mode == "min" else MAJOR
    return mido.MetaMessage("key_signature", key=table[key.sharps + 7])
