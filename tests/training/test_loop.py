"""Events, checkpoints, resuming and recovery of a training run."""

import dataclasses
import json
import shutil
import time
from collections.abc import Generator

import numpy as np
import pytest

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import open_checkpoint
from seqgen.checkpoint.write import write_metrics
from seqgen.config.options import RunOptions
from seqgen.data.corpora import open_corpus
from seqgen.errors import CheckpointError, ConfigError, TrainingError
from seqgen.generation import load
from seqgen.io import lock
from seqgen.training.events import (
    Evaluated,
    Finished,
    Preparing,
    Recovered,
    Sampled,
    Saved,
    Started,
    Step,
    Unsaved,
)
from seqgen.training.run import resume_run, start_run
from tests.conftest import TEXT

OPTIONS = {
    "units": (24,),
    "embedding": 8,
    "seq_length": 16,
    "batch_size": 8,
    "epochs": 2,
    "evaluations": 4,
}


def run(text_file, path, **options):
    return start_run(open_corpus([str(text_file)]), RunOptions.of(OPTIONS | options), path)


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def train_once(tmp_path_factory, **options):
    """A run to its end: the text, the folder that holds its checkpoint river, its events."""
    folder = tmp_path_factory.mktemp("finished")
    text = folder / "river.txt"
    text.write_text(TEXT, encoding="utf-8")
    return text, folder, list(run(text, folder / "river", **options))


@pytest.fixture(scope="module")
def finished_run(tf, tmp_path_factory):
    return train_once(tmp_path_factory)


@pytest.fixture(scope="module")
def dropout_run(tf, tmp_path_factory):
    return train_once(tmp_path_factory, dropout=0.2)


@pytest.fixture
def finished(finished_run, tmp_path):
    """A copy of the checkpoint of `finished_run`, beside its text."""
    shutil.copytree(finished_run[1], tmp_path, dirs_exist_ok=True)
    return tmp_path / "river"


