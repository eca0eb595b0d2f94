"""Built-in corpora are complete and opened without importing music21."""

import importlib.util
import subprocess
import sys
import sysconfig

import pytest

from seqgen.data.corpora import open_corpus
from seqgen.data.corpora.builtin import describe, open_builtin
from seqgen.data.corpora.registry import entries, get_entry
from seqgen.errors import CorpusError

# Counted independently.
TUNES = {"oneills": 2009, "ryans": 1059, "airds": 1180, "essen": 8514, "tunes": 2009 + 1059 + 1180}


@pytest.mark.parametrize("name", TUNES)
def test_tune_books_are_complete(name):
    corpus = open_corpus([name])
    assert (corpus.name, corpus.kind, len(corpus.documents)) == (name, "tunes", TUNES[name])
    for tune in corpus.documents:
        assert str(tune.text).startswith("X:")
        assert "\nK:" in str(tune.text)


def test_terms_of_use_are_notices():
    assert any("non-commercial" in notice for notice in open_corpus(["essen"]).notices)
    assert open_corpus(["airds"]).notices == ()


def test_the_sonnets_ship():
    corpus = open_corpus(["sonnets"])
    assert corpus.kind == "text"
    assert len(corpus.documents) == 1
    assert "Shall I compare thee to a summer's day" in str(corpus.documents[0].text)


def test_python_is_the_standard_library_without_tests_and_tables():
    corpus = open_corpus(["python"])
    origins = {document.origin for document in corpus.documents}
    assert {"ast.py", "json/decoder.py"} <= origins
    left_out = ("test", "tests", "encodings", "idlelib", "site-packages")
    assert not [o for o in origins if set(o.split("/")) & set(left_out)]
    assert corpus.kind == "text"


def test_source_files_that_are_not_utf_8_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    (tmp_path / "good.py").write_text("pass\n")
    (tmp_path / "latin.py").write_bytes(b"# -*- coding: latin-1 -*-\n# caf\xe9\n")
    corpus = open_corpus(["python"])
    assert [document.origin for document in corpus.documents] == ["good.py"]
    assert "latin.py" in corpus.notices[0]


def test_music21_is_not_imported():
    code = (
        "import sys; from seqgen.data.corpora import open_corpus; open_corpus(['airds'])\n"
        "heavy = {'music21', 'tensorflow', 'keras', 'requests', 'pooch'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_without_music21_an_error_names_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CorpusError, match="music21"):
        open_builtin(get_entry("oneills"))


def test_describe_measures_local_files(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    facts = {name: describe(corpus) for name, corpus in entries().items()}
    assert facts["airds"]["files"] == 6
    assert facts["tunes"]["bytes"] == sum(facts[n]["bytes"] for n in ("oneills", "ryans", "airds"))
    assert facts["tinyshakespeare"]["bytes"] == 1_115_394
    assert facts["tinyshakespeare"]["path"] is None
    assert facts["tinyshakespeare"]["get"] == "seqgen corpora fetch tinyshakespeare"
    assert facts["gutenberg:2600"]["bytes"] is None
