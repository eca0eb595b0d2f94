"""Every option is checked against what its field says, wherever its value came from."""

import math
from dataclasses import FrozenInstanceError, fields
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
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
@given(value=values)
def test_a_value_is_taken_in_its_type_or_refused_by_its_flag(group, field, hint, value) -> None:
    taken, refused = None, field.name
    try:
        taken = getattr(group(**{field.name: value}), field.name)
    except ConfigError as error:
        refused = error.option
    else:
        assert taken is not None or type(None) in get_args(hint)
    assert refused == field.name
    if taken is None:
        return
    for each in taken if isinstance(taken, tuple) else (taken,):
        assert isinstance(each, bool) == (hint is bool)
        assert isinstance(each, (int, float, str))
        if isinstance(each, float):
            assert math.isfinite(each)


@pytest.mark.parametrize(("group", "field", "hint"), NUMBERS, ids=title)
def test_bounds_are_kept_exactly(group, field, hint) -> None:
    known = field.metadata
    kind = float if float in {hint, *get_args(hint)} else int
    assert known["most"] is not None
    step = 1 if kind is int else 1e-6 * max(1.0, abs(known["most"]))
    assert group(**{field.name: kind(known["most"])})
    with pytest.raises(ConfigError, match="too large"):
        group(**{field.name: kind(known["most"] + step)})
    if known["above"] is None:
        assert group(**{field.name: kind(known["least"])})
        with pytest.raises(ConfigError, match="too small"):
            group(**{field.name: kind(known["least"] - step)})
    else:
        with pytest.raises(ConfigError, match="it must be above"):
            group(**{field.name: kind(known["above"])})


@pytest.mark.parametrize(("group", "field", "hint"), FIELDS, ids=title)
def test_every_option_has_a_help_and_a_home_of_its_own(group, field, hint) -> None:
    assert field.metadata["help"].endswith(".")
    assert field.name.islower()
    homes = [g for g, f, _ in FIELDS if f.name == field.name and g is not SamplingOptions]
    assert len(homes) <= 1  # RunOptions finds an option by its name


@pytest.mark.parametrize("group", GROUPS)
def test_options_do_not_change(group) -> None:
    options = group()
    with pytest.raises(FrozenInstanceError):
        setattr(options, fields(options)[0].name, 1)


def test_whole_numbers_are_numbers_too_and_truths_are_not() -> None:
    dropout = ModelOptions(dropout=0).dropout
    assert isinstance(dropout, float)
    with pytest.raises(ConfigError) as error:
        ModelOptions(dropout=True)
    assert error.value.option == "dropout"
    with pytest.raises(ConfigError) as error:
        ModelOptions(layers=2.0)  # type: ignore[arg-type]
    assert error.value.option == "layers"


def test_units_are_one_number_or_one_a_layer() -> None:
    assert ModelOptions(units=64).units == (64,)  # type: ignore[arg-type]
    assert ModelOptions(units=[64, 32], layers=2).units == (64, 32)  # type: ignore[arg-type]
    with pytest.raises(ConfigError) as error:
        ModelOptions(units=(64, 32), layers=3)
    assert error.value.option == "units"
    with pytest.raises(ConfigError) as error:
        ModelOptions(units=())
    assert error.value.option == "units"


def test_bytes_that_are_not_utf_8_are_named_but_in_the_names_of_files() -> None:
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
    with pytest.raises(ConfigError, match=r"unknown option 'unit'; did you mean units\?"):
        RunOptions.of({"unit": 8})
    with pytest.raises(ConfigError, match="unknown option 'temperature'"):
        RunOptions.of({"temperature": 1})
