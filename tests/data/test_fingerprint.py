"""Documents are identified by 64-bit hashes."""

from seqgen.data.corpora.longtext import Store
from seqgen.data.fingerprint import fingerprint


def test_blanks_around_a_text_do_not_count() -> None:
    assert fingerprint("Anna") == fingerprint("  Anna\n") != fingerprint("An na")


def test_a_long_text_has_the_hash_of_a_short_one() -> None:
    assert fingerprint(Store().add(["An", "na"])) == fingerprint("Anna")
    long = "x" * 1_200_000
    assert fingerprint(Store().add([long])) == fingerprint(long) != fingerprint(long + "x")
