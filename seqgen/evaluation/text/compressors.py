"""Size of a text compressed by xz and bzip2, in nats per character."""

import bz2
import lzma
import math
from collections.abc import Callable, Iterator

from seqgen.evaluation.text.report import Figure, Row

# Dictionary size of xz at preset 9.
XZ_BYTES = 64 << 20
# bzip2 sorts blocks of 900,000 bytes separately. It encodes a run of four equal bytes as five
# before that, so a block holds less of an indented program.
BZIP2_BYTES = 850_000

# Headers dominate the compressed size of a shorter text.
MIN_CHARACTERS = 1000

Compress = Callable[[bytes], bytes]


def xz(data: bytes) -> bytes:
    """Compress with ``xz -9e``."""
    return lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)


def bzip2(data: bytes) -> bytes:
    """Compress with ``bzip2 -9``."""
    return bz2.compress(data, 9)


def rows(text: str, characters: int, training: str | None) -> Iterator[Row]:
    """Measure each compressor on a text alone, and after the training text.

    The latter is the size of both together less that of the training text. xz gets as much of the
    training text as its dictionary holds, bzip2 as much as fits into one block with the text. A
    text below `MIN_CHARACTERS` is not measured.
    """
    if characters < MIN_CHARACTERS:
        return
    data = _encode(text)
    for key, name, compress, window in (
        ("xz", "xz -9e", xz, XZ_BYTES),
        ("bzip2", "bzip2 -9", bzip2, BZIP2_BYTES),
    ):
        alone = len(compress(data))
        yield _row(f"{key}_alone", f"{name}, alone", alone, characters, "without training text")
        room = window - len(data)
        if training and room > 0:
            whole = _encode(training)
            part = whole[-room:]
            size = len(compress(part + data)) - len(compress(part))
            amount = "" if len(part) == len(whole) else f"{len(part) // 1000:,} kB of "
            yield _row(key, name, size, characters, f"after {amount}training text")


def _row(key: str, name: str, size: int, characters: int, note: str) -> Row:
    return Row(key, name, Figure(size * 8 * math.log(2) / characters), note=note)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
