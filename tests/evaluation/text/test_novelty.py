import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.evaluation.text.novelty import copied_spans, find_matches, longest_copy, novelty

short_texts = st.text("ab", max_size=20)


def planted_copy():
    """Two texts of digits, the second with 40 characters of a training text of letters."""
    rng = random.Random(0)
    lines = ["".join(rng.choices("abcdefgh", k=50)) for _ in range(300)]
    training = "\n".join(lines) + "\n"
    copy = lines[123][5:45]
    return [str(10**60), "0" * 70 + copy + "1" * 30], training, copy, lines


def test_the_longest_copy_is_located():
    texts, training, planted, lines = planted_copy()
    copy = longest_copy(texts, find_matches(texts, training), training)
    assert copy.copied == planted
    assert (copy.text, copy.begin) == (1, 70)
    assert training[copy.start : copy.start + 40] == planted
    assert (copy.document, copy.line, copy.last_line) == (1, 124, 124)
    assert copy.before == lines[123][:5]
    assert copy.after == lines[123][45:]


def test_a_copy_over_several_lines_has_its_context():
    training = "one\ntwo three\nfour five\nsix"
    texts = ["#three\nfour\n"]
    copy = longest_copy(texts, find_matches(texts, training), training)
    assert (copy.copied, copy.line, copy.last_line) == ("three\nfour", 2, 3)
    assert (copy.before, copy.after) == ("two ", " five")


def test_novelty_counts_the_runs_of_the_planted_copy():
    texts, training, _, _ = planted_copy()
    results = find_matches(texts, training)
    # 61 and 140 characters; the copy of 40 holds 40 - n + 1 runs of n.
    for n in (4, 8, 16, 24, 32):
        assert novelty(results, n) == pytest.approx(1 - (40 - n + 1) / (61 - n + 1 + 140 - n + 1))
    assert copied_spans(texts[1], results[1], 24) == [(70, 110)]
    assert copied_spans(texts[1], results[1], 41) == copied_spans(texts[0], results[0], 24) == []


@given(st.lists(short_texts, max_size=4), short_texts, st.integers(1, 5))
def test_novelty_equals_direct_counting(texts, training, n):
    runs = [text[start : start + n] for text in texts for start in range(len(text) - n + 1)]
    new = [run not in training for run in runs]
    results = find_matches(texts, training)
    assert novelty(results, n) == (pytest.approx(sum(new) / len(new)) if runs else None)
    for text, match in zip(texts, results, strict=True):
        in_spans = [
            any(b <= start < e for b, e in copied_spans(text, match, n))
            for start in range(len(text))
        ]
        runs_here = [(p, p + n) for p in range(len(text) - n + 1) if text[p : p + n] in training]
        assert in_spans == [any(b <= p < e for b, e in runs_here) for p in range(len(text))]


def test_copies_do_not_cross_texts():
    assert [each.lengths.tolist() for each in find_matches(["ab", "cd"], "abcd")] == [
        [2, 1],
        [2, 1],
    ]


def test_texts_without_a_shared_character_have_no_copy():
    assert longest_copy(["xyz", ""], find_matches(["xyz", ""], "abc"), "abc") is None


def test_line_numbers_count_within_the_document():
    training = "one\ntwo\0three\nfour five six\0seven"
    texts = ["#five#"]
    copy = longest_copy(texts, find_matches(texts, training), training)
    assert (copy.document, copy.line, copy.before, copy.after) == (2, 2, "four ", " six")
    texts = ["#three\n"]
    copy = longest_copy(texts, find_matches(texts, training), training)
    assert (copy.copied, copy.line, copy.last_line) == ("three\n", 1, 1)
    assert copy.before == copy.after == ""


def test_runs_of_blanks_are_not_long_copies():
    training = "if x:" + " " * 50 + "\ndef run(self)\n"
    texts = ["y" + " " * 40 + "z\ndef run()"]
    results = find_matches(texts, training)
    copy = longest_copy(texts, results, training)
    assert copy.copied == "\ndef run("
    assert copied_spans(texts[0], results[0], 9) == [(42, 51)]
    assert copied_spans(texts[0], results[0], 10) == []
