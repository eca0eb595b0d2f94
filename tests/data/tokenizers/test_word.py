"""Word tokens agree with the word boundaries of Unicode (UAX #29) in `regex`."""

import re

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seqgen.data import tokenizers
from seqgen.data.tokenizers.base import blocks
from seqgen.data.tokenizers.word import (
    CHUNK,
    EUROPEAN,
    WordTokenizer,
    clusters,
    plain_pattern,
    split_chunk,
)
from seqgen.errors import CheckpointError, ConfigError

SCRIPTS = {
    "Latin with combining accents": "Une e\u0301te\u0301 d’hiver; Việt Nam, naïve coöperate.",
    "Greek": "Ἐν ἀρχῇ ἦν ὁ λόγος, καὶ ὁ λόγος ἦν πρὸς τὸν θεόν.",
    "Cyrillic": "Всё смешалось в доме; и\u0306 — это «й».",
    "Arabic with harakat": "بِسْمِ ٱللَّهِ ٱلرَّحْمَٰنِ ٱلرَّحِيمِ، كِتَاب",
    "Hebrew with niqqud": 'בְּרֵאשִׁית בָּרָא אֱלֹהִים, צה"ל ג׳ירף',
    "Devanagari": "हिन्दी में क्षत्रिय, ज्ञान और विज्ञान।",
    "Bengali": "আমি বাংলায় গান গাই, ক্ষমা।",
    "Tamil": "தமிழ் மொழி, கொக்கு நெட்டக் கொக்கு.",
    "Thai": "กำลังทำงานที่บ้าน น้ำ ๆ",
    "Lao": "ສະບາຍດີ ຂ້ອຍເຮັດວຽກ ນໍ້າ",
    "Khmer": "ភាសាខ្មែរ ស្រុកស្រែ",
    "Burmese": "မြန်မာဘာသာ ကျွန်တော်",
    "Tibetan": "བོད་ཡིག ལྷ་ས།",
    "Hangul": "한국어 각각의 말.",
    "Hangul of conjoining jamo": "\u1112\u1161\u11ab\u1100\u116e\u11a8 \u1100\u1161",
    "Japanese": "東京でカタカナを書く。か\u3099ｶﾞｷﾞ",
    "Chinese": "人之初，性本善。2,000年",
    "Georgian": "ქართული ენა, თბილისი.",
    "Armenian": "Հայերեն լեզու։ Ինչո՞ւ",
    "Ethiopic": "አማርኛ፡ቋንቋ ሰላም።",
    "emoji": "👩‍👩‍👧‍👦👍🏽 🇩🇪🇫🇷 ❤️‍🔥 ok 1️⃣",
}

# Mixed scripts and marks, which rules for single scripts do not split correctly by chance.
MIXED = st.text(
    st.one_of(
        st.sampled_from("aé's.,:;_1 2\t\n\r\u0301\u200d\u00ad\u00a0\u2028’\"—x東カかー가"),
        st.sampled_from("कि्षगำนอ\u0600\u1100\u1161אבגبّ👍🏽🇩🇪ខ្ម\x0b\x85"),
        st.characters(exclude_categories=["Cs"]),
    )
)


EVERYTHING = "".join(map(chr, range(0xD800)))


def word_boundaries(text: str) -> set[int]:
    """Positions of the word boundaries of Unicode."""
    return {match.start() for match in regex.finditer(r"(?w)\b", text)}


def ends(pieces: list[str]) -> set[int]:
    positions, position = set(), 0
    for piece in pieces:
        position += len(piece)
        positions.add(position)
    return positions


