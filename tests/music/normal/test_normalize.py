"""The normal form: exact in the order of playing, by what is written and nothing else."""

from dataclasses import replace
from fractions import Fraction

import pytest

from seqgen.errors import TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.normal import codec, normalize
from seqgen.music.normal.tokens import LENGTHS, WHOLE
from tests.music.normal import texts


def tune(music, meter="4/4", key="C"):
    return normalize.normalize(parse_tune(f"X:1\nM:{meter}\nL:1/8\nK:{key}\n{music}\n"))


def form(music, meter="4/4", key="C"):
    return texts.music(codec.encode_tune(tune(music, meter, key)))


def reason(music, meter="4/4", key="C"):
    with pytest.raises(TuneError) as caught:
        form(music, meter, key)
    return caught.value.reason


@pytest.mark.parametrize(
    ("music", "body"),
    [
        ("C8|D8", "C8|D8|]"),
        ("C8|D8|", "C8|D8|]"),
        ("C8:|D8:|", "|:C8:||:D8:|"),
        ("C8::D8:|", "|:C8:||:D8:|"),
        ("C8||D8||", "C8||D8|]"),
        ("|:C8||D8:|", "|:C8|D8:|"),
        # Pickups: in a repeat, before it, and before each section.
        ("G2|C8|D6:|", "|:G2|C8|D6:|"),
        ("G2|C8|D6:|G2|C8|D6|]", "|:G2|C8|D6:|G2|C8|D6|]"),
        ("G|:C8|D8:|", "G|:C8|D8:|"),
        ("G||C8|D8||", "G|C8|D8|]"),
        ("G2|C8|D8:|E8|F8|]", "G2|:C8|D8:|E8|F8|]"),
        ("G2|C8|D6||G2|C8|D8|]", "G2|C8|D6||G2|C8|D8|]"),
        # Endings.
        ("|:G2|C8|1 D4D2:|2 D8||", "|:G2|C8|1D4D2:|2D8|]"),
        ("|:C8|1D8|2E8|]", "|:C8|1D8:|2E8|]"),
        ("|:C8|D4[1D4:|[2E4|]", "|:C8|1D4D4:|2D4E4|]"),
        ("G2|:C8|1D8:|2D6||G2|C8|D6|]", "G2|:C8|1D8:|2D6||G2|C8|D6|]"),
        # What is missing or too much of bar lines, where only one reading adds up.
        ("C8D8|E8|]", "C8|D8|E8|]"),
        ("C8|C4|D4|E8|]", "C8|C4D4|E8|]"),
        ("G2|C8|D8||E8|F6|]", "G2|C8|D8|E8|F6|]"),
        ("C8|D6||E2|F8|G8|]", "C8|D6E2||F8|G8|]"),
        ("|:C8:|:D8|E8|]", "|:C8:|D8|E8|]"),
    ],
)
def test_sections_have_their_signs(music, body):
    assert form(music) == body


@pytest.mark.parametrize(
    ("music", "why"),
    [
        ("G2|C8|D8:|", "last bar and pickup that do not add up"),
        ("C8|D6|E8|]", "bar that does not add up"),
        ("C8|D9|E8|]", "bar that does not add up"),
        ("C8:|G2|D6:|", "pickup that does not fit"),
        ("|:G2|C8|D6:|C8|D6|]", "pickup that does not fit"),
        ("C8|G2|:D8|E6:|", "last bar and pickup that do not add up"),
        ("C8||G2|:D8|E6:|", "pickup that does not fit"),
        ("|:G2|C8|1D8:|2D8|]", "ending and pickup that do not add up"),
        ("C8|[2E8|]", "ending without a beginning"),
        ("|:C8-:|C8|]", "tie over a repeat or a double bar"),
        ("C8|\nK:G\nC8|]", "key changes"),
        ("C8|\nM:2/4\nC4|]", "meter changes"),
        ("(5CDEFGA2F|]", "tuplet other than a triplet"),
        ("(3C2D2z2E4|]", "rest in a triplet"),
        ("C2-(3CDEF4|]", "tie in a triplet"),
        ("C///D///E//F/G7|]", "length that cannot be written"),
        ("C,,8|]", ""),
        ("C,,8|c''8|]", "range too wide"),
        ("^^C8|]", "double sign"),
        ("z8|]", "no notes"),
    ],
)
def test_a_tune_that_requires_guessing_is_rejected(music, why):
    if why:
        assert reason(music) == why
    else:
        assert form(music) == "C,8|]"  # the next octave has room


@pytest.mark.parametrize(
    ("meter", "key", "why"),
    [
        ("none", "C", "no meter"),
        ("4/4", "none", "no key"),
    ],
)
def test_meter_and_key_are_needed(meter, key, why):
    assert reason("C8|]", meter, key) == why


