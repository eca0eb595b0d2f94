import base64
import io
import re
from fractions import Fraction
from xml.etree import ElementTree

import mido
import pytest
import verovio
from hypothesis import given
from hypothesis import strategies as st

from seqgen.errors import TuneError
from seqgen.music.key import LETTERS, Pitch
from seqgen.music.layout import settings
from seqgen.music.mei import heads, mei, names
from seqgen.music.play import perform
from seqgen.music.reader import read
from seqgen.music.tune import Bar, Meter, Note, Tune

NAMESPACE = "{http://www.music-encoding.org/ns/mei}"
ID = "{http://www.w3.org/XML/1998/namespace}id"
SIGNS = {"s": 1, "f": -1, "n": 0, "x": 2, "ss": 2, "ff": -2}


def parsed(tune: Tune) -> ElementTree.Element:
    return ElementTree.fromstring(mei(tune, "t1"))


def elements(root: ElementTree.Element, *tags: str) -> list[ElementTree.Element]:
    return [e for e in root.iter() if e.tag.removeprefix(NAMESPACE) in tags]


def as_written(tune: Tune) -> Tune:
    """The tune with its bars once each, in the order in which they stand."""
    plain = tuple(Bar(b.notes, "", "|", "", b.key, b.meter) for b in tune.bars)
    return Tune(plain, tune.meter, tune.key)


def test_verovio_hears_the_tunes_notes(tunes: list[Tune], oneills: list[Tune]) -> None:
    """Onset, duration and pitch of each, ties joined, from the MIDI file that verovio makes."""
    for tune in (*tunes, *oneills):
        toolkit = verovio.toolkit()
        toolkit.setOptions({"expandNever": True})
        assert toolkit.loadData(mei(tune, "t1"))
        file = mido.MidiFile(file=io.BytesIO(base64.b64decode(toolkit.renderToMIDI())))
        heard, begun, now = [], {}, 0
        whole = 4 * file.ticks_per_beat
        for message in mido.merge_tracks(file.tracks):
            now += message.time
            if message.type == "note_on" and message.velocity:
                begun[message.note] = now
            elif message.type in ("note_on", "note_off"):
                start = begun.pop(message.note)
                heard.append((start / whole, (now - start) / whole, message.note))
        sounds = perform(as_written(tune)).sounds
        expected = sorted((float(s.onset), float(s.duration), s.pitch) for s in sounds)
        assert len(heard) == len(expected), tune.title
        for ours, theirs in zip(expected, sorted(heard), strict=True):
            assert theirs == pytest.approx(ours, abs=2.5 / whole), tune.title


def test_signs_on_paper_say_the_pitches(tunes: list[Tune], oneills: list[Tune]) -> None:
    """Read as a musician reads: signature, then signs up to the bar's end, each in its octave."""
    for tune in (*tunes, *oneills):
        measures = elements(parsed(tune), "measure")
        tied: set[str] = set()
        for measure, bar, setting in zip(measures, tune.bars, settings(tune), strict=True):
            ends = {tie.get("endid") for tie in elements(measure, "tie")}
            signature = setting.key.signature if setting.key else (0,) * 7
            signs: dict[int, int] = {}
            heard = []
            for note in elements(measure, "note"):
                letter = LETTERS.index(str(note.get("pname")).upper())
                step = letter + 7 * int(str(note.get("oct")))
                if sign := note.get("accid"):
                    signs[step] = SIGNS[sign]
                alter = signs.get(step, signature[letter])
                if f"#{note.get(ID)}" in tied | ends and not sign:
                    alter = SIGNS[note.get("accid.ges", "n")]  # as in the note that it is tied to
                heard.append(Pitch(step, alter))
            tied = {str(end) for end in ends}
            count = {n: len(heads(note.written)) for n, note in enumerate(bar.notes)}
            expected = [p for n, note in enumerate(bar.notes) for p in note.pitches * count[n]]
            assert heard == expected, tune.title


