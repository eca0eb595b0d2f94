"""Properties of all tokenizers, including those that packages add."""

import json
import time
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.data import tokenizers
from seqgen.data.tokenizers.base import END, MAX_VOCAB
from seqgen.errors import CheckpointError, ConfigError, TokenError

TUNE = (
    'M:6/8\nL:1/8\nK:Ador\n|:"Am"e|A2A ABc|!trill!B>AG E/2F/2G ^c\'2:|\n'
    "(3abc _B,3/2 z4 |1 a2 :|2 b2 |]\n"
)
PROSE = (
    "It's the  East, and\tJuliet is the sun.\n\n    Arise -- fair sun!\r\n"
    "\u201cÇa va ?\u201d naïve 東京 🎻 \x00\u200b e\u0301 <end> \ud83c\udfbb\ud800\n"
)
TEXTS = [TUNE, TUNE, PROSE, PROSE, ""]
WHOLE = PROSE.encode(errors="ignore").decode()  # without lone surrogates, which subword refuses

# Pieces with a meaning to some tokenizer, and single characters.
FRAGMENTS = [
    *"".join(TEXTS),
    "K:Ador",
    "\nM:6/8\n",
    "|1",
    ":|",
    "(3",
    '"Am"',
    " the",
    "  ",
    "\n\n",
    "<end>",
]

kinds = pytest.mark.parametrize("kind", tokenizers.names())


@cache
def train(kind):
    try:
        return tokenizers.train(kind, TEXTS)
    except TokenError:
        return tokenizers.train(kind, [TUNE, TUNE, WHOLE, WHOLE, ""])


def texts():
    return st.lists(st.sampled_from(FRAGMENTS)).map("".join)


def known_part(tokenizer, text):
    """The text without characters that the tokenizer does not know, at most surrogates."""
    known = tokenizer.skip_unknown(text)
    assert all("\ud800" <= c <= "\udfff" for c in set(text) - set(known))
    return known


@kinds
@given(text=texts())
def test_decode_restores_the_text(kind, text):
    tokenizer = train(kind)
    text = known_part(tokenizer, text)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode(ids.tolist()) == text
    assert ids.dtype == tokenizer.dtype
    assert ids.ndim == 1
    assert END not in ids
    assert all(ids < tokenizer.size)


@kinds
@given(data=st.data())
def test_incremental_decoding_equals_decode(kind, data):
    tokenizer = train(kind)
    ids = data.draw(st.lists(st.integers(0, tokenizer.size - 1)))
    decoder = tokenizer.decoder()
    assert "".join(map(decoder.push, ids)) + decoder.flush() == tokenizer.decode(ids)


@kinds
@given(text=texts())
def test_tokenizers_are_restored_from_json(kind, text):
    tokenizer = train(kind)
    restored = tokenizers.load(json.loads(json.dumps(tokenizer.to_json())))
    text = known_part(tokenizer, text)
    np.testing.assert_array_equal(restored.encode(text), tokenizer.encode(text), strict=True)
    assert restored.size == tokenizer.size
    assert restored.to_json() == tokenizer.to_json()


@kinds
@given(text=st.text(alphabet=st.characters(exclude_categories=())))
def test_unknown_characters_are_listed_or_skipped(kind, text):
    tokenizer = train(kind)
    unknown = tokenizer.unknown(text)
    assert unknown == [c for c in dict.fromkeys(text) if not tokenizer.knows(c)]
    known = "".join(c for c in text if c not in unknown)
    assert tokenizer.skip_unknown(text) == known
    assert tokenizer.decode(tokenizer.encode(known)) == known
    if unknown:
        with pytest.raises(TokenError, match="`on_unknown='skip'`") as caught:
            tokenizer.encode(text)
        for character in unknown[:10]:
            name = repr(character) if character.isprintable() else f"U+{ord(character):04X}"
            assert name in str(caught.value)


@kinds
def test_long_lists_of_unknown_characters_are_cut(kind):
    tokenizer = train(kind)
    strange = [chr(code) for code in range(0xD900, 0xD920)]
    with pytest.raises(TokenError, match="and 22 more") as caught:
        tokenizer.encode("".join(strange))
    assert "U+D909" in str(caught.value)
    assert "U+D90A" not in str(caught.value)


@kinds
def test_end_decodes_to_nothing_and_has_a_display_form(kind):
    tokenizer = train(kind)
    assert tokenizer.decode([END, END]) == ""
    assert tokenizer.decoder().push(END) == ""
    assert tokenizer.display_token(END) == "⟨end⟩"
    names = [tokenizer.display_token(id) for id in range(tokenizer.size)]
    assert all(name.isprintable() and name.strip() for name in names)


@kinds
def test_invalid_ids_are_refused(kind):
    tokenizer = train(kind)
    for ids in ([-1], [tokenizer.size], [0.5], [[0, 1]]):
        with pytest.raises(ValueError, match=str(tokenizer.size - 1)):
            tokenizer.decode(ids)


@kinds
def test_training_is_deterministic(kind):
    tokenizer = tokenizers.train(kind, [TUNE, WHOLE] * 3)
    assert tokenizer.to_json() == tokenizers.train(kind, [TUNE, WHOLE] * 3).to_json()


