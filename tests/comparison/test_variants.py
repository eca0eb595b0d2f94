"""Lists of options become variants with unique names."""

import re
from typing import Any

import pytest

from seqgen.checkpoint.locate import validate_name
from seqgen.comparison.variants import MAX_VARIANTS, NO_PATIENCE, expand_variants
from seqgen.errors import ConfigError
from seqgen.models import cells

MINUTES: dict[str, tuple[Any, ...]] = {"minutes": (2.0,)}


def test_variants_are_all_combinations_in_order() -> None:
    variants = expand_variants(
        {"layers": (1, 2), "cell": ("lstm", "gru"), "units": ((128,), (512,))} | MINUTES, "poems"
    )
    specs = [v.options.model for v in variants]
    assert [(s.layers, s.cell, s.units) for s in specs] == [
        (layers, cell, units)
        for layers in (1, 2)
        for cell in ("lstm", "gru")
        for units in ((128,), (512,))
    ]
    assert variants[0].label == "lstm layers 1 units 128"
    assert variants[0].name == "poems-lstm-layers-1-units-128"
    assert all(v.options.training.minutes == 2 for v in variants)


def test_names_have_only_the_differing_options() -> None:
    variants = expand_variants({"cell": ("lstm", "gru"), "embedding": (64,)} | MINUTES, "poems")
    assert [v.name for v in variants] == ["poems-lstm", "poems-gru"]
    assert {v.options.model.embedding for v in variants} == {64}


@pytest.mark.parametrize(
    ("option", "values", "labels"),
    [
        ("units", ((128,), (512, 256)), ["units 128", "units 512+256"]),
        ("dropout", (0.1, 0.25), ["dropout 0.1", "dropout 0.25"]),
        ("clip_norm", (1e-4, 0.123456789), ["clip-norm 0.0001", "clip-norm 0.123456789"]),
        ("residual", (False, True), ["residual no", "residual yes"]),
        ("preset", ("small", "medium"), ["small", "medium"]),
        ("seed", (0, 1), ["seed 0", "seed 1"]),
        ("token_budget", (1000, 2000), ["token-budget 1000", "token-budget 2000"]),
    ],
)  # fmt: skip
def test_labels_have_option_and_value(option: str, values: tuple, labels: list[str]) -> None:
    budget = {} if option == "token_budget" else MINUTES
    variants = expand_variants({option: values} | budget, "poems")
    assert [v.label for v in variants] == labels


def test_names_are_unique_and_valid() -> None:
    for options in (
        {"cell": cells.names(), "layers": (1, 2, 3), "learning_rate": (0.004, 0.0004)},
        {"tokenizer": ("char", "word"), "precision": ("float32", "bfloat16")},
        dict.fromkeys(("layers", "embedding", "seq_length", "batch_size", "patience"), (1, 2)),
    ):
        for name in ("p", "poems" * 19):
            names = [v.name for v in expand_variants(options | MINUTES, name)]
            assert len(set(names)) == len(names)
            assert all(validate_name(each).startswith(name) for each in names)


def test_equal_variants_are_trained_once() -> None:
    variants = expand_variants({"layers": (1, 2, 1), "cell": ("gru", "gru")} | MINUTES, "poems")
    assert [v.label for v in variants] == ["layers 1", "layers 2"]


def test_options_of_some_cells_apply_only_to_these() -> None:
    options = {"cell": ("lstm", "rnn"), "activation": ("tanh", "relu")} | MINUTES
    variants = expand_variants(options, "poems")
    assert [v.label for v in variants] == ["lstm", "rnn activation tanh", "rnn activation relu"]
    assert [v.options.model.activation for v in variants] == [None, "tanh", "relu"]
    with pytest.raises(ConfigError) as error:
        expand_variants(options | {"cell": ("lstm", "gru")}, "poems")
    assert error.value.option == "activation"


def test_invalid_options_are_refused_with_the_variant() -> None:
    with pytest.raises(ConfigError, match="layers 1: `units`"):
        expand_variants({"layers": (1, 2), "units": ((512, 256),)} | MINUTES, "poems")


def test_early_stopping_is_off_by_default() -> None:
    options = {"layers": (1, 2)} | MINUTES
    assert {v.options.training.patience for v in expand_variants(options, "p")} == {NO_PATIENCE}
    assert {
        v.options.training.patience for v in expand_variants(options | {"patience": (3,)}, "p")
    } == {3}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": ("lstm", "lstn")} | MINUTES, "unknown cell 'lstn'; did you mean lstm?"),
        ({"cel": ("lstm", "gru")} | MINUTES, "unknown option 'cel'; did you mean cell?"),
        ({"cell": ()} | MINUTES, "`cell`"),
        ({"cell": ("lstm", "gru")}, "`minutes`, `token_budget`"),
        ({"cell": ("lstm", "gru"), "epochs": (1.0,)} | MINUTES, "`minutes`, `token_budget`"),
        ({"cell": ("lstm", "lstm")} | MINUTES, "nothing to compare"),
        (MINUTES, "nothing to compare"),
        ({"documents": ("line", "file")} | MINUTES, "`documents`"),
        ({"layers": (0, 1)} | MINUTES, "`layers`: 0"),
        ({"tokenizer": ("1000",)} | MINUTES, "`token_budget=1000`"),
        ({"seed": tuple(range(MAX_VARIANTS + 1))} | MINUTES, f"{MAX_VARIANTS + 1} variants"),
        (
            {"seed": tuple(range(99)), "batch_size": tuple(range(1, 100))} | MINUTES,
            "9,801 variants",
        ),
    ],
)
def test_invalid_comparisons_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        expand_variants(options, "poems")


def test_budgets_can_be_compared() -> None:
    variants = expand_variants({"minutes": (1.0, 2.0)}, "poems")
    assert [v.name for v in variants] == ["poems-minutes-1", "poems-minutes-2"]
