"""Decoding of files: UTF-8 by default, with byte-order marks and all line ends."""

import codecs
from collections.abc import Iterable, Iterator

from seqgen.data.corpora.formats import detect_format
from seqgen.errors import ConfigError, CorpusError

# Longest first: UTF-32's mark begins with UTF-16's.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
HEAD = 65_536  # bytes examined to distinguish text from binary
# Tab, line ends, form feed, backspace, escape and DOS's end of file (0x1A) do occur in texts.
CONTROL = [chr(c) for c in range(32) if chr(c) not in "\b\t\n\v\f\r\x1a\x1b"]


def decode(chunks: Iterable[bytes], origin: str, encoding: str | None = None) -> Iterator[str]:
    """Decode bytes to text with ``\\n`` line ends and without a byte-order mark.

    Args:
        chunks: The bytes; unless it is the only chunk, the first has at least HEAD.
        origin: The source of the bytes, for messages.
        encoding: A codec of Python; if None, that of the byte-order mark, else UTF-8.

    Yields:
        The text of each chunk.

    Raises:
        CorpusError: If the bytes are not text in that encoding; the message has the position of
            the first invalid byte and an encoding to try.
        ConfigError: If the encoding is unknown.
    """
    codec = ""
    read = lines = 0  # bytes given to the decoder, and line ends that it returned
    rest = ""  # a CR at the end of a chunk, which may be half of a CRLF
    started = False
    for chunk, final in _mark_last(chunks):
        if not codec:
            codec = encoding or detect_bom(chunk) or "utf-8"
            check_encoding(codec)
            check_is_text(chunk[:HEAD], origin, codec)
            decoder = codecs.getincrementaldecoder(codec)()
        try:
            text = rest + decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            # The decoder may have buffered the first bytes of a character from the chunk before.
            buffered, position = len(error.object) - len(chunk), error.start
            before = rest + str(error.object[:position], codec, "ignore")
            line = lines + normalize_line_ends(before).count("\n") + 1
            raise CorpusError(
                f"{origin}: byte 0x{error.object[position]:02x} at offset "
                f"{read - buffered + position} "
                f"(line {line}) is not {_display_name(codec)}; "
                f"try `encoding={_guess_encoding(error.object)!r}`"
            ) from None
        except UnicodeError as error:
            raise CorpusError(f"{origin}: is not {codec}: {error}") from None
        if not started:
            text, started = text.removeprefix("\ufeff"), bool(text)
        if "\0" in text:
            line = lines + normalize_line_ends(text[: text.index("\0")]).count("\n") + 1
            raise CorpusError(f"{origin}: looks binary, not text (a NUL character in line {line})")
        read += len(chunk)
        rest = "\r" if text.endswith("\r") and not final else ""
        text = normalize_line_ends(text.removesuffix(rest))
        lines += text.count("\n")
        yield text


def _mark_last(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each chunk, and whether it is the last."""
    chunks = iter(chunks)
    chunk = next(chunks, b"")
    for following in chunks:
        yield chunk, False
        chunk = following
    yield chunk, True


def normalize_line_ends(text: str) -> str:
    """Replace CRLF and CR by LF; return the same object if there is none."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def detect_bom(data: bytes) -> str | None:
    """Return the encoding of the byte-order mark at the start, or None."""
    return next((codec for mark, codec in BYTE_ORDER_MARKS if data.startswith(mark)), None)


def check_encoding(name: str) -> None:
    """Raise ConfigError unless this is a text encoding of Python."""
    try:
        # "ignore", since one byte is not a character of UTF-16.
        str(b"a", name, "ignore")
    except (LookupError, ValueError):
        raise ConfigError(
            f"unknown text encoding {name!r} "
            "(known are utf-8, utf-16, cp1252, latin-1, shift_jis, koi8-r, gb18030 and others)",
            option="encoding",
        ) from None


def check_is_text(head: bytes, origin: str, encoding: str | None = None) -> None:
    """Raise CorpusError if the first bytes of a file are not text.

    Args:
        head: The first bytes.
        origin: The file, for the message, which says how to convert it.
        encoding: Encoding of the text; None for that of the byte-order mark, else UTF-8.
    """
    binary = is_binary(head, encoding)
    if detected := detect_format(head, binary):
        raise CorpusError(detected.message(origin))
    if binary:
        raise CorpusError(f"{origin}: looks binary, not text{_utf_16_hint(head)}")


def is_binary(head: bytes, encoding: str | None = None) -> bool:
    """Return whether bytes have a NUL or more than 10% control characters when decoded."""
    text = str(head, encoding or detect_bom(head) or "utf-8", "ignore")
    controls = sum(text.count(c) for c in CONTROL)
    return "\0" in text or controls > 0.1 * len(text)


def _utf_16_hint(head: bytes) -> str:
    """Return an advice if every other byte is NUL, as in UTF-16 of a Western language."""
    for first, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        if head[first::2].count(0) > 0.4 * len(head) and not is_binary(head, codec):
            return f"; if it is UTF-16, give `encoding={codec!r}`"
    return ""


def _display_name(codec: str) -> str:
    """Return the common spelling of an encoding."""
    return "UTF-8" if codecs.lookup(codec).name == "utf-8" else codec


def _guess_encoding(data: bytes) -> str:
    """Return the first of UTF-8, Windows-1252 and ISO 8859-1, which decodes any bytes."""
    for codec in ("utf-8", "cp1252"):
        try:
            str(data, codec)
            return codec
        except UnicodeDecodeError:
            continue
    return "latin-1"
