"""Lists of options become networks, each with a name of its own."""

import re
from typing import Any

import pytest

from seqgen.checkpoint.locate import validate_name
from seqgen.comparison.variants import MAX_VARIANTS, NO_PATIENCE, expand_variants
from seqgen.errors import ConfigError
from seqgen.models import cells

MINUTES: dict[str, tuple[Any, ...]] = {"minutes": (2.0,)}


def test_the_variants_are_every_combination_in_the_order_of_the_lists() -> None:
    found = expand_variants(
        {"layers": (1, 2), "cell": ("lstm", "gru"), "units": ((128,), (512,))} | MINUTES, "poems"
    )
    stacks = [v.options.model for v in found]
    assert [(s.layers, s.cell, s.units) for s in stacks] == [
        (layers, cell, units)
        for layers in (1, 2)
        for cell in ("lstm", "gru")
        for units in ((128,), (512,))
    ]
    assert found[0].label == "lstm layers 1 units 128"
    assert found[0].name == "poems-lstm-layers-1-units-128"
    assert all(v.options.training.minutes == 2 for v in found)


def test_only_what_differs_is_in_a_name() -> None:
    found = expand_variants({"cell": ("lstm", "gru"), "embedding": (64,)} | MINUTES, "poems")
    assert [v.name for v in found] == ["poems-lstm", "poems-gru"]
    assert {v.options.model.embedding for v in found} == {64}


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
def test_labels_say_what_was_said(option: str, values: tuple, labels: list[str]) -> None:
    budget = {} if option == "token_budget" else MINUTES
    found = expand_variants({option: values} | budget, "poems")
    assert [v.label for v in found] == labels


def test_names_are_different_and_can_be_folders() -> None:
    for asked in (
        {"cell": cells.names(), "layers": (1, 2, 3), "learning_rate": (0.004, 0.0004)},
        {"tokenizer": ("char", "word"), "precision": ("float32", "bfloat16")},
        dict.fromkeys(("layers", "embedding", "seq_length", "batch_size", "patience"), (1, 2)),
    ):
        for name in ("p", "poems" * 19):
            names = [v.name for v in expand_variants(asked | MINUTES, name)]
            assert len(set(names)) == len(names)
            assert all(validate_name(each).startswith(name) for each in names)


def test_equal_variants_are_trained_once() -> None:
    found = expand_variants({"layers": (1, 2, 1), "cell": ("gru", "gru")} | MINUTES, "poems")
    assert [v.label for v in found] == ["layers 1", "layers 2"]


def test_an_option_of_some_cells_goes_to_those_that_have_it() -> None:
    asked = {"cell": ("lstm", "rnn"), "activation": ("tanh", "relu")} | MINUTES
    found = expand_variants(asked, "poems")
    assert [v.label for v in found] == ["lstm", "rnn activation tanh", "rnn activation relu"]
    assert [v.options.model.activation for v in found] == [None, "tanh", "relu"]
    with pytest.raises(ConfigError) as error:
        expand_variants(asked | {"cell": ("lstm", "gru")}, "poems")
    assert error.value.option == "activation"


def test_what_a_single_run_may_not_does_not_go_either_and_names_its_variant() -> None:
    with pytest.raises(ConfigError, match="layers 1: `units`"):
        expand_variants({"layers": (1, 2), "units": ((512, 256),)} | MINUTES, "poems")


def test_nobody_stops_early_unless_it_is_asked_for() -> None:
    asked = {"layers": (1, 2)} | MINUTES
    assert {v.options.training.patience for v in expand_variants(asked, "p")} == {NO_PATIENCE}
    assert {
        v.options.training.patience for v in expand_variants(asked | {"patience": (3,)}, "p")
    } == {3}


@pytest.mark.parametrize(
    ("asked", "message"),
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
def test_what_cannot_be_compared_is_refused_with_a_reason(asked: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        expand_variants(asked, "poems")


def test_several_budgets_are_variants_like_any_other() -> None:
    found = expand_variants({"minutes": (1.0, 2.0)}, "poems")
    assert [v.name for v in found] == ["poems-minutes-1", "poems-minutes-2"]
