"""One tune while it is written: header, body, and the marks that make it whole."""

from collections import deque
from typing import NamedTuple

from seqgen.config import SamplingOptions
from seqgen.generation.sample import Ending
from seqgen.music import learned as tune
from seqgen.tokenizers.base import END, Tokenizer

# Ten times the mean of O'Neill's and Ryan's tunes: one that is longer has lost its way.
TUNE_LENGTH = 2000

HEADER = ("M", "L", "K")


class Part(NamedTuple):
    """A stretch of a tune that comes before the network is free to write what it likes.

    field: the header field that it is, or "" for music.
    ids: its tokens; None where the network is to write the line.
    """

    field: str
    ids: tuple[int, ...] | None


class Plan(NamedTuple):
    """What is given of every tune: tokens to begin after, their text, and the parts that follow."""

    ids: tuple[int, ...]
    text: str
    parts: tuple[Part, ...]


def plan(prompt: str, tokenizer: Tokenizer, unknown: str, start: tuple[int, ...]) -> Plan:
    """What a prompt gives of a tune; what it leaves open of M:, L: and K: the network writes.

    start: the tokens that every tune begins after.
    unknown: "error" or "skip", as in `SamplingOptions`.
    Raises TokenError for a character that the vocabulary lacks, unless it is to be skipped.
    """
    header, body = tune.split_prompt(prompt)
    if unknown == "skip":
        header, body = tokenizer.skip_unknown(header), tokenizer.skip_unknown(body)
    given = {line[0]: line for line in header.splitlines(keepends=True) if line[0] in HEADER}
    parts = [Part(f, ids_of(given[f], tokenizer) if f in given else None) for f in HEADER]
    if body:
        parts.append(Part("", ids_of(body, tokenizer)))
    ids, text = [*start], ""
    while parts and (fed := parts[0].ids) is not None:
        ids += fed
        text += given.get(parts[0].field, body)
        del parts[0]
    return Plan(tuple(ids), text, tuple(parts))


def ids_of(text: str, tokenizer: Tokenizer) -> tuple[int, ...]:
    return tuple(tokenizer.encode(text).tolist())


class TuneSample:
    """A sample of a tune model, written when it is whole.

    It fails if it turns out to be no tune: no music in it, or its header out of order.
    """

    def __init__(
        self, index: int, tokenizer: Tokenizer, options: SamplingOptions, plan: Plan
    ) -> None:
        self.index = index
        self.done = False
        self.failed = False
        self._left = options.length or TUNE_LENGTH
        self._decoder = tokenizer.decoder()
        self._ending = Ending(options.stop, options.lines)
        self._text = plan.text
        self._parts = deque(plan.parts)
        self._fed: deque[int] = deque()
        self._line = ""

    def take(self, drawn: int) -> tuple[int, str]:
        while not self._fed and self._parts and (ids := self._parts[0].ids) is not None:
            self._fed.extend(ids)
            self._parts.popleft()
        if self._fed:
            id = self._fed.popleft()
            self._text += self._decoder.push(id)
            return id, ""
        return drawn, self._write(drawn)

    def _write(self, id: int) -> str:
        self._left -= 1
        if id == END:
            return self._finish(whole=True)
        piece = self._decoder.push(id)
        if self._parts:
            self._write_header(piece)
        else:
            self._text += self._ending.push(piece)
        if self.failed or self._ending.done or self._left == 0:
            return self._finish(whole=False)
        return ""

    def _write_header(self, piece: str) -> None:
        self._text += piece
        self._line += piece
        if self._line.endswith("\n"):
            field = self._parts.popleft().field
            self.failed = not self._line.startswith(f"{field}:")
            self._line = ""

    def _finish(self, *, whole: bool) -> str:
        self.done = True
        text = self._text + self._ending.flush()
        if self.failed or self._parts or tune.learned_form(text) is None:
            self.failed = True
            return ""
        return tune.complete(text if whole else tune.cut_at_bar(text), self.index + 1)