def assert_valid_split(text: str) -> None:
    """Assert that splits are boundaries of words and clusters, except before the space of words.

    Every boundary next to a letter or digit is a split, except between a word and its space.
    """
    pieces = [piece for chunk in CHUNK.findall(text) for piece in split_chunk(chunk)]
    assert "".join(pieces) == text
    cuts, boundaries, between = (
        ends(pieces),
        word_boundaries(text),
        ends(regex.findall(r"\X", text)),
    )
    for cut in cuts:
        before_its_space = text[cut : cut + 1] == " " and text[cut - 1].isspace()
        assert cut in between, (text, cut)
        assert cut in boundaries or before_its_space, (text, cut)
    for position in (boundaries & between) - cuts - {0}:
        left, right = text[position - 1], text[position]
        in_run = not (left.isalnum() or left == "_" or right.isalnum() or right == "_")
        assert left == " " or in_run or not regex.match(r"\w", right), (text, position)


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_split_at_word_boundaries(script: str) -> None:
    text = SCRIPTS[script]
    assert_valid_split(text)
    tokenizer = tokenizers.train("word", [f"{text}\n{text}"])
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    between = ends(regex.findall(r"\X", text))
    assert ends([tokenizer.decode([id]) for id in ids]) <= between


@pytest.mark.parametrize("script", SCRIPTS)
def test_rare_words_are_split_into_clusters(script: str) -> None:
    """Every cluster of the text is a token, also if its word is not."""
    text = SCRIPTS[script]
    tokenizer = tokenizers.train("word", [text])
    pieces = [tokenizer.decode([id]) for id in tokenizer.encode(text)]
    assert "".join(pieces) == text
    assert ends(pieces) <= ends(regex.findall(r"\X", text))


def test_the_minimum_size_has_room_for_all_clusters() -> None:
    text = SCRIPTS["Devanagari"]
    text_clusters = {c for c in clusters(text) if len(c) > 1}
    least = len(set(text)) + len(text_clusters) + 1
    with pytest.raises(ConfigError, match=f"the minimum is {least}"):
        tokenizers.train("word", [text], vocab_size=least - 1)
    tokenizer = tokenizers.train("word", [text, text], vocab_size=least)
    assert tokenizer.size == least
    assert text_clusters <= set(tokenizer.pieces)


def test_unknown_clusters_are_split_into_code_points() -> None:
    tokenizer = tokenizers.train("word", ["e\u0301 a\u0300"])
    ids = tokenizer.encode("e\u0300")
    assert [tokenizer.decode([id]) for id in ids] == ["e", "\u0300"]


@settings(deadline=None)
@given(MIXED)
@example("\u0600東")
@example("  \u0301x \u0301x\t\u0301x")
@example("a\r\nb \r\n\r")
@example("x_カ カa ｶﾞa")
def test_words_and_clusters_are_never_split(text: str) -> None:
    assert_valid_split(text)
    tokenizer = tokenizers.train("word", [text, text])
    assert tokenizer.decode(tokenizer.encode(text)) == text


@settings(deadline=None)
@given(MIXED, st.integers(1, 9))
def test_fast_patterns_equal_the_general_one(text: str, times: int) -> None:
    tokenizer = tokenizers.train("word", [text])
    cut = [piece for line in text.split("\n") for piece in split_chunk(line)]
    assert "".join(cut) == text.replace("\n", "")
    for part in re.findall(r"[^\n]+", text):
        if pattern := plain_pattern(part):
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr("seqgen.data.tokenizers.word.plain_pattern", lambda _: None)
                thorough = [piece for chunk in CHUNK.findall(part) for piece in split_chunk(chunk)]
            assert pattern.findall(part) == thorough
    ids = tokenizer.encode(text * times)
    assert tokenizer.decode(ids) == text * times


