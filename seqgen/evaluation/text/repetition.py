"""Texts that repeat themselves."""

import re
from collections.abc import Hashable, Sequence

# A cycle is no slip of the pen from so many times on, and so many characters.
TIMES = 3
LEAST = 60

WORD = re.compile(r"\w+(?:['’]\w+)*")


def words(text: str) -> list[str]:
    """The words of a text, as they are written; those with an apostrophe are one."""
    return WORD.findall(text)


def repeated(items: Sequence[Hashable], n: int) -> float | None:
    """Share of the n-grams of a text that came before in it; None if there is none.

    items: its words or its characters.
    Source: Welleck et al. 2020 ("Neural text generation with unlikelihood training"), seq-rep-n: 1
    less the number of different n-grams over that of all.
    """
    grams = [tuple(items[place : place + n]) for place in range(len(items) - n + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else None


def loop(text: str) -> str | None:
    """The shortest cycle that a text is caught in at its end; None if it is in none.

    A cycle counts from three times and sixty characters on.
    """
    for period in range(1, len(text) // TIMES + 1):
        cycle = text[-period:]
        if text.endswith(cycle * max(TIMES, -(-LEAST // period))):
            return cycle
    return None
