"""From documents to two memory-mapped streams of token ids: to learn from, and to measure by."""

import hashlib
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqgen import tokenizers
from seqgen.config import TokenOptions
from seqgen.corpora import Corpus
from seqgen.errors import CorpusError
from seqgen.music.learned import learned_form
from seqgen.tokenizers.base import END, MOST_SAMPLED, Text, blocks
from seqgen.training.events import Preparing

if TYPE_CHECKING:
    from seqgen.tokenizers.base import Tokenizer

TRAINING = "training.bin"
VALIDATION = "validation.bin"
VALIDATION_SHARE = 0.1
LEAST_CHARACTERS = 20


@dataclass(frozen=True)
class Split:
    """The texts of the two parts, and what became of the documents on the way."""

    training: tuple[Text, ...]
    validation: tuple[Text, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """Tokens ready for training.

    training, validation: ids, each document led by END; memory-mapped.
    characters: of the texts behind each, in the same order.
    start: ids that generation begins from when there is no prompt.
    """

    tokenizer: "Tokenizer"
    training: np.ndarray
    validation: np.ndarray
    training_characters: int
    validation_characters: int
    documents: int
    start: tuple[int, ...]
    notices: tuple[str, ...]

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
    split = split_tunes(corpus) if corpus.kind == "tunes" else split_text(corpus)
    texts = (*split.training, *split.validation)
    characters = sum(map(len, texts))
    if characters < LEAST_CHARACTERS:
        raise CorpusError(
            f"{corpus.name} holds {corpus.characters} characters; "
            f"at least {LEAST_CHARACTERS} are needed to learn from"
        )
    kind = options.tokens or ("abc" if corpus.kind == "tunes" else "char")
    # Over both parts, so that no character of the corpus is unknown, as in published figures.
    tokenizer = tokenizers.train(kind, texts, options.vocab_size)
    notices = list(split.notices)
    if kind != "char" and characters > MOST_SAMPLED:
        notices.append(
            f"the {kind} vocabulary was made from {MOST_SAMPLED:,} of {characters:,} characters, "
            "evenly spread"
        )
    done = 0
    for name, own in ((TRAINING, split.training), (VALIDATION, split.validation)):
        for written in write_ids(folder / name, own, tokenizer):
            done += written
            yield Preparing(what, done / characters)
    return Dataset(
        tokenizer=tokenizer,
        training=open_ids(folder / TRAINING, tokenizer),
        validation=open_ids(folder / VALIDATION, tokenizer),
        training_characters=sum(map(len, split.training)),
        validation_characters=sum(map(len, split.validation)),
        documents=len(corpus.documents),
        start=start_ids(corpus, tokenizer),
        notices=tuple(notices),
    )


def split_text(corpus: Corpus) -> Split:
    """The last tenth of each text is its validation part."""
    parts = [cut(document.text) for document in corpus.documents]
    return Split(
        tuple(first for first, _ in parts if first), tuple(second for _, second in parts if second)
    )


def cut(text: Text) -> tuple[Text, Text]:
    place = int(len(text) * (1 - VALIDATION_SHARE))
    return text[:place], text[place:]


def split_tunes(corpus: Corpus) -> Split:
    """A tenth of the tunes by their hash, after duplicates are removed, is the validation part."""
    forms = [learned_form(str(document.text)) for document in corpus.documents]
    tunes = list(dict.fromkeys(form for form in forms if form))
    if not tunes:
        raise CorpusError(f"{corpus.name} holds no tune with a K: field and notes")
    without, twice = forms.count(None), len(forms) - forms.count(None) - len(tunes)
    notices = []
    if without:
        notices.append(f"{without} tunes without a key or notes were left out")
    if twice:
        notices.append(f"{twice} tunes that were there before were left out")
    if len(tunes) == 1:
        first, second = cut(tunes[0])
        return Split((first,), (second,), tuple(notices))
    held = {tune for tune in tunes if tune_hash(tune) < VALIDATION_SHARE}
    if not held or len(held) == len(tunes):
        held = {min(tunes, key=tune_hash)}
    return Split(
        tuple(tune for tune in tunes if tune not in held),
        tuple(tune for tune in tunes if tune in held),
        tuple(notices),
    )


def tune_hash(tune: str) -> float:
    """A number in [0, 1) that depends on nothing but the tune."""
    return int.from_bytes(hashlib.sha256(tune.encode()).digest()[:6], "big") / 2**48


def write_ids(path: Path, texts: Iterable[Text], tokenizer: "Tokenizer") -> Iterator[int]:
    """Write each text's ids behind an END, and tell after each block how many characters it had."""
    with open(path, "wb") as file:
        for text in texts:
            file.write(np.array([END], tokenizer.dtype).tobytes())
            for block in blocks(text):
                file.write(tokenizer.encode(block).tobytes())
                yield len(block)


def open_ids(path: Path, tokenizer: "Tokenizer") -> np.ndarray:
    """The ids that `write_ids` wrote."""
    return np.memmap(path, tokenizer.dtype, mode="r")


def start_ids(corpus: Corpus, tokenizer: "Tokenizer") -> tuple[int, ...]:
    """Where generation begins: before a document, or, where there is but one, before a line."""
    if corpus.kind == "text" and len(corpus.documents) == 1 and not tokenizer.unknown("\n"):
        return tuple(int(token) for token in tokenizer.encode("\n"))
    return (END,)
