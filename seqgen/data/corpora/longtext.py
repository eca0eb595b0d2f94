"""Texts too long for memory, stored in a temporary file."""

import tempfile
import weakref
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from seqgen.errors import CorpusError

# Width of a character in bytes by codec; the first that holds every character of a piece is taken.
WIDTHS = {"latin-1": 1, "utf-16-le": 2, "utf-32-le": 4}


@dataclass(frozen=True)
class Piece:
    """Characters of one width that are contiguous in the file.

    Attributes:
        first: Index of the first character in the store.
        offset: Its position in the file in bytes.
        codec: The codec of the characters, a key of `WIDTHS`.
    """

    first: int
    offset: int
    codec: str


class Store:
    """Texts in an unnamed temporary file, which is deleted with the last reference to the store."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115, as long as the store lives
        self._pieces: list[Piece] = []
        self._length = 0
        weakref.finalize(self, self._file.close)

    def add(self, blocks: Iterable[str]) -> "LongText":
        """Append a text, given in blocks; raise CorpusError if the disk is full."""
        begin = self._length
        for block in blocks:
            codec, data = _encode(block)
            try:
                offset = self._file.seek(0, 2)
                self._file.write(data)
                self._file.flush()
            except OSError as error:
                raise CorpusError(
                    f"a text this long needs room in {tempfile.gettempdir()}: {error.strerror}; "
                    "the environment variable TMPDIR names another folder"
                ) from error
            self._pieces.append(Piece(self._length, offset, codec))
            self._length += len(block)
        return LongText(self, begin, self._length)

    def read(self, start: int, stop: int) -> str:
        """Return the characters from start to before stop, counted over all texts."""
        parts = []
        number = bisect_right(self._pieces, start, key=lambda piece: piece.first) - 1
        while start < stop:
            piece = self._pieces[number]
            number += 1
            last = number == len(self._pieces)
            end = min(stop, self._length if last else self._pieces[number].first)
            width = WIDTHS[piece.codec]
            self._file.seek(piece.offset + width * (start - piece.first))
            data = self._file.read(width * (end - start))
            parts.append(data.decode(piece.codec, "surrogatepass"))
            start = end
        return "".join(parts)


@dataclass(frozen=True)
class LongText:
    """A text in a store, with the length and slices of a ``str``.

    ``text[start:stop]`` is a `LongText` and reads nothing; ``str(text)`` reads the text.
    """

    store: Store
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, part: slice) -> "LongText":
        start, stop, step = part.indices(len(self))
        if step != 1:
            raise ValueError("a slice of a LongText must have step 1")
        return LongText(self.store, self.start + start, self.start + max(start, stop))

    def __str__(self) -> str:
        return self.store.read(self.start, self.stop)


def _encode(block: str) -> tuple[str, bytes]:
    """Return the narrowest codec in which all characters have one width, and the bytes in it."""
    for codec, width in WIDTHS.items():
        try:
            data = block.encode(codec)
        except UnicodeEncodeError:  # too wide, or half of a UTF-16 pair
            continue
        if len(data) == width * len(block):
            return codec, data
    return codec, block.encode(codec, "surrogatepass")
