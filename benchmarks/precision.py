"""What operands in bfloat16 cost in quality: the same run in one precision.

``python -m benchmarks.precision float32|bfloat16`` trains two epochs on tinyshakespeare and prints
nats a character on the last tenth. ``--source`` and ``--epochs`` name others.
"""

import argparse
import tempfile
from collections.abc import Sequence

import seqgen
from seqgen.training.events import Finished


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("precision", choices=("float32", "bfloat16"))
    parser.add_argument("--source", default="tinyshakespeare")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--units", type=int, help="of each layer; chosen by seqgen by default")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        options = {"epochs": asked.epochs, "precision": asked.precision}
        if asked.units:
            options["units"] = asked.units
        for event in seqgen.train(asked.source, checkpoints_dir=folder, **options):
            if isinstance(event, Finished):
                print(event.result.validation_loss)


if __name__ == "__main__":
    main()
