"""Samples of text: how they begin, which text their tokens become, and when they are done."""

from collections.abc import Sequence

import numpy as np

from seqgen.checkpoint import end_calibration
from seqgen.checkpoint.layout import BEST
from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import SamplingOptions
from seqgen.data.tokenizers.base import END, Tokenizer
from seqgen.generation.constraint import Constraint, ConstraintChain, EndBias, ForbidTokens
from seqgen.generation.loops import (
    CHECK_EVERY,
    CHECK_EVERY_TO_AVOID,
    AvoidLoops,
    Loop,
    LoopDetector,
)
from seqgen.generation.sampler import Sampler
from seqgen.generation.token_healing import TokenHealing

# Tokens of a sample unless another length is requested.
TEXT_LENGTH = 1000
# Most tokens of a document; it usually ends before, or before twice the length of long ones.
MAX_DOCUMENT_LENGTH = 20_000


class StopCondition:
    """Ends a text before a stop string, or after a number of lines."""

    def __init__(self, stop: str | None = None, lines: int | None = None) -> None:
        """Begin before the text.

        Args:
            stop: The text ends before this string.
            lines: The text ends after this many lines.
        """
        self.done = False
        self._stop = stop
        self._lines = lines
        self._waiting = ""

    def push(self, text: str) -> str:
        """Return the text that may be printed now; what may begin the stop string waits."""
        if self._stop is not None:
            text, stop, _ = (self._waiting + text).partition(self._stop)
            self.done = bool(stop)
            end = len(text) - (0 if stop else _overlap(text, self._stop))
            text, self._waiting = text[:end], text[end:]
        return self._cut(text)

    def flush(self) -> str:
        """Return the text that has waited."""
        waiting, self._waiting = self._waiting, ""
        return "" if self.done else self._cut(waiting)

    def _cut(self, text: str) -> str:
        if self._lines is None:
            return text
        *whole, _ = text.split("\n")
        if len(whole) < self._lines:
            self._lines -= len(whole)
            return text
        self.done = True
        return "".join(line + "\n" for line in whole[: self._lines])


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of a text are the beginning of ``stop``."""
    longest = min(len(stop) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)


class TextSample:
    """A sample of a text model: every token is printed as it comes."""

    def __init__(
        self,
        index: int,
        tokenizer: Tokenizer,
        options: SamplingOptions,
        length: int,
        *,
        ends: bool = False,
        begins: str = "",
        given: str = "",
    ) -> None:
        """Begin after the prompt.

        Args:
            index: Index of the sample.
            tokenizer: That of the model.
            options: Stop string, lines, whether it may repeat itself.
            length: Most tokens.
            ends: Whether the sample is done at the end of a document.
            begins: What the document begins with.
            given: The end of the prompt that the first tokens repeat (`TokenHealing`).
        """
        self.index = index
        self.done = False
        self.failed = False
        self.document = begins
        self.loop_detector = LoopDetector(CHECK_EVERY if options.loops else CHECK_EVERY_TO_AVOID)
        self.loop: Loop | None = None
        self._may_loop = options.loops
        self._given = len(given)
        self._ends = ends
        self._left = length
        self._decoder = tokenizer.decoder()
        self._stop = StopCondition(options.stop, options.lines)

    def take(self, drawn: int) -> tuple[int, str]:
        if drawn == END and self._ends:
            self.done = True
            text = self._stop.push(self._decoder.flush()) + self._stop.flush()
            self.document += text
            return drawn, text
        # One document ends and the next begins, on a new line.
        piece = self._decoder.flush() + "\n" if drawn == END else self._decoder.push(drawn)
        if self._given:
            known, piece = piece[: self._given], piece[self._given :]
            self._given -= len(known)
            if not piece:
                return drawn, ""
        self._left -= 1
        text = self._stop.push(piece)
        self.loop_detector.push(piece)
        if self.loop_detector.period and self._may_loop and self.loop_detector.looping:
            self.loop = Loop(self.index, self.loop_detector.passage)
        over = self._left == 0 or self.loop is not None
        if over and not self._stop.done:
            text += self._stop.push(self._decoder.flush()) + self._stop.flush()
        self.done = self._stop.done or over
        if self._ends:
            self.document += text
        return drawn, text

    def features(self, id: int) -> tuple[int, ...]:
        return ()


class TextSampler(Sampler[TextSample]):
    """Samples that continue a prompt, or documents where the model was trained on documents."""

    def __init__(self, checkpoint: Checkpoint, prompt: str, options: SamplingOptions) -> None:
        """Encode the prompt.

        Raises:
            TokenError: If the vocabulary lacks characters of the prompt.
        """
        super().__init__()
        self._tokenizer = tokenizer = checkpoint.tokenizer
        self._config, self._options = checkpoint.config, options
        corpus = checkpoint.config.corpus
        self._ends = corpus.learns_ends
        if options.on_unknown == "skip":
            prompt = tokenizer.skip_unknown(prompt)
        self._prompt = prompt
        ids_T = tokenizer.encode(prompt)
        self._taken_back = tokenizer.unfinished(prompt)
        if self._taken_back:
            ids_T = tokenizer.encode(prompt.removesuffix(self._taken_back))
        self._prompt_tokens = len(ids_T)
        # The biases are those of the best weights.
        calibrated = self._ends and checkpoint.which == BEST
        self._calibration = end_calibration.read(checkpoint.path) if calibrated else None
        if self._ends and prompt:
            ids_T = np.concatenate([[END], ids_T])
        if not len(ids_T):
            ids_T = np.array(self._config.start)
        self.prompt_ids = self.rows = ids_T
        self._length = options.length or TEXT_LENGTH
        if self._ends and options.length is None:
            self._length = min(max(self._length, 2 * corpus.long), MAX_DOCUMENT_LENGTH)
        needs_contents = self._taken_back or not options.loops
        self._contents = tokenizer.contents if needs_contents else ()

    def sample(self, index: int) -> TextSample:
        return TextSample(
            index,
            self._tokenizer,
            self._options,
            self._length,
            ends=self._ends,
            begins=self._prompt,
            given=self._taken_back,
        )

    def constraint(self, samples: Sequence[TextSample]) -> Constraint | None:
        constraints: list[Constraint] = []
        if not self._config.corpus.may_end:
            constraints.append(ForbidTokens([END], self._config.vocab))
        elif self._ends:
            constraints.append(EndBias(self._calibration, self._prompt_tokens))
        if self._taken_back:
            streams = [sample.index for sample in samples]
            constraints.append(TokenHealing(self._contents, self._taken_back, streams))
        if not self._options.loops:
            detectors = {sample.index: sample.loop_detector for sample in samples}
            constraints.append(AvoidLoops(detectors, self._contents))
        if len(constraints) > 1:
            return ConstraintChain(*constraints)
        return constraints[0] if constraints else None

    def on_complete(self, sample: TextSample) -> None:
        if sample.loop:
            self.loops.append(sample.loop)
