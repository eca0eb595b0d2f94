"""Sources (files, folders, patterns, standard input, built-in corpora) are joined to a corpus."""

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


def test_several_sources_are_joined_in_order(here):
    (here / "z.txt").write_text("z")
    (here / "d").mkdir()
    (here / "d" / "a.txt").write_text("a")
    (here / "d" / "b.txt").write_text("b")
    corpus = open_corpus(["z.txt", "d", "-"], stdin=io.BytesIO(b"typed"))
    assert texts(corpus) == ["z", "a", "b", "typed"]
    assert (corpus.name, corpus.kind) == ("z+2", "text")


def test_files_in_two_sources_are_read_once(here):
    (here / "a.txt").write_text("a")
    (here / "b.txt").write_text("b")
    (here / "link.txt").symlink_to("a.txt")
    assert texts(open_corpus(["b.txt", "*.txt", ".", "./a.txt"])) == ["b", "a"]


@given(st.text(st.characters(categories=["L", "N", "P", "Zl", "Zs"]), min_size=1))
def test_standard_input_is_not_stripped(text):
    corpus = open_corpus(["-"], stdin=io.BytesIO(b"\n!" + text.encode()))
    assert (corpus.name, texts(corpus)) == ("stdin", ["\n!" + text])


def test_named_pipes_are_read(here):
    os.mkfifo(here / "pipe")
    writer = threading.Thread(target=lambda: (here / "pipe").write_text("through a pipe"))
    writer.start()
    assert texts(open_corpus(["pipe"])) == ["through a pipe"]
    writer.join()


def test_files_take_precedence_over_builtin_corpora(here):
    with pytest.raises(CorpusError, match=r"^\./sonnets: no such file or folder$"):
        open_corpus(["./sonnets"])
    assert open_corpus(["sonnets"]).characters > 50_000
    (here / "sonnets").write_text("mine")
    assert texts(open_corpus(["sonnets"])) == texts(open_corpus(["./sonnets"])) == ["mine"]


@pytest.mark.parametrize(
    ("source", "suggestion"),
    [
        ("sonets", "sonnets"),
        ("mypoem.txt", "my poem.txt"),
        ("poem/onne.txt", "poem/one.txt"),
        ("./mypoem.txt", "./my poem.txt"),
    ],
)
def test_missing_sources_suggest_the_closest(here, source, suggestion):
    (here / "my poem.txt").write_text("x")
    (here / "poem").mkdir()
    (here / "poem" / "one.txt").write_text("x")
    with pytest.raises(CorpusError, match=f"did you mean {re.escape(suggestion)}\\?"):
        open_corpus([source])


def test_files_take_precedence_over_patterns(here):
    (here / "a[1].txt").write_text("bracket")
    (here / "a1.txt").write_text("one")
    assert texts(open_corpus(["a[1].txt"])) == ["bracket"]


