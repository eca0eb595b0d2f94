"""A source is a file, folder, pattern, standard input or known corpus; together one corpus."""

import io
import os
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.data.corpora import files, open_corpus, source
from seqgen.data.corpora.longtext import LongText
from seqgen.errors import ConfigError, CorpusError

TUNE = "X:1\nT:a\nM:4/4\nK:C\nCDEF GABc|\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def texts(corpus):
    return [document.text for document in corpus.documents]


def test_a_file_is_one_document(here):
    (here / "my poem.txt").write_bytes(b"one\r\ntwo\r\n")
    corpus = open_corpus(["my poem.txt"])
    assert (corpus.name, corpus.kind, corpus.sources) == ("my-poem", "text", ("my poem.txt",))
    assert [(d.text, d.origin) for d in corpus.documents] == [("one\ntwo\n", "my poem.txt")]


def test_several_sources_are_one_corpus_in_their_order(here):
    (here / "z.txt").write_text("z")
    (here / "d").mkdir()
    (here / "d" / "a.txt").write_text("a")
    (here / "d" / "b.txt").write_text("b")
    corpus = open_corpus(["z.txt", "d", "-"], stdin=io.BytesIO(b"typed"))
    assert texts(corpus) == ["z", "a", "b", "typed"]
    assert (corpus.name, corpus.kind) == ("z+2", "text")


def test_a_file_that_two_sources_name_is_read_once(here):
    (here / "a.txt").write_text("a")
    (here / "b.txt").write_text("b")
    (here / "link.txt").symlink_to("a.txt")
    assert texts(open_corpus(["b.txt", "*.txt", ".", "./a.txt"])) == ["b", "a"]


@given(st.text(st.characters(categories=["L", "N", "P", "Zl", "Zs"]), min_size=1))
def test_standard_input_is_read_as_it_is(text):
    corpus = open_corpus(["-"], stdin=io.BytesIO(b"\n!" + text.encode()))
    assert (corpus.name, texts(corpus)) == ("stdin", ["\n!" + text])


def test_a_pipe_is_as_good_as_a_file(here):
    os.mkfifo(here / "pipe")
    writer = threading.Thread(target=lambda: (here / "pipe").write_text("through a pipe"))
    writer.start()
    assert texts(open_corpus(["pipe"])) == ["through a pipe"]
    writer.join()


def test_an_existing_file_goes_before_a_known_corpus_of_its_name(here):
    with pytest.raises(CorpusError, match=r"^\./sonnets: no such file or folder$"):
        open_corpus(["./sonnets"])
    assert open_corpus(["sonnets"]).characters > 50_000
    (here / "sonnets").write_text("mine")
    assert texts(open_corpus(["sonnets"])) == texts(open_corpus(["./sonnets"])) == ["mine"]


@pytest.mark.parametrize(
    ("source", "offered"),
    [
        ("sonets", "sonnets"),
        ("mypoem.txt", "my poem.txt"),
        ("poem/onne.txt", "poem/one.txt"),
        ("./mypoem.txt", "./my poem.txt"),
    ],
)
def test_a_source_that_is_missing_offers_the_nearest(here, source, offered):
    (here / "my poem.txt").write_text("x")
    (here / "poem").mkdir()
    (here / "poem" / "one.txt").write_text("x")
    with pytest.raises(CorpusError, match=f"did you mean {re.escape(offered)}\\?"):
        open_corpus([source])


def test_a_name_with_brackets_is_a_file_before_it_is_a_pattern(here):
    (here / "a[1].txt").write_text("bracket")
    (here / "a1.txt").write_text("one")
    assert texts(open_corpus(["a[1].txt"])) == ["bracket"]


