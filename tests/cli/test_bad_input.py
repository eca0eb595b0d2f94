"""Every error ends with one message and a status, never with a traceback."""

import json
from pathlib import Path

import pytest

from seqgen.data import tokenizers
from seqgen.data.corpora.registry import corpus_names
from seqgen.models import cells
from seqgen.training.autoconfig import preset_names
from tests.cli.commands import ARGUMENTS, every_option

pytestmark = pytest.mark.usefixtures("files")

NONSENSE = ("-1", "0", "nan", "inf", "1e400", "", "x", "99999999999999999999", "a\x1b[31m\n")


def run_failing(seqgen, *arguments: str) -> tuple[int, str]:
    """Exit status and message of a failing command, which prints nothing to standard output."""
    status, out, err = seqgen(*arguments)
    assert out == ""
    assert "error" in err.lower()
    assert "Traceback" not in err
    return status, err


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((), 2, "no corpus given"),
        (("none.txt",), 1, "none.txt: no such file or folder"),
        (("folder",), 1, "folder: no text file in this folder"),
        (("*.poem",), 1, "*.poem: no text file matches this pattern"),
        (("empty.txt",), 1, "empty.txt: is empty; there is nothing to learn from"),
        (("blank.txt",), 1, "blank.txt: is empty; there is nothing to learn from"),
        (("short.txt",), 1, "9 characters; at least 20 are needed"),
        (("binary.txt",), 1, "binary.txt: looks binary, not text"),
        (("text.txt.gz",), 1, "a gzip file, not plain text; unpack it first: `zcat text.txt.gz |"),
        (("latin.txt",), 1, "latin.txt: byte 0xe9 at offset 3 (line 1) is not UTF-8; "
                            "try --encoding cp1252"),
        (("good.txt", "--encoding", "utf-9"), 2, "--encoding: "),
        (("sonets",), 1, "did you mean sonnets?"),
        (("good.txt", "--cell", "lstn"), 2, "unknown cell 'lstn'; did you mean lstm?"),
        (("good.txt", "--tokenizer", "chars"), 2, "unknown tokenizer 'chars'; did you mean char?"),
        (("good.txt", "--preset", "vast"), 2, "unknown preset 'vast'"),
        (("good.txt", "--clip-norm", "1", "--clip-value", "1"), 2, "--clip-value: "),
        (("good.txt", "--units", "8,8", "--layers", "3"), 2, "--units: "),
        (("good.txt", "--seq-length", "999"), 2, "needs 999 tokens and the training part has"),
        (("good.txt", "--batch-size", "999"), 2, "--batch-size: 999"),
        (("good.txt", "--vocab-size", "99"), 2, "--vocab-size: "),
        (("good.txt", "--tokenizer", "subword", "--vocab-size", "9"), 2, "--vocab-size"),
        (("good.txt", "--name", "../up"), 2, "--name: '../up' cannot be a checkpoint's name"),
        (("good.txt", "--name", "../up", "--dry-run"), 2, "--name: "),
        (("good.txt", "--name", "folder", "--checkpoints-dir", "."), 0, ""),
        (("good.txt", "--name", "fox"), 1, "checkpoints/fox exists"),
        (("good.txt", "--checkpoints-dir", "good.txt"), 1, "cannot"),
        (("good.txt", "--json"), 2, "--json: needs --dry-run"),
        (("good.txt", "--resume", "fox"), 2, "--resume: cannot be combined"),
        (("--resume", "nix"), 1, "there is no checkpoint 'nix' (in checkpoints: fox)"),
        (("--resume", ""), 1, "there is no checkpoint ''"),
        (("--resume", "fox"), 1, "--overwrite"),
        (("good.txt", "--config", "none.toml"), 2, "cannot read none.toml"),
        (("good.txt", "--config", "broken.toml"), 2, "broken.toml is not a TOML file"),
        (("good.txt", "--config", "unknown.toml"), 2, "unknown option 'unit'"),
        (("good.txt", "--config", "nonsense.toml"), 2, "'often' is not a whole number"),
        (("good.txt", "--nonsense",), 2, "No such option"),
    ],
)  # fmt: skip
def test_training_errors(
    seqgen, monkeypatch, arguments: tuple[str, ...], status: int, message: str
) -> None:
    def no_further(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("seqgen.models.tf_runtime.load", no_further)
    monkeypatch.setenv("COLUMNS", "200")
    if status == 0:
        assert seqgen("train", *arguments)[0] == 130  # it got as far as TensorFlow
    else:
        assert_error(run_failing(seqgen, "train", *arguments), status, message)


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "*/" * 1500 + "x"),
        ("train", "good.txt", "--checkpoints-dir", "n/" * 1500),
        ("sample", "fox", "--length", "3", "--output", "n/" * 1500 + "x"),
        ("checkpoints", "export", "fox", "n/" * 1500 + "x"),
    ],
)
def test_paths_of_too_many_folders(seqgen, here: Path, arguments: tuple[str, ...]) -> None:
    before = sorted(here.iterdir())
    status, _, err = seqgen(*arguments)
    assert status == 1
    assert "too many nested folders" in err
    assert "Traceback" not in err
    assert sorted(here.iterdir()) == before


