import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import layout, write
from seqgen.checkpoint.read import open_checkpoint
from seqgen.checkpoint.run_data import open_run_tokens
from seqgen.config.options import DataOptions, RunOptions
from seqgen.data.corpora import open_corpus
from seqgen.data.dataset import prepare
from seqgen.data.token_files import TRAINING, VALIDATION
from seqgen.data.tokenizers.base import END
from seqgen.errors import CheckpointError, ConfigError
from seqgen.training.autoconfig import resolve_for
from seqgen.training.run import configure

TEXT = "".join(f"the {n}th river runs to the {n}th sea;\n" for n in range(200))


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two files in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("one.txt").write_text(TEXT, encoding="utf-8")
    Path("two.txt").write_text(TEXT.upper(), encoding="utf-8")
    return ["one.txt", "two.txt"]


@pytest.mark.parametrize("tokens", ["char", "word", "subword"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_corpus_that_is_opened_again_has_the_parts_of_the_run(
    sources: list[str], trained: Callable[..., Path], tokens: str, count: int
) -> None:
    path = trained(Path("x"), sources[:count], tokens=tokens)
    checkpoint = open_checkpoint(path)
    kept = open_run_tokens(checkpoint)
    shutil.rmtree(path / layout.RESUME)
    again = open_run_tokens(checkpoint)
    np.testing.assert_array_equal(kept.training, again.training)
    np.testing.assert_array_equal(kept.validation, again.validation)
    assert kept.complete
    assert again.complete
    text = checkpoint.tokenizer.decode(kept.training)
    assert text.startswith(TEXT[:100])
    assert (kept.validation == END).sum() == count


def test_a_list_that_is_opened_again_has_the_parts_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = sorted(f"{a}{b}{c}" for a in "ABCDEFGH" for b in "aeiou" for c in ("n", "ra", "lis"))
    Path("names.txt").write_text("\n".join(names), encoding="utf-8")
    corpus = open_corpus(["names.txt"])
    data = prepare(corpus, DataOptions(), tmp_path)
    config = configure(corpus, data, resolve_for(RunOptions(), "char", 800, data.tokenizer.size))
    write.create(tmp_path / "x", config, data.tokenizer)
    checkpoint = open_checkpoint(tmp_path / "x")
    again = open_run_tokens(checkpoint)
    np.testing.assert_array_equal(again.training, data.training)
    np.testing.assert_array_equal(again.validation, data.validation)


def test_a_known_corpus_is_opened_by_its_name(
    sources: list[str], trained: Callable[..., Path]
) -> None:
    path = trained(Path("x"), ["sonnets"])
    shutil.rmtree(path / layout.RESUME)
    checkpoint = open_checkpoint(path)
    validation = checkpoint.tokenizer.decode(open_run_tokens(checkpoint).validation)
    assert len(validation) == 9455
    assert validation.endswith("Love's fire heats water, water cools not love.\n")


def test_of_a_long_training_part_the_end_is_looked_at(
    sources: list[str], trained: Callable[..., Path]
) -> None:
    path = trained(Path("x"), sources)
    checkpoint = open_checkpoint(path)
    kept = open_run_tokens(checkpoint, max_characters=8000)
    shutil.rmtree(path / layout.RESUME)
    again = open_run_tokens(checkpoint, max_characters=8000)
    learned = [t[: int(len(t) * 0.9)] for t in (TEXT, TEXT.upper())]
    for found in (kept, again):
        assert not found.complete
        text = checkpoint.tokenizer.decode(found.training)
        assert 7990 <= len(text) <= 8000
        assert "".join(learned).endswith(text)
        assert (found.training == END).sum() in (1, 2)


def test_another_text_by_the_same_name_is_refused(
    sources: list[str], trained: Callable[..., Path]
) -> None:
    path = trained(Path("x"), sources)
    shutil.rmtree(path / layout.RESUME)
    Path("two.txt").write_text(TEXT.upper() + "!", encoding="utf-8")
    with pytest.raises(ConfigError, match="x"):
        open_run_tokens(open_checkpoint(path))
    Path("two.txt").unlink()
    with pytest.raises(ConfigError, match=r"two\.txt"):
        open_run_tokens(open_checkpoint(path))


@pytest.mark.parametrize("source", ["-", "/", "**/*.txt", "/dev/zero", "folder"])
def test_a_checkpoint_sends_nobody_through_the_disk(
    sources: list[str], trained: Callable[..., Path], source: str
) -> None:
    Path("folder").mkdir()
    path = trained(Path("x"), sources)
    shutil.rmtree(path / layout.RESUME)
    checkpoint = open_checkpoint(path)
    facts = replace(checkpoint.config.corpus, sources=(source,))
    with pytest.raises(ConfigError, match="no known corpus, and no file here"):
        open_run_tokens(replace(checkpoint, config=replace(checkpoint.config, corpus=facts)))


def test_damaged_tokens_are_told(sources: list[str], trained: Callable[..., Path]) -> None:
    path = trained(Path("x"), sources)
    checkpoint = open_checkpoint(path)
    (path / layout.RESUME / VALIDATION).write_bytes(bytes([0, 1, 255]))
    with pytest.raises(CheckpointError, match="the tokens cannot be read: ids must be"):
        open_run_tokens(checkpoint)
    (path / layout.RESUME / TRAINING).write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"the tokens cannot be read: training\.bin holds no"):
        open_run_tokens(checkpoint)
