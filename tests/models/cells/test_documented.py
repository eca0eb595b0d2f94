"""The cell that the documentation shows is the one that runs."""

from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_smallest_cell_is_shown_as_it_is() -> None:
    code = (ROOT / "seqgen/models/cells/mingru.py").read_text(encoding="utf-8")
    shown = (ROOT / "docs/how-to/add-a-cell.md").read_text(encoding="utf-8")
    assert f"```python\n{code}```" in shown
