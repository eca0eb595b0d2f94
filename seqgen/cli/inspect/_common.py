"""What the three commands share: the checkpoint, the text, how far it is, and pictures."""

import io
import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.cli.terminal import print_notice, strip_controls
from seqgen.inspection.options import TextOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seqgen.checkpoint.read import Checkpoint
    from seqgen.inspection.text import Passage


def opened(name: str) -> "Checkpoint":
    """The checkpoint of that name. Raises CheckpointError."""
    from seqgen.checkpoint.locate import find_checkpoint
    from seqgen.checkpoint.read import open_checkpoint

    return open_checkpoint(find_checkpoint(name))


def check_output(path: str | None) -> None:
    """Check that a file can be written. Raises CheckpointError if it cannot."""
    from seqgen.io.atomic import check_writable

    if path:
        check_writable(Path(path))


def passage(checkpoint: "Checkpoint", options: TextOptions, characters: int) -> "Passage":
    """The text to read; what was left out of it is told on standard error."""
    from seqgen.data.tokenizers.base import listed
    from seqgen.inspection.text import open_passage

    found = open_passage(checkpoint, options, characters)
    if found.skipped:
        print_notice(f"skipped, since the vocabulary lacks it: {listed(found.skipped)}")
    return found


@contextmanager
def telling(what: str) -> Iterator[Callable[[float], None]]:
    """Shows the share that is done, where standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda share: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def read_of(found: "Passage") -> str:
    """What was read, in words."""
    return strip_controls(
        f"{found.source}: {len(found.text):,} characters, {len(found.rows):,} tokens"
    )


def print_json(facts: Any) -> None:
    print(json.dumps(finite(facts), indent=2, ensure_ascii=False))


def finite(value: Any) -> Any:
    """JSON has no infinity and no NaN: null stands for them."""
    if isinstance(value, dict):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def save(figure: "Figure", path: str) -> None:
    """Write a picture as PNG. Raises CheckpointError if it cannot be written."""
    from seqgen.io.atomic import write_atomic

    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150)
    write_atomic(Path(path), content.getvalue())
    print_notice(f"wrote {path}")
