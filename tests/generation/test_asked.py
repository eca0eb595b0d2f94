"""What options and prompts ask of a tune."""

import pytest

from seqgen.checkpoint.read import open_checkpoint
from seqgen.config import TuneOptions
from seqgen.errors import ConfigError
from seqgen.generation.asked import ask, outlines, split


@pytest.fixture
def asked(tune_checkpoint):
    checkpoint = open_checkpoint(tune_checkpoint)

    def asking(prompt="", **options):
        return ask(prompt, TuneOptions(**options), checkpoint.config, checkpoint.tokenizer.pieces)

    return asking


def test_a_prompt_is_parted_into_fields_and_music():
    prompt = "X:1\nT:A title\nM: 6/8 % jig\nK:D\nABc|\nw:words\ndef|"
    assert split(prompt) == ({"M": "6/8", "K": "D"}, "ABc|\nw:words\ndef|")
    assert split("A:|") == ({}, "A:|")
    assert split("[M:6/8][K:D] ABc|[K:G]def|") == ({"M": "6/8", "K": "D"}, "ABc|[K:G]def|")
    assert split("") == ({}, "")


def test_fields_of_the_prompt_ask_as_options_do(asked):
    assert asked("M:6/8\nK:Ador").grammar.wish == asked(meter="6/8", key="Ador").grammar.wish
    assert str(asked("K:Ador").key) == "Ador"
    assert asked("").key is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"meter": "9/8"}, r"unknown meter '9/8'.*known: 3/4, 4/4, 6/8"),
        ({"meter": "six"}, "'six' is no meter"),
        ({"rhythm": "polka"}, r"unknown rhythm 'polka' \(known: jig, reel\)"),
        ({"key": "H"}, "'H' is no key"),
        ({"key": "Gmix"}, r"unknown mode 'mix'.*known: dor, maj, min"),
        ({"rhythm": "jig", "meter": "4/4"}, "no jig in 4/4"),
        ({"bars": 7, "form": "AABB"}, "cannot be shared out equally"),
        ({"form": "ABA"}, "'ABA' is no form"),
        ({"form": "AABB", "free": True}, "--free nothing holds"),
    ],
)
def test_what_the_model_has_never_seen_is_refused(asked, options, message):
    with pytest.raises(ConfigError, match=message):
        asked(**options)


@pytest.mark.parametrize("meter", ["C", "4/4"])
def test_a_meter_has_several_names(asked, meter):
    assert asked(meter=meter).grammar.wish.meters == {"M:4/4\n"}


def test_an_option_and_a_prompt_that_differ_are_refused(asked):
    with pytest.raises(ConfigError, match="--key Ador, but the prompt says D"):
        asked("K:D", key="Ador")


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("M:6/8\nK:D\nABc defg", "in 6/8.*bar too long"),
        ("M:6/8\nK:D\nABc def|]G", "the tune is over"),
        ("M:6/8\nK:D\n[CEG", "--prompt: line 1, column 1 of its music: unreadable"),
        ("K:D\nABc def|\nAB☃", "--prompt: line 2, column 3 of its music: unreadable"),
        ("ABcdefgabc'd'", "no tune goes on from it"),
    ],
)
def test_music_that_no_tune_goes_on_from_is_refused_with_the_place(asked, prompt, message):
    with pytest.raises(ConfigError, match=message):
        asked(prompt)


def test_without_a_meter_those_stay_in_which_the_music_fits(asked):
    assert asked("CDEFGABc|").grammar.wish.meters == {"M:4/4\n"}
    assert asked("CDE|FGABcd|").grammar.wish.meters == {"M:3/4\n", "M:6/8\n"}


def test_music_is_brought_into_the_normal_form(asked, tune_checkpoint):
    pieces = open_checkpoint(tune_checkpoint).tokenizer.pieces
    body = asked('M:6/8\nL:1/16\nK:G\n|:"G"~G4A2 [Bd]2c2.d2|{e}d2').body
    # G is moved to C, the nearest way: up.
    assert "".join(pieces[id] for id in body) == "|:c2dgfg|g"


def test_outlines_are_those_of_tunes_like_this():
    pieces = ["", "P:8*,8*\n", "P:8,8\n", "P:4*,12*\n", "P:8*\n", "P:?\n"]

    def found(*tokens, **options):
        return {piece[2:-1] for piece in outlines(TuneOptions(**options), tokens, pieces)}

    assert found() == {"8*,8*", "8,8", "4*,12*", "8*"}
    assert found(form="AABB") == {"8*,8*", "4*,12*"}
    assert found(form="AABB", bars=16) == {"8*,8*"}
    assert found(bars=8) == {"8*"}
    assert found(bars=17) == {"?"}
    assert found("|:", "A") == {"8*,8*", "4*,12*", "8*"}
    assert found("A", "|") == {"8,8"}
