import numpy as np
import pytest

from seqgen.data import tokenizers
from seqgen.data.tokenizers.base import END
from seqgen.evaluation.text.eval_tokens import EvalTokens, eval_tokens
from seqgen.evaluation.text.surprisal import extremes, per_character


def all_tokens(text: str, kind: str = "char", vocabulary_text: str | None = None) -> EvalTokens:
    tokenizer = tokenizers.train(kind, [vocabulary_text or text])
    ids = np.concatenate([[END], tokenizer.encode(text)])
    return eval_tokens(ids, tokenizer, "a text", ends_count=False)[0]


def test_extremes_are_sorted_and_do_not_overlap() -> None:
    text = "abcdefghij" * 100
    nats = np.ones(1000)
    nats[200:220], nats[600:620], nats[400:420] = 5, 7, 0.1
    surprising, expected = extremes(all_tokens(text), nats, length=20, count=2)
    assert [(each.start, each.nats[0]) for each in surprising] == [(600, 7), (200, 5)]
    assert expected[0].start == 400
    assert expected[0].text == text[400:420]
    assert abs(expected[1].start - 400) >= 20
    assert expected[1].nats == (1.0,) * 20


def test_nats_of_a_token_are_split_among_its_characters() -> None:
    tokens = all_tokens("the sea the sky the sea", "word")
    nats = np.arange(1.0, len(tokens.ids))
    text, spent = per_character(tokens, nats)
    assert text == "the sea the sky the sea"
    assert spent.sum() == pytest.approx(nats.sum())
    begin = 0
    for piece, token_nats in zip(tokens.pieces[1:], nats, strict=True):
        np.testing.assert_allclose(spent[begin : begin + len(piece)], token_nats / len(piece))
        begin += len(piece)


def test_nats_of_the_bytes_of_a_character_add_up() -> None:
    tokens = all_tokens("日本日", "subword", vocabulary_text="no such sign is in here")
    assert len(tokens.ids) == 10
    text, spent = per_character(tokens, np.arange(1.0, 10.0))
    assert text == "日本日"
    np.testing.assert_allclose(spent, [6, 15, 24])


def test_a_short_text_is_one_passage() -> None:
    surprising, expected = extremes(all_tokens("the sea"), np.arange(7.0))
    assert [each.text for each in surprising] == [each.text for each in expected] == ["the sea"]
    assert surprising[0].nats == tuple(np.arange(7.0))
