"""The base class of the tokenizers, and their helpers."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from seqgen.errors import CheckpointError, TokenError

END = 0
"""Id 0 of every tokenizer: the boundary between documents. It decodes to ""."""

MAX_VOCAB = 0x110000 + 1
"""Maximum size of a vocabulary: every code point of Unicode, and END."""

MAX_TOKEN_LENGTH = 64
"""Maximum number of characters (bytes, in a subword) of a token. It bounds the memory that a few
merges of an untrusted checkpoint can take."""

BLOCK = 1 << 16  # characters encoded at a time
MAX_SAMPLED = 20_000_000  # characters from which the pieces of a vocabulary are counted

TAIL = 500  # characters at the end of a prompt in which its last token may begin
# Possible continuations of a text, one of each class of characters at word boundaries.
PROBES = ("a", "1", "'", ".", " ", "\u0301", "東")

NAMED = 10  # maximum number of unknown characters in a message

SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥"}


class Text(Protocol):
    """A ``str``, or an object with its length and slices, which is read piece by piece."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> "Text": ...

    def __str__(self) -> str: ...


class Decoder:
    """Decodes ids one at a time, for text that is printed while it is generated."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = pieces

    def push(self, id: int) -> str:
        """Return the text that is final after this id; may be ""."""
        return self._pieces[id]

    def flush(self) -> str:
        """Return the rest of the text after the last id."""
        return ""


class Tokenizer(ABC):
    """Text to token ids and back without loss; `seqgen.data.tokenizers.TOKENIZERS` lists them.

    Attributes:
        kind: The name in the registry and in ``tokenizer.json``.
        bounded: Whether vocab_size applies to it.
        preset_family: Presets for models of its tokens
            (`seqgen.training.autoconfig.MAX_RUN_FLOPS`).
        size: Number of tokens; ids are 0 (`END`) to size - 1.
    """

    kind: ClassVar[str]
    bounded: ClassVar[bool] = False
    preset_family: ClassVar[str] = "text"
    size: int

    @classmethod
    @abstractmethod
    def train(cls, texts: Iterable[Text], vocab_size: int | None) -> Self:
        """Create a vocabulary of all characters of texts, and of the pieces in a `sample` of them.

        Args:
            texts: They are iterated over several times.
            vocab_size: Maximum number of tokens, if given.

        Raises:
            ConfigError: If vocab_size is too small.
        """

    @classmethod
    @abstractmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Create a tokenizer from the result of `to_json`. Raises CheckpointError if malformed."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return ``{"kind": ..., ...}`` in JSON types."""

    @abstractmethod
    def encode(self, text: str) -> np.ndarray:
        """Encode a text, `dtype` [T]. Raises TokenError with the unknown characters."""

    def encode_documents(self, texts: Sequence[str]) -> np.ndarray:
        """Encode several texts, each preceded by `END`, `dtype` [T]. Raises as `encode` does."""
        end = np.array([END], self.dtype)
        parts = [part for text in texts for part in (end, self.encode(text))]
        return np.concatenate(parts) if parts else np.zeros(0, self.dtype)

    @abstractmethod
    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """Decode ids: ``decode(encode(text)) == text``. Raises ValueError for an invalid id."""

    @abstractmethod
    def decoder(self) -> Decoder:
        """Create a `Decoder`, whose pieces concatenate to the result of `decode`."""

    @abstractmethod
    def knows(self, character: str) -> bool:
        """Return whether the character can be encoded."""

    @abstractmethod
    def display_token(self, id: int) -> str:
        """Return a token with visible blanks and control characters."""

    @property
    def pieces(self) -> list[str]:
        """The text of every token, by id."""
        return [self.decode([id]) for id in range(self.size)]

    @property
    def contents(self) -> Sequence[str | bytes]:
        """The content of every token by id: text, or bytes of UTF-8; empty for `END`."""
        return self.pieces

    def cut(self, text: str) -> list[str] | None:
        """Cut a text at places that no token crosses; None if every token is one character."""
        return None

    def unfinished(self, text: str) -> str:
        """Return the end of a text that may become part of a longer token; "" for none.

        ``text.removesuffix(unfinished)`` has the same tokens whatever follows. Only the last `TAIL`
        characters are examined.
        """
        tail = text[-TAIL:]
        begin = len(tail)
        for probe in PROBES:
            pieces = self.cut(tail + probe)
            if pieces is None:
                return ""
            start = 0
            for piece in pieces:
                if start + len(piece) > len(tail):
                    break
                start += len(piece)
            begin = min(begin, start)
        # A longer end is not a token, and one without a beginning may have begun before the tail.
        whole = len(tail) - begin <= MAX_TOKEN_LENGTH and (begin or tail == text)
        return tail[begin:] if whole else ""

    @property
    def dtype(self) -> np.dtype:
        """The smallest of uint8, uint16 and uint32 that holds every id."""
        return np.min_scalar_type(self.size - 1)

    def unknown(self, text: str) -> list[str]:
        """Return the distinct characters that cannot be encoded, in order of appearance."""
        return [character for character in dict.fromkeys(text) if not self.knows(character)]

    def skip_unknown(self, text: str) -> str:
        """Remove the characters that cannot be encoded."""
        return text.translate({ord(character): None for character in self.unknown(text)})

    def unknown_error(self, text: str) -> TokenError:
        """Return the error for a text with unknown characters."""
        names = name_characters(self.unknown(text))
        return TokenError(
            f"not in the vocabulary: {names}; `on_unknown='skip'` leaves such characters out"
        )

    def validate_ids(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return ids as an array [T]. Raises ValueError for an invalid id."""
        array = np.asarray(ids)
        if array.size == 0:
            return np.zeros(0, self.dtype)
        whole = array.ndim == 1 and array.dtype.kind in "iu"
        if not whole or array.min() < 0 or array.max() >= self.size:
            raise ValueError(f"ids must be whole numbers from 0 to {self.size - 1} in one row")
        return array


def code_point(character: str) -> str:
    """Return the number of a character, such as ``U+200B``."""
    return f"U+{ord(character):04X}"


def name_characters(characters: Sequence[str]) -> str:
    """Return the names of characters for a message: ``'é', U+200B and 3 more``."""
    names = (repr(c) if c.isprintable() else code_point(c) for c in characters[:NAMED])
    more = f" and {len(characters) - NAMED} more" if len(characters) > NAMED else ""
    return ", ".join(names) + more


def is_surrogate(character: str) -> bool:
    """Return whether it is half of a UTF-16 pair, which UTF-8 cannot encode."""
    return "\ud800" <= character <= "\udfff"


def visible(piece: str) -> str:
    """Replace blanks and control characters of a piece of text by signs; "" is `END`."""
    if not piece:
        return "⟨end⟩"
    return "".join(SIGNS.get(c) or (c if c.isprintable() else code_point(c)) for c in piece)


def blocks(text: Text, size: int = BLOCK) -> Iterator[str]:
    """Yield a text in blocks of at most ``size`` characters, for bounded memory.

    They are cut after a line's end if possible, or else before a space.
    """
    start = 0
    while start < len(text):
        block = str(text[start : start + size])
        if start + len(block) < len(text):
            block = block[: block.rfind("\n") + 1] or block[: max(0, block.rfind(" "))] or block
        yield block
        start += len(block)


def sample(texts: Iterable[Text], most: int = MAX_SAMPLED) -> Iterator[str]:
    """Yield texts in blocks; evenly spread ones if they have more characters than ``most``."""
    every = -(-sum(map(len, texts)) // most)
    return itertools.islice(itertools.chain.from_iterable(map(blocks, texts)), 0, None, every or 1)


def alphabet(texts: Iterable[Text]) -> list[str]:
    """Return the distinct characters of texts, in order of their code points."""
    present = np.zeros(MAX_VOCAB, bool)
    for block in concatenate(texts):
        present[code_points(block)] = True
    return [chr(code) for code in np.flatnonzero(present)]


def concatenate(texts: Iterable[Text], size: int = BLOCK) -> Iterator[str]:
    """Yield texts in blocks, many short ones in one block."""
    parts: list[str] = []
    length = 0
    for text in texts:
        if len(text) > size:
            yield from blocks(text, size)
            continue
        parts.append(str(text))
        length += len(text)
        if length >= size:
            yield "".join(parts)
            parts, length = [], 0
    yield "".join(parts)


def code_points(text: str) -> np.ndarray:
    """Return the code point of every character, uint32 [T], also of lone surrogates."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def field(data: Mapping[str, Any], name: str, what: str, item: type) -> list[Any]:
    """Return the list in a tokenizer's JSON, its only field except its kind.

    Args:
        data: The JSON object.
        name: Name of the list.
        what: Description of the list for the message.
        item: Exact type of each item.

    Raises:
        CheckpointError: If it is missing, too long, has other types, or there are other fields.
    """
    items = data.get(name)
    if not isinstance(items, list) or len(items) >= MAX_VOCAB or set(data) != {"kind", name}:
        raise damaged(name, what)
    if not all(type(each) is item for each in items):
        raise damaged(name, what)
    return items


def damaged(name: str, what: str) -> CheckpointError:
    """Return the error for an invalid list in tokenizer.json."""
    return CheckpointError(f"tokenizer.json: {name!r} must be {what}; the checkpoint is damaged")
