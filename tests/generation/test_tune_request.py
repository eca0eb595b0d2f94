"""Requests for a tune, parsed from options and prompt."""

import pytest

from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.options import TuneOptions
from seqgen.errors import ConfigError
from seqgen.generation.tune_request import parse_request
from seqgen.music.normal.prompt import PromptHeader


@pytest.fixture
def parse(tune_checkpoint):
    checkpoint = open_checkpoint(tune_checkpoint)

    def parse_with(prompt="", **options):
        config, pieces = checkpoint.config, checkpoint.tokenizer.pieces
        common_tonic = config.data.transpose == "common"
        return parse_request(prompt, TuneOptions(**options), config.facts, pieces, common_tonic)

    return parse_with


def test_fields_of_the_prompt_equal_options(parse):
    assert parse("M:6/8\nK:Ador").grammar.spec == parse(meter="6/8", key="Ador").grammar.spec
    assert str(parse("K:Ador").key) == "Ador"
    assert parse("").key is None


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
        ({"bars": 7, "form": "AABB"}, "`bars`: 7 "),
        ({"form": "AC"}, "`form`: 'AC'"),
        ({"form": "AABB", "grammar": False}, "`grammar`"),
    ],
)
def test_requests_outside_the_training_data_are_refused(parse, options, message):
    with pytest.raises(ConfigError, match=message):
        parse(**options)


@pytest.mark.parametrize("meter", ["C", "4/4"])
def test_meters_have_several_names(parse, meter):
    assert parse(meter=meter).grammar.spec.meters == {"M:4/4\n"}


@pytest.mark.parametrize(
    ("key", "name"),
    [("D", "Dmaj"), ("F sharp minor", "F#min"), ("B♭", "Bbmaj"), ("a dorian", "Ador"),
     ("Bbm", "Bbmin"), ("D =c ^c", "Dmaj")],
)  # fmt: skip
def test_keys_have_several_names(parse, key, name):
    assert str(parse(key=key).key) == str(parse(f"K:{key}").key) == name


def test_equivalent_options_and_prompt_fields_are_accepted(parse):
    tune_request = parse("M:C\nK:D major\nR:Jigs\nM:6/8\nABc", key="D", meter="6/8", rhythm="jig")
    assert str(tune_request.key) == "Dmaj"
    assert tune_request.grammar.spec.meters == {"M:6/8\n"}


def test_conflicting_options_and_prompt_fields_are_refused(parse):
    with pytest.raises(ConfigError) as error:
        parse("K:D", key="Ador")
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
def test_music_that_no_tune_continues_is_refused_with_its_position(parse, prompt, message):
    with pytest.raises(ConfigError, match=message) as error:
        parse(prompt)
    assert error.value.option == "prompt"


def test_without_a_meter_all_that_fit_the_music_are_allowed(parse):
    assert parse("CDEFGABc|").grammar.spec.meters == {"M:4/4\n"}
    assert parse("CDE|FGABcd|").grammar.spec.meters == {"M:3/4\n", "M:6/8\n"}


def test_prompts_are_normalised(parse, tune_checkpoint):
    pieces = open_checkpoint(tune_checkpoint).tokenizer.pieces
    body = parse('M:6/8\nL:1/16\nK:G\n|:"G"~G4A2 [Bd]2c2.d2|{e}d2').body
    # G is moved to C, the nearest way: up.
    assert "".join(pieces[id] for id in body) == "|:c2dgfg|g"


def test_left_out_parts_of_a_prompt_are_counted(parse):
    prompt = 'X:3\nT:One\nT:Two\nC:Me\nP:AB\nM:6/8\nK:D\n"D"[FA]2 A def|[ce]3\n\nX:4\nT:Other\n'
    assert (
        parse(prompt).left_out.items()
        >= {
            "part label": 1,
            "lower chord note": 2,
            "line after the end of the tune": 2,
        }.items()
    )
    assert parse("K:D\nABc").left_out == {}
    assert parse(prompt).header == PromptHeader(3, "One", ("T:Two", "C:Me"))
    assert parse("T:Only a title").left_out == {}
    assert parse("T:Only a title").header.title == "Only a title"


