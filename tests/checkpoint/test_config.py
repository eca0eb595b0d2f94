import copy
import json
from dataclasses import MISSING, fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.checkpoint.config import Config, CorpusFacts
from seqgen.checkpoint.layout import FORMAT
from seqgen.config.options import DataOptions, ModelOptions, TrainingOptions
from seqgen.errors import CheckpointError

CONFIG = Config(
    task="text",
    vocab=30,
    start=(1, 2),
    data=DataOptions(tokenizer="char"),
    model=ModelOptions(cell="gru", layers=2, units=(5, 4), embedding=3, dropout=0.1),
    training=TrainingOptions(seq_length=8, batch_size=2, minutes=1.5),
    corpus=CorpusFacts("é", ("a", "b"), 2, 100, "f", 90, 10, 90, 10),
    versions={"seqgen": "0.1.0"},
    tokenizer_sha256="0" * 64,
)
DATA = json.loads(json.dumps(CONFIG.to_json()))

paths = [(name,) for name in DATA] + [
    (group, name) for group in ("data", "model", "training", "corpus") for name in DATA[group]
]
junk = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3),
    st.lists(st.integers(-5, 5), max_size=3), st.dictionaries(st.text(max_size=2), st.none()),
)  # fmt: skip


def test_reads_what_it_wrote() -> None:
    assert Config.from_json(DATA) == CONFIG


def test_an_option_that_is_not_there_takes_its_default() -> None:
    data = copy.deepcopy(DATA)
    del data["training"]["beta_1"]
    assert Config.from_json(data) == CONFIG


def test_a_newer_format_asks_for_an_upgrade() -> None:
    with pytest.raises(CheckpointError, match=r"x\.json was written by a newer seqgen \(format 3"):
        Config.from_json(DATA | {"format": FORMAT + 1}, "x.json")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("vocab",), 0), (("vocab",), True), (("vocab",), 10**12), (("start",), []),
        (("start",), [30]), (("start",), [-1]), (("task",), "images"), (("format",), 0),
        (("format",), "1"), (("program",), "other"), (("model", "cell"), "transformer"),
        (("model", "layers"), None), (("model", "embedding"), None),
        (("model", "units"), [1, 2, 3]),
        (("model", "units"), [10**9]), (("training", "warmup"), 7),
        (("training", "warmup"), 10**400), (("versions",), {"a": 1}),
        (("corpus", "characters"), -1), (("surplus",), 1), (("model", "surplus"), 1),
    ],
)  # fmt: skip
def test_names_the_file_and_what_is_wrong(path: tuple[str, ...], value: Any) -> None:
    with pytest.raises(CheckpointError, match=r"some/config\.json"):
        Config.from_json(changed(path, value), "some/config.json")


@pytest.mark.parametrize("data", [None, [], 3, "x", {}])
def test_refuses_what_is_no_configuration(data: Any) -> None:
    with pytest.raises(CheckpointError):
        Config.from_json(data)


@given(st.sampled_from(paths), junk)
def test_junk_is_refused_or_a_valid_configuration(path: tuple[str, ...], value: Any) -> None:
    try:
        config = Config.from_json(changed(path, value))
    except CheckpointError:
        return
    assert Config.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize("name", [f.name for f in fields(Config) if f.default is MISSING])
def test_no_field_may_be_missing(name: str) -> None:
    data = copy.deepcopy(DATA)
    del data[name]
    with pytest.raises(CheckpointError, match=name):
        Config.from_json(data)


def test_counts_parameters() -> None:
    gru = 3 * (3 + 5) * 5 + 3 * (5 + 4) * 4
    biases = sum(
        shape[0] * (shape[1] if len(shape) > 1 else 1)
        for name, shape in CONFIG.weight_shapes().items()
        if name.startswith("recurrent") and name.endswith("bias")
    )
    assert CONFIG.parameters == 30 * 3 + gru + biases + 4 * 30 + 30


def changed(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    data = copy.deepcopy(DATA)
    place = data
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return data


def test_a_configuration_of_format_1_is_read() -> None:
    old = copy.deepcopy(DATA) | {"format": 1}
    old["tokens"], old["stack"] = old.pop("data"), old.pop("model")
    for group, name, former in (
        ("tokens", "tokenizer", "tokens"),
        ("stack", "tie_embeddings", "tie"),
        ("training", "seq_length", "window"),
        ("training", "batch_size", "batch"),
        ("training", "weight_averaging", "average"),
    ):
        old[group][former] = old[group].pop(name)
    assert Config.from_json(old) == Config.from_json(DATA)
    with pytest.raises(CheckpointError):
        Config.from_json(old | {"format": 2})
