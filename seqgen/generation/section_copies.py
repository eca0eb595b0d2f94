"""Sections and bars that a request wants to return, such as the second A of ABAC."""

from collections.abc import Sequence
from typing import NamedTuple

from seqgen.music.grammar.spec import Section
from seqgen.music.normal import tokens as symbols

REFRAIN_BARS = 2  # at the end of the first section, which return at that of the last


class BarTokens(NamedTuple):
    """A bar of a tune: the ids of its notes, the bar line after it, and its ending, 0 to 2."""

    notes: tuple[int, ...]
    line: str
    ending: int


class SectionCopies:
    """The tokens that a tune must take because a section or a refrain returns.

    It follows the tokens of one tune.

    Attributes:
        ends: Whether the latest token was the last of what returns, so that a bar line must come.
    """

    def __init__(
        self, pieces: Sequence[str], sections: Sequence[Section] = (), refrain: bool = False
    ) -> None:
        """Begin before the music.

        Args:
            pieces: The vocabulary.
            sections: The requested form.
            refrain: Whether the last bars of the first section close the last one too.
        """
        self._pieces = pieces
        self._ids = {piece: id for id, piece in enumerate(pieces)}
        self._letters = [section.letter for section in sections]
        self._refrain = refrain
        self._sections: list[list[BarTokens]] = [[]]
        self._notes: tuple[int, ...] = ()
        self._ending = 0
        self._queue: list[int] = []
        self._skipped = (-1, -1)  # numbers of the section and the bar that cannot return
        self.ends = False

    def push(self, id: int) -> None:
        """Take a token of the music."""
        token = self._pieces[id]
        follows = bool(self._queue) and self._queue[0] == id
        if follows:
            self._queue = self._queue[1:]
        elif token not in symbols.COPIES:
            self._queue = []
        self.ends = follows and not self._queue
        if token == symbols.REPEAT:
            self._notes = ()  # those of a lead-in are not part of the section
        if token in symbols.COPIES or token == symbols.REPEAT:
            return
        if token not in symbols.BARS:
            self._notes = (*self._notes, id)
            return
        self._end_bar(token)
        if token in (symbols.FIRST, symbols.SECOND):
            self._ending = 1 if token == symbols.FIRST else 2
        elif token != symbols.BAR:
            self._ending = 0
            self._sections.append([])

    def _end_bar(self, line: str) -> None:
        self._sections[-1].append(BarTokens(self._notes, line, self._ending))
        self._notes = ()

    def returning(self, bars_left: int | None, last_section: bool) -> list[int]:
        """The ids that should come next; empty if the model is free to choose.

        Args:
            bars_left: Bars of the section to go, this one included; None if unknown.
            last_section: Whether it is the tune's last.
        """
        if self._queue or self._notes:
            return self._queue
        number = len(self._sections) - 1
        if not self._sections[-1]:
            self._queue = self._section(number)
        elif self._refrain and last_section and number and bars_left is not None:
            self._queue = self._refrain_bar(bars_left)
        if self._place == self._skipped:
            self._queue = []
        return self._queue

    def skip(self) -> None:
        """Let the model write the bar that should return, because it has no place here."""
        self._queue, self._skipped = [], self._place

    @property
    def _place(self) -> tuple[int, int]:
        return len(self._sections), len(self._sections[-1])

    def precedes_refrain(self, bars_left: int | None, last_section: bool) -> bool:
        """Whether the next bar belongs to the refrain; arguments as of `returning`."""
        return self._refrain and last_section and bars_left == REFRAIN_BARS + 1

    @property
    def at_bar(self) -> bool:
        """Whether no note of the bar has come yet."""
        return not self._notes

    def _section(self, number: int) -> list[int]:
        """The tokens of the earlier section with the same letter, without its last bar line."""
        if number >= len(self._letters):
            return []
        first = self._letters.index(self._letters[number])
        if first == number:
            return []
        bars = [bar for bar in self._sections[first] if bar.ending != 1]
        ids: list[int] = []
        for bar in bars:
            ids += [*bar.notes, self._ids[symbols.BAR]]
        return ids[:-1]

    def _refrain_bar(self, bars_left: int) -> list[int]:
        bars = [bar for bar in self._sections[0] if bar.ending != 1]
        if bars_left > REFRAIN_BARS or len(bars) <= 2 * REFRAIN_BARS:
            return []
        return list(bars[-bars_left].notes)
