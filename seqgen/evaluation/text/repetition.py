"""Measure how much a text repeats itself."""

import re
from collections.abc import Hashable, Sequence

# Minimum number of repetitions and of characters of a loop.
MIN_REPEATS = 3
MIN_CHARACTERS = 60

_WORD = re.compile(r"\w+(?:['’]\w+)*")


def words(text: str) -> list[str]:
    """Return the words of a text; one with an apostrophe is one word."""
    return _WORD.findall(text)


def repeated_share(items: Sequence[Hashable], n: int) -> float | None:
    """Return the share of the n-grams of a text that occurred earlier in it; None without any.

    It is seq-rep-n, 1 - distinct n-grams / n-grams (Welleck et al. 2020, "Neural text generation
    with unlikelihood training").
    """
    grams = [tuple(items[start : start + n]) for start in range(len(items) - n + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else None


def find_loop(text: str) -> str | None:
    """Return the shortest string that a text ends by repeating, None if it does not.

    The repetitions must be at least `MIN_REPEATS` and have at least `MIN_CHARACTERS` characters.
    """
    for period in range(1, len(text) // MIN_REPEATS + 1):
        cycle = text[-period:]
        if text.endswith(cycle * max(MIN_REPEATS, -(-MIN_CHARACTERS // period))):
            return cycle
    return None