def test_fast_patterns_equal_the_general_one_for_common_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of ideographs and syllables only the first and last, since all behave alike."""
    characters = re.findall(
        rf"[{EUROPEAN}가-걀힀-힣、。，；！？㐀-㐟䷀-丐鿀-鿿ぁ-ゖァ-ヿ]", EVERYTHING
    )
    assert len(characters) > 1000
    texts = [
        text
        for c in characters
        for text in (
            f"a{c}b",
            f"1{c}2",
            f" {c}{c}x",
            f"a{c}1",
            f"カ{c}カ",
            f"東{c}a",
            f"'{c}.{c}’b",
        )
        if "\n" not in text
    ]
    fast = [
        pattern and pattern.findall(text) for text in texts for pattern in [plain_pattern(text)]
    ]
    assert sum(pieces is not None for pieces in fast) > 0.9 * len(texts)
    monkeypatch.setattr("seqgen.data.tokenizers.word.plain_pattern", lambda _: None)
    for text, pieces in zip(texts, fast, strict=True):
        if pieces is not None:
            assert pieces == [
                piece for chunk in CHUNK.findall(text) for piece in split_chunk(chunk)
            ]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("To be, or not", ["To", " be", ",", " or", " not"]),
        ("it's o\u2019er 'tis", ["it's", " o\u2019er", " '", "tis"]),
        ("Ay.\n\nNo --", ["Ay", ".", "\n", "\n", "No", " --"]),
        ("\n    return x_1", ["\n", "   ", " return", " x_1"]),
        ("a \t b  \n", ["a", " \t", " b", "  ", "\n"]),
        ("3.14 1,000; e.g. a:b", ["3.14", " 1,000", ";", " e.g", ".", " a:b"]),
        ("naïve Ça 東京 カタカナ", ["naïve", " Ça", " 東", "京", " カタカナ"]),
        ("हिन्दी में", ["हिन्दी", " में"]),
        ("กำลัง", ["กำ", "ลั", "ง"]),
        ("👍🏽🇩🇪! ok", ["👍🏽🇩🇪!", " ok"]),
    ],
)
def test_words_include_the_preceding_space(text, pieces):
    tokenizer = tokenizers.train("word", [text, text])
    assert [tokenizer.decode([id]) for id in tokenizer.encode(text)] == pieces


def test_vocabularies_without_a_rule_use_the_old_pattern():
    pieces = [*sorted(set("naïve हिन्दी's 東京")), " 東京", "हिन"]
    former = WordTokenizer.from_json({"kind": "word", "pieces": pieces})
    assert former.to_json() == {"kind": "word", "pieces": pieces}
    text = "naïve 東京 हिन्दी"
    assert [former.decode([id]) for id in former.encode(text)] == [
        *"naïve", " 東京", " ", "ह", "ि", "न", "्", "द", "ी",
    ]  # fmt: skip
    now = tokenizers.train("word", [text])
    assert now.to_json()["rule"] == "uax29"
    assert tokenizers.load(now.to_json()).to_json() == now.to_json()
    with pytest.raises(CheckpointError, match="newer seqgen"):
        tokenizers.load({**now.to_json(), "rule": "uax30"})


def test_long_lines_are_split_between_words():
    text = "word\u0301s " * 20_000
    assert all(block.startswith((" ", "w")) for block in blocks(text))
    tokenizer = tokenizers.train("word", [text])
    assert len(tokenizer.encode(text)) == 5 + 19_999 + 1  # the first is split into characters


def test_clusters_are_grapheme_clusters():
    assert clusters("abc") == ["a", "b", "c"]
    assert clusters("e\u0301\r\n👍🏽") == ["e\u0301", "\r\n", "👍🏽"]


def test_words_that_occur_once_are_split_into_characters():
    tokenizer = tokenizers.train("word", ["the king and the queen"])
    tokens = [tokenizer.decode([id]) for id in tokenizer.encode("the queen and the king")]
    assert tokens == ["t", "h", "e", *" queen", *" and", *" the", *" king"]
    tokenizer = tokenizers.train("word", ["a king and a queen and a king and a fool"])
    tokens = [tokenizer.decode([id]) for id in tokenizer.encode("a queen and a king")]
    assert tokens == ["a", *" queen", " and", " a", " king"]


def test_pieces_are_sorted_by_frequency():
    text = " one" * 9 + " two" * 5 + " nine" * 3
    least = len(set(text)) + 1
    tokenizer = tokenizers.train("word", [text], vocab_size=least + 2)
    assert tokenizer.to_json()["pieces"][-2:] == [" one", " two"]


def test_the_default_size_is_ten_thousand_and_all_characters():
    text = " ".join(f"w{number}" for number in range(11_000))
    assert tokenizers.train("word", [text, text]).size == 10_000
    assert tokenizers.train("word", [text, text], vocab_size=10_500).size == 10_500
    characters = "".join(map(chr, range(0x4E00, 0x4E00 + 10_500)))
    assert tokenizers.train("word", [characters]).size == 10_501
