"""The public Python API: names, signatures and behaviour."""

import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import seqgen
from seqgen.training import events

TINY: dict[str, Any] = {"units": (16,), "embedding": 8, "seq_length": 16, "batch_size": 4}
HEAVY = (
    "numpy", "tensorflow", "keras", "music21", "onnx", "onnxruntime", "tokenizers", "pooch", "rich",
    "typer",
)  # fmt: skip


def test_the_names_are_pinned() -> None:
    assert seqgen.__all__ == [
        "CheckpointError", "ConfigError", "CorpusError", "SeqgenError", "TokenError",
        "TrainingError", "TuneError", "__version__", "load", "resume", "train",
    ]  # fmt: skip
    for name in seqgen.__all__:
        assert hasattr(seqgen, name)
        assert name == "__version__" or getattr(seqgen, name).__doc__


def parameters(function) -> list[tuple[str, str, object]]:
    """Name, kind and default of each parameter."""
    return [
        (p.name, p.kind.description, "required" if p.default is p.empty else p.default)
        for p in inspect.signature(function).parameters.values()
    ]


def test_the_signatures_are_pinned() -> None:
    assert parameters(seqgen.train) == [
        ("sources", "positional or keyword", "required"),
        ("name", "keyword-only", None),
        ("checkpoints_dir", "keyword-only", "checkpoints"),
        ("encoding", "keyword-only", None),
        ("overwrite", "keyword-only", False),
        ("options", "variadic keyword", "required"),
    ]
    assert parameters(seqgen.resume) == [
        ("path", "positional or keyword", "required"),
        ("ignore_corpus_changes", "keyword-only", False),
        ("options", "variadic keyword", "required"),
    ]
    assert parameters(seqgen.load)[:1] == [("path", "positional or keyword", "required")]
    assert ("threads", "keyword-only", None) in parameters(seqgen.load)
    assert ("precision", "keyword-only", "int8") in parameters(seqgen.load)


def test_the_package_is_marked_as_typed() -> None:
    assert Path(seqgen.__file__).with_name("py.typed").is_file()


def test_importing_loads_nothing_heavy() -> None:
    code = f"import sys, seqgen; print(sorted(set(sys.modules) & set({HEAVY})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.fixture
def here(text_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder holds river.txt."""
    monkeypatch.chdir(text_file.parent)
    return text_file.parent


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_train_load_and_resume(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = seqgen.train("river.txt", epochs=0.5, **TINY)
    assert isinstance(run, Iterator)
    run_events = list(run)
    kinds = [type(event) for event in run_events]
    assert kinds[-1] is events.Finished
    for kind in (events.Started, events.Step, events.Evaluated, events.Sampled, events.Saved):
        assert kind in kinds
    assert run_events[-1].path == Path("checkpoints/river")

    generator = seqgen.load("river")
    text = generator.generate("The ", length=30, seed=3)
    assert isinstance(text, Iterator)
    pieces = list(text)
    assert all(isinstance(piece, str) for piece in pieces)
    assert len("".join(pieces)) == 30
    repeated = seqgen.load(here / "checkpoints" / "river").generate("The ", length=30, seed=3)
    assert "".join(repeated) == "".join(pieces)

    first = max(event.step for event in run_events if isinstance(event, events.Step))
    more = list(seqgen.resume("river", epochs=1))
    steps = [event.step for event in more if isinstance(event, events.Step)]
    assert steps == list(range(first + 1, first + 1 + len(steps)))
    assert isinstance(more[-1], events.Finished)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_closing_a_run_saves_it(here: Path) -> None:
    run = seqgen.train(
        [Path("river.txt")], name="closed", checkpoints_dir=here / "nets", epochs=50, **TINY
    )
    for event in run:
        if isinstance(event, events.Step) and event.step == 5:
            break
    run.close()  # type: ignore[attr-defined]
    run_events = seqgen.resume(here / "nets" / "closed")
    step = next(event for event in run_events if isinstance(event, events.Step))
    assert step.step == 6
    run_events.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        (("none.txt",), {}, seqgen.CorpusError),
        (([],), {}, seqgen.ConfigError),
        (("river.txt",), {"unit": 3}, seqgen.ConfigError),
        (("river.txt",), {"cell": "lstn"}, seqgen.ConfigError),
        (("river.txt",), {"units": "many"}, seqgen.ConfigError),
        (("river.txt",), {"dropout": float("nan")}, seqgen.ConfigError),
        (("river.txt",), {"name": "a/b"}, seqgen.ConfigError),
        (("river.txt",), {"name": ""}, seqgen.ConfigError),
    ],
)
@pytest.mark.usefixtures("here")
def test_invalid_arguments_raise(arguments, options, error) -> None:
    with pytest.raises(error) as caught:
        list(seqgen.train(*arguments, **options))
    assert isinstance(caught.value, seqgen.SeqgenError)
    assert not Path("checkpoints").exists()


@pytest.mark.usefixtures("here")
def test_missing_checkpoints_raise() -> None:
    for function in (seqgen.load, lambda name: list(seqgen.resume(name))):
        with pytest.raises(seqgen.CheckpointError, match="nix"):
            function("nix")
