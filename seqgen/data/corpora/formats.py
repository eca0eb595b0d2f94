"""Detection of files that are not plain text by their content, never by their name."""

import csv
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

UNPACK = "unpack it first: `{command}`"
CONVERT = "convert it to text first, for example `{command}`"
NO_TEXT = "it contains no text"

HEAD = 65_536  # characters examined for markup
LONG = HEAD // 2  # characters from which on a text may be truncated


@dataclass(frozen=True)
class Format:
    """A format of files that are not plain text.

    Attributes:
        name: The name with an article.
        advice: What to do with the file, ``{file}`` in it.
        certain: Whether the signature is sufficient; else the file must look binary too.
    """

    name: str
    advice: str
    certain: bool = True

    def message(self, origin: str) -> str:
        """Return the error message for a file of this format."""
        return f"{origin}: is {self.name}, not plain text; {self.advice.format(file=origin)}"


def _unpack(name: str, command: str, certain: bool = True) -> Format:
    return Format(name, UNPACK.format(command=command), certain)


def _convert(name: str, command: str) -> Format:
    return Format(name, CONVERT.format(command=command))


def _no_text(name: str, certain: bool = True) -> Format:
    return Format(name, NO_TEXT, certain)


OFFICE = "libreoffice --convert-to txt {file}"
EBOOK = "ebook-convert {file} book.txt"
MARKUP = "pandoc -t plain {file} -o text.txt"
IMAGE = Format(
    "an image", "if it shows text, extract that first, for example `tesseract {file} text`"
)
PIPE = "{command} {{file}} | seqgen train -"
EXPORT = "export its texts first, for example by {program}"
MAYBE_IMAGE = Format(IMAGE.name, IMAGE.advice, certain=False)
MAYBE_SOUND = _no_text("a sound recording", certain=False)
PICKLE = Format(
    "a Python pickle",
    "seqgen does not open it, since it can run code; write its texts to a file first",
    certain=False,
)

