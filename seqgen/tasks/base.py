"""The `Task` protocol: what seqgen asks of a kind of data."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    from seqgen.checkpoint.config import Config
    from seqgen.checkpoint.read import Checkpoint
    from seqgen.config.fields import Options
    from seqgen.config.options import DataOptions, SamplingOptions
    from seqgen.config.resolved import DataSpec
    from seqgen.data.batching import Augmentation
    from seqgen.data.corpora import Corpus
    from seqgen.data.split import Split
    from seqgen.data.tokenizers.base import Text, Tokenizer
    from seqgen.generation.sampler import Sampler


PREVIEW_CHARACTERS = 200  # of samples during training


class Unit(NamedTuple):
    """The unit of losses that compares models with different vocabularies.

    Attributes:
        name: Such as "character".
        label: Short form, such as "char" in "bits/char".
        total: Number of units in the validation part.
    """

    name: str
    label: str
    total: int

    def bits(self, nats: float, config: "Config") -> float:
        """Convert a validation loss in nats per token to bits per unit."""
        return nats * (config.corpus.validation_tokens - 1) / max(1, self.total) / math.log(2)


class Task(ABC):
    """One kind of data, from documents to samples.

    Attributes:
        name: The name in `seqgen.tasks.TASKS`, in ``Corpus.kind`` and in ``config.json``.
        default_tokenizer: Tokenizer of a corpus unless another is requested.
        document_noun: Name of one document, in the singular.
        samples_noun: Name of what a model generates.
        split_description: How the validation part is chosen, where no whole documents are.
        document_separator: What stands between documents in their source.
        unit_label: Short form of the unit of losses (`Unit`).
        abc_samples: Whether samples are tunes in ABC notation, which can be drawn and played.
        evaluation: "module:attribute" of what `seqgen evaluate` calls (`seqgen.cli.evaluate`).
    """

    name: ClassVar[str]
    default_tokenizer: ClassVar[str]
    document_noun: ClassVar[str]
    samples_noun: ClassVar[str]
    split_description: ClassVar[str]
    document_separator: ClassVar[str] = ""
    unit_label: ClassVar[str] = "char"
    abc_samples: ClassVar[bool] = False
    evaluation: ClassVar[str] = "seqgen.cli.evaluate_text:EVALUATION"

    def metric_unit(self, config: "Config") -> Unit:
        """Return the unit of losses that compares vocabularies."""
        return Unit("character", "char", config.corpus.validation_characters)

    def extra_metrics(self, nats: float, config: "Config") -> dict[str, float]:
        """Return a validation loss in units of this task, by fields of `Evaluated`."""
        return {}

    def count_documents(self, corpus: "Corpus") -> tuple[int, str | None]:
        """Return the number of documents of a corpus, and their unit if the corpus has several."""
        return len(corpus.documents), None

    def corpus_report(self, corpus: "Corpus") -> dict[str, Any] | None:
        """Return what of a corpus can be used, in JSON types; None where all of it can."""
        return None

    @property
    def facts_type(self) -> type | None:
        """The dataclass of what ``config.json`` stores about a corpus of this task, if anything."""
        return None

    def invalid_fields(self, config: "Config") -> "Iterator[tuple[str, str]]":
        """Check what only the task knows about a configuration that was read from a file.

        Yields:
            The name of an invalid field of ``config.json``, and the reason.
        """
        yield from ()

    @abstractmethod
    def split(self, corpus: "Corpus", options: "DataOptions") -> "Split":
        """Turn a corpus into documents, and these into a training and a validation part.

        Raises:
            ConfigError: If an option is for another task or does not fit the corpus.
            CorpusError: If no document can be used.
        """

    @abstractmethod
    def split_again(self, corpus: "Corpus", config: "Config", tokenizer: "Tokenizer") -> "Split":
        """Split the corpus of an existing model as its run did.

        Args:
            corpus: The same as then.
            config: Of the model.
            tokenizer: Of the model; documents that it cannot encode may be left out.

        Raises:
            CorpusError: If no document can be used.
        """

    @abstractmethod
    def documents(self, corpus: "Corpus", config: "Config") -> "Iterable[Text]":
        """Return the documents of another corpus as a model knows documents.

        Args:
            corpus: Any corpus.
            config: Of the model.

        Raises:
            CorpusError: If it has no such documents.
        """

    @abstractmethod
    def parse_excerpt(self, text: str) -> list[str]:
        """Return the documents in a file of a few, each as `split` returns them."""

    def extra_vocabulary(
        self, split: "Split", options: "DataOptions", tokenizer: str
    ) -> Sequence[str]:
        """Return texts that the vocabulary must cover beside those of the split.

        Args:
            split: The corpus.
            options: How it is prepared.
            tokenizer: Name of the tokenizer.

        Raises:
            ConfigError: If the options do not fit the tokenizer.
        """
        return ()

    def feature_sizes(self, tokenizer: "Tokenizer") -> tuple[int, ...]:
        """Return the number of values of each input feature beside a token; () for no features."""
        return ()

    @abstractmethod
    def encode(
        self, documents: "Iterable[Text]", tokenizer: "Tokenizer", feature_sizes: tuple[int, ...]
    ) -> "Iterator[tuple[np.ndarray, int]]":
        """Encode documents, each preceded by END.

        Args:
            documents: As `split` returns them.
            tokenizer: Its vocabulary covers the documents.
            feature_sizes: As `feature_sizes` returned them for the network.

        Yields:
            Ids [N], or [N, 1 + F] with input features; and the number of characters they encode.
        """

    @abstractmethod
    def start_ids(self, documents: int, tokenizer: "Tokenizer") -> tuple[int, ...]:
        """Return the ids after which a sample without a prompt begins.

        Args:
            documents: Number of documents in the corpus.
            tokenizer: Trained on the corpus.
        """

    def augmentation(
        self, data: "DataSpec", rows: "np.ndarray", tokenizer: "Tokenizer", seed: int
    ) -> "Augmentation | None":
        """Return what changes the training tokens in each epoch, or None.

        Args:
            data: How the corpus was prepared.
            rows: The training part, [N] or [N, 1 + F].
            tokenizer: That of the network.
            seed: That of the run.
        """
        return None

    def has_documents(self, config: "Config") -> bool:
        """Return whether samples are whole documents, which may be copies of training documents."""
        return config.corpus.learns_ends

    @property
    def sampling_options(self) -> "type[Options] | None":
        """The options of samples that only this task has, if any."""
        return None

    @abstractmethod
    def default_temperature(self, config: "Config") -> float:
        """Return the softmax temperature for a model unless another is requested."""

    def preview_length(self, characters_per_token: float) -> int:
        """Return the maximum number of tokens of samples during training."""
        return max(1, round(PREVIEW_CHARACTERS / characters_per_token))

    @abstractmethod
    def sampler(
        self,
        checkpoint: "Checkpoint",
        prompt: str,
        options: "SamplingOptions",
        task_options: Any,
        seed: int,
    ) -> "Sampler[Any]":
        """Return what makes the samples of one call.

        Args:
            checkpoint: The model.
            prompt: What each sample continues.
            options: How tokens are chosen.
            task_options: Of the type `sampling_options`, or None if there is none.
            seed: Seed of the call.

        Raises:
            ConfigError: If an option is impossible.
            TokenError: If the vocabulary lacks characters of the prompt.
        """

    @abstractmethod
    def fingerprint(self, document: "Text") -> int:
        """Return a 64-bit hash that is equal for documents that count as copies of each other."""
