import numpy as np
import pytest

from seqgen.inspection import features

BY_NAME = {feature.name: feature for feature in (*features.TEXT, *features.MUSIC)}

# Feature, text, and the expected value of each character.
CASES = [
    ("in quotes", 'a "bc" d', "00111000"),
    ("in quotes", "“a” b", "11000"),
    ("in quotes", '"a\n\nb', "11100"),
    ("in single quotes", "f('ab') it's", "001110000000"),
    ("position in line", "ab\ncd", "01012"),
    ("bracket depth", "a(b[c]d))e", "0112211000"),
    ("in comment", "x # y\nz", "0011100"),
    ("in comment", "a;//b\nc", "0011100"),
    ("in comment", "http://b", "00000000"),
    ("in comment", "7//2 a#b", "00000000"),
    ("in comment", "a/*b*/c", "0111110"),
    ("in word", "a b1, c", "1011001"),
    ("word begins", "ab cd", "10010"),
    ("position in word", "ab cd", "01012"),
    ("capital", "aBc", "010"),
    ("number", "a1b", "010"),
    ("position in sentence", "a. bc", "00123"),
    ("lines since blank", "a\nb\n\nc\n", "0112001"),
    ("indentation", "a\n  b c\n d", "0012222011"),
    ("speaker's name", "a\nROMEO:\nb: c", "0011111100000"),
    ("speaker's name", "First Citizen:\n", "1" * 14 + "0"),
    ("in header", "K:D\nA|", "111100"),
    ("position in bar", "AB|CD|E", "0101201"),
    ("bar in section", "A|B|C||D|", "011223001"),
    ("pitch", "CEc,", "0270"),
    ("in chord symbol", '"G"A', "1100"),
    ("in chord", "A[CEG]B|]", "011111000"),
    ("accidental", "^A=B", "1010"),
    ("length", "A3/2B", "01110"),
]


@pytest.mark.parametrize(("name", "text", "expected"), CASES)
def test_values_of_features(name: str, text: str, expected: str) -> None:
    values = BY_NAME[name].measure(text)
    assert "".join(str(int(value)) for value in values) == expected


def test_every_feature_has_a_case_and_accepts_any_text() -> None:
    assert {name for name, _, _ in CASES} == set(BY_NAME)
    for feature in BY_NAME.values():
        for text in ("", "\n", "]})", "é\x00\U0001f600", "|:" * 9):
            assert np.asarray(feature.measure(text)).shape == (len(text),)


def test_tunes_have_features_of_music() -> None:
    assert features.features_of("X:1\nM:6/8\nK:D\nABc|") is features.MUSIC
    assert features.features_of("R:jig\nM:6/8\nK:Cdor\nABc|") is features.MUSIC
    assert features.features_of("ROMEO:\nA rose by any other name") is features.TEXT
