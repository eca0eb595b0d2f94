"""How good a model two minutes give: trains on tinyshakespeare with no option but the time.

``python -m benchmarks.quality [MINUTES] [--source tinyshakespeare]`` prints nats a character on the
last tenth.
"""

import argparse
import tempfile
from collections.abc import Sequence

import seqgen
from seqgen.training.events import Finished


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=2.0)
    parser.add_argument("--source", default="tinyshakespeare")
    parser.add_argument("--units", type=int, help="of each layer; chosen by seqgen by default")
    asked = parser.parse_args(arguments)
    options = {"units": asked.units} if asked.units else {}
    with tempfile.TemporaryDirectory() as folder:
        for event in seqgen.train(
            asked.source, checkpoints_dir=folder, minutes=asked.minutes, **options
        ):
            if isinstance(event, Finished):
                print(event.result.validation_loss)


if __name__ == "__main__":
    main()
