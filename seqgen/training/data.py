"""From documents to two memory-mapped streams of token ids: to learn from, and to measure by."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqgen import tokenizers
from seqgen.checkpoint.format import TuneFacts
from seqgen.config import TokenOptions
from seqgen.corpora import Corpus
from seqgen.errors import ConfigError, CorpusError
from seqgen.music import place
from seqgen.music.transposition import key_lines
from seqgen.tokenizers.base import END, MOST_SAMPLED, Text, blocks
from seqgen.training.events import Preparing
from seqgen.training.split import split_text, split_tunes

if TYPE_CHECKING:
    from seqgen.tokenizers.base import Tokenizer

TRAINING = "training.bin"
VALIDATION = "validation.bin"
LEAST_CHARACTERS = 20


@dataclass(frozen=True)
class Dataset:
    """Tokens ready for training.

    training, validation: ids [N], each document led by END; memory-mapped. [N, 1 + F] where numbers
        stand beside them.
    training_characters, validation_characters: of the texts behind them.
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

    @property
    def characters_per_token(self) -> float:
        """Characters that a predicted token of the validation part stands for, on average."""
        return self.validation_characters / max(1, len(self.validation) - 1)


def prepare(corpus: Corpus, options: TokenOptions, folder: Path) -> Dataset:
    """`preparing`, to its end."""
    steps = preparing(corpus, options, folder)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def preparing(
    corpus: Corpus, options: TokenOptions, folder: Path
) -> Generator[Preparing, None, Dataset]:
    """Split a corpus, train its tokenizer, and write both parts' ids into a folder.

    Yields how far it is. Raises CorpusError if there is too little to learn from, ConfigError for
    an option that does not fit the tokenizer.
    """
    what = f"cutting {corpus.characters:,} characters into tokens"
    yield Preparing(what)
    split = split_tunes(corpus, options.transpose) if corpus.kind == "tunes" else split_text(corpus)
    texts = (*split.training, *split.validation)
    characters = sum(map(len, texts))
    if characters < LEAST_CHARACTERS:
        raise CorpusError(
            f"{corpus.name} holds {corpus.characters} characters; "
            f"at least {LEAST_CHARACTERS} are needed to learn from"
        )
    kind = options.tokens or ("abc" if corpus.kind == "tunes" else "char")
    moved = split.tunes is not None and options.transpose == "augment"
    if moved and kind != "abc":
        raise ConfigError(
            f"--transpose augment moves the tokens of tunes; --tokens {kind} has none"
        )
    lines = {line for text in split.training for line in key_lines(str(text))} if moved else ()
    # Over both parts, so that no character of the corpus is unknown, as in published figures.
    tokenizer = tokenizers.train(kind, (*texts, *sorted(lines)), options.vocab_size)
    notices = list(split.notices)
    if kind != "char" and characters > MOST_SAMPLED:
        notices.append(
            f"the {kind} vocabulary was made from {MOST_SAMPLED:,} of {characters:,} characters, "
            "evenly spread"
        )
    done = 0
    places = place.sizes(tokenizer.size) if split.tunes and kind == "abc" else ()
    for name, own in ((TRAINING, split.training), (VALIDATION, split.validation)):
        rows = placed_ids(own, tokenizer) if places else plain_ids(own, tokenizer)
        for written in write_rows(folder / name, rows):
            done += written
            yield Preparing(what, done / characters)
    return Dataset(
        tokenizer=tokenizer,
        training=open_ids(folder / TRAINING, tokenizer.size, places),
        validation=open_ids(folder / VALIDATION, tokenizer.size, places),
        training_characters=sum(map(len, split.training)),
        validation_characters=sum(map(len, split.validation)),
        documents=len(corpus.documents),
        start=start_ids(corpus, tokenizer),
        notices=tuple(notices),
        places=places,
        tunes=split.tunes,
    )


def plain_ids(texts: Iterable[Text], tokenizer: "Tokenizer") -> Iterator[tuple[np.ndarray, int]]:
    """Each text's ids behind an END, a block at a time, with how many characters they are of."""
    for text in texts:
        yield np.array([END], tokenizer.dtype), 0
        for block in blocks(text):
            yield tokenizer.encode(block), len(block)


def placed_ids(texts: Iterable[Text], tokenizer: "Tokenizer") -> Iterator[tuple[np.ndarray, int]]:
    """Each tune's ids behind an END, and beside each what `seqgen.music.place.Place` tells."""
    where = place.Place(place.roles(tokenizer.pieces))
    for text in texts:
        ids = [END, *tokenizer.encode(str(text)).tolist()]
        rows = [(id, *where.push(id)) for id in ids]
        yield np.array(rows, row_type(tokenizer.size, place.sizes(tokenizer.size))), len(text)


def row_type(vocab: int, places: tuple[int, ...]) -> np.dtype:
    """The smallest type that holds every id and every number beside it."""
    return np.min_scalar_type(max(vocab, *places, 1) - 1)


def write_rows(path: Path, rows: Iterable[tuple[np.ndarray, int]]) -> Iterator[int]:
    """Write ids one after the other, and tell after each part how many characters it had."""
    with open(path, "wb") as file:
        for part, characters in rows:
            file.write(part.tobytes())
            yield characters


def open_ids(path: Path, vocab: int, places: tuple[int, ...]) -> np.ndarray:
    """The ids that `write_rows` wrote. Raises ValueError if they are none."""
    dtype = row_type(vocab, places)
    columns = 1 + len(places)
    count, rest = divmod(path.stat().st_size, dtype.itemsize * columns)
    if rest or not count:
        raise ValueError(f"{path.name} holds no tokens of this network")
    return np.memmap(path, dtype, mode="r", shape=(count, columns) if places else (count,))


def start_ids(corpus: Corpus, tokenizer: "Tokenizer") -> tuple[int, ...]:
    """Where generation begins: before a document, or, where there is but one, before a line."""
    if corpus.kind == "text" and len(corpus.documents) == 1 and not tokenizer.unknown("\n"):
        return tuple(int(token) for token in tokenizer.encode("\n"))
    return (END,)
