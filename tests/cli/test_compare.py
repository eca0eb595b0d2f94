"""`seqgen compare`: lists of options, interruptions, results, errors."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from seqgen import load
from seqgen.cli import app
from seqgen.cli.compare_display import LiveDisplay, PlainDisplay, draw_curves
from seqgen.cli.compare_results import print_results, table
from seqgen.comparison import runner, worker
from seqgen.comparison.events import ComparisonStatus, VariantEvent, VariantFinished, VariantStarted
from seqgen.comparison.results import Comparison, Entry, Point, Result
from seqgen.training.events import Evaluated, Step
from tests.cli.processes import COMMAND, read_until

COMPARE = ("compare", "river.txt")
RIVER = "The river runs down to the sea, and the sea runs up to the sky;\n" * 40
TINY = ("--units", "16", "--embedding", "8", "--seq-length", "16", "--batch-size", "8")
ARGUMENTS = ("--cells", "rnn,gru", "--token-budget", "6400", *TINY)


@pytest.fixture(autouse=True)
def river(here: Path) -> Path:
    """The current folder holds river.txt."""
    (here / "river.txt").write_text(RIVER, encoding="utf-8")
    return here


@dataclass(frozen=True)
class Done:
    """A finished command."""

    folder: Path
    status: int
    stdout: str
    stderr: str


def train_here(patched: pytest.MonkeyPatch) -> None:
    """Train in this process, which loads TensorFlow once."""
    patched.setattr(runner, "compare", partial(runner.compare, train=worker.resume_or_start))


@contextmanager
def standard_streams_in(folder: Path) -> Iterator[None]:
    """Write the output of this process to the files stdout and stderr of a folder."""
    with ExitStack() as stack:
        for descriptor, redirect in ((1, redirect_stdout), (2, redirect_stderr)):
            before = os.dup(descriptor)
            stack.callback(os.close, before)
            stack.callback(os.dup2, before, descriptor)
            with open(folder / ("stdout", "stderr")[descriptor - 1], "wb") as file:
                os.dup2(file.fileno(), descriptor)
            stream = open(descriptor, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            stack.enter_context(redirect(stack.enter_context(stream)))
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tf: Any) -> Done:
    """A comparison in this process, without a terminal."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "river.txt").write_text(RIVER, encoding="utf-8")
    output = tmp_path_factory.mktemp("output")
    with pytest.MonkeyPatch.context() as patched, standard_streams_in(output):
        patched.chdir(folder)
        patched.setattr(sys, "argv", ["seqgen", *COMPARE, *ARGUMENTS, "--plot", "c.png"])
        train_here(patched)
        with pytest.raises(SystemExit) as end:
            app.main()
    stdout, stderr = ((output / name).read_text(encoding="utf-8") for name in ("stdout", "stderr"))
    return Done(folder, int(end.value.code or 0), stdout, stderr)


def results(folder: Path) -> dict[str, dict]:
    """Entries of the results file by label, without times."""
    entries = json.loads((folder / "checkpoints" / "river-compare.json").read_text())["entries"]
    for entry in entries:
        if entry["result"]:
            del entry["result"]["seconds"], entry["result"]["tokens_per_second"]
            for point in entry["result"]["curve"]:
                del point["seconds"]
    return {entry["label"]: entry for entry in entries}


@pytest.mark.slow
def test_prints_a_table_with_the_best_first_and_curves(finished: Done) -> None:
    assert finished.status == 0, finished.stderr
    entries = results(finished.folder)
    rows = re.findall(r"(?m)^ +([ab])  (rnn|gru)( ★)? +([\d,]+) +(\d\.\d{4}) ", finished.stdout)
    assert [(star, name) for _, name, star, _, _ in rows] == [
        (" ★" * (n == 0), name)
        for n, name in enumerate(sorted(entries, key=lambda name: entries[name]["result"]["nats"]))
    ]
    for letter, name, _, parameters, nats in rows:
        assert letter == {"rnn": "a", "gru": "b"}[name]
        assert parameters == f"{entries[name]['parameters']:,}"
        assert nats == f"{entries[name]['result']['nats']:.4f}"
    for word in ("bits/char", "perplexity", "tokens/s", "time", "validation loss"):
        assert word in finished.stdout
    assert re.search(r"┤.*a", finished.stdout)
    assert "\x1b" not in finished.stdout + finished.stderr


