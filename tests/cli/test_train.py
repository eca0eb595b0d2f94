"""`seqgen train`: real files, real interruptions, usage errors."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seqgen import load
from seqgen.data import tokenizers
from seqgen.models import cells
from seqgen.training import train_state
from tests.cli.processes import COMMAND, control_terminal, read_terminal, read_until

TINY = ("--units", "16", "--embedding", "8", "--epochs", "1")
RIVER = "The river runs down to the sea, and the sea runs up to the sky;\n" * 40
TUNES = "\n".join(
    f"X:{n}\nT:tune {n}\nM:6/8\nL:1/8\nK:D\n{'ABc def|' * (n % 7 + 1)}\n" for n in range(30)
)


@pytest.fixture(autouse=True)
def river(here: Path) -> Path:
    """The current folder holds river.txt."""
    (here / "river.txt").write_text(RIVER, encoding="utf-8")
    return here


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess]:
    """A checkpoint that another process has trained, and that process."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "river.txt").write_text(RIVER, encoding="utf-8")
    arguments = ("train", "river.txt", "-v", "--units", "16,8", "--embedding", "8", "--epochs", "1")
    done = subprocess.run([*COMMAND, *arguments], cwd=folder, capture_output=True, text=True)
    return folder / "checkpoints" / "river", done


@pytest.fixture
def checkpoint_copy(trained, river: Path) -> Path:
    """A copy of the checkpoint in the current folder."""
    return Path(shutil.copytree(trained[0], river / "checkpoints" / "river"))


def weights(path: Path) -> bytes:
    return (path / "model.safetensors").read_bytes()


@pytest.mark.slow
def test_without_a_terminal_a_run_logs_lines_to_standard_error(trained) -> None:
    path, done = trained
    assert (done.returncode, done.stdout) == (0, "")
    assert "\x1b" not in done.stderr
    for pattern in (
        r"training on river: 2,304 characters, 256 for validation, 1 document, 22 char tokens",
        r"LSTM, 16 \+ 8 units, embedding 8",
        r"\nchosen: preset micro, for 2,305 training tokens\n",
        r"\nchosen: dropout 0, for [\d,]+ parameters and about one epoch\n",
        r"\nchosen: batch size \d+ rather than",
        r"training \d\.\d+ nats  \d\.\d+ bits/char  gradient norm \d+\.\d+ ",
        r"validation \d\.\d+ nats  \d\.\d+ bits/char  perplexity \d+\.\d+  best so far\n  \| ",
        r"saved in checkpoints/river\nnext:  seqgen sample river\n",
    ):
        assert re.search(pattern, done.stderr), pattern
    assert sorted(file.name for file in path.iterdir()) == [
        "README.md", "config.json", "last.safetensors", "metrics.jsonl", "model.safetensors",
        "resume", "samples.txt", "tokenizer.json",
    ]  # fmt: skip
    assert [child.name for child in path.parent.iterdir()] == ["river"]


def test_the_trained_checkpoint_can_be_sampled(trained) -> None:
    assert len("".join(load(trained[0]).generate(length=40, seed=1))) == 40


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "tokens"),
    [(cell, "char") for cell in cells.names()]
    + [("gru", tokens) for tokens in tokenizers.names() if tokens != "char"],
)
def test_every_cell_and_tokenizer_trains_saves_and_samples(
    seqgen, cell: str, tokens: str, here: Path
) -> None:
    source = "river.txt"
    if tokens == "abc":
        source = "jigs.abc"
        (here / source).write_text(TUNES)
    name = f"{cell}-{tokens}"
    arguments = ("--cell", cell, "--tokenizer", tokens, "--name", name, *TINY)
    status, out, err = seqgen("train", source, *arguments)
    assert (status, out) == (0, "")
    assert f" {tokens} tokens\n{cells.find(cell).title}, 16 units" in err
    if tokens == "abc":  # an untrained network may not generate a whole tune
        assert load(name).config.task == "tunes"
    else:
        status, out, err = seqgen("sample", name, "--length", "20", "--seed", "1")
        assert (status, err) == (0, "")
        assert load(name).checkpoint.tokenizer.encode(out).size > 0


@pytest.mark.slow
def test_sources_of_all_kinds_form_one_corpus(seqgen, here: Path, monkeypatch) -> None:
    (here / "poems").mkdir()
    (here / "poems" / "one.txt").write_text("In a folder. " * 9)
    (here / "two.verse").write_text("By a pattern. " * 9)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"From a pipe. " * 9)))
    status, _, err = seqgen(
        "train", "river.txt", "poems", "*.verse", "-", *TINY, "--seq-length", "8"
    )
    assert status == 0
    assert " 4 documents, " in err
    facts = json.loads((here / "checkpoints" / "river+3" / "config.json").read_text())["corpus"]
    assert facts["sources"] == ["river.txt", "poems", "*.verse", "-"]
    assert facts["characters"] == len(RIVER) + 9 * len("In a folder. By a pattern. From a pipe. ")


