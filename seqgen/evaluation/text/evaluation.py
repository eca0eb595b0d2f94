"""How good a model of text is: its likelihood beside what it means, and passages."""

from collections.abc import Callable, Iterator

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import FLOAT32, INT8, SamplingOptions
from seqgen.data.tokenizers.base import END
from seqgen.evaluation.text import baselines, compressors
from seqgen.evaluation.text.contamination import overlap
from seqgen.evaluation.text.eval_tokens import EvalTokens
from seqgen.evaluation.text.report import Row, TextReport
from seqgen.evaluation.text.samples import sample_figures
from seqgen.evaluation.text.standard_error import ratio_with_error
from seqgen.evaluation.text.surprisal import extremes
from seqgen.generation import Engine, TextGenerator
from seqgen.generation.scoring import token_losses

# What is done, and which share of that, where it is known.
Told = Callable[[str, float | None], None]


def evaluate(
    checkpoint: Checkpoint,
    evidence: EvalTokens,
    learned: np.ndarray | None,
    sampling: SamplingOptions | None = None,
    told: Told = lambda what, share: None,
    notices: tuple[str, ...] = (),
) -> TextReport:
    """Measure a network and what it is compared with on the same characters.

    evidence: the text that it is measured by.
    learned: ids of the training part [N], each document led by END; None if there is none, and
        then what learns from it or is held against it is left out.
    sampling: how many samples are drawn, and how; None for none.
    notices: what the reader of the report has to know of the text.
    Raises CheckpointError if the checkpoint is damaged.
    """
    config = checkpoint.config
    network = both(checkpoint, evidence, told)
    vocab = config.vocab - (0 if config.corpus.documents > 1 else 1)  # END never comes
    rows = [*network_rows(evidence, network), baselines.uniform(evidence, vocab)]
    shared, before, samples = None, None, None
    if learned is not None:
        told("counting n-grams in the training part", None)
        rows += baselines.counts(evidence, learned, config.vocab)
        before = text_of(learned, checkpoint)
        told("looking for the text in the training part", None)
        shared = overlap(evidence.text, before)
        if sampling:
            generator = TextGenerator(checkpoint, Engine(checkpoint.graph()))
            text = evidence.text
            samples = sample_figures(
                generator, before, text, sampling, lambda doing: told(doing, None)
            )
    told("compressing", None)
    rows += compressors.rows(evidence.text, evidence.characters, before)
    counted = evidence.counted
    cost = (network[INT8] - network[FLOAT32])[counted]
    surprising, expected = extremes(evidence, network[FLOAT32])
    return TextReport(
        name=checkpoint.path.name,
        corpus=config.corpus.name,
        evaluated=evidence.source,
        tokens=evidence.tokens,
        characters=evidence.characters,
        rows=tuple(sorted(rows, key=lambda row: row.nats_per_character.value)),
        curve=tuple(checkpoint.metrics()),
        overlap=shared,
        surprising=surprising,
        expected=expected,
        samples=samples,
        notices=notices,
        quantisation=ratio_with_error(cost, evidence.sizes[counted]),
    )


def both(checkpoint: Checkpoint, evidence: EvalTokens, told: Told) -> dict[str, np.ndarray]:
    """The nats of each token after the first by precision, float64 [N - 1]."""
    return {precision: read(checkpoint, evidence, precision, told) for precision in (FLOAT32, INT8)}


def read(checkpoint: Checkpoint, evidence: EvalTokens, precision: str, told: Told) -> np.ndarray:
    what = f"reading {evidence.tokens:,} tokens with {precision} weights"
    told(what, 0.0)
    engine = Engine(checkpoint.graph(precision))
    return token_losses(
        engine, evidence.ids, boundary=END, on_progress=lambda share: told(what, share)
    )


def network_rows(evidence: EvalTokens, nats: dict[str, np.ndarray]) -> Iterator[Row]:
    notes = {FLOAT32: "as trained", INT8: "as it writes"}
    for precision, note in notes.items():
        name = f"network, {precision}"
        yield baselines.measured(precision, name, evidence, nats[precision], note)


def text_of(ids: np.ndarray, checkpoint: Checkpoint) -> str:
    """The training part as a text, a NUL between two documents."""
    documents = np.split(ids, np.flatnonzero(ids == END))
    return "\0".join(checkpoint.tokenizer.decode(each) for each in documents if len(each))
