"""What options and prompts ask of a tune."""

import pytest

from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.options import TuneOptions
from seqgen.errors import ConfigError
from seqgen.generation.tune_request import outlines, parse_request


@pytest.fixture
def asked(tune_checkpoint):
    checkpoint = open_checkpoint(tune_checkpoint)

    def asking(prompt="", **options):
        return parse_request(
            prompt, TuneOptions(**options), checkpoint.config, checkpoint.tokenizer.pieces
        )

    return asking


def test_fields_of_the_prompt_ask_as_options_do(asked):
    assert asked("M:6/8\nK:Ador").grammar.spec == asked(meter="6/8", key="Ador").grammar.spec
    assert str(asked("K:Ador").key) == "Ador"
    assert asked("").key is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"meter": "9/8"}, r"unknown meter '9/8'.*known: 3/4, 4/4, 6/8"),
        ({"meter": "six"}, "`meter`: 'six'"),
        ({"rhythm": "polka"}, r"unknown rhythm 'polka' \(known: jig, reel\)"),
        ({"key": "H"}, "`key`: 'H'"),
        ({"key": "none"}, "`key`: 'none' has no tonic"),
        ({"key": "D _b ^f"}, "`key`: 'D _b \\^f'"),
        ({"rhythm": "rel"}, "unknown rhythm 'rel'; did you mean reel"),
        ({"key": "Gmix"}, r"unknown mode 'mix'.*known: dor, maj, min"),
        ({"rhythm": "jig", "meter": "4/4"}, "no jig in 4/4"),
        ({"bars": 7, "form": "AABB"}, "cannot be shared out equally"),
        ({"form": "ABA"}, "'ABA' is no form"),
        ({"form": "AABB", "grammar": False}, "`grammar`"),
    ],
)
def test_what_the_model_has_never_seen_is_refused(asked, options, message):
    with pytest.raises(ConfigError, match=message):
        asked(**options)


@pytest.mark.parametrize("meter", ["C", "4/4"])
def test_a_meter_has_several_names(asked, meter):
    assert asked(meter=meter).grammar.spec.meters == {"M:4/4\n"}


@pytest.mark.parametrize(
    ("key", "name"),
    [("D", "Dmaj"), ("F sharp minor", "F#min"), ("B♭", "Bbmaj"), ("a dorian", "Ador"),
     ("Bbm", "Bbmin"), ("D =c ^c", "Dmaj")],
)  # fmt: skip
def test_a_key_has_several_names(asked, key, name):
    assert str(asked(key=key).key) == str(asked(f"K:{key}").key) == name


def test_an_option_and_a_prompt_may_say_the_same_in_other_words(asked):
    settled = asked("M:C\nK:D major\nR:Jigs\nM:6/8\nABc", key="D", meter="6/8", rhythm="jig")
    assert str(settled.key) == "Dmaj"
    assert settled.grammar.spec.meters == {"M:6/8\n"}


def test_an_option_and_a_prompt_that_differ_are_refused(asked):
    with pytest.raises(ConfigError) as error:
        asked("K:D", key="Ador")
    assert error.value.option == "key"


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("M:6/8\nK:D\nABc defg", "in 6/8.*bar too long"),
        ("M:6/8\nK:D\nABc def|]G", "the tune is over"),
        ("hello world", "line 1, column 1 of its music: 'hello'"),
        ("M:six\nABc", "'six'"),
        ("K:H\nABc", "'H'"),
        ("M:6/8\nK:D\nABc def|\nM:4/4\nABcd", "meter changes"),
        ("M:6/8\nK:D\n|:ABc def|1,3 ABc:|2 A", "a repeat with more than two turns"),
        ("M:6/8\nK:D\n[CEG", "line 1, column 1 of its music: unreadable"),
        ("K:D\nABc def|\nAB☃", "line 2, column 3 of its music: unreadable"),
        ("ABcdefgabc'd'", "no tune continues it"),
    ],
)
def test_music_that_no_tune_goes_on_from_is_refused_with_the_place(asked, prompt, message):
    with pytest.raises(ConfigError, match=message) as error:
        asked(prompt)
    assert error.value.option == "prompt"


def test_without_a_meter_those_stay_in_which_the_music_fits(asked):
    assert asked("CDEFGABc|").grammar.spec.meters == {"M:4/4\n"}
    assert asked("CDE|FGABcd|").grammar.spec.meters == {"M:3/4\n", "M:6/8\n"}


def test_music_is_brought_into_the_normal_form(asked, tune_checkpoint):
    pieces = open_checkpoint(tune_checkpoint).tokenizer.pieces
    body = asked('M:6/8\nL:1/16\nK:G\n|:"G"~G4A2 [Bd]2c2.d2|{e}d2').body
    # G is moved to C, the nearest way: up.
    assert "".join(pieces[id] for id in body) == "|:c2dgfg|g"


def test_what_a_prompt_loses_is_counted(asked):
    prompt = 'X:3\nT:One\nT:Two\nC:Me\nM:6/8\nK:D\n"D"[FA]2 A def|[ce]3\n\nX:4\nT:Other\n'
    assert (
        asked(prompt).left_out.items()
        >= {
            "title": 2,
            "composer": 1,
            "lower chord note": 2,
            "line after the end of the tune": 2,
        }.items()
    )
    assert asked("K:D\nABc").left_out == {}
    assert asked("T:Only a title").left_out == {"title": 1}


def test_every_attachment_of_a_prompt_is_counted(asked):
    prompt = 'M:4/4\nL:1/8\nK:G\n"G"{a}G2 (Bd) "^Fine"~G2 !trill!d2|!segno!G2'
    assert asked(prompt).left_out == {
        "chord symbol": 1,
        "grace note": 1,
        "slur": 1,
        "decoration": 2,
        "jump sign": 2,
    }


def test_a_signature_of_no_mode_is_kept_as_accidentals(asked, tune_checkpoint):
    pieces = open_checkpoint(tune_checkpoint).tokenizer.pieces
    settled = asked("M:6/8\nK:Am ^g\nA3 G3|")
    assert str(settled.key) == "Amin"
    assert "".join(pieces[id] for id in settled.body) == "c3=B3|"


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
