"""The base class of the tokenizers, and what they share."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from seqgen.errors import CheckpointError, TokenError

END = 0
"""Id 0 of every tokenizer: the boundary between documents. It is "", and no text encodes to it."""

MAX_VOCAB = 0x110000 + 1
"""Most tokens a vocabulary may have: every code point of Unicode, and END."""

MAX_TOKEN_LENGTH = 64
"""Most characters (bytes, in a subword) of one token. It bounds what a stranger's checkpoint can
make of a few merges, and a longer run that repeats is rather an accident of the corpus."""

BLOCK = 1 << 16  # characters that are encoded at a time
MAX_SAMPLED = 20_000_000  # characters from which the pieces of a vocabulary are counted

TAIL = 500  # characters at the end of a prompt in which its last token may begin
# What a text may go on with, one of each kind that words are told apart by.
PROBES = ("a", "1", "'", ".", " ", "\u0301", "東")

NAMED = 10  # unknown characters that a message spells out

SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥"}


class Text(Protocol):
    """A ``str``, or what can be measured, cut and read like one, a piece at a time."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> "Text": ...

    def __str__(self) -> str: ...


class Decoder:
    """Ids to text one at a time, for text that is shown while it is written."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = pieces

    def push(self, id: int) -> str:
        """The text that may be written now that this id came; "" where more must come first."""
        return self._pieces[id]

    def flush(self) -> str:
        """What is left at the end of the ids."""
        return ""


class Tokenizer(ABC):
    """Text to token ids and back without loss; `seqgen.data.tokenizers.TOKENIZERS` lists them.

    kind: the name in the registry, by which ``tokenizer.json`` refers to it.
    size: number of tokens; ids are 0 (`END`) to size - 1.
    """

    kind: ClassVar[str]
    bounded: ClassVar[bool] = False  # whether vocab_size applies to it
    preset_family: ClassVar[str] = "text"  # of `seqgen.training.autoconfig.MAX_RUN_FLOPS`
    size: int

    @classmethod
    @abstractmethod
    def train(cls, texts: Iterable[Text], vocab_size: int | None) -> Self:
        """Make the vocabulary from texts: all their characters, and what pieces a `sample` holds.

        texts: they are iterated over several times.
        Raises ConfigError where vocab_size is too small.
        """

    @classmethod
    @abstractmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Undo `to_json`. Raises CheckpointError where the data is malformed."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """``{"kind": ..., ...}`` in plain JSON types."""

    @abstractmethod
    def encode(self, text: str) -> np.ndarray:
        """The ids of a text, `dtype` [T]. Raises TokenError that names the unknown characters."""

    def encode_documents(self, texts: Sequence[str]) -> np.ndarray:
        """The ids of several texts, each led by `END`, `dtype` [T]. Raises as `encode` does."""
        end = np.array([END], self.dtype)
        parts = [part for text in texts for part in (end, self.encode(text))]
        return np.concatenate(parts) if parts else np.zeros(0, self.dtype)

    @abstractmethod
    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """The text of ids: ``decode(encode(text)) == text``. Raises ValueError for no id."""

    @abstractmethod
    def decoder(self) -> Decoder:
        """A new `Decoder`; what it writes, put together, is what `decode` gives."""

    @abstractmethod
    def knows(self, character: str) -> bool:
        """Whether the character can be encoded."""

    @abstractmethod
    def display_token(self, id: int) -> str:
        """A token as a person would read it: blanks and control characters made visible."""

    @property
    def pieces(self) -> list[str]:
        """The text of every token, by id."""
        return [self.decode([id]) for id in range(self.size)]

    @property
    def contents(self) -> Sequence[str | bytes]:
        """What every token adds to a text, by id: text, or bytes of its UTF-8; empty for `END`."""
        return self.pieces

    def cut(self, text: str) -> list[str] | None:
        """A text cut where no token reaches across; None where every token is one character."""
        return None

    def unfinished(self, text: str) -> str:
        """The end of a text that may be part of a token once the text goes on; "" for none.

        So ``text.removesuffix(unfinished)`` has the same tokens whatever follows. Only the last
        `TAIL` characters are looked at.
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
        # A token of this length would hardly be one, or it began before the tail.
        return (
            tail[begin:]
            if len(tail) - begin <= MAX_TOKEN_LENGTH and (begin or tail == text)
            else ""
        )

    @property
    def dtype(self) -> np.dtype:
        """The smallest of uint8, uint16 and uint32 that holds every id."""
        return np.min_scalar_type(self.size - 1)

    def unknown(self, text: str) -> list[str]:
        """The distinct characters that cannot be encoded, in order of appearance."""
        return [character for character in dict.fromkeys(text) if not self.knows(character)]

    def skip_unknown(self, text: str) -> str:
        """The text without the characters that cannot be encoded."""
        return text.translate({ord(character): None for character in self.unknown(text)})

    def unknown_error(self, text: str) -> TokenError:
        """The error for a text that holds unknown characters: it names them."""
        lacking = listed(self.unknown(text))
        return TokenError(
            f"not in the vocabulary: {lacking}; `on_unknown='skip'` leaves such characters out"
        )

    def validate_ids(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        """Ids as an array [T]. Raises ValueError for what is no id of this tokenizer."""
        array = np.asarray(ids)
        if array.size == 0:
            return np.zeros(0, self.dtype)
        whole = array.ndim == 1 and array.dtype.kind in "iu"
        if not whole or array.min() < 0 or array.max() >= self.size:
            raise ValueError(f"ids must be whole numbers from 0 to {self.size - 1} in one row")
        return array


def code_point(character: str) -> str:
    """A character by its number, for one that does not show: ``U+200B``."""
    return f"U+{ord(character):04X}"


def listed(characters: Sequence[str]) -> str:
    """Characters for a message: ``'é', U+200B and 3 more``."""
    names = (repr(c) if c.isprintable() else code_point(c) for c in characters[:NAMED])
    more = f" and {len(characters) - NAMED} more" if len(characters) > NAMED else ""
    return ", ".join(names) + more


def is_surrogate(character: str) -> bool:
    """Whether it is half of a UTF-16 pair and no character: UTF-8 has no bytes for it."""
    return "\ud800" <= character <= "\udfff"


def visible(piece: str) -> str:
    """A piece of text with its blanks and control characters as signs; "" stands for `END`."""
    if not piece:
        return "⟨end⟩"
    return "".join(SIGNS.get(c) or (c if c.isprintable() else code_point(c)) for c in piece)


def blocks(text: Text, size: int = BLOCK) -> Iterator[str]:
    """A text in blocks of at most ``size`` characters, cut after a line's end where there is one,
    or else before a space.

    What a tokenizer holds beside the ids is then bounded, however long the text.
    """
    start = 0
    while start < len(text):
        block = str(text[start : start + size])
        if start + len(block) < len(text):
            block = block[: block.rfind("\n") + 1] or block[: max(0, block.rfind(" "))] or block
        yield block
        start += len(block)


def sample(texts: Iterable[Text], most: int = MAX_SAMPLED) -> Iterator[str]:
    """The texts in blocks; of texts longer than ``most`` together, blocks evenly spread."""
    every = -(-sum(map(len, texts)) // most)
    return itertools.islice(itertools.chain.from_iterable(map(blocks, texts)), 0, None, every or 1)


def alphabet(texts: Iterable[Text]) -> list[str]:
    """The distinct characters of texts, in order of their code points."""
    seen = np.zeros(MAX_VOCAB, bool)
    for block in joined(texts):
        seen[code_points(block)] = True
    return [chr(code) for code in np.flatnonzero(seen)]


def joined(texts: Iterable[Text], size: int = BLOCK) -> Iterator[str]:
    """Texts in blocks, short ones put together, since many of them one by one are slow."""
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
    """The code point of every character, uint32 [T]; lone surrogates pass."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def field(data: Mapping[str, Any], name: str, what: str, item: type) -> list[Any]:
    """The one list that a tokenizer's JSON holds beside its kind.

    what: the list in words, for the message.
    item: type of each item, exactly.
    Raises CheckpointError if it is missing or too long, holds another type, or is not alone.
    """
    items = data.get(name)
    if not isinstance(items, list) or len(items) >= MAX_VOCAB or set(data) != {"kind", name}:
        raise damaged(name, what)
    if not all(type(each) is item for each in items):
        raise damaged(name, what)
    return items


def damaged(name: str, what: str) -> CheckpointError:
    """The error for a list in tokenizer.json that is not what it must be."""
    return CheckpointError(f"tokenizer.json: {name!r} must be {what}; the checkpoint is damaged")
