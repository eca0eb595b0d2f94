import math
from pathlib import Path

import numpy as np
import pytest

from seqgen.data import tokenizers
from seqgen.data.tokenizers.base import END, Tokenizer
from seqgen.evaluation.text import baselines
from seqgen.evaluation.text.eval_tokens import eval_tokens
from seqgen.evaluation.text.ngram import NGram

TEXT = (Path(__file__).parents[3] / "corpora" / "sonnets.txt").read_text(encoding="utf-8")[:20_000]


def parts(kind: str) -> tuple[np.ndarray, np.ndarray, Tokenizer]:
    tokenizer = tokenizers.train(kind, [TEXT])
    first, second = (
        np.concatenate([[END], tokenizer.encode(part)]) for part in (TEXT[:18_000], TEXT[18_000:])
    )
    return first, second, tokenizer


@pytest.mark.parametrize("kind", ["char", "word", "subword"])
def test_ngrams_have_figures_per_token_and_per_character(kind: str) -> None:
    training, validation, tokenizer = parts(kind)
    tokens, _ = eval_tokens(validation, tokenizer, "a text", ends_count=False)
    rows = list(baselines.ngram_rows(tokens, training, tokenizer.size))
    assert [row.key for row in rows] == ["unigram", *(f"{n}-gram" for n in range(2, 9))]
    for n, row in enumerate(rows, 1):
        nats = NGram.count(training, n, tokenizer.size).surprisal(validation)
        assert row.nats_per_token.value == pytest.approx(nats.mean(), abs=1e-6)
        assert row.nats_per_character.value == pytest.approx(nats.sum() / 2000, abs=1e-6)
        assert row.bits_per_character.value == pytest.approx(nats.sum() / 2000 / math.log(2))
        assert row.perplexity.value == pytest.approx(math.exp(nats.mean()))


def test_the_error_of_the_perplexity_follows_from_that_of_the_loss() -> None:
    training, validation, tokenizer = parts("char")
    tokens, _ = eval_tokens(validation, tokenizer, "a text", ends_count=False)
    row = list(baselines.ngram_rows(tokens, training, tokenizer.size))[3]
    nats, error = row.nats_per_token.value, row.nats_per_token.error
    higher = math.exp(nats + error / 1000) - math.exp(nats)
    assert row.perplexity.error == pytest.approx(1000 * higher, rel=1e-3)


def test_the_uniform_baseline() -> None:
    _, validation, tokenizer = parts("word")
    tokens, _ = eval_tokens(validation, tokenizer, "a text", ends_count=False)
    row = baselines.uniform_row(tokens, 50)
    assert row.nats_per_token.value == pytest.approx(math.log(50))
    assert row.perplexity.value == pytest.approx(50)
    assert row.nats_per_character.value == pytest.approx(
        math.log(50) * (len(validation) - 1) / 2000
    )


def test_ends_that_do_not_count_are_left_out() -> None:
    training, validation, tokenizer = parts("char")
    with_end = np.concatenate([validation[:500], [END], validation[500:]])
    tokens, _ = eval_tokens(with_end, tokenizer, "a text", ends_count=False)
    row = next(iter(baselines.ngram_rows(tokens, training, tokenizer.size)))
    nats = NGram.count(training, 1, tokenizer.size).surprisal(validation)
    assert row.nats_per_character.value == pytest.approx(nats.mean(), abs=1e-6)
