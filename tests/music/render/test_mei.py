import base64
import io
import re
from dataclasses import replace
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

import mido
import pytest
import verovio
from hypothesis import given
from hypothesis import strategies as st

from seqgen.errors import TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.abc.symbols import decoration_name
from seqgen.music.core.key import LETTERS, Pitch
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import PLAIN, Attachments, Bar, Clef, Note, Tune, Voice
from seqgen.music.render.engrave import engrave
from seqgen.music.render.glyphs import heads, names
from seqgen.music.render.layout import settings
from seqgen.music.render.mei import mei, not_drawn
from seqgen.music.render.performance import perform

NAMESPACE = "{http://www.music-encoding.org/ns/mei}"
ID = "{http://www.w3.org/XML/1998/namespace}id"
SIGNS = {"s": 1, "f": -1, "n": 0, "x": 2, "ss": 2, "ff": -2}


def parsed(tune: Tune) -> ElementTree.Element:
    return ElementTree.fromstring(mei(tune, "t1"))


def elements(root: ElementTree.Element, *tags: str) -> list[ElementTree.Element]:
    return [e for e in root.iter() if e.tag.removeprefix(NAMESPACE) in tags]


def bare(tune: Tune) -> Tune:
    """The tune with nothing attached to its notes."""
    bars = [
        replace(bar, notes=tuple(note._replace(attached=PLAIN) for note in bar.notes), marks=())
        for bar in tune.bars
    ]
    return replace(tune, bars=tuple(bars))


def as_written(tune: Tune) -> Tune:
    """The tune with its bars once each, in the order in which they stand."""
    plain = tuple(Bar(b.notes, "", "|", "", b.key, b.meter) for b in tune.bars)
    return Tune(plain, tune.meter, tune.key)


@pytest.mark.slow
def test_verovio_hears_the_tunes_notes(tunes: list[Tune], oneills: list[Tune]) -> None:
    """Onset, duration and pitch of each, ties joined, from the MIDI file that verovio makes."""
    for tune in map(bare, (*tunes, *oneills)):
        toolkit = verovio.toolkit()
        toolkit.setOptions({"expandNever": True})
        assert toolkit.loadData(mei(tune, "t1"))
        file = mido.MidiFile(file=io.BytesIO(base64.b64decode(toolkit.renderToMIDI())))
        heard, onsets, now = [], {}, 0
        whole = 4 * file.ticks_per_beat
        for message in mido.merge_tracks(file.tracks):
            now += message.time
            if message.type == "note_on" and message.velocity:
                onsets[message.note] = now
            elif message.type in ("note_on", "note_off"):
                start = onsets.pop(message.note)
                heard.append((start / whole, (now - start) / whole, message.note))
        sounds = perform(as_written(tune)).sounds
        expected = sorted((float(s.onset), float(s.duration), s.pitch) for s in sounds)
        assert len(heard) == len(expected), tune.title
        for ours, theirs in zip(expected, sorted(heard), strict=True):
            assert theirs == pytest.approx(ours, abs=2.5 / whole), tune.title


def test_drawn_accidentals_give_the_pitches(tunes: list[Tune], oneills: list[Tune]) -> None:
    """Read as a musician reads: signature, then signs up to the bar's end, each in its octave."""
    for tune in map(bare, (*tunes, *oneills)):
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
    notes = elements(parsed(parse_tune(abc)), "note")
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
def test_accidentals_are_drawn_only_where_needed(notes: str, expected: str) -> None:
    assert signs(f"%abc-2.1\nI:propagate-accidentals octave\nM:none\nL:1/4\nK:C\n{notes}|") == (
        expected.split()
    )


def test_every_note_is_drawn_once_with_its_id(tunes: list[Tune]) -> None:
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
    tune = parse_tune("M:2/4\nL:1/8\nK:C\n|:G|AB(3cde|1 A3:|2 A4|B4|]c4||(3c2d2e2|")
    root = parsed(tune)
    measures = elements(root, "measure")
    assert [m.get("left", "") for m in measures] == ["rptstart", "", "", "", "", "", ""]
    assert [m.get("right") for m in measures] == [
        "single", "single", "rptend", "single", "end", "dbl", "single",
    ]  # fmt: skip
    endings = [(e.get("n"), len(elements(e, "measure"))) for e in elements(root, "ending")]
    assert endings == [("1", 1), ("2", 2)]
    tuplets = elements(root, "tuplet")
    assert [(t.get("num"), t.get("numbase"), t.get("bracket.visible")) for t in tuplets] == [
        ("3", "2", "false"), ("3", "2", None),
    ]  # fmt: skip
    partial = [m.get("metcon") for m in measures]
    assert partial == ["false", None, "false", None, None, None, None]


