"""Opening a corpus: resolves its sources, reads them, and divides them into documents."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from seqgen.data.corpora.builtin import open_builtin
from seqgen.data.corpora.decode import check_encoding, decode
from seqgen.data.corpora.document import Corpus, Document
from seqgen.data.corpora.fetch import Progress
from seqgen.data.corpora.files import (
    CHUNK,
    MAX_NAMED,
    ResolvedSource,
    exists,
    read_chunks,
    read_folder,
    read_pattern,
    read_stream,
    safe_name,
)
from seqgen.data.corpora.formats import HEAD, Markup, detect_markup
from seqgen.data.corpora.longtext import LongText, Store
from seqgen.data.corpora.registry import corpus_names, find_entry
from seqgen.data.corpora.tunebook import (
    broken_tunes,
    looks_like_tunes,
    music_outside_tunes,
    split_tunes,
)
from seqgen.errors import ConfigError, CorpusError, did_you_mean, unknown_name

STDIN = "-"
# Of all documents together; the rest is stored in a file.
MAX_CHARACTERS_IN_MEMORY = 32_000_000
# Names in a folder that are compared with a misspelled path.
MAX_NEIGHBOURS = 2_000


def open_corpus(
    sources: Sequence[str],
    *,
    encoding: str | None = None,
    stdin: BinaryIO | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Read sources in order into one corpus; a file that several of them name is read once.

    Args:
        sources: Files, folders (every text file below them), patterns (``poems/**/*.txt``), ``-``
            for standard input, and names of built-in corpora. A file or folder takes precedence
            over a corpus of the same name; ``./name`` is always a path.
        encoding: Encoding of files and standard input; None for that of a byte-order mark, else
            UTF-8.
        stdin: Stream that ``-`` reads; None for the process's standard input.
        progress: Called during a download.

    Raises:
        CorpusError: If a source is missing, cannot be read, is not text or is empty, or if texts
            and tunes are mixed.
        ConfigError: If the encoding is unknown or there is no source.
    """
    sources = (sources,) if isinstance(sources, str) else tuple(sources)
    if not sources:
        raise ConfigError("name at least one source: a file, a folder or a built-in corpus")
    if sources.count(STDIN) > 1:
        raise ConfigError("standard input (-) can be read only once")
    if encoding is not None:
        check_encoding(encoding)
    reader = _Reader(stdin)
    names = [reader.read(source, resolve_source(source, encoding, progress)) for source in sources]
    more = f"+{len(names) - 1}" if len(names) > 1 else ""
    return Corpus(
        name=names[0] + more,
        kind=reader.one_kind(),
        documents=tuple(reader.documents),
        sources=sources,
        notices=tuple(reader.notices),
        encoding=encoding,
    )


def resolve_source(source: str, encoding: str | None, progress: Progress | None) -> ResolvedSource:
    """Resolve a source to files; raise CorpusError if there is none."""
    if source == STDIN:
        return ResolvedSource("stdin", (), encoding=encoding)
    path = os.path.expanduser(source)
    if exists(path):
        if os.path.isdir(path):
            return read_folder(path, encoding)
        return ResolvedSource(safe_name(Path(path).stem), (Path(path),), encoding=encoding)
    if any(c in source for c in "*?["):
        return read_pattern(path, encoding)
    entry = find_entry(source)
    if entry is not None:
        return open_builtin(entry, progress)
    if not source.strip():
        raise CorpusError("a source is empty; name a file, a folder or a built-in corpus")
    missing = f"{source}: no such file or folder"
    if os.sep in source:
        raise CorpusError(f"{missing}{did_you_mean(source, _neighbours(path))}")
    unknown = unknown_name("corpus", source, corpus_names(), _neighbours(path))
    raise CorpusError(f"{missing}, and {unknown}")


def _neighbours(path: str) -> list[str]:
    """Return the visible files and folders in the folder of a path, as far as readable."""
    parent = os.path.dirname(path)
    try:
        with os.scandir(parent or os.curdir) as entries:
            names = [entry.name for entry in islice(entries, MAX_NEIGHBOURS)]
    except (OSError, ValueError):
        return []
    return [os.path.join(parent, name) for name in names if not name.startswith(".")]


@dataclass(frozen=True)
class _ReadFile:
    """The content of a file: documents of one kind, and the markup that they contain."""

    origin: str
    kind: str
    documents: tuple[Document, ...]
    markup: Markup | None = None

    @property
    def characters(self) -> int:
        return sum(len(document.text) for document in self.documents)


