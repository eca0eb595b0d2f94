import numpy as np
import pytest

from seqgen.errors import TuneError
from seqgen.music.grammar.grammar import Grammar
from seqgen.music.normal.tokens import BODY, PATTERN

TOKENS = ["<end>", "R:none\n", "M:2/4\n", "K:Cmaj\n", "K:Cdor\n", *BODY]


def after(key, body):
    """The pitches that may come behind a body."""
    grammar = Grammar(TOKENS)
    pieces = PATTERN.findall(f"R:none\nM:2/4\nK:{key}\n{body}")
    state = grammar.follow([TOKENS.index(piece) for piece in pieces])
    return {TOKENS[id] for id in np.flatnonzero(grammar.allowed(state, 99))}


def test_redundant_signs_are_not_allowed():
    assert {"f", "^f", "_f"} <= after("Cmaj", "")
    assert "=f" not in after("Cmaj", "")
    assert {"b", "^b", "=b"} <= after("Cdor", "")
    assert "_b" not in after("Cdor", "")


def test_a_letter_with_a_sign_needs_one_until_the_bar_line():
    for octave in ("F,", "F", "f"):
        allowed = after("Cmaj", "^fa")
        assert {f"^{octave}", f"={octave}", f"_{octave}"} <= allowed
        assert octave not in allowed
    assert "f" in after("Cmaj", "^fa3|")
    assert "=f" not in after("Cmaj", "^fa3|")


def test_a_tie_requires_the_same_pitch_even_over_a_bar_line():
    pitches = {token for token in BODY if token.strip("_=^,'").isalpha()} - {"z"}
    assert after("Cmaj", "^f-") & pitches == {"^f"}
    # In the new bar the sign changes nothing, but the tied note has to be the same.
    assert after("Cmaj", "^f2=f2-|") & pitches == {"=f"}
    assert "f" not in after("Cmaj", "^f2=f2-|=f")
    assert "f" in after("Cmaj", "f4-|f")


@pytest.mark.parametrize("body", ["^ff", "=f", "^f2=f2-|f", "f-g", "f2-|^f"])
def test_other_spellings_are_refused(body):
    with pytest.raises(TuneError):
        after("Cmaj", body)
