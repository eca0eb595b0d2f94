"""Known corpora: their files, on this machine or fetched to it."""

import importlib.util
import os
import sysconfig
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seqgen.data.corpora.fetch import Progress, fetch, local_copy
from seqgen.data.corpora.files import ResolvedSource, safe_name, walk
from seqgen.data.corpora.gutenberg import strip_wrapping
from seqgen.data.corpora.registry import NUMBERED, Entry, entry, shipped
from seqgen.errors import CorpusError


def open_known(corpus: Entry, progress: Progress | None = None) -> ResolvedSource:
    """The files of a known corpus; a download that is not there yet is fetched.

    Raises CorpusError if they cannot be had, with the way to mend it.
    """
    if corpus.url:
        fetch(corpus, progress)
    files, root = local_files(corpus)
    if not files:
        raise CorpusError(f"{corpus.name}: no file found in {root}; {remedy(corpus)}")
    return ResolvedSource(
        name=safe_name(corpus.name),
        files=files,
        kind=corpus.kind,
        root=root,
        clean=strip_wrapping if corpus.name.startswith(NUMBERED + ":") else None,
        lenient=corpus.stdlib,
        notices=(corpus.notice,) if corpus.notice else (),
    )


def local_files(corpus: Entry) -> tuple[tuple[Path, ...], Path]:
    """The files of a corpus that are on this machine now, maybe none, and the folder they share."""
    if corpus.stdlib:
        root = Path(sysconfig.get_paths()["stdlib"])
        files = walk(str(root), skip=(".*", *corpus.skip))
        return tuple(file for file in files if file.suffix == ".py"), root
    if corpus.corpora:
        parts = [local_files(entry(name)) for name in corpus.corpora]
        return tuple(file for files, _ in parts for file in files), parts[0][1]
    if corpus.music21:
        root = music21_corpora()
        return tuple(sorted((root / corpus.music21).glob("*.abc"))), root
    file = local_copy(corpus) if corpus.url else shipped() / corpus.file
    return ((file,), file.parent) if file and file.is_file() else ((), shipped())


def music21_corpora() -> Path:
    """The folder of the scores inside music21, found without importing it, which is slow."""
    spec = importlib.util.find_spec("music21")
    if spec is None or spec.origin is None:
        return Path("music21", "corpus")
    return Path(spec.origin).parent / "corpus"


def place(corpus: Entry, files: tuple[Path, ...]) -> str:
    """Where a corpus is, in words or as a path that is short to read."""
    if corpus.stdlib:
        return "this Python"
    if not files:
        return "fetch me" if corpus.url else "missing"
    if corpus.music21 or corpus.corpora:
        return "in music21"
    if corpus.file:
        return "shipped"
    path, home = str(files[0]), os.path.expanduser("~")  # "~" itself for a user without a home
    return path.replace(home, "~", 1) if path.startswith(home) else path


def remedy(corpus: Entry) -> str:
    """How to get a corpus that is not on this machine."""
    if corpus.url:
        return f"seqgen corpora fetch {corpus.name}"
    if corpus.music21 or corpus.corpora:
        return "it comes with the package music21 (pip install music21)"
    return "it comes with seqgen; install that again"


def facts(corpus: Entry) -> dict[str, Any]:
    """What is known of a corpus, for a table or as JSON.

    "bytes": size of its files, or as the registry tells; None if not known. "path": the file, or
    the folder of the files; None if they are not on this machine: "get" then says how to get them.
    "where": the same in words.
    """
    shown = ("name", "kind", "title", "author", "year", "licence", "notice", "source")
    files, root = local_files(corpus)
    folder = root / corpus.music21 if corpus.music21 else root
    return {
        **{key: value for key, value in asdict(corpus).items() if key in shown},
        "url": corpus.url or None,
        "files": len(files),
        "bytes": sum(file.stat().st_size for file in files) or corpus.size or None,
        "path": str(files[0] if len(files) == 1 else folder) if files else None,
        "where": place(corpus, files),
        "get": None if files else remedy(corpus),
    }
