from pathlib import Path

import numpy as np
import pytest

from seqgen.data import tokenizers
from seqgen.data.tokenizers.base import END, Tokenizer
from seqgen.evaluation.text import eval_tokens as module
from seqgen.evaluation.text.eval_tokens import BURN_IN, EvalTokens, eval_tokens, spans

SONNETS = Path(__file__).parents[3] / "corpora" / "sonnets.txt"
TEXT = SONNETS.read_text(encoding="utf-8")[:4000] + "naïve café, 日本\n"


@pytest.fixture(params=["char", "word", "subword"])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    return tokenizers.train(request.param, [TEXT])


def ids_of(tokenizer: Tokenizer, *texts: str) -> np.ndarray:
    return np.concatenate([part for t in texts for part in ([END], tokenizer.encode(t))])


def all_tokens(ids: np.ndarray, tokenizer: Tokenizer, *, ends_count: bool = False) -> EvalTokens:
    tokens, notice = eval_tokens(ids, tokenizer, "a text", ends_count=ends_count)
    assert notice == ""
    return tokens


def test_all_tokens_but_the_first_count(
    tokenizer: Tokenizer,
) -> None:
    ids = ids_of(tokenizer, TEXT)
    tokens = all_tokens(ids, tokenizer)
    assert tokens.tokens == len(ids) - 1
    assert tokens.characters == tokens.sizes.sum() == len(TEXT)
    assert tokens.text == TEXT


def test_ends_count_on_request(tokenizer: Tokenizer) -> None:
    ids = ids_of(tokenizer, TEXT, "the sea")
    with_ends = all_tokens(ids, tokenizer, ends_count=True)
    without_ends = all_tokens(ids, tokenizer)
    assert with_ends.tokens == without_ends.tokens + 1 == len(ids) - 1
    assert with_ends.characters == without_ends.characters == len(TEXT) + len("the sea")
    assert with_ends.text == TEXT + "\0the sea"
    assert without_ends.text == TEXT + "the sea"


def test_long_texts_are_evaluated_in_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TOKENS", 3000)
    monkeypatch.setattr(module, "SPAN", 1000)
    tokenizer = tokenizers.train("char", [TEXT])
    text = TEXT * 5
    ids = ids_of(tokenizer, text)
    tokens, notice = eval_tokens(ids, tokenizer, "a text", ends_count=False)
    assert tokens.tokens == tokens.characters == len(tokens.text) == 3000
    assert f"3,000 of {len(text):,}" in notice
    for begin in (0, 1000, 2000):
        assert tokens.text[begin : begin + 1000] in text
    # Each span is preceded by tokens that only warm the network up.
    assert tokenizer.decode(tokens.ids[: 1 + BURN_IN]) == text[:BURN_IN]
    assert not tokens.counted[:BURN_IN].any()


@pytest.mark.slow
def test_spans_are_evenly_spaced_and_do_not_overlap() -> None:
    positions, counted = spans(1_010_001)
    evaluated = positions[1:][counted]
    assert len(evaluated) == len(np.unique(evaluated)) == 1_000_000
    assert evaluated.min() >= 1
    assert positions.max() == 1_010_001
    begins = evaluated[::10_000]
    assert np.ptp(np.diff(begins)) <= 1


def test_slightly_longer_texts_are_evaluated_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TOKENS", 3000)
    monkeypatch.setattr(module, "SPAN", 1000)
    tokenizer = tokenizers.train("char", [TEXT])
    assert all_tokens(ids_of(tokenizer, TEXT[:4000]), tokenizer).tokens == 4000


@pytest.mark.parametrize("ids", [[], [END], [END, END]])
def test_empty_texts_are_refused(ids: list[int]) -> None:
    tokenizer = tokenizers.train("char", [TEXT])
    with pytest.raises(ValueError, match="no text"):
        all_tokens(np.array(ids, np.uint8), tokenizer, ends_count=True)


def test_invalid_ids_are_refused() -> None:
    tokenizer = tokenizers.train("char", ["abc"])
    with pytest.raises(ValueError, match="0 to 3"):
        all_tokens(np.array([0, 1, 4]), tokenizer)
