import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import open_checkpoint
from seqgen.cli.evaluate_text import describe_copy
from seqgen.data.token_files import TRAINING, VALIDATION
from seqgen.evaluation.text.ngram import NGram
from seqgen.evaluation.text.novelty import CopiedText
from seqgen.generation.engine import Engine
from seqgen.generation.scoring import token_losses
from tests.cli.processes import HEAVY, run_and_list_imports

SONNETS = Path(__file__).parents[2] / "corpora" / "sonnets.txt"
TEXT = SONNETS.read_text(encoding="utf-8")[:30_000]
NONE = ("--samples", "0")


@pytest.fixture
def verse(here: Path, trained: Callable[..., Path]) -> str:
    """Name of an untrained model of 30,000 characters of sonnets."""
    Path("verse.txt").write_text(TEXT, encoding="utf-8")
    trained(here / "checkpoints" / "verse", ["verse.txt"])
    return "verse"


def rows_by_key(out: str) -> dict[str, dict]:
    return {row["key"]: row for row in json.loads(out)["rows"]}


def test_every_figure_is_in_the_json_and_the_table(seqgen, verse: str) -> None:
    status, out, err = seqgen("evaluate", verse, *NONE, "--json")
    assert (status, err) == (0, "")
    report, rows = json.loads(out), rows_by_key(out)
    checkpoint = open_checkpoint(Path("checkpoints/verse"))
    training, validation = (
        np.fromfile(checkpoint.path / layout.RESUME / name, np.uint8)
        for name in (TRAINING, VALIDATION)
    )
    assert report["tokens"] == report["characters"] == len(validation) - 1 == 3000
    assert report["evaluated"] == "the validation part of verse"
    for precision in ("float32", "int8"):
        nats = token_losses(Engine(checkpoint.graph(precision)), validation).mean()
        row = rows[precision]
        assert row["nats_per_token"]["value"] == pytest.approx(nats, abs=1e-6)
        assert row["bits_per_character"]["value"] == pytest.approx(nats / math.log(2), abs=1e-6)
        assert row["perplexity"]["value"] == pytest.approx(math.exp(nats), rel=1e-5)
        assert row["nats_per_character"]["error"] > 0
    for n in range(2, 9):
        ngram = NGram.count(training, n, checkpoint.config.vocab)
        value = rows[f"{n}-gram"]["nats_per_token"]["value"]
        assert value == pytest.approx(ngram.loss(validation), abs=1e-6)
    assert rows["xz"]["nats_per_token"] is None
    assert report["overlap"]["warning"] == ""
    assert report["samples"] is None

    status, table, err = seqgen("evaluate", verse, *NONE)
    assert (status, err) == (0, "")
    for row in report["rows"]:
        (line,) = [each for each in table.splitlines() if each.startswith(row["name"] + "  ")]
        assert f"{row['nats_per_character']['value']:.4f}" in line
        assert f"{row['bits_per_character']['value']:.3f}" in line
    assert "3,000 characters" in table
    assert f"{report['overlap']['length']} characters" in table


@pytest.mark.slow
def test_evaluates_without_the_run_by_reading_the_corpus(seqgen, verse: str) -> None:
    expected = seqgen("evaluate", verse, *NONE, "--json")
    shutil.rmtree(Path("checkpoints/verse") / layout.RESUME)
    assert seqgen("evaluate", verse, *NONE, "--json") == expected
    Path("verse.txt").unlink()
    status, _, err = seqgen("evaluate", verse)
    assert status == 2
    assert "its corpus verse" in err
    assert "give FILE" in err
    assert "Traceback" not in err


def test_evaluates_a_file(seqgen, verse: str) -> None:
    Path("own.txt").write_text("And yet the naïve sea\nWhat is thy rain?\n" * 4, encoding="utf-8")
    status, _, err = seqgen("evaluate", verse, "own.txt")
    assert status == 1
    for word in ("own.txt", "'ï'", "--on-unknown skip"):
        assert word in err
    status, out, err = seqgen("evaluate", verse, "own.txt", "--on-unknown", "skip", *NONE)
    assert status == 0
    assert "verse on own.txt: 156 characters" in out
    assert "'ï'" in err
    assert "6-gram" in out
    Path("own.txt").write_bytes("And yet the naïve sea\n".encode("cp1252") * 4)
    assert "try --encoding cp1252" in seqgen("evaluate", verse, "own.txt")[2]
    assert "'ï'" in seqgen("evaluate", verse, "own.txt", "--encoding", "cp1252")[2]