def test_keys_and_meters() -> None:
    tune = parse_tune("M:3/4\nL:1/4\nK:Dmix\nABc|[M:4/4][K:Eb]ABcd|[K:D =c]A4|]")
    root = parsed(tune)
    assert [k.get("sig") for k in elements(root, "keySig")] == ["1s", "3f", "mixed"]
    accidentals = [(k.get("pname"), k.get("accid")) for k in elements(root, "keyAccid")]
    assert accidentals == [("f", "s")]
    counts = [s.get("meter.count") for s in elements(root, "scoreDef")]
    assert counts == ["3", "4", None]


def attach(abc: str, attached: dict[int, Attachments], **changes: Any) -> Tune:
    """A tune with something at some of its notes, which are counted from 0 through all bars."""
    tune, count = parse_tune(abc), 0
    bars = []
    for bar in tune.bars:
        notes = []
        for note in bar.notes:
            notes.append(note._replace(attached=attached.get(count, PLAIN)))
            count += 1
        bars.append(replace(bar, notes=tuple(notes)))
    return replace(tune, bars=tuple(bars), **changes)


SONG = "M:4/4\nL:1/4\nK:G\nG A B c|d e f g|]"


def at(root: ElementTree.Element, tag: str) -> list[tuple[str, str]]:
    """The elements of a kind, each with the note at which it stands and its text."""
    return [
        (str(e.get("startid")).removeprefix("#t1-"), "".join(e.itertext()))
        for e in elements(root, tag)
    ]


def test_chord_symbols_and_annotations_are_at_their_notes() -> None:
    root = parsed(
        attach(
            SONG,
            {
                0: Attachments("Bb7/F#", ("^above", "_below", "@free")),
                1: Attachments(annotations=("<left", ">right", ">")),
                5: Attachments("Gm <&>"),
            },
        )
    )
    assert at(root, "harm") == [("0-0", "B♭7/F♯"), ("1-1", "Gm <&>")]
    assert [(e.get("startid"), e.get("place"), "".join(e.itertext())) for e in elements(root, "dir")
    ] == [
        ("#t1-0-0", "above", "above"), ("#t1-0-0", "below", "below"), ("#t1-0-0", "above", "free"),
        ("#t1-0-1", "within", "left"), ("#t1-0-1", "within", "right"),
        ("#t1-0-1", "above", ">"),
    ]  # fmt: skip


STANDARD = re.findall(
    r"\S+",
    """
trill lowermordent uppermordent mordent pralltriller roll turn turnx invertedturn invertedturnx
arpeggio > accent emphasis fermata invertedfermata tenuto 0 1 2 3 4 5 + plus snap slide wedge upbow
downbow open thumb breath pppp ppp pp p mp mf f ff fff ffff sfz segno coda D.S. D.C. dacoda dacapo
fine shortphrase mediumphrase longphrase staccato marcato / // ///
""",
)


@pytest.mark.parametrize("name", STANDARD)
def test_every_decoration_of_the_standard_is_drawn(name: str) -> None:
    """As a sign, or as a text where there is none: the picture is not that of the bare note."""
    plain, decorated = (
        engrave(attach(SONG, {1: Attachments(decorations=names)}), 1)[0].body
        for names in ((), (decoration_name(name),))
    )
    drawings = [len(re.findall("<(?:use|path|text|polygon)", text)) for text in (plain, decorated)]
    assert drawings[1] > drawings[0]


def test_an_unknown_decoration_is_printed_and_what_is_about_layout_is_counted() -> None:
    tune = attach(SONG, {1: Attachments(decorations=("wobble", "xstem", "beambr1"))})
    assert at(parsed(tune), "dir") == [("0-1", "wobble")]
    twice = attach(SONG, {1: Attachments(decorations=("fermata", "fermata"))})
    assert len(elements(parsed(twice), "fermata")) == 1
    assert not_drawn(tune) == {"decoration about layout": 2}
    assert not not_drawn(attach(SONG, {1: Attachments(decorations=("trill",))}))


