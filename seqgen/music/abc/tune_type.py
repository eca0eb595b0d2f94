"""Types of tunes: jig, reel, hornpipe, ..., with one name each."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

KNOWN = (
    "air", "barn dance", "clog", "fling", "gavotte", "hop jig", "hornpipe", "jig", "long dance",
    "march", "mazurka", "minuet", "polka", "quickstep", "reel", "schottische", "slide", "slip jig",
    "song", "strathspey", "walkaround", "waltz",
)  # fmt: skip
"""Common types. Other names are accepted if a book uses them often."""

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
# Words that name a collection of any tunes: "Scots Airs", "Irish Songs".
GENERIC = ("air", "song")


def rhythm(value: str) -> str:
    """The standard name of a rhythm, in lower case: ``slipjig`` is ``"slip jig"``.

    value: of an ``R:`` line. A name that is not `KNOWN` is only cleaned up.
    """
    name = " ".join(re.sub(r"[^\w\s'-]+", " ", value.lower()).split())
    for form in (name, *_singular(name)):
        if form in SAME or form in KNOWN:
            return SAME.get(form, form)
    return name


def _singular(name: str) -> tuple[str, ...]:
    """Possible singulars: ``waltze`` and ``waltz`` of ``waltzes``."""
    return tuple(name.removesuffix(end) for end in ("s", "es") if name.endswith(end))


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


def collection_rhythm(name: str) -> str:
    """The rhythm that the name of a collection states: ``hornpipes-2``, ``Irish Reels``.

    It does so if it is nothing but a rhythm and numbers, or contains the plural of exactly one.
    Returns "" for a name that states none, or several (``Jigs and Reels``).
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = re.sub(r"[\W\d_]+", " ", spaced).lower().split()
    if (whole := rhythm(" ".join(words))) in KNOWN:
        return whole
    stated = set()
    while words:
        count = 2 if plural_rhythm(words[:2]) else 1
        stated.add(plural_rhythm(words[:count]))
        del words[:count]
    stated.discard("")
    return stated.pop() if len(stated) == 1 and not stated & set(GENERIC) else ""


def plural_rhythm(words: Sequence[str]) -> str:
    """The known rhythm that the words are the plural of, or ""."""
    name = " ".join(words)
    known = rhythm(name)
    return known if known in KNOWN and name != known and name.endswith("s") else ""


def file_rhythm(path: str) -> str:
    """The rhythm that a file's name states, or else that of its folder; "" if none does."""
    pure = PurePath(path)
    return collection_rhythm(pure.stem) or collection_rhythm(pure.parent.name)
