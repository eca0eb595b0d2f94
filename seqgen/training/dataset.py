"""From documents to two memory-mapped streams of token ids: to learn from, and to measure by."""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqgen.checkpoint import document_hashes, layout
from seqgen.checkpoint.config import TuneFacts
from seqgen.checkpoint.run_data import TRAINING, VALIDATION, open_ids, row_type
from seqgen.config.options import AUTO, DataOptions
from seqgen.data import tokenizers
from seqgen.data.corpora import Corpus
from seqgen.data.corpora.units import choose_unit
from seqgen.data.tokenizers.base import BLOCK, END, MOST_SAMPLED, Text, blocks
from seqgen.errors import ConfigError, CorpusError
from seqgen.music.normal import position_features
from seqgen.music.normal.transposition import key_lines
from seqgen.training.events import Preparing
from seqgen.training.shuffle import document_starts, shuffle_file
from seqgen.training.split import LONG_SHARE, Split, split_text, split_tunes

if TYPE_CHECKING:
    from seqgen.data.tokenizers.base import Tokenizer

LEAST_CHARACTERS = 20


@dataclass(frozen=True)
class Dataset:
    """Tokens ready for training.

    training, validation: ids [N], each document led by END; memory-mapped. [N, 1 + F] where numbers
        stand beside them.
    training_characters, validation_characters: of the texts behind them.
    documents, unit, held_out: as `Split` has them. long: tokens of a training document, than which
        one in a hundred is longer; 0 where the validation part has the ends of texts.
    start: ids that generation begins from when there is no prompt.
    places: of each of the F numbers, how many values it has.
    tunes: of a book of tunes.
    """

    tokenizer: "Tokenizer"
    training: np.ndarray
    validation: np.ndarray
    training_characters: int
    validation_characters: int
    documents: int
    start: tuple[int, ...]
    notices: tuple[str, ...]
    places: tuple[int, ...] = ()
    tunes: TuneFacts | None = None
    unit: str | None = None
    held_out: int = 0
    long: int = 0

    @property
    def characters_per_token(self) -> float:
        """Characters that a predicted token of the validation part stands for, on average."""
        return self.validation_characters / max(1, len(self.validation) - 1)


def prepare(corpus: Corpus, options: DataOptions, folder: Path) -> Dataset:
    """`preparing`, to its end."""
    steps = preparing(corpus, options, folder)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def preparing(
    corpus: Corpus, options: DataOptions, folder: Path
) -> Generator[Preparing, None, Dataset]:
    """Split a corpus, train its tokenizer, and write both parts' ids into a folder.

    Where whole documents are held out, it writes the hashes of the others too.

    Yields how far it is. Raises CorpusError if there is too little to learn from, ConfigError for
    an option that does not fit the tokenizer.
    """
    what = f"cutting {corpus.characters:,} characters into tokens"
    yield Preparing(what)
    split = split_corpus(corpus, options)
    characters = split.training_characters + split.validation_characters
    if characters < LEAST_CHARACTERS:
        raise CorpusError(
            f"{corpus.name} holds {corpus.characters} characters; "
            f"at least {LEAST_CHARACTERS} are needed to learn from"
        )
    kind = options.tokenizer or ("abc" if corpus.kind == "tunes" else "char")
    moved = split.tunes is not None and options.transpose == "augment"
    if moved and kind != "abc":
        raise ConfigError(
            f"--transpose augment moves the tokens of tunes; --tokenizer {kind} has none"
        )
    lines = {line for text in split.training for line in key_lines(str(text))} if moved else ()
    # Over both parts, so that no character of the corpus is unknown, as in published figures.
    texts = (*split.texts, *sorted(lines)) if moved else split.texts
    tokenizer = tokenizers.train(kind, texts, options.vocab_size)
    notices = list(split.notices)
    if kind != "char" and characters > MOST_SAMPLED:
        notices.append(
            f"the {kind} vocabulary was made from {MOST_SAMPLED:,} of {characters:,} characters, "
            "evenly spread"
        )
    done = 0
    places = (
        position_features.feature_sizes(tokenizer.size) if split.tunes and kind == "abc" else ()
    )
    for name, own in ((TRAINING, split.training), (VALIDATION, split.validation)):
        rows = placed_ids(own, tokenizer) if places else plain_ids(own, tokenizer)
        for written in write_rows(folder / name, rows):
            done += written
            yield Preparing(what, done / characters)
    if split.hashes is not None:
        document_hashes.save(folder, split.hashes)
    training = open_ids(folder / TRAINING, tokenizer.size, places)
    long = 0
    if split.held_out:
        shuffle_file(folder / TRAINING, training)
        training = open_ids(folder / TRAINING, tokenizer.size, places)
        long = long_document(training)
    return Dataset(
        tokenizer=tokenizer,
        training=training,
        validation=open_ids(folder / VALIDATION, tokenizer.size, places),
        training_characters=split.training_characters,
        validation_characters=split.validation_characters,
        documents=split.documents,
        start=start_ids(corpus.kind, split.documents, tokenizer),
        notices=tuple(notices),
        places=places,
        tunes=split.tunes,
        unit=split.unit,
        held_out=split.held_out,
        long=long,
    )


