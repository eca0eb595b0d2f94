"""Files of the corpora in the registry, local or downloaded."""

import importlib.util
import os
import sysconfig
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seqgen.data.corpora.fetch import Progress, fetch, local_copy
from seqgen.data.corpora.files import ResolvedSource, safe_name, walk
from seqgen.data.corpora.gutenberg import strip_wrapping
from seqgen.data.corpora.registry import GUTENBERG, Entry, get_entry, registry_folder
from seqgen.errors import CorpusError


def open_builtin(corpus: Entry, progress: Progress | None = None) -> ResolvedSource:
    """Resolve a corpus of the registry to its files, downloading them if necessary.

    Raises:
        CorpusError: If the files cannot be obtained; the message says how to get them.
    """
    if corpus.url:
        fetch(corpus, progress)
    files, root = local_files(corpus)
    if not files:
        raise CorpusError(f"{corpus.name}: no file in {root}; {how_to_get(corpus)}")
    return ResolvedSource(
        name=safe_name(corpus.name),
        files=files,
        kind=corpus.kind,
        root=root,
        clean=strip_wrapping if corpus.name.startswith(GUTENBERG + ":") else None,
        lenient=corpus.stdlib,
        notices=(corpus.notice,) if corpus.notice else (),
    )


def local_files(corpus: Entry) -> tuple[tuple[Path, ...], Path]:
    """Return the files of a corpus on this machine, maybe none, and their common folder."""
    if corpus.stdlib:
        root = Path(sysconfig.get_paths()["stdlib"])
        files = walk(str(root), skip=(".*", *corpus.skip))
        return tuple(file for file in files if file.suffix == ".py"), root
    if corpus.corpora:
        parts = [local_files(get_entry(name)) for name in corpus.corpora]
        return tuple(file for files, _ in parts for file in files), parts[0][1]
    if corpus.music21:
        root = music21_corpora()
        return tuple(sorted((root / corpus.music21).glob("*.abc"))), root
    file = local_copy(corpus) if corpus.url else registry_folder() / corpus.file
    return ((file,), file.parent) if file and file.is_file() else ((), registry_folder())


def music21_corpora() -> Path:
    """Return the folder of scores in music21 without importing music21, which is slow."""
    spec = importlib.util.find_spec("music21")
    if spec is None or spec.origin is None:
        return Path("music21", "corpus")
    return Path(spec.origin).parent / "corpus"


def describe_location(corpus: Entry, files: tuple[Path, ...]) -> str:
    """Return where a corpus is, in words or as a path relative to the home directory."""
    if corpus.stdlib:
        return "this Python"
    if not files:
        return "fetch me" if corpus.url else "missing"
    if corpus.music21 or corpus.corpora:
        return "in music21"
    if corpus.file and not Path(corpus.file).is_absolute():
        return "shipped"
    path, home = str(files[0]), os.path.expanduser("~")  # "~" itself for a user without a home
    return path.replace(home, "~", 1) if path.startswith(home) else path


def how_to_get(corpus: Entry) -> str:
    """Return how to get a corpus that is not on this machine."""
    if corpus.url:
        return f"seqgen corpora fetch {corpus.name}"
    if corpus.music21 or corpus.corpora:
        return "it comes with the package music21 (pip install music21)"
    return "reinstall the package that it comes with"


def describe(corpus: Entry) -> dict[str, Any]:
    """Return the facts on a corpus, for a table or as JSON.

    Returns:
        Fields of `Entry`, and: "files", their number; "bytes", their size or that in the registry,
        None if unknown; "path" of the file or folder, None if it is not on this machine, when "get"
        says how to get it; "where", the path in words.
    """
    fields = ("name", "kind", "title", "author", "year", "licence", "notice", "source")
    files, root = local_files(corpus)
    folder = root / corpus.music21 if corpus.music21 else root
    return {
        **{key: value for key, value in asdict(corpus).items() if key in fields},
        "url": corpus.url or None,
        "files": len(files),
        "bytes": sum(file.stat().st_size for file in files) or corpus.size or None,
        "path": str(files[0] if len(files) == 1 else folder) if files else None,
        "where": describe_location(corpus, files),
        "get": None if files else how_to_get(corpus),
    }