@pytest.mark.slow
def test_without_a_terminal_evaluations_and_results_are_log_lines(finished) -> None:
    assert "comparing 2 networks on river" in finished.stderr
    for name in ("rnn", "gru"):
        assert re.search(rf"(?m)^{name} starts: [\d,]+ parameters$", finished.stderr)
        evaluation = rf"(?m)^{name}  step \d+ .* validation \d\.\d+ nats"
        assert len(re.findall(evaluation, finished.stderr)) > 9
        assert re.search(rf"(?m)^{name} finished after .*: \d\.\d+ nats/token", finished.stderr)
    assert finished.stderr.count("2,560 characters") == 1


@pytest.mark.slow
def test_writes_the_plot(finished) -> None:
    content = (finished.folder / "c.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 10_000


@pytest.mark.slow
@pytest.mark.usefixtures("shipped")
def test_variants_can_be_sampled(finished, seqgen, monkeypatch) -> None:
    monkeypatch.chdir(finished.folder)
    status, out, _ = seqgen("checkpoints", "--json")
    assert [row["name"] for row in json.loads(out)] == ["river-compare-gru", "river-compare-rnn"]
    assert seqgen("sample", "river-compare-gru", "--length", "9", "--seed", "1")[0] == status == 0
    assert load("checkpoints/river-compare-rnn").config.training.batch_size == 8


@pytest.mark.slow
def test_a_finished_comparison_prints_its_results_again(finished, seqgen, monkeypatch) -> None:
    monkeypatch.chdir(finished.folder)
    monkeypatch.setattr(worker, "CHILD", "raise SystemExit('nothing is to be trained')")
    status, out, err = seqgen(*COMPARE, *ARGUMENTS)
    assert status == 0
    assert out == finished.stdout
    assert [line.split()[0] for line in err.splitlines()] == ["comparing"]
    status, out, _ = seqgen(*COMPARE, *ARGUMENTS, "--json")
    report = json.loads(out)
    assert (status, report["corpus"], report["options"]["cell"]) == (0, "river", ["rnn", "gru"])
    assert report["best"] == "river-compare-" + min(
        ("rnn", "gru"), key=lambda name: results(finished.folder)[name]["result"]["nats"]
    )
    assert all(len(entry["result"]["curve"]) > 9 for entry in report["entries"])


@pytest.mark.slow
def test_an_interrupted_comparison_resumes_with_the_same_results(
    finished, seqgen, here: Path, monkeypatch
) -> None:
    """The networks train in other processes before the interruption, in this one after it."""
    command = [*COMMAND, *COMPARE, *ARGUMENTS]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr
        text = read_until(child, "gru  step 1")
        child.send_signal(signal.SIGINT)
        text += child.stderr.read()
        assert child.wait(30) == 130
    assert text.endswith("continue with the same command\n")
    assert "Traceback" not in text
    train_here(monkeypatch)
    status, _, err = seqgen(*COMPARE, *ARGUMENTS)
    assert status == 0
    assert "gru continues: " in err
    assert "rnn " not in err
    assert results(here) == results(finished.folder)


def test_failed_variants_are_reported(seqgen, monkeypatch) -> None:
    monkeypatch.setattr(worker, "CHILD", "raise ZeroDivisionError('of all things')")
    status, out, err = seqgen(*COMPARE, *ARGUMENTS)
    assert status == 1
    for name in ("rnn", "gru"):
        assert f"{name} failed: ZeroDivisionError: of all things" in out
        assert f"{name} failed: ZeroDivisionError: of all things" in err
    assert "★" not in out


@pytest.mark.slow
def test_a_dry_run_lists_networks_and_times(seqgen, here: Path) -> None:
    sizes = ("--layers", "1,2", "--units", "16", "--embedding", "8", "--dropout", "0.5")
    arguments = ("--cells", "lstm,gru", *sizes, "--minutes", "2")
    status, out, _ = seqgen(*COMPARE, *arguments, "--dry-run")
    assert status == 0
    # 22·8 + 4·16·(8+16+1) + 17·22
    assert re.search(r"lstm layers 1 +river-compare-lstm-layers-1 +2,150 +2:00", out)
    assert "gru layers 2" in out
    assert "4 networks, about 8:00 of training in all" in out
    assert "chosen" not in out
    status, out, _ = seqgen(*COMPARE, *ARGUMENTS, "--dry-run", "--json")
    report = json.loads(out)
    assert [each["label"] for each in report["variants"]] == ["rnn", "gru"]
    assert 0 < report["minutes"] < 1
    assert [path.name for path in here.iterdir()] == ["river.txt"]


def test_differing_defaults_are_reported(seqgen) -> None:
    arguments = ("--cells", "lstm,leaky", *TINY, "--dropout", "0.1", "--minutes", "2")
    _, out, _ = seqgen(*COMPARE, *arguments, "--dry-run")
    assert out.endswith("chosen as in train: --learning-rate 0.004 (lstm), 0.008 (leaky)\n")
    _, out, _ = seqgen(*COMPARE, *arguments, "--dry-run", "--json")
    assert [each["defaults"] for each in json.loads(out)["variants"]] == [
        {"learning_rate": "0.004"},
        {"learning_rate": "0.008"},
    ]
    _, out, _ = seqgen(*COMPARE, *arguments, "--learning-rate", "0.001", "--dry-run")
    assert "chosen" not in out


def test_differing_defaults_are_reported_below_the_results(capsys) -> None:
    entries = tuple(
        replace(entry, defaults={"dropout": share})
        for entry, share in zip(ENTRIES, ("0.1", "0.5", "0.2"), strict=True)
    )
    print_results(replace(COMPARISON, entries=entries), as_json=False)
    last = capsys.readouterr().out.splitlines()[-1]
    labels = [entry.label for entry in ENTRIES]
    assert last.endswith("--dropout 0.1 ({}), 0.5 ({}), 0.2 ({})".format(*labels))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--cells", "lstm,lstn"), "unknown cell 'lstn'; did you mean lstm?"),
        (("--cells", "lstm,,gru"), "--cell: 'lstm,,gru' lacks a value"),
        (("--cells", ""), "--cell: '' lacks a value"),
        (("--cells", "lstm"), "nothing to compare"),
        (
            ("--cells", "lstm,gru", "--epochs", "1"),
            "--minutes, --token-budget (tokens) and --epochs",
        ),
        (("--layers", "1,two"), "--layers: 'two' is not a whole number"),
        (("--layers", "1,9"), "--layers: 9 is too large"),
        (("--residual", "yes,maybe"), "--residual: 'maybe' is not yes or no"),
        (("--units", "16,16+8", "--layers", "1"), "--units: has 2 values for --layers 1"),
        (("--tokenizer", "64000"), "--token-budget 64000"),
        (("--cells", "lstm,gru", "--batch-size", "60000"), "--batch-size: 60000"),
        (("--layers", "1,2", "--plot", "c.gif"), "--plot: "),
        (("--layers", "1,2", "--plot", "c.png", "--dry-run"), "--plot: has no effect"),
        (("--layers", "1,2", "--plot", "no/c.png"), "--plot: "),
        (("--layers", "1,2", "--name", "../x"), "cannot be a checkpoint's name"),
    ],
)
def test_invalid_options_are_refused_before_files_are_written(
    seqgen, here: Path, arguments: tuple[str, ...], message: str
) -> None:
    status, out, err = seqgen(*COMPARE, "--minutes", "2", *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert [path.name for path in here.rglob("*") if path.is_file()] == ["river.txt"]


def test_unwritable_plots_are_refused_before_training(seqgen, here: Path) -> None:
    arguments = ("--minutes", "2", "--layers", "1,2", "--plot", "/proc/c.png")
    status, out, err = seqgen(*COMPARE, *arguments)
    assert (status, out) == (1, "")
    assert "cannot write /proc/c.png" in err
    assert [path.name for path in here.iterdir()] == ["river.txt"]


@pytest.mark.slow
def test_changed_options_are_refused(finished, seqgen, monkeypatch) -> None:
    monkeypatch.chdir(finished.folder)
    status, out, err = seqgen(*COMPARE, *ARGUMENTS, "--seed", "5")
    assert (status, out) == (2, "")
    assert "--seed was not given and is 5" in err


STEP = Step(7, 0.1, 0.5, 30.0, 90.0, 2.5, 1.0, 0.01, 1234.5)
RESULT = Result(
    1.5, 2.164, None, 4.48, 99, 1000, 60.0, 900.0, (Point(0, 0.0, 3.0), Point(1000, 60.0, 1.5))
)
ENTRIES = tuple(Entry(f"layers {n}", f"c-layers-{n}", 1000 * n) for n in range(1, 4))
COMPARISON = Comparison({"minutes": ("1",)}, "poems", "text", "0f", ENTRIES)


def evaluated(tokens: int, seconds: float, nats: float) -> Evaluated:
    return Evaluated(tokens, 0.1, seconds, tokens, 2.0, nats, 1.0, 2.0, 0.01, 900.0, True, False, 9)


EVENTS = (
    ComparisonStatus(COMPARISON, ("a file left out",)),
    VariantStarted(0, ()),
    VariantEvent(0, evaluated(0, 0.0, 3.0)),
    VariantEvent(0, evaluated(900, 58.0, 1.6)),
    VariantFinished(0, replace(ENTRIES[0], result=RESULT)),
    VariantStarted(1, RESULT.curve),
    VariantEvent(1, STEP),
)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_display_has_finished_running_and_waiting_variants() -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=100, height=40)
    display = LiveDisplay(screen)
    for event in EVENTS:
        display.draw(event)
    display.stop()
    page = Console(file=io.StringIO(), width=100, height=40)
    page.print(display.picture())
    text = printed(page)
    assert re.search(r"layers 1 +1,000 +1\.5000 +900 +1:00 +done", text)
    assert re.search(r"layers 2 +2,000 +1\.5000 +1,23[45] +30 s +━+.* 1:30 left", text)
    assert re.search(r"layers 3 +3,000 +– +– +– +waiting", text)
    assert "validation loss" in text
    assert "note: a file left out" in printed(screen)


