import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.evaluation.text.novelty import copied_spans, longest_copy, matches, novelty

few_letters = st.text("ab", max_size=20)


def planted():
    """Two texts of digits, the second with 40 characters of a training text of letters."""
    chance = random.Random(0)
    lines = ["".join(chance.choices("abcdefgh", k=50)) for _ in range(300)]
    training = "\n".join(lines) + "\n"
    copy = lines[123][5:45]
    return [str(10**60), "0" * 70 + copy + "1" * 30], training, copy, lines


def test_a_planted_copy_of_40_characters_is_found_and_where_it_came_from():
    texts, training, copy, lines = planted()
    found = longest_copy(texts, matches(texts, training), training)
    assert found.copied == copy
    assert (found.text, found.begin) == (1, 70)
    assert training[found.start : found.start + 40] == copy
    assert (found.document, found.line, found.last_line) == (1, 124, 124)
    assert found.before == lines[123][:5]
    assert found.after == lines[123][45:]


def test_a_copy_over_lines_is_shown_with_what_stands_around_it():
    training = "one\ntwo three\nfour five\nsix"
    texts = ["#three\nfour\n"]
    found = longest_copy(texts, matches(texts, training), training)
    assert (found.copied, found.line, found.last_line) == ("three\nfour", 2, 3)
    assert (found.before, found.after) == ("two ", " five")


def test_only_the_runs_of_the_planted_copy_are_not_new():
    texts, training, _, _ = planted()
    found = matches(texts, training)
    # 61 and 140 characters; the copy of 40 holds 40 - n + 1 runs of n.
    for n in (4, 8, 16, 24, 32):
        assert novelty(found, n) == pytest.approx(1 - (40 - n + 1) / (61 - n + 1 + 140 - n + 1))
    assert copied_spans(texts[1], found[1], 24) == [(70, 110)]
    assert copied_spans(texts[1], found[1], 41) == copied_spans(texts[0], found[0], 24) == []


@given(st.lists(few_letters, max_size=4), few_letters, st.integers(1, 5))
def test_novelty_is_that_of_counting(texts, training, n):
    runs = [text[place : place + n] for text in texts for place in range(len(text) - n + 1)]
    new = [run not in training for run in runs]
    found = matches(texts, training)
    assert novelty(found, n) == (pytest.approx(sum(new) / len(new)) if runs else None)
    for text, each in zip(texts, found, strict=True):
        marked = [
            any(b <= place < e for b, e in copied_spans(text, each, n))
            for place in range(len(text))
        ]
        runs_here = [(p, p + n) for p in range(len(text) - n + 1) if text[p : p + n] in training]
        assert marked == [any(b <= p < e for b, e in runs_here) for p in range(len(text))]


def test_no_copy_goes_on_from_one_text_into_the_next():
    assert [each.lengths.tolist() for each in matches(["ab", "cd"], "abcd")] == [[2, 1], [2, 1]]


def test_nothing_shared_is_no_copy():
    assert longest_copy(["xyz", ""], matches(["xyz", ""], "abc"), "abc") is None


def test_the_line_of_a_copy_is_counted_in_its_document():
    training = "one\ntwo\0three\nfour five six\0seven"
    texts = ["#five#"]
    found = longest_copy(texts, matches(texts, training), training)
    assert (found.document, found.line, found.before, found.after) == (2, 2, "four ", " six")
    texts = ["#three\n"]
    found = longest_copy(texts, matches(texts, training), training)
    assert (found.copied, found.line, found.last_line) == ("three\n", 1, 1)
    assert found.before == found.after == ""


def test_blanks_in_a_row_are_no_long_copy():
    training = "if x:" + " " * 50 + "\ndef run(self)\n"
    texts = ["y" + " " * 40 + "z\ndef run()"]
    found = matches(texts, training)
    copy = longest_copy(texts, found, training)
    assert copy.copied == "\ndef run("
    assert copied_spans(texts[0], found[0], 9) == [(42, 51)]
    assert copied_spans(texts[0], found[0], 10) == []
