"""The reader gives the notes that the ABC standard says, from what books and people write."""

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.errors import TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.abc.parts import parse_part_label, parse_part_order
from seqgen.music.core.key import Key, Pitch, parse_key
from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import PLAIN, Clef, Tune
from seqgen.music.render.performance import perform

EXCERPTS = Path(__file__).parents[2] / "excerpts" / "abc"
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def tune(music, key="C", meter="4/4", unit="1/8"):
    return parse_tune(f"X:1\nT:t\nM:{meter}\nL:{unit}\nK:{key}\n{music}\n")


def excerpt(name):
    return parse_tune((EXCERPTS / f"{name}.abc").read_text(encoding="utf-8"), name)


def heard(tune):
    """Each note as its sounding pitch and its length in eighths; ``z`` for a rest."""
    return [
        f"{sounding(note)}{'' if note.length == Fraction(1, 8) else note.length * 8}"
        + ("-" if note.tied else "")
        for bar in tune.bars
        for note in bar.notes
    ]


def sounding(note):
    """The pitches of a note as scientific names, the octave left out for that of middle C."""
    names = [f"{NAMES[p.midi % 12]}{p.midi // 12 - 1}".removesuffix("4") for p in note.pitches]
    return "+".join(names) or "z"


def signs(tune):
    """The bar lines, as the normal form writes them but with every ending's number."""
    return " ".join(
        f"{b.left}{b.ending and f'[{b.ending}'}{len(b.notes)}{b.right}" for b in tune.bars
    )


@pytest.mark.parametrize(
    ("music", "notes"),
    [
        ("C D2 E/ F// G3/2 A/4 B3/", "C D2 E1/2 F1/4 G3/2 A1/4 B3/2"),
        ("C,, C, C c c' c''", "C2 C3 C C5 C6 C7"),
        ("z Cx2 z/", "z C z2 z1/2"),
        ("A>B c<d A>>B c <d", "A3/2 B1/2 C51/2 D53/2 A7/4 B1/4 C51/2 D53/2"),
        ("A2>B2 {g}c> {ag}d", "A3 B C53/2 D51/2"),
        ("(3ABc (3A2B2c2 (2AB", "A2/3 B2/3 C52/3 A4/3 B4/3 C54/3 A3/2 B3/2"),
        ("(3:2:2A2B (3::2AB c", "A4/3 B2/3 A2/3 B2/3 C5"),
        ("((3ABc) (3(ABc)", "A2/3 B2/3 C52/3 A2/3 B2/3 C52/3"),
        ("[ceg]2 [C2E2G2] [GEC]/", "G5+E5+C52 G+E+C2 G+E+C1/2"),
        ('"Am"A "^up"B "_D.C."c', "A B C5"),
        ("{g}A {/a}B {[ce]d}c", "A B C5"),
        ("~A .B HC TD uE vF !trill!G +fermata+A !^!B", "A B C D E F G A B"),
        ("(AB)(c(.d.e).f)", "A B C5 D5 E5 F5"),
        ("A``B y2 C $ D *E", "A B C D E"),
        ("A2-A B-c C-z D-", "A2- A B C5 C z D"),
        ("A- A", "A- A"),
        ("c 3 d 2 e /2 f 3/2 z 2 [CE] 2", "C53 D52 E51/2 F53/2 z2 E+C2"),
        ("c > d e < f", "C53/2 D51/2 E51/2 F53/2"),
        ("(11:8:11GABcdefgabc'", "G A B C5 D5 E5 F5 G5 A5 B5 C6".replace(" ", "8/11 ") + "8/11"),
        ("(5:4ABcde", "A4/5 B4/5 C54/5 D54/5 E54/5"),
        ("(3:2:4ABcd", "A2/3 B2/3 C52/3 D52/3"),
        ("(3A2B c", "A4/3 B2/3 C52/3"),
        ("(3A>Bc (3zB[ce]", "A B1/3 C52/3 z2/3 B2/3 E5+C52/3"),
        ("(4ABcd (6GABcde", "A3/4 B3/4 C53/4 D53/4 G1/3 A1/3 B1/3 C51/3 D51/3 E51/3"),
        ("(9AAAAAAAAA (7A2A2A2A2A2A2A2", " ".join(["A2/9"] * 9 + ["A4/7"] * 7)),
        ("Z|C8|Z2|", "z8 C8 z8 z8"),
        ("A6Z2|", "A6 z2"),
        ("AB[L:1/16]AB[r:rem]c", "A B A1/2 B1/2 C51/2"),
        ("C %a comment | D\nE\n%D\nF", "C E F"),
        ("AB \\\ncd", "A B C5 D5"),
        ("AB!\ncd!", "A B C5 D5"),
        ("AB\nw:la la\nW: no\nN:ab\ncd", "A B C5 D5"),
        ("AB\n%%begintext\ncabbage\n%%endtext\ncd", "A B C5 D5"),
        ("a =\nb=20\nc/2 =3Dd", "A5 B5 C51/2 D5"),
        ("a3\n/2 b\n2 c", "A53/2 B52 C5"),
    ],
)
def test_notes_last_as_long_as_written(music, notes):
    assert " ".join(heard(tune(music))) == notes


