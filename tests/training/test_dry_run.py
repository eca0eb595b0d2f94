"""A dry run predicts the run that follows."""

import json
import math

import pytest

from seqgen.config.options import RunOptions
from seqgen.data.corpora import open_corpus
from seqgen.errors import ConfigError
from seqgen.models import cells
from seqgen.training import dry_run as module
from seqgen.training.dry_run import estimate, layer_rows
from seqgen.training.events import Started
from seqgen.training.run import start_run
from tests.specs import specs

SMALL = {"units": (16,), "embedding": 8, "seq_length": 16, "batch_size": 4, "dropout": 0.0}


@pytest.fixture
def speed(monkeypatch: pytest.MonkeyPatch) -> float:
    """The measured speed, fixed: tokens per second."""
    monkeypatch.setattr(module, "measure_speed", lambda *_: 1000.0)
    return 1000.0


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_predicts_the_run_that_follows(text_file, tmp_path) -> None:
    corpus = open_corpus([str(text_file)])
    options = RunOptions.of({**SMALL, "epochs": 1.5})
    forecast = estimate(corpus, options)
    assert forecast.tokens_per_second > 0
    events = start_run(corpus, options, tmp_path / "run")
    started = next(event for event in events if isinstance(event, Started))
    events.close()  # type: ignore[attr-defined]
    assert forecast.parameters == started.parameters
    assert forecast.steps_per_epoch == started.steps
    assert forecast.vocab == started.config.vocab
    assert forecast.model == started.config.model
    assert forecast.training == started.config.training
    assert forecast.tokens_per_epoch == started.steps * 16 * 4


def test_time_follows_from_the_speed(text_file, speed: float) -> None:
    corpus = open_corpus([str(text_file)])
    forecast = estimate(corpus, RunOptions.of({**SMALL, "epochs": 3.0}))
    assert forecast.epochs == pytest.approx(3)
    assert forecast.minutes * 60 == pytest.approx(3 * forecast.tokens_per_epoch / speed)
    forecast = estimate(corpus, RunOptions.of({**SMALL, "minutes": 2.0}))
    assert forecast.minutes == 2
    assert forecast.epochs == pytest.approx(120 * speed / forecast.tokens_per_epoch)


def test_a_time_budget_that_ends_first_is_the_duration(text_file, speed: float) -> None:
    forecast = estimate(open_corpus([str(text_file)]), RunOptions.of({**SMALL, "minutes": 1e-5}))
    assert forecast.training.epochs is None
    assert forecast.minutes == 1e-5
    assert forecast.epochs == pytest.approx(6e-4 * speed / forecast.tokens_per_epoch)


def test_the_default_length_is_bounded_by_time(text_file, monkeypatch) -> None:
    monkeypatch.setattr(module, "measure_speed", lambda *_: 1.0)
    forecast = estimate(open_corpus([str(text_file)]), RunOptions.of(SMALL))
    assert 0 < forecast.minutes <= 10
    assert forecast.epochs < 1


@pytest.mark.usefixtures("speed")
def test_notices_list_what_is_left_out_of_tunes(tmp_path) -> None:
    (tmp_path / "inc.abc").write_text("%%staffwidth 18cm\n")
    tune = "X:{0}\nM:4/4\nL:1/8\nK:C\n[C{0}]2EG cBAG|cdef gabc|]\n\n"
    (tmp_path / "book.abc").write_text("".join(map(tune.format, "DEFGAB")))
    notices = estimate(
        open_corpus([str(tmp_path)]), RunOptions.of({**SMALL, "seq_length": 4})
    ).notices
    assert any("inc.abc" in notice for notice in notices)
    assert "left out: 6 lower chord notes in 6 tunes" in notices


@pytest.mark.usefixtures("speed")
def test_more_units_and_longer_windows_take_more_memory(text_file) -> None:
    corpus = open_corpus([str(text_file)])

    def memory(**other) -> int:
        return estimate(corpus, RunOptions.of({**SMALL, **other})).memory_bytes

    assert memory() < memory(units=(64,)) < memory(units=(64,), seq_length=64)
    assert memory() < memory(layers=2)


@pytest.mark.usefixtures("speed")
def test_the_forecast_is_plain_json(text_file) -> None:
    forecast = estimate(open_corpus([str(text_file)]), RunOptions.of(SMALL))
    data = json.loads(json.dumps(forecast.to_json()))
    assert data["parameters"] == sum(row["parameters"] for row in data["layers"])
    assert data["model"]["units"] == [16]
    assert data["reasons"]


@pytest.mark.parametrize("cell", cells.names())
def test_layers_list_output_shapes_and_parameters(cell: str) -> None:
    rows = layer_rows(*specs(**SMALL | {"cell": cell, "units": (16, 8)}), 30)
    assert [row.output for row in rows] == [(16, 4, 8), (16, 4, 16), (16, 4, 8), (16, 4, 30)]
    assert [row.parameters for row in rows] == [
        sum(map(math.prod, row.weights.values())) for row in rows
    ]
    assert (rows[0].parameters, rows[-1].parameters) == (30 * 8, 8 * 30 + 30)


@pytest.mark.parametrize("wrong", [{"cell": "x"}, {"tokenizer": "x"}, {"preset": "x"}])
def test_unknown_names_are_refused_before_any_work(text_file, monkeypatch, wrong) -> None:
    monkeypatch.setattr(module, "prepare", lambda *_: pytest.fail("work"))
    with pytest.raises(ConfigError, match=r"unknown .* 'x' "):
        estimate(open_corpus([str(text_file)]), RunOptions.of(wrong))
