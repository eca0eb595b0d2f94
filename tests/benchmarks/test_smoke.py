"""Every benchmark runs from end to end at a tiny size.

They run in this process, which loads TensorFlow once, and so do the commands of seqgen that they
start. Each module of ``benchmarks`` needs an entry in `SMOKE`.
"""

import importlib
import io
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import benchmarks
from benchmarks import __main__ as bench
from benchmarks import command
from benchmarks.evaluated import evaluation
from benchmarks.training import PROGRAMS, Size
from seqgen.cli import app
from seqgen.comparison import runner, worker
from seqgen.evaluation.tunes.validators.abc2midi import installed

pytestmark = pytest.mark.slow

RIVER = "The river runs down to the sea, and the sea runs up to the sky;\n"
REELS = "".join(
    f"X:{number}\nT:Reel {number}\nR:reel\nM:4/4\nL:1/8\nK:C\n"
    f"|:{a}2CE GEcB|{b}GEG C4:||:cBAG FEDC|B,2D2 C4:|\n\n"
    for number, (a, b) in enumerate(((a, b) for a in "CDEFGA" for b in "GABcd"), start=1)
)
TINY = ("--units", "8", "--embedding", "4", "--epochs", "0.1")
SIZE = Size("lstm", 1, 8, 4, 5, 4)
# Arguments that make a benchmark short. Tests share the results of runs with equal arguments.
SHORT: dict[str, tuple[object, ...]] = {
    "display": (0.2, "--source", "river.txt"),
    "grammar_overhead": ("--streams", 1, 2, "--tokens", 30, "--rounds", 1),
    "grammar": ("--streams", 2, "--steps", 20),
    "roofline": ("--side", 32, "--rows", 256),
    "position_features": ("--units", 8, "--features", "none", "all"),
    "precision": ("--source", "river.txt", "--epochs", 0.1, "--units", 8),
    "profile": ("--work", 1000),
    "prompt": ("sonnets", 900, "--turns", 1),
    "quality": ("--source", "river.txt", "--units", 8),
    "sampling": ("--tokens", 60, "--seconds", 0.1),
    "checkpointing": ("--units", 8, "--pairs", 1, "--steps", 2),
    "scale": ("--epochs", 0.1, "--units", 8),
    "startup": ("--source", "river.txt", "--runs", 1, "--steps", 1),
    "rewriting": ("--count", 2, "--timed", 1, "--bars", 2, 3),
    "tunes": ("--count", 5, "--free", 1, "--random", 1, "--workers", 1),
}
# PyTorch is measured where it is installed.
TRAINED = [name for name in PROGRAMS if not name.startswith("torch") or find_spec("torch")]
SAMPLED = ["seqgen", *(["torch"] if find_spec("torch") else [])]

start_process = command.run  # before it is replaced


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tf: Any) -> Path:
    """Texts and trained checkpoints for the benchmarks."""
    path = tmp_path_factory.mktemp("benchmarks")
    (path / "river.txt").write_text(RIVER * 60)
    (path / "reels.abc").write_text(REELS)
    (path / "recipes.toml").write_text(
        '[sonnets]\nsource = "sonnets"\nepochs = 0.02\nunits = [8]\nlearning_rate = 0.01\n'
    )
    out = path / "checkpoints"
    for source in ("river.txt", "reels.abc"):
        in_process("train", path / source, "--checkpoints-dir", out, *TINY)
    return path


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(command, "run", in_process)
    monkeypatch.setattr(runner, "compare", partial(runner.compare, train=worker.resume_or_start))


def in_process(*arguments: object, quiet: bool = False) -> str:
    """As `benchmarks.command.run`, in this process."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["seqgen", *map(str, arguments)])
        return printed(app.main)


def printed(function: Callable[[], object]) -> str:
    """What a function writes to standard output; fails with its error output if it exits."""
    raw, errors = io.BytesIO(), io.StringIO()
    output = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    with redirect_stdout(output), redirect_stderr(errors):
        try:
            function()
        except SystemExit as end:
            if end.code:
                pytest.fail(f"{end.code} {errors.getvalue()}")
    return raw.getvalue().decode()


def run(module: str, *arguments: object) -> list[str]:
    """The lines that a benchmark prints, made short."""
    words = [*arguments, *SHORT.get(module, ())]
    return run_once(module, *map(str, words)).strip().splitlines()


@cache
def run_once(module: str, *words: str) -> str:
    main = importlib.import_module(f"benchmarks.{module}").main
    return printed(lambda: main(list(words)))


def figures(module: str, *arguments: object) -> dict[str, Any]:
    """The JSON on the last line that a benchmark prints."""
    values: dict[str, Any] = json.loads(run(module, *arguments)[-1])
    return values


def rows(lines: Sequence[str]) -> list[list[str]]:
    """The rows of a table in Markdown, without its heading."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len({len(row) for row in cells}) == 1, lines
    return cells[2:]