@pytest.mark.parametrize(
    ("music", "key", "notes"),
    [
        ("FCB", "D", "F# C# B"),
        ("F=F F|F", "D", "F# F F F#"),
        ("^F f|f", "C", "F# F#5 F5"),
        ("__B _A ^^C", "C", "A G# D"),
        ("^f2-|f f|f", "C", "F#52- F#5 F5 F5"),
        ("BE A", "Bb", "A# D# A"),
        ("FC", "Hp", "F# C#"),
        ("FGA", "D exp _a ^g", "F G# G#"),
        ("FC[K:G]FC\nK:F\nB", "D", "F# C# F# C A#"),
        ("B F", "none", "B F"),
    ],
)
def test_pitches_are_the_sounding_ones(music, key, notes):
    assert " ".join(heard(tune(music, key))) == notes


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("key_dm_glued_c", "D E F G A A# C#5 D5"),
        ("key_octave", "G3 A3 B3 C D E F# G"),
        ("key_unicode_flat", "A# C5 D5 D#5 F5 G5 A5 A#5"),
    ],
)
def test_keys_as_people_write_them(name, notes):
    sounding_notes = [sounding(note) for bar in excerpt(name).bars for note in bar.notes]
    assert sounding_notes == notes.split()


@pytest.mark.parametrize(
    ("header", "pitches"),
    [
        ("K:C octave=-1", [48, 50]),
        ("K:C octave=1", [72, 74]),
        ("K:C clef=treble-8", [48, 50]),
        ("K:C bass+8", [72, 74]),
        ("K:C clef=bass", [60, 62]),
        ("K:C transpose=-12", [48, 50]),
        ("K:C\nV:1 transpose=-2", [58, 60]),
        ("K:C\nV:1 clef=alto octave=1", [72, 74]),
        ("K:C bass middle=d", [36, 38]),
    ],
)
def test_clefs_octaves_and_transposition_sound(header, pitches):
    parsed = parse_tune(f"X:1\nM:2/8\nL:1/8\n{header}\nCD|]")
    assert [sound.pitch for sound in perform(parsed).sounds] == pitches


def test_a_clef_or_an_octave_alone_leaves_the_key():
    parsed = tune("F4 [K:octave=-1]f4|[K:clef=bass]f8|[K:none]f8|", key="D")
    assert heard(parsed) == ["F#4", "F#4", "F#8", "F8"]
    assert parsed.clef == Clef("G", 2)
    assert parsed.left_out == {"change of clef": 1}


def test_an_unreadable_key_is_named():
    with pytest.raises(TuneError) as caught:
        parse_tune("X:1\nK:Gfoo\nGAB|", "b:1")
    assert str(caught.value) == "b:1, line 2, column 1, K:Gfoo: unreadable key"


@pytest.mark.parametrize(
    ("reach", "notes"), [("pitch", "F# F#5 F#"), ("octave", "F# F5 F#"), ("not", "F# F5 F")]
)
def test_the_scope_of_accidentals_is_configurable(reach, notes):
    assert " ".join(heard(tune(f"I:propagate-accidentals {reach}\n^FfF"))) == notes
    assert " ".join(heard(tune(f"%%propagate-accidentals {reach}\n^FfF"))) == notes


