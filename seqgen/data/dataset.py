"""From the documents of a corpus to two memory-mapped arrays of token ids: training, validation."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgen.config.options import DataOptions
from seqgen.data import tokenizers
from seqgen.data.corpora import Corpus
from seqgen.data.fingerprint import DocumentHashes
from seqgen.data.shuffle import document_starts, shuffle_file
from seqgen.data.token_files import TRAINING, VALIDATION, open_ids, write_rows
from seqgen.data.tokenizers.base import MAX_SAMPLED
from seqgen.errors import CorpusError
from seqgen.tasks import TASKS

if TYPE_CHECKING:
    from seqgen.data.tokenizers.base import Tokenizer

MIN_CHARACTERS = 20
# Quantile of the documents' lengths above which a document counts as unusually long.
LONG_QUANTILE = 0.99


@dataclass(frozen=True)
class Preparing:
    """Something that takes a while before a run starts.

    Attributes:
        what: What is being done.
        share: Fraction done; 0 at its start.
    """

    what: str
    share: float = 0.0


@dataclass(frozen=True)
class Dataset:
    """The tokens of a corpus, ready for training.

    Attributes:
        tokenizer: Trained on the corpus.
        training: Ids [N], each document preceded by END; memory-mapped. [N, 1 + F] with input
            features.
        validation: As ``training``.
        training_characters: Characters of the training part.
        validation_characters: Characters of the validation part.
        documents: Number of documents in both parts.
        start: Ids that a sample without a prompt begins after.
        notices: What the user should know about the data.
        feature_sizes: Number of values of each of the F input features.
        facts: What the task stores about the corpus in the checkpoint.
        unit: As in `Split`.
        held_out: As in `Split`.
        long: Tokens of a training document of which one in a hundred has more; 0 where the
            validation part has the ends of files.
        hashes: As in `Split`.
        titles: As in `Split`.
    """

    tokenizer: "Tokenizer"
    training: np.ndarray
    validation: np.ndarray
    training_characters: int
    validation_characters: int
    documents: int
    start: tuple[int, ...]
    notices: tuple[str, ...]
    feature_sizes: tuple[int, ...] = ()
    facts: Any = None
    unit: str | None = None
    held_out: int = 0
    long: int = 0
    hashes: DocumentHashes | None = None
    titles: tuple[str, ...] = ()

    @property
    def characters_per_token(self) -> float:
        """Average number of characters of a predicted validation token."""
        return self.validation_characters / max(1, len(self.validation) - 1)


def prepare(corpus: Corpus, options: DataOptions, folder: Path) -> Dataset:
    """Prepare a dataset as `preparing` does, without reporting progress."""
    steps = preparing(corpus, options, folder)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            dataset: Dataset = end.value
            return dataset


def preparing(
    corpus: Corpus, options: DataOptions, folder: Path
) -> Generator[Preparing, None, Dataset]:
    """Split a corpus, train its tokenizer, and write the ids of both parts into a folder.

    Yields:
        The progress.

    Returns:
        The dataset, whose arrays are mapped from the folder.

    Raises:
        CorpusError: If there is too little to train on.
        ConfigError: If an option does not fit the corpus or the tokenizer.
    """
    what = f"encoding {corpus.characters:,} characters"
    yield Preparing(what)
    task = TASKS.load(corpus.kind)
    split = task.split(corpus, options)
    characters = split.training_characters + split.validation_characters
    if characters < MIN_CHARACTERS:
        raise CorpusError(
            f"{corpus.name} holds {corpus.characters} characters; "
            f"at least {MIN_CHARACTERS} are needed to learn from"
        )
    kind = options.tokenizer or task.default_tokenizer
    # Over both parts, so that no character of the corpus is unknown, as in published figures.
    extra = task.extra_vocabulary(split, options, kind)
    texts = (*split.texts, *extra) if extra else split.texts
    tokenizer = tokenizers.train(kind, texts, options.vocab_size)
    notices = list(split.notices)
    if kind != "char" and characters > MAX_SAMPLED:
        notices.append(
            f"the {kind} vocabulary was made from {MAX_SAMPLED:,} of {characters:,} characters, "
            "evenly spread"
        )
    done = 0
    sizes = task.feature_sizes(tokenizer)
    for name, part in ((TRAINING, split.training), (VALIDATION, split.validation)):
        for written in write_rows(folder / name, task.encode(part, tokenizer, sizes)):
            done += written
            yield Preparing(what, done / characters)
    training = open_ids(folder / TRAINING, tokenizer.size, sizes)
    long = 0
    if split.held_out:
        shuffle_file(folder / TRAINING, training)
        training = open_ids(folder / TRAINING, tokenizer.size, sizes)
        long = _long_document(training)
    return Dataset(
        tokenizer=tokenizer,
        training=training,
        validation=open_ids(folder / VALIDATION, tokenizer.size, sizes),
        training_characters=split.training_characters,
        validation_characters=split.validation_characters,
        documents=split.documents,
        start=task.start_ids(split.documents, tokenizer),
        notices=tuple(notices),
        feature_sizes=sizes,
        facts=split.facts,
        unit=split.unit,
        held_out=split.held_out,
        long=long,
        hashes=split.hashes,
        titles=split.titles,
    )


def _long_document(ids: np.ndarray) -> int:
    """Return the tokens of a document, END included, of which one in a hundred has more."""
    lengths = np.diff(document_starts(ids), append=len(ids))
    return int(np.quantile(lengths, LONG_QUANTILE, method="lower"))
