"""The titles of a checkpoint are a list of short texts, or the file is refused."""

import json
from pathlib import Path

import pytest

from seqgen.checkpoint import layout, titles
from seqgen.errors import CheckpointError
from seqgen.io.atomic import MAX_JSON_BYTES

PATTERNS = ("The Walls of Limerick", "Fisher's *", "Bourrée à Deux Temps")


def test_titles_are_stored_and_read(tmp_path: Path) -> None:
    titles.save(tmp_path, PATTERNS)
    assert titles.read(tmp_path) == PATTERNS


def test_without_titles_there_is_no_file(tmp_path: Path) -> None:
    titles.save(tmp_path, ())
    assert not (tmp_path / layout.TITLES).exists()
    assert titles.read(tmp_path) == ()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"patterns": "Reel"}',
        '{"patterns": [1]}',
        '{"patterns": [], "more": 1}',
        json.dumps({"patterns": ["x" * (titles.MAX_CHARACTERS + 1)]}),
        json.dumps({"patterns": ["Reel"] * (titles.MAX_PATTERNS + 1)}),
        " " * (MAX_JSON_BYTES + 1),
    ],
)
def test_other_content_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / layout.TITLES).write_text(content, encoding="utf-8")
    with pytest.raises(CheckpointError, match=layout.TITLES):
        titles.read(tmp_path)
