"""`seqgen corpora`: the table, excerpts, reports and fetching."""

import json

import pytest
from typer.testing import CliRunner

from seqgen.cli.corpora import app, complete_corpus
from seqgen.data.corpora import open_corpus
from seqgen.errors import ConfigError, CorpusError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQGEN_CORPORA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def run_successfully(*arguments):
    result = run(*arguments)
    assert result.exception is None, result.output
    return result


def test_the_table_lists_all_corpora_and_their_location(folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    (folder / "pg11.txt").write_text("Alice")
    lines = run_successfully().stdout.splitlines()
    rows = {line.split()[0]: line for line in lines if line.strip()}
    assert "in music21" in rows["oneills"]
    assert "non-commercial" in rows["essen"]
    assert "1.1 MB" in rows["tinyshakespeare"]
    assert "fetch me" in rows["tinyshakespeare"]
    assert "pg11.txt" in rows["gutenberg:11"]


def test_the_table_as_json_has_all_facts():
    facts = {row["name"]: row for row in json.loads(run_successfully("--json").stdout)}
    assert facts["ryans"]["files"] == 1059
    assert facts["tinyshakespeare"]["get"] == "seqgen corpora fetch tinyshakespeare"


def test_show_prints_the_given_number_of_characters():
    text = open_corpus(["sonnets"]).documents[0].text
    assert run_successfully("show", "sonnets", "--characters", "123").stdout == text[:123]


def test_show_prints_whole_lines_by_default():
    text = str(open_corpus(["sonnets"]).documents[0].text)
    excerpt = run_successfully("show", "sonnets").stdout
    assert text.startswith(excerpt)
    assert excerpt.endswith("\n")
    assert 1900 < len(excerpt) <= 2000


def test_show_separates_tunes_and_does_not_interpret_markup(folder):
    tunes = [f"X:{n}\nT:[bold]a[/]\nK:C\n[CE][/red]|\n" for n in (1, 2)]
    (folder / "a.abc").write_text("\n\n".join(tunes))
    assert run_successfully("show", "a.abc").stdout == "\n".join(tunes)


def test_show_reads_a_file_in_its_encoding(folder):
    (folder / "a.txt").write_bytes(b"caf\xe9")
    assert run_successfully("show", "a.txt", "--encoding", "cp1252").stdout == "café"


@pytest.mark.slow
def test_show_prints_terms_of_use_to_standard_error():
    result = run_successfully("show", "essen")
    assert "non-commercial" in result.stderr
    assert "non-commercial" not in result.stdout


def test_show_as_json_measures_the_corpus():
    facts = json.loads(run_successfully("show", "airds", "--json").stdout)
    corpus = open_corpus(["airds"])
    assert facts["documents"] == 1180
    assert facts["fingerprint"] == corpus.fingerprint
    assert facts["licence"]


def test_show_as_json_has_the_document_unit(tmp_path):
    names = [f"{a}{b}{c}" for a in "ABCD" for b in "aeiou" for c in ("n", "ra")]
    (tmp_path / "names.txt").write_text("\n".join(names))
    facts = json.loads(run_successfully("show", str(tmp_path / "names.txt"), "--json").stdout)
    assert (facts["documents"], facts["unit"]) == (40, "line")


def test_fetch_prints_the_location(folder):
    (folder / "pg7.txt").write_text("seven")
    result = run_successfully("fetch", "gutenberg:7", "sonnets")
    assert f"gutenberg:7: {folder / 'pg7.txt'}" in result.stdout
    assert "sonnets.txt" in result.stdout


def test_errors_are_those_of_the_library():
    assert isinstance(run("fetch", "nope").exception, ConfigError)
    assert isinstance(run("show", "nope").exception, CorpusError)
    assert run("show", "sonnets", "--characters", "0").exit_code == 2


def test_the_shell_completes_names():
    assert complete_corpus("s") == ["sonnets"]
    assert "gutenberg:2600" in complete_corpus("gut")


BOOK = """X:1
T:One -- Jig
M:6/8
K:A dorian
A3 ABc|dedA3|]

X:2
T:The same
M:6/8
K:Edor
E3 EFG|ABAE3|]

X:3
T:Short
M:6/8
K:D
D3DEF|D3|D6|]

X:4
T:Short as well
M:6/8
K:D
D3DEF|D5|D6|]
"""


def test_the_report_counts_tunes_and_reasons_for_rejection(folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    (folder / "b.abc").write_text(BOOK)
    lines = run_successfully("show", "b.abc", "--report").stdout.splitlines()
    rows = [" ".join(line.split()) for line in lines]
    assert "in normal form 2 50.0%" in rows
    assert "used for training 1 25.0%" in rows
    assert "duplicates of an earlier tune 1 25.0%" in rows
    assert "bar that does not add up 2 50.0% b.abc:3, bar 2, of 3 eighths" in rows
    assert "keys: Ador 1" in rows
    assert "meters: 6/8 1" in rows
    assert "rhythms: jig 1" in rows


def test_the_report_as_json_has_the_same_counts(folder):
    (folder / "b.abc").write_text(BOOK)
    facts = json.loads(run_successfully("show", "b.abc", "--report", "--json").stdout)
    assert (facts["name"], facts["tunes"], facts["normal"], facts["kept"]) == ("b", 4, 2, 1)
    assert facts["rejected"] == {
        "bar that does not add up": {"tunes": 2, "example": "b.abc:3, bar 2, of 3 eighths"}
    }


def test_a_text_has_no_report():
    error = run("show", "sonnets", "--report").exception
    assert isinstance(error, ConfigError)
    assert error.option == "report"


@pytest.mark.parametrize("form", ["--json", "--report"])
def test_characters_have_no_effect_on_facts(form: str) -> None:
    error = run("show", "sonnets", "--characters", "9", form).exception
    assert isinstance(error, ConfigError)
    assert error.option == "characters"