@pytest.mark.usefixtures("tf")
class TestRun:
    @pytest.mark.slow
    def test_a_run_learns_and_yields_its_events(self, text_file, tmp_path):
        events = list(run(text_file, tmp_path / "river", epochs=20))
        assert isinstance(events[0], Preparing)
        steps, evaluations = of_kind(events, Step), of_kind(events, Evaluated)
        started, finished = of_kind(events, Started)[0], events[-1]
        assert isinstance(finished, Finished)
        assert len(steps) == 20 * started.steps
        assert [step.step for step in steps] == list(range(1, len(steps) + 1))
        assert steps[-1].progress == 1
        assert steps[-1].learning_rate < steps[5].learning_rate
        assert evaluations[0].step == 0
        assert finished.result.validation_loss < 0.5 * evaluations[0].validation_loss
        assert finished.result.whole
        assert len(of_kind(events, Sampled)) == len(evaluations)

    @pytest.mark.slow
    def test_a_run_no_better_than_unigrams_keeps_its_last_weights(self, tmp_path):
        text = tmp_path / "turned.txt"
        text.write_text("abc" * 900 + "cba" * 100)
        path = tmp_path / "turned"
        *_, finished = run(text, path, epochs=20, documents="file")
        assert finished.result.learned_nothing
        assert finished.result.unigram_loss == pytest.approx(np.log(3), abs=0.01)
        assert open_checkpoint(path).metrics()[-1]["unigram_loss"] > 1
        best, last = (open_checkpoint(path, which) for which in ("best", "last"))
        assert any((last.weights()[n] != array).any() for n, array in best.weights().items())
        text = "".join(load(path, weights="last").generate("abc", length=30, temperature=0))
        assert text == "abc" * 10
        assert "no better than the unigram model" in (path / layout.CARD).read_text()

    @pytest.mark.slow
    def test_a_run_better_than_unigrams_keeps_only_its_best_weights(self, text_file, tmp_path):
        path = tmp_path / "river"
        for event in run(text_file, path, epochs=20):
            if isinstance(event, Started):
                (path / layout.LAST_WEIGHTS).touch()
            finished = event
        assert not finished.result.learned_nothing
        assert not (path / layout.LAST_WEIGHTS).exists()
        with pytest.raises(CheckpointError, match="last"):
            load(path, weights="last")

    @pytest.mark.slow
    def test_a_run_on_a_list_resumes_bit_for_bit(self, tmp_path):
        names = sorted(
            f"{a}{b}{c}" for a in "ABCDEFGH" for b in "aeiou" for c in ("n", "ra", "lis")
        )
        (tmp_path / "names.txt").write_text("\n".join(names))
        whole, parted = tmp_path / "whole", tmp_path / "parted"
        corpus = open_corpus([str(tmp_path / "names.txt")])
        options = RunOptions.of(OPTIONS | {"epochs": 6, "batch_size": 4})
        *events, _ = start_run(corpus, options, whole)
        assert of_kind(events, Started)[0].config.corpus.held_out == 12
        assert any("\n" in event.text for event in of_kind(events, Sampled))
        assert not (whole / layout.ENDS).exists()  # 12 are too few
        half = start_run(corpus, options, parted)
        for event in half:
            if isinstance(event, Step) and event.step == 20:
                assert isinstance(half, Generator)
                half.close()
        list(resume_run(parted, {}))
        for name, array in open_checkpoint(whole).weights().items():
            np.testing.assert_array_equal(open_checkpoint(parted).weights()[name], array)

    @pytest.mark.slow
    def test_a_long_validation_part_is_evaluated_on_a_subset(self, tmp_path, monkeypatch):
        monkeypatch.setattr("seqgen.training.loop.FINAL_EVAL_TOKENS", 20_000)
        text = tmp_path / "long.txt"
        text.write_text("over and over again\n" * 50_000)
        finished = list(run(text, tmp_path / "long", epochs=0.01))[-1]
        assert not finished.result.whole
        assert 15_000 < finished.result.read < 25_000
        card = (tmp_path / "long" / "README.md").read_text()
        assert f"On {finished.result.read:,} tokens of the validation part" in card

    @pytest.mark.slow
    def test_saves_the_best_weights(self, text_file, tmp_path):
        path = tmp_path / "river"
        options = {"units": (64,), "epochs": 25, "learning_rate": 0.01}
        finished = list(run(text_file, path, **options))[-1]
        checkpoint = open_checkpoint(path)
        metrics = checkpoint.metrics()
        assert metrics[-1] == json.loads(json.dumps(dataclasses.asdict(finished.result)))
        assert (path / "README.md").read_text(encoding="utf-8").strip()
        assert "---" in (path / "samples.txt").read_text(encoding="utf-8")
        from seqgen.generation import load

        text = "".join(load(path).generate("rain again, and no one", length=13, temperature=0))
        assert text == " asks it why."

    @pytest.mark.slow
    def test_bits_per_character_follow_from_nats(self, text_file, tmp_path):
        events = list(run(text_file, tmp_path / "words", tokenizer="word"))
        result, config = events[-1].result, of_kind(events, Started)[0].config
        nats = result.validation_loss * (config.corpus.validation_tokens - 1)
        bits = nats / config.corpus.validation_characters / np.log(2)
        assert result.bits_per_character == pytest.approx(bits)

    # At step 25 an evaluation is due; the run is interrupted before it, and after its event.
    @pytest.mark.slow
    @pytest.mark.parametrize(("kind", "after"), [(Step, 37), (Step, 25), (Evaluated, 1)])
    def test_an_interrupted_run_resumes_bit_for_bit(self, dropout_run, tmp_path, kind, after):
        text, folder, events = dropout_run
        whole = of_kind(events, Step)
        first, count = [], 0
        events = run(text, tmp_path / "river", dropout=0.2)
        for event in events:
            first += of_kind([event], Step)
            count += isinstance(event, kind)
            if count == after:
                events.close()
                break
        rest = of_kind(resume_run(tmp_path / "river", {}), Step)
        assert [s.loss for s in first + rest] == [s.loss for s in whole]
        paths = (folder / "river", tmp_path / "river")
        one, other = (open_checkpoint(path).weights() for path in paths)
        for name, array in one.items():
            np.testing.assert_array_equal(array, other[name])
        lines = [
            [(m["step"], m["validation_loss"]) for m in open_checkpoint(path).metrics()]
            for path in paths
        ]
        assert lines[0] == lines[1]
        samples = [(path / "samples.txt").read_text() for path in paths]
        assert samples[0] == samples[1]

    @pytest.mark.slow
    def test_a_run_killed_at_its_end_is_evaluated_on_resume(self, finished_run, finished):
        path, validation_loss = finished, finished_run[2][-1].result.validation_loss
        lines = open_checkpoint(path).metrics()
        # Killed before the last line, or after it and before the model card.
        for lost in ("metrics.jsonl", "README.md"):
            if lost == "metrics.jsonl":
                write_metrics(path, lines[:-1])
            else:
                (path / lost).unlink()
            events = list(resume_run(path, {}))
            assert not of_kind(events, Step)
            assert events[-1].result.validation_loss == validation_loss
            assert (path / "README.md").exists()
            assert len(open_checkpoint(path).metrics()) == len(lines)
        with pytest.raises(ConfigError, match="`minutes` or `epochs`"):
            list(resume_run(path, {}))

    @pytest.mark.slow
    def test_a_run_continues_while_saving_fails(self, finished_run, text_file, tmp_path):
        path = tmp_path / "river"
        events, unsaved = [], 0
        for event in run(text_file, path, save_every=0.0):
            events.append(event)
            if isinstance(event, Step) and event.step == 5:
                path.rename(tmp_path / "away")
                path.write_text("in the way")
            elif isinstance(event, Unsaved):
                unsaved += 1
                if unsaved == 5:
                    path.unlink()
        assert isinstance(events[-1], Finished)
        assert unsaved >= 5
        losses = [s.loss for s in of_kind(events, Step)]
        assert losses == [s.loss for s in of_kind(finished_run[2], Step)]
        assert len(open_checkpoint(path).metrics()) == len(of_kind(events, Evaluated)) + 1

    @pytest.mark.slow
    def test_a_finished_run_resumes_with_more_epochs(self, finished_run, finished):
        done = of_kind(finished_run[2], Step)
        with pytest.raises(ConfigError, match="`minutes` or `epochs`"):
            list(resume_run(finished, {}))
        more = of_kind(resume_run(finished, {"epochs": 3.0}), Step)
        assert more[0].step == done[-1].step + 1
        assert more[-1].epoch == pytest.approx(3)
        assert open_checkpoint(finished).config.training.epochs == 3

    @pytest.mark.slow
    def test_only_the_length_may_change_on_resume(self, finished):
        with pytest.raises(ConfigError) as error:
            list(resume_run(finished, {"units": (99,)}))
        assert error.value.option == "units"

    @pytest.mark.slow
    def test_minutes_limit_the_run(self, text_file, tmp_path):
        events = list(run(text_file, tmp_path / "river", epochs=None, minutes=0.04))
        assert 2.4 <= events[-1].result.seconds < 5.4
        assert of_kind(events, Step)[-1].learning_rate < 1e-3

    @pytest.mark.slow
    @pytest.mark.parametrize(("epochs", "minutes"), [(5, 60.0), (100_000, 0.04)])
    def test_a_run_stops_at_the_shorter_of_two_budgets(self, text_file, tmp_path, epochs, minutes):
        events = list(run(text_file, tmp_path / "river", epochs=epochs, minutes=minutes))
        last = of_kind(events, Step)[-1]
        assert last.epoch == epochs or 2.4 <= events[-1].result.seconds < 5.4
        assert last.progress == 1
        assert of_kind(events, Evaluated)[-1].learning_rate < 1e-3

    @pytest.mark.slow
    def test_a_run_that_slows_down_keeps_its_minutes(self, text_file, tmp_path, monkeypatch):
        from seqgen.training.trainer import Trainer

        step, calls = Trainer.step, []

        def slower(*arguments):
            calls.append(1)
            time.sleep(0.1 * (len(calls) > 20))
            return step(*arguments)

        monkeypatch.setattr(Trainer, "step", slower)
        events = list(run(text_file, tmp_path / "river", epochs=6, minutes=0.06))
        assert events[-1].result.seconds < 7
        assert of_kind(events, Step)[-1].progress == 1

    @pytest.mark.slow
    def test_a_run_stops_early(self, text_file, tmp_path):
        options = {"patience": 2, "learning_rate": 1e-9, "epochs": 50, "evaluations": 100}
        events = list(run(text_file, tmp_path / "river", **options, seed=3))
        assert events[-1].reason in ("patience", "done")
        evaluations = of_kind(events, Evaluated)
        best = [n for n, e in enumerate(evaluations) if e.best][-1]
        assert events[-1].reason == "patience"
        assert len(evaluations) - 1 - best == 2

    @pytest.mark.slow
    def test_a_loss_that_is_not_finite_halves_the_learning_rate(self, text_file, tmp_path):
        events, spoiled = [], False
        for event in run(text_file, tmp_path / "river"):
            events.append(event)
            if isinstance(event, Step) and event.step == 20 and not spoiled:
                spoil_weights()
                spoiled = True
        recovered = of_kind(events, Recovered)
        assert len(recovered) == 1
        at = events.index(recovered[0])
        after = of_kind(events[at:], Step)
        assert all(np.isfinite(step.loss) for step in after)
        assert after[0].learning_rate < 0.6 * of_kind(events[:at], Step)[-1].learning_rate

    @pytest.mark.slow
    def test_an_exploding_loss_restores_the_best_weights(self, text_file, tmp_path):
        events, spoiled = [], False
        for event in run(text_file, tmp_path / "river", epochs=4):
            events.append(event)
            if isinstance(event, Step) and event.step == 60 and not spoiled:
                spoil_weights(300.0)
                spoiled = True
        (recovered,) = of_kind(events, Recovered)
        assert np.isfinite(recovered.loss)
        assert recovered.loss > 5
        steps = of_kind(events, Step)
        at = steps.index(next(step for step in steps if step.step > recovered.step))
        assert steps[at].loss < 1.1 * steps[55].loss
        assert events[-1].result.validation_loss < steps[at].loss

    @pytest.mark.slow
    def test_a_run_stops_after_three_recoveries(self, text_file, tmp_path):
        events = []

        def spoiled() -> None:
            for event in run(text_file, tmp_path / "river", epochs=9):
                events.append(event)
                if isinstance(event, Step):
                    spoil_weights()

        with pytest.raises(TrainingError, match="`learning_rate`"):
            spoiled()
        assert len(of_kind(events, Recovered)) == 3
        assert open_checkpoint(tmp_path / "river").weights()

    @pytest.mark.slow
    def test_trains_on_300_characters(self, tmp_path):
        small = tmp_path / "small.txt"
        small.write_text("a small text, no more. " * 13, encoding="utf-8")
        corpus = open_corpus([str(small)])
        events = list(start_run(corpus, RunOptions.of({"epochs": 3}), tmp_path / "small"))
        assert isinstance(events[-1], Finished)
        assert any("the corpus is small" in r for r in of_kind(events, Started)[0].reasons)