def place_files(folder: Path, checkpoint: Path, put: Callable[[Path, Path], object]) -> None:
    """Put what `preparing` wrote into a folder where a run looks for it.

    put: moves or copies a file.
    """
    (checkpoint / layout.RESUME).mkdir(exist_ok=True)
    for name in (TRAINING, VALIDATION):
        put(folder / name, checkpoint / layout.RESUME / name)
    if (folder / layout.DOCUMENTS).exists():
        put(folder / layout.DOCUMENTS, checkpoint / layout.DOCUMENTS)


def split_corpus(corpus: Corpus, options: DataOptions) -> Split:
    """The two parts of a corpus.

    Raises ConfigError for a separator that it does not contain, and for options of the other kind
    of corpus.
    """
    if corpus.kind != "tunes":
        if options.voice is not None:
            raise ConfigError("--voice is for books of tunes; a text has no voices")
        return split_text(corpus, choose_unit(corpus, options.documents))
    if options.documents != AUTO:
        raise ConfigError("--documents is for texts; in a book of tunes, each tune is a document")
    return split_tunes(corpus, options.transpose, options.voice)


def long_document(ids: np.ndarray) -> int:
    """Tokens of a document, its end included, than which one in a hundred is longer."""
    lengths = np.diff(document_starts(ids), append=len(ids))
    return int(np.quantile(lengths, LONG_SHARE, method="lower"))


def plain_ids(texts: Iterable[Text], tokenizer: "Tokenizer") -> Iterator[tuple[np.ndarray, int]]:
    """Each text's ids behind an END, a block at a time, with how many characters they are of."""
    short: list[str] = []  # encoded together
    length = 0
    for text in chain(texts, [None]):
        if short and (text is None or length + len(text) > BLOCK):
            yield tokenizer.encode_documents(short), length
            short, length = [], 0
        if text is None:
            return
        if len(text) <= BLOCK:
            short.append(str(text))
            length += len(text)
            continue
        yield np.array([END], tokenizer.dtype), 0
        for block in blocks(text):
            yield tokenizer.encode(block), len(block)


def placed_ids(texts: Iterable[Text], tokenizer: "Tokenizer") -> Iterator[tuple[np.ndarray, int]]:
    """Each tune's ids behind an END, and beside each what
    `seqgen.music.normal.position_features.PositionTracker` tells."""
    where = position_features.PositionTracker(position_features.roles(tokenizer.pieces))
    for text in texts:
        ids = [END, *tokenizer.encode(str(text)).tolist()]
        rows = [(id, *where.push(id)) for id in ids]
        yield (
            np.array(
                rows, row_type(tokenizer.size, position_features.feature_sizes(tokenizer.size))
            ),
            len(text),
        )


def write_rows(path: Path, rows: Iterable[tuple[np.ndarray, int]]) -> Iterator[int]:
    """Write ids one after the other, and tell after each part how many characters it had."""
    with open(path, "wb") as file:
        for part, characters in rows:
            file.write(part.tobytes())
            yield characters


def start_ids(kind: str, documents: int, tokenizer: "Tokenizer") -> tuple[int, ...]:
    """Where generation begins: before a document, or, where there is but one, before a line."""
    if kind == "text" and documents == 1 and not tokenizer.unknown("\n"):
        return tuple(int(token) for token in tokenizer.encode("\n"))
    return (END,)
