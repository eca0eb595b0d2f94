"""The tokens of a run: those that it stored, or those of its corpus split and encoded again."""

import os
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seqgen.checkpoint import layout
from seqgen.checkpoint.config import CorpusFacts
from seqgen.data.corpora import Corpus, open_corpus
from seqgen.data.corpora.registry import find_entry
from seqgen.data.shuffle import shuffle
from seqgen.data.token_files import TRAINING, VALIDATION, open_ids, token_ids
from seqgen.errors import CheckpointError, ConfigError, CorpusError, SeqgenError, TokenError
from seqgen.tasks import TASKS

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint
    from seqgen.data.corpora.fetch import Progress
    from seqgen.data.tokenizers.base import Text


@dataclass(frozen=True)
class RunTokens:
    """The tokens of both parts of a run, each document preceded by END.

    Attributes:
        training: Ids [N] or [N, 1 + F]; the end of the part if it is limited.
        validation: The same.
        complete: Whether ``training`` is the whole part.
    """

    training: np.ndarray
    validation: np.ndarray
    complete: bool = True


def open_run_tokens(
    checkpoint: "Checkpoint",
    *,
    max_characters: int | None = None,
    progress: "Progress | None" = None,
) -> RunTokens:
    """Open the tokens that a run stored, or else open its corpus and split it again.

    Args:
        checkpoint: Of the run.
        max_characters: Characters of the training part to keep, from its end; None for all.
        progress: Called during a download.

    Raises:
        ConfigError: If the tokens are not stored, and the corpus is gone or has changed.
        CheckpointError: If the tokens are damaged.
    """
    parts = stored_tokens(checkpoint)
    if parts is None:
        return _reopen(checkpoint, max_characters, progress)
    training, validation = parts
    count = len(training)
    if max_characters is not None:
        corpus = checkpoint.config.corpus
        per_token = corpus.training_characters / max(1, corpus.training_tokens)
        training = np.asarray(training[-int(max_characters / max(1.0, per_token)) :])
        validation = np.asarray(validation)
    try:
        for rows in (training, validation):
            checkpoint.tokenizer.validate_ids(token_ids(rows))
    except ValueError as error:
        raise _damaged(checkpoint, error) from error
    return RunTokens(training, validation, len(training) == count)


def stored_tokens(checkpoint: "Checkpoint") -> tuple[np.ndarray, np.ndarray] | None:
    """Map the stored tokens of both parts into memory, [N] or [N, 1 + F]; None without them."""
    training, validation = _stored(checkpoint, TRAINING), stored_validation(checkpoint)
    return None if training is None or validation is None else (training, validation)


def stored_validation(checkpoint: "Checkpoint") -> np.ndarray | None:
    """Map the stored tokens of the validation part into memory; None without them."""
    return _stored(checkpoint, VALIDATION)


def _stored(checkpoint: "Checkpoint", name: str) -> np.ndarray | None:
    config, path = checkpoint.config, checkpoint.path / layout.RESUME / name
    if not path.is_file():
        return None
    try:
        return open_ids(path, config.vocab, config.feature_sizes)
    except (OSError, ValueError) as error:
        raise _damaged(checkpoint, error) from error


def _damaged(checkpoint: "Checkpoint", error: Exception) -> CheckpointError:
    folder = checkpoint.path / layout.RESUME
    return CheckpointError(f"{folder}: the tokens cannot be read: {error}")


def _reopen(
    checkpoint: "Checkpoint", max_characters: int | None, progress: "Progress | None"
) -> RunTokens:
    """Split the corpus of a run again and encode it."""
    config, tokenizer = checkpoint.config, checkpoint.tokenizer
    task = TASKS.load(config.task)
    corpus = open_own_corpus(checkpoint, progress)

    def encode(documents: "Iterable[Text]") -> np.ndarray:
        parts = [rows for rows, _ in task.encode(documents, tokenizer, config.feature_sizes)]
        return np.concatenate(parts) if parts else np.zeros(0, tokenizer.dtype)

    try:
        split = task.split_again(corpus, config, tokenizer)
        documents, complete = split.training, True
        if max_characters is not None:
            documents, complete = _last(split.training, max_characters)
        training = encode(documents)
        if split.held_out:
            training = np.concatenate([*shuffle(training)])
        validation = encode(split.validation)
    except (TokenError, CorpusError) as error:
        raise CheckpointError(f"{checkpoint.path}: its own corpus: {error}") from error
    return RunTokens(training, validation, complete)


def open_own_corpus(checkpoint: "Checkpoint", progress: "Progress | None" = None) -> Corpus:
    """Open the corpus that config.json names. Raises ConfigError if it is gone or has changed."""
    facts, name = checkpoint.config.corpus, checkpoint.path.name
    problem = f"{name} has no tokens of its run, and its corpus {facts.name}"
    try:
        # A checkpoint may be a stranger's: it may name files and known corpora, no folders.
        for source in facts.sources:
            if not _is_file(source) and find_entry(source) is None:
                raise CorpusError(f"{source} is neither a built-in corpus nor a file here")
        corpus = open_corpus(facts.sources, encoding=facts.encoding, progress=progress)
    except SeqgenError as error:
        raise ConfigError(f"{problem} cannot be opened ({error})") from error
    if corpus.fingerprint != facts.fingerprint or corpus.kind != checkpoint.config.task:
        raise ConfigError(f"{problem} has changed since {name} was trained")
    return corpus


def changed_sources(facts: CorpusFacts) -> str | None:
    """Describe how the files of a corpus have changed since training; None if they have not.

    Missing files and known corpora are not checked.
    """
    if not all(map(_is_file, facts.sources)):
        return None
    names = ", ".join(facts.sources)
    try:
        corpus = open_corpus(facts.sources, encoding=facts.encoding)
    except SeqgenError as error:
        return f"{names} cannot be read as when the run began ({error})"
    same = corpus.fingerprint == facts.fingerprint
    return None if same else f"{names} has changed since the run began"


def _is_file(source: str) -> bool:
    return os.path.isfile(os.path.expanduser(source))


def _last(texts: "Iterable[Text]", count: int) -> "tuple[list[Text], bool]":
    """Return the last ``count`` characters of some texts, and whether these are all of them."""
    kept: deque[Text] = deque()
    length, complete = 0, True
    for text in texts:
        kept.append(text)
        length += len(text)
        while length - len(kept[0]) >= count:
            length -= len(kept.popleft())
            complete = False
    if length > count:
        kept[0] = kept[0][length - count :]
        complete = False
    return list(kept), complete
