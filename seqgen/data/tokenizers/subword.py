"""Subwords: byte-level byte-pair encoding (Sennrich et al. 2016), which covers every character."""

import codecs
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from seqgen.data.tokenizers.base import (
    MAX_TOKEN_LENGTH,
    Decoder,
    Text,
    Tokenizer,
    alphabet,
    blocks,
    damaged,
    field,
    is_surrogate,
    name_characters,
    sample,
    visible,
)
from seqgen.errors import ConfigError, TokenError

if TYPE_CHECKING:
    import tokenizers

MIN_VOCAB = 1 + 256  # END and every byte


class SubwordTokenizer(Tokenizer):
    """The vocabulary is all 256 bytes, and merges of frequent pairs of tokens.

    Hugging Face `tokenizers` trains and applies the merges. By default there is one token for every
    250 characters of the texts, but at least 512 and at most 8,000: 4,461 for 1.1 MB. The
        vocabulary
    may be smaller, since a pair that occurs once is not merged.
    """

    kind = "subword"
    bounded = True

    def __init__(self, merges: Sequence[tuple[int, int]]) -> None:
        """Create a tokenizer.

        Args:
            merges: Ids of the left and right token of each merge, in order. Byte b has id b + 1.

        Raises:
            ValueError: If a merge is repeated, precedes its parts, or is longer than
                `MAX_TOKEN_LENGTH` bytes.
        """
        if len(set(merges)) != len(merges):
            raise ValueError("a merge is repeated")
        pieces = {bytes([byte]): byte + 1 for byte in range(256)}
        ordered = [b"", *pieces]
        for left, right in merges:
            if not (0 < left < len(ordered) and 0 < right < len(ordered)):
                raise ValueError(f"merge of {left} and {right} comes before its parts")
            piece = ordered[left] + ordered[right]
            if len(piece) > MAX_TOKEN_LENGTH:
                raise ValueError(
                    f"merge of {left} and {right} is longer than {MAX_TOKEN_LENGTH} bytes"
                )
            # Two merges may result in the same piece (a+bc, ab+c), which is one token.
            if pieces.setdefault(piece, len(ordered)) == len(ordered):
                ordered.append(piece)
        self.size = len(ordered)
        self._pieces = ordered
        self._merges = merges

    @classmethod
    def train(cls, texts: Iterable[Text], vocab_size: int | None) -> Self:
        from tokenizers import trainers

        if vocab_size is not None and vocab_size < MIN_VOCAB:
            raise ConfigError(
                f"{vocab_size} is too small: the minimum is {MIN_VOCAB} for subword tokens, one "
                "for each byte and the end of a document",
                option="vocab_size",
            )
        if surrogates := list(filter(is_surrogate, alphabet(texts))):
            raise TokenError(
                f"the text has {name_characters(surrogates)}, which are halves of characters; "
                "remove them, or use `tokenizer='char'`"
            )
        characters = sum(map(len, texts))
        size = vocab_size or min(max(512, characters // 250), 8000)
        model = byte_level_bpe({}, [])
        trainer = trainers.BpeTrainer(
            vocab_size=size - 1,  # without END
            min_frequency=2,
            initial_alphabet=list(byte_signs()),
            max_token_length=MAX_TOKEN_LENGTH,
            show_progress=False,
        )
        model.train_from_iterator(sample(texts), trainer)
        return cls(read_merges(model))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        what = "a list of pairs of ids, each of a byte or an earlier merge"
        merges = field(data, "merges", what, list)
        if not all(len(pair) == 2 and type(pair[0]) is type(pair[1]) is int for pair in merges):
            raise damaged("merges", what)
        try:
            return cls([(left, right) for left, right in merges])
        except ValueError as error:
            raise damaged("merges", what) from error

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "merges": [list(pair) for pair in self._merges]}

    @cached_property
    def _model(self) -> "tokenizers.Tokenizer":
        signs = byte_signs()
        signed = ["".join(signs[byte] for byte in piece) for piece in self._pieces]
        vocabulary = {piece: id for id, piece in enumerate(signed) if id}
        return byte_level_bpe(vocabulary, [(signed[a], signed[b]) for a, b in self._merges])

    def encode(self, text: str) -> np.ndarray:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise self.unknown_error(text) from None
        parts = [np.array(self._model.encode(block).ids, self.dtype) for block in blocks(text)]
        return np.concatenate(parts) if parts else np.zeros(0, self.dtype)

    @property
    def contents(self) -> Sequence[str | bytes]:
        return self._pieces

    def cut(self, text: str) -> list[str]:
        splitter = self._model.pre_tokenizer
        return [text[start:end] for _, (start, end) in splitter.pre_tokenize_str(text)]

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        pieces = self._pieces
        return b"".join([pieces[id] for id in self.validate_ids(ids).tolist()]).decode(
            errors="replace"
        )

    def decoder(self) -> Decoder:
        return ByteDecoder(self._pieces)

    def knows(self, character: str) -> bool:
        return not is_surrogate(character)

    def display_token(self, id: int) -> str:
        return visible(self._pieces[id].decode(errors="backslashreplace"))


class ByteDecoder(Decoder):
    """Decodes a character when all of its bytes have come; invalid ones become U+FFFD."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._bytes = pieces
        self._utf_8 = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, id: int) -> str:
        return self._utf_8.decode(self._bytes[id])

    def flush(self) -> str:
        return self._utf_8.decode(b"", final=True)


def byte_signs() -> list[str]:
    """Return the character that represents each byte in byte-level BPE (GPT-2's table).

    A printable byte represents itself; the others have the code points from 256 on, in order.
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


def byte_level_bpe(
    vocabulary: dict[str, int], merges: list[tuple[str, str]]
) -> "tokenizers.Tokenizer":
    """Create a byte-level BPE model of Hugging Face, without normaliser and special tokens."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    model = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return model


def read_merges(model: "tokenizers.Tokenizer") -> list[tuple[int, int]]:
    """Return the merges of a trained model by the ids of `SubwordTokenizer`."""
    ids = {sign: byte + 1 for byte, sign in enumerate(byte_signs())}
    merges = []
    for left, right in json.loads(model.to_str())["model"]["merges"]:
        merges.append((ids[left], ids[right]))
        ids.setdefault(left + right, len(ids) + 1)
    return merges
