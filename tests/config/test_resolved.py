"""Resolved options: every option has a value, within the bounds of the requested ones."""

from typing import Any

import pytest

from seqgen.config.options import DataOptions, SamplingOptions, TrainingOptions
from seqgen.config.resolved import DataSpec, SamplingSpec, TrainSpec
from seqgen.errors import ConfigError

CHOSEN = {
    "preset": "tiny",
    "seq_length": 8,
    "batch_size": 2,
    "learning_rate": 1e-3,
    "weight_decay": 0.0,
    "clip_norm": 1.0,
}


@pytest.mark.parametrize(
    ("spec", "options", "chosen", "missing"),
    [
        (DataSpec, DataOptions(), {}, "tokenizer"),
        (SamplingSpec, SamplingOptions(), {}, "temperature"),
        (TrainSpec, TrainingOptions(epochs=1.0), CHOSEN | {"batch_size": None}, "batch_size"),
    ],
)
def test_an_option_without_a_value_is_refused(
    spec: Any, options: Any, chosen: dict[str, Any], missing: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        spec.of(options, **chosen)
    assert caught.value.option == missing


def test_options_keep_their_values_and_chosen_ones_are_added() -> None:
    spec = SamplingSpec.of(SamplingOptions(top_k=5, count=9), temperature=1)
    assert (spec.temperature, spec.top_k, spec.top_p) == (1.0, 5, None)
    assert DataSpec.of(DataOptions(vocab_size=9), tokenizer="word").vocab_size == 9


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        (DataSpec, {"tokenizer": "char", "documents": " "}),
        (DataSpec, {"tokenizer": "char", "vocab_size": 1}),
        (SamplingSpec, {"temperature": -1.0}),
    ],
)
def test_the_bounds_are_those_of_the_options(spec: Any, values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        spec(**values)
