import pytest

from seqgen.evaluation.text.vocabulary_coverage import known_words


def test_known_words_are_compared_without_case():
    share, lacking = known_words(
        ["The sea, the SKY, a wug; a wug and a bliv", "sea"], "a Sea the sky."
    )
    # The last word of each, which may be cut off, does not count: 10 are left.
    assert share == pytest.approx(7 / 10)
    assert lacking == ("wug", "and")
    assert known_words(["...", ""], "a sea") == (None, ())
