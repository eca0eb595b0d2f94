"""How good a model two minutes give: trains on tinyshakespeare with no option but the time.

``python -m benchmarks.quality [MINUTES]`` prints nats a character on the last tenth.
"""

import sys
import tempfile

import seqgen
from seqgen.training.events import Finished


def main(minutes: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for event in seqgen.train("tinyshakespeare", out=folder, minutes=minutes):
            if isinstance(event, Finished):
                print(event.result.validation_loss)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
