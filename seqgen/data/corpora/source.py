"""From what the user names to a corpus: every source is found, read, decoded and told apart."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from seqgen.data.corpora.builtin import open_known
from seqgen.data.corpora.decode import check_encoding, decoded
from seqgen.data.corpora.document import Corpus, Document
from seqgen.data.corpora.fetch import Progress
from seqgen.data.corpora.files import (
    CHUNK,
    MOST_NAMED,
    ResolvedSource,
    chunks,
    exists,
    read_chunks,
    read_folder,
    read_pattern,
    safe_name,
)
from seqgen.data.corpora.formats import HEAD, Markup, markup_of
from seqgen.data.corpora.longtext import LongText, Store
from seqgen.data.corpora.registry import find_entry, known_names
from seqgen.data.corpora.tunebook import (
    broken_tunes,
    looks_like_tunes,
    music_outside_tunes,
    split_tunes,
)
from seqgen.errors import ConfigError, CorpusError, did_you_mean, unknown_name

STDIN = "-"
# Characters of all documents together; what comes after them is kept in a file.
IN_MEMORY = 32_000_000
# Names in a folder that a misspelled path is compared with.
MOST_NEIGHBOURS = 2_000


def open_corpus(
    sources: Sequence[str],
    *,
    encoding: str | None = None,
    stdin: BinaryIO | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Read the sources, in order, into one corpus; a file that several of them name is read once.

    sources: each a file, a folder (every text file below it), a pattern (``poems/**/*.txt``), ``-``
        for standard input, or the name of a known corpus. A file or folder goes before a known
        corpus of the same name; ``./name`` is always a path.
    encoding: of files and standard input; None: UTF-8, or what a byte-order mark says.
    stdin: where ``-`` reads from; None: the process's standard input.
    progress: told of a download as it goes on.
    Raises CorpusError if a source is missing, cannot be read, is not text, or holds nothing to
    learn from, and if texts and tunes are mixed; ConfigError for an unknown encoding or no source.
    """
    sources = (sources,) if isinstance(sources, str) else tuple(sources)
    if not sources:
        raise ConfigError("name at least one source: a file, a folder or a known corpus")
    if sources.count(STDIN) > 1:
        raise ConfigError("standard input (-) can be read only once")
    if encoding is not None:
        check_encoding(encoding)
    reader = Reader(stdin)
    names = [reader.read(source, find(source, encoding, progress)) for source in sources]
    more = f"+{len(names) - 1}" if len(names) > 1 else ""
    return Corpus(
        name=names[0] + more,
        kind=reader.one_kind(),
        documents=tuple(reader.documents),
        sources=sources,
        notices=tuple(reader.notices),
        encoding=encoding,
    )


def find(source: str, encoding: str | None, progress: Progress | None) -> ResolvedSource:
    """What a source stands for. Raises CorpusError if it stands for nothing."""
    if source == STDIN:
        return ResolvedSource("stdin", (), encoding=encoding)
    path = os.path.expanduser(source)
    if exists(path):
        if os.path.isdir(path):
            return read_folder(path, encoding)
        return ResolvedSource(safe_name(Path(path).stem), (Path(path),), encoding=encoding)
    if any(c in source for c in "*?["):
        return read_pattern(path, encoding)
    known = find_entry(source)
    if known is not None:
        return open_known(known, progress)
    if not source.strip():
        raise CorpusError("the name of a source is empty; name a file, a folder or a known corpus")
    missing = f"{source}: no such file or folder"
    if os.sep in source:
        raise CorpusError(f"{missing}{did_you_mean(source, neighbours(path))}")
    unknown = unknown_name("corpus", source, known_names(), neighbours(path))
    raise CorpusError(f"{missing}, and {unknown}")


def neighbours(path: str) -> list[str]:
    """Paths of the visible files and folders beside a path, as far as they can be listed."""
    parent = os.path.dirname(path)
    try:
        with os.scandir(parent or os.curdir) as entries:
            names = [entry.name for entry in islice(entries, MOST_NEIGHBOURS)]
    except (OSError, ValueError):
        return []
    return [os.path.join(parent, name) for name in names if not name.startswith(".")]


@dataclass(frozen=True)
class Read:
    """A file that was read: its documents, all of one kind, and the markup that they are in."""

    origin: str
    kind: str
    documents: tuple[Document, ...]
    markup: Markup | None = None

    @property
    def characters(self) -> int:
        return sum(len(document.text) for document in self.documents)


