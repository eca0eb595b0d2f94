from dataclasses import replace
from fractions import Fraction

import pytest

from seqgen.errors import TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.key import Pitch
from seqgen.music.core.meter import Meter
from seqgen.music.core.tempo import beat, tempo_of
from seqgen.music.core.tune import Attachments, Clef, Note, Tune, Voice
from seqgen.music.render.performance import perform


def test_ties_are_joined_and_notes_know_where_they_are_written() -> None:
    tune = parse_tune("M:4/4\nL:1/4\nK:D\n|:f-f2 (3c/d/c/|[df]2-[df]d-|d4:|")
    first = [sound[:4] for sound in perform(tune).sounds[:6]]
    quarter, sixth = Fraction(1, 4), Fraction(1, 12)
    assert first == [
        (0, 3 * quarter, 78, ((0, 0), (0, 1))),
        (3 * quarter, sixth, 73, ((0, 2),)),
        (3 * quarter + sixth, sixth, 74, ((0, 3),)),
        (3 * quarter + 2 * sixth, sixth, 73, ((0, 4),)),
        (Fraction(1), 3 * quarter, 78, ((1, 0), (1, 1))),
        (Fraction(1), 3 * quarter, 74, ((1, 0), (1, 1))),
    ]
    assert perform(tune).sounds[6][:4] == (Fraction(7, 4), Fraction(5, 4), 74, ((1, 2), (2, 0)))
    assert perform(tune).length == 6


def voice(abc: str, **text: object) -> Voice:
    return Voice(parse_tune(abc).bars, **text)  # type: ignore[arg-type]


def test_all_voices_sound_at_their_own_octave() -> None:
    head = "M:2/4\nL:1/4\nK:C\n"
    tune = replace(
        parse_tune(head + "|:c d:|e2|]"),
        clef=Clef("G", 2, -1),
        voices=(
            voice(head + "C2|D2|", transpose=2),
            voice(head + "C E|F2|G2|]", clef=Clef("F", 4)),
        ),
    )
    performance = perform(tune)
    pitches = {
        number: [(s.onset, s.pitch) for s in performance.sounds if s.voice == number]
        for number in range(3)
    }
    half, quarter = Fraction(1, 2), Fraction(1, 4)
    assert pitches == {
        0: [(0, 60), (quarter, 62), (half, 60), (half + quarter, 62), (1, 64)],
        1: [(0, 62), (half, 62), (1, 64)],
        2: [(0, 60), (quarter, 64), (half, 60), (half + quarter, 64), (1, 65), (3 * half, 67)],
    }
    assert performance.length == 2
    assert performance.order == (0, 0, 1, 2)
    assert performance.onsets == (0, half, 1, 3 * half)
    assert len(performance.tune.bars) == 3
    assert [len(voice.bars) for voice in performance.tune.voices] == [3, 3]


def test_overlays_sound_beside_the_notes_of_their_bar() -> None:
    tune = parse_tune("M:2/4\nL:1/4\nK:C\nc d|e2|]")
    under = tuple(parse_tune("M:2/4\nL:1/4\nK:C\nC2-|C E|]").bars[0].notes)
    bars = replace(tune.bars[0], overlays=(under,)), tune.bars[1]
    sounds = perform(replace(tune, bars=bars)).sounds
    assert [(s.onset, s.duration, s.pitch, s.layer) for s in sounds if s.layer] == [
        (0, Fraction(1, 2), 60, 1),
    ]
    assert [s.pitch for s in sounds if not s.layer] == [72, 74, 76]


def with_grace(abc: str, place: int, *steps: int) -> Tune:
    """The tune with grace notes, each an eighth, before a note of its first bar."""
    tune = parse_tune(abc)
    grace = tuple(Note((Pitch(step),), Fraction(1, 8)) for step in steps)
    notes = list(tune.bars[0].notes)
    notes[place] = notes[place]._replace(attached=Attachments(grace=grace))
    return replace(tune, bars=(replace(tune.bars[0], notes=tuple(notes)), *tune.bars[1:]))


