"""Control characters of data are escaped on a terminal and unchanged in files."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from seqgen.cli.terminal import flags
from tests.cli.processes import COMMAND, read_terminal

EVIL = "a\x1b]0;title\x07b\x9b2Jc\x7f\td\n"


def run_on_terminal(*arguments: str) -> bytes:
    """Output of a command on a terminal."""
    leader, follower = os.openpty()
    command = [*COMMAND, *arguments]
    with subprocess.Popen(command, stdout=follower, stderr=subprocess.DEVNULL) as process:
        os.close(follower)
        output = read_terminal(leader)
        os.close(leader)
    assert process.returncode == 0
    return output


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [("sample", "evil", "--seed", "1"), ("corpora", "show", "evil.txt")]
)
def test_output_is_escaped_on_a_terminal_but_not_in_a_pipe(
    make: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    text = ("a\x1b[2Jb\x7f\n" + "plain words\n" * 3) * 20
    Path("evil.txt").write_text(text)
    make(tmp_path / "checkpoints" / "evil", text=text, bias={"\x1b": 3.0})
    output = run_on_terminal(*arguments)
    assert b"\x1b" not in output
    assert "␛".encode() in output
    command = [*COMMAND, *arguments]
    assert b"\x1b" in subprocess.run(command, check=True, capture_output=True).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("checkpoints",),
        ("checkpoints", "show", "fox"),
        ("checkpoints", "export", "fox", "copy\x1b[31m"),
        ("sample", "fox", "--verbose", "--length", "2"),
    ],
)
def test_names_in_checkpoints_are_escaped(
    seqgen, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments
) -> None:
    monkeypatch.chdir(tmp_path)
    config = json.loads((checkpoint / "config.json").read_text())
    config["corpus"]["name"] = EVIL
    config["corpus"]["sources"] = [EVIL]
    (checkpoint / "config.json").write_text(json.dumps(config))
    metric = {"step": 1, "best": True, EVIL: EVIL}
    (checkpoint / "metrics.jsonl").write_text(json.dumps(metric) + "\n")
    status, out, err = seqgen(*arguments)
    assert status == 0
    assert not set(out + err) & set("\x1b\x07\x9b\x7f")


def test_checkpoint_names_may_be_invalid_utf8(
    seqgen, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"fox\xff")
    checkpoint.rename(checkpoint.with_name(name))
    status, out, _ = seqgen("checkpoints", "--json")
    assert status == 0
    assert name in [row["name"] for row in json.loads(out)]


@pytest.mark.parametrize(
    ("message", "printed"),
    [
        ("`units`: 0 is too small", "--units: 0 is too small"),
        ("use `cell='gru'` or `embedding=12`", "use --cell gru or --embedding 12"),
        ("`novel=True`, `grammar=False`", "--novel, --no-grammar"),
        ("try a smaller `learning_rate`", "try a smaller --learning-rate"),
        (
            "lacks '`', 'a', '`'; `seqgen train SOURCE`",
            "lacks '`', 'a', '`'; `seqgen train SOURCE`",
        ),
    ],
)
def test_options_in_messages_are_printed_as_flags(message: str, printed: str) -> None:
    assert flags(message) == printed