def test_home_is_where_the_tilde_is(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    (here / "a.txt").write_text("a")
    assert texts(open_corpus(["~/*.txt"])) == texts(open_corpus(["~/a.txt"])) == ["a"]


@pytest.mark.parametrize("name", ["book.abc", "BOOK.ABC", "book.txt"])
def test_tunes_are_known_by_name_or_by_what_is_in_them(here, name):
    (here / name).write_text(TUNE + "\n" + TUNE.replace("X:1", "X:2"))
    corpus = open_corpus([name])
    assert corpus.kind == "tunes"
    assert [d.origin for d in corpus.documents] == [f"{name}:1", f"{name}:2"]


def test_tunes_come_through_standard_input_too():
    assert open_corpus(["-"], stdin=io.BytesIO(TUNE.encode())).kind == "tunes"


def test_texts_and_tunes_that_are_named_do_not_mix(here):
    (here / "a.abc").write_text(TUNE)
    (here / "readme.md").write_text("prose")
    for sources in (["a.abc", "readme.md"], ["readme.md", "airds"]):
        with pytest.raises(
            CorpusError, match=r"(a|book1)\.abc is a tune book and readme\.md is not"
        ):
            open_corpus(sources)
    assert open_corpus(["*.abc"]).kind == "tunes"


@pytest.mark.parametrize(
    ("tunes", "texts", "kind"),
    [(2, {"readme": 900}, "tunes"), (1, {"a": 1, "b": 1, "c": 1}, "tunes"),
     (1, {"a": 900, "b": 900}, "text")],
)  # fmt: skip
@pytest.mark.parametrize("source", [".", "*"])
def test_of_a_folder_the_kind_is_used_that_most_of_it_is(here, tunes, texts, kind, source):
    for number in range(tunes):
        (here / f"{number}.abc").write_text(TUNE)
    for name, length in texts.items():
        (here / f"{name}.txt").write_text("x" * length)
    corpus = open_corpus([source])
    assert corpus.kind == kind
    kept, left = (tunes, len(texts)) if kind == "tunes" else (len(texts), tunes)
    assert len(corpus.documents) == kept
    assert any(f"left out: {left} file" in notice for notice in corpus.notices)


def test_files_of_a_folder_that_cannot_be_used_are_left_out(here):
    (here / "d").mkdir()
    (here / "d" / "tunes.abc").write_text(TUNE)
    (here / "d" / "inc.abc").write_text("%%staffwidth 18cm\n")
    (here / "d" / "latin.abc").write_bytes(TUNE.replace("T:a", "T:caf\xe9").encode("latin-1"))
    corpus = open_corpus(["d"])
    assert [d.origin for d in corpus.documents] == ["d/tunes.abc:1"]
    for name in ("inc.abc", "latin.abc"):
        assert sum(f"left out: d/{name}: " in notice for notice in corpus.notices) == 1
        with pytest.raises(CorpusError, match=name):
            open_corpus([f"d/{name}"])


def test_a_file_of_a_folder_that_may_not_be_read_is_left_out(here, plain_user):
    here.chmod(0o755)
    (here / "d").mkdir()
    (here / "d" / "tunes.abc").write_text(TUNE)
    (here / "d" / "secret.abc").write_text(TUNE)
    (here / "d" / "secret.abc").chmod(0)
    with plain_user():
        corpus = open_corpus(["d"])
    assert [d.origin for d in corpus.documents] == ["d/tunes.abc:1"]
    assert [n for n in corpus.notices if "left out: d/secret.abc: cannot be read" in n]


def test_many_files_that_cannot_be_used_are_counted(here):
    (here / "good.txt").write_text("good")
    for number in range(20):
        (here / f"{number:02}.txt").write_bytes(b"caf\xe9")
    notices = open_corpus(["."]).notices
    assert len(notices) == 4
    assert "17 more files" in notices[-1]
    (here / "good.txt").unlink()
    with pytest.raises(CorpusError, match=r"00\.txt: .* is not UTF-8"):
        open_corpus(["."])


def test_a_book_without_tunes_is_refused_and_broken_ones_are_told(here):
    (here / "a.abc").write_text("X:1\nT:no key\n")
    with pytest.raises(CorpusError, match=r"a\.abc"):
        open_corpus(["a.abc"])
    (here / "a.abc").write_text("X:1\nT:no key\n\n" + TUNE)
    assert "1 after an X: line without a K: line" in open_corpus(["a.abc"]).notices[0]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b" \n\t\r\n"])
def test_nothing_to_learn_from_is_refused(here, data):
    (here / "empty.txt").write_bytes(data)
    (here / "full.txt").write_text("full")
    for name in ("empty.txt", "-"):
        with pytest.raises(CorpusError, match="is empty; there is nothing to learn from"):
            open_corpus(["full.txt", name], stdin=io.BytesIO(data))
    assert texts(open_corpus(["*.txt"])) == ["full"]  # but it does no harm among others


def test_an_unknown_source_lists_the_known_ones():
    with pytest.raises(
        CorpusError, match=r"sonets: no such file or folder, and unknown corpus.*sonnets"
    ):
        open_corpus(["sonets"])
    with pytest.raises(CorpusError, match=r"no such file or folder$"):
        open_corpus(["no/where.txt"])


def test_an_encoding_holds_for_all_files(here):
    (here / "a.txt").write_bytes(b"it\x92s")
    (here / "b.txt").write_bytes(b"\x96")
    assert texts(open_corpus(["."], encoding="cp1252")) == ["it’s", "–"]
    with pytest.raises(CorpusError, match=r"a\.txt: byte 0x92 at offset 2"):
        open_corpus(["."])


def test_wrong_usage_is_told_before_anything_is_read():
    for sources, encoding in (([], None), (["-", "-"], None), (["-"], "utf-9")):
        with pytest.raises(ConfigError):
            open_corpus(sources, encoding=encoding, stdin=None)


def test_what_memory_has_no_room_for_is_read_from_a_file(here, monkeypatch):
    long = "A line with ¾ and 日本.\n" * 100
    (here / "a.txt").write_text("short\n")
    (here / "b.txt").write_bytes(long.replace("\n", "\r\n").encode())
    (here / "c.txt").write_text("short too\n")
    (here / "d.txt").write_text(" \n" * 2000)
    plain = open_corpus(["."])
    monkeypatch.setattr(source, "MAX_CHARACTERS_IN_MEMORY", 1000)
    monkeypatch.setattr(files, "CHUNK", 333)
    corpus = open_corpus(["."])
    kinds = [type(document.text) for document in corpus.documents]
    assert kinds == [str, LongText, LongText]
    assert list(map(str, texts(corpus))) == texts(plain) == ["short\n", long, "short too\n"]
    assert corpus.fingerprint == plain.fingerprint
    assert corpus.characters == plain.characters


def test_a_tune_book_may_be_long(here, monkeypatch):
    (here / "book").write_text(TUNE * 9)
    monkeypatch.setattr(source, "MAX_CHARACTERS_IN_MEMORY", 50)
    assert texts(open_corpus(["book"])) == [TUNE] * 9
