"""Titles for new tunes, from a Markov model of the words of a book's titles.

A title is stored as a pattern: its words, with ``*`` for the type of the tune at its end, so that
"Fisher's Hornpipe" can become "Fisher's Reel". The next word depends on the two words before it.
Once in a title, where few titles have these two, it depends on one (back-off, Katz 1987): so most
titles are the beginning of one and the end of another that have a word in common.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from seqgen.music.abc.tune_type import KNOWN, rhythm, rhythm_in
from seqgen.music.core.meter import NO_METER

TYPE = "*"
"""Stands for the type of the tune in a pattern."""

MAX_PATTERNS, MAX_CHARACTERS, MAX_WORDS = 5_000, 60, 6
# Different words that must follow two words, so that they determine the next one.
_LEAST_FOLLOWERS = 3
_ATTEMPTS = 100

_SMALL = frozenset(
    ("a", "an", "and", "at", "by", "de", "for", "from", "in", "my", "o'", "of", "on", "or", "over",
     "the", "to", "upon", "with", "your", "i", "is", "are", "was", "where", "when", "her", "his")
)  # fmt: skip
_LOWER = _SMALL - {"i", "is", "are", "was", "where", "when", "my", "your", "her", "his"}
# Insults in titles of the 19th century, which new titles do not repeat.
_INSULTS = frozenset(("coon", "darkey", "darkies", "darky", "nigger", "niggers", "sambo", "squaw"))
# Types that stand before a name instead of at the end: "Planxty Irwin".
_NAMED_FIRST = ("planxty",)
# Words that no title ends with, besides those in _SMALL.
_OPEN = frozenset(("miss", "sir", "lord", "lady", "planxty"))
_ABBREVIATIONS = frozenset(
    ("mr.", "mrs.", "dr.", "st.", "capt.", "col.", "gen.", "genl.", "rev.", "revd.", "hon.",
     "honble.", "maj.", "lt.", "lieut.", "sergt.", "sr.", "jas.", "wm.", "margt.")
)  # fmt: skip
_REST = re.compile(
    r"\s*(?:[(\[{;:/]|\bor,|,?\s+or\b|\bwith variations\b|--|\s-).*", re.IGNORECASE | re.DOTALL
)
_ARTICLE_LAST = re.compile(r"^(.*?)\s*[.,]+\s+(the|a|an)\W*$", re.IGNORECASE | re.DOTALL)
_TYPE_APART = re.compile(r"\s*(?:--|\s-|-\s|–|—)\s*([\w ]+?)\W*$")
# Letters that are capitals in a name: "O'Neill's", "McBain", "Ha-Penny".
_INITIALS = re.compile(r"(?<![\w'’])(o['’]|mc|mac(?=[bcdfgk]))?([a-z])")
_WORD = re.compile(r"[^\W\d_][\w'’&-]*\.?")


def title_pattern(title: str) -> str | None:
    """Return the pattern of a book's title; None for one with numbers or of another form.

    Of several names (``X, or Y``) the first counts, without remarks in parentheses.

    ``ACROBAT'S -- HORNPIPE`` is ``Acrobat's *``, ``Kesh Jig, The`` is ``The Kesh *``.
    """
    if match := _ARTICLE_LAST.match(title):
        title = f"{match[2]} {match[1]}"
    apart = _TYPE_APART.search(title)
    kind = rhythm(apart[1]) if apart else ""
    title = title[: apart.start()] if apart and kind in KNOWN else _REST.sub("", title)
    words = re.sub(r'["“”,!?]', " ", title).strip().rstrip(".").split()
    if not words or not all(map(_WORD.fullmatch, words)):
        return None
    shouted = sum(map(str.isupper, title)) > sum(map(str.islower, title))
    words = [_capitalized(word, shouted, first=n == 0) for n, word in enumerate(words)]
    words[-1] = words[-1].rstrip(".")
    if words[-1] == "Do" or not all(map(_may_have_point, words)):
        return None
    if _INSULTS & {word.lower().removesuffix("'s") for word in words}:
        return None
    if apart and kind in KNOWN:
        words.append(TYPE)
    elif len(words) > 1 and (stated := rhythm_in([" ".join(words)], NO_METER)):
        words = _with_type_replaced(words, stated)
    pattern = " ".join(words)
    return pattern if len(pattern) <= MAX_CHARACTERS and len(words) <= MAX_WORDS else None


def _capitalized(word: str, shouted: bool, *, first: bool) -> str:
    lower = word.lower()
    if lower in _LOWER and not first:
        return lower
    if shouted:
        word = _INITIALS.sub(_upper_initials, lower)
    return word[0].upper() + word[1:]


def _may_have_point(word: str) -> bool:
    return "." not in word or word.lower() in _ABBREVIATIONS


def _upper_initials(match: re.Match[str]) -> str:
    return (match[1] or "").capitalize() + match[2].upper()


def _with_type_replaced(words: list[str], stated: str) -> list[str]:
    """Replace the type at the end of a title, if it is there."""
    for count in (2, 1):
        if len(words) > count and rhythm(" ".join(words[-count:])) == stated:
            return [*words[:-count], TYPE]
    return words


def title_patterns(titles: Iterable[str]) -> tuple[str, ...]:
    """Return the different patterns of a book's titles, evenly chosen if they are too many."""
    patterns = list(dict.fromkeys(filter(None, map(title_pattern, titles))))
    if len(patterns) > MAX_PATTERNS:
        chosen = np.linspace(0, len(patterns) - 1, MAX_PATTERNS).astype(int)
        patterns = [patterns[n] for n in chosen]
    return tuple(patterns)


