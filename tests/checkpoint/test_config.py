import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.checkpoint.config import Config, CorpusFacts
from seqgen.checkpoint.layout import FORMAT
from seqgen.config.resolved import DataSpec
from seqgen.data.tokenizers.base import END
from seqgen.errors import CheckpointError
from tests.specs import model_spec, train_spec

CONFIG = Config(
    task="text",
    vocab=30,
    start=(1, 2),
    data=DataSpec(tokenizer="char"),
    model=model_spec(cell="gru", units=(5, 4), embedding=3, dropout=0.1),
    training=train_spec(minutes=1.5),
    corpus=CorpusFacts("é", ("a", "b"), 2, 100, "f", 90, 10, 90, 10),
    versions={"seqgen": "0.1.0"},
    tokenizer_sha256="0" * 64,
)
DATA = json.loads(json.dumps(CONFIG.to_json()))

TARGET, DECODER = ("tokenizers", "target"), ("models", "decoder")
ARCHITECTURE = (*DECODER, "architecture")


def keys(data: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """The path of every value in nested objects."""
    for name, value in data.items() if isinstance(data, dict) else ():
        yield (*path, name)
        yield from keys(value, *path, name)


junk = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3),
    st.lists(st.integers(-5, 5), max_size=3), st.dictionaries(st.text(max_size=2), st.none()),
)  # fmt: skip


def test_configurations_are_restored_from_json() -> None:
    assert Config.from_json(DATA) == CONFIG


def test_missing_options_have_their_default() -> None:
    data = copy.deepcopy(DATA)
    del data["training"]["beta_1"]
    assert Config.from_json(data) == CONFIG


def test_a_newer_format_asks_for_an_upgrade() -> None:
    with pytest.raises(CheckpointError, match=rf"x\.json.* {FORMAT + 1}\b"):
        Config.from_json(DATA | {"format": FORMAT + 1}, "x.json")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*TARGET, "vocab"), 0), ((*TARGET, "vocab"), True), ((*TARGET, "vocab"), 10**12),
        ((*DECODER, "start"), []), ((*DECODER, "start"), [30]), ((*DECODER, "start"), [-1]),
        (("task",), "images"), (("format",), 0),
        (("format",), "1"), (("program",), "other"), ((*ARCHITECTURE, "cell"), "transformer"),
        ((*ARCHITECTURE, "units"), None), ((*ARCHITECTURE, "embedding"), None),
        ((*ARCHITECTURE, "units"), [1] * 9), ((*ARCHITECTURE, "units"), []),
        ((*ARCHITECTURE, "cell_options"), {}),
        ((*ARCHITECTURE, "cell_options"), {"reset": None}),
        ((*ARCHITECTURE, "cell_options"), {"reset": "after", "tau": "1"}),
        (("training", "seq_length"), None), (("training", "minutes"), None),
        (("training", "clip_norm"), None), (("training", "clip_value"), 1.0),
        ((*ARCHITECTURE, "units"), [10**9]), (("training", "warmup"), 7),
        (("training", "warmup"), 10**400), (("versions",), {"a": 1}),
        (("corpus", "characters"), -1), (("surplus",), 1), (("vocab",), 30),
        ((*DECODER, "surplus"), 1),
        (("tokenizers",), {}), (("models",), []), (("models", "encoder"), {}),
        ((*DECODER, "tokenizer"), "source"), ((*DECODER, "feature_sizes"), [3]),
        ((*ARCHITECTURE, "surplus"), 1),
    ],
)  # fmt: skip
def test_invalid_values_are_refused_with_the_file_name(path: tuple[str, ...], value: Any) -> None:
    with pytest.raises(CheckpointError, match=r"some/config\.json"):
        Config.from_json(with_value(path, value), "some/config.json")


@pytest.mark.parametrize("data", [None, [], 3, "x", {}])
def test_other_data_is_refused(data: Any) -> None:
    with pytest.raises(CheckpointError):
        Config.from_json(data)


@given(st.sampled_from([*keys(DATA)]), junk)
def test_junk_is_refused_or_a_valid_configuration(path: tuple[str, ...], value: Any) -> None:
    try:
        config = Config.from_json(with_value(path, value))
    except CheckpointError:
        return
    assert Config.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    "path",
    [
        *((name,) for name in DATA if name != "facts"), (*TARGET, "sha256"), (*TARGET, "vocab"),
        (*DECODER, "tokenizer"), (*DECODER, "start"), ARCHITECTURE,
    ],
)  # fmt: skip
def test_missing_fields_are_refused(path: tuple[str, ...]) -> None:
    data = copy.deepcopy(DATA)
    container = data
    for name in path[:-1]:
        container = container[name]
    del container[path[-1]]
    with pytest.raises(CheckpointError) as raised:
        Config.from_json(data)
    assert path[0] == "program" or ".".join(path) in str(raised.value)


def test_counts_parameters() -> None:
    gru = 3 * (3 + 5) * 5 + 3 * (5 + 4) * 4
    biases = sum(
        shape[0] * (shape[1] if len(shape) > 1 else 1)
        for name, shape in CONFIG.weight_shapes().items()
        if name.startswith("recurrent") and name.endswith("bias")
    )
    assert CONFIG.parameters == 30 * 3 + gru + biases + 4 * 30 + 30


def with_value(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    data = copy.deepcopy(DATA)
    container = data
    for name in path[:-1]:
        container = container[name]
    container[path[-1]] = value
    return data


def test_the_state_is_reset_between_documents_only() -> None:
    assert CONFIG.boundary == END
    one = replace(CONFIG, corpus=replace(CONFIG.corpus, documents=1))
    assert one.boundary is None
