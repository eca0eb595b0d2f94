"""The reference of the JSON output has the keys that the commands print, and no others."""

import contextlib
import io
import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import open_checkpoint
from seqgen.cli import app, compare_results
from seqgen.comparison.results import Comparison, Entry, Point, Result
from seqgen.data.token_files import TRAINING, VALIDATION, write_rows
from seqgen.evaluation.tunes.metrics import Metrics
from seqgen.tasks.tunes import encode_with_positions
from tests.conftest import make_checkpoint, make_trained
from tests.docs.pages import DOCS, ROOT

PAGE = DOCS / "reference" / "json-output.md"
SONNETS = (ROOT / "corpora" / "sonnets.txt").read_text(encoding="utf-8")
REELS = [
    f"R:reel\nM:4/4\nK:Cmaj\n|:{a}2CEGEcB|{b}GEGC4:||:cBAGFEDC|B,2D2C4:|"
    for a in "CDEF"
    for b in "GABc"
]
BOOK = (
    "X:1\nR:jig\nM:6/8\nL:1/8\nK:Ador\nABc def|{g}gab c3|]\n\n"
    "X:2\nR:jig\nM:6/8\nL:1/8\nK:Ador\nABc def|gab|ABc def|gab c3|]\n"
)
# What each section of the page describes.
COMMANDS = {
    "`seqgen evaluate`, models of text": (
        "evaluate", "verse", "--samples", "2", "--length", "400", "--temperature", "0",
    ),
    "`seqgen evaluate`, models of tunes": ("evaluate", "reels", "--count", "2", "--no-validators"),
    "`seqgen compare --dry-run`": (
        "compare", "verse.txt", "--cells", "lstm,leaky", "--minutes", "1", "--units", "8",
        "--dry-run",
    ),
    "`seqgen train --dry-run`": (
        "train", "verse.txt", "--epochs", "1", "--units", "8", "--dry-run",
    ),
    "`seqgen checkpoints`": ("checkpoints",),
    "`seqgen checkpoints show`": ("checkpoints", "show", "verse"),
    "`seqgen corpora`": ("corpora",),
    "`seqgen corpora show`": ("corpora", "show", "sonnets"),
    "`seqgen corpora show --report`": ("corpora", "show", "book.abc", "--report"),
    "`seqgen inspect NAME gradients`": (
        "inspect", "verse", "gradients", "--steps", "3", "--streams", "2",
    ),
    "`seqgen inspect NAME neurons`": (
        "inspect", "verse", "neurons", "--characters", "2000", "--units", "1",
    ),
    "`seqgen inspect NAME gates`": ("inspect", "verse", "gates", "--characters", "300"),
}  # fmt: skip
SLOW = {"`seqgen compare --dry-run`", "`seqgen train --dry-run`", "`seqgen inspect NAME gradients`"}
# These belong to programs, and to tunes that the validators read.
NOT_PRINTED = {"parsing_blocks", "music21", "abc2midi"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of a text and of tunes with random weights, and a book of tunes."""
    path = tmp_path_factory.mktemp("json")
    (path / "book.abc").write_text(BOOK, encoding="utf-8")
    (path / "verse.txt").write_text(SONNETS[:30_000], encoding="utf-8")
    with contextlib.chdir(path):
        verse = make_trained(path / "checkpoints" / "verse", ["verse.txt"])
    shutil.copy(ROOT / "checkpoints" / "shipped" / "sonnets" / layout.METRICS, verse)
    reels = path / "checkpoints" / "reels"
    make_checkpoint(reels, kind="tunes", text="\n".join(REELS), tokens="abc", documents=16)
    tokenizer = open_checkpoint(reels).tokenizer
    (reels / layout.RESUME).mkdir()
    for name, part in ((TRAINING, REELS[:12]), (VALIDATION, REELS[12:])):
        for _ in write_rows(reels / layout.RESUME / name, encode_with_positions(part, tokenizer)):
            pass
    return path


def printed(*words: str) -> Any:
    """The JSON that a command of seqgen prints."""
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with pytest.MonkeyPatch.context() as patched, contextlib.redirect_stdout(output):
        patched.setattr(sys, "argv", ["seqgen", *words, "--json"])
        with pytest.raises(SystemExit) as end:
            app.main()
    assert not end.value.code, words
    return json.loads(output.buffer.getvalue())


@cache
def tables() -> dict[str, dict[str, list[str]]]:
    """The keys of each table, by section and by the head of the first column."""
    sections: dict[str, dict[str, list[str]]] = {}
    title = head = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            title, head = line.lstrip("# "), ""
        elif not line.startswith("|"):
            head = ""
        elif not head:
            head = line.split("|")[1].strip()
            sections.setdefault(title, {})[head] = []
        else:
            keys = re.findall("`([^`]+)`", line.split("|")[1])
            sections[title][head] += [each for key in keys for each in expand(key)]
    return sections


def expand(key: str) -> list[str]:
    """``a.{b,c}`` as ``a.b`` and ``a.c``."""
    match = re.search(r"\{([^{}]*)\}", key)
    if match is None:
        return [key]
    begin, end = key[: match.start()], key[match.end() :]
    return [each for part in match[1].split(",") for each in expand(begin + part + end)]


def paths(value: Any, path: str = "") -> Iterator[str]:
    """The path of each value that is no object and no list, and of empty ones."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from paths(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for each in value or [None]:
            yield from paths(each, f"{path}[]")
    else:
        yield path


def to_pattern(key: str) -> re.Pattern[str]:
    """A key of the page: ``*`` is a name, or at the end a whole value; so is a list of lists."""
    text = re.escape(key).replace(r"\*", r"[^\[\]]+?")
    return re.compile(text + (".*" if key.endswith("*") else r"(\[\])*"))


def compare_with_page(section: str, value: Any) -> None:
    keys = tables()[section]["key"]
    printed_paths = set(paths(value))
    for path in printed_paths:
        matched = any(to_pattern(key).fullmatch(path) for key in keys)
        # An empty value, or null in the place of an object or a list.
        assert matched or any(key.startswith((f"{path}.", f"{path}[]")) for key in keys), path
    for key in keys:
        pattern = re.compile(to_pattern(key).pattern.removesuffix(".*") + ".*")
        assert any(pattern.fullmatch(path) for path in printed_paths), key


@pytest.mark.parametrize(
    "section",
    [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in COMMANDS],
)
def test_the_page_has_the_keys_of_a_command(
    section: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    value = printed(*COMMANDS[section])
    compare_with_page(section, value)
    for head, keys in tables()[section].items():
        if head != "key":
            names = head.strip("`").removesuffix("[].key").split(".")
            rows = value
            for name in names:
                rows = rows[name]
            assert {row["key"] for row in rows} == set(keys) - NOT_PRINTED


def test_the_page_has_the_keys_of_a_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(1.5, 2.2, None, 4.5, 90, 900, 3.0, 300.0, (Point(900, 3.0, 1.5),))
    entry = Entry("lstm", "c-lstm", 100, result, None, {"dropout": "0.1"})
    compared = Comparison({"cell": ("lstm",)}, "verse", "text", "f", (entry,))
    compare_results.print_results(compared, as_json=True)
    compare_with_page("`seqgen compare`", json.loads(capsys.readouterr().out))


def test_the_page_has_the_keys_of_an_evaluation_and_of_each_metric_of_tunes() -> None:
    line = (ROOT / "checkpoints/shipped/sonnets" / layout.METRICS).read_text().splitlines()[0]
    compare_with_page("Evaluations of a run", json.loads(line))
    keys = tables()["`seqgen evaluate`, models of tunes"]["`figures[].key`"]
    assert {field.name for field in fields(Metrics)} <= set(keys)


def test_every_command_with_json_output_has_a_section() -> None:
    sections = " ".join([*COMMANDS, "`seqgen compare`"])
    for name in app.COMMANDS:
        command = app.import_command(name)
        for words, each in ((name, command), *getattr(command, "commands", {}).items()):
            if any("--json" in option.opts for option in each.params):
                assert re.search(rf"\b{words}\b", sections), words


def test_a_key_too_many_and_a_key_too_few_are_noticed() -> None:
    with pytest.raises(AssertionError, match="extra"):
        compare_with_page("`seqgen inspect NAME gates`", {"extra": 1})
    with pytest.raises(AssertionError, match="source"):
        compare_with_page("`seqgen inspect NAME gates`", {"cell": "lstm"})
    assert expand("a.{b,c}[].{d,e}")[2] == "a.c[].d"