def all_positive(figures: dict[str, float]) -> bool:
    return all(value > 0 for value in figures.values())


def abc2midi_compare(folder: Path) -> None:
    command = ("abc2midi_compare", "reels.abc", "--tunes", 2, "--workers", 1)
    if installed():
        assert "reels" in "".join(run(*command))
    else:
        with pytest.raises(pytest.fail.Exception, match="abc2midi is missing"):
            run(*command)


def cells(folder: Path) -> None:
    options = ("--minutes", "0.003", "--cells", "rnn,mingru", "--out", "compared")
    # One layer of each, 2 and 3 layers of the classic one, and n-gram models.
    assert len(rows(run("cells", "river.txt", *options))) == 2 + 2 + 4
    assert (folder / "compared" / "cells-one.svg").exists()


def start_command(folder: Path) -> None:
    assert start_process("--version").startswith("seqgen ")
    with pytest.raises(SystemExit, match="nowhere"):
        start_process("sample", "nowhere", quiet=True)


def display(folder: Path) -> None:
    assert float(run("display")[-1]) > 0


def evaluated(folder: Path) -> None:
    for name, options in (
        ("river", ("--samples", "1")),
        ("reels", ("--count", "2", "--no-validators")),
    ):
        report = json.loads(in_process("evaluate", name, *options, "--json"))
        assert [table.title for table in evaluation(report, "seqgen evaluate").tables]


def grammar_overhead(folder: Path) -> None:
    by_streams = figures("grammar_overhead", "checkpoints/reels")
    assert list(by_streams) == ["1", "2"]
    assert all(all_positive(speeds) for speeds in by_streams.values())


def grammar(folder: Path) -> None:
    assert len(rows(run("grammar"))) == 3


def rewriting(folder: Path) -> None:
    lines = run("rewriting", "checkpoints/reels", "--book", "reels.abc")
    table = rows([line for line in lines if line.startswith("|")])
    assert [row[0] for row in table][:2] == ["other bars stay", "bars add up"]
    assert all(row[1] == "100.0%" for row in table if row[0].endswith(("stay", "up", "agrees")))
    assert " s with the start of a process." in lines[-1]


def roofline(folder: Path) -> None:
    values = figures("roofline")
    assert set(values) == {"float32", "bfloat16", "int8", "memory", "cache"}
    assert all_positive(values)


def ngram(folder: Path) -> None:
    for source, columns in (("river.txt", 2), ("reels.abc", 3)):
        table = rows(run("ngram", source, "--transpose", "none"))
        assert [len(row) for row in table] == [columns] * 7


def picture(folder: Path) -> None:
    run("picture", "0", "--source", "river.txt", "--minutes", "0.1", "--out", "training.svg")
    assert "--minutes" in (folder / "training.svg").read_text()


def position_features(folder: Path) -> None:
    lines = run("position_features", "reels.abc", 1)
    assert [name for name, _ in rows(lines)] == ["none", "all"]


def precision(folder: Path) -> None:
    for name in ("float32", "bfloat16"):
        assert float(run("precision", name)[-1]) > 0


def profile(folder: Path) -> None:
    for cell in ("lstm", "gru"):  # the bias of a GRU has another shape
        values = figures("profile", *replace(SIZE, cell=cell).arguments)
        assert set(values) == {"step", "layers", "inside", "outside"}
        assert min(values["step"], values["layers"]) > 0


def prompt(folder: Path) -> None:
    values = figures("prompt")
    assert set(values) == {"build", "sequence", "steps", "characters"}
    assert all_positive(values)


def quality(folder: Path) -> None:
    assert float(run("quality", 0.01)[-1]) > 0


def recipes(folder: Path) -> None:
    source = ("river.txt", "--epochs", "0.1", "--out", "search")
    table = rows(run("recipes", *source, "--begin=--units 8", "--only", "norm"))
    assert sorted(row[0] for row in table) == ["--norm layer --units 8", "--units 8"]
    stored = (folder / "search" / "runs.jsonl").read_text()
    run("recipes", *source, "--try=--units 8")  # stored, so not run again
    assert (folder / "search" / "runs.jsonl").read_text() == stored


def sampling(folder: Path) -> None:
    for program in SAMPLED:
        assert float(run("sampling", program, 1, 8, 1)[-1]) > 0


