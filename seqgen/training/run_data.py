"""The two parts of the text that a network was trained with: to learn from, and held back."""

import os
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from seqgen.checkpoint import layout
from seqgen.checkpoint.config import CorpusFacts
from seqgen.checkpoint.read import Checkpoint
from seqgen.checkpoint.run_data import kept_parts
from seqgen.config.options import FILE
from seqgen.data.corpora import Corpus, open_corpus
from seqgen.data.corpora.fetch import Progress
from seqgen.data.corpora.registry import find_entry
from seqgen.data.corpora.units import Documents
from seqgen.data.shuffle import shuffled
from seqgen.data.split import Split, split_ends, split_text
from seqgen.data.token_files import encode_documents
from seqgen.data.tokenizers.base import Text, Tokenizer
from seqgen.errors import CheckpointError, ConfigError, CorpusError, SeqgenError, TokenError

# Characters of the training part that are looked at: counting n-grams in them takes 1.5 GB.
MOST_LEARNED = 10_000_000
# What may be done instead.
GIVE = "; give FILE"


@dataclass(frozen=True)
class Parts:
    """Ids of both parts, [N], each document led by END.

    training: its end, if it is longer than 10 million characters.
    notice: a sentence where it is not all of it; "" otherwise.
    """

    training: np.ndarray
    validation: np.ndarray
    notice: str = ""


def text_parts(checkpoint: Checkpoint, progress: Progress | None = None) -> Parts:
    """What the run of a model of text kept, or else its corpus, opened and cut again.

    progress: told of a download as it goes on.
    Raises ConfigError if neither can be had; it says why and what to do.
    """
    kept = kept_parts(checkpoint)
    if kept is None:
        return reopened(checkpoint, progress)
    facts = checkpoint.config.corpus
    per_token = facts.training_characters / max(1, facts.training_tokens)
    most = int(MOST_LEARNED / max(1.0, per_token))
    training, validation = np.asarray(kept[0][-most:]), np.asarray(kept[1])
    try:
        for ids in (training, validation):
            checkpoint.tokenizer.validate_ids(ids)
    except ValueError as error:
        folder = checkpoint.path / layout.RESUME
        raise CheckpointError(f"{folder}: the tokens cannot be read: {error}") from error
    return Parts(training, validation, limited(facts) if len(training) < len(kept[0]) else "")


def reopened(checkpoint: Checkpoint, progress: Progress | None = None) -> Parts:
    """Both parts, from the corpus that config.json names, if it still is what it was.

    Raises ConfigError if it cannot be had.
    """
    facts = checkpoint.config.corpus
    try:
        split = split_again(own_corpus(checkpoint, progress), facts)
    except ConfigError as error:
        raise ConfigError(f"{error}{GIVE}") from error
    learned, whole = last(split.training, MOST_LEARNED)
    try:
        training = encoded(learned, checkpoint.tokenizer)
        if split.held_out:
            training = np.concatenate([*shuffled(training)])
        validation = encoded(split.validation, checkpoint.tokenizer)
    except TokenError as error:
        raise CheckpointError(f"{checkpoint.path}: its own corpus: {error}") from error
    return Parts(training, validation, "" if whole else limited(facts))


def split_again(corpus: Corpus, facts: CorpusFacts) -> Split:
    """The parts of a corpus as a run cut them."""
    if facts.held_out and facts.unit:
        return split_text(corpus, facts.unit)
    return split_ends(corpus)


def documents_like(corpus: Corpus, facts: CorpusFacts) -> Documents:
    """The documents of another text, cut as those of a network's own corpus.

    A text without its separator is one document.
    """
    return Documents(corpus, (facts.unit if facts.learns_ends else None) or FILE)


def own_corpus(checkpoint: Checkpoint, progress: Progress | None = None) -> Corpus:
    """The corpus that config.json names. Raises ConfigError if it is not there or not the same."""
    facts, name = checkpoint.config.corpus, checkpoint.path.name
    gone = f"{name} keeps no text of its own, and its corpus {facts.name}"
    try:
        corpus = open_again(facts, progress)
    except SeqgenError as error:
        raise ConfigError(f"{gone} cannot be opened again ({error})") from error
    if corpus.fingerprint != facts.fingerprint or corpus.kind != checkpoint.config.task:
        raise ConfigError(f"{gone} is another text now than {name} learned from")
    return corpus


def open_again(facts: CorpusFacts, progress: Progress | None) -> Corpus:
    """Known corpora and files, by what config.json says; nobody is to be sent through a disk."""
    for source in facts.sources:
        if not is_file(source) and find_entry(source) is None:
            raise CorpusError(f"{source}: is no known corpus, and no file here")
    return open_corpus(facts.sources, encoding=facts.encoding, progress=progress)


def is_file(source: str) -> bool:
    return os.path.isfile(os.path.expanduser(source))


def changed_sources(facts: CorpusFacts) -> str | None:
    """How the files of a corpus differ from what was learned from; None if they do not.

    Those that are not here, and known corpora, are not looked at.
    """
    if not all(map(is_file, facts.sources)):
        return None
    named = ", ".join(facts.sources)
    try:
        corpus = open_corpus(facts.sources, encoding=facts.encoding)
    except SeqgenError as error:
        return f"{named} cannot be read as it was when the run began ({error})"
    same = corpus.fingerprint == facts.fingerprint
    return None if same else f"{named} is another text now than when the run began"


def limited(facts: CorpusFacts) -> str:
    return (
        f"of the training part the last {MOST_LEARNED:,} of "
        f"{facts.training_characters:,} characters were looked at"
    )


def last(texts: Iterable[Text], most: int) -> tuple[list[Text], bool]:
    """The end of some texts, so many characters of it, and whether that is all of them."""
    kept: deque[Text] = deque()
    length, whole = 0, True
    for text in texts:
        kept.append(text)
        length += len(text)
        while length - len(kept[0]) >= most:
            length -= len(kept.popleft())
            whole = False
    if length > most:
        kept[0] = kept[0][length - most :]
        whole = False
    return list(kept), whole


def encoded(texts: Iterable[Text], tokenizer: Tokenizer) -> np.ndarray:
    """Each text's ids behind an END, [N]. Raises TokenError for characters that it lacks."""
    parts = [ids for ids, _ in encode_documents(texts, tokenizer)]
    return np.concatenate(parts) if parts else np.zeros(0, tokenizer.dtype)
