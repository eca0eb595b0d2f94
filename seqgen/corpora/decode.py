"""From bytes to text: UTF-8 unless said, byte-order marks and line ends taken care of."""

import codecs

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


def decode(data: bytes, origin: str, encoding: str | None = None) -> str:
    """The text that some bytes hold: without its byte-order mark, lines ended by ``\\n``.

    origin: what the bytes came from, for messages.
    encoding: a name that Python knows; if None, what the byte-order mark says, else UTF-8.
    Raises CorpusError for bytes that are not text in that encoding, with the place of the first bad
    one and the encoding to try; ConfigError for an unknown encoding.
    """
    codec = encoding or marked_encoding(data) or "utf-8"
    check_encoding(codec)
    if is_binary(data[:HEAD], codec):
        raise CorpusError(f"{origin}: looks binary, not text{utf_16_hint(data[:HEAD])}")
    try:
        text = str(data, codec)
    except UnicodeDecodeError as error:
        raise CorpusError(bad_byte(data, origin, encoding or codec, error.start)) from None
    except UnicodeError as error:
        raise CorpusError(f"{origin}: is not {codec}: {error}") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise CorpusError(f"{origin}: looks binary, not text (a NUL character in line {line})")
    return unified(text)


def unified(text: str) -> str:
    """Without a byte-order mark; CRLF and CR become LF. Copies only where it must."""
    text = text.removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def marked_encoding(data: bytes) -> str | None:
    """The encoding that the byte-order mark at the start tells of, or None."""
    return next((codec for mark, codec in MARKS if data.startswith(mark)), None)


def check_encoding(name: str) -> None:
    """Raises ConfigError unless Python knows this encoding, and knows it as one of text."""
    try:
        str(b"a", name)
    except UnicodeError:
        pass  # one letter is no whole character in UTF-16; the name is good
    except (LookupError, ValueError):
        raise ConfigError(
            f"--encoding: {name!r} is no text encoding that Python knows "
            "(some that are: utf-8, utf-16, cp1252, latin-1, cp437, shift_jis, koi8-r, gb18030)"
        ) from None


def is_binary(head: bytes, encoding: str | None = None) -> bool:
    """Whether the first bytes of a file cannot be text: a NUL, or control characters in plenty."""
    text = str(head, encoding or marked_encoding(head) or "utf-8", "ignore")
    controls = sum(text.count(c) for c in CONTROL)
    return "\0" in text or controls > 0.1 * len(text)


def utf_16_hint(head: bytes) -> str:
    """What to try if every other byte is NUL, as in UTF-16 of a Western language."""
    for first, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        if head[first::2].count(0) > 0.4 * len(head) and not is_binary(head, codec):
            return f"; if it is UTF-16, say --encoding {codec}"
    return ""


def bad_byte(data: bytes, origin: str, encoding: str, offset: int) -> str:
    """The message for the first byte that the encoding does not allow: where it is, what to try."""
    line = unified(str(data[:offset], encoding, "ignore")).count("\n") + 1
    label = "UTF-8" if codecs.lookup(encoding).name == "utf-8" else encoding
    return (
        f"{origin}: byte 0x{data[offset]:02x} at offset {offset} (line {line}) is not {label}; "
        f"try --encoding {likely_encoding(data)}"
    )


def likely_encoding(data: bytes) -> str:
    """UTF-8, else Windows's Western encoding, else ISO 8859-1, which any bytes fit."""
    for codec in ("utf-8", "cp1252"):
        try:
            str(data, codec)
            return codec
        except UnicodeDecodeError:
            continue
    return "latin-1"
