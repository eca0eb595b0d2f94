"""Performance of a tune: its sounds, with repeats played and ties joined, and its tempo."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.core.play_order import MAX_BARS, bar_order
from seqgen.music.core.tempo import tempo_of
from seqgen.music.core.tune import Bar, Note, Tune
from seqgen.music.render import annotations
from seqgen.music.render.layout import align_voices, settings

HIGHEST = 127  # MIDI number
# Length of a grace note in whole notes, if there is room: as in abc2midi with L:1/8.
GRACE = Fraction(1, 32)


class Sound(NamedTuple):
    """One sounding pitch.

    Attributes:
        onset, duration: In whole notes, from the beginning of the tune.
        pitch: MIDI number, 60 for middle C.
        written: Indices of bar and note of each tied note that it consists of.
        voice: Index of its voice.
        layer: 0 for the notes of a bar, n for its n-th overlay.
    """

    onset: Fraction
    duration: Fraction
    pitch: int
    written: tuple[tuple[int, int], ...]
    voice: int = 0
    layer: int = 0


@dataclass(frozen=True)
class Performance:
    """A tune as it is played.

    Attributes:
        tune: The tune after `seqgen.music.render.layout.align_voices`.
        sounds: Sorted by onset.
        length: In whole notes, rests at the end included.
        tempo: Initial tempo in quarter notes a minute.
        order, onsets: Index of each bar in the order of playing, and its onset.
        tempo_changes: Time in whole notes and quarter notes a minute of each, sorted by time.
    """

    tune: Tune
    sounds: tuple[Sound, ...]
    length: Fraction
    tempo: float
    order: tuple[int, ...] = ()
    onsets: tuple[Fraction, ...] = ()
    tempo_changes: tuple[tuple[Fraction, float], ...] = ()

    def seconds(self, time: Fraction) -> float:
        """Convert a time in whole notes to seconds."""
        seconds, since, tempo = 0.0, Fraction(0), self.tempo
        for change, following in self.tempo_changes:
            if change >= time:
                break
            seconds += float(change - since) * 4 * 60 / tempo
            since, tempo = change, following
        return seconds + float(time - since) * 4 * 60 / tempo


def perform(tune: Tune, beats: float | None = None) -> Performance:
    """Perform a tune.

    Args:
        tune: The tune.
        beats: Beats a minute (`seqgen.music.core.tempo.beat`); by default the tune's own tempo, or
            the usual one.

    Raises:
        TuneError: If it cannot be played.
    """
    tune = align_voices(tune)
    every = tune.all_voices
    order = bar_order(tune.bars, tune.part_order)
    if len(order) > MAX_BARS:
        raise TuneError(f"is too long to play, over {MAX_BARS} bars")
    lengths = [
        max(extent(voice.bars[number]) for voice in every) for number in range(len(tune.bars))
    ]
    onsets = list(accumulate((lengths[number] for number in order), initial=Fraction(0)))
    sounds = []
    for number, voice in enumerate(every):
        up = voice.transpose + 12 * voice.clef.octave
        for layer in range(1 + max((len(bar.overlays) for bar in voice.bars), default=0)):
            sounds += [
                sound._replace(pitch=sound.pitch + up, voice=number, layer=layer)
                for sound in line(voice.bars, order, onsets, layer)
            ]
    sounds.sort(key=lambda sound: sound.onset)
    if not sounds:
        raise TuneError("no note to play")
    if not all(0 <= sound.pitch <= HIGHEST for sound in sounds):
        raise TuneError("a pitch that no instrument has")
    tempo = tempo_of(tune, beats)
    return Performance(
        tune,
        tuple(sounds),
        onsets[-1],
        tempo,
        tuple(order),
        tuple(onsets[:-1]),
        tuple(tempo_changes(tune, order, onsets, tempo)),
    )


def tempo_changes(
    tune: Tune, order: Sequence[int], onsets: Sequence[Fraction], tempo: float
) -> Iterator[tuple[Fraction, float]]:
    """Time and quarter notes a minute of each change of tempo.

    tempo: the initial one; changes are scaled by its ratio to the tune's own.
    """
    scale = tempo / tempo_of(tune)
    current = tempo
    for number, onset in zip(order, onsets, strict=False):
        bar_tempo = tune.bars[number].tempo
        if bar_tempo and bar_tempo * scale != current:
            current = bar_tempo * scale
            yield onset, current


def extent(bar: Bar) -> Fraction:
    """The length of a bar with its overlays, in whole notes."""
    layers = (sum((note.length for note in notes), Fraction(0)) for notes in bar.overlays)
    return max((bar.length, *layers))


def line(
    bars: Sequence[Bar], order: Sequence[int], onsets: Sequence[Fraction], layer: int
) -> list[Sound]:
    """The sounds of one layer of a voice. order, onsets: as in `Performance`."""
    sounds: list[Sound] = []
    held: dict[int, int] = {}  # index in `sounds` of each tied pitch
    for bar, now in zip(order, onsets, strict=False):
        layers = (bars[bar].notes, *bars[bar].overlays)
        for place, note in enumerate(layers[layer] if layer < len(layers) else ()):
            numbers = dict.fromkeys(pitch.midi for pitch in note.pitches)
            tied: dict[int, int] = {}
            start, length = now, note.length
            if not note.tied and "staccato" in note.attached.decorations:
                length /= 2
            if note.attached.grace and not held:
                for pitch, onset, duration in grace_sounds(note.attached.grace, now, length / 2):
                    sounds.append(Sound(onset, duration, pitch, ((bar, place),)))
                    start = onset + duration
                length -= start - now
            for number in numbers if length else ():
                at = held.get(number, len(sounds))
                if at == len(sounds):
                    sounds.append(Sound(start, Fraction(0), number, ()))
                sound = sounds[at]
                sounds[at] = sound._replace(
                    duration=sound.duration + length,
                    written=(*sound.written, (bar, place)),
                )
                if note.tied:
                    tied[number] = at
            held = tied
            now += note.length
    return sounds


def grace_sounds(
    grace: Sequence[Note], now: Fraction, most: Fraction
) -> Iterator[tuple[int, Fraction, Fraction]]:
    """Pitch, onset and duration of each grace note.

    The shortest lasts `GRACE`, the others in proportion, and all of them at most ``most``.
    now: onset of the main note without them.
    """
    shortest = min(note.length for note in grace)
    lengths = [GRACE * note.length / shortest for note in grace]
    scale = min(Fraction(1), most / sum(lengths, Fraction(0)))
    for note, length in zip(grace, lengths, strict=True):
        for pitch in dict.fromkeys(pitch.midi for pitch in note.pitches):
            yield pitch, now, length * scale
        now += length * scale


def not_played(tune: Tune) -> Counter[str]:
    """Count by kind what a musician would play, but MIDI, sound and page do not."""
    counts: Counter[str] = Counter()
    for note in tune.all_notes():
        counts["chord symbol"] += bool(note.attached.chord_symbol)
        counts["decoration"] += sum(map(annotations.is_lost_in_sound, note.attached.decorations))
    return +counts


def accents(performance: Performance) -> list[bool]:
    """For each sound, whether it is accented: it begins a bar that is not a pickup."""
    early = [setting.start > 0 for setting in settings(performance.tune)]
    return [s.written[0][1] == 0 and not early[s.written[0][0]] for s in performance.sounds]