def assert_error(result: tuple[int, str], status: int, message: str) -> None:
    assert message in result[1]
    assert result[0] == status


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        (("x",), corpus_names()),
        (("good.txt", "--cell", "x"), cells.names()),
        (("good.txt", "--tokenizer", "x"), tokenizers.names()),
        (("good.txt", "--preset", "x"), preset_names()),
    ],
)
def test_unknown_names_list_the_known_ones(seqgen, arguments, known) -> None:
    _, message = run_failing(seqgen, "train", *arguments)
    assert set(known) <= set(message.split("(known: ")[1].rstrip(")\n").split(", "))


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("nix",), 1, "there is no checkpoint 'nix' (in checkpoints: fox)"),
        (("fox", "--temperature", "-1"), 2, "--temperature: -1.0 is too small"),
        (("fox", "--top-p", "0"), 2, "--top-p: 0.0 is too small"),
        (("fox", "--prompt", "Thé ☃"), 1, "'é', '☃'; --on-unknown skip"),
        (("fox", "--prompt", "@none.txt"), 2, "cannot read none.txt"),
        (("fox", "--on-unknown", "guess"), 2, "'guess' is not one of error, skip"),
        (("fox", "--on-unknown", "skipp"), 2, "not one of error, skip; did you mean skip?"),
        (("fxo",), 1, "did you mean fox?"),
        (("fox", "--prompt", "@anna hello"), 2, "write @@anna hello"),
        (("fox", "--prompt", "caf\udce9"), 2, "--prompt: not UTF-8: byte 0xe9 at offset 3"),
        (("fox", "--prompt", "é\udce9"), 2, "--prompt: not UTF-8: byte 0xe9 at offset 2"),
        (("fox", "--prompt", "@latin.txt"), 2, "latin.txt is not UTF-8: byte 0xe9 at offset 3"),
        (("fox", "--prompt", "@text.txt.gz"), 2, "text.txt.gz: is a gzip file, not plain text"),
        (("fox", "--stop", "caf\udce9"), 2, "--stop: not UTF-8: byte 0xe9 at offset 3"),
    ],
)
def test_sampling_errors(seqgen, arguments, status: int, message: str) -> None:
    assert_error(run_failing(seqgen, "sample", *arguments), status, message)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def tamper(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)


COMMANDS = (("sample",), ("train", "--resume"), ("checkpoints", "show"))
READS = [(command, name) for command in COMMANDS for name in ("config.json", "tokenizer.json")]


@pytest.mark.parametrize("damage", [Path.unlink, truncate, tamper])
@pytest.mark.parametrize(("command", "name"), [*READS, (("sample",), "model.safetensors")])
def test_damaged_checkpoints(seqgen, checkpoint: Path, command, name: str, damage) -> None:
    if name == "config.json" and damage is tamper:
        text = (checkpoint / name).read_text()
        (checkpoint / name).write_text(text.replace('"vocab": ', '"vocab": 1'))
    else:
        damage(checkpoint / name)
    status, message = run_failing(seqgen, *command, "fox")
    assert status == 1
    assert name in message or "there is no checkpoint" in message


def test_checkpoints_of_newer_formats(seqgen, checkpoint: Path) -> None:
    data = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps(data | {"format": 99}))
    status, message = run_failing(seqgen, "sample", "fox")
    assert status == 1
    assert "99" in message
    assert "newer" in message


def test_no_permission_to_write(seqgen, here: Path, plain_user) -> None:
    assert seqgen("sample", "fox", "--length", "3")[0] == 0  # imports what is needed
    assert seqgen("train", "missing.txt")[0] == 1
    here.chmod(0o555)
    with plain_user():
        trained = run_failing(seqgen, "train", "good.txt", "--checkpoints-dir", "new")
        sampled = run_failing(seqgen, "sample", "fox", "--length", "3", "--output", "new.txt")
    here.chmod(0o755)
    assert_error(trained, 1, "cannot write new/good: Permission denied")
    assert_error(sampled, 1, "cannot write new.txt: Permission denied")


def test_no_permission_to_read(seqgen, here: Path, plain_user) -> None:
    (here / "good.txt").chmod(0)
    with plain_user():
        result = run_failing(seqgen, "train", "good.txt")
    assert_error(result, 1, "good.txt: cannot be read: Permission denied")


@pytest.mark.parametrize(("command", "option"), every_option())
def test_nonsense_values(seqgen, here: Path, monkeypatch, command, option: str) -> None:
    for module in ("training", "comparison"):
        monkeypatch.setattr(f"seqgen.{module}.dry_run.measure_speed", lambda *_: 1000.0)
    before = sorted(here.iterdir())
    # Most values are valid names, which start a whole run: a few are enough.
    names = option in ("--name", "--checkpoints-dir")
    for value in NONSENSE[5:] if names else NONSENSE:
        status, out, err = seqgen(*command, *ARGUMENTS[command], option, value)
        assert status in (0, 1, 2), (option, value)
        assert "Traceback" not in out + err
        assert status == 0 or "error" in err.lower(), (option, value)
        assert status == 0 or out == "", (option, value)
    assert option in ("--checkpoints-dir", "--output") or sorted(here.iterdir()) == before


def test_nonsense_covers_all_commands() -> None:
    tested = every_option()
    assert {command for command, _ in tested} == set(ARGUMENTS)
    for each in ((("train",), "--learning-rate"), (("sample",), "--top-p")):
        assert each in tested