def spoil_weights(factor=np.inf):
    """Multiply all weights of the running network, as an exploded step would."""
    import gc

    from seqgen.training.trainer import Trainer

    for trainer in (each for each in gc.get_objects() if type(each) is Trainer):
        for weight in trainer.weights:
            weight.assign(weight * factor)


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_existing_checkpoints_are_refused_before_any_work(text_file, finished):
    with pytest.raises(CheckpointError, match="`overwrite=True`"):
        next(run(text_file, finished))


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_a_second_run_into_the_same_checkpoint_is_refused(text_file, tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "TIMEOUT", 0.1)
    first = run(text_file, tmp_path / "river")
    next(event for event in first if isinstance(event, Step))
    for second in (
        run(text_file, tmp_path / "river"),
        resume_run(tmp_path / "river", {"epochs": 9}),
    ):
        with pytest.raises(CheckpointError, match="another process"):
            next(second)
    assert of_kind(first, Finished)
    assert of_kind(resume_run(tmp_path / "river", {"epochs": 3}), Finished)


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_a_damaged_training_state_is_refused(finished):
    state = finished / "resume" / "state.safetensors"
    content = bytearray(state.read_bytes())
    content[-100] ^= 1
    state.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"state\.safetensors"):
        list(resume_run(finished, {"epochs": 3.0}))
    state.unlink()
    with pytest.raises(CheckpointError, match="`overwrite=True`"):
        list(resume_run(finished, {"epochs": 3.0}))


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_a_failure_to_save_an_interrupted_run_is_raised(text_file, tmp_path):
    events = run(text_file, tmp_path / "river")
    next(event for event in events if isinstance(event, Step))
    state = tmp_path / "river" / "resume" / "state.safetensors"
    state.unlink()
    state.mkdir()
    with pytest.raises(CheckpointError, match=r"state\.safetensors"):
        events.close()


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_states_are_saved_as_often_as_requested(text_file, tmp_path):
    events = list(run(text_file, tmp_path / "river", save_every=0.0))
    assert len(of_kind(events, Saved)) >= len(of_kind(events, Step))
