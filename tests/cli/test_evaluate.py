import json
from collections.abc import Callable
from dataclasses import replace
from math import inf
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import layout, write
from seqgen.checkpoint.read import open_checkpoint
from seqgen.cli._common import format_metric
from seqgen.cli.evaluate_tunes import format_aim, print_rows
from seqgen.data.token_files import TRAINING, VALIDATION, write_rows
from seqgen.evaluation.tunes.table import Row
from seqgen.music.normal.book_facts import TuneFacts
from seqgen.music.normal.codec import decode_tune
from seqgen.music.render.abc_writer import abc
from seqgen.tasks.tunes import encode_with_positions

TUNES = [
    f"R:reel\nM:4/4\nK:Cmaj\n|:{a}2CE GEcB|{b}GEG C4:||:cBAG FEDC|B,2D2 C4:|".replace(" ", "")
    for a in "CDEF"
    for b in "GABc"
]


@pytest.fixture
def reels(here: Path, make: Callable[..., Path]) -> str:
    """Name of an untrained model of sixteen tunes, four of them for validation."""
    plain = make(here / "plain", kind="tunes", text="\n".join(TUNES), tokens="abc", documents=16)
    checkpoint = open_checkpoint(plain)
    facts = TuneFacts({"maj": {"G": 9, "D": 7}}, {"reel": ("4/4",)}, 16, 100, 200)
    config = replace(checkpoint.config, facts=facts)
    path = here / "checkpoints" / "reels"
    write.create(path, config, checkpoint.tokenizer)
    rng = np.random.default_rng(1)
    weights = {
        name: rng.standard_normal(shape).astype("float32")
        for name, shape in config.weight_shapes().items()
    }
    write.save_weights(path, config, weights)
    (path / layout.RESUME).mkdir(exist_ok=True)
    for name, part in ((TRAINING, TUNES[:12]), (VALIDATION, TUNES[12:])):
        rows = encode_with_positions(part, checkpoint.tokenizer)
        for _ in write_rows(path / layout.RESUME / name, rows):
            pass
    return "reels"


def test_every_metric_is_in_the_table_and_in_json(seqgen, reels: str) -> None:
    status, out, err = seqgen("evaluate", reels, "--count", "6", "--no-validators", "--json")
    assert (status, err) == (0, "")
    report = json.loads(out)
    figures = {figure["key"]: figure for figure in report["figures"]}
    assert figures["bar_exact"]["values"]["constrained"] == 1
    assert figures["bar_exact"]["values"]["real"] == 1
    assert figures["bar_exact"]["aim"] == [1, 1]
    assert 0 < figures["allowed_mass"]["values"]["constrained"] < 1
    assert figures["copied_high"]["aim"] == [None, 16]
    assert set(figures["shared_4"]["within"].values()) == {None}
    copy = report["longest_copies"]["real"]
    assert copy["notes"] > 5
    source = decode_tune(TUNES[copy["source"]])
    assert copy["source_begins"].replace(" ", "").startswith("K:Cmaj|:")
    assert copy["source_begins"].split("|:")[1] in abc(source)
    assert set(report["bits_per_note"]) == {"float32", "int8", "6-gram"}
    assert report["bits_per_note"]["6-gram"] < report["bits_per_note"]["float32"]

    assert seqgen("evaluate", reels, "--count", "6", "--no-validators", "--json")[1] == out
    status, table, _ = seqgen("evaluate", reels, "--count", "6", "--no-validators")
    for figure in report["figures"]:
        assert figure["name"][:25] in table  # longer names are wrapped
    assert f"real: {copy['notes']} notes of K:Cmaj |:" in table
    other_seed = ("--no-validators", "--json", "--seed", "1")
    assert seqgen("evaluate", reels, "--count", "6", *other_seed)[1] != out


@pytest.mark.slow
def test_music21_validates_by_default(seqgen, reels: str) -> None:
    figures = json.loads(seqgen("evaluate", reels, "--count", "2", "--json")[1])["figures"]
    (validator,) = [figure for figure in figures if figure["key"] == "music21"]
    assert validator["values"]["constrained"] == validator["values"]["real"] == 1


def test_text_files_and_options_of_texts_are_refused(seqgen, reels: str, here: Path) -> None:
    for option in (["--samples", "3"], ["--length", "10"], ["--html", "x.html"]):
        status, _, err = seqgen("evaluate", reels, *option)
        assert status == 2
        assert all(flag in err for flag in (option[0], "--count", "--validators"))
    (here / "a.txt").write_text("the sea", encoding="utf-8")
    status, _, err = seqgen("evaluate", reels, "a.txt")
    assert status == 2
    assert "FILE" in err


def test_values_outside_the_aim_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        Row("a", "bars", "%", {"ours": 0.123, "real": 0.2}, (0.15, inf)),
        Row("b", "entropy", "bits", {"ours": 0.00312, "real": None}),
    ]
    print_rows(rows)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["ours", "real", "aim"],
        ["bars,", "%", "!", "12.3", "20", "≥", "15"],
        ["entropy,", "bits", "0.0031", "–"],
    ]


def test_aims_and_values_are_formatted() -> None:
    def aim(low: float, high: float) -> str:
        return format_aim(Row("", "", "%", {}, (low, high)))

    assert aim(1, 1) == "100"
    assert aim(-inf, 0.04) == "≤ 4"
    assert aim(0.6, 0.75) == "60 to 75"
    assert format_metric(1.0, "") == "1"
    assert format_metric(0.0, "bits") == "0"
