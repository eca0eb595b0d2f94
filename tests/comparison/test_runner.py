"""Running, resuming and refusing a comparison."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.checkpoint.locate import list_checkpoints
from seqgen.checkpoint.read import open_checkpoint
from seqgen.comparison import worker
from seqgen.comparison.events import ComparisonStatus, VariantEvent, VariantFinished, VariantStarted
from seqgen.comparison.results import read, results_file
from seqgen.comparison.runner import compare
from seqgen.data.corpora import open_corpus
from seqgen.errors import CheckpointError, ConfigError, TrainingError
from seqgen.generation import load
from seqgen.training.events import Finished, Step

TINY = {"units": ((16,),), "embedding": (8,), "seq_length": (16,), "batch_size": (8,)}
OPTIONS: dict[str, Any] = TINY | {
    "cell": ("rnn", "gru"),
    "token_budget": (4000,),
    "dropout": (0.2,),
}


def run(text_file: Path, path: Path, options=OPTIONS, train=worker.resume_or_start, **more):
    """Compare in this process, so that TensorFlow is loaded once."""
    return compare(open_corpus([str(text_file)]), options, path, train=train, **more)


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def steps(events) -> list[tuple[int, int, float]]:
    variant_events = of_kind(events, VariantEvent)
    return [
        (t.index, t.event.step, t.event.loss) for t in variant_events if isinstance(t.event, Step)
    ]


def end_early(path: Path):
    """A run that ends before its final evaluation."""
    yield from ()


def refuse_to_train(path: Path):
    raise AssertionError(f"{path} is not to be trained")
    yield


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> Path:
    text = tmp_path_factory.mktemp("whole") / "river.txt"
    text.write_text("The river runs down to the sea, and the sea runs up to the sky;\n" * 60)
    return text


@pytest.fixture(scope="module")
def whole(text: Path, tf):
    """Path, text and events of an uninterrupted comparison."""
    path = text.with_name("river-compare")
    return path, text, list(run(text, path))


@pytest.mark.slow
def test_every_variant_is_trained_on_the_budget_and_evaluated(whole) -> None:
    path, _, events = whole
    assert [event.index for event in of_kind(events, VariantStarted)] == [0, 1]
    first, last = of_kind(events, ComparisonStatus)
    assert [entry.label for entry in first.comparison.entries] == ["rnn", "gru"]
    assert not any(entry.finished for entry in first.comparison.entries)
    for entry in last.comparison.entries:
        checkpoint = open_checkpoint(path.with_name(entry.name))
        assert entry.parameters == checkpoint.config.parameters
        # 4000 tokens are 31.25 windows of 16 steps of 8 streams.
        assert entry.result.tokens == 31 * 16 * 8
        metrics = checkpoint.metrics()
        assert entry.result.nats == metrics[-1]["validation_loss"]
        assert entry.result.evaluated_tokens == checkpoint.config.corpus.validation_tokens - 1
        curve = [(m["tokens"], m["validation_loss"]) for m in metrics[:-1]]
        assert [(point.tokens, point.nats) for point in entry.result.curve] == curve
        assert len(curve) > 10
    best = min(last.comparison.entries, key=lambda entry: entry.result.nats)
    assert last.comparison.best is best
    assert read(path) == last.comparison


@pytest.mark.slow
def test_variants_are_checkpoints(whole) -> None:
    path, _, _ = whole
    names = [summary.name for summary in list_checkpoints(path.parent)]
    assert names == ["river-compare-gru", "river-compare-rnn"]
    for name in names:
        assert len("".join(load(path.with_name(name)).generate(length=9, seed=1))) == 9


@pytest.mark.slow
def test_a_finished_comparison_yields_its_results_without_training(whole) -> None:
    path, text, events = whole
    events_again = list(run(text, path, train=refuse_to_train))
    assert of_kind(events_again, (VariantStarted, VariantEvent, VariantFinished)) == []
    assert events_again[-1].comparison == events[-1].comparison


@pytest.mark.slow
@pytest.mark.parametrize("after", [13, 45])
def test_an_interrupted_comparison_resumes_with_the_same_results(
    whole, text, tmp_path, after: int
) -> None:
    path = tmp_path / "river-compare"
    events, first = run(text, path), []
    for event in events:
        first.append(event)
        if len(steps(first)) == after:
            events.close()
            break
    rest = list(run(text, path))
    assert of_kind(rest, VariantStarted)[0].index == after // 31
    assert of_kind(rest, VariantStarted)[0].curve
    assert steps(first) + steps(rest) == steps(whole[2])
    for entry, other in zip(
        rest[-1].comparison.entries, whole[2][-1].comparison.entries, strict=True
    ):
        assert (
            replace(
                entry.result,
                seconds=other.result.seconds,
                tokens_per_second=other.result.tokens_per_second,
                curve=other.result.curve,
            )
            == other.result
        )
        for one, same in zip(entry.result.curve, other.result.curve, strict=True):
            assert (one.tokens, one.nats) == (same.tokens, same.nats)
        weights = open_checkpoint(path.with_name(entry.name)).weights()
        for name, array in open_checkpoint(whole[0].with_name(entry.name)).weights().items():
            np.testing.assert_array_equal(array, weights[name])


@pytest.mark.slow
def test_a_variant_without_a_stored_result_is_evaluated_again(whole, text, tmp_path) -> None:
    path = tmp_path / "river-compare"
    events = run(text, path)
    for event in events:
        if isinstance(event, VariantEvent) and isinstance(event.event, Finished):
            events.close()
            break
    assert not read(path).entries[0].finished
    rest = list(run(text, path))
    assert [index for index, _, _ in steps(rest)] == [1] * 31
    ends = [event.entry.result.nats for event in of_kind(rest, VariantFinished)]
    assert ends == [event.entry.result.nats for event in of_kind(whole[2], VariantFinished)]
    metrics = open_checkpoint(path.with_name("river-compare-rnn")).metrics()
    assert [m["int8_loss"] is None for m in metrics].count(False) == 1


@pytest.mark.slow
def test_a_failed_variant_does_not_stop_the_others(text, tmp_path) -> None:
    def failing(path: Path):
        if path.name.endswith("rnn"):
            raise TrainingError("the loss was not finite 4 times")
        yield from worker.resume_or_start(path)

    path = tmp_path / "river-compare"
    last = list(run(text, path, train=failing))[-1].comparison
    assert last.entries[0].failure == "the loss was not finite 4 times"
    assert last.entries[0].result is None
    assert last.best is last.entries[1]
    assert list(run(text, path, train=refuse_to_train))[-1].comparison == last


def test_a_full_disk_stops_the_comparison_without_failed_variants(text, tmp_path) -> None:
    def full(path: Path):
        raise CheckpointError("cannot write: no space left")
        yield

    path = tmp_path / "river-compare"
    with pytest.raises(CheckpointError):
        list(run(text, path, train=full))
    assert not any(entry.finished for entry in read(path).entries)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"token_budget": (5000,)}, "`token_budget` was 4000 and is 5000"),
        ({"cell": ("rnn", "gru", "lstm")}, "`cell` was rnn,gru and is rnn,gru,lstm"),
        ({"seed": (1,)}, "`seed` was not given and is 1"),
    ],
)
def test_changed_options_are_refused_with_the_difference(whole, change: dict, message: str) -> None:
    path, text, events = whole
    with pytest.raises(ConfigError) as caught:
        list(run(text, path, OPTIONS | change, train=refuse_to_train))
    for part in (message, "`overwrite=True`", "`name`"):
        assert part in str(caught.value)
    assert read(path) == events[-1].comparison


@pytest.mark.slow
def test_another_text_is_refused(whole, tmp_path) -> None:
    other = tmp_path / "river.txt"
    other.write_text("Another river, which runs elsewhere and is no shorter than a window.\n" * 40)
    with pytest.raises(ConfigError, match="river"):
        list(run(other, whole[0], train=refuse_to_train))


@pytest.mark.slow
def test_the_order_of_a_list_does_not_matter(whole) -> None:
    path, text, events = whole
    events_again = list(run(text, path, OPTIONS | {"cell": ("gru", "rnn")}, train=refuse_to_train))
    assert events_again[-1].comparison == events[-1].comparison


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_overwrite_starts_again(text, tmp_path) -> None:
    path, options = tmp_path / "river-compare", OPTIONS | {"token_budget": (300,)}
    list(run(text, path, options))
    list(run(text, path, options | {"token_budget": (500,)}, overwrite=True))
    assert {entry.result.tokens for entry in read(path).entries} == {4 * 128}


def test_invalid_options_are_refused_before_files_are_written(text, tmp_path) -> None:
    options = OPTIONS | {"seq_length": (16, 60_000)}
    with pytest.raises(ConfigError, match="rnn seq-length 60000: `seq_length`: 60000"):
        list(run(text, tmp_path / "out" / "river-compare", options, train=refuse_to_train))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_checkpoints_of_other_runs_are_not_overwritten(whole, text, tmp_path) -> None:
    path = tmp_path / "river-compare"
    list(run(text, path, OPTIONS | {"token_budget": (300,)}))
    weights = (tmp_path / "river-compare-gru" / "model.safetensors").read_bytes()
    results_file(path).unlink()
    with pytest.raises(CheckpointError, match=r"river-compare-rnn exists"):
        list(run(text, path, train=refuse_to_train))
    assert (tmp_path / "river-compare-gru" / "model.safetensors").read_bytes() == weights


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"program": "seqgen", "format": 1, "entries": 3}', "\x00"]
)
def test_a_file_that_is_not_a_comparison_is_kept(text, tmp_path, content: str) -> None:
    path = tmp_path / "river-compare"
    results_file(path).write_text(content)
    with pytest.raises(CheckpointError, match=r"river-compare\.json"):
        list(run(text, path, train=refuse_to_train))
    assert results_file(path).read_text() == content


def test_every_tokenizer_has_its_own_vocabulary(text, tmp_path) -> None:
    def fail(path: Path):
        raise TrainingError("not today")
        yield

    path = tmp_path / "river-compare"
    options = TINY | {"tokenizer": ("char", "word"), "layers": (1, 2), "epochs": (1.0,)}
    entries = list(run(text, path, options, train=fail))[-1].comparison.entries
    configs = [open_checkpoint(path.with_name(entry.name)).config for entry in entries]
    assert [config.data.tokenizer for config in configs] == ["char", "char", "word", "word"]
    assert configs[0].vocab != configs[2].vocab
    assert json.loads(results_file(path).read_text())["options"]["units"] == ["16"]


def test_a_run_without_a_final_evaluation_is_a_failure(text: Path, tmp_path: Path) -> None:
    last = list(run(text, tmp_path / "river-compare", train=end_early))[-1].comparison
    assert all(entry.result is None and entry.failure for entry in last.entries)
