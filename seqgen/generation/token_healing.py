"""Token healing: let a prompt end in the middle of a token.

The tokens of "The kin" are not a prefix of those of "The king", where " king" is one token. So the
last word is removed from the prompt, and the first sampled tokens must spell it: " king", or " k".
"""

from collections.abc import Sequence

import numpy as np

from seqgen.generation.constraint import mask_logits


class TokenHealing:
    """Constraint that forces the first tokens of each sample to spell a given text."""

    def __init__(self, contents: Sequence[str | bytes], text: str, streams: Sequence[int]) -> None:
        """Begin before the first token.

        Args:
            contents: Content of each token (`Tokenizer.contents`).
            text: The text that was removed from the prompt.
            streams: Indices of the streams.
        """
        self._pieces = contents
        as_bytes = any(isinstance(piece, bytes) for piece in contents)
        self._remaining: dict[int, str | bytes]
        self._remaining = dict.fromkeys(streams, text.encode() if as_bytes else text)
        self._allowed: dict[str | bytes, np.ndarray] = {}

    def process(self, streams: Sequence[int], logits_BV: np.ndarray) -> np.ndarray:
        if not self._remaining:
            return logits_BV
        allowed_BV = np.ones(logits_BV.shape, bool)
        for row, stream in enumerate(streams):
            if stream in self._remaining:
                allowed_BV[row] = self._allowed_tokens(self._remaining[stream])
        return mask_logits(logits_BV, allowed_BV)

    def accept(self, streams: Sequence[int], ids_B: np.ndarray) -> None:
        for stream, id in zip(streams, ids_B.tolist(), strict=True):
            if stream in self._remaining:
                self._remaining[stream] = self._remaining[stream][len(self._pieces[id]) :]
                if not self._remaining[stream]:
                    del self._remaining[stream]

    def _allowed_tokens(self, text: str | bytes) -> np.ndarray:
        """Return which tokens begin with a text or are a prefix of it, bool [V]."""
        if text not in self._allowed:
            self._allowed[text] = np.array([_is_compatible(piece, text) for piece in self._pieces])
        return self._allowed[text]


def _is_compatible(piece: str | bytes, text: str | bytes) -> bool:
    """Return whether one of the two is a prefix of the other, and the piece is not empty."""
    length = min(len(piece), len(text))
    return length > 0 and piece[:length] == text[:length]
