"""Baselines that a network's likelihood is compared with: uniform and n-gram models."""

import math
from collections.abc import Iterator

import numpy as np

from seqgen.data.tokenizers.base import END
from seqgen.evaluation.text.eval_tokens import EvalTokens
from seqgen.evaluation.text.ngram import MAX_N, NGram
from seqgen.evaluation.text.report import Row
from seqgen.evaluation.text.standard_error import ratio_with_error


def row_from_losses(
    key: str, name: str, tokens: EvalTokens, nats: np.ndarray, note: str = ""
) -> Row:
    """Average the losses of each token after the first, float [N - 1], under a model."""
    nats, sizes = nats[tokens.counted], tokens.sizes[tokens.counted]
    per_token = ratio_with_error(nats, np.ones(len(nats)))
    return Row(key, name, ratio_with_error(nats, sizes), per_token, note)


def uniform_row(tokens: EvalTokens, vocab: int) -> Row:
    """Evaluate a model that gives ``vocab`` tokens the same probability."""
    nats = np.full(len(tokens.counted), math.log(vocab))
    return row_from_losses("uniform", "uniform", tokens, nats, f"{vocab:,} tokens")


def ngram_rows(tokens: EvalTokens, training: np.ndarray, vocab: int) -> Iterator[Row]:
    """Evaluate n-gram models of all orders, trained on ids [N] with END before each document."""
    for n, model in enumerate(NGram.count_orders(training, MAX_N, vocab, boundary=END), 1):
        name = f"{n}-gram" if n > 1 else "unigram"
        note = "Kneser-Ney" if n > 1 else "frequencies"
        yield row_from_losses(name, name, tokens, model.surprisal(tokens.ids), note)
