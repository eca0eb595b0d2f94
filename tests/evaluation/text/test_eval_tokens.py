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


def found(ids: np.ndarray, tokenizer: Tokenizer, *, ends_count: bool = False) -> EvalTokens:
    measured, notice = eval_tokens(ids, tokenizer, "a text", ends_count=ends_count)
    assert notice == ""
    return measured


def test_all_but_the_first_token_count_and_their_characters_are_the_text(
    tokenizer: Tokenizer,
) -> None:
    ids = ids_of(tokenizer, TEXT)
    measured = found(ids, tokenizer)
    assert measured.tokens == len(ids) - 1
    assert measured.characters == measured.sizes.sum() == len(TEXT)
    assert measured.text == TEXT


def test_ends_count_where_the_network_has_learned_them(tokenizer: Tokenizer) -> None:
    ids = ids_of(tokenizer, TEXT, "the sea")
    learned = found(ids, tokenizer, ends_count=True)
    never_seen = found(ids, tokenizer)
    assert learned.tokens == never_seen.tokens + 1 == len(ids) - 1
    assert learned.characters == never_seen.characters == len(TEXT) + len("the sea")
    assert learned.text == TEXT + "\0the sea"
    assert never_seen.text == TEXT + "the sea"


def test_of_a_long_text_an_even_share_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TOKENS", 3000)
    monkeypatch.setattr(module, "SPAN", 1000)
    tokenizer = tokenizers.train("char", [TEXT])
    text = TEXT * 5
    ids = ids_of(tokenizer, text)
    measured, notice = eval_tokens(ids, tokenizer, "a text", ends_count=False)
    assert measured.tokens == measured.characters == len(measured.text) == 3000
    assert f"3,000 of {len(text):,}" in notice
    for begin in (0, 1000, 2000):
        assert measured.text[begin : begin + 1000] in text
    # What stands before a stretch is what the network knows when it comes to it.
    assert tokenizer.decode(measured.ids[: 1 + BURN_IN]) == text[:BURN_IN]
    assert not measured.counted[:BURN_IN].any()


def test_stretches_are_even_and_count_nothing_twice() -> None:
    places, counted = spans(1_010_001)
    read = places[1:][counted]
    assert len(read) == len(np.unique(read)) == 1_000_000
    assert read.min() >= 1
    assert places.max() == 1_010_001
    begins = read[::10_000]
    assert np.ptp(np.diff(begins)) <= 1


def test_a_text_that_is_not_much_longer_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TOKENS", 3000)
    monkeypatch.setattr(module, "SPAN", 1000)
    tokenizer = tokenizers.train("char", [TEXT])
    assert found(ids_of(tokenizer, TEXT[:4000]), tokenizer).tokens == 4000


@pytest.mark.parametrize("ids", [[], [END], [END, END]])
def test_nothing_to_measure_by(ids: list[int]) -> None:
    tokenizer = tokenizers.train("char", [TEXT])
    with pytest.raises(ValueError, match="no text"):
        found(np.array(ids, np.uint8), tokenizer, ends_count=True)


def test_what_is_no_token_is_refused() -> None:
    tokenizer = tokenizers.train("char", ["abc"])
    with pytest.raises(ValueError, match="0 to 3"):
        found(np.array([0, 1, 4]), tokenizer)
