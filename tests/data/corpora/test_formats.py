"""Files that are not plain text: real files, or their first bytes."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.data.corpora import open_corpus
from seqgen.data.corpora.decode import is_binary
from seqgen.data.corpora.formats import detect_format, detect_markup
from seqgen.errors import CorpusError

TEXT = b"It was the best of times, it was the worst of times.\n" * 40


def make_zip(*members: tuple[str, bytes], stored: bool = False) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as to:
        for name, content in members:
            to.writestr(name, content)
    return file.getvalue()


def office(folder: str) -> bytes:
    members = ("[Content_Types].xml", "_rels/.rels", f"{folder}/document.xml")
    return make_zip(*((name, TEXT) for name in members))


def open_document(media_type: str) -> bytes:
    return make_zip(("mimetype", media_type.encode()), ("content.xml", TEXT), stored=True)


def make_tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as to:
        info = tarfile.TarInfo("a.txt")
        info.size = len(TEXT)
        to.addfile(info, io.BytesIO(TEXT))
    return file.getvalue()


def database(folder: Path) -> bytes:
    with sqlite3.connect(folder / "x.db") as to:
        to.execute("create table t (a text)")
    to.close()
    return (folder / "x.db").read_bytes()


def array() -> bytes:
    file = io.BytesIO()
    np.save(file, np.arange(99))
    return file.getvalue()


NOISE = bytes(range(256)) * 8

FILES = {
    "a PDF document": (b"%PDF-1.7\n" + TEXT, "pdftotext"),
    "a zip archive": (make_zip(("a.txt", TEXT)), "unzip"),
    "a gzip file": (gzip.compress(TEXT), "zcat FILE | seqgen train -"),
    "a compressed tar archive": (gzip.compress(make_tar()), "tar -xzf"),
    "a bzip2 file": (bz2.compress(NOISE), "bzcat FILE | seqgen train -"),
    "an xz file": (lzma.compress(TEXT), "xzcat FILE | seqgen train -"),
    "a 7z archive": (b"7z\xbc\xaf\x27\x1c" + NOISE, "7z x"),
    "a RAR archive": (b"Rar!\x1a\x07\x01\0" + NOISE, "unrar"),
    "a tar archive": (make_tar(), "tar -xf"),
    "a Zstandard file": (b"\x28\xb5\x2f\xfd" + NOISE, "zstdcat"),
    "a Word document": (office("word"), "pandoc"),
    "an Excel workbook": (office("xl"), "csv"),
    "a PowerPoint presentation": (office("ppt"), "libreoffice"),
    "an old Office document": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE, "libreoffice"),
    "an OpenDocument text": (open_document("application/vnd.oasis.opendocument.text"), "pandoc"),
    "an OpenDocument file": (
        open_document("application/vnd.oasis.opendocument.spreadsheet"), "libreoffice",
    ),
    "an EPUB book": (open_document("application/epub+zip"), "ebook-convert"),
    "a compressed MusicXML score": (
        make_zip(("META-INF/container.xml", TEXT), ("score.xml", TEXT)), "xml2abc",
    ),
    "a Kindle book": (b"A_Book".ljust(60, b"\0") + b"BOOKMOBI" + NOISE, "ebook-convert"),
    "a MIDI file": (b"MThd\0\0\0\x06\0\1\0\2\1\xe0" + NOISE, "midi2abc"),
    "an image": (b"\x89PNG\r\n\x1a\n" + NOISE, "tesseract"),
    "a sound recording": (b"RIFF\x24\x08\0\0WAVEfmt " + NOISE, "no text"),
    "a video": (b"\0\0\0\x18ftypmp42" + NOISE, "no text"),
    "a NumPy array": (array(), "no text"),
    "a Python pickle": (pickle.dumps({"a": [1.5] * 9, "b": NOISE}), "can run code"),
    "a program": (b"\x7fELF\x02\x01\x01" + NOISE, "no text"),
    "a font": (b"\0\1\0\0\0\x0f\0\x80" + NOISE, "no text"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_formats_are_named_with_advice(tmp_path: Path, monkeypatch, name: str) -> None:
    """Regardless of the file name, and also on standard input."""
    data, advice = FILES[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.txt").write_bytes(data)
    for source, origin in (("book.txt", "book.txt"), ("-", "stdin")):
        with pytest.raises(CorpusError) as error:
            open_corpus([source], stdin=io.BytesIO(data))
        assert f"{origin}: is {name}, not plain text" in str(error.value)
        assert advice.replace("FILE", origin) in str(error.value)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("an image", b"\xff\xd8\xff\xe0\0\x10JFIF" + NOISE),
        ("an image", b"GIF89a" + NOISE),
        ("an image", b"RIFF\x24\x08\0\0WEBPVP8 " + NOISE),
        ("an image", b"BM" + NOISE),
        ("an image", b"II*\0" + NOISE),
        ("an image", b"\0\0\0\x18ftypheic" + NOISE),
        ("a sound recording", b"ID3\x04\0\0" + NOISE),
        ("a sound recording", b"OggS\0\2" + NOISE),
        ("a sound recording", b"fLaC\0\0" + NOISE),
        ("a sound recording", b"\xff\xfb\x90\0" + NOISE),
        ("a video", b"\x1a\x45\xdf\xa3\x9f" + NOISE),
        ("a program", b"MZ\x90\0\3" + NOISE),
        ("a program", Path(sys.executable).resolve().read_bytes()[:65536]),
    ],
)
def test_other_signatures(name: str, data: bytes) -> None:
    detected = detect_format(data, is_binary(data))
    assert detected
    assert detected.name == name


def test_a_database(tmp_path: Path) -> None:
    detected = detect_format(database(tmp_path), True)
    assert detected
    assert detected.name == "an SQLite database"


@pytest.mark.parametrize(
    "beginning", ["BMW", "MZ", "RIFF", "OTTO", "ID3", "PAR1", "BZh", "x" * 257 + "ustar"]
)
def test_a_text_may_begin_like_a_binary_file(tmp_path: Path, beginning: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"{beginning} is how this begins.\n" * 9)
    assert str(open_corpus([str(path)]).documents[0].text).startswith(beginning)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_accepted(data: bytes) -> None:
    for before in (b"", b"PK\x03\x04", b"\x1f\x8b\x08"):
        detect_format(before + data, True)


def test_folders_leave_them_out_with_a_count_per_format(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "a.txt").write_bytes(TEXT)
    for name in ("b.txt", "c.epub"):
        (folder / name).write_bytes(FILES["an EPUB book"][0])
    (folder / "d.bin").write_bytes(FILES["a PDF document"][0])
    (folder / "e.bin").write_bytes(bytes(99))
    corpus = open_corpus([str(folder)])
    assert [Path(document.origin).name for document in corpus.documents] == ["a.txt"]
    (notice,) = corpus.notices
    assert notice == (
        f"{folder}: left out as not plain text: 2 EPUB books (b.txt, c.epub), "
        "1 PDF document (d.bin), 1 binary (e.bin)"
    )


NOTEBOOK = {"cells": [{"cell_type": "code", "source": ["1 + 1"]}], "nbformat": 4, "metadata": {}}
MARKUP = {
    "HTML": "<!DOCTYPE html>\n<html><body><p>It was the best of times.</p></body></html>\n",
    "RTF": "{\\rtf1\\ansi It was the best of times.\\par}\n" * 3,
    "a Jupyter notebook": json.dumps(NOTEBOOK, indent=1),
    "MusicXML": '<?xml version="1.0"?>\n<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n<score-partwise version="4.0"/>\n',
    "XML": '<?xml version="1.0"?>\n<poem><line>It was the best of times.</line></poem>\n',
    "JSON": json.dumps([{"text": "It was the best of times."}] * 3, indent=1),
    "a table (CSV)": "id,name,year\n" + "1,It was the best,1859\n" * 9,
    "LaTeX": "\\documentclass{article}\n\\begin{document}It was the best.\\end{document}\n",
    "PostScript": "%!PS-Adobe-3.0\n/Times findfont\n(It was the best of times.) show\n",
}
MORE = {
    "HTML": ["<p>One</p>\n<p>Two</p>\n<p>Three</p>\n", "  <HTML lang=en>\n<title>It</title>\n"],
    "JSON": ['{"a": 1}\n' * 30, '{"text": "' + "x" * 70_000 + '", "b": 2, "c": 3, "d": 4}'],
    "a table (CSV)": ["a\tb\tc\n" * 30, '"x, y";2;3\n' * 30],
    "XML": ["<?xml version='1.0'?><svg></svg>"],
}
PLAIN = (
    "It was the best of times,\nit was the worst of times,\n" * 20,
    "[Enter HAMLET]\nTo be, or not to be.\n" * 9,
    "{ a set } of words\n" * 9,
    "<HAMLET> To be.\n<GHOST> Mark me.\n" * 9,
    "# A title\n\n- one\n- two\n* three\n",
    "def f(x):\n    return [x, {}]\n" * 9,
    "one, two\n" * 30,
)


@pytest.mark.parametrize("name", MARKUP)
def test_markup_gives_a_notice(tmp_path: Path, name: str) -> None:
    path = tmp_path / "text.txt"
    for text in (MARKUP[name], *MORE.get(name, [])):
        path.write_text(text)
        (notice,) = open_corpus([str(path)]).notices
        assert notice.startswith(f"{path}: {name}, ")
        assert f"{path}" in notice.partition("for example")[2]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_not_markup(text: str) -> None:
    assert detect_markup(text) is None


@pytest.mark.parametrize(
    "text",
    [" " * 65_536 + "x", "<!--" * 16_000, "<!DOCTYPE x [" + "]" * 65_000, "\n" * 65_000 + "x"],
)
def test_detection_takes_linear_time(text: str) -> None:
    start = time.process_time()
    detect_markup(text)
    assert time.process_time() - start < 0.5


def test_markup_in_a_folder_gives_one_notice(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(MARKUP["HTML"])
    (notice,) = open_corpus([str(tmp_path)]).notices
    assert notice.startswith("5 files (")
    assert ", …): HTML, whose markup" in notice
