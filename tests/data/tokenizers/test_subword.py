from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.data import tokenizers
from seqgen.data.tokenizers.base import MAX_TOKEN_LENGTH
from seqgen.errors import CheckpointError, TokenError

TEXT = "the thin thing that thinks thus; über allen Gipfeln ist Ruh\n" * 40


@cache
def trained():
    return tokenizers.train("subword", [TEXT])


@given(text=st.text())
def test_any_text_comes_back_unchanged(text):
    assert trained().decode(trained().encode(text)) == text


@given(data=st.binary(max_size=12))
def test_invalid_bytes_become_replacement_characters_alike_in_both_decoders(data):
    ids = [byte + 1 for byte in data]
    decoder = trained().decoder()
    written = "".join(map(decoder.push, ids)) + decoder.flush()
    assert written == trained().decode(ids) == data.decode(errors="replace")


def test_a_character_comes_out_whole_once_its_bytes_are_there():
    decoder = trained().decoder()
    ids = [byte + 1 for byte in "🎻!".encode()]
    assert [decoder.push(id) for id in ids] == ["", "", "", "🎻", "!"]
    assert decoder.flush() == ""


def test_frequent_pairs_are_merged_and_no_longer_than_allowed():
    tokenizer = trained()
    assert len(tokenizer.encode(TEXT)) < len(TEXT) / 4
    assert " thin" in [tokenizer.decode([id]) for id in range(tokenizer.size)]
    long = tokenizers.train("subword", ["-" * 400 + "\n"] * 9)
    assert 16 <= max(len(long.decode([id])) for id in range(long.size)) <= MAX_TOKEN_LENGTH


def test_merges_that_make_the_same_piece_make_one_token():
    # a+b, b+c, then ab+c and a+bc: one "abc".
    a, b, c = (byte + 1 for byte in b"abc")
    merges = [[a, b], [b, c], [257, c], [a, 258]]
    tokenizer = tokenizers.load({"kind": "subword", "merges": merges})
    assert tokenizer.size == 257 + 3
    assert tokenizer.encode("abc").tolist() == [259]


def test_the_size_follows_the_text_unless_said():
    words = [f"{a}{b}{c}" for a in "bcdfg" for b in "aeiou" for c in "klmnpq"]
    assert tokenizers.train("subword", [" ".join(words) * 20]).size <= 512
    long = " ".join(a + b for a in words for b in words[::2])
    assert tokenizers.train("subword", [long] * 2).size == 2 * len(long) // 250 > 512


def test_halves_of_characters_are_refused_by_number():
    with pytest.raises(TokenError, match=r"U\+D800"):
        tokenizers.train("subword", ["a\ud800b"])
    with pytest.raises(TokenError, match=r"U\+DFFF"):
        trained().encode("a\udfffb")


@pytest.mark.parametrize(
    "merges",
    [
        [[0, 5]],  # END is no part
        [[5, 257]],  # of itself
        [[-1, 5]],
        [[True, 5]],
        [[5.0, 5]],
        [[5, 5, 5]],
        [[5, 5], [5, 5]],
        [[id, id] for id in [5, *range(257, 300)]],  # doubles at every merge: 2**44 bytes
    ],
)
def test_merges_that_no_training_gives_are_refused(merges):
    with pytest.raises(CheckpointError, match="merges"):
        tokenizers.load({"kind": "subword", "merges": merges})
