"""Document units, given or detected, and splitting a text into documents."""

from pathlib import Path

import pytest

from seqgen.data.corpora import Corpus, Document, open_corpus
from seqgen.data.corpora import units as module
from seqgen.data.corpora.longtext import Store
from seqgen.data.corpora.units import Documents, choose_unit, describe
from seqgen.errors import ConfigError

POEMS = "\n\n one\ntwo \n---\nthree\n\n\nfour\n---\n\n---\nfive"


def corpus(*texts: str) -> Corpus:
    return Corpus("test", "text", tuple(Document(text, "test") for text in texts), ("test",))


def split(text: str, unit: str) -> list[str]:
    return [str(document) for document in Documents(corpus(text), unit)]


@pytest.mark.parametrize(
    ("text", "unit", "documents"),
    [
        (POEMS, "file", [POEMS]),
        ("a\n\n  b \n\t\nc", "line", ["a", "  b ", "c"]),
        ("\n\na\nb\n\n \n\nc\n", "blank-line", ["a\nb\n", "c\n"]),
        ("a\n\nb\n\n\nc\n\n\n\n", "blank-lines", ["a\n\nb\n", "c\n"]),
        (POEMS, "---", [" one\ntwo\n", "three\n\n\nfour\n", "five"]),
        ("a --- b\n  ---\nc\n", "---", ["a --- b\n", "c\n"]),
        ("one</s>two\nmore</s>\n</s>\nthree</s>", "</s>", ["one", "two\nmore", "three"]),
        ("one\n<|endoftext|>\ntwo\n", "<|endoftext|>", ["one\n", "two\n"]),
        ("text\nEND\nmore\nEND\n", "END", ["text\n", "more\n"]),
    ],
)
@pytest.mark.parametrize("piece", [3, 1000])
def test_texts_are_split_into_documents(
    text: str, unit: str, documents: list[str], piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECE", piece)
    assert split(text, unit) == documents
    long = Corpus("test", "text", (Document(Store().add([text[:4], text[4:]]), "a"),), ("test",))
    assert [str(document) for document in Documents(long, unit)] == documents


def test_documents_can_be_iterated_repeatedly() -> None:
    documents = Documents(corpus("a\nb\n", "c\n"), "line")
    assert list(documents) == list(documents) == ["a", "b", "c"]


def test_many_files_are_documents() -> None:
    assert choose_unit(corpus(*("a list\nof lines\n" * 20 for _ in range(20)))) == "file"


def test_a_few_lists_are_joined() -> None:
    names = [f"{first}{second}a" for first in "ABCDEFG" for second in "aeiou"]
    lists = "\n".join(names), "\n".join(reversed(names))
    assert choose_unit(corpus(*lists)) == "line"
    assert choose_unit(corpus(*lists, "A text. " * 50)) == "file"


@pytest.mark.parametrize("unit", ["file", "line", "blank-line", "blank-lines", "---"])
def test_a_given_unit_is_used(unit: str) -> None:
    assert choose_unit(corpus(POEMS), unit) == unit


@pytest.mark.parametrize("unit", ["===", "lines", "</s>", "thr"])
def test_absent_separators_are_refused(unit: str) -> None:
    with pytest.raises(ConfigError) as error:
        choose_unit(corpus(POEMS), unit)
    assert error.value.option == "documents"


def test_literary_texts_are_one_document() -> None:
    assert choose_unit(open_corpus(["sonnets"])) == "file"
    excerpts = Path(__file__).parents[2] / "excerpts"
    assert choose_unit(open_corpus([str(excerpts / "shakespeare.txt")])) == "file"


@pytest.mark.parametrize("unit", ["file", "line", "blank-line", "blank-lines", "---"])
def test_each_unit_has_a_description(unit: str) -> None:
    assert describe(unit).split()[0] in ("one", "separated")