class Reader:
    """Reads sources one after another and gathers their documents."""

    def __init__(self, stdin: BinaryIO | None) -> None:
        self.stdin = stdin
        self.documents: list[Document] = []
        self.notices: list[str] = []
        self.first_of_kind: dict[str, str] = {}  # kind: the first file of that kind
        self.seen: set[str] = set()  # real paths of the files read
        self.room = IN_MEMORY
        self.store: Store | None = None

    def read(self, source: str, found: ResolvedSource) -> str:
        """Add the documents of a source, and return the name it gives to a corpus.

        Raises CorpusError if it has none, unless all its files were read before.
        """
        seen = len(self.seen)
        files: list[Read] = []
        failures: list[CorpusError] = []
        for origin, pieces in self.texts(source, found):
            try:
                text = self.kept(pieces, found.clean)
                if is_blank(text):
                    continue
                kind = found.kind or kind_of(text, origin)
                markup = markup_of(str(text[:HEAD])) if kind == "text" else None
                files.append(Read(origin, kind, self.cut(text, origin, kind), markup))
            except CorpusError as error:
                if not found.lenient:
                    raise
                failures.append(error)
        if failures and not files:
            raise CorpusError(f"{source}: no file of it can be used; {failures[0]}")
        if not files and (source == STDIN or len(self.seen) > seen):
            raise CorpusError(f"{source}: is empty; there is nothing to learn from")
        self.notices += failure_notices(failures)
        kept = self.one_kind_of(source, files) if found.lenient else files
        self.notices += markup_notices(kept)
        for file in kept:
            self.first_of_kind.setdefault(file.kind, file.origin)
            self.documents += file.documents
        self.notices += found.notices
        return found.name

    def one_kind_of(self, source: str, files: list[Read]) -> list[Read]:
        """The files of the kind that most of a folder is; the others are left out with a notice."""
        tunes = [file for file in files if file.kind == "tunes"]
        texts = [file for file in files if file.kind == "text"]
        if not tunes or not texts:
            return files

        def length(some: list[Read]) -> int:
            return sum(file.characters for file in some)

        # A book may be one file among several notes, or many short files beside one long text.
        if len(tunes) >= len(texts) or length(tunes) >= length(texts):
            kept, others, what = tunes, texts, "without tunes"
        else:
            kept, others, what = texts, tunes, "of tunes"
        self.notices.append(
            f"{source}: left out: {counted_files([file.origin for file in others], what)}"
        )
        return kept

    def texts(self, source: str, found: ResolvedSource) -> Iterator[tuple[str, Iterator[str]]]:
        """The origin of each text of a source, and its pieces, which are read when asked for."""
        if source == STDIN:
            yield "stdin", decoded(self.stdin_chunks(), "stdin", found.encoding)
        for path in found.files:
            real = os.path.realpath(path)
            if real in self.seen:
                continue
            self.seen.add(real)
            origin = str(path.relative_to(found.root) if found.root else path)
            yield origin, decoded(read_chunks(path), str(path), found.encoding)

    def stdin_chunks(self) -> Iterator[bytes]:
        """What standard input holds. Raises CorpusError if it cannot be read."""
        try:
            yield from chunks(self.stdin or sys.stdin.buffer)
        except OSError as error:
            raise CorpusError(f"standard input: cannot be read: {error.strerror}") from None

    def kept(self, pieces: Iterator[str], clean: Callable[[str], str] | None) -> str | LongText:
        """A text in memory, as long as there is room for it; else in a file."""
        if clean:
            pieces = iter([clean("".join(pieces))])
        read = []
        for piece in pieces:
            read.append(piece)
            self.room -= len(piece)
            if self.room < 0:
                self.store = self.store or Store()
                return self.store.add(chain(read, pieces))
        return "".join(read)

    def cut(self, text: str | LongText, origin: str, kind: str) -> tuple[Document, ...]:
        """The documents of a text. Raises CorpusError if it is a tune book without tunes."""
        if kind == "text":
            return (Document(text, origin),)
        book = str(text)
        tunes = split_tunes(book, origin)
        if not tunes:
            raise CorpusError(
                f"{origin}: no tune in it (a tune begins with an X: line and has a K: line)"
            )
        if broken := broken_tunes(book):
            self.notices.append(f"{origin}: left out: {broken} after an X: line without a K: line")
        if lines := music_outside_tunes(book):
            self.notices.append(
                f"{origin}: left out: {lines} line{'s' * (lines != 1)} of music outside a tune; "
                "an empty line ends a tune"
            )
        return tuple(tunes)

    def one_kind(self) -> str:
        """The kind that all documents have. Raises CorpusError if there are two."""
        if len(self.first_of_kind) > 1:
            raise CorpusError(
                f"{self.first_of_kind['tunes']} is a tune book and {self.first_of_kind['text']} is "
                "not; a corpus is of one kind, so name the files of one kind only "
                "(a pattern helps, such as 'folder/**/*.abc')"
            )
        return next(iter(self.first_of_kind))


def failure_notices(failures: Sequence[CorpusError]) -> list[str]:
    """A notice for each of the first files that cannot be used, and one for the others."""
    notices = [f"left out: {error}" for error in failures[:MOST_NAMED]]
    if len(failures) > MOST_NAMED:
        notices.append(f"left out: {len(failures) - MOST_NAMED:,} more files that cannot be used")
    return notices


def markup_notices(files: Sequence[Read]) -> list[str]:
    """A notice for each kind of markup that texts are in."""
    origins: dict[Markup, list[str]] = {}
    for file in files:
        if file.markup:
            origins.setdefault(file.markup, []).append(file.origin)
    return [
        markup.notice(names[0] if len(names) == 1 else counted_files(names), names[0])
        for markup, names in origins.items()
    ]


def counted_files(names: Sequence[str], what: str = "") -> str:
    """``"2 files without tunes (README.txt, notes.txt)"``."""
    listed = ", ".join(names[:MOST_NAMED]) + ", …" * (len(names) > MOST_NAMED)
    described = f" {what}" * bool(what)
    return f"{len(names):,} file{'s' * (len(names) > 1)}{described} ({listed})"


def is_blank(text: str | LongText) -> bool:
    """Whether there is nothing but white space in a text."""
    return all(str(text[start : start + CHUNK]).isspace() for start in range(0, len(text), CHUNK))


def kind_of(text: str | LongText, origin: str) -> str:
    """By the file's name, or by what stands at its beginning."""
    tunes = origin.lower().endswith(".abc") or looks_like_tunes(str(text[:CHUNK]))
    return "tunes" if tunes else "text"
