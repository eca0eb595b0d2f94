"""The pages of the documentation, and the code blocks in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
)

_BLOCK = re.compile(
    r'^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?\n(?P<code>.*?)^```$', re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """A fenced code block; ``title`` names the file that it is."""

    language: str
    title: str | None
    code: str

    def commands(self) -> list[str]:
        """The command lines of a shell block; of a console block, those behind a prompt."""
        if self.language == "bash":
            return [line for line in self.code.splitlines() if line.strip()]
        if self.language == "console":
            return [line[2:] for line in self.code.splitlines() if line.startswith("$ ")]
        return []


def blocks(page: Path) -> Iterator[Block]:
    """The fenced code blocks of a page, in order."""
    for match in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield Block(match["language"], match["title"], match["code"])


def name_of(page: Path) -> str:
    """A page's path for test ids."""
    return str(page.relative_to(ROOT))
