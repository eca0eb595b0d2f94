import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seqgen.checkpoint import document_hashes
from seqgen.cli.app import app, main
from seqgen.data.fingerprint import DocumentHashes, fingerprints
from seqgen.errors import ConfigError, SamplingError
from seqgen.generation import load
from tests.cli.processes import HEAVY, read_terminal, run_and_list_imports


@pytest.fixture(autouse=True)
def here(checkpoint: Path, tune_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder holds the checkpoints fox and jig."""
    monkeypatch.chdir(checkpoint.parents[1])


def sample(*arguments: str, stdin: bytes | None = None, status: int = 0) -> tuple[str, str]:
    """Standard output and standard error of `seqgen sample`."""
    result = CliRunner().invoke(app, ["sample", *arguments], input=stdin)
    if status == 0:
        assert result.exit_code == 0, result.stderr
    return result.stdout, result.stderr


def test_writes_the_generated_text() -> None:
    expected = "".join(load("fox").generate(length=100, seed=4))
    assert sample("fox", "--length", "100", "--seed", "4") == (expected, "")
    assert sample("checkpoints/fox", "--length", "100", "--seed", "4")[0] == expected


def test_precision_float32() -> None:
    options = ("--length", "300", "--temperature", "1", "--seed", "4")
    exact = "".join(load("fox", precision="float32").generate(length=300, temperature=1, seed=4))
    assert sample("fox", *options, "--precision", "float32")[0] == exact
    assert sample("fox", *options)[0] != exact


def test_the_prompt_is_echoed_by_default(tmp_path: Path) -> None:
    expected = "".join(load("fox").generate("The é".replace("é", ""), length=20, seed=4))
    (tmp_path / "prompt").write_text("The ", encoding="utf-8")
    options = ("--length", "20", "--seed", "4")
    assert sample("fox", "--prompt", "The ", *options)[0] == "The " + expected
    assert sample("fox", "--prompt", "The ", "--no-echo", *options)[0] == expected
    assert sample("fox", "--prompt", f"@{tmp_path / 'prompt'}", *options)[0] == "The " + expected
    assert sample("fox", "--prompt", "-", *options, stdin=b"The ")[0] == "The " + expected
    assert (
        sample("fox", "--prompt", "@@The ", "--on-unknown", "skip", *options)[0]
        == "The " + expected
    )
    out, err = sample("fox", "--prompt", "The é", "--on-unknown", "skip", *options)
    assert out == "The " + expected
    assert err == "skipped in the prompt: 'é'\n"


def test_samples_are_separated_by_a_blank_line() -> None:
    out, _ = sample("fox", "--count", "3", "--length", "5", "--seed", "1", "--prompt", "The")
    generator = load("fox")
    alone = "".join(generator.generate("The", length=5, seed=1))
    parts = out.split("\n\n")
    assert len(parts) == 3
    assert parts[0] == "The" + alone
    assert all(part.startswith("The") and len(part) in (7, 8) for part in parts)


REEL = 'X:4\nT:A & B\nM:4/4\nL:1/8\nK:D\n|:{g}A8|"G"B8|c8|d8:|\nw:la la la la\n'


def test_bars_of_a_tune_are_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "reel.abc"
    path.write_text(REEL, encoding="utf-8")
    options = ("--rewrite", "2-3", "--seed", "1")
    expected = load("jig").rewrite(REEL, "2-3", seed=1)[0].abc
    out, err = sample("jig", "--tune", f"@{path}", *options)
    assert out == expected
    assert err.splitlines() == [
        "rewrote bars 2-3",
        "left out: 1 chord symbol",
        "the words under bars 2-3 and after may not fit",
    ]
    assert sample("jig", "--tune", REEL, *options)[0] == expected
    assert sample("jig", "--tune", "-", *options, stdin=REEL.encode())[0] == expected
    assert sample("jig", "--tune", REEL, *options, "--output", "new.abc")[0] == ""
    assert Path("new.abc").read_text(encoding="utf-8") == expected


def test_versions_of_a_rewritten_tune() -> None:
    options = ("--rewrite", "2", "--seed", "1", "--candidates", "3")
    out, err = sample("jig", "--tune", REEL, *options)
    versions = out.split("\n\n")
    assert [version.split("\n")[0] for version in versions] == ["X:1", "X:2", "X:3"]
    assert err.startswith("version 1: rewrote bar 2\n")
    assert re.search(r"version 3: rewrote bar 2, [0-9.]+ nats less likely than version 1\n", err)


def test_drawn_bars_are_printed() -> None:
    assert re.match("rewrote bars? [1-4]", sample("jig", "--tune", REEL, "--vary", "0.5")[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("jig", "--tune", REEL, "--rewrite", "9"), "bar 9 requested, but the tune has 4"),
        (("jig", "--rewrite", "1"), "needs a tune"),
        (("jig", "--tune", REEL, "--rewrite", "1", "--prompt", "A"), "`prompt`"),
        (("jig", "--tune", REEL, "--rewrite", "1", "--key", "G"), "`key`"),
        (("jig", "--tune", REEL, "--rewrite", "1", "--count", "2"), "`count`"),
        (("jig", "--tune", "@missing.abc", "--rewrite", "1"), "cannot read missing.abc"),
        (("fox", "--tune", REEL, "--rewrite", "1"), "is for models of tunes"),
    ],
)
def test_rewriting_is_refused(arguments: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(app, ["sample", *arguments])
    assert isinstance(result.exception, ConfigError)
    assert message in str(result.exception)


def test_tunes_are_separated_by_a_blank_line() -> None:
    out, _ = sample("jig", "--count", "3", "--seed", "1", "--meter", "6/8", "--key", "D")
    tunes = out.split("\n\n")
    assert [tune.split("\n")[1] for tune in tunes] == ["X:1", "X:2", "X:3"]
    assert all("\nM:6/8\nL:1/8\nK:Dmaj\n" in tune for tune in tunes)
    assert out.endswith("\n")
    assert not out.endswith("\n\n")


def test_renders_tunes(tmp_path: Path) -> None:
    names = ["tunes.abc", "t.mid", "t.svg", "t.wav", "t.html"]
    abc, midi, score, audio, page = (tmp_path / name for name in names)
    out, err = sample(
        "jig", "--count", "2", "--seed", "1", "--length", "60", "--output", str(abc), "--midi",
        str(midi), "--score", str(score), "--audio", str(audio), "--html", str(page),
    )  # fmt: skip
    assert out == ""
    assert abc.read_text().count("X:") == 2
    assert all(path.stat().st_size > 500 for path in (midi, score, audio, page))
    assert [line.split()[0] for line in err.splitlines()] == ["wrote"] * 4
    assert "seed 1" in page.read_text()


def test_repetitive_samples_end_with_a_notice(checkpoint: Path, make: Callable[..., Path]) -> None:
    make(checkpoint.parent / "bore", scale=0.01, bias={"x": 9.0})
    out, err = sample("bore", "--temperature", "0", "--length", "900")
    assert 120 <= len(out) < 300
    assert "repeated the same 40 characters 3 times" in err
    assert "--no-loops" in err
    out, err = sample("bore", "--temperature", "0", "--length", "900", "--no-loops")
    assert (len(out), err) == (900, "")
    _, err = sample("bore", "--temperature", "0", "--length", "900", "--count", "9")
    assert [line.split()[:2] for line in err.splitlines()] == [
        ["sample", "1"], ["sample", "2"], ["sample", "3"], ["so", "did"],
    ]  # fmt: skip


def test_a_prompt_that_ends_within_a_word_is_completed(
    checkpoint: Path, make: Callable[..., Path]
) -> None:
    text = "The king and the kingdom. " * 30
    make(checkpoint.parent / "sub", tokens="subword", text=text, scale=0.01, bias={" king": 9.0})
    assert sample("sub", "--prompt", "The kin", "--length", "1")[0] == "The king"
    assert sample("sub", "--prompt", "The kin", "--length", "1", "--no-echo")[0] == "g"


def test_writes_the_output_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out.txt"
    out, _ = sample("fox", "--length", "30", "--seed", "4", "--output", str(path))
    assert out == ""
    assert path.read_text() == "".join(load("fox").generate(length=30, seed=4))


def test_verbose_prints_network_and_seed_to_standard_error() -> None:
    out, err = sample("fox", "--length", "9", "-v")
    assert len(out) == 9
    assert "lstm, layers of 12, 8 units" in err
    seed = err.split("seed ")[1].strip()
    assert sample("fox", "--length", "9", "--seed", seed)[0] == out


def run_failing(monkeypatch, capfd, *arguments: str) -> tuple[int, str]:
    """Exit status and message of a failing command, which prints nothing to standard output."""
    monkeypatch.setattr(sys, "argv", ["seqgen", "sample", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert isinstance(end.value.code, int)
    return end.value.code, err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("fox", "--prompt", "Thé"), 1, "vocabulary: 'é'"),
        (("fox", "--precision", "int9"), 2, "unknown precision 'int9'; did you mean int8? (known:"),
        (("fox", "--prompt", "@none.txt"), 2, "cannot read none.txt: No such file"),
        (("fox", "--output", "/dev/null/x"), 1, "cannot write /dev/null/x"),
        (
            ("jig", "--midi", "/dev/null/x.mid", "--count", "1000"),
            1,
            "cannot write /dev/null/x.mid",
        ),
        (("jig", "--length", "5"), 2, "--length: 5"),
        (("jig", "--stop", "x"), 2, "--stop, --lines and --no-loops"),
        (("jig", "--key", "Gmix"), 2, "unknown mode 'mix'"),
        (("jig", "--prompt", "M:6/8\nK:D\nABcdefg"), 2, "bar too long"),
        (("jig", "--score", "x.doc"), 2, "does not end in .svg or .png or .pdf"),
        (("jig", "--instrument", "kazoo"), 2, "unknown instrument 'kazoo'"),
        (("jig", "--instrument", "harpp"), 2, "did you mean harp?"),
        (("jig", "--instrument", "harp"), 2, "--instrument: has no effect"),
        (("jig", "--tempo", "90"), 2, "--tempo: has no effect"),
        (("jig", "--tempo", "90", "--score", "x.svg"), 2, "--tempo: has no effect"),
        (("fox", "--meter", "6/8"), 2, "--meter: is not for models of text"),
        (("fox", "--midi", "x.mid"), 2, "--midi: is for models of tunes"),
        (("jig", "--no-echo"), 2, "--no-echo: has no effect"),
        (("jig", "--output", "x.doc"), 2, "unknown output format"),
    ],
)
def test_errors_have_a_message_and_status(
    monkeypatch, capfd, arguments: tuple[str, ...], status: int, message: str
) -> None:
    code, error = run_failing(monkeypatch, capfd, *arguments)
    assert code == status
    assert message in error


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_damaged_checkpoints_are_refused(monkeypatch, capfd, checkpoint: Path, name: str) -> None:
    (checkpoint / name).write_bytes((checkpoint / name).read_bytes()[:-40])
    code, error = run_failing(monkeypatch, capfd, "fox")
    assert code == 1
    assert f"checkpoints/fox/{name}" in error


def test_nothing_heavy_is_loaded() -> None:
    sample("fox", "--length", "3")  # builds the graph, which imports onnx
    out, err, modules = run_and_list_imports("sample", "fox", "--length", "3")
    assert (len(out), err) == (3, "")
    assert not modules & (HEAVY | {"onnx"})


def test_a_closed_pipe_ends_streaming_quietly() -> None:
    command = [sys.executable, "-m", "seqgen", "sample", "fox", "--length", "100000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert len(process.stdout.read(50)) == 50
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) != 0


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupt_exits_with_status_130() -> None:
    command = [sys.executable, "-m", "seqgen", "sample", "fox", "--length", "100000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(50)
        process.send_signal(2)
        start = time.monotonic()
        while process.stdout.read(65536) and time.monotonic() - start < 20:
            pass
        assert process.wait(20) == 130
        assert b"Traceback" not in process.stderr.read()


def test_left_out_parts_of_a_prompt_are_counted(tmp_path: Path) -> None:
    (tmp_path / "start.abc").write_text("X:1\nT:One\nC:Me\nP:AB\nM:6/8\nK:D\n[Ad]2A dAF|\n")
    out, err = sample("jig", "--prompt", f"@{tmp_path}/start.abc", "--seed", "1")
    assert "K:D" in out
    assert "T:One\nC:Me\n" in out
    for kind in ("1 part label", "1 lower chord note"):
        assert f"prompt: left out: {kind}" in err
    assert "left out" not in sample("jig", "--prompt", "K:D", "--seed", "1")[1]


def test_prompts_that_are_not_music_are_refused() -> None:
    result = CliRunner().invoke(app, ["sample", "jig", "--prompt", "hello world"])
    assert isinstance(result.exception, ConfigError)
    assert not result.stdout


@pytest.fixture
def items(make: Callable[..., Path]) -> Path:
    """A model of a list that ends a document about every sixth token."""
    path = make(
        Path("checkpoints/items"),
        text="abcdef" * 20,
        documents=4000,
        held_out=400,
        unit="line",
        bias={"": 1.0},
    )
    hashes = fingerprints(["a", "b", "c"])
    document_hashes.save(path, DocumentHashes(hashes, hashes[:0]))
    return path


def test_documents_of_a_list_are_printed_as_lines(items: Path) -> None:
    out, err = sample("items", "--count", "500", "--seed", "1")
    lines = out.split("\n")
    assert len(lines) == 501
    assert lines.pop() == ""
    assert all(lines)
    copies = sum(line in ("a", "b", "c") for line in lines)
    assert f"{copies} of 500 samples ({copies / 500:.1%})" in err
    assert "--novel" in err
    few, silence = sample("items", "--count", "3", "--seed", "1")
    assert few == "".join(line + "\n" for line in lines[:3])
    assert silence == ""
    out, _ = sample("items", "--count", "9", "--seed", "1", "--prompt", "abc")
    assert [line[:3] for line in out.splitlines()] == ["abc"] * 9


def test_the_number_of_rejected_samples_is_reported(items: Path) -> None:
    out, err = sample("items", "--count", "200", "--seed", "1", "--novel", "--unique")
    lines = out.splitlines()
    assert len(set(lines)) == 200
    assert not {"a", "b", "c"} & set(lines)
    assert re.fullmatch(r"rejected: .* copies .* and .* repeats, of [\d,]+ candidates\n", err)


def test_too_few_unique_samples_are_an_error(items: Path) -> None:
    options = ["--count", "50", "--length", "1", "--unique"]
    result = CliRunner().invoke(app, ["sample", "items", *options])
    assert isinstance(result.exception, SamplingError)
    assert 1 <= len(result.stdout.splitlines()) <= 6
    assert result.stdout.endswith("\n")


def test_generated_tunes_are_valid_prompts(tmp_path: Path) -> None:
    start = "%abc-2.1\nX:4\nT:Jig 4 in D major\nR:jig\nM:6/8\nL:1/8\nK:D\nABc def|\n"
    (tmp_path / "start.abc").write_text(start)
    out, _ = sample("jig", "--prompt", f"@{tmp_path}/start.abc", "--seed", "1")
    assert "M:6/8\nL:1/8\nK:Dmaj\n" in out
    assert "ABc def" in out


@pytest.mark.skipif(os.name == "nt", reason="a terminal of POSIX")
def test_progress_of_the_prompt_on_a_terminal(
    checkpoint: Path,
) -> None:
    code = (
        "import sys; sys.argv = ['seqgen', 'sample', 'fox', '--prompt', 'The ' * 9000, "
        "'--length', '3', '--no-echo']\n"
        "from seqgen.cli import sample\n"
        "sample.PromptProgress.DELAY = 0.0\n"
        "from seqgen.cli.app import main; main()"
    )
    leader, follower = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=follower, stdin=follower
    ) as process:
        os.close(follower)
        output = read_terminal(leader)
        assert process.wait(60) == 0
    os.close(leader)
    assert b"reading the prompt" in output
    assert b"36,000 tokens" in output
