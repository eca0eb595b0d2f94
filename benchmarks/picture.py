"""Draw the training display as it stands in a terminal, for the README.

``python -m benchmarks.picture [SECONDS]`` trains on the sonnets for that long of a two-minute run,
and writes ``docs/training.svg``. ``--source``, ``--minutes`` and ``--out`` name others.
"""

import argparse
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

import seqgen
from seqgen.cli.display import LiveDisplay
from seqgen.training.events import Sampled, Step

PICTURE = Path(__file__).parents[1] / "docs" / "training.svg"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=75.0)
    parser.add_argument("--source", default="sonnets")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--out", type=Path, default=PICTURE)
    asked = parser.parse_args(arguments)
    console = Console(file=io.StringIO(), force_terminal=True, record=True, width=100)
    display = LiveDisplay(console, verbose=False)
    with tempfile.TemporaryDirectory() as folder:
        events = seqgen.train(asked.source, checkpoints_dir=folder, minutes=asked.minutes)
        late = False
        for event in events:
            display.draw(event)
            late = late or (isinstance(event, Step) and event.seconds > asked.seconds)
            if late and isinstance(event, Sampled):
                break
        display.stop()
    title = f"seqgen train {asked.source} --minutes {asked.minutes:g}"
    asked.out.write_text(frame(display, title), encoding="utf-8")


def frame(display: LiveDisplay, title: str) -> str:
    """The picture that stands now, as SVG."""
    console = Console(file=io.StringIO(), force_terminal=True, record=True, width=100)
    console.print(display.picture())
    return console.export_svg(title=title)


if __name__ == "__main__":
    main()