@pytest.mark.parametrize(
    ("key", "there", "body"),
    [
        ("D =c", "Dmix", "CDEFGABc|]"),
        ("D dor _b", "Dmin", "CDEFGABc|]"),
        ("C loc", "Cphr", "CDEF_GABc|]"),
        ("C _b ^f", "Cmix", "CDE^FGABc|]"),
        ("D min ^c", "Dmin", "^CDEFGAB^c|]"),
    ],
)
def test_a_key_is_the_nearest_mode_on_its_tonic(key, there, body):
    parsed = tune("CDEFGABc|]", key=key)
    assert str(parsed.key) == there
    assert texts.music(codec.encode_tune(parsed, None)) == body


@pytest.mark.parametrize(
    ("music", "bodies"),
    [
        # Nothing changes: the same signature, the same tonic, bars as long.
        ("C8|D8|]\nK:Am\nE8|C8|]", ["Cmaj C8|D8||E8|C8|]"]),
        ("C8|D4\nK:Cm\nE4|C8|]", ["Cmaj C8|D4_E4|C8|]"]),
        ("C8|\nM:2/2\nD8|]", ["Cmaj C8|D8|]"]),
        # A tune for each key, or meter, where a section begins.
        ("C8:|\nK:G\nF8|G8|]", ["Cmaj |:C8:|", "Gmaj F8|G8|]"]),
        ("C8||\nM:2/4\nD4|]", ["Cmaj C8|]", "Cmaj D4|]"]),
        ("C8|]\nK:G\nF8|]\nK:C\nF8|]", ["Cmaj C8|]", "Gmaj F8|]", "Cmaj F8|]"]),
    ],
)
def test_a_tune_is_split_at_changes_of_key_and_meter(music, bodies):
    forms = normalize.normal_forms(parse_tune(f"X:1\nM:4/4\nL:1/8\nK:C\n{music}\n"))
    assert [f"{each.key} {texts.music(codec.encode_tune(each, None))}" for each in forms] == bodies


def test_several_tunes_have_no_normal_form_of_one():
    assert reason("C8|]\nK:G\nF8|]") == "key changes"
    assert reason("C8|]\nM:2/4\nF4|]") == "meter changes"


@pytest.mark.parametrize(
    ("music", "body"),
    [
        ("[CEG]4 [c2A2]2", "G4c4|]"),
        ("A>B c<d {g}e2 ~f2", "A3/2B/2c/2d3/2e2f2|]"),
        ('"G"(AB) .c!trill!d u-e-e-f2', "ABcde-ef2|]"),
        ("(3ABc (3A/B/c/ d (3a2b2c'2", "(3ABc(3A/2B/2c/2d(3a2b2c'2|]"),
        ("(2AB (4ABcd C2", "A3/2B3/2A3/4B/4-B/2c/2-c/4d3/4C2|]"),
        ("(6A/B/c/d/e/f/ (6:4:6ABcABc C3", None),
        ("(6:4:6ABcABc C4", "(3ABc(3ABcC4|]"),
        ("A5B3", "A4-AB3|]"),
        ("AB5z2", "AB3-B2z2|]"),
        ("z5A3", "z4zA3|]"),
        ("A5/2B/c5", "A2-A/2B/2c-c4|]"),
        ("A7B", "A4-A3B|]"),
        ("A8-|A8", "A8-|A8|]"),
        ("A/BA/ A/B3/2 A/B2A3/2", "A/2BA/2A/2B3/2A/2B/2-B3/2A3/2|]"),
    ],
)
def test_notes_are_plain(music, body):
    if body is None:
        assert reason(music) == "tuplet other than a triplet"
    else:
        assert form(music) == body


def test_a_tune_in_normal_form_stays_as_it_is():
    parsed = tune("|:G2|[CE]5-C3|A>B(3cdez4[1D6:|[2D8||C8|D8|]")
    assert normalize.normalize(parsed) == parsed
    assert {Fraction(n, WHOLE) for n in LENGTHS.values()} >= {
        note.written for bar in parsed.bars for note in bar.notes
    }


def test_variants_share_a_signature_and_other_tunes_do_not():
    one = tune("C>DE>F G>AB>c|defg a4|]")
    other = tune("GABc defg|ab'c'd' e'4|]".replace("b'", "b"), key="G")
    longer = tune("C>DE>F G>AB>c|defg a4|C8|]")
    assert normalize.signature(one) == normalize.signature(other)
    assert normalize.signature(one) != normalize.signature(longer)
    assert normalize.signature(one) != normalize.signature(tune("C>DE>F G>AB>c|defa g4|]"))
    assert len(normalize.signature(tune("CDEFGABc|" * 4)).split()) == 16


def test_the_same_notes_are_the_same_tune_whatever_title_and_key():
    one = tune("|:C2-CD E>F (3GAB|c8:|")
    same = replace(
        tune("D3E F3/2G/2 (3ABc|d8||", meter="2/2", key="D"), title="Another", rhythm="reel"
    )
    assert normalize.identity(one) == normalize.identity(same)
    assert normalize.identity(one) != normalize.identity(tune("|:C2-CD E>F (3GAB|c7d:|"))
    assert normalize.identity(one) != normalize.identity(tune("|:C2-CD E<F (3GAB|c8:|"))