def test_every_attachment_of_a_prompt_is_counted(parse):
    prompt = 'M:4/4\nL:1/8\nK:G\n"G"{a}G2 (Bd) "^Fine"~G2 !trill!d2|!segno!G2'
    assert parse(prompt).left_out == {
        "chord symbol": 1,
        "grace note": 1,
        "slur": 1,
        "decoration": 2,
        "jump sign": 2,
    }


def test_key_signatures_outside_the_modes_become_accidentals(parse, tune_checkpoint):
    pieces = open_checkpoint(tune_checkpoint).tokenizer.pieces
    tune_request = parse("M:6/8\nK:Am ^g\nA3 G3|")
    assert str(tune_request.key) == "Amin"
    assert "".join(pieces[id] for id in tune_request.body) == "c3=B3|"


@pytest.fixture
def parse_outlined(outline_checkpoint):
    checkpoint = open_checkpoint(outline_checkpoint)

    def parse_with(prompt="", **options):
        config, pieces = checkpoint.config, checkpoint.tokenizer.pieces
        return parse_request(prompt, TuneOptions(**options), config.facts, pieces, True)

    return parse_with


EIGHT_BARS = "M:4/4\nK:A\n|:" + "A4B4|" * 7 + "A8:|\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "AABB", "bars": "32"}, "your first part has 8 bars, 16 were asked"),
        ({"form": "AABB", "part_bars": "4,8"}, "your first part has 8 bars, 4 were asked"),
        ({"form": "ABC"}, "your first part is repeated, ABC has it otherwise"),
        ({"bars": "4-6"}, "the prompt takes 9 bars, 4 to 6 were asked"),
        ({"form": "AA"}, "AA ends with the first part, and the prompt goes on"),
    ],
)
def test_contradictions_of_prompt_and_form_are_named(parse_outlined, options, message):
    with pytest.raises(ConfigError, match=message):
        parse_outlined(EIGHT_BARS + "|:A4", **options)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"bars": "many"}, "bars"),
        ({"bars": "0"}, "bars"),
        ({"bars": "16-8"}, "bars"),
        ({"part_bars": "8"}, "part_bars"),
        ({"part_bars": "eight", "form": "AABB"}, "part_bars"),
        ({"part_bars": "8,8,8", "form": "AABB"}, "part_bars"),
        ({"mode": "blue"}, "mode"),
        ({"mode": "dorian", "key": "D"}, "mode"),
        ({"range": "B5:D4"}, "range"),
        ({"range": "C1:C2"}, None),
        ({"for_": "kazoo"}, None),
        ({"for_": "whistle", "range": "C3:G3"}, "range"),
        ({"for_": "highland-pipes", "key": "F"}, "for"),
        ({"for_": "recorder", "mode": "dorian"}, "for"),
        ({"grammar": False, "refrain": True}, "grammar"),
    ],
)
def test_impossible_requests_are_refused(parse_outlined, options, name):
    with pytest.raises(ConfigError) as error:
        parse_outlined(**options)
    assert error.value.option == name


def test_an_instrument_gives_range_and_keys(parse_outlined):
    spec = parse_outlined(for_="whistle").grammar.spec
    assert (spec.lowest, spec.highest) == (62, 83)
    assert "Dmaj" in spec.originals
    spec = parse_outlined(for_="whistle", key="A").grammar.spec
    assert (spec.lowest, spec.highest, spec.originals) == (62, 83, frozenset())
    assert spec.tonics == {"O:A\n"}


def test_older_models_need_a_key_for_a_range(parse):
    with pytest.raises(ConfigError) as error:
        parse(range="D4:B5")
    assert error.value.option == "range"
    assert parse(range="D4:B5", key="D").grammar.spec.lowest == 62
