"""The base class of tokenizers that cut text by a regular expression and spell rare pieces."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from seqgen.data.tokenizers.base import (
    MAX_TOKEN_LENGTH,
    MAX_VOCAB,
    Decoder,
    Text,
    Tokenizer,
    alphabet,
    blocks,
    damaged,
    field,
    is_surrogate,
    sample,
    visible,
)
from seqgen.errors import ConfigError


class RegexTokenizer(Tokenizer):
    """The vocabulary is every character of the texts, and their most frequent pieces.

    A piece outside the vocabulary is spelled in single characters, so that decoding is
    concatenation without loss.

    Attributes:
        pattern: Cuts any text into pieces whose concatenation is the text; without groups.
        always: Pieces in every vocabulary.
        min_count: Number of occurrences that make a piece a token.
        default_size: Default maximum number of tokens; None for no limit.
        fields: Further fields of its JSON.
    """

    pattern: ClassVar[re.Pattern[str]]
    always: ClassVar[tuple[str, ...]] = ()
    min_count: ClassVar[int] = 2
    default_size: ClassVar[int | None] = None
    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, pieces: Sequence[str]) -> None:
        """Create a tokenizer of distinct pieces, with all their characters; the first has id 1."""
        self.size = len(pieces) + 1
        self._pieces = ("", *pieces)
        self._ids = {piece: id for id, piece in enumerate(pieces, start=1)}

    @classmethod
    def train(cls, texts: Iterable[Text], vocab_size: int | None) -> Self:
        characters = sorted({*alphabet(texts), *"".join(cls.always)})
        counts = cls.count_pieces(sample(texts))
        required = [*filter(is_piece, cls.always), *sorted(filter(is_piece, cls.units(counts)))]
        least = len(characters) + len(required) + 1
        if vocab_size is not None and vocab_size < least:
            raise ConfigError(
                f"{vocab_size} is too small: {least - 1} characters and other pieces are required, "
                f"so the minimum is {least}",
                option="vocab_size",
            )
        for piece in required:
            del counts[piece]
        frequent = [p for p, count in counts.items() if count >= cls.min_count and is_piece(p)]
        frequent.sort(key=lambda piece: (-counts[piece], piece))
        most = vocab_size or cls.default_size or MAX_VOCAB
        return cls(characters + required + frequent[: max(0, most - least)])

    @classmethod
    def count_pieces(cls, blocks: Iterable[str]) -> Counter[str]:
        """Count the occurrences of each piece."""
        counts = Counter[str]()
        for block in blocks:
            counts.update(cls.pattern.findall(block))
        return counts

    @classmethod
    def units(cls, counts: Counter[str]) -> set[str]:
        """Return the units of several characters in which pieces are spelled."""
        return set()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        what = f"distinct texts of 1 to {MAX_TOKEN_LENGTH} characters, with all single characters"
        what = f"a list of {what}"
        data = {name: value for name, value in data.items() if name not in cls.fields}
        pieces = field(data, "pieces", what, str)
        known = set(pieces)
        lengths_hold = all(1 <= len(piece) <= MAX_TOKEN_LENGTH for piece in pieces)
        if len(known) != len(pieces) or not lengths_hold or not known.issuperset("".join(pieces)):
            raise damaged("pieces", what)
        if missing := [piece for piece in cls.always if piece not in known]:
            raise damaged("pieces", f"a list that holds {' '.join(missing)} too")
        return cls(pieces)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "pieces": list(self._pieces[1:])}

    def encode(self, text: str) -> np.ndarray:
        try:
            parts = [np.array(self._encode(block), self.dtype) for block in blocks(text)]
        except KeyError:
            raise self.unknown_error(text) from None
        return np.concatenate(parts) if parts else np.zeros(0, self.dtype)

    def _encode(self, block: str) -> list[int]:
        """Encode a block. Raises KeyError for an unknown character."""
        known = self._ids
        ids = []
        for piece in self.pattern.findall(block):
            if piece in known:
                ids.append(known[piece])
            else:
                ids.extend([known[character] for character in piece])
        return ids

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        pieces = self._pieces
        return "".join([pieces[id] for id in self.validate_ids(ids).tolist()])

    def decoder(self) -> Decoder:
        return Decoder(self._pieces)

    def knows(self, character: str) -> bool:
        return character in self._ids

    def display_token(self, id: int) -> str:
        return visible(self._pieces[id])


def is_piece(piece: str) -> bool:
    """Return whether a piece can be a token of several characters.

    It has no surrogates, since JSON would turn two adjacent ones into one character.
    """
    return 2 <= len(piece) <= MAX_TOKEN_LENGTH and not any(map(is_surrogate, piece))
