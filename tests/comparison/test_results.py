import json
from pathlib import Path

import pytest

from seqgen.comparison.results import Comparison, Entry, Point, Result, read, results_file, save
from seqgen.errors import CheckpointError

COMPARISON = Comparison(
    options={"seq_length": ("32", "64"), "tokenizer": ("char",), "token_budget": ("1000",)},
    corpus="poems",
    kind="text",
    fingerprint="0f",
    entries=(
        Entry("window 32", "c-window-32", 5, defaults={"batch_size": "8"}),
        Entry(
            "window 64",
            "c-window-64",
            5,
            Result(1.0, 1.4, None, 2.7, 99, 1000, 3.0, 500.0, (Point(500, 1.5, 1.2),)),
            defaults={"batch_size": "16"},
        ),
    ),
)


def test_a_comparison_is_stored(tmp_path: Path) -> None:
    save(tmp_path / "c", COMPARISON)
    assert read(tmp_path / "c") == COMPARISON


def test_format_1_is_read(tmp_path: Path) -> None:
    data = json.loads(json.dumps(COMPARISON.to_json()))
    options = data.pop("options")
    names = {"seq_length": "window", "tokenizer": "tokens", "token_budget": "budget"}
    data |= {"format": 1, "asked": {names[name]: values for name, values in options.items()}}
    for entry in data["entries"]:
        entry["chosen"] = {"batch": entry.pop("defaults")["batch_size"]}
    result = data["entries"][1]["result"]
    result["read"] = result.pop("evaluated_tokens")
    results_file(tmp_path / "c").write_text(json.dumps(data))
    assert read(tmp_path / "c") == COMPARISON


@pytest.mark.parametrize("change", [{"format": 3}, {"format": 1, "asked": 3}, {"entries": [3]}])
def test_invalid_files_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    data = {**COMPARISON.to_json(), **change}
    results_file(tmp_path / "c").write_text(json.dumps(data))
    with pytest.raises(CheckpointError):
        read(tmp_path / "c")


@pytest.mark.parametrize(
    ("options", "budget"),
    [
        ({"minutes": ("2",)}, "2 minutes each"),
        ({"epochs": ("1",)}, "1 epoch each"),
        ({"token_budget": ("100", "200")}, "100 or 200 tokens each"),
    ],
)
def test_the_budget_in_words(options: dict[str, tuple[str, ...]], budget: str) -> None:
    assert Comparison(options, "poems", "text", "0f", ()).budget == budget
