"""Text and tunes from a checkpoint, streamed as they are written."""

import math
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from seqgen.checkpoint import document_hashes
from seqgen.checkpoint.config import Config
from seqgen.checkpoint.end_calibration import EndCalibration
from seqgen.checkpoint.end_calibration import read as read_ends
from seqgen.checkpoint.layout import BEST
from seqgen.checkpoint.read import Checkpoint
from seqgen.config.fields import grouped
from seqgen.config.options import LINE, SamplingOptions, TuneOptions
from seqgen.data.tokenizers.base import END
from seqgen.errors import CheckpointError, ConfigError
from seqgen.generation.batch import MAX_STREAMS, Piece, RandomStreams, generate_batch, in_order
from seqgen.generation.constraint import Constraint, ConstraintChain, EndBias, ForbidTokens
from seqgen.generation.engine import Engine, OnProgress
from seqgen.generation.grammar_constraint import GrammarConstraint
from seqgen.generation.loops import AvoidLoops, Loop
from seqgen.generation.selection import Selection
from seqgen.generation.text_sample import TEXT_LENGTH, TextSample
from seqgen.generation.token_healing import TokenHealing
from seqgen.generation.tune_request import TuneRequest, parse_request
from seqgen.generation.tune_sample import TuneSample, abc, drawn_key
from seqgen.music.core.key import Key
from seqgen.music.normal.position_features import PositionTracker, roles
from seqgen.tasks import TASKS

# At 0.8 tunes come back to their bars more often than those of the books do, at 1 less often.
TEMPERATURES = {"text": 0.8, "tunes": 0.95}
# Of 1,000 names by a network that learned 3,000, 9% are copies at 0.8, 6% at 0.9, 4.5% at 1.
LIST_TEMPERATURE = 1.0
SHORT_ITEM = 64  # tokens of an item that is among the longest of its list
# Copies among so many samples are counted.
COUNTED = 20

# A document is written to its end, if that comes before twice the length of long ones, and before
# so many tokens.
DOCUMENT_LENGTH = 20_000

# A tune of many bars is given so many times the tokens that the shortest of them would take.
ROOM = 6


def default_temperature(config: Config) -> float:
    """The softmax temperature where none is given: 1 for lists of short items."""
    facts = config.corpus
    if facts.unit == LINE and 0 < facts.long <= SHORT_ITEM:
        return LIST_TEMPERATURE
    return TEMPERATURES[config.task]


