"""Defaults of options that are not given."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from seqgen.config.options import RunOptions
from seqgen.errors import ConfigError
from seqgen.models import tf_runtime, throughput
from seqgen.training.autoconfig import (
    MAX_MINUTES,
    MIN_STEPS,
    PRESETS,
    REFERENCE_FLOPS,
    preset_names,
    resolve,
    resolve_for,
)


def resolve_defaults(tokens, flops=REFERENCE_FLOPS, **options):
    return resolve_for(RunOptions.of(options), "char", tokens, 66, flops)


@pytest.mark.parametrize(
    ("tokens", "name", "batch"),
    [(90_000, "small", 16), (10**6, "small", 32), (10**8, "medium", 32)],
)
def test_the_preset_grows_with_the_corpus(tokens, name, batch):
    run = resolve_defaults(tokens)
    assert run.training.preset == name
    assert run.training.batch_size == batch
    assert run.model.units == (PRESETS[name].units,) * PRESETS[name].layers
    assert any(name in reason for reason in run.reasons)


@pytest.mark.parametrize(
    ("length", "name"),
    [
        ({"minutes": 0.5}, "tiny"), ({"minutes": 2.0}, "small"), ({"minutes": 10.0}, "medium"),
        ({"minutes": 20.0}, "large"), ({"minutes": 60.0}, "huge"),
        ({"epochs": 2.0}, "tiny"), ({"epochs": 6.0}, "small"), ({"epochs": 10.0}, "medium"),
        ({"epochs": 40.0}, "large"), ({"epochs": 200.0}, "huge"),
    ],
)  # fmt: skip
def test_the_preset_grows_with_the_time(length, name):
    assert resolve_defaults(10**6, **length).training.preset == name


@pytest.mark.parametrize(
    ("length", "name"),
    [({}, "small"), ({"minutes": 0.1}, "tiny"), ({"epochs": 2.0}, "tiny"),
     ({"minutes": 0.5}, "small"), ({"minutes": 60.0}, "small"), ({"epochs": 200.0}, "small")],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["char", "abc"])
def test_a_small_corpus_gets_a_small_network_or_a_tiny_one_for_little_time(length, name, kind):
    run = resolve_for(RunOptions.of(length), kind, 10**5, 66)
    assert run.training.preset == name


def dropout(tokens, **options):
    return resolve_defaults(tokens, **options).model.dropout


def test_dropout_grows_with_the_epochs():
    rates = [dropout(10**6, preset="medium", epochs=n) for n in (1, 10, 15, 50)]
    assert rates == sorted(set(rates))
    assert (rates[0], rates[-1]) == (0.0, 0.5)
    by_time = [dropout(n, preset="medium", minutes=10.0) for n in (10**7, 10**5)]
    assert by_time == [0.0, 0.5]
    assert dropout(10**6, epochs=50.0, dropout=0.2) == 0.2
    reasons = resolve_defaults(10**6).reasons
    assert "dropout 0, for 821,826 parameters and about 6 epochs" in reasons


def test_dropout_grows_with_the_network_and_shrinks_with_the_corpus():
    by_units = [dropout(10**6, epochs=10.0, units=(units,)) for units in (256, 512, 1024)]
    assert by_units == sorted(set(by_units))
    assert dropout(10**6, epochs=10.0, units=(512,)) > dropout(10**7, epochs=10.0, units=(512,))
    # An echo state network trains only its readout.
    esn = resolve_defaults(10**6, epochs=50.0, cell="esn")
    assert esn.model.dropout == 0
    assert "dropout 0, which suits the cell" in esn.reasons


@pytest.mark.parametrize("kind", ["char", "abc"])
@pytest.mark.parametrize("tokens", [2_500, 12_000])
def test_a_corpus_of_a_few_pages_gets_the_micro_preset(kind, tokens):
    training = resolve_for(RunOptions(), kind, tokens, 66).training
    assert training.preset == "micro"
    assert training.epochs == 30
    assert training.batch_size == (4 if tokens == 2_500 else 8)


@pytest.mark.parametrize(
    ("length", "flops", "name"),
    [
        ({}, REFERENCE_FLOPS, "tunes"),
        ({"minutes": 10.0}, 2.5e11, "tunes"),
        ({"minutes": 2.0}, 2.5e11, "small"),
        ({"minutes": 1.0}, 2.5e11, "tiny"),
        ({"minutes": 1.0}, 8e10, "tiny"),
        ({"epochs": 12.0}, 8e10, "tunes"),
        ({"epochs": 1.0}, 8e10, "tiny"),
    ],
)
def test_tunes_get_the_largest_network_that_the_budget_allows(length, flops, name):
    run = resolve_for(RunOptions.of(length), "abc", 650_000, 222, flops)
    assert run.training.preset == name


def test_given_options_are_kept():
    run = resolve_defaults(
        10**6, units=(300,), layers=3, seq_length=20, batch_size=8, learning_rate=1e-3, epochs=2
    )
    model, training = run.model, run.training
    assert model.units == (300, 300, 300)
    assert (training.seq_length, training.batch_size, training.learning_rate) == (20, 8, 1e-3)
    assert (training.epochs, training.minutes) == (2, None)
    both = resolve_defaults(10**6, epochs=2, minutes=3).training
    assert (both.epochs, both.minutes) == (2, 3)


def test_units_per_layer_determine_the_layers():
    assert resolve_defaults(10**6, units=(64, 32)).model.layers == 2


def test_a_cell_sets_its_own_layers_and_learning_rate_by_default():
    mingru = resolve_defaults(10**6, cell="mingru")
    given = resolve_defaults(10**6, cell="mingru", layers=2, learning_rate=1e-3)
    assert (mingru.model.units, mingru.training.learning_rate) == ((384, 384, 384), 8e-3)
    assert (given.model.units, given.training.learning_rate) == ((384, 384), 1e-3)


@pytest.mark.parametrize("name", preset_names())
@pytest.mark.parametrize("tokens", [18, 270, 5_000, 90_000])
def test_a_small_corpus_shrinks_window_and_batch_with_a_reason(tokens, name):
    run = resolve_defaults(tokens, preset=name)
    training, preset = run.training, PRESETS[name]
    assert tokens // training.batch_size // training.seq_length >= 1
    if tokens >= 270:
        assert tokens // training.batch_size // training.seq_length >= MIN_STEPS
    shrunk = training.seq_length < preset.seq_length or training.batch_size < preset.batch_size
    assert shrunk == any("small" in reason and "rather" in reason for reason in run.reasons)


def test_default_epochs_are_bounded_by_time():
    training = resolve_defaults(10**6).training
    assert training.epochs == pytest.approx(6.0)
    assert training.minutes == MAX_MINUTES
    assert resolve_defaults(10**6, minutes=2).training.epochs is None


def test_long_runs_are_bounded_by_epochs_unless_given():
    run = resolve_defaults(10**6, minutes=600.0)
    assert run.training.minutes == 600
    assert run.training.epochs == PRESETS["huge"].max_epochs
    assert "`epochs`" in run.reasons[-1]
    assert resolve_defaults(10**6, minutes=600.0, epochs=90.0).training.epochs == 90
    # A text of a few lines needs more epochs for the same number of steps.
    few, many, most = (
        resolve_defaults(n, minutes=600.0).training.epochs for n in (100_000, 30_000, 2_000)
    )
    assert few == PRESETS["small"].max_epochs
    assert few < many == pytest.approx(40)
    assert most == PRESETS["micro"].max_epochs


def test_a_slower_machine_gets_a_smaller_network():
    fast, slow = (resolve_defaults(10**6, minutes=10.0, flops=flops) for flops in (4e11, 4e10))
    assert fast.training.preset == "medium"
    assert slow.model.units < fast.model.units
    assert slow.model.dropout < fast.model.dropout
    assert "about 10 minutes at 40 GFLOP/s" in slow.reasons[0]
    one, other = (resolve_defaults(10**6, epochs=10.0, flops=flops) for flops in (4e11, 4e10))
    assert (one.model, one.training) == (other.model, other.training)


def test_expected_epochs_follow_from_the_given_network():
    reasons = [
        resolve_defaults(10**6, minutes=10.0, units=units, preset="medium").reasons[0]
        for units in ((512,), (1024,), (2048,))
    ]
    epochs = [float(reason.split("about ")[1].split()[0]) for reason in reasons]
    assert epochs[0] > 2 * epochs[1] > 4 * epochs[2] > 0


@pytest.mark.parametrize(
    ("options", "invalid"),
    [
        ({"seq_length": 2000}, "seq_length"),
        ({"seq_length": 100, "batch_size": 50}, "seq_length"),
        ({"batch_size": 2000}, "batch_size"),
    ],
)
def test_steps_larger_than_the_corpus_are_refused(options, invalid):
    with pytest.raises(ConfigError) as error:
        resolve_defaults(1000, **options)
    assert error.value.option == invalid


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=", ".join(sorted(preset_names()))):
        resolve_defaults(1000, preset="enormous")


def test_resolved_options_have_no_unset_values():
    run = resolve_defaults(10**6)
    assert run.data.tokenizer == "char"
    open_ = {name for name, value in vars(run.training).items() if value is None}
    assert open_ == {"clip_value", "threads"}
    assert {name for name, value in vars(run.model).items() if value is None} == {"norm"}
    assert run.model.cell_options == {"forget_bias": 1.0}


DATA: Any = SimpleNamespace(
    tokenizer=SimpleNamespace(kind="char", size=66), training=np.zeros(10**6)
)


@pytest.fixture
def speeds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Results of the next measurements of the speed."""
    results: list[float] = []
    monkeypatch.setattr(tf_runtime, "load", lambda *_: None)
    monkeypatch.setattr(tf_runtime, "has_gpu", lambda: False)
    monkeypatch.setattr(throughput, "training_flops", lambda *_: results.pop(0))
    return results


def test_runs_limited_by_time_depend_on_the_speed(speeds: list[float]) -> None:
    for options in ({"minutes": 10.0}, {}):
        speeds += [4e11, 1e10]
        fast, slow = (resolve(RunOptions.of(options), DATA).model for _ in range(2))
        assert slow.units < fast.units


@pytest.mark.usefixtures("speeds")
def test_runs_limited_by_epochs_do_not_depend_on_the_speed() -> None:
    run = resolve(RunOptions.of({"epochs": 20.0}), DATA)  # nothing is measured
    assert run.training.preset == "medium"
