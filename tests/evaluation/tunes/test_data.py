from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.checkpoint.run_data import open_run_tokens
from seqgen.config.options import DataOptions
from seqgen.data.corpora import open_corpus
from seqgen.data.dataset import prepare
from seqgen.data.token_files import TRAINING, VALIDATION, write_rows
from seqgen.errors import CheckpointError, ConfigError
from seqgen.evaluation.tunes.data import in_written_keys, parse_tunes
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import NormalTune
from seqgen.music.normal.codec import decode_tune, encode_tune
from seqgen.music.normal.normalize import normalize
from seqgen.tasks.tunes import encode_with_positions, in_vocabulary

TUNES = [f"R:none\nM:3/4\nK:Cmaj\nC2D2E2|{note}6|]" for note in "CDEFG"]


@pytest.fixture
def book(tmp_path: Path, make: Callable[..., Path]) -> Path:
    """A checkpoint with five tunes in its run, two of them for validation."""
    path = make(tmp_path / "book", kind="tunes", text="\n".join(TUNES * 3), tokens="abc")
    tokenizer = open_checkpoint(path).tokenizer
    (path / layout.RESUME).mkdir(exist_ok=True)
    for name, part in ((TRAINING, TUNES[:3]), (VALIDATION, TUNES[3:])):
        for _ in write_rows(path / layout.RESUME / name, encode_with_positions(part, tokenizer)):
            pass
    return path


def run_tokens(checkpoint: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    tokens = open_run_tokens(checkpoint)
    return tokens.training, tokens.validation


def run_tunes(checkpoint: Checkpoint) -> tuple[list[NormalTune], list[NormalTune]]:
    return parse_tunes(checkpoint, open_run_tokens(checkpoint))


def test_tunes_are_parsed_from_the_run(book: Path) -> None:
    training, validation = run_tunes(open_checkpoint(book))
    assert training == [decode_tune(text) for text in TUNES[:3]]
    assert validation == [decode_tune(text) for text in TUNES[3:]]


def test_without_a_run_the_book_is_split_again(book: Path, tmp_path: Path) -> None:
    file = tmp_path / "book.abc"
    notes = [*permutations("CDEFGA", 4)][:60]
    bars = [f"{''.join(four)}|{''.join(four[::-1])}|{four[0]}2{four[1]}2|C4|" for four in notes]
    file.write_text("".join(f"X:{n}\nM:2/4\nL:1/8\nK:C\n{bar}]\n\n" for n, bar in enumerate(bars)))
    corpus = open_corpus([str(file)])
    data = prepare(corpus, DataOptions(), tmp_path)
    model = open_checkpoint(book)
    facts = replace(model.config.corpus, sources=corpus.sources, fingerprint=corpus.fingerprint)
    config = replace(model.config, corpus=facts, feature_sizes=data.feature_sizes)
    checkpoint = Checkpoint(tmp_path / "copy", config, data.tokenizer)
    training, validation = run_tokens(checkpoint)
    np.testing.assert_array_equal(training, data.training)
    np.testing.assert_array_equal(validation, data.validation)
    assert len(run_tunes(checkpoint)[1]) > 1
    file.write_text(file.read_text().replace("C4|]", "E4|]", 1))
    with pytest.raises(ConfigError, match="copy"):
        run_tokens(checkpoint)


def test_a_book_is_split_again_with_the_voice_of_the_run(book: Path, tmp_path: Path) -> None:
    file = tmp_path / "voices.abc"
    notes = [*permutations("CDEFGA", 4)][:30]
    upper = [f"{''.join(four)}|{''.join(four[::-1])}|{four[0]}4|]" for four in notes]
    file.write_text(
        "".join(
            f"X:{n}\nM:2/4\nL:1/8\nK:C\nV:1\nC4|D4|E4|]\nV:low\n{bars}\n\n"
            for n, bars in enumerate(upper)
        )
    )
    corpus = open_corpus([str(file)])
    data = prepare(corpus, DataOptions(voice="low"), tmp_path)
    assert data.facts
    assert data.facts.tunes == 30
    model = open_checkpoint(book)
    facts = replace(model.config.corpus, sources=corpus.sources, fingerprint=corpus.fingerprint)
    tokens = replace(model.config.data, voice="low")
    config = replace(model.config, corpus=facts, feature_sizes=data.feature_sizes, data=tokens)
    training, validation = run_tokens(Checkpoint(tmp_path / "copy", config, data.tokenizer))
    np.testing.assert_array_equal(training, data.training)
    np.testing.assert_array_equal(validation, data.validation)


def test_tokens_outside_the_vocabulary_become_unknown_or_drop_the_tune() -> None:
    known = {"R:none\n", "M:3/4\n", "P:?\n", "K:Cmaj\n", "C", "6", "|]"}
    assert [*in_vocabulary(["R:reel\nM:3/4\nP:8*\nK:Cmaj\nC6|]"], known)] == [
        "R:none\nM:3/4\nP:?\nK:Cmaj\nC6|]"
    ]
    assert not [*in_vocabulary(["R:none\nM:2/4\nP:?\nK:Cmaj\nC6|]"], known)]


def test_tunes_get_the_keys_of_the_book_back(book: Path, tmp_path: Path) -> None:
    file = tmp_path / "book.abc"
    notes = [*permutations("DEFGAB", 4)][:40]
    file.write_text(
        "".join(
            f"X:{n}\nM:2/4\nL:1/8\nK:{'D' if n % 2 else 'G'}\n"
            f"{''.join(four)}|{''.join(four[::-1])}|G4|]\n\n"
            for n, four in enumerate(notes)
        )
    )
    corpus = open_corpus([str(file)])
    data = prepare(corpus, DataOptions(), tmp_path)
    model = open_checkpoint(book)
    facts = replace(model.config.corpus, sources=corpus.sources, fingerprint=corpus.fingerprint)
    config = replace(model.config, corpus=facts, feature_sizes=data.feature_sizes)
    checkpoint = Checkpoint(tmp_path / "copy", config, data.tokenizer)
    training, _ = run_tunes(checkpoint)
    written = in_written_keys(checkpoint, training)
    originals = {encode_tune(normalize(parse_tune(str(d.text)))) for d in corpus.documents}
    assert {tune.key.tonic for tune in training} == {"C"}
    assert {tune.key.tonic for tune in written if tune} == {"D", "G"}
    assert {encode_tune(tune) for tune in written if tune} <= originals
    assert None not in written
    # A tune that the book lacks, and a book that is gone.
    other = decode_tune(TUNES[0])
    assert in_written_keys(checkpoint, [other]) == [None]
    file.unlink()
    assert in_written_keys(checkpoint, training) == [None] * len(training)
    untransposed = replace(config, data=replace(config.data, transpose="none"))
    assert in_written_keys(replace(checkpoint, config=untransposed), [other]) == [other]


def test_missing_books_are_refused(book: Path) -> None:
    (book / layout.RESUME / VALIDATION).unlink()
    with pytest.raises(ConfigError, match=r"fox\.txt"):
        run_tunes(open_checkpoint(book))


def test_tokens_that_are_not_tunes_are_refused(book: Path) -> None:
    for name in (TRAINING, VALIDATION):
        (book / layout.RESUME / name).write_bytes(bytes([0, 1, 2, 3]))
    with pytest.raises(CheckpointError):
        run_tunes(open_checkpoint(book))
