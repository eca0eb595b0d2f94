"""What a text costs two compressors that many people know: xz and bzip2."""

import bz2
import lzma
import math
from collections.abc import Callable, Iterator

from seqgen.evaluation.text.report import Figure, Row

# Dictionary of xz at preset 9: what lies further back is forgotten.
XZ_BYTES = 64 << 20
# bzip2 sorts blocks of 900,000 bytes, each by itself. It writes a run of four bytes as five first,
# so that not quite as many of a program's indented lines fit into one.
BZIP2_BYTES = 850_000

# Of fewer characters a compressor's own bookkeeping is most of what they cost.
LEAST = 1000

Compress = Callable[[bytes], bytes]


def xz(data: bytes) -> bytes:
    return lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)


def bzip2(data: bytes) -> bytes:
    return bz2.compress(data, 9)


def rows(text: str, characters: int, before: str | None) -> Iterator[Row]:
    """What each compressor needs for a text, alone and where the training part stands before it.

    text: what was evaluated. characters: what a compressed text is divided by.
    before: the training part; None if there is none. What it costs to have read it is the size of
        both together less that of the training part. xz reads as much of it as its dictionary
        holds, bzip2 as much as fits into one block together with the text. None for a short text.
    """
    if characters < LEAST:
        return
    data = encoded(text)
    for key, name, compress, window in (
        ("xz", "xz -9e", xz, XZ_BYTES),
        ("bzip2", "bzip2 -9", bzip2, BZIP2_BYTES),
    ):
        alone = len(compress(data))
        yield row(f"{key}_alone", f"{name}, alone", alone, characters, "on its own")
        room = window - len(data)
        if before and room > 0:
            learned = encoded(before)
            read = learned[-room:]
            after = len(compress(read + data)) - len(compress(read))
            part = "" if len(read) == len(learned) else f"{len(read) // 1000:,} kB of "
            yield row(key, name, after, characters, f"after {part}training")


def row(key: str, name: str, size: int, characters: int, note: str) -> Row:
    return Row(key, name, Figure(size * 8 * math.log(2) / characters), note=note)


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
