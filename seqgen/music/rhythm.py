"""The kind of tune that a book says it has: jig, reel, hornpipe, ..., by one name each."""

import re

# Names that people ask for, and other ways to write them.
KNOWN = (
    "air", "barn dance", "clog", "fling", "gavotte", "highland fling", "hop jig", "hornpipe", "jig",
    "march", "mazurka", "minuet", "polka", "quickstep", "reel", "schottische", "slide", "slip jig",
    "song", "strathspey", "walkaround", "waltz",
)  # fmt: skip
SAME = {
    "double jig": "jig",
    "single jig": "jig",
    "jigg": "jig",
    "slipjig": "slip jig",
    "quick step": "quickstep",
    "minuetto": "minuet",
    "menuet": "minuet",
    "barndance": "barn dance",
    "walk around": "walkaround",
    "hornpip": "hornpipe",
}
PLURALS = {f"{name}s": name for name in KNOWN}


def rhythm(value: str) -> str:
    """The name of the rhythm that an ``R:`` line gives, in lower case; "" if it gives none."""
    name = " ".join(re.sub(r"[^\w\s'-]+", " ", value.lower()).split())
    name = SAME.get(name, name)
    return PLURALS.get(name, name)


def rhythm_in_title(title: str) -> str:
    """The rhythm that a title ends in behind a dash: ``Shaw's -- Reel``; "" if there is none."""
    _, dash, last = title.rpartition("--")
    name = rhythm(last)
    return name if dash and name in KNOWN else ""