def test_grace_notes_take_their_time_from_the_note_behind_them() -> None:
    sounds = perform(with_grace("M:2/4\nL:1/4\nK:C\nC E|G2|]", 1, 33, 34)).sounds
    grace, quarter = Fraction(1, 32), Fraction(1, 4)
    assert [(s.onset, s.duration, s.pitch) for s in sounds] == [
        (0, quarter, 60),
        (quarter, grace, 69),
        (quarter + grace, grace, 71),
        (quarter + 2 * grace, quarter - 2 * grace, 64),
        (2 * quarter, 2 * quarter, 67),
    ]
    assert [s.written for s in sounds[1:4]] == [((0, 1),)] * 3
    # Many before a short note take half of it.
    sounds = perform(with_grace("M:2/4\nL:1/16\nK:C\nC E|]", 0, 33, 34, 35, 36)).sounds
    assert [s.duration for s in sounds] == [Fraction(1, 128)] * 4 + [
        Fraction(1, 32),
        Fraction(1, 16),
    ]
    # Their lengths are in proportion; dots halve the note itself.
    tune = with_grace("M:2/4\nL:1/4\nK:C\nC E|]", 0, 33, 34)
    (long, short), note = tune.bars[0].notes[0].attached.grace, tune.bars[0].notes[0]
    attached = Attachments(grace=(long, short._replace(written=Fraction(1, 16))))
    attached = replace(attached, decorations=("staccato",))
    notes = (note._replace(attached=attached), tune.bars[0].notes[1])
    sounds = perform(replace(tune, bars=(replace(tune.bars[0], notes=notes),))).sounds
    assert [96 * s.duration for s in sounds] == [4, 2, 6, 24]
    # Before a note that a tie holds there is no room for them.
    tied = perform(with_grace("M:2/4\nL:1/4\nK:C\nC-C|]", 1, 33)).sounds
    assert [(s.onset, s.duration) for s in tied] == [(0, 2 * quarter)]


def test_staccato_notes_are_half_as_long() -> None:
    tune = parse_tune("M:3/4\nL:1/4\nK:C\nC E-E|]")
    short = Attachments(decorations=("staccato", "accent"))
    notes = tuple(note._replace(attached=short) for note in tune.bars[0].notes)
    sounds = perform(replace(tune, bars=(replace(tune.bars[0], notes=notes),))).sounds
    assert [(8 * s.onset, 8 * s.duration) for s in sounds] == [(0, 1), (2, 3)]


def test_a_bar_may_change_the_tempo() -> None:
    tune = parse_tune("M:1/4\nL:1/4\nQ:1/4=60\nK:C\n|:A|B:|c|]")
    bars = tune.bars[0], replace(tune.bars[1], tempo=120.0), tune.bars[2]
    tune = replace(tune, bars=bars)
    quarter = Fraction(1, 4)
    assert perform(tune).tempo_changes == ((quarter, 120.0),)
    assert perform(tune).seconds(quarter) == pytest.approx(1)
    assert perform(tune).seconds(5 * quarter) == pytest.approx(3)
    half_as_fast = perform(tune, 30)
    assert half_as_fast.tempo_changes == ((quarter, 60.0),)
    assert half_as_fast.seconds(5 * quarter) == pytest.approx(6)


def test_every_written_note_sounds(tunes: list[Tune], oneills: list[Tune]) -> None:
    for tune in (*tunes, *oneills):
        heard = {place for sound in perform(tune).sounds for place in sound.written}
        notes = {
            (b, n) for b, bar in enumerate(tune.bars) for n, note in enumerate(bar.notes)
            if note.pitches
        }  # fmt: skip
        assert heard == notes, tune.title
        times = [sound.onset for sound in perform(tune).sounds]
        assert times == sorted(times)


@pytest.mark.parametrize(
    ("rhythm", "meter", "bars_a_minute"),
    [
        ("jig", (6, 8), (52, 65)),
        ("double jig", (6, 8), (52, 65)),
        ("slip jig", (9, 8), (33, 45)),
        ("reel", (2, 2), (45, 60)),
        ("reel", (4, 4), (45, 60)),
        ("reel", (2, 4), (45, 60)),
        ("hornpipe", (4, 4), (32, 45)),
        ("waltz", (3, 4), (40, 55)),
        ("polka", (2, 4), (52, 70)),
        ("slow air", (3, 4), (18, 32)),
        ("", (6, 8), (45, 60)),
        ("", (3, 4), (30, 45)),
    ],
)
def test_usual_tempos(rhythm: str, meter: tuple[int, int], bars_a_minute: tuple[int, int]) -> None:
    tune = Tune((), Meter(*meter), None, rhythm)
    least, most = bars_a_minute
    assert least <= tempo_of(tune) / float(4 * tune.meter.length) <= most


def test_a_stated_tempo_takes_precedence() -> None:
    tune = parse_tune("R:jig\nM:6/8\nQ:3/8=100\nK:C\nABc|")
    assert tempo_of(tune) == pytest.approx(150)
    assert tempo_of(tune, 60) == 90
    assert perform(tune, 60).seconds(Fraction(3, 8)) == pytest.approx(1)
    assert [beat(Meter(*m)) for m in ((6, 8), (12, 8), (2, 2), (4, 4), (7, 8), (0, 1))] == [
        1.5, 1.5, 2, 1, 1, 1,
    ]  # fmt: skip


def test_a_tune_that_cannot_be_played_raises_an_error() -> None:
    with pytest.raises(TuneError, match="no note"):
        perform(parse_tune("M:4/4\nK:C\nz8|]"))
    bar = parse_tune("K:C\nA|").bars[0]
    endless = Tune((replace(bar, right=":|", times=99),) * 999, Meter(1, 4), None)
    with pytest.raises(TuneError, match="too long"):
        perform(endless)
