"""The most and the least surprising excerpts of a text."""

import numpy as np

from seqgen.evaluation.text.eval_tokens import EvalTokens
from seqgen.evaluation.text.report import Excerpt

EXCERPT_CHARACTERS = 300
EXCERPTS = 4


def extremes(
    tokens: EvalTokens,
    nats: np.ndarray,
    length: int = EXCERPT_CHARACTERS,
    count: int = EXCERPTS,
) -> tuple[tuple[Excerpt, ...], tuple[Excerpt, ...]]:
    """Find the excerpts with the highest and the lowest mean loss per character.

    Args:
        tokens: What was evaluated; tokens that are not scored are left out.
        nats: Loss of each token after the first [N - 1].
        length: Characters of an excerpt.
        count: Number of excerpts of each kind; fewer if they would overlap.
    """
    text, nats_C = per_character(tokens, nats)
    length = min(length, len(text))
    total = np.concatenate([[0.0], np.cumsum(nats_C)])
    means = total[length:] - total[:-length]
    return tuple(
        tuple(
            Excerpt(start, text[start : start + length], tuple(nats_C[start : start + length]))
            for start in _distant_maxima(sign * means, length, count)
        )
        for sign in (1, -1)
    )  # type: ignore[return-value]


def per_character(tokens: EvalTokens, nats: np.ndarray) -> tuple[str, np.ndarray]:
    """Distribute the loss of each scored token over its characters; returns the text too.

    A token without characters (an end, or the first bytes of a character) adds its loss to the next
    token.
    """
    pieces, losses = [], []
    pending = 0.0
    scored = zip(tokens.counted.tolist(), tokens.pieces[1:], nats.tolist(), strict=True)
    for counted, piece, own in scored:
        if not counted:
            continue
        pending += own
        if piece:
            pieces.append(piece)
            losses += [pending / len(piece)] * len(piece)
            pending = 0.0
    return "".join(pieces), np.array(losses)


def _distant_maxima(values: np.ndarray, distance: int, count: int) -> list[int]:
    """Indices of the largest values that are at least ``distance`` apart."""
    values = values.copy()
    indices: list[int] = []
    while len(indices) < count and np.isfinite(values.max()):
        index = int(values.argmax())
        indices.append(index)
        values[max(0, index - distance + 1) : index + distance] = -np.inf
    return indices
