"""Files and folders: what of them is text, and reading it a chunk at a time."""

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
from seqgen.data.corpora.formats import recognised
from seqgen.errors import CorpusError

CHUNK = 1 << 20  # bytes
# Files that a notice names; the others are counted.
MOST_NAMED = 3


@dataclass(frozen=True)
class ResolvedSource:
    """A source that was found: the files to read, and what is known before they are read.

    name: what a corpus of this source is called.
    kind: "text" or "tunes"; None: as each file's name and text tell.
    encoding: of every file; None: as `decoded` finds it.
    root: the folder that documents' origins leave out; None: as the paths are.
    clean: what is done to each whole text before it counts, if anything.
    lenient: leave out files that cannot be used, and those of the kind that fewer are, instead of
        raising.
    notices: what the user should be told.
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
    """What the file system says of a path; None if nothing is there.

    Raises CorpusError if it may not be looked at.
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
    """The whole file, a chunk at a time.

    Raises CorpusError if it is gone, may not be read, or is no file.
    """
    try:
        # A pipe is as good as a file (the shell's <(command)); a device may never end.
        if stat.S_ISCHR(path.stat().st_mode) or stat.S_ISBLK(path.stat().st_mode):
            raise CorpusError(f"{path}: is a device, not a file")
        with path.open("rb") as file:
            yield from chunks(file)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from None


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """What is left of an open file, a chunk at a time."""
    while chunk := file.read(CHUNK):
        yield chunk


def read_folder(folder: str, encoding: str | None) -> ResolvedSource:
    """All text files below a folder, in the order of their names; hidden and binary ones left out.

    Raises CorpusError if there are none, or a folder cannot be listed.
    """
    files = text_files(walk(folder), encoding)
    if not files.texts:
        raise CorpusError(f"{folder}: no text file in this folder{files.binary_notice('; ')}")
    name = safe_name(os.path.basename(os.path.abspath(folder)))
    notices = files.notices(folder)
    return ResolvedSource(name, files.texts, encoding=encoding, lenient=True, notices=notices)


def read_pattern(pattern: str, encoding: str | None) -> ResolvedSource:
    """The text files that a pattern (``poems/**/*.txt``) names; hidden and binary ones left out.

    Raises CorpusError if there are none.
    """
    matches = sorted(glob.glob(pattern, recursive=True))
    files = text_files((Path(match) for match in matches), encoding)
    if not files.texts:
        left_out = files.binary_notice("; ")
        raise CorpusError(f"{pattern}: no text file matches this pattern{left_out}")
    fixed = os.path.dirname(re.split(r"[*?\[]", pattern, maxsplit=1)[0])
    name = safe_name(os.path.basename(os.path.abspath(fixed)))
    notices = files.notices(pattern)
    return ResolvedSource(name, files.texts, encoding=encoding, lenient=True, notices=notices)


def walk(folder: str, skip: tuple[str, ...] = (".*",)) -> list[Path]:
    """All files below a folder, in the order of their names.

    skip: patterns of names, of files and of folders, to leave out.
    Raises CorpusError if a folder cannot be listed.
    """

    def fail(error: OSError) -> None:
        raise CorpusError(f"{error.filename}: cannot be read: {error.strerror}") from None

    def kept(names: list[str]) -> list[str]:
        return sorted(n for n in names if not any(fnmatch.fnmatch(n, pattern) for pattern in skip))

    found = []
    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = kept(folders)
        found += [Path(parent, name) for name in kept(names)]
    return sorted(found)


@dataclass(frozen=True)
class TextFiles:
    """Files told apart: those that hold text, and those left out because they look binary.

    binaries: by what they are, in words, those of no known format last.
    """

    texts: tuple[Path, ...]
    binaries: dict[str, list[Path]]

    def binary_notice(self, before: str = "") -> str:
        if not self.binaries:
            return ""
        counts = ", ".join(
            f"{len(paths)} {what} ({', '.join(named(paths))})"
            for what, paths in self.binaries.items()
        )
        return f"{before}left out as not plain text: {counts}"

    def notices(self, source: str) -> tuple[str, ...]:
        return (self.binary_notice(f"{source}: "),) if self.binaries else ()


def named(paths: Sequence[Path]) -> list[str]:
    """The names of the first files."""
    return [path.name for path in paths[:MOST_NAMED]] + ["…"] * (len(paths) > MOST_NAMED)


def text_files(paths: Iterable[Path], encoding: str | None) -> TextFiles:
    """Tells text from binary by each file's first bytes; pipes and empty files are neither.

    A file that cannot be opened counts as text: the reason is found where it is read.
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
        if found := recognised(head, binary):
            known.setdefault(found.name, []).append(path)
        else:
            (unknown if binary else texts).append(path)
    named_formats = {counted_name(name, len(paths)): paths for name, paths in known.items()}
    return TextFiles(tuple(texts), named_formats | ({"binary": unknown} if unknown else {}))


def counted_name(name: str, count: int) -> str:
    """``"an EPUB book"`` behind a number."""
    return name.partition(" ")[2] + "s" * (count != 1)


def safe_name(name: str) -> str:
    """A name of letters, digits and ``. _ + -``, at most 60; "corpus" if none is left."""
    kept = re.sub(r"[^\w.+-]+", "-", name)[:60].strip("-.")
    return kept or "corpus"