def signs(abc: str) -> list[str]:
    notes = elements(parsed(read(abc)), "note")
    return [note.get("accid", "-") for note in notes]


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ("^F F =F F|F", "s - n - -"),  # K:C, so the F behind the bar is plain
        ("^F|F", "s -"),
        ("^F-|F F", "s - -"),
        ("^F-|^F ^F", "s - s"),
        ("^F f", "s n"),
        ("^F ^f F", "s s -"),
        ("^^F ^F __B", "x s ff"),
        ("=F F", "- -"),
        ("[^FA] F", "- s -"),
    ],
)
def test_signs_stand_where_they_are_needed_and_nowhere_else(notes: str, expected: str) -> None:
    assert signs(f"%abc-2.1\nI:propagate-accidentals octave\nM:none\nL:1/4\nK:C\n{notes}|") == (
        expected.split()
    )


def test_every_written_note_has_its_id_and_is_on_paper_once(tunes: list[Tune]) -> None:
    for tune in tunes:
        ids = [e.get(ID) for e in elements(parsed(tune), "note", "chord", "rest", "mRest")]
        ids = [i for i in ids if i and not re.search(r"p\d+$", i)]
        expected = [
            name
            for b, bar in enumerate(tune.bars)
            for n, note in enumerate(bar.notes)
            for name in names("t1", b, n, note)
        ]
        assert ids == expected


def test_repeats_endings_and_tuplets() -> None:
    tune = read("M:2/4\nL:1/8\nK:C\n|:G|AB(3cde|1 A3:|2 A4|B4|]c4||(3c2d2e2|")
    root = parsed(tune)
    measures = elements(root, "measure")
    assert [m.get("left", "") for m in measures] == ["rptstart", "", "", "", "", "", ""]
    assert [m.get("right") for m in measures] == [
        "single", "single", "rptend", "single", "end", "dbl", "single",
    ]  # fmt: skip
    found = [(e.get("n"), len(elements(e, "measure"))) for e in elements(root, "ending")]
    assert found == [("1", 1), ("2", 2)]
    tuplets = elements(root, "tuplet")
    assert [(t.get("num"), t.get("numbase"), t.get("bracket.visible")) for t in tuplets] == [
        ("3", "2", "false"), ("3", "2", None),
    ]  # fmt: skip
    partial = [m.get("metcon") for m in measures]
    assert partial == ["false", None, "false", None, None, None, None]


def test_keys_and_meters() -> None:
    tune = read("M:3/4\nL:1/4\nK:Dmix\nABc|[M:4/4][K:Eb]ABcd|[K:D =c]A4|]")
    root = parsed(tune)
    assert [k.get("sig") for k in elements(root, "keySig")] == ["1s", "3f", "mixed"]
    accidentals = [(k.get("pname"), k.get("accid")) for k in elements(root, "keyAccid")]
    assert accidentals == [("f", "s")]
    counts = [s.get("meter.count") for s in elements(root, "scoreDef")]
    assert counts == ["3", "4", None]


@given(st.integers(1, 600), st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128]))
def test_heads_are_drawable_and_as_long_as_the_note(numerator: int, denominator: int) -> None:
    written = Fraction(numerator, denominator)
    found = heads(written)
    assert sum(found) == written
    for head in found:
        base = max(b for b in (Fraction(2) / 2**i for i in range(9)) if b <= head)
        assert head / base in (1, Fraction(3, 2), Fraction(7, 4))
    assert len(found) <= 2 + written / 2 + 4


@pytest.mark.parametrize(
    "tune",
    [
        Tune((), Meter(4, 4), None),
        Tune((Bar((Note((Pitch(28),), Fraction(1, 3)),)),), Meter(4, 4), None),
        Tune((Bar((Note((Pitch(28),), Fraction(1, 512)),)),), Meter(4, 4), None),
        Tune((Bar((Note((Pitch(28),), Fraction(1, 4)),)),), Meter(4, 6), None),
    ],
)
def test_what_notation_cannot_show_is_said(tune: Tune) -> None:
    with pytest.raises(TuneError):
        mei(tune, "t1")
