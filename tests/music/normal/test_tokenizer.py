import pytest

from seqgen.data import tokenizers
from seqgen.errors import CheckpointError
from seqgen.music.normal.tokenizer import AbcTokenizer
from seqgen.music.normal.tokens import BODY

TUNE = "R:slip jig\nM:9/8\nK:Cdor\n|:A|d2e/2f/2(3^cde_B,3/2z4-|1a2:|2b2|]"


@pytest.mark.parametrize(
    ("text", "lexemes"),
    [
        ("A2^c'/2_B,3/2=F/4", ["A", "2", "^c'", "/2", "_B,", "3/2", "=F", "/4"]),
        ("|:a|b||c:|d|]", ["|:", "a", "|", "b", "||", "c", ":|", "d", "|]"]),
        ("a:||:b|||:c", ["a", ":|", "|:", "b", "||", "|:", "c"]),
        ("|1c:|2d||", ["|1", "c", ":|2", "d", "||"]),
        ("(3abcA-A12", ["(3", *"abcA-A", "12"]),
        ("R:slip jig\nM:6/8\nK:Cmaj\na", ["R:slip jig\n", "M:6/8\n", "K:Cmaj\n", "a"]),
    ],
)
def test_tunes_are_split_into_tokens(text, lexemes):
    assert AbcTokenizer.pattern.findall(text) == lexemes
    tokenizer = tokenizers.train("abc", [text])
    assert [tokenizer.decode([id]) for id in tokenizer.encode(text)] == lexemes


def test_every_vocabulary_has_all_tokens_of_music():
    tokenizer = tokenizers.train("abc", [TUNE])
    for token in BODY:
        assert len(tokenizer.encode(token)) == 1
    assert len(tokenizer.encode("M:9/8\n")) == 1
    assert len(tokenizer.encode("M:6/8\n")) > 1


def test_incomplete_vocabularies_are_refused():
    data = tokenizers.train("abc", [TUNE]).to_json()
    data["pieces"].remove("=E,")
    with pytest.raises(CheckpointError, match="=E,"):
        tokenizers.load(data)


def test_other_text_is_split_into_characters():
    tokenizer = tokenizers.train("abc", ["Hello."])
    assert [tokenizer.decode([id]) for id in tokenizer.encode("Hello.")] == list("Hello.")
