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
def test_n_grams_are_measured_by_the_token_and_by_the_character(kind: str) -> None:
    learned, held_back, tokenizer = parts(kind)
    measured, _ = eval_tokens(held_back, tokenizer, "a text", ends_count=False)
    rows = list(baselines.ngram_rows(measured, learned, tokenizer.size))
    assert [row.key for row in rows] == ["unigram", *(f"{n}-gram" for n in range(2, 9))]
    for n, row in enumerate(rows, 1):
        nats = NGram.count(learned, n, tokenizer.size).surprisal(held_back)
        assert row.nats_per_token.value == pytest.approx(nats.mean(), abs=1e-6)
        assert row.nats_per_character.value == pytest.approx(nats.sum() / 2000, abs=1e-6)
        assert row.bits_per_character.value == pytest.approx(nats.sum() / 2000 / math.log(2))
        assert row.perplexity.value == pytest.approx(math.exp(nats.mean()))


def test_the_error_of_the_perplexity_is_that_of_its_logarithm() -> None:
    learned, held_back, tokenizer = parts("char")
    measured, _ = eval_tokens(held_back, tokenizer, "a text", ends_count=False)
    row = list(baselines.ngram_rows(measured, learned, tokenizer.size))[3]
    nats, error = row.nats_per_token.value, row.nats_per_token.error
    higher = math.exp(nats + error / 1000) - math.exp(nats)
    assert row.perplexity.error == pytest.approx(1000 * higher, rel=1e-3)


def test_all_tokens_alike() -> None:
    _, held_back, tokenizer = parts("word")
    measured, _ = eval_tokens(held_back, tokenizer, "a text", ends_count=False)
    row = baselines.uniform_row(measured, 50)
    assert row.nats_per_token.value == pytest.approx(math.log(50))
    assert row.perplexity.value == pytest.approx(50)
    assert row.nats_per_character.value == pytest.approx(math.log(50) * (len(held_back) - 1) / 2000)


def test_what_does_not_count_is_left_out() -> None:
    learned, held_back, tokenizer = parts("char")
    two = np.concatenate([held_back[:500], [END], held_back[500:]])
    measured, _ = eval_tokens(two, tokenizer, "a text", ends_count=False)
    row = next(iter(baselines.ngram_rows(measured, learned, tokenizer.size)))
    nats = NGram.count(learned, 1, tokenizer.size).surprisal(held_back)
    assert row.nats_per_character.value == pytest.approx(nats.mean(), abs=1e-6)
