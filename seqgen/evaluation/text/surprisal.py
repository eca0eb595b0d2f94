"""The passages of a text that surprised a network most, and least."""

import numpy as np

from seqgen.evaluation.text.eval_tokens import EvalTokens
from seqgen.evaluation.text.report import Excerpt

LENGTH = 300  # characters
COUNT = 4


def extremes(
    evidence: EvalTokens, nats: np.ndarray, length: int = LENGTH, count: int = COUNT
) -> tuple[tuple[Excerpt, ...], tuple[Excerpt, ...]]:
    """The passages with the most nats a character, and those with the least, the extreme first.

    nats: of each token after the first [N - 1]. Only those that count are looked at.
    length: characters of a passage; of count that do not overlap there may be fewer.
    """
    text, nats_C = per_character(evidence, nats)
    length = min(length, len(text))
    total = np.concatenate([[0.0], np.cumsum(nats_C)])
    means = total[length:] - total[:-length]
    return tuple(
        tuple(
            Excerpt(place, text[place : place + length], tuple(nats_C[place : place + length]))
            for place in apart(sign * means, length, count)
        )
        for sign in (1, -1)
    )  # type: ignore[return-value]


def per_character(evidence: EvalTokens, nats: np.ndarray) -> tuple[str, np.ndarray]:
    """The characters that count and the nats of each, [C].

    Those of a token are shared by its characters; those of one that wrote none (an end, or the
    beginning of a character) are the next one's.
    """
    pieces, spent = [], []
    waiting = 0.0
    there = zip(evidence.counted.tolist(), evidence.pieces[1:], nats.tolist(), strict=True)
    for counts, piece, own in there:
        if not counts:
            continue
        waiting += own
        if piece:
            pieces.append(piece)
            spent += [waiting / len(piece)] * len(piece)
            waiting = 0.0
    return "".join(pieces), np.array(spent)


def apart(values: np.ndarray, distance: int, count: int) -> list[int]:
    """The places of the largest values, each at least so far from the others."""
    values = values.copy()
    places: list[int] = []
    while len(places) < count and np.isfinite(values.max()):
        place = int(values.argmax())
        places.append(place)
        values[max(0, place - distance + 1) : place + distance] = -np.inf
    return places
