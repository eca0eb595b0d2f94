"""Helpers of several commands: opening checkpoints and corpora, progress, tables and files."""

import io
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.cli.terminal import print_notice, strip_controls

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

    from seqgen.checkpoint.read import Checkpoint
    from seqgen.data.corpora import fetch
    from seqgen.data.corpora.document import Corpus
    from seqgen.inspection.options import TextOptions
    from seqgen.inspection.text import Passage


def open_checkpoint(name: str) -> "Checkpoint":
    """Open the checkpoint of that name or path. Raises CheckpointError."""
    from seqgen.checkpoint import read
    from seqgen.checkpoint.locate import find_checkpoint

    return read.open_checkpoint(find_checkpoint(name))


def open_sources(sources: Sequence[str], encoding: str | None) -> "Corpus":
    """Open files or built-in corpora; shows downloads. Raises CorpusError."""
    from seqgen.data.corpora import open_corpus

    with download_progress() as progress:
        return open_corpus(sources, encoding=encoding, progress=progress)


def open_passage(checkpoint: "Checkpoint", options: "TextOptions", characters: int) -> "Passage":
    """Open the text that an inspected network reads; prints which characters are skipped."""
    from seqgen.data.tokenizers.base import name_characters
    from seqgen.inspection import text

    passage = text.open_passage(checkpoint, options, characters)
    if passage.skipped:
        print_notice(f"skipped, not in the vocabulary: {name_characters(passage.skipped)}")
    return passage


def describe_passage(passage: "Passage") -> str:
    """Return what was read: ``poem.txt: 1,200 characters, 1,210 tokens``."""
    return strip_controls(
        f"{passage.source}: {len(passage.text):,} characters, {len(passage.rows):,} tokens"
    )


def check_output(path: str | None) -> None:
    """Raise CheckpointError if a file cannot be written."""
    from seqgen.io.atomic import check_writable

    if path:
        check_writable(Path(path))


class Progress:
    """Shows on one line of standard error what is done; removes it at the end.

    Shows nothing if standard error is not a terminal.

    Args:
        delay: Seconds before the line appears.
    """

    def __init__(self, delay: float = 0.0) -> None:
        self._shown_from = time.monotonic() + delay
        self._bar: Any = None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __call__(self, text: str, share: float | None = None) -> None:
        """Show a text, and a bar if it is known which share is done."""
        if self._bar is None:
            if not sys.stderr.isatty() or time.monotonic() < self._shown_from:
                return
            self._start()
        task = self._bar.task_ids[0]
        total = None if share is None else 1.0
        self._bar.update(
            task, description=strip_controls(text), total=total, completed=share or 0, visible=True
        )
        self._bar.columns[2].bar_width = 0 if share is None else 40

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        text = TextColumn("{task.description}", markup=False)  # a name with brackets is no markup
        columns = (SpinnerColumn(), text, BarColumn(), TimeElapsedColumn())
        self._bar = Bars(*columns, console=Console(stderr=True), transient=True)
        self._bar.add_task("", total=None)
        self._bar.start()

    def stop(self) -> None:
        """Remove the line."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


@contextmanager
def download_progress() -> Iterator["fetch.Progress"]:
    """Show downloads; without a terminal, one line says that a download starts."""
    names: set[str] = set()
    with Progress() as progress:

        def show(name: str, done: int, total: int | None) -> None:
            if not sys.stderr.isatty() and name not in names:
                print_notice(f"downloading {name}")
            names.add(name)
            size = f"{done / 1e6:,.1f}" + (f" of {total / 1e6:,.1f}" if total else "")
            progress(f"downloading {name}: {size} MB", done / total if total else None)

        yield show


def borderless_table(*columns: str) -> "Table":
    """Return a table without borders; all columns but the first are aligned right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def format_metric(value: float | None, unit: str) -> str:
    """Format a metric in about four digits, ``"%"`` as a percentage and characters in full."""
    if value is None:
        return "–"
    if unit == "characters":
        return f"{value:,.0f}"
    value = 100 * value if unit == "%" else value
    return f"{value:.4f}" if 0 < abs(value) < 0.1 else f"{value:.4g}"


def print_json(value: Any) -> None:
    print(json.dumps(finite(value), indent=2, ensure_ascii=False))


def finite(value: Any) -> Any:
    """Replace infinity and NaN, which JSON does not have, by None."""
    if isinstance(value, dict):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def save_plot(figure: "Figure", path: str) -> None:
    """Write a figure as PNG. Raises CheckpointError if it cannot be written."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150)
    save_file(content.getvalue(), path)


def save_file(content: bytes, path: str) -> None:
    """Write a file and print its name. Raises CheckpointError if it cannot be written."""
    from seqgen.io.atomic import write_atomic

    write_atomic(Path(path), content)
    print_notice(f"wrote {path}")
