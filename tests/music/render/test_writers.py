import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from seqgen.cli import outputs
from seqgen.errors import ConfigError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import Tune
from seqgen.music.render.engrave import engrave
from seqgen.music.render.instruments import find
from seqgen.music.render.performance import perform
from seqgen.music.render.writers import (
    WRITERS,
    RenderedTune,
    RenderOptions,
    WriterOptions,
    writer_for,
)

STARTS = {
    ".abc": b"X:1",
    ".svg": b"<?xml",
    ".png": b"\x89PNG",
    ".pdf": b"%PDF",
    ".mid": b"MThd",
    ".midi": b"MThd",
    ".wav": b"RIFF",
    ".html": b"<!DOCTYPE html>",
    ".htm": b"<!DOCTYPE html>",
}
ABC = "X:1\nM:4/4\nL:1/8\nK:C\nCDEF GABc|\n"
PLUGIN = """
from seqgen.music.render.writers import Writer

def write(tunes, path, options):
    path.write_text(f"{len(tunes)} tunes for {options.instrument.name}")

NOTES = Writer((".notes",), write, plays=True)
"""


@pytest.fixture(scope="module")
def rendered() -> list[RenderedTune]:
    tune = parse_tune(ABC)
    return [RenderedTune(perform(tune), engrave(tune, 1), ABC)]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that adds the format ``.notes``."""
    info = tmp_path / "notes-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: notes\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[seqgen.writers]\n.notes = notes_format:NOTES\n")
    (tmp_path / "notes_format.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "notes_format", raising=False)


@pytest.mark.parametrize("suffix", STARTS)
def test_each_writer_writes_its_format(
    suffix: str, rendered: list[RenderedTune], tmp_path: Path
) -> None:
    path = tmp_path / f"tunes{suffix.upper()}"
    writer_for(path).write(rendered, path, WriterOptions(find("harp"), "seqgen render"))
    assert path.read_bytes().startswith(STARTS[suffix])


def test_every_suffix_of_a_writer_is_registered() -> None:
    assert set(WRITERS.builtin_names()) == STARTS.keys()
    for suffix in WRITERS.builtin_names():
        assert suffix in WRITERS.load(suffix).suffixes


def test_every_format_has_an_option_but_abc() -> None:
    options = {f.name: f.metadata["suffixes"] or () for f in fields(RenderOptions)}
    for suffix in set(WRITERS.builtin_names()) - {".abc"}:
        (name,) = (name for name, suffixes in options.items() if suffix in suffixes)
        files: dict[str, Any] = {name: f"a{suffix}"}
        assert RenderOptions(**files).files() == [Path(f"a{suffix}")]


def test_an_empty_line_ends_each_tune_of_an_abc_file(
    rendered: list[RenderedTune], tmp_path: Path
) -> None:
    writer_for("x.abc").write(rendered * 2, tmp_path / "x.abc", WriterOptions(find("harp")))
    assert (tmp_path / "x.abc").read_text() == f"{ABC}\n{ABC}"


@pytest.mark.parametrize("path", ["tunes", "tunes.doc"])
def test_an_unknown_suffix_lists_the_known_ones(path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        writer_for(path)
    assert all(suffix in str(caught.value) for suffix in STARTS)


@pytest.mark.usefixtures("plugin")
def test_an_installed_package_adds_a_format(tmp_path: Path) -> None:
    path = tmp_path / "two.notes"
    tune: Tune = parse_tune(ABC)
    options = RenderOptions(instrument="fiddle")
    outputs.check(options, drawn=False, output=path)
    assert outputs.is_rendered(path)
    list(outputs.render([(tune, ABC)] * 2, options, output=path))
    assert path.read_text() == "2 tunes for fiddle"


def test_a_score_alone_is_not_heard(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        outputs.check(RenderOptions(instrument="fiddle"), drawn=False, output=tmp_path / "a.svg")


@pytest.mark.parametrize(
    ("name", "is_rendered"), [("a.pdf", True), ("a.abc", False), ("a.txt", False), ("a", False)]
)
def test_sampled_tunes_are_rendered_unless_the_file_is_abc(name: str, is_rendered: bool) -> None:
    assert outputs.is_rendered(Path(name)) is is_rendered
