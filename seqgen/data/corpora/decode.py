"""From bytes to text: UTF-8 unless said, byte-order marks and line ends taken care of."""

import codecs
from collections.abc import Iterable, Iterator

from seqgen.data.corpora.formats import recognised
from seqgen.errors import ConfigError, CorpusError

# Longest first: UTF-32's mark begins with UTF-16's.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
HEAD = 65_536  # bytes that tell text from binary
# Tab, line ends, form feed, backspace, escape and DOS's end of file (0x1A) do stand in texts.
CONTROL = [chr(c) for c in range(32) if chr(c) not in "\b\t\n\v\f\r\x1a\x1b"]


def decoded(chunks: Iterable[bytes], origin: str, encoding: str | None = None) -> Iterator[str]:
    """The text that bytes hold, a piece for each chunk of them: lines end in ``\\n``, no mark.

    chunks: the first, unless it is all there is, of at least HEAD bytes.
    origin: what the bytes came from, for messages.
    encoding: a name that Python knows; if None, what the byte-order mark says, else UTF-8.
    Raises CorpusError for bytes that are not text in that encoding, with the place of the first bad
    one and the encoding to try; ConfigError for an unknown encoding.
    """
    codec = ""
    read = lines = 0  # bytes given to the decoder, and line ends that came out
    rest = ""  # a CR at the end of a chunk, which may be half of a line's end
    begun = False
    for chunk, final in ended(chunks):
        if not codec:
            codec = encoding or marked_encoding(chunk) or "utf-8"
            check_encoding(codec)
            check_plain(chunk[:HEAD], origin, codec)
            decoder = codecs.getincrementaldecoder(codec)()
        try:
            text = rest + decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            # The decoder had kept the first bytes of a character that ends in this chunk.
            held, place = len(error.object) - len(chunk), error.start
            before = rest + str(error.object[:place], codec, "ignore")
            line = lines + unified(before).count("\n") + 1
            raise CorpusError(
                f"{origin}: byte 0x{error.object[place]:02x} at offset {read - held + place} "
                f"(line {line}) is not {label(codec)}; "
                f"try `encoding={likely_encoding(error.object)!r}`"
            ) from None
        except UnicodeError as error:
            raise CorpusError(f"{origin}: is not {codec}: {error}") from None
        if not begun:
            text, begun = text.removeprefix("\ufeff"), bool(text)
        if "\0" in text:
            line = lines + unified(text[: text.index("\0")]).count("\n") + 1
            raise CorpusError(f"{origin}: looks binary, not text (a NUL character in line {line})")
        read += len(chunk)
        rest = "\r" if text.endswith("\r") and not final else ""
        text = unified(text.removesuffix(rest))
        lines += text.count("\n")
        yield text


def ended(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each chunk, and whether it is the last."""
    chunks = iter(chunks)
    chunk = next(chunks, b"")
    for following in chunks:
        yield chunk, False
        chunk = following
    yield chunk, True


def unified(text: str) -> str:
    """CRLF and CR become LF. Copies only where it must."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def marked_encoding(data: bytes) -> str | None:
    """The encoding that the byte-order mark at the start tells of, or None."""
    return next((codec for mark, codec in MARKS if data.startswith(mark)), None)


def check_encoding(name: str) -> None:
    """Raises ConfigError unless Python knows this encoding, and knows it as one of text."""
    try:
        # One letter is no whole character in UTF-16, whose name is good.
        str(b"a", name, "ignore")
    except (LookupError, ValueError):
        raise ConfigError(
            f"unknown text encoding {name!r} "
            "(known are utf-8, utf-16, cp1252, latin-1, shift_jis, koi8-r, gb18030 and others)",
            option="encoding",
        ) from None


def check_plain(head: bytes, origin: str, encoding: str | None = None) -> None:
    """Raise CorpusError that says what to do, unless the first bytes of a file can be text.

    encoding: of the text; None: as a byte-order mark says, else UTF-8.
    """
    binary = is_binary(head, encoding)
    if found := recognised(head, binary):
        raise CorpusError(found.message(origin))
    if binary:
        raise CorpusError(f"{origin}: looks binary, not text{utf_16_hint(head)}")


def is_binary(head: bytes, encoding: str | None = None) -> bool:
    """Whether the first bytes of a file cannot be text: a NUL, or control characters in plenty."""
    text = str(head, encoding or marked_encoding(head) or "utf-8", "ignore")
    controls = sum(text.count(c) for c in CONTROL)
    return "\0" in text or controls > 0.1 * len(text)


def utf_16_hint(head: bytes) -> str:
    """What to try if every other byte is NUL, as in UTF-16 of a Western language."""
    for first, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        if head[first::2].count(0) > 0.4 * len(head) and not is_binary(head, codec):
            return f"; if it is UTF-16, give `encoding={codec!r}`"
    return ""


def label(codec: str) -> str:
    """An encoding as a person would write it."""
    return "UTF-8" if codecs.lookup(codec).name == "utf-8" else codec


def likely_encoding(data: bytes) -> str:
    """UTF-8, else Windows's Western encoding, else ISO 8859-1, which any bytes fit."""
    for codec in ("utf-8", "cp1252"):
        try:
            str(data, codec)
            return codec
        except UnicodeDecodeError:
            continue
    return "latin-1"
