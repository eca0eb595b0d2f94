"""From documents to two memory-mapped streams of token ids: to learn from, and to measure by."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqgen import tokenizers
from seqgen.config import TokenOptions
from seqgen.corpora import Corpus
from seqgen.errors import CorpusError
from seqgen.music.tune import learned_form
from seqgen.tokenizers.base import END

if TYPE_CHECKING:
    from seqgen.tokenizers.base import Tokenizer

VALIDATION_SHARE = 0.1
LEAST_CHARACTERS = 20


@dataclass(frozen=True)
class Split:
    """The texts of the two parts, and what became of the documents on the way."""

    training: tuple[str, ...]
    validation: tuple[str, ...]
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
    """Split a corpus, train its tokenizer, and write both parts' ids into a folder.

    Raises CorpusError if there is too little to learn from, ConfigError for an option that does
    not fit the tokenizer.
    """
    split = split_tunes(corpus) if corpus.kind == "tunes" else split_text(corpus)
    characters = sum(map(len, split.training))
    if characters + sum(map(len, split.validation)) < LEAST_CHARACTERS:
        raise CorpusError(
            f"{corpus.name} holds {corpus.characters} characters; "
            f"at least {LEAST_CHARACTERS} are needed to learn from"
        )
    kind = options.tokens or ("abc" if corpus.kind == "tunes" else "char")
    # Over both parts, so that no character of the corpus is unknown, as in published figures.
    tokenizer = tokenizers.train(kind, [*split.training, *split.validation], options.vocab_size)
    return Dataset(
        tokenizer=tokenizer,
        training=write_ids(folder / "training.bin", split.training, tokenizer),
        validation=write_ids(folder / "validation.bin", split.validation, tokenizer),
        training_characters=characters,
        validation_characters=sum(map(len, split.validation)),
        documents=len(corpus.documents),
        start=start_ids(corpus, tokenizer),
        notices=split.notices,
    )


def split_text(corpus: Corpus) -> Split:
    """The last tenth of each text is its validation part."""
    parts = [cut(document.text) for document in corpus.documents]
    return Split(
        tuple(first for first, _ in parts if first), tuple(second for _, second in parts if second)
    )


def cut(text: str) -> tuple[str, str]:
    place = int(len(text) * (1 - VALIDATION_SHARE))
    return text[:place], text[place:]


def split_tunes(corpus: Corpus) -> Split:
    """A tenth of the tunes by their hash, after duplicates are removed, is the validation part."""
    forms = [learned_form(document.text) for document in corpus.documents]
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


def write_ids(path: Path, texts: Iterable[str], tokenizer: "Tokenizer") -> np.ndarray:
    """Write each text's ids behind an END; returns them memory-mapped."""
    with open(path, "wb") as file:
        for text in texts:
            file.write(np.array([END], tokenizer.dtype).tobytes())
            file.write(tokenizer.encode(text).tobytes())
    return open_ids(path, tokenizer)


def open_ids(path: Path, tokenizer: "Tokenizer") -> np.ndarray:
    """The ids that `write_ids` wrote."""
    return np.memmap(path, tokenizer.dtype, mode="r")


def start_ids(corpus: Corpus, tokenizer: "Tokenizer") -> tuple[int, ...]:
    """Where generation begins: before a document, or, where there is but one, before a line."""
    if corpus.kind == "text" and len(corpus.documents) == 1 and not tokenizer.unknown("\n"):
        return tuple(int(token) for token in tokenizer.encode("\n"))
    return (END,)