@pytest.mark.parametrize(
    ("music", "bars"),
    [
        ("C8|D8||E8|]", "1| 1|| 1|]"),
        ("C8|D8", "1| 1|"),
        ("C8|D6", "1| 1"),
        ("|:C8|D8:|", "|:1| 1:|"),
        ("|:C8::D8:|", "|:1:| |:1:|"),
        ("C8:|:D8:|", "|:1:| |:1:|"),
        ("C8:||:D8:|", "|:1:| |:1:|"),
        ("C8|\n|:D8:|\n|E8|]", "1| |:1:| 1|]"),
        ("C8|D8:|E8|F8:|", "|:1| 1:| |:1| 1:|"),
        ("C8||D8:|", "1|| |:1:|"),
        ("|:C8|1D8:|2E8||F8|", "|:1| |1:| |1|| 1|".replace("|1:", "[11:").replace("|1||", "[21||")),
        ("|:C8|[1D8:|[2E8|]", "|:1| [11:| [21|]"),
        ("|:C8 [1 D8:| [2 E8|]", "|:1 [11:| [21|]"),
        ("|:C8|1,3D8:|2-4E8||", "|:1| [1,31:| [2,3,41||"),
        ("|::C8::|", "|:1:|"),
        ("|:C8|1D8:|2E8:|3F8|]", "|:1| [11:| [21:| [31|]"),
        ("|:C8|[1,2 D8:|[3 E8:|[4 F8|]", "|:1| [1,21:| [31:| [41|]"),
        ("|:C8|1-3D8:|4.E8|]", "|:1| [1,2,31:| [41|]"),
        ('|:C8|["1st"D8:|["last time"E8|]', "|:1| [11:| [21|]"),
        ("|:C8|1 D8|E8:|2 F8|G8||A8|", "|:1| [11| [11:| [21| [21|| 1|"),
        ("C8:|:D8:|2E8||", "|:1:| |:1:| [21||"),
        ("C8|]:D8:|", "1|] |:1:|"),
        ("|[|C8[|:D8:|][|:E8:|]", "1|| |:1:| |:1:|"),
        ("C8 [|] D8 [| E8 .| F8 |]", "1| 1|| 1| 1|]"),
        (": C8 | D8 :", "|:1| 1:|"),
        ('C8 "D.C."[|]:|', "|:1:|"),
        ("C8\nD8\nE4\nF4|", "1| 1| 2|"),
        ("G2|C8|1D8:|2D6||G2|", "1| |:1| [11:| [21|| 1|"),
        ("G2|C8|D8:|E8|F8:|", "1| |:1| 1:| |:1| 1:|"),
        ("G2|C8|D6:|E8|F8:|", "|:1| 1| 1:| |:1| 1:|"),
        ("G2|C8|D8:|", "|:1| 1| 1:|"),
    ],
)
def test_bar_lines_repeats_and_endings(music, bars):
    assert signs(tune(music)) == bars


def test_a_header_is_read():
    parsed = parse_tune(
        "%abc-2.1\nX: 12\nT:A Tune % or so\nT:Another\nR: SlipJig\nM:9/8\nQ:3/8=120\nsome words\n"
        "Z:me\nK:A dorian clef=treble\nA9|\n\nfree text | no notes\n"
    )
    assert parsed == Tune(
        bars=parsed.bars,
        meter=Meter(9, 8),
        key=parse_key("Ador"),
        rhythm="slip jig",
        number=12,
        title="A Tune",
        subtitles=("Another",),
        tempo=180.0,
    )
    assert heard(parsed) == ["A9"]


def test_repeats_know_how_often_they_are_played():
    parsed = tune("|::C8::|D8:|:::E8:|F8::|::G8:|A8|]")
    assert [bar.times for bar in parsed.bars] == [3, 2, 4, 3, 3, 2]
    assert perform(excerpt("repeat_triple")).length == 3 * 2


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("endings_12_3_4", "GABc d GABc d GABc e GABc f"),
        ("parts", "GABc d GABc d efga b GABc d"),
        ("voice_decl_only", "GABc d"),
        ("html_page", "GABc d"),
        ("spaces_in_length", "GABc defg"),
        ("tuplet_11", "GABcdefgabc' G"),
    ],
)
def test_real_files_sound_as_they_should(name, notes):
    wanted = parse_tune(f"M:none\nL:1/8\nK:G\n{notes}")
    assert [s.pitch for s in perform(excerpt(name)).sounds] == [
        s.pitch for s in perform(wanted).sounds
    ]