def test_a_long_list_is_cut_around_the_running_variant() -> None:
    entries = tuple(Entry(f"seed {n}", f"c-seed-{n}", 9) for n in range(60))
    display = LiveDisplay(Console(file=io.StringIO(), force_terminal=True, width=100, height=30))
    display.draw(ComparisonStatus(replace(COMPARISON, entries=entries)))
    display.draw(VariantStarted(40, ()))
    display.stop()
    page = Console(file=io.StringIO(), width=100, height=30)
    page.print(display.picture())
    lines = printed(page).splitlines()
    assert len(lines) < 30
    assert any("seed 40" in line and "preparing" in line for line in lines)
    assert any("9 of 60" in line for line in lines)


def test_log_lines_name_the_variant() -> None:
    file = io.StringIO()
    display = PlainDisplay(Console(file=file))
    failed = VariantFinished(1, replace(ENTRIES[1], failure="the loss was \x1b[31mnot finite"))
    for event in (*EVENTS, failed):
        display.draw(event)
    lines = file.getvalue().splitlines()
    assert lines[0] == "comparing 3 networks on poems, 1 minute each"
    assert lines[3].startswith("layers 1  step 0  0 s")
    assert "layers 1 finished after 1:00: 1.5000 nats/token, perplexity 4.48" in lines
    assert "layers 2 continues: 2,000 parameters" in lines
    assert lines[-1] == "layers 2 failed: the loss was  [31mnot finite"


def test_tunes_are_compared_in_bits_per_note() -> None:
    entries = (replace(ENTRIES[0], result=replace(RESULT, bits_per_note=2.125)), ENTRIES[1])
    page = Console(file=io.StringIO(), width=100)
    page.print(table(replace(COMPARISON, kind="tunes", entries=entries), colours=False))
    text = printed(page)
    assert "bits/note" in text
    assert "2.125" in text


def test_curves_have_colours_in_a_terminal_and_letters_elsewhere() -> None:
    curves = [RESULT.curve, (), tuple(replace(p, nats=p.nats + 1) for p in RESULT.curve)]
    assert {"a", "c"} <= set(draw_curves(curves, True, 80, colours=False).plain)
    coloured = draw_curves(curves, True, 80, colours=True)
    assert len({span.style for span in coloured.spans}) >= 2
    assert not draw_curves([(), RESULT.curve[:1]], True, 80, colours=False).plain
