import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.errors import ConfigError, CorpusError, TokenError
from seqgen.evaluation.text.data import evaluation_data

TEXT = "".join(f"the {n}th river runs to the {n}th sea;\n" for n in range(200))


@pytest.fixture
def river(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: Callable) -> Checkpoint:
    monkeypatch.chdir(tmp_path)
    Path("river.txt").write_text(TEXT, encoding="utf-8")
    return open_checkpoint(trained(tmp_path / "river", ["river.txt"]))


def test_the_default_is_the_validation_part(river: Checkpoint) -> None:
    data = evaluation_data(river)
    assert data.tokens.text == TEXT[int(len(TEXT) * 0.9) :]
    assert data.tokens.source == "the validation part of river"
    assert river.tokenizer.decode(data.training) == TEXT[: int(len(TEXT) * 0.9)]
    assert data.notices == ()


def test_files_are_separate_documents(river: Checkpoint) -> None:
    Path("a.txt").write_text("the sea\n", encoding="utf-8")
    data = evaluation_data(river, ["a.txt", "-"], stdin=io.BytesIO(b"the river\n"))
    assert data.tokens.text == "the sea\nthe river\n"
    # A network of a single text has never seen an end, so ends do not count.
    assert data.tokens.tokens == data.tokens.characters == 18
    assert data.tokens.source == "a.txt, -"
    assert data.training is not None


def test_unknown_characters_are_refused_or_skipped(river: Checkpoint) -> None:
    Path("b.txt").write_text("the naïve sea{\n" * 9, encoding="utf-8")
    with pytest.raises(TokenError, match=r"b.txt: .*'ï'.*'\{'.*`on_unknown"):
        evaluation_data(river, ["b.txt"])
    data = evaluation_data(river, ["b.txt"], unknown="skip")
    assert data.tokens.text.startswith("the nave sea\nthe")
    (notice,) = data.notices
    assert notice.endswith("'ï', '{'")
    Path("c.txt").write_text("東京", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"c\.txt"):
        evaluation_data(river, ["c.txt"], unknown="skip")


def test_files_can_be_evaluated_without_the_corpus(river: Checkpoint) -> None:
    shutil.rmtree(river.path / layout.RESUME)
    Path("river.txt").rename("sea.txt")
    with pytest.raises(ConfigError, match="river"):
        evaluation_data(river)
    data = evaluation_data(river, ["sea.txt"])
    assert data.tokens.text == TEXT
    assert data.training is None
    (notice,) = data.notices
    assert "n-grams" in notice


def test_models_of_lists_read_files_as_lists(make: Callable[..., Path], tmp_path: Path) -> None:
    path = make(tmp_path / "list", text="abcdef" * 9, documents=40, held_out=4, unit="line")
    (tmp_path / "other.txt").write_text("abc\nfed\n\nbed\n")
    data = evaluation_data(open_checkpoint(path), [str(tmp_path / "other.txt")])
    assert data.tokens.text == "abc\0fed\0bed"
