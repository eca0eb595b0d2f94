"""What is written beside the notes: decorations, symbols, texts, grace notes, slurs, lyrics."""

from fractions import Fraction
from pathlib import Path

import pytest

from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import PLAIN, Attachments

EXCERPTS = Path(__file__).parents[2] / "excerpts" / "abc"


def tune(music, header=""):
    return parse_tune(f"X:1\nT:t\nM:4/4\nL:1/8\n{header}K:C\n{music}\n")


def excerpt(name):
    return parse_tune((EXCERPTS / f"{name}.abc").read_text(encoding="utf-8"), name)


def pitches(tune):
    return [[p.midi for p in note.pitches] for bar in tune.bars for note in bar.notes]


def attached(tune):
    return [note.attached for bar in tune.bars for note in bar.notes]


def lyrics(tune):
    return [note.attached.lyrics for bar in tune.bars for note in bar.notes]


@pytest.mark.parametrize(
    ("music", "decorations"),
    [
        ("!trill!C", ["trill"]),
        ("+trill+C", ["trill"]),
        ("!trill(!C", ["trill("]),
        ("!D major scale (slow) 3!C", ["D major scale (slow) 3"]),
        ("!unknown-thing!C", ["unknown-thing"]),
        ("!5!!upbow!C", ["5", "upbow"]),
        ("+5++ff+C", ["5", "ff"]),
        ("~.HLMPTuvC", ["roll", "staccato", "fermata", "accent", "lowermordent", "uppermordent",
                        "trill", "upbow", "downbow"]),
        ("!>!!pralltriller!!mordent!!<(!C", ["accent", "uppermordent", "lowermordent",
                                             "crescendo("]),
        ("!nil!C", []),
        ("[!1!CE]", ["1"]),
    ],
)  # fmt: skip
def test_decorations_of_any_content(music, decorations):
    assert attached(tune(music)) == [Attachments(decorations=tuple(decorations))]


def test_a_field_redefines_letters():
    parsed = tune("TCnCkC", header='U:T=!turn!\nU:n = "^slow"\nU:T=!trill!\nU: T = +turn+\n')
    assert attached(parsed) == [
        Attachments(decorations=("turn",)),
        Attachments(annotations=("^slow",)),
        PLAIN,
    ]
    assert parsed.left_out == {"letter without a meaning": 1}


def test_line_breaks_of_old_tunes_are_no_decorations():
    assert len(pitches(tune("CD EF!ga bc'!CD EF!\nG8|"))) == 13


def test_plus_signs_hold_chords_in_old_tunes():
    assert pitches(tune("+CEG+C+f+D+ff+E")) == [[67, 64, 60], [60], [62], [64]]


def test_chord_symbols_and_annotations():
    parsed = tune('"Am7"C"^up"D"_down""<left"E"Bb/F#"F"Slowly"G"N.C."A"^G\\"ur"B"G""(Em)"c|')
    assert attached(parsed) == [
        Attachments(chord_symbol="Am7"),
        Attachments(annotations=("^up",)),
        Attachments(annotations=("_down", "<left")),
        Attachments(chord_symbol="Bb/F#"),
        Attachments(annotations=("^Slowly",)),
        Attachments(chord_symbol="N.C."),
        Attachments(annotations=("^Gür",)),
        Attachments(chord_symbol="G (Em)"),
    ]


def test_grace_notes_have_lengths_chords_and_the_signs_of_the_bar():
    parsed = tune("^f2 {/f}g2 {a2b/}c2 {[ce]=f}f2|")
    graces = [
        [([p.midi for p in note.pitches], note.written) for note in each.grace]
        for each in attached(parsed)
    ]
    eighth = Fraction(1, 8)
    assert graces == [
        [],
        [([78], eighth)],
        [([81], eighth * 2), ([83], eighth / 2)],
        [([76, 72], eighth), ([77], eighth)],
    ]
    assert [each.acciaccatura for each in attached(parsed)] == [False, True, False, False]
    assert pitches(parsed)[-1] == [78]


@pytest.mark.parametrize(("unit", "length"), [("1/16", "1/16"), ("1/8", "1/8"), ("1/4", "1/8")])
def test_a_grace_note_is_an_eighth_at_most(unit, length):
    (note,) = tune("{g}f", header=f"L:{unit}\n").bars[0].notes
    assert note.attached.grace[0].written == Fraction(length)


