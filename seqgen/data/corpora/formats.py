"""Formats that are not plain text: by what a file begins with, never by its name."""

import csv
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

UNPACK = "unpack it first: `{command}`"
CONVERT = "convert it to text first, for example `{command}`"
NO_TEXT = "it holds no text to learn from"

HEAD = 65_536  # characters that tell markup
LONG = HEAD // 2  # characters of a text of which only the beginning may be there


@dataclass(frozen=True)
class Format:
    """What a file is, with an article, and what to do with it.

    advice: with ``{file}`` for the file's name.
    certain: whether the signature alone tells it; else the file must look binary too.
    """

    name: str
    advice: str
    certain: bool = True

    def message(self, origin: str) -> str:
        """That a file is of this format, and what to do."""
        return f"{origin}: is {self.name}, not plain text; {self.advice.format(file=origin)}"


def unpacked(name: str, command: str, certain: bool = True) -> Format:
    return Format(name, UNPACK.format(command=command), certain)


def converted(name: str, command: str) -> Format:
    return Format(name, CONVERT.format(command=command))


def without_text(name: str, certain: bool = True) -> Format:
    return Format(name, NO_TEXT, certain)


OFFICE = "libreoffice --convert-to txt {file}"
EBOOK = "ebook-convert {file} book.txt"
MARKUP = "pandoc -t plain {file} -o text.txt"
IMAGE = Format(
    "an image", "if it shows text, extract that first, for example `tesseract {file} text`"
)
EXPORT = "export its texts first, for example by {program}"

