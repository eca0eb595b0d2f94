"""What word and abc share: text cut into pieces by a regular expression, rare ones spelled out."""

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
    """The vocabulary is every character of the texts, then their most frequent pieces.

    A piece outside the vocabulary is spelled in single characters, so decoding is concatenation
    and nothing is lost.

    pattern: cuts any text into pieces whose concatenation is the text; without groups.
    always: pieces that every vocabulary holds, whatever the texts.
    seen: how often a piece must come to be a token: one that comes once teaches nothing as a token
        of its own, and can be spelled.
    default_size: most tokens unless said; None for as many as are worth one.
    fields: names of what its JSON may hold beside its kind and the pieces.
    """

    pattern: ClassVar[re.Pattern[str]]
    always: ClassVar[tuple[str, ...]] = ()
    seen: ClassVar[int] = 2
    default_size: ClassVar[int | None] = None
    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, pieces: Sequence[str]) -> None:
        """pieces: distinct, and each of their characters is one of them; the first has id 1."""
        self.size = len(pieces) + 1
        self._pieces = ("", *pieces)
        self._ids = {piece: id for id, piece in enumerate(pieces, start=1)}

    @classmethod
    def train(cls, texts: Iterable[Text], vocab_size: int | None) -> Self:
        characters = sorted({*alphabet(texts), *"".join(cls.always)})
        counts = cls.counted(sample(texts))
        given = [*filter(is_piece, cls.always), *sorted(filter(is_piece, cls.units(counts)))]
        least = len(characters) + len(given) + 1
        if vocab_size is not None and vocab_size < least:
            raise ConfigError(
                f"{vocab_size} is too small: {least - 1} characters and other pieces are required, "
                f"so the minimum is {least}",
                option="vocab_size",
            )
        for piece in given:
            del counts[piece]
        worth = [p for p, count in counts.items() if count >= cls.seen and is_piece(p)]
        worth.sort(key=lambda piece: (-counts[piece], piece))
        most = vocab_size or cls.default_size or MAX_VOCAB
        return cls(characters + given + worth[: max(0, most - least)])

    @classmethod
    def counted(cls, blocks: Iterable[str]) -> Counter[str]:
        """How often each piece comes in a text."""
        counts = Counter[str]()
        for block in blocks:
            counts.update(cls.pattern.findall(block))
        return counts

    @classmethod
    def units(cls, counts: Counter[str]) -> set[str]:
        """Parts of several characters that pieces are spelled in, and every vocabulary holds.

        counts: of the pieces of the texts.
        """
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
        """The ids of a block. Raises KeyError for an unknown character."""
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
    """Whether a piece can be a token of several characters.

    Not with surrogates in it: two side by side would be one character when JSON is read back.
    """
    return 2 <= len(piece) <= MAX_TOKEN_LENGTH and not any(map(is_surrogate, piece))
