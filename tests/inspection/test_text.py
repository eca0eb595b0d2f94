import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.data.token_files import VALIDATION
from seqgen.errors import CheckpointError, ConfigError, CorpusError, TokenError
from seqgen.inspection.options import TextOptions
from seqgen.inspection.text import open_passage

TUNE = "X:1\nR:jig\nM:6/8\nK:D\nABc def|gab c3|]\n\nX:2\nR:jig\nM:6/8\nK:D\nAAA def|gab a3|]\n"


def test_the_validation_part_is_the_default(made, lines: str) -> None:
    checkpoint = made()
    passage = open_passage(checkpoint, TextOptions(), 100)
    assert passage.text == lines[:100]
    assert passage.pieces[0] == ""
    assert passage.ids[0] == 0
    assert "fox" in passage.source
    assert open_passage(checkpoint, TextOptions(), 10**6).text == lines


def test_characters_outside_the_vocabulary_are_skipped_or_refused(
    made, lines: str, tmp_path: Path
) -> None:
    checkpoint = made()
    path = tmp_path / "other.txt"
    path.write_text("The séa,\nthe {sea}.\n", encoding="utf-8")
    passage = open_passage(checkpoint, TextOptions(text=str(path)), 100)
    assert passage.text == "The sa,\nthe sea.\n"
    assert passage.skipped == ("é", "{", "}")
    with pytest.raises(TokenError, match=r"'é', '\{', '\}'"):
        open_passage(checkpoint, TextOptions(text=str(path), on_unknown="error"), 100)
    path.write_text("éé{}", encoding="utf-8")
    with pytest.raises(CorpusError):
        open_passage(checkpoint, TextOptions(text=str(path)), 100)
    piped = open_passage(checkpoint, TextOptions(text="-"), 5, io.BytesIO(lines.encode()))
    assert piped.text == lines[:5]


@pytest.mark.parametrize("tokens", ["word", "subword"])
def test_limits_count_characters_for_all_tokenizers(made, lines: str, tokens: str) -> None:
    checkpoint = made(tokens=tokens)
    passage = open_passage(checkpoint, TextOptions(), 10**6)
    assert passage.text == lines
    assert max(map(len, passage.pieces)) > 1
    short = open_passage(checkpoint, TextOptions(), 50)
    assert lines.startswith(short.text)
    assert 50 <= len(short.text) < 70


def test_a_character_of_several_tokens_belongs_to_the_last(make, tmp_path: Path) -> None:
    text = "naïve café, naïve café, 日本\n" * 30
    path = make(tmp_path / "checkpoints" / "c", text=text, tokens="subword")
    file = tmp_path / "new.txt"
    file.write_text("本é日ï", encoding="utf-8")
    passage = open_passage(open_checkpoint(path), TextOptions(text=str(file)), 100)
    assert passage.text == "本é日ï"
    assert len(passage.pieces) == len(passage.ids) > 5


def test_tunes_are_read_in_normal_form(tune_checkpoint: Path, tmp_path: Path) -> None:
    checkpoint = open_checkpoint(tune_checkpoint)
    path = tmp_path / "two.abc"
    path.write_text(TUNE)
    passage = open_passage(checkpoint, TextOptions(text=str(path)), 10_000)
    assert passage.text.count("R:jig\nM:6/8\n") == 2
    assert passage.rows.shape == (len(passage.pieces), 1 + len(checkpoint.config.feature_sizes))
    assert list(passage.ids).count(0) == 2
    path = tmp_path / "prose.txt"
    path.write_text("No tune.\n" * 9)
    with pytest.raises(CorpusError):
        open_passage(checkpoint, TextOptions(text=str(path)), 100)


def test_without_validation_data_a_text_is_required(
    checkpoint: Path, made: Callable[..., Checkpoint]
) -> None:
    with pytest.raises(ConfigError, match="`text`"):
        open_passage(open_checkpoint(checkpoint), TextOptions(), 100)
    other = made()
    ids = np.full(100, 255, np.uint8)
    (other.path / layout.RESUME / VALIDATION).write_bytes(ids.tobytes())
    with pytest.raises(CheckpointError):
        open_passage(other, TextOptions(), 100)


def test_models_of_lists_read_lines_as_documents(make: Callable[..., Path], tmp_path: Path) -> None:
    path = make(tmp_path / "list", text="abcdef" * 9, documents=40, held_out=4, unit="line")
    (tmp_path / "other.txt").write_text("abc\nfed\n")
    options = TextOptions(text=str(tmp_path / "other.txt"))
    passage = open_passage(open_checkpoint(path), options, 100)
    assert passage.text == "abcfed"
    assert np.flatnonzero(passage.ids == 0).tolist() == [0, 4]
    assert passage.skipped == ()
