"""Loss in float32 and bfloat16: the same run in one precision.

``python -m benchmarks.precision float32|bfloat16`` trains two epochs on tinyshakespeare and prints
nats per character on the last tenth. ``--source`` and ``--epochs`` change these.
"""

import argparse
import tempfile
from collections.abc import Sequence

import seqgen
from seqgen.training.events import Finished


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("precision", choices=("float32", "bfloat16"))
    parser.add_argument("--source", default="tinyshakespeare")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--units", type=int, help="of each layer; chosen by seqgen by default")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        options = {"epochs": args.epochs, "precision": args.precision}
        if args.units:
            options["units"] = args.units
        for event in seqgen.train(args.source, checkpoints_dir=folder, **options):
            if isinstance(event, Finished):
                print(event.result.validation_loss)


if __name__ == "__main__":
    main()