def test_slurs_hairpins_and_trill_lines_go_from_note_to_note() -> None:
    root = parsed(
        attach(
            SONG,
            {
                0: Attachments(slurs_begin=2, decorations=("crescendo(", "trill(")),
                1: Attachments(slurs_end=1, decorations=("crescendo)", "diminuendo(")),
                3: Attachments(slurs_begin=1),
                4: Attachments(slurs_end=2, decorations=("diminuendo)",)),
                6: Attachments(slurs_begin=1),
            },
        )
    )

    def spans(tag: str) -> list[tuple[str | None, str | None]]:
        return [(e.get("startid"), e.get("endid")) for e in elements(root, tag)]

    n = [f"#t1-{bar}-{place}" for bar in range(2) for place in range(4)]
    assert sorted(map(str, spans("slur"))) == sorted(
        map(str, [(n[0], n[1]), (n[3], n[4]), (n[0], n[4]), (n[6], n[7])])
    )
    assert spans("hairpin") == [(n[0], n[1]), (n[1], n[4])]
    assert [e.get("form") for e in elements(root, "hairpin")] == ["cres", "dim"]
    # One that nothing ends goes to the end of its bar.
    assert spans("trill") == [(n[0], n[3])]


def grace(*steps: int, alter: int = 0) -> tuple[Note, ...]:
    return tuple(Note((Pitch(step, alter),), Fraction(1, 8)) for step in steps)


def test_grace_notes_precede_their_note_on_a_separate_beam() -> None:
    root = parsed(
        attach(
            "M:4/4\nL:1/8\nK:G\nGABc (3ded e2|]",
            {
                0: Attachments(grace=grace(33), acciaccatura=True),
                1: Attachments(grace=grace(34, 35)),
                4: Attachments(grace=grace(31, alter=1)),
            },
        )
    )
    groups = elements(root, "graceGrp")
    assert [[n.get("dur") for n in elements(g, "note")] for g in groups] == [
        ["8"], ["16", "16"], ["8"],
    ]  # fmt: skip
    assert [n.get("stem.mod") for n in elements(groups[0], "note")] == ["1slash"]
    assert [len(elements(g, "beam")) for g in groups] == [0, 1, 0]
    (layer,) = elements(root, "layer")
    assert [e.tag.removeprefix(NAMESPACE) for e in layer] == [
        "graceGrp", "beam", "graceGrp", "beam", "note",
    ]  # fmt: skip
    # The sharp of a grace note is undone behind it, as that of any other.
    assert [n.get("accid") for n in elements(groups[2], "note")] == [None]
    assert "s" not in [n.get("accid") for n in elements(root, "note")]


def test_an_accidental_of_a_grace_note_applies_to_its_bar() -> None:
    tune = attach("M:4/4\nL:1/4\nK:C\nF F =F2|]", {1: Attachments(grace=grace(31, alter=1))})
    notes = elements(parsed(tune), "note")
    assert [n.get("accid") for n in notes] == [None, "s", "n", None]


def test_lyrics_have_hyphens_and_lines_up_to_their_next_syllable() -> None:
    root = parsed(
        attach(
            SONG,
            {
                0: Attachments(lyrics=("val-", "Oh_")),
                1: Attachments(lyrics=("ley", None)),
                2: Attachments(lyrics=("low_",)),
                4: Attachments(lyrics=("a-", "two_")),
            },
        )
    )
    syllables = [
        (verse.get("n"), syl.get("con"), syl.get("wordpos"), syl.text)
        for verse in elements(root, "verse")
        for syl in elements(verse, "syl")
    ]
    assert syllables == [
        ("1", "d", "i", "val"), ("2", "u", None, "Oh"), ("1", None, "t", "ley"),
        ("1", "u", None, "low"), ("1", None, "i", "a-"), ("2", None, None, "two"),
    ]  # fmt: skip


def test_a_bar_has_its_part_tempo_and_directions() -> None:
    tune = attach(SONG, {}, tempo=90.0, tempo_text="Slow", meter_sign="C")
    bars = (
        replace(tune.bars[0], part="A", marks=("segno", "D.S.alcoda"), right=":|", times=3),
        replace(tune.bars[1], tempo=120.0, marks=("fine",)),
    )
    root = parsed(replace(tune, bars=bars))
    assert ["".join(e.itertext()) for e in elements(root, "tempo")] == ["Slow ♩ = 90", "♩ = 120"]
    assert ["".join(e.itertext()) for e in elements(root, "reh")] == ["A"]
    assert [e.get("func") for e in elements(root, "repeatMark")] == ["segno"]
    assert [("".join(e.itertext()), e.get("tstamp")) for e in elements(root, "dir")] == [
        ("D.S. al Coda", "5"), ("3x", "5"), ("Fine", "5"),
    ]  # fmt: skip
    assert [e.get("meter.sym") for e in elements(root, "scoreDef")] == ["common"]
    fast = mei(parse_tune("M:6/8\nQ:3/8=100\nK:C\nC6|]"), "t1")
    assert "♩. = 100" in fast


