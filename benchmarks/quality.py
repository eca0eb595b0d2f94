"""Validation loss of a two-minute run on tinyshakespeare with default options.

``python -m benchmarks.quality [MINUTES] [--source tinyshakespeare]`` prints nats per character on
the last tenth.
"""

import argparse
import tempfile
from collections.abc import Sequence

import seqgen
from seqgen.training.events import Finished


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=2.0)
    parser.add_argument("--source", default="tinyshakespeare")
    parser.add_argument("--units", type=int, help="of each layer; chosen by seqgen by default")
    args = parser.parse_args(argv)
    options = {"units": args.units} if args.units else {}
    with tempfile.TemporaryDirectory() as folder:
        for event in seqgen.train(
            args.source, checkpoints_dir=folder, minutes=args.minutes, **options
        ):
            if isinstance(event, Finished):
                print(event.result.validation_loss)


if __name__ == "__main__":
    main()