def test_a_tilde_is_the_home_folder(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    (here / "a.txt").write_text("a")
    assert texts(open_corpus(["~/*.txt"])) == texts(open_corpus(["~/a.txt"])) == ["a"]


@pytest.mark.parametrize("name", ["book.abc", "BOOK.ABC", "book.txt"])
def test_tunes_are_detected_by_suffix_or_contents(here, name):
    (here / name).write_text(TUNE + "\n" + TUNE.replace("X:1", "X:2"))
    corpus = open_corpus([name])
    assert corpus.kind == "tunes"
    assert [d.origin for d in corpus.documents] == [f"{name}:1", f"{name}:2"]


def test_tunes_are_detected_on_standard_input():
    assert open_corpus(["-"], stdin=io.BytesIO(TUNE.encode())).kind == "tunes"


def test_given_texts_and_tunes_do_not_mix(here):
    (here / "a.abc").write_text(TUNE)
    (here / "readme.md").write_text("prose")
    for sources in (["a.abc", "readme.md"], ["readme.md", "airds"]):
        with pytest.raises(CorpusError, match=" contains "):
            open_corpus(sources)
    assert open_corpus(["*.abc"]).kind == "tunes"


@pytest.mark.parametrize(
    ("tunes", "texts", "kind"),
    [(2, {"readme": 900}, "tunes"), (1, {"a": 1, "b": 1, "c": 1}, "tunes"),
     (1, {"a": 900, "b": 900}, "text")],
)  # fmt: skip
@pytest.mark.parametrize("source", [".", "*"])
def test_the_prevailing_kind_of_a_folder_is_used(here, tunes, texts, kind, source):
    for number in range(tunes):
        (here / f"{number}.abc").write_text(TUNE)
    for name, length in texts.items():
        (here / f"{name}.txt").write_text("x" * length)
    corpus = open_corpus([source])
    assert corpus.kind == kind
    used_count, left_out = (tunes, len(texts)) if kind == "tunes" else (len(texts), tunes)
    assert len(corpus.documents) == used_count
    assert any(f"left out: {left_out} file" in notice for notice in corpus.notices)


def test_unusable_files_of_a_folder_are_left_out(here):
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


def test_unreadable_files_of_a_folder_are_left_out(here, plain_user):
    here.chmod(0o755)
    (here / "d").mkdir()
    (here / "d" / "tunes.abc").write_text(TUNE)
    (here / "d" / "secret.abc").write_text(TUNE)
    (here / "d" / "secret.abc").chmod(0)
    with plain_user():
        corpus = open_corpus(["d"])
    assert [d.origin for d in corpus.documents] == ["d/tunes.abc:1"]
    assert [n for n in corpus.notices if "left out: d/secret.abc: cannot be read" in n]


def test_many_unusable_files_are_counted(here):
    (here / "good.txt").write_text("good")
    for number in range(20):
        (here / f"{number:02}.txt").write_bytes(b"caf\xe9")
    notices = open_corpus(["."]).notices
    assert len(notices) == 4
    assert "17 more files" in notices[-1]
    (here / "good.txt").unlink()
    with pytest.raises(CorpusError, match=r"00\.txt"):
        open_corpus(["."])


def test_books_without_tunes_are_refused_and_broken_tunes_reported(here):
    (here / "a.abc").write_text("X:1\nT:no key\n")
    with pytest.raises(CorpusError, match=r"a\.abc"):
        open_corpus(["a.abc"])
    (here / "a.abc").write_text("X:1\nT:no key\n\n" + TUNE)
    assert "1 after an X: line without a K: line" in open_corpus(["a.abc"]).notices[0]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b" \n\t\r\n"])
def test_empty_files_are_refused(here, data):
    (here / "empty.txt").write_bytes(data)
    (here / "full.txt").write_text("full")
    for name in ("empty.txt", "-"):
        with pytest.raises(CorpusError, match="is empty"):
            open_corpus(["full.txt", name], stdin=io.BytesIO(data))
    assert texts(open_corpus(["*.txt"])) == ["full"]  # in a folder or pattern they are left out


def test_unknown_sources_list_the_builtin_corpora():
    with pytest.raises(CorpusError, match=r"^sonets: .*sonnets"):
        open_corpus(["sonets"])
    with pytest.raises(CorpusError, match=r"no such file or folder$"):
        open_corpus(["no/where.txt"])


def test_the_encoding_applies_to_all_files(here):
    (here / "a.txt").write_bytes(b"it\x92s")
    (here / "b.txt").write_bytes(b"\x96")
    assert texts(open_corpus(["."], encoding="cp1252")) == ["it’s", "–"]
    with pytest.raises(CorpusError, match=r"a\.txt: byte 0x92 at offset 2"):
        open_corpus(["."])


def test_invalid_arguments_are_refused_before_reading():
    for sources, encoding in (([], None), (["-", "-"], None), (["-"], "utf-9")):
        with pytest.raises(ConfigError):
            open_corpus(sources, encoding=encoding, stdin=None)


def test_long_texts_are_kept_in_a_file(here, monkeypatch):
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


def test_tune_books_may_be_long(here, monkeypatch):
    (here / "book").write_text(TUNE * 9)
    monkeypatch.setattr(source, "MAX_CHARACTERS_IN_MEMORY", 50)
    assert texts(open_corpus(["book"])) == [TUNE] * 9