def is_pattern(text: str) -> bool:
    """Whether a text can be a pattern of `title_pattern`."""
    words = text.split(" ")
    return (
        0 < len(text) <= MAX_CHARACTERS
        and len(words) <= MAX_WORDS
        and all(word == TYPE or _WORD.fullmatch(word) for word in words)
    )


class TitleModel:
    """A Markov model of the words of titles."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Count which words follow which.

        Args:
            patterns: Those of the titles of a book (`title_patterns`).
        """
        self._known: set[str] = set()  # titles, and beginnings and ends of titles
        self._followers: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for pattern in patterns:
            base = _base(pattern.split(" "))
            self._known |= {" ".join(base[:end]) for end in range(1, len(base) + 1)}
            self._known |= {" ".join(base[start:]) for start in range(len(base))}
            words = ["", "", *pattern.split(" "), ""]
            for before, previous, word in zip(words, words[1:], words[2:], strict=False):
                self._followers[before.lower(), previous.lower()].append(word)
                self._followers[(previous.lower(),)].append(word)

    def propose(self, rhythm: str, random: np.random.Generator) -> str | None:
        """Propose a title that the book does not have.

        Args:
            rhythm: Type of the tune; "" for none. Only a reel is called a reel.
            random: Source of randomness.

        Returns:
            The title; None if the book has too few titles to make a new one of.
        """
        if not self._followers:
            return None
        name = rhythm.title() if rhythm in KNOWN and rhythm not in _NAMED_FIRST else ""
        for _ in range(_ATTEMPTS):
            words = list(self._words(random))
            base = " ".join(_base(words))
            title = " ".join(name if word == TYPE else word for word in words)
            if (
                _is_complete(words)
                and base not in self._known
                and (name or TYPE not in words)
                and rhythm_in([title], NO_METER) in ("", rhythm)
                and (TYPE not in words or not rhythm_in([base], NO_METER))
            ):
                return title
        return None

    def _words(self, random: np.random.Generator) -> Iterator[str]:
        """Yield the words of a title of any length up to the limit."""
        before = previous = ""
        backed_off = False
        for _ in range(MAX_WORDS + 1):
            followers = self._followers[before, previous]
            if not backed_off and len(set(followers)) < _LEAST_FOLLOWERS:
                followers, backed_off = self._followers[(previous,)], True
            word = followers[random.integers(len(followers))]
            if not word:
                return
            yield word
            before, previous = previous, word.lower()


def _base(words: Sequence[str]) -> list[str]:
    """The words in lower case, without an article at the beginning and the type at the end."""
    base = [word.lower() for word in words if word != TYPE]
    return base[1:] if len(base) > 1 and base[0] in ("the", "a", "an") else base


def _is_complete(words: Sequence[str]) -> bool:
    """Whether a title has a form that titles have."""
    last = words[-1].lower() if words else ""
    content = [word.lower() for word in words if word.lower() not in _SMALL]
    return (
        2 <= len(words) <= MAX_WORDS
        and words[0].lower() not in ("and", "of")
        and last not in _SMALL
        and last not in _OPEN
        and not last.endswith(("'s", "s'", "’s", "."))
        and TYPE not in words[:-1]
        and len(set(content)) == len(content)
    )
