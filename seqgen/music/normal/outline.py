"""The outline of a tune: how many bars each of its sections has, and which are repeated.

A line of the header before the key (``P:8*,8*``: two sections of eight bars, each played twice), so
that a model chooses it first and then knows the bars that are left. A model without it decides at
each eighth bar whether the tune ends, so that it plays no cadence before, or misses the end.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from seqgen.music.core.tune import Tune

UNKNOWN = "?"  # rare outlines
LETTER = "P"


class Part(NamedTuple):
    """A section: its bars, without its pickup and its second ending, and whether it is repeated."""

    bars: int
    repeated: bool


def outline(tune: Tune) -> tuple[Part, ...]:
    """The sections of a tune in normal form."""
    parts: list[Part] = []
    bars, repeated, begins = 0, False, True
    for bar in tune.bars:
        # The lead-in of a repeat is a pickup as well.
        pickup = begins and bar.length < tune.meter.length
        begins = False
        bars += not pickup and bar.ending != "2"
        repeated = repeated or bar.left == "|:"
        if bar.right != "|" and bar.ending != "1":
            parts.append(Part(max(1, bars), repeated))
            bars, repeated, begins = 0, False, True
    return tuple(parts)


def line(parts: Iterable[Part]) -> str:
    """Encode an outline as a line of the header."""
    texts = (f"{part.bars}{'*' * part.repeated}" for part in parts)
    return f"{LETTER}:{','.join(texts)}\n"


def read_line(token: str) -> tuple[Part, ...]:
    """Decode an outline; empty for other tokens and for the unknown outline."""
    if not re.fullmatch(rf"{LETTER}:[1-9][0-9]{{0,3}}\*?(,[1-9][0-9]{{0,3}}\*?)*\n", token):
        return ()
    return tuple(
        Part(int(bars), bool(star)) for bars, star in re.findall(r"([0-9]+)(\*?)", token[2:])
    )


def with_line(text: str, token: str) -> str:
    """Insert the line of an outline before that of the key."""
    before, key, rest = text.partition("K:")
    return before + token + key + rest
