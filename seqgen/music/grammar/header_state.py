"""The state of the automaton of a tune's header."""

from typing import NamedTuple

from seqgen.music.normal.outline import Final, Part


class HeaderState(NamedTuple):
    """State before a line of the header.

    Attributes:
        line: Letter of the line; P also before the key, if the tune may have no further section.
        meters: Ids of the meters that may follow the rhythm; before M.
        bar: Length of a bar in ticks; after M.
        tonic: The original tonic; "" if unknown.
        shift: Semitones from the notes as written to the original key; None if that is unknown.
        low, high: Lowest and highest letter as steps; None if unknown.
        parts: The sections so far; None for an unknown outline.
        finals: The final notes of the sections so far.
    """

    line: str
    meters: frozenset[int] = frozenset()
    bar: int = 0
    tonic: str = ""
    shift: int | None = 0
    low: int | None = None
    high: int | None = None
    parts: tuple[Part, ...] | None = ()
    finals: tuple[Final | None, ...] = ()