@pytest.mark.slow
def test_flags_override_the_config_file(seqgen, here: Path) -> None:
    (here / "o.toml").write_text(
        'cell = "gru"\nunits = [12, 10]\nembedding = 4\nepochs = 2.5\npatience = 3\n'
        "seq_length = 9\n"
        "beta_2 = 0.95\n"
    )
    arguments = ("--dry-run", "--json", "--config", "o.toml", "--seq-length", "16")
    status, out, _ = seqgen("train", "river.txt", *arguments)
    options = json.loads(out)
    assert status == 0
    model = options["model"]
    assert (model["cell"], model["units"], model["embedding"]) == ("gru", [12, 10], 4)
    assert model["cell_options"] == {"reset": "after"}
    training = options["training"]
    assert (training["epochs"], training["seq_length"], training["beta_2"]) == (2.5, 16, 0.95)


@pytest.mark.slow
def test_a_dry_run_prints_the_network_and_writes_nothing(seqgen, here: Path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    status, out, _ = seqgen("train", "river.txt", "--dry-run", *TINY, "--layers", "2")
    assert status == 0
    for word in ("embeddings 22×8", "recurrent_2", "kernel 16×64", "recurrent_kernel 16×64"):
        assert word in out
    # 22·8 + 4·16·(8+16+1) + 4·16·(16+16+1) + 17·22
    assert re.search(r"all .* 4,262 ", out)
    assert re.search(r"tokens per epoch in \d+ steps; 1 epochs? at [\d,]+ tokens/s take about", out)
    assert re.search(r"about [\d.]+ MB of memory", out)
    assert [path.name for path in here.iterdir()] == ["river.txt"]


def test_an_existing_name_is_refused_with_the_alternatives(seqgen, checkpoint_copy: Path) -> None:
    before = weights(checkpoint_copy)
    status, out, err = seqgen("train", "river.txt", *TINY)
    assert (status, out) == (1, "")
    for word in ("checkpoints/river exists", "--resume river", "--overwrite", "--name"):
        assert word in err
    assert err.count("\n") == 1
    assert weights(checkpoint_copy) == before


@pytest.mark.parametrize(
    "wrong",
    [("--tokenizer", "words"), ("--cell", "lstn"), ("--preset", "vast"), ("--batch-size", "60000"),
     ("--vocab-size", "9")],
)  # fmt: skip
def test_invalid_options_do_not_overwrite_the_checkpoint(
    seqgen, checkpoint_copy: Path, wrong: tuple[str, str]
) -> None:
    before = weights(checkpoint_copy)
    assert seqgen("train", "river.txt", "--overwrite", *wrong)[0] == 2
    assert weights(checkpoint_copy) == before
    assert seqgen("sample", "river", "--length", "5")[0] == 0


@pytest.mark.slow
def test_overwrite_starts_again(seqgen, checkpoint_copy: Path) -> None:
    status, _, err = seqgen("train", "river.txt", "--overwrite", *TINY, "--cell", "rnn")
    assert status == 0
    assert "RNN, 16 units" in err
    metrics = [
        json.loads(line) for line in (checkpoint_copy / "metrics.jsonl").read_text().splitlines()
    ]
    assert [metric["step"] for metric in metrics].count(0) == 1
    assert load("river").config.model.cell == "rnn"


def test_resume_extends_a_run(seqgen, checkpoint_copy: Path) -> None:
    status, out, err = seqgen("train", "--resume", "river")
    assert (status, out) == (2, "")
    assert "--minutes or --epochs" in err
    lines = (checkpoint_copy / "metrics.jsonl").read_text().splitlines()
    status, out, err = seqgen("train", "--resume", "river", "--epochs", "2")
    assert (status, out) == (0, "")
    assert "resuming river" in err
    assert "2 epochs of training" in err
    steps = [
        json.loads(line)["step"]
        for line in (checkpoint_copy / "metrics.jsonl").read_text().splitlines()
    ]
    assert steps == sorted(steps)
    assert max(steps) == 2 * json.loads(lines[-1])["step"]
    assert json.loads((checkpoint_copy / "config.json").read_text())["training"]["epochs"] == 2


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--epochs", "0.5"), 2, "--minutes or --epochs"),
        (("--cell", "gru"), 2, "--cell"),
        (("--learning-rate", "1"), 2, "--learning-rate"),
        (("river.txt",), 2, "--resume"),
        (("--overwrite",), 2, "--overwrite"),
        (("--dry-run",), 2, "--dry-run"),
        (("--name", "other"), 2, "--name"),
    ],
)
def test_a_refused_resume_leaves_the_checkpoint_unchanged(
    seqgen, checkpoint_copy: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    before = {path: path.read_bytes() for path in checkpoint_copy.rglob("*") if path.is_file()}
    code, out, err = seqgen("train", "--resume", "river", *arguments)
    assert (code, out) == (status, "")
    assert message in err
    assert {
        path: path.read_bytes() for path in checkpoint_copy.rglob("*") if path.is_file()
    } == before


@pytest.mark.slow
def test_ctrl_c_in_a_terminal_saves_and_prints_the_resume_command(seqgen, here: Path) -> None:
    """In a real terminal: the display is drawn, and Ctrl-C is a key rather than a signal."""
    leader, follower = os.openpty()
    arguments = ("train", "river.txt", "--units", "16", "--embedding", "8", "--minutes", "5")
    with subprocess.Popen(
        [*COMMAND, *arguments, "--checkpoints-dir", "my nets"], stdin=follower,
        stdout=subprocess.PIPE, stderr=follower, start_new_session=True,
        preexec_fn=control_terminal,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
    ) as process:  # fmt: skip
        assert process.stdout
        os.close(follower)
        try:
            output = read_terminal(leader, rb"sample at step [\s\S]* left")
            os.write(leader, b"\x03")
            output += read_terminal(leader)
        finally:
            process.kill()
            os.close(leader)
        assert (process.wait(20), process.stdout.read()) == (130, b"")
    text = output.decode()
    for word in ("gradient norm", "bits/char", "perplexity", "tokens/s"):
        assert word in text
    assert "Traceback" not in text
    assert text.rfind("\x1b[?25h") > text.rfind("\x1b[?25l")  # the cursor is back
    hint = "resume with:  seqgen train --resume 'my nets/river'"
    assert text.rstrip().endswith(hint)
    status, _, err = seqgen("train", "--resume", "my nets/river", "--minutes", "0.001")
    assert (status, "finished training" in err) == (2, True)
    length = json.loads((here / "my nets" / "river" / "config.json").read_text())["training"]
    assert length["minutes"] == 5


@pytest.mark.slow
def test_a_changed_text_is_refused_by_default(seqgen, checkpoint_copy: Path) -> None:
    text = Path("river.txt").read_text()
    Path("river.txt").write_text(text + "One more line.\n")
    status, _, err = seqgen("train", "--resume", "river", "--epochs", "9")
    assert status == 2
    assert "river.txt" in err
    Path("river.txt").write_bytes(b"\xff\xfe\xfd")
    status, _, err = seqgen("train", "--resume", "river", "--epochs", "9")
    assert status == 2
    assert "river.txt" in err
    assert seqgen("train", "--resume", "river", "--epochs", "9", "--ignore-corpus-changes")[0] == 0
    # A deleted text does not count as changed: the run has a copy of its tokens.
    Path("river.txt").unlink()
    assert seqgen("train", "--resume", "river", "--epochs", "10")[0] == 0
    status, _, err = seqgen("train", "sonnets", "--ignore-corpus-changes")
    assert (status, "needs --resume" in err) == (2, True)


def run_and_signal(words: str, number: signal.Signals, *arguments: str) -> tuple[int, str]:
    """Signal a run after a line with these words; return its status and standard error."""
    command = [*COMMAND, "train", "river.txt", "--units", "16", "--embedding", "8", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        output = read_until(process, words)
        process.send_signal(number)
        output += process.stderr.read()
        return process.wait(20), output


@pytest.mark.slow
def test_a_terminated_run_is_saved_and_can_be_resumed(seqgen, here: Path) -> None:
    status, err = run_and_signal("step 1 ", signal.SIGTERM, "--epochs", "2000")
    assert status == 128 + signal.SIGTERM
    assert err.endswith("resume with:  seqgen train --resume river\n")
    assert "Traceback" not in err
    position, _ = train_state.read(here / "checkpoints" / "river")
    (steps,) = re.findall(r"([\d,]+) steps per epoch", err)
    epochs = (position.step + 3) / int(steps)
    status, _, err = seqgen("train", "--resume", "river", "--epochs", str(epochs))
    assert status == 0
    assert f"\nstep {position.step + 1}  epoch" in err
    assert f"\nstep {position.step + 3}  " in err


@pytest.mark.slow
def test_ctrl_c_while_tensorflow_loads_leaves_no_checkpoint(seqgen) -> None:
    status, err = run_and_signal("loading TensorFlow", signal.SIGINT, "--epochs", "1")
    assert status == 130
    # The network may exist by the time of the signal, since an import can swallow it.
    assert err.endswith("nothing was saved\n")
    assert "\nstep " not in err
    assert "Traceback" not in err
    assert seqgen("train", "river.txt", *TINY)[0] == 0
    # Now a checkpoint with the name exists.
    assert seqgen("train", "river.txt", *TINY)[0] == 1


def test_running_out_of_memory_is_an_error(seqgen, tf, monkeypatch) -> None:
    def learn(*_: object) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    monkeypatch.setattr("seqgen.training.trainer.Trainer.step", learn)
    for more in ((), ("--dry-run",)):
        status, _, err = seqgen("train", "river.txt", *TINY, *more)
        assert status == 1
        assert re.search("^error: out of memory; .*--units", err, re.MULTILINE)
        assert "Traceback" not in err


def test_a_run_without_weights_yet_is_not_overwritten(seqgen, checkpoint_copy: Path) -> None:
    (checkpoint_copy / "model.safetensors").unlink()
    assert seqgen("train", "river.txt", *TINY)[0] == 1
    assert (checkpoint_copy / "resume" / "state.safetensors").exists()
