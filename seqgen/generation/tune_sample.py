"""Tunes while they are written: what is asked of them, and how tokens become ABC."""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from seqgen.data.tokenizers.base import END, Tokenizer
from seqgen.errors import TuneError
from seqgen.music.core.key import Key, parse_key
from seqgen.music.normal import normalize
from seqgen.music.normal.book_facts import TuneFacts
from seqgen.music.normal.position_features import PositionTracker
from seqgen.music.render.abc_writer import abc as written_abc


class TuneSample:
    """A sample of a tune model: tokens until its end, then ABC in one piece."""

    def __init__(
        self,
        index: int,
        tokenizer: Tokenizer,
        body: Sequence[int],
        place: PositionTracker | None,
        length: int,
        written: Callable[[str], str],
    ) -> None:
        """Begin after the boundary between two tunes.

        index: of the sample. body: tokens that come first after the lines of the header.
        place: what follows the tokens from the boundary on, where the network reads it.
        length: most tokens. written: makes ABC of a tune's tokens.
        """
        self.index = index
        self.done = False
        self.failed = False
        self._decoder = tokenizer.decoder()
        self._text = ""
        self._given = deque(body)
        self._headed = False
        self._place = place
        self._left = length
        self._written = written

    def take(self, drawn: int) -> tuple[int, str]:
        id = self._given.popleft() if self._given and self._headed else drawn
        self._left -= 1
        if id != END:
            piece = self._decoder.push(id)
            self._text += piece
            self._headed = self._headed or piece.startswith("K:")
        self.done = id == END or self._left == 0
        return id, self._written(self._text) if self.done else ""

    @property
    def document(self) -> str:
        return self._text

    def beside(self, id: int) -> tuple[int, ...]:
        return self._place.push(id) if self._place else ()


def abc(text: str, number: int, key: Key | None) -> str:
    """A tune in normal form as ABC for other programs.

    text: what the network wrote. A text that is no tune, as a network may write that no grammar
        holds, is written as it stands below the header lines that it has.
    number: for ``X:``. key: to which it is moved, if any.
    """
    try:
        tune = normalize.parse(text)
    except TuneError:
        return unfinished(text, number)
    return written_abc(normalize.moved(tune, key) if key else tune, number)


def unfinished(text: str, number: int) -> str:
    """What is no whole tune, as ABC all the same."""
    lines = text.split("\n")
    fields = {line[:2]: line for line in reversed(lines) if line[:2] in ("M:", "K:")}
    body = "".join(line for line in lines if line[:2] not in ("R:", "M:", "P:", "K:"))
    header = [f"X:{number}", f"T:Tune {number}", fields.get("M:", "M:none"), "L:1/8"]
    return "\n".join(["%abc-2.1", *header, fields.get("K:", "K:C"), body or "z"]) + "\n"


def drawn_key(mode: str, facts: TuneFacts, chance: np.random.Generator) -> Key | None:
    """A key for a tune of this mode, with tonics as often as in the book."""
    tonics = facts.tonics.get(mode)
    if not tonics:
        return None
    shares = np.array(list(tonics.values()), float)
    return parse_key(chance.choice(list(tonics), p=shares / shares.sum()) + mode)
