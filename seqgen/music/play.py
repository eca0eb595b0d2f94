"""A tune as it is played: repeats and endings followed, ties joined, at its tempo."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.layout import aligned, settings, voices
from seqgen.music.tempo import tempo_of
from seqgen.music.tune import Bar, Tune

HIGHEST = 127  # of the pitches that MIDI knows
# A book's tune sounds under 1000 notes; only nonsense (a hundred endings) comes here.
MOST_BARS = 10_000


class Sound(NamedTuple):
    """One sounding pitch.

    onset, duration: in whole notes, from the beginning of the tune.
    pitch: number of the key on a keyboard, 60 for middle C.
    written: the notes that it is written as, several where ties join them: (bar, note) from 0.
    voice: its number, 0 for the first. layer: 0 for the bar's notes, n for its n-th overlay.
    """

    onset: Fraction
    duration: Fraction
    pitch: int
    written: tuple[tuple[int, int], ...]
    voice: int = 0
    layer: int = 0


@dataclass(frozen=True)
class Performance:
    """A tune with what sounds when it is played.

    tune: its voices as `seqgen.music.layout.aligned` has them. sounds: by onset.
    length: of the whole, in whole notes, rests at its end included.
    tempo: quarter notes a minute at the beginning.
    order: numbers of the bars, from 0, in the order of playing. onsets: when each of them begins.
    tempo_changes: each with its time in whole notes and its quarter notes a minute, by time.
    """

    tune: Tune
    sounds: tuple[Sound, ...]
    length: Fraction
    tempo: float
    order: tuple[int, ...] = ()
    onsets: tuple[Fraction, ...] = ()
    tempo_changes: tuple[tuple[Fraction, float], ...] = ()

    def seconds(self, time: Fraction) -> float:
        """A time in whole notes, in seconds."""
        seconds, since, tempo = 0.0, Fraction(0), self.tempo
        for change, following in self.tempo_changes:
            if change >= time:
                break
            seconds += float(change - since) * 4 * 60 / tempo
            since, tempo = change, following
        return seconds + float(time - since) * 4 * 60 / tempo


def perform(tune: Tune, beats: float | None = None) -> Performance:
    """The tune as it is played.

    beats: a minute, as `seqgen.music.tempo.beat` counts them; None: the tune's own or usual tempo.
    Raises TuneError for a tune that cannot be played.
    """
    tune = aligned(tune)
    every = voices(tune)
    order = bar_order(tune.bars)
    if len(order) > MOST_BARS:
        raise TuneError(f"is too long to play, over {MOST_BARS} bars")
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
    """When the tempo changes, and to how many quarter notes a minute.

    tempo: at the beginning; changes are scaled by as much as it differs from the tune's own.
    """
    scale = tempo / tempo_of(tune)
    current = tempo
    for number, onset in zip(order, onsets, strict=False):
        said = tune.bars[number].tempo
        if said and said * scale != current:
            current = said * scale
            yield onset, current


def extent(bar: Bar) -> Fraction:
    """How long a bar lasts with its overlays, in whole notes."""
    layers = (sum((note.length for note in notes), Fraction(0)) for notes in bar.overlays)
    return max((bar.length, *layers))


def line(
    bars: Sequence[Bar], order: Sequence[int], onsets: Sequence[Fraction], layer: int
) -> list[Sound]:
    """What sounds of one voice, or of its overlays of one number.

    order, onsets: as in `Performance`. layer: as in `Sound`.
    """
    sounds: list[Sound] = []
    held: dict[int, int] = {}  # of the pitches that a tie keeps on, where they are in `sounds`
    for bar, now in zip(order, onsets, strict=False):
        layers = (bars[bar].notes, *bars[bar].overlays)
        for place, note in enumerate(layers[layer] if layer < len(layers) else ()):
            numbers = dict.fromkeys(pitch.midi for pitch in note.pitches)
            going_on: dict[int, int] = {}
            for number in numbers if note.length else ():
                at = held.get(number, len(sounds))
                if at == len(sounds):
                    sounds.append(Sound(now, Fraction(0), number, ()))
                sound = sounds[at]
                sounds[at] = sound._replace(
                    duration=sound.duration + note.length,
                    written=(*sound.written, (bar, place)),
                )
                if note.tied:
                    going_on[number] = at
            held = going_on
            now += note.length
    return sounds


def accented(performance: Performance) -> list[bool]:
    """For each sound whether it is a strong one, which begins a bar that is no pickup."""
    early = [setting.start > 0 for setting in settings(performance.tune)]
    return [s.written[0][1] == 0 and not early[s.written[0][0]] for s in performance.sounds]


def bar_order(bars: Sequence[Bar]) -> list[int]:
    """The numbers of the bars, from 0, in the order in which they are played.

    A repeat goes back to its ``|:``, or without one to behind the last repeat or double bar, or
    to the beginning of the tune. An ending that no turn asks for is played in every turn, so that
    nothing written stays unheard.
    """
    order: list[int] = []
    at = start = 0
    turn = 1
    opened = False  # by a "|:" that waits for its ":|"; double bars within it are only drawn
    while at < len(bars) and len(order) <= MOST_BARS:
        bar = bars[at]
        if bar.left == "|:":
            opened = True
            if at != start:
                start, turn = at, 1
        turns, group_end = endings(bars, at)
        if bar.ending and turn in turns and turn not in numbers(bar.ending):
            at += 1
            continue
        order.append(at)
        if bar.right == ":|" or (bar.ending and last_of_ending(bars, at)):
            later = sorted(number for number in turns if number > turn)
            if later:
                turn, at = later[0], start
                continue
            at = start = group_end
            turn, opened = 1, False
            continue
        at += 1
        if bar.right in ("||", "|]") and not opened:
            start, turn = at, 1
    return order


def endings(bars: Sequence[Bar], at: int) -> tuple[set[int], int]:
    """The turns that the endings around a bar are for, and the number of the bar behind them.

    Outside of endings: the two turns of a plain repeat, and the next bar.
    """
    if not bars[at].ending:
        return {1, 2}, at + 1
    first = last = at
    while first > 0 and bars[first - 1].ending and bars[first].left != "|:":
        first -= 1
    while last + 1 < len(bars) and bars[last + 1].ending and bars[last + 1].left != "|:":
        last += 1
    turns = set().union(*(numbers(bar.ending) for bar in bars[first : last + 1]))
    return (turns | {2} if turns == {1} else turns), last + 1


def last_of_ending(bars: Sequence[Bar], at: int) -> bool:
    return at + 1 == len(bars) or bars[at + 1].ending != bars[at].ending


def numbers(ending: str) -> set[int]:
    """The turns that an ending's label names: ``"1,3"`` and ``"1-3"``; those above 99 are none."""
    named: set[int] = set()
    for first, last in re.findall(r"(\d{1,2})(?:-(\d{1,2}))?(?!\d)", ending):
        named.update(range(int(first), int(last or first) + 1))
    return named