def checkpointing(folder: Path) -> None:
    values = figures("checkpointing")
    assert set(values) == {"bytes", "seconds", "processor", "share", "share_of_processors"}


def scale(folder: Path) -> None:
    values = figures("scale", 0.05)
    assert set(values) == {"encoded", "first_step", "tokens_per_second", "memory"}
    assert all_positive(values)


def release_models(folder: Path) -> None:
    into = folder / "shipped"
    into.mkdir()
    options = ("--recipes", folder / "recipes.toml", "--build", folder / "build", "--into", into)
    run("release_models", "sonnets", *options)
    checkpoint = into / "sonnets"
    assert json.loads((checkpoint / "evaluation.json").read_text())["tables"]
    assert json.loads((checkpoint / "export.json").read_text())["half"]
    assert not (checkpoint / "resume").exists()


def startup(folder: Path) -> None:
    values = figures("startup", "checkpoints/river")
    assert set(values) == {"help", "sample", "step"}
    assert all_positive(values)


def training(folder: Path) -> None:
    for program in TRAINED:
        assert float(run("training", program, *SIZE.arguments)[-1]) > 0


def tune_figures(folder: Path) -> None:
    table = rows(run("tune_figures", "reels", "--count", 3, "--book", "reels.abc"))
    assert len(table) == 13
    # Every reel of the book ends on its tonic, with a note of four eighths.
    assert [row[2] for row in table[:4]] == ["100%", "0%", "100%", "0%"]


def tune_pictures(folder: Path) -> None:
    assert len(run("tune_pictures", "tunes", 2, "--out", folder)) >= 4
    assert all((folder / f"tune-{number}.svg").stat().st_size for number in (1, 2, 3))
    assert "<svg" in (folder / "listen.html").read_text(encoding="utf-8")


def tunes(folder: Path) -> None:
    assert [row[1] for row in rows(run("tunes", "checkpoints/reels"))] == ["1"] * 7


def everything(folder: Path) -> None:
    """All sections with a plan of one tiny run each; then a single section again."""
    assert (bench.train("river.txt", str(folder / "more"), *TINY) / "config.json").exists()
    plan = bench.Plan(
        rounds=1, scale_rounds=1,
        training={SIZE: tuple(PROGRAMS)},
        sampling=((1, 8, 1),),
        scale=(0.05,), minutes=0.01, feature_epochs=1,
        tunes="reels.abc",
    )  # fmt: skip
    calls: list[str] = []

    def trained_before(source: str, *_: object) -> Path:
        return Path("checkpoints", "reels" if source == "reels.abc" else "river")

    def recorded(module: str, *arguments: object) -> list[str]:
        calls.append(module)
        return run(module, *arguments)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bench, "run_benchmark", recorded)
        patched.setattr(bench, "train", trained_before)
        bench.main(["--out", "results.md"], plan)
        text = (folder / "results.md").read_text()
        assert len(re.findall("^## ", text, re.MULTILINE)) == len(bench.SECTIONS)
        assert set(SHORT) <= set(calls)
        calls.clear()
        bench.main(["sampling", "--out", "results.md"], plan)
        again = (folder / "results.md").read_text()
    assert set(calls) == {"roofline", "sampling"}
    assert [line for line in again.splitlines() if line.startswith("## ")] == [
        line for line in text.splitlines() if line.startswith("## ")
    ]


SMOKE: dict[str, Callable[[Path], None]] = {
    "__main__": everything,
    "abc2midi_compare": abc2midi_compare,
    "cells": cells,
    "command": start_command,
    "display": display,
    "evaluated": evaluated,
    "grammar_overhead": grammar_overhead,
    "grammar": grammar,
    "roofline": roofline,
    "ngram": ngram,
    "picture": picture,
    "position_features": position_features,
    "precision": precision,
    "profile": profile,
    "prompt": prompt,
    "quality": quality,
    "recipes": recipes,
    "sampling": sampling,
    "checkpointing": checkpointing,
    "scale": scale,
    "release_models": release_models,
    "rewriting": rewriting,
    "startup": startup,
    "training": training,
    "tune_figures": tune_figures,
    "tune_pictures": tune_pictures,
    "tunes": tunes,
}


# All sections come last and use the results of the other tests.
MODULES = sorted(each.name for each in pkgutil.iter_modules(benchmarks.__path__))


@pytest.mark.parametrize("module", sorted(MODULES, key="__main__".__eq__))
def test_a_benchmark_runs_at_a_tiny_size(module: str, folder: Path) -> None:
    assert module in SMOKE, f"benchmarks/{module}.py has no smoke test"
    SMOKE[module](folder)