# Signatures by format, at the beginning of the file or with an offset; the longer and more specific
# before the shorter.
SIGNATURES: tuple[tuple[Format, tuple[bytes | tuple[int, bytes], ...]], ...] = (
    (_convert("a PDF document", "pdftotext {file}"), (b"%PDF-",)),
    (_convert("a Kindle book", EBOOK), ((60, b"BOOKMOBI"),)),
    (_convert("a DjVu document", "djvutxt {file}"), (b"AT&TFORM",)),
    (_convert("an old Office document", OFFICE), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)),
    (_unpack("a CHM help file", "7z x {file}", certain=False), (b"ITSF",)),
    (_unpack("a 7z archive", "7z x {file}"), (b"7z\xbc\xaf\x27\x1c",)),
    (_unpack("a RAR archive", "unrar x {file}"), (b"Rar!\x1a\x07",)),
    (_unpack("a tar archive", "tar -xf {file}", certain=False), ((257, b"ustar"),)),
    (_unpack("a bzip2 file", PIPE.format(command="bzcat"), certain=False), (b"BZh",)),
    (_unpack("an xz file", PIPE.format(command="xzcat")), (b"\xfd7zXZ\0",)),
    (_unpack("a Zstandard file", PIPE.format(command="zstdcat")), (b"\x28\xb5\x2f\xfd",)),
    (_unpack("an LZ4 file", PIPE.format(command="lz4cat")), (b"\x04\x22\x4d\x18",)),
    (_unpack("a compress file", PIPE.format(command="zcat")), (b"\x1f\x9d",)),
    (_unpack("a cabinet archive", "cabextract {file}"), (b"MSCF\0\0\0\0",)),
    (_unpack("an ar archive", "ar x {file}"), (b"!<arch>\n",)),
    (_unpack("an RPM package", "rpm2cpio {file} | cpio -i"), (b"\xed\xab\xee\xdb",)),
    (_unpack("a CD image", "7z x {file}", certain=False), ((32769, b"CD001"),)),
    (Format("a MIDI file", "tunes are read from ABC: `midi2abc {file}`", False), (b"MThd",)),
    (IMAGE, (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*",
             b"8BPS\0", b"\0\0\1\0", (4, b"ftypheic"), (4, b"ftypmif1"), (4, b"ftypavif"))),
    (MAYBE_IMAGE, (b"BM", (8, b"WEBP"))),
    (MAYBE_SOUND, ((8, b"WAVE"), (8, b"AIFF"), b"ID3", b"fLaC", b"OggS", b"#!AMR", b"\xff\xfb",
                   b"\xff\xf3", b"\xff\xf1")),
    (_no_text("a sound recording"), ((4, b"ftypM4A"),)),
    (_no_text("a video", certain=False), ((4, b"ftyp"), (8, b"AVI "))),
    (_no_text("a video"), (b"\x1a\x45\xdf\xa3", b"\0\0\1\xba", b"\0\0\1\xb3", b"FLV\1",
                           b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")),
    (_convert("a binary property list", "plutil -convert xml1 {file}"), (b"bplist00",)),
    (_convert("an SQLite database", "sqlite3 {file} .dump"), (b"SQLite format 3\0",)),
    (Format("an HDF5 file", EXPORT.format(program="h5py")), (b"\x89HDF\r\n\x1a\n",)),
    (Format("a Parquet table", EXPORT.format(program="pandas"), False), (b"PAR1",)),
    (Format("an Arrow table", EXPORT.format(program="pandas"), False), (b"ARROW1",)),
    (_no_text("a NumPy array"), (b"\x93NUMPY",)),
    (_no_text("a program", certain=False), (b"MZ",)),
    (_no_text("a program"), (b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf",
                             b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe",
                             b"\0asm")),
    (_no_text("a font"), (b"\0\1\0\0\0", b"OTTO\0")),
    (_no_text("a font", certain=False), (b"wOFF", b"wOF2")),
    (PICKLE, (b"\x80\2", b"\x80\3", b"\x80\4", b"\x80\5")),
)  # fmt: skip

ZIP = _unpack("a zip archive", "unzip {file}")
GZIP = _unpack("a gzip file", PIPE.format(command="zcat"))
TAR_GZIP = _unpack("a compressed tar archive", "tar -xzf {file}")
EPUB = Format(
    "an EPUB book",
    "convert it to text first, for example `pandoc -t plain {file} -o book.txt` or Calibre's "
    "`ebook-convert {file} book.txt`",
)
# By the prefix of the media type in a zip archive's first member.
MEDIA_TYPES = {
    b"application/epub+zip": EPUB,
    b"application/vnd.oasis.opendocument.text": _convert("an OpenDocument text", MARKUP),
    b"application/vnd.oasis.opendocument": _convert("an OpenDocument file", OFFICE),
}
# By the prefix of a member's name in a zip archive.
MEMBERS = {
    b"word/": _convert("a Word document", MARKUP),
    b"xl/": _convert("an Excel workbook", "libreoffice --convert-to csv {file}"),
    b"ppt/": _convert("a PowerPoint presentation", OFFICE),
    b"[Content_Types].xml": _convert("an Office document", OFFICE),
    b"META-INF/container.xml": Format(
        "a compressed MusicXML score",
        "tunes are read from ABC: `unzip {file}`, then convert it by `xml2abc`",
    ),
}
LOCAL_HEADER = b"PK\x03\x04"


def detect_format(head: bytes, looks_binary: bool) -> Format | None:
    """Return the format of a file; None if it may be text or its format is unknown.

    Args:
        head: The first bytes; 64 kB are sufficient for all formats.
        looks_binary: Whether they are not text (`seqgen.data.corpora.decode.is_binary`).
    """
    if head.startswith((LOCAL_HEADER, b"PK\x05\x06", b"PK\x07\x08")):
        return _zip_format(head)
    if head.startswith(b"\x1f\x8b"):
        return TAR_GZIP if b"ustar" in _inflate(head)[257:265] else GZIP
    for format, signatures in SIGNATURES:
        if format.certain or looks_binary:
            for signature in signatures:
                offset, content = (0, signature) if isinstance(signature, bytes) else signature
                if head.startswith(content, offset):
                    return format
    return None


def _zip_format(head: bytes) -> Format:
    """Return the format of a zip archive by the members that begin in its head."""
    names = []
    start = 0
    while (start := head.find(LOCAL_HEADER, start)) >= 0:
        length = int.from_bytes(head[start + 26 : start + 28], "little")
        extra = int.from_bytes(head[start + 28 : start + 30], "little")
        names.append(head[start + 30 : start + 30 + length])
        content = head[start + 30 + length + extra :]
        if names == [b"mimetype"]:
            for media_type, format in MEDIA_TYPES.items():
                if content.startswith(media_type):
                    return format
        start += len(LOCAL_HEADER)
    for prefix, format in MEMBERS.items():
        if any(name.startswith(prefix) for name in names):
            return format
    return ZIP


def _inflate(head: bytes) -> bytes:
    """Return the first bytes of a gzip file's content."""
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 1024)
    except zlib.error:
        return b""


