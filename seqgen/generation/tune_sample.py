"""Samples of tunes: how they begin, which ABC their tokens become, and when they are done."""

import math
import re
from collections import deque
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from seqgen.checkpoint import titles
from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import SamplingOptions, TuneOptions
from seqgen.data.tokenizers.base import END, Tokenizer
from seqgen.errors import CheckpointError, ConfigError, TuneError
from seqgen.generation.constraint import Constraint
from seqgen.generation.grammar_constraint import GrammarConstraint, HeaderConstraint, TuneProgress
from seqgen.generation.sampler import Sampler
from seqgen.generation.section_copies import SectionCopies
from seqgen.generation.tune_request import TuneRequest, parse_request
from seqgen.music.abc.escapes import encode
from seqgen.music.core.key import Key, parse_key
from seqgen.music.normal import codec
from seqgen.music.normal.book_facts import TuneFacts
from seqgen.music.normal.codec import read_tonic
from seqgen.music.normal.outline import TONIC, UNKNOWN
from seqgen.music.normal.position_features import PositionTracker
from seqgen.music.normal.title_model import TitleModel, is_pattern
from seqgen.music.normal.tokens import NO_RHYTHM
from seqgen.music.render.abc_writer import abc, above_and_below

# Most tokens of a tune with a requested form, in multiples of its shortest solution.
MAX_LENGTH_RATIO = 6
# Distinguishes the random numbers of titles from those of keys, which have the same seed.
_TITLES = 1
_COPY_MARK = re.compile("@[0-9]+")


class TuneSample:
    """A sample of a tune model: tokens until its end, then ABC in one piece.

    Attributes:
        progress: What is known of the tune so far.
    """

    def __init__(
        self,
        index: int,
        tokenizer: Tokenizer,
        body: Sequence[int],
        progress: TuneProgress | None,
        length: int,
        render: Callable[[str], str],
    ) -> None:
        """Begin after the boundary between two tunes.

        Args:
            index: Index of the sample.
            tokenizer: That of the model.
            body: Tokens of the prompt, which follow the header lines.
            progress: The tune so far; None for a model whose tokens are not those of tunes.
            length: Most tokens.
            render: Turns the tokens' text into ABC.
        """
        self.index = index
        self.done = False
        self.failed = False
        self._decoder = tokenizer.decoder()
        self._text = ""
        self._body = deque(body)
        self._after_header = False
        self.progress = progress
        self._features: tuple[int, ...] = ()
        self._remaining = length
        self._render = render

    def take(self, drawn: int) -> tuple[int, str]:
        id = self._body.popleft() if self._body and self._after_header else drawn
        self._remaining -= 1
        if id != END:
            piece = self._decoder.push(id)
            self._text += piece
            self._after_header = self._after_header or piece.startswith("K:")
        if self.progress:
            self._features = self.progress.positions.push(id)
        self.done = id == END or self._remaining == 0
        return id, self._render(self._text) if self.done else ""

    @property
    def document(self) -> str:
        return self._text

    def features(self, id: int) -> tuple[int, ...]:
        return self._features


