import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as bench


def first(plan: bench.Plan) -> list[str]:
    return ["## First", "", "1 token/s"]


def failing(plan: bench.Plan) -> list[str]:
    sys.exit("no memory")


def test_results_of_finished_sections_are_kept_if_a_later_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results.md"
    out.write_text("# Results\n\n## Second\n\n2 tokens/s\n")
    sections = {"first": bench.Section(first, 7), "second": bench.Section(failing, 4)}
    monkeypatch.setattr(bench, "SECTIONS", sections)
    with pytest.raises(SystemExit, match="no memory"):
        bench.main(["--out", str(out)])
    assert "about 11 minutes" in capsys.readouterr().err
    text = out.read_text()
    assert "1 token/s" in text
    assert "2 tokens/s" in text
    bench.main(["first", "--out", str(out)])
    assert "first: about 7 minutes" in capsys.readouterr().err
