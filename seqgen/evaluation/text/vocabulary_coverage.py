"""Share of generated words that occur in the training text."""

import re
from collections import Counter
from collections.abc import Iterable

from seqgen.evaluation.text.repetition import words

_LAST_WORD = re.compile(r"[\w'’]+\Z")


def known_words(texts: Iterable[str], training: str) -> tuple[float | None, tuple[str, ...]]:
    """Return the share of words that occur in the training text, and the unknown words.

    Case is ignored, and the last word of a text, which may be truncated. The most frequent word is
    first; the share is None without words.
    """
    known = set(map(str.casefold, words(training)))
    counts = Counter(word.casefold() for text in texts for word in words(_LAST_WORD.sub("", text)))
    unknown = Counter({word: count for word, count in counts.items() if word not in known})
    if not counts:
        return None, ()
    return 1 - unknown.total() / counts.total(), tuple(word for word, _ in unknown.most_common())
