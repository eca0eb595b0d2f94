"""How likely counting finds the text that a network is measured by: what its figure means."""

import math
from collections.abc import Iterator

import numpy as np

from seqgen.evaluation.evidence import Evidence
from seqgen.evaluation.ngram import LONGEST, NGram
from seqgen.evaluation.text_report import Row
from seqgen.evaluation.uncertainty import rate
from seqgen.tokenizers.base import END


def measured(key: str, name: str, evidence: Evidence, nats: np.ndarray, note: str = "") -> Row:
    """A row from the nats of each token after the first, [N - 1]."""
    counted = evidence.counted
    nats, sizes = nats[counted], evidence.sizes[counted]
    return Row(key, name, rate(nats, sizes), rate(nats, np.ones(len(nats))), note)


def uniform(evidence: Evidence, vocab: int) -> Row:
    """Every token as likely as any other. vocab: how many may come."""
    nats = np.full(len(evidence.counted), math.log(vocab))
    return measured("uniform", "uniform", evidence, nats, f"{vocab:,} tokens")


def counts(evidence: Evidence, learned: np.ndarray, vocab: int) -> Iterator[Row]:
    """Single tokens, and n-grams up to the longest, counted in the training part.

    learned: its ids [N], each document led by END.
    """
    for n, model in enumerate(NGram.each(learned, LONGEST, vocab, boundary=END), 1):
        name = f"{n}-gram" if n > 1 else "unigram"
        note = "Kneser-Ney" if n > 1 else "counted"
        yield measured(name, name, evidence, model.surprisal(evidence.ids), note)
