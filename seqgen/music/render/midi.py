"""Writes tunes as a standard MIDI file, with repeats played."""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from seqgen.io.atomic import write_atomic
from seqgen.music.core.key import Key
from seqgen.music.core.meter import Meter
from seqgen.music.render.instruments import Instrument
from seqgen.music.render.layout import settings
from seqgen.music.render.performance import Performance, accents
from seqgen.music.render.writers import RenderedTune, Writer, WriterOptions

# Exact for dotted 64ths and for tuplets of 3, 5, 7 and 9 notes.
TICKS_PER_QUARTER = 10_080
PAUSE = Fraction(1, 2)  # a half note between two tunes
CHANNELS, DRUMS = 16, 9
STRONG, SOFT = 96, 80  # how hard a key is struck
MAJOR = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
MINOR = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m",
         "D#m", "A#m")  # fmt: skip


def midi_file(performances: Sequence[Performance], instrument: Instrument) -> bytes:
    """Encode tunes as a MIDI file of type 1, with a pause between two.

    The first track has tempo, meter and key, and each tune's title as a marker; the others have the
    notes, one track for each voice and overlay. A pickup has its own meter, so that other programs
    place the bar lines correctly.
    """
    import mido

    conductor = mido.MidiTrack()
    facts: list[tuple[int, mido.MetaMessage]] = []
    # By voice and layer: tick, rank, message.
    events: dict[tuple[int, int], list[tuple[int, int, mido.Message]]] = {}
    channels = {part: channel(n) for n, part in enumerate(parts_of(performances))}
    start = Fraction(0)
    for performance in performances:
        facts += [(ticks(start + t), message) for t, message in _meta_events(performance)]
        for sound, strong in zip(performance.sounds, accents(performance), strict=True):
            part = sound.voice, sound.layer
            note = {
                "note": sound.pitch,
                "velocity": STRONG if strong else SOFT,
                "channel": channels[part],
            }
            # At a tick, notes end before others begin: it may be the same key.
            on, off = start + sound.onset, start + sound.onset + sound.duration
            track = events.setdefault(part, [])
            track.append((ticks(on), 1, mido.Message("note_on", **note)))
            track.append((ticks(off), 0, mido.Message("note_off", **note)))
        start += performance.length + PAUSE
    add(conductor, facts)
    tracks = [conductor]
    for part in channels:
        track = mido.MidiTrack()
        program = mido.Message(
            "program_change", program=instrument.number - 1, channel=channels[part]
        )
        track.append(
            mido.MetaMessage("track_name", name=track_name(performances, part, instrument))
        )
        notes = sorted(events[part], key=lambda event: event[:2])
        add(track, [(0, program), *((tick, message) for tick, _, message in notes)])
        tracks.append(track)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, tracks=tracks, charset="utf-8")
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def parts_of(performances: Sequence[Performance]) -> list[tuple[int, int]]:
    """The voices and layers with notes in any tune."""
    return sorted({(s.voice, s.layer) for performance in performances for s in performance.sounds})


def channel(part: int) -> int:
    """The channel of the n-th part; the 16th and later ones share channels; none is for drums."""
    number = part % (CHANNELS - 1)
    return number + (number >= DRUMS)


def track_name(
    performances: Sequence[Performance], part: tuple[int, int], instrument: Instrument
) -> str:
    """The label of a voice if it is the same in all tunes, else the instrument."""
    voice, layer = part
    labels = {
        every[voice].label or every[voice].name
        for every in (performance.tune.all_voices for performance in performances)
        if voice < len(every)
    }
    label = labels.pop() if len(labels) == 1 else ""
    name = label or (f"{instrument.name} {voice + 1}" if voice else instrument.name)
    return f"{name}, overlay {layer}" if layer else name


def ticks(time: Fraction) -> int:
    return round(time * 4 * TICKS_PER_QUARTER)


def add(track: list, events: Sequence[tuple[int, object]]) -> None:
    """Append messages with absolute ticks in order."""
    now = 0
    for tick, message in events:
        track.append(message.copy(time=tick - now))  # type: ignore[attr-defined]
        now = tick


def _meta_events(performance: Performance) -> list[tuple[Fraction, object]]:
    """The events of the first track for a tune: title, and changes of tempo, meter and key."""
    import mido

    tune = performance.tune
    title = tune.title or f"Tune {tune.number}"
    zero = Fraction(0)
    events: list[tuple[Fraction, object]] = [(zero, mido.MetaMessage("marker", text=title))]
    for time, tempo in ((zero, performance.tempo), *performance.tempo_changes):
        events.append((time, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo))))
    bars = settings(tune)
    meter, key = None, None
    for number, now in zip(performance.order, performance.onsets, strict=True):
        length, bar_meter = tune.bars[number].length, bars[number].meter
        if now == zero and zero < length < bar_meter.length:
            bar_meter = short(length)
        if bar_meter != meter and (signature := time_signature(bar_meter)):
            events.append((now, signature))
            meter = bar_meter
        if bars[number].key != key and (signature := key_signature(bars[number].key)):
            events.append((now, signature))
            key = bars[number].key
    return sorted(events, key=lambda entry: entry[0])


def short(length: Fraction) -> Meter:
    """A meter as long as a pickup, in eighths or shorter units."""
    unit = max(8, length.denominator)
    return Meter(int(length * unit), unit) if unit % length.denominator == 0 else Meter(0, 0)


def time_signature(meter: Meter) -> object | None:
    """The event of a meter; None if MIDI cannot represent it."""
    import mido

    if not 1 <= meter.beats <= 255 or meter.unit not in (1, 2, 4, 8, 16, 32, 64):
        return None
    return mido.MetaMessage("time_signature", numerator=meter.beats, denominator=meter.unit)


def key_signature(key: Key | None) -> object | None:
    """The event of a key: minor for minor, else the major key of the same signature."""
    import mido

    if key is None or abs(key.sharps) > 7:
        return None
    table = MINOR if key.mode == "min" else MAJOR
    return mido.MetaMessage("key_signature", key=table[key.sharps + 7])


def _write(tunes: Sequence[RenderedTune], path: Path, options: WriterOptions) -> None:
    write_atomic(path, midi_file([tune.performance for tune in tunes], options.instrument))


MIDI_WRITER = Writer((".mid", ".midi"), _write, plays=True)
