"""Draw the training display as it stands in a terminal, for the README.

``python -m benchmarks.picture [SECONDS]`` trains on the sonnets for that long of a two-minute run,
and writes ``docs/training.svg``.
"""

import io
import sys
import tempfile
from pathlib import Path

from rich.console import Console

import seqgen
from seqgen.cli.display import LiveDisplay
from seqgen.training.events import Sampled, Step

PICTURE = Path(__file__).parents[1] / "docs" / "training.svg"


def main(seconds: float) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, record=True, width=100)
    display = LiveDisplay(console, verbose=False)
    with tempfile.TemporaryDirectory() as folder:
        events = seqgen.train("sonnets", out=folder, minutes=2)
        late = False
        for event in events:
            display.draw(event)
            late = late or (isinstance(event, Step) and event.seconds > seconds)
            if late and isinstance(event, Sampled):
                break
        display.stop()
    PICTURE.write_text(frame(display), encoding="utf-8")


def frame(display: LiveDisplay) -> str:
    """The picture that stands now, as SVG."""
    console = Console(file=io.StringIO(), force_terminal=True, record=True, width=100)
    console.print(display.picture())
    return console.export_svg(title="seqgen train sonnets --minutes 2")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 75.0)