def test_without_training_data_rows_that_need_it_are_left_out(seqgen, verse: str) -> None:
    shutil.rmtree(Path("checkpoints/verse") / layout.RESUME)
    Path("verse.txt").rename("other.txt")
    status, out, err = seqgen("evaluate", verse, "other.txt", "--json")
    assert (status, err) == (0, "")
    report = json.loads(out)
    assert {row["key"] for row in report["rows"]} == {
        "float32", "int8", "uniform", "xz_alone", "bzip2_alone",
    }  # fmt: skip
    assert report["overlap"] is report["samples"] is None
    assert "training part" in report["notices"][0]


@pytest.mark.slow
def test_overlap_with_the_training_data_gives_a_warning(seqgen, verse: str) -> None:
    text = SONNETS.read_text(encoding="utf-8")[60_000:64_000]
    Path("own.txt").write_text(text, encoding="utf-8")
    arguments = (verse, "own.txt", "--on-unknown", "skip", *NONE)
    status, _, err = seqgen("evaluate", *arguments)
    assert status == 0
    assert "warning" not in err
    Path("own.txt").write_text(text + TEXT[10_000:10_300], encoding="utf-8")
    status, out, err = seqgen("evaluate", *arguments)
    assert status == 0
    assert "warning:" in err
    line = TEXT.count("\n", 0, 10_000) + 1
    assert f"(line {line}" in out


@pytest.mark.slow
@pytest.mark.parametrize("tokens", ["word", "subword"])
def test_longer_tokens_have_figures_per_token_and_per_character(
    seqgen, here: Path, trained: Callable[..., Path], tokens: str
) -> None:
    Path("verse.txt").write_text(TEXT, encoding="utf-8")
    path = trained(here / "checkpoints" / "long", ["verse.txt"], tokens=tokens)
    checkpoint = open_checkpoint(path)
    validation = np.fromfile(path / layout.RESUME / VALIDATION, checkpoint.tokenizer.dtype)
    nats = token_losses(Engine(checkpoint.graph("float32")), validation)
    _, out, _ = seqgen("evaluate", "long", *NONE, "--json")
    row = rows_by_key(out)["float32"]
    assert row["nats_per_token"]["value"] == pytest.approx(nats.mean())
    assert row["nats_per_character"]["value"] == pytest.approx(nats.sum() / 3000)
    _, table, _ = seqgen("evaluate", "long", *NONE)
    assert "nats/token" in table
    assert f"{nats.mean():.4f} ± " in table
    assert f"{nats.sum() / 3000 / math.log(2):.3f} ± " in table


@pytest.mark.slow
def test_writes_samples_and_a_page(seqgen, verse: str) -> None:
    arguments = ("--samples", "2", "--length", "60", "--seed", "3", "--temperature", "1.5")
    status, out, err = seqgen("evaluate", verse, *arguments, "--html", "verse.html")
    assert (status, err) == (0, "wrote verse.html\n")
    assert "2 samples at temperature 1.5" in out
    page = Path("verse.html").read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert "seqgen evaluate verse --samples 2" in page
    samples = json.loads(seqgen("evaluate", verse, *arguments, "--json")[1])["samples"]
    assert (samples["count"], samples["seed"], samples["temperature"]) == (2, 3, 1.5)
    assert samples["rows"][0]["values"]["generated"] == 120


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--count", "3"), 2, "--count"),
        (("--no-validators",), 2, "--samples, --length, --on-unknown"),
        (("--samples", "-1"), 2, "--samples: -1 is too small"),
        (("--temperature", "hot"), 2, "--temperature: 'hot' is not a number"),
        (("--html", "x.pdf"), 2, "does not end in .html or .htm"),
        (("nothing.txt",), 1, "nothing.txt: no such file"),
        (("--html", "verse.txt/x.html", *NONE), 1, "verse.txt"),
        (("--html", "/proc/x.html", *NONE), 1, "cannot write /proc/x.html"),
    ],
)
def test_errors_have_a_message_and_status(
    seqgen, verse: str, arguments: tuple[str, ...], status: int, message: str
) -> None:
    code, out, err = seqgen("evaluate", verse, *arguments)
    assert (code, out) == (status, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.slow
def test_tensorflow_is_not_loaded(verse: str) -> None:
    options = ("--samples", "1", "--length", "5", "--html", "x.html")
    _, err, modules = run_and_list_imports("evaluate", verse, *options)
    assert err == "wrote x.html\n"
    assert not modules & HEAVY


@pytest.mark.parametrize(
    ("document", "copied", "position"),
    [
        (1, "a line", "(line 7 of the training text)"),
        (1, "a line\nand more", "(lines 7 to 8 of the training text)"),
        (3, "a line", "(document 3, line 7 of the training text)"),
    ],
)
def test_copies_are_printed_with_their_position(document, copied, position):
    copy = CopiedText(0, 0, copied, 100, document, 7, "", "")
    copied = copied.replace("\n", " / ")
    assert describe_copy("generated", copy) == f"longest copy, generated: {copied} {position}"
