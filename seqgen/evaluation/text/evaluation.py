"""Evaluate a model of text: likelihood beside baselines, overlap, surprisal and samples."""

from collections.abc import Callable

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import FLOAT32, INT8, SamplingOptions
from seqgen.data.tokenizers.base import END
from seqgen.evaluation.text import compressors
from seqgen.evaluation.text.baselines import ngram_rows, row_from_losses, uniform_row
from seqgen.evaluation.text.contamination import find_overlap
from seqgen.evaluation.text.eval_tokens import EvalTokens
from seqgen.evaluation.text.report import TextReport
from seqgen.evaluation.text.samples import measure_samples
from seqgen.evaluation.text.standard_error import ratio_with_error
from seqgen.evaluation.text.surprisal import extremes
from seqgen.generation import Engine, TextGenerator
from seqgen.generation.scoring import token_losses

OnProgress = Callable[[str, float | None], None]
"""Takes the current activity and its completed share, None if that is unknown."""


def evaluate(
    checkpoint: Checkpoint,
    tokens: EvalTokens,
    training: np.ndarray | None,
    sampling: SamplingOptions | None = None,
    on_progress: OnProgress = lambda activity, share: None,
    notices: tuple[str, ...] = (),
) -> TextReport:
    """Evaluate a network and all baselines on the same characters.

    Args:
        checkpoint: A model of text.
        tokens: The evaluation text.
        training: Ids of the training part [N], each document preceded by END. Without it,
            baselines that need it, the overlap and samples are left out.
        sampling: Number of samples and how to draw them; None for no samples.
        on_progress: Called at each activity.
        notices: Copied into the report.

    Raises:
        CheckpointError: If the checkpoint is damaged.
    """
    config = checkpoint.config
    losses = {
        precision: _losses(checkpoint, tokens, precision, on_progress)
        for precision in (FLOAT32, INT8)
    }
    rows = [
        row_from_losses(precision, f"network, {precision}", tokens, losses[precision], note)
        for precision, note in ((FLOAT32, "as trained"), (INT8, "as sampled"))
    ]
    # END never occurs in a single document.
    rows.append(uniform_row(tokens, config.vocab - (config.corpus.documents <= 1)))
    overlap, training_text, samples = None, None, None
    if training is not None:
        on_progress("counting n-grams of the training text", None)
        rows += ngram_rows(tokens, training, config.vocab)
        training_text = text_of(training, checkpoint)
        on_progress("looking for the evaluation text in the training text", None)
        overlap = find_overlap(tokens.text, training_text)
        if sampling:
            samples = measure_samples(
                TextGenerator(checkpoint, Engine(checkpoint.graph())),
                training_text,
                tokens.text,
                sampling,
                lambda activity: on_progress(activity, None),
            )
    on_progress("compressing", None)
    rows += compressors.rows(tokens.text, tokens.characters, training_text)
    added = (losses[INT8] - losses[FLOAT32])[tokens.counted]
    surprising, expected = extremes(tokens, losses[FLOAT32])
    return TextReport(
        name=checkpoint.path.name,
        corpus=config.corpus.name,
        evaluated=tokens.source,
        tokens=tokens.tokens,
        characters=tokens.characters,
        rows=tuple(sorted(rows, key=lambda row: row.nats_per_character.value)),
        curve=tuple(checkpoint.metrics()),
        overlap=overlap,
        surprising=surprising,
        expected=expected,
        samples=samples,
        notices=notices,
        quantisation=ratio_with_error(added, tokens.sizes[tokens.counted]),
    )


def text_of(ids: np.ndarray, checkpoint: Checkpoint) -> str:
    """Decode documents, with a NUL between two."""
    documents = np.split(ids, np.flatnonzero(ids == END))
    return "\0".join(checkpoint.tokenizer.decode(each) for each in documents if len(each))


def _losses(
    checkpoint: Checkpoint, tokens: EvalTokens, precision: str, on_progress: OnProgress
) -> np.ndarray:
    """Loss of each token after the first, float64 [N - 1]."""
    activity = f"scoring {tokens.tokens:,} tokens with {precision} weights"
    on_progress(activity, 0.0)
    return token_losses(
        Engine(checkpoint.graph(precision)),
        tokens.ids,
        boundary=END,
        on_progress=lambda share: on_progress(activity, share),
    )
