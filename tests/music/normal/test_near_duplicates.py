"""Variants of a tune are known as such."""

from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.key import Key
from seqgen.music.normal import codec, normalize
from seqgen.music.normal.near_duplicates import duplicate_groups

FIRST = "CDEF GABc|cBAG FEDC|"
SECOND = "cdec BGAB|c2G2 E2C2|Bcde dcBA|"
THIRD = "e3d cBAG|FAGE D2C2|GFED EDCB,|"


def tune(*parts, key="C"):
    return normalize.normalize(parse_tune(f"M:4/4\nL:1/8\nK:{key}\n" + "".join(parts)[:-1] + "|]"))


def together(*tunes):
    """For each tune the number of the first that is of its family."""
    words = duplicate_groups(tunes)
    return [words.index(word) for word in words]


def test_tunes_that_begin_alike_are_variants_whatever_their_lengths():
    slower = FIRST.replace("GABc|cB", "G/A/B/c/z2|cB")
    assert together(tune(FIRST, SECOND), tune(slower, THIRD), tune("E8|F8|")) == [0, 0, 2]


def test_tunes_that_share_a_long_run_are_variants():
    other = "G2E2 C2E2|"
    assert together(tune(SECOND, FIRST), tune(other, FIRST), tune(other, "E8|")) == [0, 0, 2]


def test_a_short_run_does_not_make_variants():
    fewer = "CDEF GABc|cBAG FE"  # 14 notes
    assert together(tune(SECOND, fewer, "E2|"), tune(THIRD, fewer, "C2|")) == [0, 1]


def test_the_key_makes_no_difference():
    own = tune(FIRST, SECOND)
    moved = codec.transpose_tune(tune(SECOND, FIRST), Key(1))
    assert together(own, moved) == [0, 0]


def test_variants_are_transitive_and_independent_of_the_order():
    chain = [tune(FIRST, SECOND), tune(SECOND, THIRD, THIRD), tune("G8|", THIRD, THIRD)]
    assert together(*chain) == [0, 0, 0]
    assert together(chain[0], chain[2]) == [0, 1]
    assert duplicate_groups(chain) == duplicate_groups(chain[::-1])[::-1]
