"""A tune as it is played: repeats and endings followed, ties joined, at its tempo."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from seqgen.errors import TuneError
from seqgen.music.layout import settings
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
    """

    onset: Fraction
    duration: Fraction
    pitch: int
    written: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Performance:
    """A tune with what sounds when it is played.

    sounds: by onset. length: of the whole, in whole notes, rests at its end included.
    tempo: quarter notes a minute.
    """

    tune: Tune
    sounds: tuple[Sound, ...]
    length: Fraction
    tempo: float

    def seconds(self, time: Fraction) -> float:
        """A time in whole notes, in seconds."""
        return float(time) * 4 * 60 / self.tempo


def perform(tune: Tune, beats: float | None = None) -> Performance:
    """The tune as it is played.

    beats: a minute, as `seqgen.music.tempo.beat` counts them; None: the tune's own or usual tempo.
    Raises TuneError for a tune that cannot be played.
    """
    order = bar_order(tune.bars)
    if len(order) > MOST_BARS:
        raise TuneError(f"is too long to play, over {MOST_BARS} bars")
    sounds = played(tune)
    if not sounds:
        raise TuneError("no note to play")
    if not all(0 <= sound.pitch <= HIGHEST for sound in sounds):
        raise TuneError("a pitch that no instrument has")
    length = sum((tune.bars[number].length for number in order), Fraction(0))
    return Performance(tune, tuple(sounds), length, tempo_of(tune, beats))


def played(tune: Tune) -> list[Sound]:
    """What sounds, in the order of playing; the pitches of a chord are sounds of one onset."""
    sounds: list[Sound] = []
    now = Fraction(0)
    held: dict[int, int] = {}  # of the pitches that a tie keeps on, where they are in `sounds`
    for bar in bar_order(tune.bars):
        for place, note in enumerate(tune.bars[bar].notes):
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
