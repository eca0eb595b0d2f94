import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from seqgen.checkpoint import layout, write
from seqgen.cli.app import app
from seqgen.cli.checkpoints import format_age
from seqgen.cli.completion import complete_checkpoint
from seqgen.errors import ConfigError

pytestmark = pytest.mark.usefixtures("shipped")


@pytest.fixture
def here(checkpoint: Path, tune_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder holds the checkpoints fox, with metrics, and jig, without."""
    monkeypatch.chdir(checkpoint.parents[1])
    metrics, samples = [], b""
    for step in range(1, 6):
        loss = 4.0 - step / 2
        metrics.append(
            {"step": step * 10, "training_loss": loss, "validation_loss": loss + 0.25,
             "bits_per_character": loss * 1.5, "best": True}
        )  # fmt: skip
        samples += write.format_sample(f"step {step}", f"[bold]sample[/bold] {step}")
    write.write_metrics(checkpoint, metrics)
    (checkpoint / layout.SAMPLES).write_bytes(samples)
    return checkpoint.parents[1]


def run(*arguments: str) -> Result:
    environment = {"COLUMNS": "120", "NO_COLOR": "1"}
    result = CliRunner().invoke(
        app, ["checkpoints", *arguments], env=environment, catch_exceptions=False
    )
    assert result.exit_code == 0
    return result


@pytest.mark.usefixtures("here")
def test_the_list_has_cell_size_corpus_and_quality() -> None:
    lines = run().stdout.splitlines()
    (fox,) = [line for line in lines if line.split()[:1] == ["fox"]]
    for word in ("LSTM 12+8", "fox [1]", "2.250", " s"):
        assert word in fox
    assert any("jig" in line and " - " in line for line in lines)


@pytest.mark.usefixtures("here")
def test_the_list_as_json_has_the_same() -> None:
    rows = {row["name"]: row for row in json.loads(run("--json").stdout)}
    assert rows["fox"]["units"] == [12, 8]
    assert rows["fox"]["bits_per_character"] == 2.25
    assert rows["jig"]["bits_per_character"] is None
    assert rows["fox"]["age_seconds"] < 60


def test_shipped_checkpoints_are_listed_and_marked(
    here: Path, shipped: Path, make: Callable[..., Path]
) -> None:
    make(shipped / "cat")
    make(shipped / "fox")
    lines = run().stdout.splitlines()
    ends = {line.split()[0]: line.strip() for line in lines if "LSTM" in line and "shipped" in line}
    assert ends["cat"].endswith("shipped")
    assert ends["fox"].endswith("shipped, hidden by yours")
    rows = json.loads(run("--json").stdout)
    assert [(row["name"], row["shipped"]) for row in rows] == [
        ("fox", False), ("jig", False), ("cat", True), ("fox", True)
    ]  # fmt: skip
    assert "cat" in run("show", "cat").stdout
    assert complete_checkpoint("") == ["fox", "jig", "cat"]
    assert complete_checkpoint("c") == ["cat"]


def test_damaged_checkpoints_are_listed_with_the_reason(here: Path) -> None:
    (here / "checkpoints" / "jig" / "tokenizer.json").unlink()
    (here / "checkpoints" / "fox" / "config.json").write_text("[]")
    result = run()
    assert result.stdout.count("damaged") == 2
    assert "tokenizer.json is missing" in result.stderr
    rows = json.loads(run("--json").stdout)
    assert all(row["damaged"] for row in rows)


def test_an_empty_folder_says_how_to_train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run()
    assert "seqgen train" in result.stderr
    assert json.loads(run("--json").stdout) == []


@pytest.mark.usefixtures("here")
def test_show_has_options_curve_and_last_sample() -> None:
    text = run("show", "fox").stdout
    for word in ("fox [1]", "learning_rate", "validation_loss", "validation loss", "┤"):
        assert word in text
    assert text.rstrip().endswith("[bold]sample[/bold] 5")
    assert "\x1b" not in text


@pytest.mark.usefixtures("here")
def test_show_without_evaluations() -> None:
    assert "not evaluated yet" in run("show", "checkpoints/jig").stdout


@pytest.mark.usefixtures("here")
def test_show_as_json_has_everything() -> None:
    facts = json.loads(run("show", "fox", "--json").stdout)
    assert facts["config"]["models"]["decoder"]["architecture"]["units"] == [12, 8]
    assert [metric["step"] for metric in facts["metrics"]] == [10, 20, 30, 40, 50]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_age_has_a_suitable_unit(seconds: float, text: str) -> None:
    assert format_age(seconds) == text


def test_upgrade_rewrites_checkpoints_of_format_1(here: Path) -> None:
    old = Path(__file__).parents[1] / "checkpoint" / "format1"
    for name in ("river", "book"):
        shutil.copytree(old / name, here / "checkpoints" / name)
    run("upgrade", "river")
    formats = {
        path.parent.name: json.loads(path.read_text())["format"]
        for path in here.glob("checkpoints/*/config.json")
    }
    assert formats == {"fox": 2, "jig": 2, "river": 2, "book": 1}
    result = run("upgrade", "--all")
    assert len(result.stderr.splitlines()) == 4
    assert json.loads((here / "checkpoints" / "book" / "config.json").read_text())["format"] == 2


def test_upgrade_continues_after_a_damaged_checkpoint(here: Path) -> None:
    (here / "checkpoints" / "fox" / "config.json").write_text("[]")
    result = CliRunner().invoke(app, ["checkpoints", "upgrade", "--all"])
    assert result.exit_code == 1
    assert "jig" in result.stderr


@pytest.mark.parametrize(("arguments", "option"), [([], None), (["--all", "fox"], "all")])
def test_upgrade_needs_names_or_all(here: Path, arguments: list[str], option: str | None) -> None:
    result = CliRunner().invoke(app, ["checkpoints", "upgrade", *arguments])
    assert isinstance(result.exception, ConfigError)
    assert result.exception.option == option
