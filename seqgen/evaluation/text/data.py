"""The text that a model of text is evaluated on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.checkpoint.run_data import open_run_tokens
from seqgen.data.corpora import open_corpus
from seqgen.data.corpora.fetch import Progress
from seqgen.data.corpora.units import Documents
from seqgen.data.token_files import encode_documents
from seqgen.data.tokenizers.base import Text, Tokenizer, blocks, name_characters
from seqgen.errors import ConfigError, CorpusError, TokenError
from seqgen.evaluation.text.eval_tokens import EvalTokens, eval_tokens

# Characters of the training part that are read: counting n-grams in them takes 1.5 GB.
MAX_TRAINING_CHARACTERS = 10_000_000


@dataclass(frozen=True)
class EvaluationData:
    """The tokens to evaluate on, and the training part to compare with.

    Attributes:
        tokens: The tokens to evaluate on.
        training: Ids of the training part [N], each document preceded by END; None if it is gone.
        notices: What was left out, and why.
    """

    tokens: EvalTokens
    training: np.ndarray | None
    notices: tuple[str, ...]


def evaluation_data(
    checkpoint: Checkpoint,
    files: Sequence[str] = (),
    *,
    unknown: str = "error",
    encoding: str | None = None,
    stdin: BinaryIO | None = None,
    progress: Progress | None = None,
) -> EvaluationData:
    """Open the validation part of a run, or the texts of files.

    Args:
        checkpoint: A model of text.
        files: As `open_corpus` takes them; none for the validation part.
        unknown: "skip" leaves out characters of the files that the vocabulary lacks.
        encoding: Of the files.
        stdin: Where ``-`` reads from.
        progress: Called during a download.

    Raises:
        ConfigError: If there is no validation part.
        CorpusError: If a file cannot be read or has no text.
        TokenError: If the vocabulary lacks characters, unless they are skipped.
        CheckpointError: If the checkpoint is damaged.
    """
    notices: list[str] = []
    tokenizer, facts = checkpoint.tokenizer, checkpoint.config.corpus
    if files:
        corpus = open_corpus(files, encoding=encoding, stdin=stdin, progress=progress)
        documents = Documents(corpus, facts.document_unit)
        texts = _known_texts(documents, tokenizer, unknown, notices)
        ids = np.concatenate([ids for ids, _ in encode_documents(texts, tokenizer)])
        source = ", ".join(files)
    try:
        run = open_run_tokens(checkpoint, max_characters=MAX_TRAINING_CHARACTERS, progress=progress)
    except ConfigError as error:
        if not files:
            raise ConfigError(f"{error}; give FILE") from error
        notices.append(f"n-grams and samples, which need the training part, are left out: {error}")
        training = None
    else:
        training = run.training
        if not run.complete:
            notices.append(
                f"of the training part the last {MAX_TRAINING_CHARACTERS:,} of "
                f"{facts.training_characters:,} characters were read"
            )
        if not files:
            ids, source = run.validation, f"the validation part of {facts.name}"
    try:
        tokens, notice = eval_tokens(ids, tokenizer, source, ends_count=facts.documents > 1)
    except ValueError as error:
        raise CorpusError(f"{source}: {error}") from error
    return EvaluationData(tokens, training, (*notices, notice) if notice else tuple(notices))


def _known_texts(
    documents: Documents, tokenizer: Tokenizer, unknown: str, notices: list[str]
) -> Iterator[Text]:
    """Yield the texts; characters that the vocabulary lacks are left out and noted, or raised."""
    skipped: dict[str, None] = {}
    for text, origin in documents.with_origins():
        lacking = dict.fromkeys(c for b in blocks(text) for c in tokenizer.unknown(b))
        if not lacking:
            yield text
        elif unknown == "skip":
            skipped |= lacking
            yield tokenizer.skip_unknown(str(text))
        else:
            raise TokenError(f"{origin}: {tokenizer.unknown_error(''.join(lacking))}")
    if skipped:
        notices.append(f"skipped, since the vocabulary lacks it: {name_characters([*skipped])}")
