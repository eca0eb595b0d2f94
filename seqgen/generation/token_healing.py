"""Token healing: a prompt may end within a token that the network would write whole.

The tokens of "The kin" are not the first ones of "The king", where " king" is one token. So the
last word is taken back, and the first tokens that are drawn are held to it: " king", or " k".
"""

from collections.abc import Sequence

import numpy as np

from seqgen.generation.constraint import masked


class TokenHealing:
    """Holds the first tokens of each sample to a text that was taken back from the prompt."""

    def __init__(self, contents: Sequence[str | bytes], text: str, streams: Sequence[int]) -> None:
        """contents: of each token (`Tokenizer.contents`). text: what was taken back."""
        self._pieces = contents
        as_bytes = any(isinstance(piece, bytes) for piece in contents)
        self._left: dict[int, str | bytes]
        self._left = dict.fromkeys(streams, text.encode() if as_bytes else text)
        self._allowed: dict[str | bytes, np.ndarray] = {}

    def mask(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        if not self._left:
            return logits_BV
        allowed_BV = np.ones(logits_BV.shape, bool)
        for row, stream in enumerate(streams):
            if stream in self._left:
                allowed_BV[row] = self._allowed_by(self._left[stream])
        return masked(logits_BV, allowed_BV)

    def took(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        for stream, id in zip(streams, ids_B.tolist(), strict=True):
            if stream in self._left:
                self._left[stream] = self._left[stream][len(self._pieces[id]) :]
                if not self._left[stream]:
                    del self._left[stream]

    def _allowed_by(self, left: str | bytes) -> np.ndarray:
        """Which tokens begin with what is left, or are a beginning of it."""
        if left not in self._allowed:
            self._allowed[left] = np.array([agree(piece, left) for piece in self._pieces])
        return self._allowed[left]


def agree(piece: str | bytes, text: str | bytes) -> bool:
    """Whether one of two begins with the other, and the piece is not empty."""
    length = min(len(piece), len(text))
    return length > 0 and piece[:length] == text[:length]
