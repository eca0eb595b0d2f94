"""What a model of text is evaluated on: text that it did not learn from, and what it did."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.data.corpora import open_corpus
from seqgen.data.corpora.fetch import Progress
from seqgen.data.corpora.units import Documents
from seqgen.data.tokenizers.base import Text, Tokenizer, blocks, listed
from seqgen.errors import ConfigError, CorpusError, TokenError
from seqgen.evaluation.text.eval_tokens import EvalTokens, eval_tokens
from seqgen.training.run_data import documents_like, encoded, text_parts


@dataclass(frozen=True)
class EvaluationData:
    """What to measure by, and what to compare with.

    learned: ids of the training part [N], each document led by END; None if it cannot be had.
    notices: what was left out, and why, a sentence each.
    """

    evidence: EvalTokens
    learned: np.ndarray | None
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
    """The validation part of a checkpoint's run, or the texts of files.

    files: as `open_corpus` takes them; none for the validation part.
    unknown: "skip" leaves characters of the files out that the vocabulary lacks.
    encoding: of files. stdin: where ``-`` reads from. progress: told of a download as it goes on.
    Raises ConfigError if there is no validation part, CorpusError for a file that cannot be read or
    holds nothing to measure by, TokenError for unknown characters unless they are skipped,
    CheckpointError if the checkpoint is damaged.
    """
    notices: list[str] = []
    tokenizer, facts = checkpoint.tokenizer, checkpoint.config.corpus
    if files:
        corpus = open_corpus(files, encoding=encoding, stdin=stdin, progress=progress)
        documents = documents_like(corpus, facts)
        ids = encoded(known(documents, tokenizer, unknown, notices), tokenizer)
        source = ", ".join(files)
    try:
        parts = text_parts(checkpoint, progress)
    except ConfigError as error:
        if not files:
            raise
        notices.append(f"n-grams and samples, which need the training part, are left out: {error}")
        learned = None
    else:
        learned = parts.training
        notices += [parts.notice] if parts.notice else []
        if not files:
            ids, source = parts.validation, f"what was held back of {facts.name}"
    try:
        found, notice = eval_tokens(ids, tokenizer, source, ends_count=facts.documents > 1)
    except ValueError as error:
        raise CorpusError(f"{source}: {error}") from error
    return EvaluationData(found, learned, (*notices, notice) if notice else tuple(notices))


def known(
    documents: Documents, tokenizer: Tokenizer, unknown: str, notices: list[str]
) -> Iterator[Text]:
    """The documents' texts; what the vocabulary lacks is left out of them and told, or raised."""
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
        notices.append(f"skipped, since the vocabulary lacks it: {listed([*skipped])}")
