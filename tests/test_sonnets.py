"""Checks on the training corpus corpora/sonnets.txt."""

from pathlib import Path

import pytest

SONNETS = Path(__file__).parents[1] / "corpora" / "sonnets.txt"


@pytest.fixture(scope="module")
def raw():
    return SONNETS.read_bytes()


@pytest.fixture(scope="module")
def sonnets(raw):
    """Lines of each sonnet by its number, in file order."""
    blocks = raw.decode("ascii").removesuffix("\n").split("\n\n")
    numbered = [block.split("\n") for block in blocks]
    assert [head for head, *_ in numbered] == [str(n) for n in range(1, 155)]
    return {int(head): lines for head, *lines in numbered}


def test_bytes(raw):
    assert raw.isascii()
    assert b"\r" not in raw
    assert b"\t" not in raw
    assert raw.endswith(b".\n")
    assert not raw.endswith(b"\n\n")


def test_line_counts(sonnets):
    odd = {n: len(lines) for n, lines in sonnets.items() if len(lines) != 14}
    assert odd == {99: 15, 126: 12}


def test_lines_are_clean(sonnets):
    for n, lines in sonnets.items():
        for line in lines:
            assert line == " ".join(line.split()), (n, line)
            assert 20 <= len(line) <= 60, (n, line)


def test_no_line_is_repeated(sonnets):
    lines = [line for sonnet in sonnets.values() for line in sonnet]
    assert len(lines) == len(set(lines)) == 2155


@pytest.mark.parametrize(
    ("number", "first", "last"),
    [
        (
            1,
            "From fairest creatures we desire increase,",
            "To eat the world's due, by the grave and thee.",
        ),
        (
            18,
            "Shall I compare thee to a summer's day?",
            "So long lives this, and this gives life to thee.",
        ),
        (
            99,
            "The forward violet thus did I chide:",
            "But sweet, or colour it had stol'n from thee.",
        ),
        (
            126,
            "O thou, my lovely boy, who in thy power",
            "And her quietus is to render thee.",
        ),
        (
            130,
            "My mistress' eyes are nothing like the sun;",
            "As any she belied with false compare.",
        ),
        (
            145,
            "Those lips that Love's own hand did make,",
            "And sav'd my life, saying 'not you'.",
        ),
        (
            154,
            "The little Love-god lying once asleep,",
            "Love's fire heats water, water cools not love.",
        ),
    ],
)
def test_first_and_last_lines(sonnets, number, first, last):
    assert (sonnets[number][0], sonnets[number][-1]) == (first, last)