class _Reader:
    """Reads sources and collects their documents."""

    def __init__(self, stdin: BinaryIO | None) -> None:
        self.stdin = stdin
        self.documents: list[Document] = []
        self.notices: list[str] = []
        self.first_of_kind: dict[str, str] = {}  # origin of the first file of a kind
        self.seen: set[str] = set()  # real paths of the files
        self.room = MAX_CHARACTERS_IN_MEMORY
        self.store: Store | None = None

    def read(self, source: str, resolved: ResolvedSource) -> str:
        """Add the documents of a source, and return its name for the corpus.

        Raises:
            CorpusError: If it has no documents, unless all its files were read before.
        """
        seen = len(self.seen)
        files: list[_ReadFile] = []
        failures: list[CorpusError] = []
        for origin, pieces in self.texts(source, resolved):
            try:
                text = self.load_or_store(pieces, resolved.clean)
                if _is_blank(text):
                    continue
                kind = resolved.kind or _detect_kind(text, origin)
                files.append(self.read_file(text, origin, kind))
            except CorpusError as error:
                if not resolved.lenient:
                    raise
                failures.append(error)
        if failures and not files:
            raise CorpusError(f"{source}: no file of it can be used; {failures[0]}")
        if not files and (source == STDIN or len(self.seen) > seen):
            raise CorpusError(f"{source}: is empty; there is nothing to learn from")
        self.notices += _failure_notices(failures)
        if resolved.lenient:
            files = self.majority_kind(source, files)
        self.notices += _markup_notices(files)
        for file in files:
            self.first_of_kind.setdefault(file.kind, file.origin)
            self.documents += file.documents
        self.notices += resolved.notices
        return resolved.name

    def majority_kind(self, source: str, files: list[_ReadFile]) -> list[_ReadFile]:
        """Return the files of the more frequent kind; add a notice on the others."""
        tunes = [file for file in files if file.kind == "tunes"]
        texts = [file for file in files if file.kind != "tunes"]
        if not tunes or not texts:
            return files

        def length(some: list[_ReadFile]) -> int:
            return sum(file.characters for file in some)

        # A book may be one file among several notes, or many short files with one long text.
        if len(tunes) >= len(texts) or length(tunes) >= length(texts):
            majority, others, description = tunes, texts, "without tunes"
        else:
            majority, others, description = texts, tunes, "of tunes"
        origins = [file.origin for file in others]
        self.notices.append(f"{source}: left out: {_count_files(origins, description)}")
        return majority

    def texts(self, source: str, resolved: ResolvedSource) -> Iterator[tuple[str, Iterator[str]]]:
        """Yield the origin of each text of a source, and its pieces, read lazily."""
        if source == STDIN:
            yield "stdin", decode(self.stdin_chunks(), "stdin", resolved.encoding)
        for path in resolved.files:
            real = os.path.realpath(path)
            if real in self.seen:
                continue
            self.seen.add(real)
            origin = str(path.relative_to(resolved.root) if resolved.root else path)
            yield origin, decode(read_chunks(path), str(path), resolved.encoding)

    def stdin_chunks(self) -> Iterator[bytes]:
        """Yield standard input in chunks; raise CorpusError if it cannot be read."""
        try:
            yield from read_stream(self.stdin or sys.stdin.buffer)
        except OSError as error:
            raise CorpusError(f"standard input: cannot be read: {error.strerror}") from None

    def load_or_store(
        self, pieces: Iterator[str], clean: Callable[[str], str] | None
    ) -> str | LongText:
        """Return a text in memory while that is within the limit, else in the store."""
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

    def read_file(self, text: str | LongText, origin: str, kind: str) -> _ReadFile:
        """Divide a file into documents; raise CorpusError for a tune book without tunes."""
        if kind != "tunes":
            markup = detect_markup(str(text[:HEAD]))
            return _ReadFile(origin, kind, (Document(text, origin),), markup)
        book = str(text)
        tunes = split_tunes(book, origin)
        if not tunes:
            raise CorpusError(
                f"{origin}: contains no tune (a tune begins with an X: line and has a K: line)"
            )
        if broken := broken_tunes(book):
            self.notices.append(f"{origin}: left out: {broken} after an X: line without a K: line")
        if lines := music_outside_tunes(book):
            self.notices.append(
                f"{origin}: left out: {lines} line{'s' * (lines != 1)} of music outside a tune; "
                "an empty line ends a tune"
            )
        return _ReadFile(origin, kind, tuple(tunes))

    def one_kind(self) -> str:
        """Return the kind of all documents; raise CorpusError if there are two."""
        (kind, origin), *others = self.first_of_kind.items()
        for other_kind, other in others:
            raise CorpusError(
                f"{origin} contains {kind} and {other} contains {other_kind}; name files of one "
                "kind only (for example by a pattern, 'folder/**/*.abc')"
            )
        return kind


def _failure_notices(failures: Sequence[CorpusError]) -> list[str]:
    """Return a notice for each of the first unusable files, and one for the others."""
    notices = [f"left out: {error}" for error in failures[:MAX_NAMED]]
    if len(failures) > MAX_NAMED:
        notices.append(f"left out: {len(failures) - MAX_NAMED:,} more files that cannot be used")
    return notices


def _markup_notices(files: Sequence[_ReadFile]) -> list[str]:
    """Return a notice for each kind of markup."""
    origins: dict[Markup, list[str]] = {}
    for file in files:
        if file.markup:
            origins.setdefault(file.markup, []).append(file.origin)
    return [
        markup.notice(names[0] if len(names) == 1 else _count_files(names), names[0])
        for markup, names in origins.items()
    ]


def _count_files(names: Sequence[str], description: str = "") -> str:
    """Return text such as ``"2 files without tunes (README.txt, notes.txt)"``."""
    listed = ", ".join(names[:MAX_NAMED]) + ", …" * (len(names) > MAX_NAMED)
    described = f" {description}" * bool(description)
    return f"{len(names):,} file{'s' * (len(names) > 1)}{described} ({listed})"


def _is_blank(text: str | LongText) -> bool:
    """Return whether a text consists of white space."""
    return all(str(text[start : start + CHUNK]).isspace() for start in range(0, len(text), CHUNK))


def _detect_kind(text: str | LongText, origin: str) -> str:
    """Return "tunes" or "text" by the file's name, or by its first characters."""
    tunes = origin.lower().endswith(".abc") or looks_like_tunes(str(text[:CHUNK]))
    return "tunes" if tunes else "text"
