import pytest

from seqgen import tokenizers
from seqgen.tokenizers.abc import TOKENIZER


@pytest.mark.parametrize(
    ("text", "lexemes"),
    [
        ("A2^c'/2__B,,3/2=F//", ["A", "2", "^c'", "/2", "__B,,", "3/2", "=F", "//"]),
        ("|:a|b||c:|d|]", ["|:", "a", "|", "b", "||", "c", ":|", "d", "|]"]),
        ("[|a::b|1c:|2d[1e", ["[|", "a", "::", "b", "|1", "c", ":|2", "d", "[1", "e"]),
        ("(3abc (AB) a>b c<<d z4 A-A", ["(3", *"abc (AB) a>b c", "<<", *"d z4 A-A"]),
        ('"Am7"A!trill!B"', ['"Am7"', "A", "!trill!", "B", '"']),
        ("M:6/8\nK:D mix\na", ["M:6/8", "\n", "K:D mix", "\n", "a"]),
        ("a M:6/8", ["a", " ", "M", ":", "6/8"]),
        ("[CEG]{ab}~c.d", ["[", *"CEG", "]", "{", *"ab", "}", "~", "c", ".", "d"]),
        ("T:The Bag", [*"T:The B", *"ag"]),
    ],
)
def test_a_tune_is_cut_into_lexemes(text, lexemes):
    assert TOKENIZER.pattern.findall(text) == lexemes
    tokenizer = tokenizers.train("abc", [text, text])
    assert [tokenizer.decode([id]) for id in tokenizer.encode(text)] == lexemes


def test_a_lexeme_seen_once_is_spelled():
    tokenizer = tokenizers.train("abc", ["K:D\nA2|\n", "K:D\nA3/2|\n"])
    assert "K:D" in tokenizer.to_json()["pieces"]
    tokens = [tokenizer.decode([id]) for id in tokenizer.encode("K:D\nA3/2")]
    assert tokens == ["K:D", "\n", "A", "3", "/", "2"]