def test_marks_direct_the_player():
    parsed = tune(
        'C8|SD8|E8"Fine"|!dacoda!F8|"D.C. al Fine"G8|!D.S.alcoda!A4 A4|!coda!B8|'
        "c4 !segno!c4!D.C.!|]"
    )
    assert [bar.marks for bar in parsed.bars] == [
        (), ("segno",), ("fine",), ("dacoda",), ("D.C.alfine",), ("D.S.alcoda",), ("coda",),
        ("segno", "D.C."),
    ]  # fmt: skip
    assert tune('C8|D8|\n"D.C."\n').bars[1].marks == ("D.C.",)
    assert tune("C8!segno!|D8|").bars[1].marks == ("segno",)
    assert all(note.attached == PLAIN for bar in parsed.bars for note in bar.notes)


def test_parts_and_their_order():
    parsed = parse_tune("X:1\nT:t\nP:A(AB)3.C2\nM:4/4\nL:1/4\nK:C\nP:A\nCDEF|\nP:B\nG4|[P:C]A4|]")
    assert parsed.part_order == tuple("AABABABCC")
    assert [bar.part for bar in parsed.bars] == ["A", "B", "C"]
    assert parse_part_order("((AB)2C)2") == tuple("ABABCABABC")
    assert parse_part_order("Slow air") == ()
    assert len(parse_part_order("(((A99)99)99)99")) <= 1000
    assert parse_part_label(" A. ") == parse_part_label("Part A") == "A"
    assert parse_part_label("Trio") == "Trio"


def test_tempo_meter_unit_and_key_change_within_a_line():
    parsed = parse_tune(
        'X:1\nM:4/4\nL:1/8\nQ:"Allegro" 1/4=120\nK:C\nC8|[Q:1/4=60][M:3/4]C6|[L:1/4][K:D]F3|\n'
        "Q:3/8=40\nF3|"
    )
    assert (parsed.tempo, parsed.tempo_text) == (120, "Allegro")
    assert [bar.tempo for bar in parsed.bars] == [None, 60, None, 60]
    assert [bar.meter for bar in parsed.bars] == [None, Meter(3, 4), None, None]
    assert [bar.key for bar in parsed.bars] == [None, None, Key(1), None]
    assert heard(parsed) == ["C8", "C6", "F#6", "F#6"]


VOICES = "X:1\nM:4/4\nL:1/4\n{}K:C\n{}"


@pytest.mark.parametrize(
    ("header", "music"),
    [
        ("V:1\nV:2\n", "V:1\nCDEF|G4|\nV:2\nC,4|G,4|\n"),
        ("V:1\nV:2\n", "CDEF|G4|\nV:2\nC,4|G,4|\n"),
        ("", "CDEF|G4|\nV:2\nC,4|G,4|\n"),
        ("", "[V:1]CDEF|[V:2]C,4|\n[V:1]G4|[V:2]G,4|\n"),
        ("", "V:1\nCDEF|\nV:2\nC,4|\nV:1\nG4|\nV:2\nG,4|\n"),
        ("%%score 1 2\n", "V:2\nC,4|G,4|\nV:1\nCDEF|G4|\n"),
        ("I:staves [1 | 2]\n", "V:2\nC,4|G,4|\nV:1\nCDEF|G4|\n"),
    ],
)
def test_voices(header, music):
    parsed = parse_tune(VOICES.format(header, music))
    assert heard(parsed) == ["C2", "D2", "E2", "F2", "G8"]
    (other,) = parsed.voices
    assert heard(other) == ["C38", "G38"]
    assert parsed.voice in ("", "1")
    assert other.name == "2"
    assert parsed.left_out == {}


def test_voices_have_properties_of_their_own():
    parsed = parse_tune(VOICES.format(
        'V:T clef=treble-8 name="Tenor I"\nV:B bass transpose=-2 octave=-1\n',
        "V:B\nK:F\nB4|\nV:T\nB4|\n[V:B]B4|\n",
    ))  # fmt: skip
    assert (parsed.voice, parsed.clef, parsed.transpose, heard(parsed)) == (
        "B", Clef("F", 4), -2, ["A#38", "A#38"],
    )  # fmt: skip
    (tenor,) = parsed.voices
    assert (tenor.name, tenor.label, tenor.clef) == ("T", "Tenor I", Clef("G", 2, -1))
    assert heard(tenor) == ["B8"]
    assert sorted(s.pitch for s in perform(parsed).sounds) == [56, 56, 59]


