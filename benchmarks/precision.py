"""What operands in bfloat16 cost in quality: the same run in one precision.

``python -m benchmarks.precision float32|bfloat16`` trains two epochs on tinyshakespeare and prints
nats a character on the last tenth.
"""

import sys
import tempfile

import seqgen
from seqgen.training.events import Finished


def main(precision: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        options = {"epochs": 2.0, "precision": precision}
        for event in seqgen.train("tinyshakespeare", out=folder, **options):
            if isinstance(event, Finished):
                print(event.result.validation_loss)


if __name__ == "__main__":
    main(sys.argv[1])