@kinds
def test_an_empty_text_gives_a_vocabulary(kind):
    tokenizer = tokenizers.train(kind, [""])
    assert tokenizer.encode("").shape == (0,)
    assert tokenizer.decode([]) == ""


@pytest.mark.slow
@kinds
def test_encoding_a_megabyte_is_fast(kind):
    tokenizer = train(kind)
    text = (TUNE + WHOLE) * 5000
    start = time.process_time()
    ids = tokenizer.encode(text)
    assert time.process_time() - start < (4 if kind == "subword" else 0.9)
    assert tokenizer.decode(ids) == text


@kinds
@given(data=st.data())
def test_malformed_files_are_refused(kind, data):
    good = train(kind).to_json()
    (name,) = set(good) - {"kind", "rule"}
    junk = st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(), st.floats(),
        st.lists(st.one_of(st.text(), st.integers(), st.lists(st.integers(-1, 600), max_size=3))),
        st.dictionaries(st.text(), st.integers()),
    )  # fmt: skip
    bad = json.loads(json.dumps(good))
    match data.draw(st.sampled_from(["drop", "replace", "add", "item", "repeat"])):
        case "drop":
            del bad[data.draw(st.sampled_from(sorted(bad)))]
        case "replace":
            bad[data.draw(st.sampled_from(sorted(bad)))] = data.draw(junk)
        case "add":
            bad[data.draw(st.text())] = data.draw(junk)
        case "item":
            bad[name][data.draw(st.integers(0, len(bad[name]) - 1))] = data.draw(junk)
        case "repeat":
            bad[name].append(data.draw(st.sampled_from(bad[name])))
    try:
        tokenizer = tokenizers.load(bad)
    except CheckpointError as error:
        assert "tokenizer.json" in str(error)  # noqa: PT017
    else:  # the junk happened to be valid
        assert tokenizer.to_json() == bad


@kinds
@pytest.mark.parametrize("change", ["missing", "alien", "extra", "not a list", "repeated", "huge"])
def test_all_kinds_of_damage_are_refused(kind, change):
    bad = json.loads(json.dumps(train(kind).to_json()))
    (name,) = set(bad) - {"kind", "rule"}
    if change == "missing":
        del bad[name]
    elif change == "alien":
        bad[name][0] = 3.5
    elif change == "extra":
        bad["size"] = 7
    elif change == "not a list":
        bad[name] = {}
    elif change == "repeated":
        bad[name].append(bad[name][-1])
    else:
        bad[name] = [bad[name][0]] * MAX_VOCAB
    with pytest.raises(CheckpointError, match=rf"tokenizer\.json: '{name}'"):
        tokenizers.load(bad)


@pytest.mark.parametrize(
    "data", [None, [], "char", {}, {"kind": 3}, {"kind": "base"}, {"kind": ["char"]}]
)
def test_files_of_unknown_kinds_are_refused(data):
    with pytest.raises(CheckpointError, match=r"tokenizer\.json"):
        tokenizers.load(data)


def test_kinds_are_the_names_in_the_registry():
    assert tokenizers.TOKENIZERS.builtin_names() == ("abc", "char", "subword", "word")
    assert all(tokenizer.kind == name for name, tokenizer in tokenizers.TOKENIZERS.items())


def test_unknown_kinds_are_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"did you mean char\?.*subword"):
        tokenizers.train("chars", ["text"])


@pytest.mark.parametrize("kind", [k for k in tokenizers.names() if not tokenizers.find(k).bounded])
def test_vocab_size_is_refused_for_unbounded_kinds(kind):
    with pytest.raises(ConfigError, match="`tokenizer='word'`") as error:
        tokenizers.train(kind, TEXTS, vocab_size=1000)
    assert error.value.option == "vocab_size"


@pytest.mark.parametrize("kind", [k for k in tokenizers.names() if tokenizers.find(k).bounded])
def test_vocab_size_is_respected_down_to_its_minimum(kind):
    text = WHOLE + "".join(chr(code) for code in range(32, 127))
    with pytest.raises(ConfigError, match="the minimum is") as caught:
        tokenizers.train(kind, [text] * 3, vocab_size=2)
    least = int(str(caught.value).split("the minimum is ")[1].split()[0])
    with pytest.raises(ConfigError):
        tokenizers.train(kind, [text] * 3, vocab_size=least - 1)
    for size in (least, least + 3):
        tokenizer = tokenizers.train(kind, [text] * 3, vocab_size=size)
        assert tokenizer.size == size
        assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize(
    ("count", "dtype"), [(255, "uint8"), (256, "uint16"), (65535, "uint16"), (65536, "uint32")]
)
def test_ids_have_the_smallest_dtype(count, dtype):
    text = "".join(map(chr, range(0x10000, 0x10000 + count)))
    tokenizer = tokenizers.train("char", [text])
    assert tokenizer.size == count + 1
    assert tokenizer.encode(text).dtype == tokenizer.dtype == np.dtype(dtype)
    assert tokenizer.decode(tokenizer.encode(text)) == text
