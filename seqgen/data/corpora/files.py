"""Files, folders and patterns: selecting text files, and reading them in chunks."""

import errno
import fnmatch
import glob
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from seqgen.data.corpora.decode import HEAD, is_binary
from seqgen.data.corpora.formats import detect_format
from seqgen.errors import CorpusError

CHUNK = 1 << 20  # bytes
# Files named in a notice; the others are counted.
MAX_NAMED = 3


@dataclass(frozen=True)
class ResolvedSource:
    """The files of a source, and how to read them.

    Attributes:
        name: Name of a corpus of this source.
        files: The files to read.
        kind: "text" or "tunes"; None to detect it for each file.
        encoding: Encoding of every file; None to detect it (`decode`).
        root: Folder that origins of documents are relative to; None for unchanged paths.
        clean: Applied to each whole text, if given.
        lenient: Whether to skip unusable files, and those of the less frequent kind, instead of
            raising.
        notices: Messages for the user.
    """

    name: str
    files: tuple[Path, ...]
    kind: str | None = None
    encoding: str | None = None
    root: Path | None = None
    clean: Callable[[str], str] | None = None
    lenient: bool = False
    notices: tuple[str, ...] = ()


def exists(path: str) -> os.stat_result | None:
    """Return the status of a path; None if it does not exist.

    Raises:
        CorpusError: If permission is denied.
    """
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return None
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from None


def read_chunks(path: Path) -> Iterator[bytes]:
    """Yield a file in chunks.

    Raises:
        CorpusError: If it cannot be read, or is a device.
    """
    try:
        # Pipes are allowed (the shell's <(command)); a device may never end.
        if stat.S_ISCHR(path.stat().st_mode) or stat.S_ISBLK(path.stat().st_mode):
            raise CorpusError(f"{path}: is a device, not a file")
        with path.open("rb") as file:
            yield from read_stream(file)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from None


def read_stream(file: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of an open file in chunks."""
    while chunk := file.read(CHUNK):
        yield chunk


def read_folder(folder: str, encoding: str | None) -> ResolvedSource:
    """Resolve a folder to all text files below it, sorted by name, without hidden ones.

    Raises:
        CorpusError: If there are none, or a folder cannot be listed.
    """
    files = text_files(walk(folder), encoding)
    if not files.texts:
        raise CorpusError(f"{folder}: no text file in this folder{files.binary_notice('; ')}")
    name = safe_name(os.path.basename(os.path.abspath(folder)))
    notices = files.notices(folder)
    return ResolvedSource(name, files.texts, encoding=encoding, lenient=True, notices=notices)


def read_pattern(pattern: str, encoding: str | None) -> ResolvedSource:
    """Resolve a pattern (``poems/**/*.txt``) to its text files, sorted, without hidden ones.

    Raises:
        CorpusError: If there are none.
    """
    matches = sorted(glob.glob(pattern, recursive=True))
    files = text_files((Path(match) for match in matches), encoding)
    if not files.texts:
        skipped = files.binary_notice("; ")
        raise CorpusError(f"{pattern}: no text file matches this pattern{skipped}")
    fixed = os.path.dirname(re.split(r"[*?\[]", pattern, maxsplit=1)[0])
    name = safe_name(os.path.basename(os.path.abspath(fixed)))
    notices = files.notices(pattern)
    return ResolvedSource(name, files.texts, encoding=encoding, lenient=True, notices=notices)


def walk(folder: str, skip: tuple[str, ...] = (".*",)) -> list[Path]:
    """Return all files below a folder, sorted.

    Args:
        folder: The folder.
        skip: Patterns for names of files and folders to leave out.

    Raises:
        CorpusError: If a folder cannot be listed.
    """

    def fail(error: OSError) -> None:
        raise CorpusError(f"{error.filename}: cannot be read: {error.strerror}") from None

    def select(names: list[str]) -> list[str]:
        return sorted(n for n in names if not any(fnmatch.fnmatch(n, pattern) for pattern in skip))

    files = []
    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = select(folders)
        files += [Path(parent, name) for name in select(names)]
    return sorted(files)


@dataclass(frozen=True)
class TextFiles:
    """Files divided into text and binary.

    Attributes:
        texts: The text files.
        binaries: The binary files by format, those of unknown format last.
    """

    texts: tuple[Path, ...]
    binaries: dict[str, list[Path]]

    def binary_notice(self, before: str = "") -> str:
        if not self.binaries:
            return ""
        counts = ", ".join(
            f"{len(paths)} {name} ({', '.join(_first_names(paths))})"
            for name, paths in self.binaries.items()
        )
        return f"{before}left out as not plain text: {counts}"

    def notices(self, source: str) -> tuple[str, ...]:
        return (self.binary_notice(f"{source}: "),) if self.binaries else ()


def _first_names(paths: Sequence[Path]) -> list[str]:
    return [path.name for path in paths[:MAX_NAMED]] + ["…"] * (len(paths) > MAX_NAMED)


def text_files(paths: Iterable[Path], encoding: str | None) -> TextFiles:
    """Divide files into text and binary by their first bytes, without pipes and empty files.

    A file that cannot be opened counts as text, so that reading it raises the error.
    """
    texts: list[Path] = []
    known: dict[str, list[Path]] = {}
    unknown: list[Path] = []
    for path in paths:
        try:
            if not path.is_file() or path.stat().st_size == 0:
                continue
            with path.open("rb") as file:
                head = file.read(HEAD)
        except OSError:
            texts.append(path)
            continue
        binary = is_binary(head, encoding)
        if detected := detect_format(head, binary):
            known.setdefault(detected.name, []).append(path)
        else:
            (unknown if binary else texts).append(path)
    named_formats = {_pluralize(name, len(paths)): paths for name, paths in known.items()}
    return TextFiles(tuple(texts), named_formats | ({"binary": unknown} if unknown else {}))


def _pluralize(name: str, count: int) -> str:
    """Return ``"EPUB books"`` for ``"an EPUB book"`` if there are several."""
    return name.partition(" ")[2] + "s" * (count != 1)


def safe_name(name: str) -> str:
    """Return a name of at most 60 letters, digits and ``. _ + -``; "corpus" if none is left."""
    return re.sub(r"[^\w.+-]+", "-", name)[:60].strip("-.") or "corpus"
