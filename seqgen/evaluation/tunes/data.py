"""The tunes of a model's run, read back from its tokens."""

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import Checkpoint
from seqgen.checkpoint.run_data import RunTokens
from seqgen.data.token_files import document_texts
from seqgen.errors import CheckpointError, TuneError
from seqgen.music.core.tune import NormalTune
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
