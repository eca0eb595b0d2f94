"""Characters: every character of the texts is a token."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from seqgen.data.tokenizers.base import (
    END,
    Decoder,
    Text,
    Tokenizer,
    alphabet,
    blocks,
    code_points,
    damaged,
    field,
    visible,
)


class CharTokenizer(Tokenizer):
    """The vocabulary is the characters of the texts, in order of their code points.

    Encoding and decoding are look-ups in NumPy tables, without a loop over characters.
    """

    kind = "char"

    def __init__(self, characters: Sequence[str]) -> None:
        """Create a tokenizer of distinct, sorted characters; the first has id 1."""
        self.size = len(characters) + 1
        self._pieces = ("", *characters)
        self._codes = code_points("\0" + "".join(characters))
        # An entry for each code point up to the last known one, and one for all others; END marks
        # unknown characters.
        self._ids = np.zeros(int(self._codes[-1]) + 2, self.dtype)
        self._ids[self._codes[1:]] = np.arange(1, self.size)

    @classmethod
    def train(cls, texts: Iterable[Text], vocab_size: int | None) -> Self:
        return cls(alphabet(texts))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        what = "a list of single characters, sorted, each once"
        characters = field(data, "characters", what, str)
        if not all(len(c) == 1 for c in characters) or characters != sorted(set(characters)):
            raise damaged("characters", what)
        return cls(characters)

    def to_json(self) -> dict[str, Any]:
        # A list, not a string: JSON would turn two adjacent surrogates into one character.
        return {"kind": self.kind, "characters": list(self._pieces[1:])}

    def encode(self, text: str) -> np.ndarray:
        ids = np.empty(len(text), self.dtype)
        done = 0
        for block in blocks(text):
            part = ids[done : done + len(block)]
            np.take(self._ids, code_points(block), out=part, mode="clip")
            if not part.all():
                raise self.unknown_error(text)
            done += len(block)
        return ids

    def encode_documents(self, texts: Sequence[str]) -> np.ndarray:
        # Many times faster than encoding each text.
        ends = np.cumsum([0, *map(len, texts)][: len(texts)])
        return np.insert(self.encode("".join(texts)), ends, END)

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        ids = self.validate_ids(ids)
        return self._codes[ids[ids != 0]].tobytes().decode("utf-32-le", "surrogatepass")

    def decoder(self) -> Decoder:
        return Decoder(self._pieces)

    def knows(self, character: str) -> bool:
        return bool(self._ids[min(ord(character), len(self._ids) - 1)])

    def display_token(self, id: int) -> str:
        return visible(self._pieces[id])
