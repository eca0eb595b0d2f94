"""The cell in the documentation equals the source."""

from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_guide_has_the_source_of_the_smallest_cell() -> None:
    code = (ROOT / "seqgen/models/cells/mingru.py").read_text(encoding="utf-8")
    page = (ROOT / "docs/how-to/add-a-cell.md").read_text(encoding="utf-8")
    assert f"```python\n{code}```" in page
