"""Every option is converted and validated as its field declares."""

import math
from dataclasses import FrozenInstanceError, fields
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.config.options import (
    DataOptions,
    ModelOptions,
    RunOptions,
    SamplingOptions,
    TrainingOptions,
    TuneOptions,
)
from seqgen.errors import ConfigError
from seqgen.inspection.options import TextOptions
from seqgen.music.render.writers import RenderOptions

GROUPS = (
    DataOptions, ModelOptions, TrainingOptions, SamplingOptions, TuneOptions, RenderOptions,
)  # fmt: skip
FIELDS = [
    (group, field, get_type_hints(group)[field.name]) for group in GROUPS for field in fields(group)
]
NUMBERS = [each for each in FIELDS if {int, float} & {each[2], *get_args(each[2])}]

values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), st.text(max_size=5),
    st.lists(st.integers(), max_size=3), st.tuples(st.text(max_size=2)), st.binary(max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)  # fmt: skip


def title(value: object) -> str | None:
    return value.name if hasattr(value, "name") else None


@pytest.mark.parametrize(("group", "field", "hint"), FIELDS, ids=title)
@settings(max_examples=40)
@given(value=values)
def test_values_are_converted_or_refused_with_the_option(group, field, hint, value) -> None:
    accepted, error_option = None, field.name
    try:
        accepted = getattr(group(**{field.name: value}), field.name)
    except ConfigError as error:
        error_option = error.option
    else:
        assert accepted is not None or type(None) in get_args(hint)
    assert error_option == field.name
    if accepted is None:
        return
    for each in accepted if isinstance(accepted, tuple) else (accepted,):
        assert isinstance(each, bool) == (hint is bool)
        assert isinstance(each, (int, float, str))
        if isinstance(each, float):
            assert math.isfinite(each)


def assert_refused(group, name: str, value: object) -> None:
    with pytest.raises(ConfigError) as error:
        group(**{name: value})
    assert error.value.option == name


@pytest.mark.parametrize(("group", "field", "hint"), NUMBERS, ids=title)
def test_bounds_are_exact(group, field, hint) -> None:
    bounds = field.metadata
    kind = float if float in {hint, *get_args(hint)} else int
    assert bounds["most"] is not None
    step = 1 if kind is int else 1e-6 * max(1.0, abs(bounds["most"]))
    assert group(**{field.name: kind(bounds["most"])})
    assert_refused(group, field.name, kind(bounds["most"] + step))
    if bounds["above"] is None:
        assert group(**{field.name: kind(bounds["least"])})
        assert_refused(group, field.name, kind(bounds["least"] - step))
    else:
        assert_refused(group, field.name, kind(bounds["above"]))


@pytest.mark.parametrize(("group", "field", "hint"), FIELDS, ids=title)
def test_every_option_has_a_help_and_one_group(group, field, hint) -> None:
    assert field.metadata["help"].endswith(".")
    assert field.name.islower()
    groups = [g for g, f, _ in FIELDS if f.name == field.name and g is not SamplingOptions]
    assert len(groups) <= 1  # RunOptions finds an option by its name


@pytest.mark.parametrize("group", GROUPS)
def test_options_are_immutable(group) -> None:
    options = group()
    with pytest.raises(FrozenInstanceError):
        setattr(options, fields(options)[0].name, 1)


def test_floats_accept_integers_but_not_booleans() -> None:
    dropout = ModelOptions(dropout=0).dropout
    assert isinstance(dropout, float)
    with pytest.raises(ConfigError) as error:
        ModelOptions(dropout=True)
    assert error.value.option == "dropout"
    with pytest.raises(ConfigError) as error:
        ModelOptions(layers=2.0)  # type: ignore[arg-type]
    assert error.value.option == "layers"


def test_units_are_one_number_or_one_per_layer() -> None:
    assert ModelOptions(units=64).units == (64,)  # type: ignore[arg-type]
    assert ModelOptions(units=[64, 32], layers=2).units == (64, 32)  # type: ignore[arg-type]
    with pytest.raises(ConfigError) as error:
        ModelOptions(units=(64, 32), layers=3)
    assert error.value.option == "units"
    with pytest.raises(ConfigError) as error:
        ModelOptions(units=())
    assert error.value.option == "units"


def test_invalid_utf8_is_allowed_only_in_file_names() -> None:
    cases: tuple[dict[str, Any], ...] = ({"stop": "é\udce9"}, {"on_unknown": "\udce9"})
    for options in cases:
        with pytest.raises(ConfigError, match=r"`(stop|on_unknown)`"):
            SamplingOptions(**options)
    with pytest.raises(ConfigError) as error:
        SamplingOptions(stop="é\udce9")
    assert error.value.option == "stop"
    assert TextOptions(text="caf\udce9.txt").text == "caf\udce9.txt"
    assert RenderOptions(midi="caf\udce9.mid").midi == "caf\udce9.mid"


def test_options_that_exclude_each_other_are_both_named() -> None:
    with pytest.raises(ConfigError, match="`clip_norm`") as error:
        TrainingOptions(clip_norm=1, clip_value=1)
    assert error.value.option == "clip_value"


def test_options_find_their_group_by_name() -> None:
    run = RunOptions.of({"cell": "gru", "minutes": 3, "tokenizer": "word", "epochs": None})
    assert run.model.cell == "gru"
    assert run.training.minutes == 3.0
    assert run.data.tokenizer == "word"
    more = run.with_options({"units": (8,)})
    assert (more.model.cell, more.model.units, run.model.units) == ("gru", (8,), None)
    with pytest.raises(ConfigError, match="did you mean units"):
        RunOptions.of({"unit": 8})
    with pytest.raises(ConfigError, match="temperature"):
        RunOptions.of({"temperature": 1})