class TextGenerator:
    """A trained network that writes.

    checkpoint: where it came from.
    seed: of the latest call, drawn where the options said none; None before the first.
    counts_copies: whether copies are counted among fewer samples than 20 too.
    selection: what was left out or counted at the latest call, where anything was.
    loops: which samples of the latest call ended because they repeated themselves, as they end.
    kept: of the latest tunes, the share of the network's probability that the grammar left it; a
        network that knows the rules has 1.
    prompt_left_out: of the latest tunes, what of the prompt is not used, by kind.
    """

    def __init__(self, checkpoint: Checkpoint, engine: Engine) -> None:
        """Make it ready to write. engine: what runs the checkpoint's network."""
        self.checkpoint = checkpoint
        self.seed: int | None = None
        self.kept: float | None = None
        self.prompt_left_out: Mapping[str, int] = {}
        self.counts_copies = False
        self.selection: Selection | None = None
        self.loops: list[Loop] = []
        self._engine = engine

    @property
    def config(self) -> Config:
        """What the checkpoint says of itself."""
        return self.checkpoint.config

    def generate(self, prompt: str = "", **options: Any) -> Iterator[str]:
        """Write one sample.

        prompt: what it goes on from; a text comes without it, a tune holds it.
        options: fields of `SamplingOptions` and, for a tune, of `TuneOptions` by name.
        Yields pieces of text as they are written; a tune comes in one piece.
        Raises ConfigError for an unknown or impossible option, TokenError for a prompt with
        characters that the vocabulary lacks.
        """
        said, asked = grouped(options, SamplingOptions, TuneOptions)
        if said.count != 1:
            raise ConfigError("generate yields one sample; use pieces for more", option="count")
        return (text for _, text in self.pieces(prompt, said, asked))

    def pieces(
        self,
        prompt: str,
        options: SamplingOptions,
        asked: TuneOptions = TuneOptions(),
        progress: OnProgress | None = None,
    ) -> Iterator[tuple[int, str]]:
        """Write ``options.count`` samples, up to 64 side by side.

        asked: what each tune is to be, for a model of tunes.
        progress: called while a prompt is read, with the number of tokens read and of all.
        Yields the sample's index and text of it, in the order of the samples; the first comes as
        it is written. The same seed gives the same sample at an index, whatever the count.
        Raises as `generate` does.
        """
        self.seed = secrets.randbits(32) if options.seed is None else options.seed
        if options.temperature is None:
            options = replace(options, temperature=default_temperature(self.config))
        self.kept = None
        self.prompt_left_out = {}
        self.loops = []
        self.selection = selection = self._selection(options)
        batches = batched(range(options.count))
        if selection and selection.filters:
            batches = selection.batches()
        if self.config.task == "tunes":
            settled = self._settled(prompt, asked)
            self.prompt_left_out = settled.left_out
            candidates = self._tunes(settled, options, self.seed, batches, free=not asked.grammar)
            written = partial(self._abc, seed=self.seed, key=settled.key)
            if selection and selection.filters:
                chosen = selection.select(candidates)
                return ((number, written(number, text=text)) for number, _, text in chosen)
        else:
            if asked != TuneOptions():
                raise ConfigError("`meter`, `key` and the like are for models of tunes")
            candidates = self._texts(prompt, options, self.seed, batches, progress)
            if selection and selection.filters:
                return ((number, text) for number, text, _ in selection.select(candidates))
        return in_order(selection.count_copies(candidates) if selection else candidates)

    def _ends(self) -> EndCalibration | None:
        """What corrects where the network ends documents; the last weights have nothing."""
        return read_ends(self.checkpoint.path) if self.checkpoint.which == BEST else None

    def _selection(self, options: SamplingOptions) -> Selection | None:
        """What leaves out or counts copies and repeats; None where nothing is to be told of them.

        Raises ConfigError where that is asked of a model that writes no documents, or that does not
        know which ones it has learned from.
        """
        config, name = self.config, self.checkpoint.path.name
        if config.task != "tunes" and not config.corpus.learns_ends:
            if options.novel or options.unique:
                raise ConfigError(
                    f"`novel` and `unique` are for models of documents or tunes; {name} was "
                    "trained on one long text"
                )
            return None
        if not (options.novel or options.unique or options.count >= COUNTED or self.counts_copies):
            return None
        hashes = None
        if options.novel or not options.unique:
            hashes = document_hashes.corpus_hashes(self.checkpoint, make=options.novel)
        if hashes is None and options.novel:
            raise ConfigError(
                f"{name} does not know its training documents; it was made by an older seqgen, so "
                "train it again",
                option="novel",
            )
        fingerprint = TASKS.load(config.task).fingerprint
        return Selection(
            options.count, fingerprint, hashes, novel=options.novel, unique=options.unique
        )

    def _texts(
        self,
        prompt: str,
        options: SamplingOptions,
        seed: int,
        batches: Iterable[list[int]],
        progress: OnProgress | None,
    ) -> Iterator[Piece]:
        """batches: the indexes of the samples that are written side by side."""
        tokenizer, facts = self.checkpoint.tokenizer, self.config.corpus
        ends = facts.learns_ends
        if options.on_unknown == "skip":
            prompt = tokenizer.skip_unknown(prompt)
        ids_T = tokenizer.encode(prompt)
        if taken_back := tokenizer.unfinished(prompt):
            ids_T = tokenizer.encode(prompt.removesuffix(taken_back))
        prompt_tokens = len(ids_T)
        correction = self._ends() if ends else None
        if ends and prompt:
            ids_T = np.concatenate([[END], ids_T])
        if not len(ids_T):
            ids_T = np.array(self.config.start)
        length = options.length or TEXT_LENGTH
        if ends and options.length is None:
            length = min(max(length, 2 * facts.long), DOCUMENT_LENGTH)

        def begun(index: int) -> TextSample:
            return TextSample(
                index, tokenizer, options, length, ends=ends, begins=prompt, given=taken_back
            )

        contents = tokenizer.contents if taken_back or not options.loops else ()

        def held(samples: Sequence[TextSample]) -> Constraint | None:
            constraints: list[Constraint] = []
            if not facts.may_end:
                constraints.append(ForbidTokens([END], self.config.vocab))
            elif ends:
                constraints.append(EndBias(correction, prompt_tokens))
            if taken_back:
                streams = [sample.index for sample in samples]
                constraints.append(TokenHealing(contents, taken_back, streams))
            if not options.loops:
                watches = {sample.index: sample.watch for sample in samples}
                constraints.append(AvoidLoops(watches, contents))
            return (
                ConstraintChain(*constraints)
                if len(constraints) > 1
                else next(iter(constraints), None)
            )

        def written() -> Iterator[Piece]:
            read = self._engine.read(ids_T, progress)
            for indexes in batches:
                samples = [begun(index) for index in indexes]
                chance = RandomStreams(seed, [(index, 0) for index in indexes])
                for piece in generate_batch(
                    self._engine, ids_T, read, samples, options, chance, held(samples)
                ):
                    if piece.complete and (loop := samples[piece.sample - indexes[0]].loop):
                        self.loops.append(loop)
                    yield piece

        return written()

    def _tunes(
        self,
        settled: TuneRequest,
        options: SamplingOptions,
        seed: int,
        batches: Iterable[list[int]],
        *,
        free: bool,
    ) -> Iterator[Piece]:
        """batches: the indexes of the samples that are written side by side."""
        tokenizer = self.checkpoint.tokenizer
        if options.stop or options.lines or not options.loops:
            raise ConfigError(
                "`stop`, `lines` and `loops=False` are for text; a tune ends where it is complete"
            )
        length = self._length(options, settled) + len(settled.body)
        first = PositionTracker(roles(tokenizer.pieces)) if self.config.places else None
        ids_T = np.array([END])
        row_TF = np.array([(END, *first.push(END))]) if first else ids_T

        def begun(index: int) -> TuneSample:
            place = first.copy() if first else None
            written = partial(self._abc, index, seed, settled.key)
            return TuneSample(index, tokenizer, settled.body, place, length, written)

        def pieces() -> Iterator[Piece]:
            read = self._engine.read(row_TF)
            kept = []
            for indexes in batches:
                samples = [begun(index) for index in indexes]
                chance = RandomStreams(seed, [(index, 0) for index in indexes])
                held = None
                if settled.grammar:
                    held = GrammarConstraint(settled.grammar, indexes, length, header_only=free)
                yield from generate_batch(self._engine, ids_T, read, samples, options, chance, held)
                # Without the grammar nothing but the header was held to it.
                if held and not free and math.isfinite(held.allowed_mass):
                    kept.append(held.allowed_mass)
                    self.kept = sum(kept) / len(kept)

        return pieces()

    def _length(self, options: SamplingOptions, settled: TuneRequest) -> int:
        """Most tokens to write: as many as are asked for, or as the longer tunes of the book have.

        Raises ConfigError if that is too short for what is asked of the tune.
        """
        assert self.config.facts
        if options.length is None:
            return max(self.config.facts.long, ROOM * settled.least)
        if options.length < settled.least:
            raise ConfigError(
                f"{options.length} is too small: the requested tune takes {settled.least} tokens",
                option="length",
            )
        return options.length

    def _settled(self, prompt: str, asked: TuneOptions) -> TuneRequest:
        """What is asked of each tune."""
        if self.config.facts is None:
            raise CheckpointError(
                f"{self.checkpoint.path} was made by an older seqgen, which learned tunes in "
                "another form; train it anew"
            )
        if self.config.data.tokenizer == "abc":
            return parse_request(prompt, asked, self.config, self.checkpoint.tokenizer.pieces)
        if prompt or asked != TuneOptions():
            raise ConfigError(
                "only models with `tokenizer='abc'` take a prompt, a meter, a key and the like"
            )
        return TuneRequest()

    def _abc(self, index: int, seed: int, key: Key | None, text: str) -> str:
        """A whole sample, from the text that the network wrote."""
        assert self.config.facts
        if key is None and self.config.data.transpose == "common":
            mode = text.partition("K:C")[2].partition("\n")[0]
            chance = np.random.default_rng((seed, index))
            key = drawn_key(mode, self.config.facts, chance)
        return abc(text, index + 1, key)


def batched(indexes: range) -> Iterator[list[int]]:
    for begin in range(0, len(indexes), MAX_STREAMS):
        yield list(indexes[begin : begin + MAX_STREAMS])
