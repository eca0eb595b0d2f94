"""The kind of tune that a book says it has: jig, reel, hornpipe, ..., by one name each."""

import re
from collections.abc import Iterable

KNOWN = (
    "air", "barn dance", "clog", "fling", "gavotte", "hop jig", "hornpipe", "jig", "long dance",
    "march", "mazurka", "minuet", "polka", "quickstep", "reel", "schottische", "slide", "slip jig",
    "song", "strathspey", "walkaround", "waltz",
)  # fmt: skip
"""What people ask for. Other names count as well where a book has them often."""

SAME = {
    "barndance": "barn dance",
    "double jig": "jig",
    "highland fling": "fling",
    "jigg": "jig",
    "menuet": "minuet",
    "quick step": "quickstep",
    "single jig": "jig",
    "slipjig": "slip jig",
    "strathsy": "strathspey",  # so shortened in Aird's
    "walk around": "walkaround",
}
# Words that end a title for other reasons as well: "Castles in the Air", "The Bridal Song".
NOT_IN_TITLES = ("air", "slide", "song")


def rhythm(value: str) -> str:
    """The name of a rhythm in lower case, one for each: ``SlipJig`` is ``"slip jig"``.

    value: of an ``R:`` line. A name that is not `KNOWN` stays what it is.
    """
    name = " ".join(re.sub(r"[^\w\s'-]+", " ", value.lower()).split())
    one = name.removesuffix("s")
    return SAME.get(name) or SAME.get(one) or (one if one in KNOWN else name)


def rhythm_in(titles: Iterable[str]) -> str:
    """The rhythm that a title ends in: ``Shaw's -- Reel``, ``A Spanish Jigg.``; "" if none does."""
    for title in titles:
        words = rhythm(title).split()
        for count in (2, 1):
            name = rhythm(" ".join(words[-count:]))
            of = len(words) > count and words[-count - 1] == "of"  # "The First of March"
            if name in KNOWN and name not in NOT_IN_TITLES and not of:
                return name
    return ""