def test_a_requested_voice_becomes_the_first():
    text = VOICES.format("%%score 1 2\n", "V:1\nC4|\nV:2 name=Bass\nC,4|\nV:3\nE4|\n")
    assert parse_tune(text).left_out == {"voice that %%score does not name": 1}
    for name in ("2", "Bass"):
        parsed = parse_tune(text, voice=name)
        assert heard(parsed) == ["C38"]
        assert [voice.name for voice in parsed.voices] == ["1"]
    assert heard(parse_tune(text, voice="3")) == ["E8"]
    with pytest.raises(TuneError, match=r"'x' \(the tune has 1, 2, 3\): no such voice"):
        parse_tune(text, voice="x")


def test_lines_and_lyrics_belong_to_their_voice():
    parsed = parse_tune(VOICES.format("", "V:1\nC4|\nw:a\nV:2\nC,4|\nw:b\nV:1\nD4|\nw:c\n"))
    assert [bar.notes[0].attached.lyrics for bar in parsed.bars] == [("a",), ("c",)]
    assert parsed.voices[0].bars[0].notes[0].attached.lyrics == ("b",)
    assert parsed.lines == (0,)


@pytest.mark.parametrize(
    ("music", "overlays"),
    [
        ("CDEF & G,2 A,2|G4|", [[["G,2", "A,2"]], []]),
        ("CDEF & G,4 & E,4|", [[["G,4"], ["E,4"]]]),
        ("CDEF|G4 && E,4|F,4|A4|", [[["E,4"]], [["F,4"]], []]),
        ("(& CDEF|G4 & E,4|F,4 &)|A4|", [[["E,4"]], [["F,4"]], []]),
        ("CDEF &\\\nG,4|G4|", [[["G,4"]], []]),
        ("CDEF & |G4|", [[], []]),
    ],
)
def test_overlays(music, overlays):
    parsed = parse_tune(VOICES.format("", music))
    names = {25: "G,", 26: "A,", 23: "E,"}
    assert [
        [
            [f"{names.get(n.pitches[0].step, 'F,')}{n.written * 4}" for n in notes]
            for notes in bar.overlays
        ]
        for bar in parsed.bars
    ] == [[[re.sub("(?<=,)$", "1", n) for n in notes] for notes in bar] for bar in overlays]
    assert heard(parsed)[:4] == ["C2", "D2", "E2", "F2"]


@pytest.mark.parametrize(
    "text",
    [
        "X:1\r\nK:C\r\nGABc|\r\n",
        "\ufeffX:1\nK:C\nGABc|\n",
        "X:1\nK:C\n\n\nGABc|\n",
        "X:1\n\nT:t\n\nK:C\n%x\n\nGABc|\n\nDEF|\n",
        "X:1\nK:C \t\n\tGA\tBc|  \n",
        "X:1\nK:C\nGA\\\n% comment\nBc|\n",
        "X:1\nK:C\nG\\\nA\\\nBc|\n",
        "<pre>X:1\nK:C\nGABc|</pre>",
        "X:1<br>\nT:a &amp; b<br>\nK:C<br>\nGABc|<br>\n",
    ],
)
def test_files_as_programs_and_pages_save_them(text):
    assert heard(parse_tune(text)) == ["G", "A", "B", "C5"]


@pytest.mark.parametrize(
    ("header", "length"),
    [("M:2/4\n", "1/16"), ("M:3/4\n", "1/8"), ("M:C\n", "1/8"), ("", "1/8"), ("M:3/8\n", "1/16"),
     ("M:2/4\nL:1/4\n", "1/4"), ("L:1\n", "1"), ("M:2+3/8\n", "1/16"), ("M:none\n", "1/8")],
)  # fmt: skip
def test_the_unit_follows_from_the_meter(header, length):
    assert parse_tune(f"X:1\n{header}K:C\nC").bars[0].length == Fraction(length)


@pytest.mark.parametrize("text", ["GABc", "\n\nGABc", "M:6/8\nGABc", "K:G\nGABc", "X:3\nT:t\nGABc"])
def test_a_piece_of_a_tune_is_read(text):
    assert heard(parse_tune(text)) == ["G", "A", "B", "C5"]
    assert parse_tune(text).bars[-1].right == ""


def test_changes_of_key_and_meter_begin_at_a_bar():
    parsed = tune("C8|\nK:G\nM:6/8\nF6|[K:G]F6|", key="C")
    assert [bar.key for bar in parsed.bars] == [None, Key(4), None]
    assert [bar.meter for bar in parsed.bars] == [None, Meter(6, 8), None]
    assert heard(parsed)[1] == "F#6"


