"""Samples from a checkpoint, streamed as they are generated."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from seqgen.checkpoint import document_hashes
from seqgen.checkpoint.config import Config
from seqgen.checkpoint.read import Checkpoint
from seqgen.config.fields import Options, group_options
from seqgen.config.options import RewriteOptions, SamplingOptions
from seqgen.config.resolved import SamplingSpec
from seqgen.errors import ConfigError
from seqgen.generation.batch import MAX_STREAMS, Piece, RandomStreams, generate_batch, in_order
from seqgen.generation.selection import Selection
from seqgen.tasks import TASKS

if TYPE_CHECKING:
    from seqgen.generation.engine import Engine, OnProgress
    from seqgen.generation.loops import Loop
    from seqgen.generation.rewrite import Rewrite
    from seqgen.generation.sampler import Sampler

# Copies of training documents are counted among at least this many samples.
MIN_COUNTED = 20
# Sampling options without a meaning for rewritten tunes.
UNUSED_BY_REWRITES = ("length", "count", "novel", "unique", "loops", "stop", "lines",
                      "repetition_penalty")  # fmt: skip


class TextGenerator:
    """A trained model that generates text or tunes.

    Attributes:
        checkpoint: Where the model came from.
        seed: Seed of the latest call, drawn if none was given; None before the first.
        counts_copies: Whether copies are counted among fewer than 20 samples too.
        selection: What was rejected or counted at the latest call, if anything was.
    """

    def __init__(self, checkpoint: Checkpoint, engine: "Engine") -> None:
        """Generate with the model of a checkpoint, which the engine runs."""
        self.checkpoint = checkpoint
        self.seed: int | None = None
        self.counts_copies = False
        self.selection: Selection | None = None
        self._engine = engine
        self._task = TASKS.load(checkpoint.config.task)
        self._sampler: Sampler[Any] | None = None

    @property
    def config(self) -> Config:
        """The configuration of the checkpoint."""
        return self.checkpoint.config

    @property
    def default_temperature(self) -> float:
        """The softmax temperature unless another is requested."""
        return self._task.default_temperature(self.config)

    @property
    def loops(self) -> "list[Loop]":
        """Samples of the latest call that ended because they repeated themselves."""
        return self._sampler.loops if self._sampler else []

    @property
    def allowed_mass(self) -> float | None:
        """Mean probability in [0, 1] that the grammar left the model at the latest call.

        None if it was not measured. A model that knows the rules has 1.
        """
        return self._sampler.allowed_mass if self._sampler else None

    @property
    def prompt_left_out(self) -> Mapping[str, int]:
        """How much of the latest prompt is not used, by kind."""
        return self._sampler.prompt_left_out if self._sampler else {}

    def generate(self, prompt: str = "", **options: Any) -> Iterator[str]:
        """Generate one sample.

        Args:
            prompt: What the sample continues; text is yielded without it, a tune contains it.
            **options: Fields of `SamplingOptions` and, for tunes, of `TuneOptions` by name.

        Yields:
            Pieces of text as they are generated; a tune comes in one piece.

        Raises:
            ConfigError: If an option is unknown or impossible.
            TokenError: If the vocabulary lacks characters of the prompt.
        """
        own = self._task.sampling_options
        sampling, *others = group_options(options, SamplingOptions, *((own,) if own else ()))
        if sampling.count != 1:
            raise ConfigError("generate yields one sample; use pieces for more", option="count")
        return (text for _, text in self.pieces(prompt, sampling, *others))

    def pieces(
        self,
        prompt: str,
        options: SamplingOptions,
        task_options: Options | None = None,
        progress: "OnProgress | None" = None,
    ) -> Iterator[tuple[int, str]]:
        """Generate ``options.count`` samples, up to 64 side by side.

        The same seed gives the same sample at an index, whatever the count.

        Args:
            prompt: What each sample continues.
            options: How tokens are chosen, and how many.
            task_options: Options of the model's task, such as `TuneOptions`.
            progress: Called while a prompt is read, with the number of tokens read and of all.

        Yields:
            The sample's index and text of it, in the order of the samples; the first comes as it
            is generated.

        Raises:
            ConfigError: If an option is impossible or for another task.
            TokenError: If the vocabulary lacks characters of the prompt.
        """
        self.seed = secrets.randbits(32) if options.seed is None else options.seed
        default = {"temperature": self.default_temperature} if options.temperature is None else {}
        spec = SamplingSpec.of(options, **default)
        self.selection = selection = self._selection(options)
        self._sampler = sampler = self._task.sampler(
            self.checkpoint, prompt, options, self._own(task_options), self.seed
        )
        if selection and selection.filters:
            batches = selection.batches()
            candidates = self._candidates(sampler, spec, self.seed, batches, progress)
            selected = selection.select(candidates)
            return ((n, sampler.render(n, text, document)) for n, text, document in selected)
        batches = _batches(options.count)
        candidates = self._candidates(sampler, spec, self.seed, batches, progress)
        return in_order(selection.count_copies(candidates) if selection else candidates)

    def rewrite(self, tune: str, rewrite: str | None = None, **options: Any) -> "list[Rewrite]":
        """Write bars of a tune anew, so that they fit what is before and after them.

        Args:
            tune: The tune in ABC.
            rewrite: Bars by their numbers in a score, such as ``"5-8,13-16"``, or ``"gaps"`` for
                those with only rests or ``?``.
            **options: Other fields of `RewriteOptions`, and of `SamplingOptions`, by name.

        Returns:
            Versions of the tune, the likeliest first.

        Raises:
            ConfigError: If the tune or an option cannot be used.
            SamplingError: If the model has nothing new to write.
        """
        given = {"tune": tune, "rewrite": rewrite, **options}
        return self.rewrites(*group_options(given, SamplingOptions, RewriteOptions))

    def rewrites(self, options: SamplingOptions, rewriting: RewriteOptions) -> "list[Rewrite]":
        """`rewrite` with option groups."""
        from seqgen.generation.rewrite import TuneRewriter

        if not self._task.abc_samples:
            name = self.checkpoint.path.name
            raise ConfigError(f"is for models of tunes; {name} generates text", option="tune")
        for name in UNUSED_BY_REWRITES:
            if getattr(options, name) != getattr(SamplingOptions, name):
                raise ConfigError(
                    "cannot be given with `tune`; `candidates` is the number of versions",
                    option=name,
                )
        self.seed = secrets.randbits(32) if options.seed is None else options.seed
        default = {"temperature": self.default_temperature} if options.temperature is None else {}
        rewriter = TuneRewriter(self.checkpoint, self._engine)
        return rewriter.rewrite(rewriting, SamplingSpec.of(options, **default), self.seed)

    def _own(self, options: Options | None) -> Options | None:
        """Return the options of the model's task; others must be defaults."""
        own = self._task.sampling_options
        if own and options is None:
            return own()
        if options is None or (own and isinstance(options, own)):
            return options
        default = vars(type(options)())
        for name, value in vars(options).items():
            if value != default[name]:
                raise ConfigError(f"is not for models of {self._task.name}", option=name)
        return own() if own else None

    def _candidates(
        self,
        sampler: "Sampler[Any]",
        spec: SamplingSpec,
        seed: int,
        batches: Iterable[list[int]],
        progress: "OnProgress | None",
    ) -> Iterator[Piece]:
        """Generate batches of samples. batches: indices of those that are side by side."""
        prefilled = self._engine.read(sampler.rows, progress)
        for indices in batches:
            samples = {index: sampler.sample(index) for index in indices}
            for piece in generate_batch(
                self._engine,
                sampler.prompt_ids,
                prefilled,
                [*samples.values()],
                spec,
                RandomStreams(seed, [(index, 0) for index in indices]),
                sampler.constraint([*samples.values()]),
            ):
                if piece.complete:
                    sampler.on_complete(samples[piece.sample])
                yield piece
            sampler.on_batch_end()

    def _selection(self, options: SamplingOptions) -> Selection | None:
        """Return what rejects or counts copies and repeats, if anything does.

        Raises:
            ConfigError: If the model does not generate documents, or does not know its training
                documents.
        """
        name = self.checkpoint.path.name
        if not self._task.has_documents(self.config):
            if options.novel or options.unique:
                raise ConfigError(
                    f"`novel` and `unique` are for models of documents or tunes; {name} was "
                    "trained on one long text"
                )
            return None
        many = options.count >= MIN_COUNTED or self.counts_copies
        if not (options.novel or options.unique or many):
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
        return Selection(
            options.count,
            self._task.fingerprint,
            hashes,
            novel=options.novel,
            unique=options.unique,
        )


def _batches(count: int) -> Iterator[list[int]]:
    for begin in range(0, count, MAX_STREAMS):
        yield [*range(begin, min(begin + MAX_STREAMS, count))]
