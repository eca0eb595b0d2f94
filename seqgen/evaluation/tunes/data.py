"""The tunes of a model's run, read back from its tokens, and their keys in the book."""

from collections.abc import Sequence

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import Checkpoint
from seqgen.checkpoint.run_data import RunTokens, open_own_corpus
from seqgen.data.token_files import document_texts
from seqgen.errors import CheckpointError, ConfigError, TuneError
from seqgen.music.core.tune import NormalTune
from seqgen.music.normal import normalize, tunebook
from seqgen.music.normal.codec import decode_tune


def parse_tunes(
    checkpoint: Checkpoint, tokens: RunTokens
) -> tuple[list[NormalTune], list[NormalTune]]:
    """Parse the training and the validation tunes of a run. Raises CheckpointError."""
    try:
        training, validation = (
            [*map(decode_tune, document_texts(rows, checkpoint.tokenizer))]
            for rows in (tokens.training, tokens.validation)
        )
    except (ValueError, TuneError) as error:
        folder = checkpoint.path / layout.RESUME
        raise CheckpointError(f"{folder}: the tunes cannot be read: {error}") from error
    return training, validation


def in_written_keys(checkpoint: Checkpoint, tunes: Sequence[NormalTune]) -> list[NormalTune | None]:
    """Return tunes of a run in the keys of its book.

    A run that moves all tonics to C does not store these keys, so the book is read again.

    Returns:
        The tunes; None for each that the book does not have, and for all if it is gone or has
        changed.
    """
    data = checkpoint.config.data
    if data.transpose != "common":
        return list(tunes)
    try:
        corpus = open_own_corpus(checkpoint)
    except ConfigError:
        return [None] * len(tunes)
    book = tunebook.normalize_book(corpus.documents, "none", data.voice)
    originals = [decode_tune(tune.text) for tune in book.tunes]
    by_identity = {normalize.identity(tune): tune for tune in originals}
    return [by_identity.get(normalize.identity(tune)) for tune in tunes]
