"""Texts too long for memory: kept in a temporary file, and read from there a piece at a time."""

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
    """Some characters that stand together in the file, each as wide as the others.

    first: number of the first of them in the whole. offset: where they begin in the file, in bytes.
    """

    first: int
    offset: int
    codec: str


class Store:
    """Characters in a temporary file that has no name and is gone when nobody reads it any more."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115, as long as the store lives
        self._pieces: list[Piece] = []
        self._length = 0
        weakref.finalize(self, self._file.close)

    def add(self, blocks: Iterable[str]) -> "LongText":
        """Put a text behind those that are there. Raises CorpusError if the disk has no room."""
        begin = self._length
        for block in blocks:
            codec, data = packed(block)
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
        """The characters from start to before stop, counted over all texts."""
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
    """A text in a store, used as a ``str`` is where it is only measured and cut.

    ``len(text)`` is in characters, ``text[start:stop]`` is a part that is not read yet, and
    ``str(text)`` reads it.
    """

    store: Store
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, part: slice) -> "LongText":
        start, stop, step = part.indices(len(self))
        if step != 1:
            raise ValueError("a long text has no part with a step")
        return LongText(self.store, self.start + start, self.start + max(start, stop))

    def __str__(self) -> str:
        return self.store.read(self.start, self.stop)


def packed(block: str) -> tuple[str, bytes]:
    """The narrowest codec in which all characters are of one width, and the bytes in it."""
    for codec, width in WIDTHS.items():
        try:
            data = block.encode(codec)
        except UnicodeEncodeError:  # too wide, or half of a UTF-16 pair
            continue
        if len(data) == width * len(block):
            return codec, data
    return codec, block.encode(codec, "surrogatepass")