def test_lines_that_end_with_a_bar_are_recorded():
    assert tune("C8|D8|\nE8|\\\nF8|\nG4\nA4|\nB8|]").lines == (1, 3, 4)


@pytest.mark.parametrize(
    ("titles", "meter", "rhythm"),
    [
        (["Shaw's -- Reel"], "4/4", "reel"),
        (["Shaw's -- Reel"], "6/8", ""),
        (["Tibby Fowler", "Strathspey"], "C|", "strathspey"),
        (["Castles in the Air"], "6/8", ""),
    ],
)
def test_a_title_may_state_the_rhythm(titles, meter, rhythm):
    lines = "".join(f"T:{title}\n" for title in titles) + f"M:{meter}\n"
    assert parse_tune(f"X:1\n{lines}K:C\nC|").rhythm == rhythm
    assert parse_tune(f"X:1\n{lines}R:Double Jig\nK:C\nC|").rhythm == "jig"


@pytest.mark.parametrize(
    ("music", "reason", "place"),
    [
        ("CDE|F'/G^|", "unreadable music", "b:1, line 6, column 9"),
        ("CD & }EF", "unreadable music", "b:1, line 6, column 6"),
        ("|]", "no notes", ""),
        ("C0", "note of no length", ""),
        ("C/0", "note of no length", ""),
        ("(3AB|c", "tuplet over a bar line", ""),
        ("(1A", "unreadable tuplet", ""),
        ("A>|B", "unreadable broken rhythm", ""),
        (">B", "unreadable broken rhythm", ""),
        ("C,,,,,,", "pitch out of range", ""),
        ("C9999", "note too long", ""),
        ("M:7\nC", "unreadable meter", ""),
        ("L:1/7\nC", "unreadable unit of length", ""),
        ("CD|\nX:2\nT:t\nK:C\nEF|", "more than one tune", ""),
        ("Once [upon| a time", "unreadable music", ""),
    ],
)
def test_unreadable_text_has_a_reason_and_a_place(music, reason, place):
    with pytest.raises(TuneError) as caught:
        parse_tune(f"X:1\nT:t\nM:4/4\nL:1/8\nK:C\n{music}\n", "b:1")
    assert caught.value.reason == reason
    assert str(caught.value).startswith(place or "b:1, line ")


PIECES = [
    "A", "b'", "^c", "_D,", "=e", "2", "/2", "//", "3/2", "|", ":|", "|:", "::", "||", "|]", "[1",
    "|1", ":|2", "[2", "(3", "(5:4:3", ">", "<<", "-", "[ce]", "[c", "]", "{g}", '"Am"', '"', "&",
    "!", "(", ")", "z", "Z4", "x", "y", "\n", "\\\n", "$", "[K:D]", "[M:3/4]", "[L:1/16]", "!x!",
    "\nM:6/8\n", "\nL:1/4\n", "\nV:1\n", "\nw:la\n", "%", " ", ".", "~", "T", "u", "`", "+", "'",
    ",", "0", "9999", "X:2\n", "\nK:\n", "\nM:\n", "\nQ:1/0=3\n", "\nQ:120\n", "\nK:Bb\n", "\n%%",
    "propagate-accidentals", "[V:2]", "\nV:1\n", "&&", "(&", "&)", "|::", "::|", "[P:B]", "\nP:A\n",
    "!D.C.!", '"Fine"', "S", "O", "\nw:a-b _ * |c\n", "\ns:* !f!\n", "\n+:x\n", "{/^a}", '["x"',
    "|1,3", "[Q:1/4=9]", "\nU:T=!x!\n", "+CE+", "(11:8:11", "\n%%score 2 1\n", "\nm:x=y\n", "c 3",
    "[r:x]",
]  # fmt: skip


@given(
    st.one_of(
        st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
        st.text(max_size=80),
        st.lists(st.sampled_from(PIECES) | st.characters(), max_size=40).map("".join),
    ),
    st.sampled_from(["", "X:1\nK:C\n", "X:1\nM:C|\nL:1/8\nR:reel\nK:Em\n"]),
)
def test_any_text_is_a_tune_or_has_a_reason(text, header):
    try:
        parsed = parse_tune(header + text)
    except TuneError:
        return
    assert parsed.bars
    for bar in parsed.bars:
        assert bar.notes
        assert bar.length > 0
        for note in bar.notes:
            assert all(0 <= pitch.midi <= 127 for pitch in note.pitches)
            assert all(isinstance(pitch, Pitch) for pitch in note.pitches)