# (offset, signature, format), the longer and more exact before the shorter.
SIGNATURES: tuple[tuple[int, bytes, Format], ...] = (
    (0, b"%PDF-", converted("a PDF document", "pdftotext {file}")),
    (60, b"BOOKMOBI", converted("a Kindle book", EBOOK)),
    (0, b"AT&TFORM", converted("a DjVu document", "djvutxt {file}")),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", converted("an old Office document", OFFICE)),
    (0, b"ITSF", Format("a CHM help file", UNPACK.format(command="7z x {file}"), certain=False)),
    (0, b"7z\xbc\xaf\x27\x1c", unpacked("a 7z archive", "7z x {file}")),
    (0, b"Rar!\x1a\x07", unpacked("a RAR archive", "unrar x {file}")),
    (257, b"ustar", unpacked("a tar archive", "tar -xf {file}", certain=False)),
    (0, b"BZh", unpacked("a bzip2 file", "bzcat {file} | seqgen train -", certain=False)),
    (0, b"\xfd7zXZ\0", unpacked("an xz file", "xzcat {file} | seqgen train -")),
    (0, b"\x28\xb5\x2f\xfd", unpacked("a Zstandard file", "zstdcat {file} | seqgen train -")),
    (0, b"\x04\x22\x4d\x18", unpacked("an LZ4 file", "lz4cat {file} | seqgen train -")),
    (0, b"\x1f\x9d", unpacked("a compress file", "zcat {file} | seqgen train -")),
    (0, b"MSCF\0\0\0\0", unpacked("a cabinet archive", "cabextract {file}")),
    (0, b"!<arch>\n", unpacked("an ar archive", "ar x {file}")),
    (0, b"\xed\xab\xee\xdb", unpacked("an RPM package", "rpm2cpio {file} | cpio -i")),
    (32769, b"CD001", unpacked("a CD image", "7z x {file}", certain=False)),
    (0, b"MThd", Format("a MIDI file", "tunes are learned from ABC: `midi2abc {file}`", False)),
    (0, b"\x89PNG\r\n\x1a\n", IMAGE),
    (0, b"\xff\xd8\xff", IMAGE),
    (0, b"GIF87a", IMAGE),
    (0, b"GIF89a", IMAGE),
    (0, b"II*\0", IMAGE),
    (0, b"MM\0*", IMAGE),
    (0, b"8BPS\0", IMAGE),
    (0, b"\0\0\1\0", IMAGE),
    (0, b"BM", Format(IMAGE.name, IMAGE.advice, certain=False)),
    (8, b"WEBP", Format(IMAGE.name, IMAGE.advice, certain=False)),
    (8, b"WAVE", without_text("a sound recording", certain=False)),
    (8, b"AIFF", without_text("a sound recording", certain=False)),
    (8, b"AVI ", without_text("a video", certain=False)),
    (0, b"ID3", without_text("a sound recording", certain=False)),
    (0, b"fLaC", without_text("a sound recording", certain=False)),
    (0, b"OggS", without_text("a sound recording", certain=False)),
    (0, b"#!AMR", without_text("a sound recording", certain=False)),
    (0, b"\xff\xfb", without_text("a sound recording", certain=False)),
    (0, b"\xff\xf3", without_text("a sound recording", certain=False)),
    (0, b"\xff\xf1", without_text("a sound recording", certain=False)),
    (4, b"ftypheic", IMAGE),
    (4, b"ftypmif1", IMAGE),
    (4, b"ftypavif", IMAGE),
    (4, b"ftypM4A", without_text("a sound recording")),
    (4, b"ftyp", without_text("a video", certain=False)),
    (0, b"\x1a\x45\xdf\xa3", without_text("a video")),
    (0, b"\0\0\1\xba", without_text("a video")),
    (0, b"\0\0\1\xb3", without_text("a video")),
    (0, b"FLV\1", without_text("a video")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", without_text("a video")),
    (0, b"bplist00", converted("a binary property list", "plutil -convert xml1 {file}")),
    (0, b"SQLite format 3\0", converted("an SQLite database", "sqlite3 {file} .dump")),
    (0, b"\x89HDF\r\n\x1a\n", Format("an HDF5 file", EXPORT.format(program="h5py"))),
    (0, b"PAR1", Format("a Parquet table", EXPORT.format(program="pandas"), False)),
    (0, b"ARROW1", Format("an Arrow table", EXPORT.format(program="pandas"), False)),
    (0, b"\x93NUMPY", without_text("a NumPy array")),
    (0, b"\x7fELF", without_text("a program")),
    (0, b"MZ", without_text("a program", certain=False)),
    (0, b"\xfe\xed\xfa\xce", without_text("a program")),
    (0, b"\xfe\xed\xfa\xcf", without_text("a program")),
    (0, b"\xce\xfa\xed\xfe", without_text("a program")),
    (0, b"\xcf\xfa\xed\xfe", without_text("a program")),
    (0, b"\xca\xfe\xba\xbe", without_text("a program")),
    (0, b"\0asm", without_text("a program")),
    (0, b"\0\1\0\0\0", without_text("a font")),
    (0, b"OTTO\0", without_text("a font")),
    (0, b"wOFF", without_text("a font", certain=False)),
    (0, b"wOF2", without_text("a font", certain=False)),
    *(
        (0, bytes([0x80, version]), Format(
            "a Python pickle",
            "seqgen does not open it, since it can run code; write its texts to a file first",
            certain=False,
        ))
        for version in range(2, 6)
    ),
)  # fmt: skip

ZIP = unpacked("a zip archive", "unzip {file}")
GZIP = unpacked("a gzip file", "zcat {file} | seqgen train -")
TAR_GZIP = unpacked("a compressed tar archive", "tar -xzf {file}")
EPUB = Format(
    "an EPUB book",
    "convert it to text first, for example `pandoc -t plain {file} -o book.txt` or Calibre's "
    "`ebook-convert {file} book.txt`",
)
# By what the media type in a zip archive's first member begins with.
MEDIA_TYPES = {
    b"application/epub+zip": EPUB,
    b"application/vnd.oasis.opendocument.text": converted("an OpenDocument text", MARKUP),
    b"application/vnd.oasis.opendocument": converted("an OpenDocument file", OFFICE),
}
# By what the names of a zip archive's members begin with.
MEMBERS = {
    b"word/": converted("a Word document", MARKUP),
    b"xl/": converted("an Excel workbook", "libreoffice --convert-to csv {file}"),
    b"ppt/": converted("a PowerPoint presentation", OFFICE),
    b"[Content_Types].xml": converted("an Office document", OFFICE),
    b"META-INF/container.xml": Format(
        "a compressed MusicXML score",
        "tunes are learned from ABC: `unzip {file}`, then convert it by `xml2abc`",
    ),
}
LOCAL_HEADER = b"PK\x03\x04"


def recognised(head: bytes, looks_binary: bool) -> Format | None:
    """The format of a file that is not text; None if it may be text, or nothing known.

    head: its first bytes; some 64 kB tell all formats.
    looks_binary: whether these are no text (`seqgen.data.corpora.decode.is_binary`).
    """
    if head.startswith((LOCAL_HEADER, b"PK\x05\x06", b"PK\x07\x08")):
        return zip_format(head)
    if head.startswith(b"\x1f\x8b"):
        return TAR_GZIP if b"ustar" in inflated(head)[257:265] else GZIP
    for offset, signature, found in SIGNATURES:
        if head.startswith(signature, offset) and (found.certain or looks_binary):
            return found
    return None


def zip_format(head: bytes) -> Format:
    """What a zip archive is, by the members that begin in its head."""
    names = []
    start = 0
    while (start := head.find(LOCAL_HEADER, start)) >= 0:
        length = int.from_bytes(head[start + 26 : start + 28], "little")
        extra = int.from_bytes(head[start + 28 : start + 30], "little")
        names.append(head[start + 30 : start + 30 + length])
        content = head[start + 30 + length + extra :]
        if names == [b"mimetype"]:
            for media_type, found in MEDIA_TYPES.items():
                if content.startswith(media_type):
                    return found
        start += len(LOCAL_HEADER)
    for beginning, found in MEMBERS.items():
        if any(name.startswith(beginning) for name in names):
            return found
    return ZIP


def inflated(head: bytes) -> bytes:
    """The beginning of what a gzip file holds."""
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 1024)
    except zlib.error:
        return b""


@dataclass(frozen=True)
class Markup:
    """A format of text in which most is not what one would read.

    found: whether the beginning of a text is of it.
    """

    name: str
    command: str
    found: Callable[[str], bool]

    def notice(self, what: str, file: str) -> str:
        """What to know before it is learned. what: the files in words. file: the first of them."""
        return (
            f"{what}: {self.name}, whose markup will be learned with the text; to learn the text "
            f"alone, convert it first, for example `{self.command.format(file=file)}`"
        )


def is_json(text: str) -> bool:
    """Whether a text is JSON, or begins with lines of JSON objects."""
    if not re.match(r'\{\s*["}]|\[\s*["\[{\d-]', text):
        return False
    for part in (text, text.partition("\n")[0]):
        try:
            json.loads(part)
        except (ValueError, RecursionError):
            continue
        return True
    # The beginning of a longer file: the name of an object's first field tells it.
    return bool(re.match(r'[\[\s]*\{\s*"[^"\n]*"\s*:', text)) and len(text) > LONG


def is_table(text: str) -> bool:
    """Whether the first rows of a text have the same number of columns, three at least."""
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

# The exact before the general.
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


def markup_of(text: str) -> Markup | None:
    """The markup that a text is in, if any, by its first characters, at most `HEAD` of them."""
    text = text[:HEAD].lstrip()
    return next((markup for markup in MARKUPS if markup.found(text)), None)
