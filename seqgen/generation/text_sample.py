"""One sample while it is written: what of the tokens becomes text, and when it is done."""

from typing import Protocol

from seqgen.config.options import SamplingOptions
from seqgen.data.tokenizers.base import END, Tokenizer
from seqgen.generation.loops import CHECK_EVERY, CHECK_EVERY_TO_AVOID, Loop, LoopDetector

TEXT_LENGTH = 1000


class Sample(Protocol):
    """What the batch that writes it asks of a sample.

    done: nothing more comes of it. failed: it is done and came to nothing.
    document: what it is once it is done, as the network has learned its documents.
    """

    index: int
    done: bool
    failed: bool

    @property
    def document(self) -> str: ...

    def take(self, drawn: int) -> tuple[int, str]:
        """A token was drawn: returns the one that is taken, and the text that may be written."""
        ...

    def beside(self, id: int) -> tuple[int, ...]:
        """The numbers that the network reads beside the token that was taken."""
        ...


class Ending:
    """Where a text ends: before ``stop``, or after so many lines."""

    def __init__(self, stop: str | None = None, lines: int | None = None) -> None:
        self.done = False
        self._stop = stop
        self._lines = lines
        self._held = ""

    def push(self, text: str) -> str:
        """What may be written now that this text came; it holds back what may begin the stop."""
        if self._stop is not None:
            text, found, _ = (self._held + text).partition(self._stop)
            self.done = bool(found)
            kept = 0 if found else beginning(text, self._stop)
            text, self._held = text[: len(text) - kept], text[len(text) - kept :]
        return self._cut(text)

    def flush(self) -> str:
        """What was held back and turned out to begin nothing."""
        held, self._held = self._held, ""
        return "" if self.done else self._cut(held)

    def _cut(self, text: str) -> str:
        if self._lines is None:
            return text
        *whole, _ = text.split("\n")
        if len(whole) < self._lines:
            self._lines -= len(whole)
            return text
        self.done = True
        return "".join(line + "\n" for line in whole[: self._lines])


def beginning(text: str, stop: str) -> int:
    """How many characters at the end of a text are the beginning of ``stop``."""
    longest = min(len(stop) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)


class TextSample:
    """A sample of a text model: every token is written as it comes, up to ``length`` of them."""

    def __init__(
        self,
        index: int,
        tokenizer: Tokenizer,
        options: SamplingOptions,
        length: int | None = None,
        *,
        ends: bool = False,
        begins: str = "",
        given: str = "",
    ) -> None:
        """length: most tokens. ends: whether it is over at the end of a document.

        begins: what the document begins with, where it ends.
        given: the end of the prompt, where the first tokens write it once more (see
            `TokenHealing`).
        """
        self.index = index
        self.done = False
        self.failed = False
        self.document = begins
        self.watch = LoopDetector(CHECK_EVERY if options.loops else CHECK_EVERY_TO_AVOID)
        self.loop: Loop | None = None
        self._may_loop = options.loops
        self._given = len(given)
        self._ends = ends
        self._left = length or options.length or TEXT_LENGTH
        self._decoder = tokenizer.decoder()
        self._ending = Ending(options.stop, options.lines)

    def take(self, drawn: int) -> tuple[int, str]:
        if drawn == END and self._ends:
            self.done = True
            text = self._ending.push(self._decoder.flush()) + self._ending.flush()
            self.document += text
            return drawn, text
        # One document ends and the next begins: a line's end says so in a text that goes on.
        piece = self._decoder.flush() + "\n" if drawn == END else self._decoder.push(drawn)
        if self._given:
            known, piece = piece[: self._given], piece[self._given :]
            self._given -= len(known)
            if not piece:
                return drawn, ""
        self._left -= 1
        text = self._ending.push(piece)
        self.watch.push(piece)
        if self.watch.period and self._may_loop and self.watch.looping:
            self.loop = Loop(self.index, self.watch.passage)
        over = self._left == 0 or self.loop is not None
        if over and not self._ending.done:
            text += self._ending.push(self._decoder.flush()) + self._ending.flush()
        self.done = self._ending.done or over
        if self._ends:
            self.document += text
        return drawn, text

    def beside(self, id: int) -> tuple[int, ...]:
        return ()