class TuneSampler(Sampler[TuneSample]):
    """Samples that are whole tunes, restricted to the grammar, in ABC."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        prompt: str,
        options: SamplingOptions,
        tune_options: TuneOptions,
        seed: int,
        tune_tokens: bool,
        default_temperature: float,
    ) -> None:
        """Check what is requested of the tunes.

        Args:
            checkpoint: The model.
            prompt: The beginning of each tune.
            options: How tokens are chosen.
            tune_options: What is requested of the tunes.
            seed: Seed of the call.
            tune_tokens: Whether the model's tokens are those of tunes, which the grammar needs.
            default_temperature: The temperature if the options do not state one.

        Raises:
            ConfigError: If it is impossible, or not for models of tunes.
            CheckpointError: If the model is of an older seqgen and cannot be used.
        """
        super().__init__()
        self._tokenizer, self._config = checkpoint.tokenizer, checkpoint.config
        if not self._config.facts:
            raise CheckpointError(
                f"{checkpoint.path} was trained by an older seqgen on tunes in another form; "
                "train it again"
            )
        self._facts: TuneFacts = self._config.facts
        self._seed = seed
        self._header_only = not tune_options.grammar
        self._common_tonic = self._config.data.transpose == "common"
        if tune_tokens:
            pieces = self._tokenizer.pieces
            self._request = parse_request(
                prompt, tune_options, self._facts, pieces, self._common_tonic
            )
        elif prompt or tune_options != TuneOptions():
            raise ConfigError(
                "only models with `tokenizer='abc'` take a prompt, a meter, a key and the like"
            )
        else:
            self._request = TuneRequest()
        self.prompt_left_out = self._request.left_out
        self._title = tune_options.title or self._request.header.title
        # Read before anything is sampled, since the file may be damaged.
        self._patterns = () if self._title else titles.read(checkpoint.path)
        if not all(map(is_pattern, self._patterns)):
            raise CheckpointError(f"{checkpoint.path}: titles.json has more than words")
        if options.stop or options.lines or not options.loops:
            raise ConfigError(
                "`stop`, `lines` and `loops=False` are for text; a tune ends where it is complete"
            )
        self._length = self._max_length(options) + len(self._request.body)
        given = options.temperature
        self._temperature = default_temperature if given is None else given
        self._positions: PositionTracker | None = None
        self.prompt_ids = self.rows = np.array([END])
        if tune_tokens:
            self._positions = PositionTracker(self._tokenizer.pieces)
            features = self._positions.push(END)
            if self._config.feature_sizes:
                self.rows = np.array([(END, *features)])
        self._constraint: GrammarConstraint | None = None
        self._masses: list[float] = []

    def _max_length(self, options: SamplingOptions) -> int:
        """Return the most tokens of a tune, its prompt not counted."""
        least = self._request.least
        if options.length is None:
            return max(self._facts.long, MAX_LENGTH_RATIO * least)
        if options.length < least:
            raise ConfigError(
                f"{options.length} is too small: the requested tune takes {least} tokens",
                option="length",
            )
        return options.length

    def sample(self, index: int) -> TuneSample:
        progress = None
        if self._positions:
            request = self._request
            copies = SectionCopies(self._tokenizer.pieces, request.sections, request.refrain)
            progress = TuneProgress(
                self._positions.copy(), copies if request.sections or request.refrain else None
            )

        def render(text: str) -> str:
            return self.render(index, "", text)

        body = self._request.body
        return TuneSample(index, self._tokenizer, body, progress, self._length, render)

    def constraint(self, samples: Sequence[TuneSample]) -> Constraint | None:
        grammar = self._request.grammar
        if grammar is None:
            return None
        if self._header_only:
            return HeaderConstraint(grammar, [sample.index for sample in samples])
        self._constraint = GrammarConstraint(
            grammar,
            {sample.index: sample.progress for sample in samples if sample.progress},
            self._length,
            temperature=self._temperature,
        )
        return self._constraint

    def render(self, index: int, text: str, document: str) -> str:
        """Return a tune in normal form as ABC, in its original key.

        If that is unknown, it is drawn for the index, as they are in the book.
        """
        tonic, octaves = read_tonic(codec.split_header(document)[0].get(TONIC, UNKNOWN))
        key = self._request.key
        if self._request.octaves is not None:
            octaves = self._request.octaves
        elif key is not None and key.tonic != tonic:
            octaves = 0
        if key is None and self._common_tonic:
            mode = document.partition("K:C")[2].partition("\n")[0]
            random = np.random.default_rng((self._seed, index))
            key = parse_key(tonic + mode) or sample_key(mode, self._facts, random)
        header = self._request.header
        title = self._title_of(index, document)
        return render_abc(document, header.number + index, key, octaves, title, header.lines)

    def _title_of(self, index: int, document: str) -> str | None:
        """Return the requested title, with a number from the second tune on, or a proposal.

        The proposal depends on seed and index. Returns None without titles to make one of.
        """
        if self._title:
            return f"{self._title} {index + 1}" if index else self._title
        rhythm = document.partition("R:")[2].partition("\n")[0]
        random = np.random.default_rng((self._seed, index, _TITLES))
        return self._title_model.propose("" if rhythm == NO_RHYTHM else rhythm, random)

    @cached_property
    def _title_model(self) -> TitleModel:
        return TitleModel(self._patterns)

    def on_batch_end(self) -> None:
        constraint = self._constraint
        if constraint and math.isfinite(constraint.allowed_mass):
            self._masses.append(constraint.allowed_mass)
            self.allowed_mass = sum(self._masses) / len(self._masses)


def render_abc(
    text: str,
    number: int,
    key: Key | None,
    octaves: int = 0,
    title: str | None = None,
    header: Sequence[str] = (),
) -> str:
    """Return a tune as ABC for other programs.

    Args:
        text: What the model generated. If it is not a tune, as happens without the grammar, it is
            kept as it is below its header lines.
        number: The number of the tune, for ``X:``.
        key: The key to transpose to, if any.
        octaves: Octaves to move up beyond the shortest way there.
        title: Its title; one of rhythm, number and key by default.
        header: Further lines of the header.
    """
    try:
        tune = codec.decode_tune(text)
    except TuneError:
        return _render_invalid(text, number, title or f"Tune {number}", header)
    written = codec.transpose_tune(tune, key, octaves) if key else tune
    return abc(written, number, title, header=header)


def _render_invalid(text: str, number: int, title: str, more: Sequence[str]) -> str:
    lines = text.split("\n")
    fields = {line[:2]: line for line in reversed(lines) if line[:2] in ("M:", "K:")}
    body = "".join(line for line in lines if not codec.HEADER_LINE.match(f"{line}\n"))
    above, below = above_and_below(more)
    header = [f"X:{number}", f"T:{encode(title)}", *above, fields.get("M:", "M:none"), "L:1/8"]
    last = [fields.get("K:", "K:C"), _COPY_MARK.sub("", body) or "z", *below]
    return "\n".join(["%abc-2.1", *header, *last]) + "\n"


def sample_key(mode: str, facts: TuneFacts, random: np.random.Generator) -> Key | None:
    """Draw a key of a mode, with tonics as frequent as in the book; None for an unknown mode."""
    tonics = facts.tonics.get(mode)
    if not tonics:
        return None
    shares = np.array(list(tonics.values()), float)
    return parse_key(random.choice(list(tonics), p=shares / shares.sum()) + mode)
