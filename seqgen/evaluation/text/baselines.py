"""How likely counting finds the text that a network is measured by: what its figure means."""

import math
from collections.abc import Iterator

import numpy as np

from seqgen.data.tokenizers.base import END
from seqgen.evaluation.text.eval_tokens import EvalTokens
from seqgen.evaluation.text.ngram import LONGEST, NGram
from seqgen.evaluation.text.report import Row
from seqgen.evaluation.text.standard_error import ratio_with_error


def measured(key: str, name: str, evidence: EvalTokens, nats: np.ndarray, note: str = "") -> Row:
    """A row from the nats of each token after the first, [N - 1]."""
    counted = evidence.counted
    nats, sizes = nats[counted], evidence.sizes[counted]
    return Row(
        key, name, ratio_with_error(nats, sizes), ratio_with_error(nats, np.ones(len(nats))), note
    )


def uniform(evidence: EvalTokens, vocab: int) -> Row:
    """Every token as likely as any other. vocab: how many may come."""
    nats = np.full(len(evidence.counted), math.log(vocab))
    return measured("uniform", "uniform", evidence, nats, f"{vocab:,} tokens")


def counts(evidence: EvalTokens, learned: np.ndarray, vocab: int) -> Iterator[Row]:
    """Single tokens, and n-grams up to the longest, counted in the training part.

    learned: its ids [N], each document led by END.
    """
    for n, model in enumerate(NGram.each(learned, LONGEST, vocab, boundary=END), 1):
        name = f"{n}-gram" if n > 1 else "unigram"
        note = "Kneser-Ney" if n > 1 else "counted"
        yield measured(name, name, evidence, model.surprisal(evidence.ids), note)
