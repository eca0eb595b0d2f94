"""Types of tunes: jig, reel, hornpipe, ..., with one name each, and where a book states them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

from seqgen.music.core.meter import Meter

KNOWN = (
    "air", "allemande", "barn dance", "breakdown", "clog", "country dance", "fling", "galop",
    "gavotte", "highland", "hop jig", "hornpipe", "jig", "lament", "lullaby", "march", "mazurka",
    "minuet", "planxty", "polka", "quadrille", "quickstep", "rant", "reel", "rondo",
    "schottische", "scots measure", "set dance", "slide", "slip jig", "song", "strathspey",
    "two-step", "walkaround", "waltz",
)  # fmt: skip
"""Common types. Other names are accepted if a book uses them often."""

SAME = {
    "barndance": "barn dance",
    "contradance": "country dance",
    "contredanse": "country dance",
    "double jig": "jig",
    "gallop": "galop",
    "gigue": "jig",
    "highland fling": "fling",
    "highland schottische": "schottische",
    "hoedown": "breakdown",
    "jigg": "jig",
    "jigge": "jig",
    "long dance": "set dance",  # so in O'Neill's
    "menuet": "minuet",
    "polca": "polka",
    "quick march": "quickstep",
    "quick step": "quickstep",
    "schottish": "schottische",
    "setdance": "set dance",
    "single jig": "jig",
    "slipjig": "slip jig",
    "strathspe": "strathspey",  # so shortened in Aird's, like the next one
    "strathsy": "strathspey",
    "two step": "two-step",
    "valse": "waltz",
    "walk around": "walkaround",
}
# Words that name a collection of any tunes: "Scots Airs", "Irish Songs".
GENERIC = ("air", "song")

# The meters of types that have few, as (beats, unit); other types occur in any meter.
_COMPOUND = frozenset({(3, 8), (6, 8), (9, 8), (12, 8), (6, 4), (9, 4), (6, 16), (12, 16)})
_DUPLE = frozenset({(2, 4), (4, 4), (2, 2), (4, 2), (4, 8), (8, 8)})
_TRIPLE = frozenset({(3, 4), (3, 8), (6, 8), (6, 4), (3, 2)})
_METERS: dict[str, frozenset[tuple[int, int]]] = {
    "barn dance": _DUPLE,
    "breakdown": _DUPLE,
    "clog": _DUPLE,
    "fling": _DUPLE,
    "galop": _DUPLE,
    "gavotte": _DUPLE,
    "highland": _DUPLE,
    "hop jig": frozenset({(9, 8), (9, 4), (3, 4)}),
    "hornpipe": _DUPLE | {(3, 2), (6, 4), (3, 4)},  # the older ones have three beats
    "jig": _COMPOUND,
    "mazurka": _TRIPLE,
    "minuet": _TRIPLE,
    "polka": _DUPLE,
    "reel": _DUPLE,
    "schottische": _DUPLE,
    "scots measure": _DUPLE,
    "slide": frozenset({(12, 8), (6, 8)}),
    "slip jig": frozenset({(9, 8), (9, 4)}),
    "strathspey": _DUPLE,
    "two-step": _DUPLE | {(6, 8)},
    "walkaround": _DUPLE,
    "waltz": _TRIPLE,
}

# Where a title has a new phrase: "Fisher's Hornpipe (1st Setting)", "The Weavers March or ...".
_PHRASE_END = re.compile(
    r"[][(){}:;,.!?/\"“”«»–—]|\s-|-\s|--|\bor\b|\balias\b|\bwith variations\b", re.IGNORECASE
)
_DATE = re.compile(r"(?<!quick )\bmarch \d+(?:st|nd|rd|th|d)?\b(?!.*\breg)", re.IGNORECASE)
# What follows a type at the end of a phrase: "Polka No. 2", "Waltz in D minor", "Reel #3".
_NUMBER = re.compile(r"(?:\s+(?:no|nr|number|#|\d+\w{0,2}|#\d+|[ivx]{1,4}))+$")
_IN_KEY = re.compile(r"\s+in [a-g](?:[#b♯♭]| flat| sharp)?(?: (?:major|minor|dorian|mixolydian))?$")
_ARTICLES = ("the", "a", "an", "ye")
# Before a type at the end of a phrase these show another sense: "Castles in the Air".
_OTHER_SENSE = frozenset(
    (
        "a",
        "an",
        "and",
        "at",
        "for",
        "from",
        "in",
        "into",
        "my",
        "of",
        "on",
        "our",
        "the",
        "to",
        "with",
    )
)
# After a type at the beginning of a phrase: "Reel of Tulloch", "Jig o' Slurs", "Air de Chasse".
_LINKS = frozenset(("of", "o'", "o", "de", "des", "du", "for"))


def rhythm(value: str) -> str:
    """The standard name of a rhythm, in lower case: ``slipjig`` is ``"slip jig"``.

    value: of an ``R:`` line. A name that is not `KNOWN` is only cleaned up.
    """
    name = _clean(value)
    return _known(name) or name


def base_rhythm(value: str) -> str:
    """The known type that a longer name states: ``irish reel`` is a reel, ``jig double`` a jig.

    The last words count before the first ones. Returns `rhythm` of a name that states none.
    """
    name = rhythm(value)
    words = name.split()
    parts = (words, words[-2:], words[-1:], words[:2], words[:1])
    return next(filter(None, (_known(" ".join(part)) for part in parts)), name)


def _clean(value: str) -> str:
    return " ".join(re.sub(r"[^\w\s'-]+", " ", value.lower()).split())


def _known(name: str) -> str:
    """The known type that a cleaned name states in the singular or the plural, or ""."""
    for form in (name, *_singular(name)):
        if form in SAME or form in KNOWN:
            return SAME.get(form, form)
    return ""


def _singular(name: str) -> tuple[str, ...]:
    """Possible singulars: ``waltze`` and ``waltz`` of ``waltzes``, ``lullaby`` of ``lullabies``."""
    plain = tuple(name.removesuffix(end) for end in ("s", "es") if name.endswith(end))
    return (*plain, name.removesuffix("ies") + "y") if name.endswith("ies") else plain


def fits_meter(rhythm: str, meter: Meter) -> bool:
    """Whether tunes of a type are written in a meter; true for unknown types and no meter."""
    return not meter.beats or tuple(meter) in _METERS.get(rhythm, (tuple(meter),))


def in_meter(rhythm: str, meter: Meter) -> str:
    """The name of a type in a meter: a jig in 9/8 is a slip jig. Returns "" if it does not fit."""
    if rhythm == "jig" and tuple(meter) in _METERS["slip jig"]:
        return "slip jig"
    return rhythm if fits_meter(rhythm, meter) else ""


def rhythm_in(titles: Iterable[str], meter: Meter) -> str:
    """The first type that the titles name and the meter allows, or "".

    ``The Butchers' March -- Jig``, ``The Rakish Paddy (reel)``, ``Kesh Jig, The`` and ``Reel of
    Tulloch`` name one; ``The First of March`` and ``Castles in the Air`` do not.
    """
    for title in titles:
        phrases = [_words(phrase) for phrase in _PHRASE_END.split(_DATE.sub("", title))]
        whole = [_known(" ".join(words)) for words in reversed(phrases)]
        parts = (name for words in phrases for name in _types_in(words))
        for name in (*filter(None, whole), *parts):
            if found := in_meter(name, meter):
                return found
    return ""


def _words(phrase: str) -> list[str]:
    """The words of a phrase of a title without an article at its beginning, a number and a key."""
    words = _NUMBER.sub("", _IN_KEY.sub("", _clean(phrase))).split()
    return words[1:] if words and words[0] in _ARTICLES else words


def _types_in(words: Sequence[str]) -> Iterator[str]:
    """The types that a phrase of a title may state, the most likely first."""
    for place in range(len(words) - 2, -1, -1):
        if name := _known(" ".join(words[place : place + 2])):
            yield name
    if len(words) < 2:
        return
    before, after = words[-2], words[1]
    if before not in _OTHER_SENSE and not before[0].isdigit():
        yield _known(words[-1])
    name = _known(words[0])
    linked = after in _LINKS or after.startswith("d'")
    if linked or name == "planxty":
        yield name


def collection_rhythm(name: str) -> str:
    """The rhythm that the name of a collection states: ``hornpipes-2``, ``Irish Reels``.

    It does so if it is nothing but a rhythm and numbers, or contains the plural of exactly one.
    Returns "" for a name that states none, or several (``Jigs and Reels``).
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = re.sub(r"[\W\d_]+", " ", spaced).lower().split()
    if whole := _known(" ".join(words)):
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
    known = _known(name)
    return known if name.endswith("s") and name not in (known, *SAME) else ""


def file_rhythm(path: str) -> str:
    """The rhythm that a file's name states, or else that of its folder; "" if none does."""
    pure = PurePath(path)
    return collection_rhythm(pure.stem) or collection_rhythm(pure.parent.name)
