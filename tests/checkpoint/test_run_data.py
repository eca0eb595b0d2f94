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
def test_a_reopened_corpus_gives_the_tokens_of_the_run(
    sources: list[str], trained: Callable[..., Path], tokens: str, count: int
) -> None:
    path = trained(Path("x"), sources[:count], tokens=tokens)
    checkpoint = open_checkpoint(path)
    stored = open_run_tokens(checkpoint)
    shutil.rmtree(path / layout.RESUME)
    reopened = open_run_tokens(checkpoint)
    np.testing.assert_array_equal(stored.training, reopened.training)
    np.testing.assert_array_equal(stored.validation, reopened.validation)
    assert stored.complete
    assert reopened.complete
    text = checkpoint.tokenizer.decode(stored.training)
    assert text.startswith(TEXT[:100])
    assert (stored.validation == END).sum() == count


def test_a_reopened_list_gives_the_tokens_of_the_run(
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
    reopened = open_run_tokens(checkpoint)
    np.testing.assert_array_equal(reopened.training, data.training)
    np.testing.assert_array_equal(reopened.validation, data.validation)


def test_builtin_corpora_are_reopened_by_name(
    sources: list[str], trained: Callable[..., Path]
) -> None:
    path = trained(Path("x"), ["sonnets"])
    shutil.rmtree(path / layout.RESUME)
    checkpoint = open_checkpoint(path)
    validation = checkpoint.tokenizer.decode(open_run_tokens(checkpoint).validation)
    assert len(validation) == 9455
    assert validation.endswith("Love's fire heats water, water cools not love.\n")


def test_max_characters_keeps_the_end_of_the_training_part(
    sources: list[str], trained: Callable[..., Path]
) -> None:
    path = trained(Path("x"), sources)
    checkpoint = open_checkpoint(path)
    stored = open_run_tokens(checkpoint, max_characters=8000)
    shutil.rmtree(path / layout.RESUME)
    reopened = open_run_tokens(checkpoint, max_characters=8000)
    training = [t[: int(len(t) * 0.9)] for t in (TEXT, TEXT.upper())]
    for tokens in (stored, reopened):
        assert not tokens.complete
        text = checkpoint.tokenizer.decode(tokens.training)
        assert 7990 <= len(text) <= 8000
        assert "".join(training).endswith(text)
        assert (tokens.training == END).sum() in (1, 2)


def test_changed_or_missing_files_are_refused(
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
def test_only_files_in_the_current_folder_are_opened(
    sources: list[str], trained: Callable[..., Path], source: str
) -> None:
    Path("folder").mkdir()
    path = trained(Path("x"), sources)
    shutil.rmtree(path / layout.RESUME)
    checkpoint = open_checkpoint(path)
    facts = replace(checkpoint.config.corpus, sources=(source,))
    with pytest.raises(ConfigError):
        open_run_tokens(replace(checkpoint, config=replace(checkpoint.config, corpus=facts)))


def test_damaged_tokens_are_refused(sources: list[str], trained: Callable[..., Path]) -> None:
    path = trained(Path("x"), sources)
    checkpoint = open_checkpoint(path)
    (path / layout.RESUME / VALIDATION).write_bytes(bytes([0, 1, 255]))
    with pytest.raises(CheckpointError):
        open_run_tokens(checkpoint)
    (path / layout.RESUME / TRAINING).write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"training\.bin"):
        open_run_tokens(checkpoint)
