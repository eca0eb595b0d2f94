"""Parts of a tune and their order: the ``P:`` field (3.1.9 of ABC 2.1)."""

import re

from seqgen.music.abc.escapes import decode

MAX_PARTS = 1000


def parse_part_order(value: str) -> tuple[str, ...]:
    """Parse an order of parts: ``P:A(AB)3C2`` is A, A, B, A, B, A, B, C, C.

    Dots and blanks are ignored, and a missing bracket is closed. Returns at most `MAX_PARTS`
    labels, none for an invalid value.
    """
    if not re.fullmatch(r"[A-Z0-9().,\s*-]*", value):
        return ()
    groups: list[list[str]] = [[]]
    for sign, count in re.findall(r"([A-Z]|[()])\s*\*?\s*([0-9]{0,3})", value):
        if sign == "(":
            groups.append([])
        elif sign != ")" or len(groups) > 1:
            group = groups.pop() if sign == ")" else [sign]
            times = min(int(count or 1), MAX_PARTS // max(1, len(group)) + 1)
            groups[-1] = (groups[-1] + group * times)[:MAX_PARTS]
    return tuple(label for group in groups for label in group)[:MAX_PARTS]


def parse_part_label(value: str) -> str:
    """Parse the label of a part within the music: its letter, or another text."""
    match = re.search("(?<![A-Za-z])[A-Za-z](?![A-Za-z])", value)
    return match[0].upper() if match else decode(value.strip())