def test_voices_have_staves_and_overlays_have_layers() -> None:
    tune = parse_tune("M:2/4\nL:1/4\nK:G\n|:G A:|B2|c2|]")
    other = parse_tune("M:2/4\nL:1/4\nK:G\nG,2|[K:D]A,2|]").bars
    bars = (replace(tune.bars[0], overlays=(tune.bars[1].notes,)), *tune.bars[1:])
    tune = replace(
        tune,
        bars=bars,
        label="Fiddle & more",
        clef=Clef("G", 2, -1),
        voices=(
            Voice(other, "2", "Bass", Clef("F", 4)),
            Voice(tune.bars[:1], "3", "", Clef("perc", 2)),
        ),
    )
    root = parsed(tune)
    staves = elements(root, "staffDef")
    assert [(s.get("n"), s.get("clef.shape"), s.get("clef.line")) for s in staves[:3]] == [
        ("1", "G", "2"), ("2", "F", "4"), ("3", "perc", None),
    ]  # fmt: skip
    assert [s.get("clef.dis.place") for s in staves[:3]] == ["below", None, None]
    assert ["".join(e.itertext()) for e in elements(root, "label")] == ["Fiddle & more", "Bass"]
    # The key changes in the second voice only.
    assert [(s.get("n"), [k.get("sig") for k in elements(s, "keySig")]) for s in staves[3:]] == [
        ("2", ["2s"]),
    ]  # fmt: skip
    measures = elements(root, "measure")
    assert [m.get("right") for m in measures] == ["rptend", "single", "end"]
    assert [[len(elements(s, "layer")) for s in elements(m, "staff")] for m in measures] == [
        [2, 1, 1], [1, 1, 1], [1, 1, 1],
    ]  # fmt: skip
    # A note under a clef with an 8 below sounds an octave lower, which is what MEI says.
    first = elements(measures[0], "note")[0]
    assert (first.get("oct"), first.get(ID)) == ("3", "t1-0-0")
    ids = {str(e.get(ID)) for e in elements(root, "note")}
    assert {"t1l1-0-0", "t1v2-0-0", "t1v3-0-1"} <= ids
    assert len(elements(measures[2], "mSpace")) == 2


def test_an_invisible_rest_is_not_drawn() -> None:
    tune = parse_tune("M:2/4\nL:1/4\nK:C\nz G|z2|z2|]")
    bars = [
        replace(bar, notes=tuple(n._replace(invisible=not n.pitches) for n in bar.notes))
        for bar in tune.bars[:2]
    ]
    root = parsed(replace(tune, bars=(*bars, tune.bars[2])))
    assert [len(elements(root, tag)) for tag in ("rest", "space", "mSpace", "mRest")] == [
        0,
        1,
        1,
        1,
    ]


@given(st.integers(1, 600), st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128]))
def test_heads_are_drawable_and_as_long_as_the_note(numerator: int, denominator: int) -> None:
    written = Fraction(numerator, denominator)
    parts = heads(written)
    assert sum(parts) == written
    for head in parts:
        base = max(b for b in (Fraction(2) / 2**i for i in range(9)) if b <= head)
        assert head / base in (1, Fraction(3, 2), Fraction(7, 4))
    # One head for each binary digit, at most: only the last head has dots.
    assert len(parts) <= written // 2 + (written % 2 * 128).numerator.bit_count()


@pytest.mark.parametrize(
    "tune",
    [
        Tune((), Meter(4, 4), None),
        Tune((Bar((Note((Pitch(28),), Fraction(1, 3)),)),), Meter(4, 4), None),
        Tune((Bar((Note((Pitch(28),), Fraction(1, 512)),)),), Meter(4, 4), None),
        Tune((Bar((Note((Pitch(28),), Fraction(1, 4)),)),), Meter(4, 6), None),
    ],
)
def test_what_notation_cannot_show_raises_an_error(tune: Tune) -> None:
    with pytest.raises(TuneError):
        mei(tune, "t1")
