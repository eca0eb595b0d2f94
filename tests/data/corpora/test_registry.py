import sys
from pathlib import Path

import pytest

from seqgen.data.corpora import open_corpus, registry
from seqgen.data.corpora.builtin import describe
from seqgen.data.corpora.registry import (
    corpus_names,
    entries,
    find_entry,
    get_entry,
    registry_folder,
)
from seqgen.errors import ConfigError
from seqgen.registry import Registry

LOCATIONS = ("file", "music21", "corpora", "stdlib", "url")


@pytest.mark.parametrize("name", entries())
def test_entries_are_complete_and_have_one_location(name):
    corpus = entries()[name]
    assert corpus.kind in ("text", "tunes")
    assert corpus.title
    assert corpus.licence
    assert corpus.source
    assert sum(bool(getattr(corpus, way)) for way in LOCATIONS) == 1
    assert bool(corpus.url) == bool(corpus.saved_as)
    assert corpus.url.startswith("https://") or not corpus.url
    assert not corpus.file or (registry_folder() / corpus.file).is_file()
    assert all(get_entry(part).kind == corpus.kind for part in corpus.corpora)


def test_builtin_corpora_are_listed():
    expected = {
        "sonnets",
        "oneills",
        "ryans",
        "airds",
        "tunes",
        "essen",
        "python",
        "tinyshakespeare",
    }
    assert expected < set(entries())


def test_restricted_corpora_have_a_notice_and_are_in_no_collection():
    assert "non-commercial" in get_entry("essen").notice
    assert "essen" not in get_entry("tunes").corpora


def test_every_work_of_project_gutenberg_has_an_entry():
    work = get_entry("gutenberg:12345")
    assert work.url == "https://www.gutenberg.org/cache/epub/12345/pg12345.txt"
    assert work.saved_as == "pg12345.txt"
    assert get_entry("gutenberg:2600").title == "War and Peace"


@pytest.mark.parametrize(
    "name", ["gutenberg:", "gutenberg:tolstoy", "gutenberg:0", "gutenberg:../1"]
)
def test_works_are_identified_by_number(name):
    with pytest.raises(ConfigError, match="gutenberg:2600"):
        find_entry(name)


def test_unknown_names_list_the_known_ones():
    assert find_entry("sonets") is None
    with pytest.raises(ConfigError, match=r"did you mean sonnets\?.*gutenberg:N.*oneills"):
        get_entry("sonets")


PACKAGE = """
from pathlib import Path

from seqgen.data.corpora.registry import Entry

LIMERICKS = Entry(
    "limericks", "text", "Limericks", "", "", "", "", notice="handle with care",
    file=str(Path(__file__).with_name("limericks.txt")),
)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with a corpus, and with entry points that are not one."""
    (tmp_path / "limerick_corpus.py").write_text(PACKAGE)
    (tmp_path / "limericks.txt").write_text("There was an old man with a beard,\n")
    info = tmp_path / "limerick_corpus-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: limerick-corpus\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[seqgen.corpora]\n"
        "limericks = limerick_corpus:LIMERICKS\n"
        "other = limerick_corpus:LIMERICKS\n"
        "missing = no_such_module:CORPUS\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "limerick_corpus", raising=False)
    monkeypatch.setattr(registry, "PACKAGES", Registry("corpus", "seqgen.corpora", {}))
    return tmp_path


def test_a_package_adds_a_corpus(package: Path) -> None:
    corpus = open_corpus(["limericks"])
    assert (corpus.name, corpus.kind, corpus.notices) == (
        "limericks",
        "text",
        ("handle with care",),
    )
    assert corpus.documents[0].text == (package / "limericks.txt").read_text()
    assert entries()["limericks"] == get_entry("limericks")
    assert describe(get_entry("limericks"))["where"] == str(package / "limericks.txt")
    assert "limericks" in corpus_names()
    assert "missing" not in entries()


def test_an_entry_point_of_another_name_is_not_a_corpus(package: Path) -> None:
    with pytest.raises(ConfigError, match="other"):
        get_entry("other")
    assert "other" not in entries()
