import pytest

from seqgen import tokenizers
from seqgen.tokenizers.word import TOKENIZER


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("To be, or not", ["To", " be", ",", " or", " not"]),
        ("it's o\u2019er 'tis", ["it's", " o\u2019er", " '", "tis"]),
        ("Ay.\n\nNo --", ["Ay", ".", "\n", "\n", "No", " --"]),
        ("\n    return x_1", ["\n", "   ", " return", " x_1"]),
        ("a \t b  \n", ["a", " \t", " b", "  ", "\n"]),
        ("naïve Ça 東京", ["naïve", " Ça", " 東京"]),
    ],
)
def test_a_word_takes_the_space_before_it(text, pieces):
    assert TOKENIZER.pattern.findall(text) == pieces
    tokenizer = tokenizers.train("word", [text, text])
    assert [tokenizer.decode([id]) for id in tokenizer.encode(text)] == pieces


def test_a_word_seen_once_is_spelled():
    tokenizer = tokenizers.train("word", ["the king and the queen"])
    tokens = [tokenizer.decode([id]) for id in tokenizer.encode("the queen and the king")]
    assert tokens == ["t", "h", "e", *" queen", *" and", *" the", *" king"]
    tokenizer = tokenizers.train("word", ["a king and a queen and a king and a fool"])
    tokens = [tokenizer.decode([id]) for id in tokenizer.encode("a queen and a king")]
    assert tokens == ["a", *" queen", " and", " a", " king"]


def test_the_most_frequent_words_come_first():
    text = " one" * 9 + " two" * 5 + " nine" * 3
    least = len(set(text)) + 1
    tokenizer = tokenizers.train("word", [text], vocab_size=least + 2)
    assert tokenizer.to_json()["pieces"][-2:] == [" one", " two"]


def test_ten_thousand_tokens_unless_said_but_every_character_has_one():
    words = " ".join(f"w{number}" for number in range(11_000))
    assert tokenizers.train("word", [words, words]).size == 10_000
    assert tokenizers.train("word", [words, words], vocab_size=10_500).size == 10_500
    characters = "".join(map(chr, range(0x4E00, 0x4E00 + 10_500)))
    assert tokenizers.train("word", [characters]).size == 10_501