def test_slurs_and_ties_between_other_pitches():
    parsed = tune("(C(DE)F) G-A (3(GAB) .(cd)|")
    assert [(a.slurs_begin, a.slurs_end) for a in attached(parsed)] == [
        (1, 0), (1, 0), (0, 1), (0, 1), (1, 0), (0, 1), (1, 0), (0, 0), (0, 1), (1, 0), (0, 1),
    ]  # fmt: skip
    odd = tune("C)D (EF|")
    assert attached(odd) == [PLAIN] * 4
    assert odd.left_out == {"slur without a beginning": 1, "slur without an end": 1}


@pytest.mark.parametrize(
    ("music", "syllables"),
    [
        ("CDEF|\nw:one two three four", ["one", "two", "three", "four"]),
        ("CDEF|\nw:syl-la-ble _", ["syl-", "la-", "ble_", None]),
        ("CDEF|\nw:time__ a", ["time_", None, None, "a"]),
        ("CDEF|\nw:a * b", ["a", None, "b", None]),
        ("CDEF|\nw:of~the co\\-op caf\\'e", ["of the", "co-op", "café", None]),
        ("CD|EF|\nw:a|b c", ["a", None, "b", "c"]),
        ("Cz{g}DxEF|\nw:a b c d", ["a", None, "b", None, "c", "d"]),
        ("CD\\\nEF|\nw:a b c d", ["a", "b", "c", "d"]),
        ("CDEF|\nw:a b\n+:c d", ["a", "b", "c", "d"]),
        ("CDEF|\nw:a--b", ["a-", None, "b", None]),
        ("C-CEF|\nw:a b c", ["a", "b", "c", None]),
    ],
)
def test_lyrics_stand_under_their_notes(music, syllables):
    assert lyrics(tune(music)) == [(each,) if each else () for each in syllables]


def test_verses_and_lines_of_lyrics():
    parsed = tune("CD|\nw:a b\nw:c\nEF|\nw:*d e\nW:below\\'e\n")
    assert lyrics(parsed) == [("a", "c"), ("b",), (), ("d",)]
    assert parsed.words == ("belowé",)
    assert parsed.left_out == {"syllable without a note": 1}
    assert lyrics(excerpt("lyrics")) == [
        ("Down",), ("in",), ("the",), ("val-",), ("ley",), ("so_",), (), ("low",),
    ]  # fmt: skip


def test_symbol_lines_are_aligned_like_lyrics():
    parsed = tune('CD|EF|\ns: "^slow" | !f! "Am"\n')
    assert attached(parsed) == [
        Attachments(annotations=("^slow",)),
        PLAIN,
        Attachments(decorations=("f",)),
        Attachments(chord_symbol="Am"),
    ]


def test_texts_are_decoded():
    parsed = excerpt("escapes")
    assert parsed.title == "Bourrée über ça été Café Æ"
    assert parsed.composer == "Trad."
    assert excerpt("percent_in_title").title == "100% Proof"
    assert tune('"^Gr\\u00fc\\ss e"C').bars[0].notes[0].attached.annotations == ("^Grüß e",)


def test_a_tune_with_everything_leaves_nothing_out():
    parsed = excerpt("chords_grace_symbols")
    assert parsed.left_out == {}
    assert [each.chord_symbol for each in attached(parsed)][:4] == ["G", "", "Am7", "D/F#"]
    assert parsed.bars[1].marks == ("fine",)


@pytest.mark.parametrize(
    ("music", "kind"),
    [
        ("C JD", "letter without a meaning"),
        ("C|\nm:~g2={a}g2\nD", "macro"),
        ("C|\n%%MIDI program 1\nD", "MIDI instruction"),
        ("C|\n%%text x\nD", "printed text"),
        ("[CE2]", "other length within a chord"),
        ("C|\nK:C bass\nD", "change of clef"),
        ("C !trill!", "decoration without a note"),
        ('C "^x"', "annotation without a note"),
        ("C-z", "tie without a note"),
        ("C|\nw:a b", "syllable without a note"),
        ('C|[Q:"Slow"]D', "tempo word within the music"),
        ("C|\nK:C xyz=1\nD", "unknown word in a key or voice field"),
    ],
)
def test_what_a_tune_cannot_represent_is_counted(music, kind):
    assert tune(music).left_out == {kind: 1}


def test_a_placement_sign_alone_is_a_text() -> None:
    """Old books mark an accent so: ``">"G``."""
    tune = parse_tune('K:C\n">"C "" D|')
    assert [note.attached.annotations for note in tune.bars[0].notes] == [(">",), ()]