@dataclass(frozen=True)
class Markup:
    """A format of text with markup.

    Attributes:
        name: The name.
        command: A command that extracts the text, ``{file}`` in it.
        matches: Returns whether the beginning of a text is in this format.
    """

    name: str
    command: str
    matches: Callable[[str], bool]

    def notice(self, files: str, first: str) -> str:
        """Return the notice for these files, ``first`` being the name of one."""
        return (
            f"{files}: {self.name}, whose markup will be part of the text; to train on the text "
            f"alone, convert it first, for example `{self.command.format(file=first)}`"
        )


def is_json(text: str) -> bool:
    """Return whether a text is JSON, or begins with lines of JSON objects."""
    if not re.match(r'\{\s*["}]|\[\s*["\[{\d-]', text):
        return False
    for part in (text, text.partition("\n")[0]):
        try:
            json.loads(part)
        except (ValueError, RecursionError):
            continue
        return True
    # The beginning of a longer file: check for the name of an object's first field.
    return bool(re.match(r'[\[\s]*\{\s*"[^"\n]*"\s*:', text)) and len(text) > LONG


def is_table(text: str) -> bool:
    """Return whether the first rows of a text have the same number of columns, at least three."""
    lines = text.split("\n")[:20]
    if len(text) > LONG:
        lines = lines[:-1]
    lines = [line for line in lines if line]
    if len(lines) < 5:
        return False
    for delimiter in ",;\t|":
        try:
            widths = {len(row) for row in csv.reader(lines, delimiter=delimiter)}
        except csv.Error:
            continue
        if len(widths) == 1 and widths.pop() >= 3:
            return True
    return False


def begins_with(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return lambda text: bool(compiled.match(text))


# Possessive and atomic, so that no text takes longer than its length.
XML_HEAD = r"(?:<\?xml[^>]*+>|(?><!--.*?-->)|\s++)*+"
PROLOGUE = rf"{XML_HEAD}(?:<!DOCTYPE[^>\[]*+(?>\[.*?\])?[^>]*+>)?+{XML_HEAD}"
TAGS = re.compile(r"</(?:p|a|b|i|div|span|td|tr|li|ul|h[1-6]|body|head|title|script)>|<br", re.I)

# The specific before the general.
MARKUPS = (
    Markup("MusicXML", "xml2abc {file}", begins_with(rf"{PROLOGUE}<score-(?:partwise|time)")),
    Markup(
        "HTML",
        "pandoc -f html -t plain {file} -o text.txt",
        lambda text: (
            begins_with(rf"{XML_HEAD}(?:<!DOCTYPE\s+html|<html)")(text)
            or (text.startswith("<") and len(TAGS.findall(text)) >= 3)
        ),
    ),
    Markup("XML", "xmllint --xpath 'string()' {file} > text.txt", begins_with(r"<\?xml\s")),
    Markup("RTF", "pandoc -f rtf -t plain {file} -o text.txt", begins_with(r"\{\\rtf")),
    Markup("PostScript", "ps2ascii {file} text.txt", begins_with(r"%!PS")),
    Markup(
        "LaTeX",
        "pandoc -f latex -t plain {file} -o text.txt",
        lambda text: bool(re.search(r"^[ \t]*+\\documentclass\b", text, re.M)),
    ),
    Markup(
        "a Jupyter notebook",
        "jupyter nbconvert --to script {file}",
        lambda text: begins_with(r"\{")(text) and '"cells"' in text and '"cell_type"' in text,
    ),
    Markup("JSON", "jq -r '.. | strings' {file} > text.txt", is_json),
    Markup("a table (CSV)", "cut -d, -f1 {file} > text.txt", is_table),
)


def detect_markup(text: str) -> Markup | None:
    """Return the markup of a text, or None, by its first `HEAD` characters."""
    text = text[:HEAD].lstrip()
    return next((markup for markup in MARKUPS if markup.matches(text)), None)
