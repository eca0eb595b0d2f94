import time

import numpy as np

from seqgen.data import tokenizers


def test_ids_follow_the_code_points():
    tokenizer = tokenizers.train("char", ["cab", "\U0001f3bb"])
    assert tokenizer.to_json() == {"kind": "char", "characters": ["a", "b", "c", "\U0001f3bb"]}
    np.testing.assert_array_equal(tokenizer.encode("abc\U0001f3bb"), [1, 2, 3, 4])


def test_surrogate_pairs_stay_two_characters():
    pair = "\ud83c\udfbb"
    tokenizer = tokenizers.train("char", [pair])
    assert tokenizer.size == 3
    assert tokenizer.decode(tokenizer.encode(pair)) == pair


def test_encoding_is_faster_than_a_loop():
    text = "The quick brown fox jumps over the lazy dog.\n" * 50_000
    tokenizer = tokenizers.train("char", [text[:45]])
    ids = {character: tokenizer.encode(character)[0] for character in text[:45]}
    start = time.process_time()
    slow = [ids[character] for character in text]
    looped = time.process_time()
    fast = tokenizer.encode(text)
    assert time.process_time() - looped < (looped - start) / 4  # about a twentieth
    np.testing.assert_array_equal(fast, slow)
