"""The registry is whole: every corpus has its facts and one way to get it."""

import pytest

from seqgen.data.corpora.registry import entries, entry, find_entry, shipped
from seqgen.errors import ConfigError

WAYS = ("file", "music21", "corpora", "stdlib", "url")


@pytest.mark.parametrize("name", entries())
def test_a_corpus_has_its_facts_and_one_way_to_get_it(name):
    corpus = entries()[name]
    assert corpus.kind in ("text", "tunes")
    assert corpus.title
    assert corpus.licence
    assert corpus.source
    assert sum(bool(getattr(corpus, way)) for way in WAYS) == 1
    assert bool(corpus.url) == bool(corpus.saved_as)
    assert corpus.url.startswith("https://") or not corpus.url
    assert not corpus.file or (shipped() / corpus.file).is_file()
    assert all(entry(part).kind == corpus.kind for part in corpus.corpora)


def test_the_known_corpora():
    known = {"sonnets", "oneills", "ryans", "airds", "tunes", "essen", "python", "tinyshakespeare"}
    assert known < set(entries())


def test_what_may_not_be_used_freely_says_so_and_is_in_no_collection():
    assert "non-commercial" in entry("essen").notice
    assert "essen" not in entry("tunes").corpora


def test_any_work_of_project_gutenberg_has_an_entry():
    work = entry("gutenberg:12345")
    assert work.url == "https://www.gutenberg.org/cache/epub/12345/pg12345.txt"
    assert work.saved_as == "pg12345.txt"
    assert entry("gutenberg:2600").title == "War and Peace"


@pytest.mark.parametrize(
    "name", ["gutenberg:", "gutenberg:tolstoy", "gutenberg:0", "gutenberg:../1"]
)
def test_a_work_goes_by_its_number(name):
    with pytest.raises(ConfigError, match="gutenberg:2600"):
        find_entry(name)


def test_an_unknown_name_lists_the_known_ones():
    assert find_entry("sonets") is None
    with pytest.raises(ConfigError, match=r"did you mean sonnets\?.*gutenberg:N.*oneills"):
        entry("sonets")
