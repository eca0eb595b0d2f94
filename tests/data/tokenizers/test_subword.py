from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.data import tokenizers
from seqgen.data.tokenizers.base import MAX_TOKEN_LENGTH
from seqgen.errors import CheckpointError, TokenError

TEXT = "the thin thing that thinks thus; über allen Gipfeln ist Ruh\n" * 40


@cache
def train():
    return tokenizers.train("subword", [TEXT])


@given(text=st.text())
def test_decode_restores_any_text(text):
    assert train().decode(train().encode(text)) == text


@given(data=st.binary(max_size=12))
def test_both_decoders_replace_invalid_bytes(data):
    ids = [byte + 1 for byte in data]
    decoder = train().decoder()
    decoded = "".join(map(decoder.push, ids)) + decoder.flush()
    assert decoded == train().decode(ids) == data.decode(errors="replace")


def test_characters_are_emitted_after_their_last_byte():
    decoder = train().decoder()
    ids = [byte + 1 for byte in "🎻!".encode()]
    assert [decoder.push(id) for id in ids] == ["", "", "", "🎻", "!"]
    assert decoder.flush() == ""


def test_frequent_pairs_are_merged_up_to_the_maximum_length():
    tokenizer = train()
    assert len(tokenizer.encode(TEXT)) < len(TEXT) / 4
    assert " thin" in [tokenizer.decode([id]) for id in range(tokenizer.size)]
    long = tokenizers.train("subword", ["-" * 400 + "\n"] * 9)
    assert 16 <= max(len(long.decode([id])) for id in range(long.size)) <= MAX_TOKEN_LENGTH


def test_merges_to_the_same_piece_share_a_token():
    # a+b, b+c, then ab+c and a+bc: one "abc".
    a, b, c = (byte + 1 for byte in b"abc")
    merges = [[a, b], [b, c], [257, c], [a, 258]]
    tokenizer = tokenizers.load({"kind": "subword", "merges": merges})
    assert tokenizer.size == 257 + 3
    assert tokenizer.encode("abc").tolist() == [259]


def test_the_default_size_grows_with_the_text():
    words = [f"{a}{b}{c}" for a in "bcdfg" for b in "aeiou" for c in "klmnpq"]
    assert tokenizers.train("subword", [" ".join(words) * 20]).size <= 512
    long = " ".join(a + b for a in words for b in words[::2])
    assert tokenizers.train("subword", [long] * 2).size == 2 * len(long) // 250 > 512


def test_lone_surrogates_are_refused():
    with pytest.raises(TokenError, match=r"U\+D800"):
        tokenizers.train("subword", ["a\ud800b"])
    with pytest.raises(TokenError, match=r"U\+DFFF"):
        train().encode("a\udfffb")


@pytest.mark.parametrize(
    "merges",
    [
        [[0, 5]],  # END cannot be merged
        [[5, 257]],  # refers to itself
        [[-1, 5]],
        [[True, 5]],
        [[5.0, 5]],
        [[5, 5, 5]],
        [[5, 5], [5, 5]],
        [[id, id] for id in [5, *range(257, 300)]],  # doubles at every merge: 2**44 bytes
    ],
)
def test_invalid_merges_are_refused(merges):
    with pytest.raises(CheckpointError, match="merges"):
        tokenizers.load({"kind": "subword", "merges": merges})
