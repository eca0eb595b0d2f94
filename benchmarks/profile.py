"""Profile of a training step: the whole, and its parts measured alone.

``python -m benchmarks.profile CELL LAYERS UNITS EMBEDDING WINDOW BATCH`` prints, as JSON, seconds
of a step, of its recurrent layers, and of their matrix products inside and outside the loops over
time. The layers are measured on all shards of the batch at once, the products on one shard, which
runs on one core.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.roofline import best
from benchmarks.training import Size, add_size, parse_size, prepare_step

WORK = 10**8


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_size(parser)
    parser.add_argument("--work", type=int, default=WORK, help="multiplications of a measurement")
    args = parser.parse_args(argv)
    print(json.dumps(measure(parse_size(args), args.work)))


def measure(size: Size, work: int) -> dict[str, float]:
    """Return the seconds of a step and of its parts.

    Args:
        size: The network and its batches.
        work: Minimum number of multiplications in the measurement of a product.
    """
    step = prepare_step(size)
    import tensorflow as tf

    from seqgen.models import cells, tf_runtime
    from seqgen.models.cells.base import RecurrentCell
    from seqgen.models.scans.recurrent import scan

    dtype = tf.as_dtype(tf_runtime.precision("auto"))
    parts = tf_runtime.shards(size.batch)
    streams = size.batch // parts
    cell = cells.create(size.cell)
    assert isinstance(cell, RecurrentCell)
    seconds = {"step": best(step), "layers": 0.0, "inside": 0.0, "outside": 0.0}
    for width in size.inputs:
        kernel, recurrent, bias = (
            tf.random.normal(shape, stddev=0.05)
            for shape in cell.shapes(width, size.units).values()
        )
        x = tf.cast(tf.random.normal((size.window, streams, width)), dtype)
        states = tuple(tf.zeros((streams, size.units)) for _ in cell.states)

        def layer(
            x: Any = x, weights: Any = (kernel, recurrent, bias), states: Any = states
        ) -> Any:
            gradients = []
            for part in range(parts):
                own = x + tf.cast(part, dtype)
                with tf.GradientTape() as tape:
                    tape.watch([own, *weights])
                    y, _ = scan(cell, own, states, *weights)
                    loss = tf.reduce_sum(y)
                gradients.append(tape.gradient(loss, [own, *weights]))
            return gradients

        gates = recurrent.shape[1]
        rows = size.window * streams
        seconds["layers"] += timed(layer)
        seconds["inside"] += size.window * (
            product(streams, size.units, gates, dtype, work)
            + product(streams, gates, size.units, dtype, work)
        )
        seconds["outside"] += (
            product(rows, width, gates, dtype, work)
            + product(rows, gates, width, dtype, work)
            + product(width, rows, gates, dtype, work)
            + product(size.units, rows, gates, dtype, work)
        )
    return seconds


def product(rows: int, inner: int, columns: int, dtype: Any, work: int) -> float:
    """Return the seconds of one matrix product among many in sequence."""
    import tensorflow as tf

    a, b = (tf.cast(tf.random.normal(shape), dtype) for shape in ((rows, inner), (inner, columns)))
    times = max(2, work // (rows * inner * columns))

    def repeated(work: Callable[[Any], Any]) -> Callable[[], Any]:
        def run() -> Any:
            def turn(n: Any, a: Any) -> Any:
                # The next product depends on this one.
                return n + 1, a + tf.cast(work(a)[0, 0] * 0, dtype)

            return tf.while_loop(lambda n, _: n < times, turn, (0, a), parallel_iterations=1)

        return run

    with_product = timed(repeated(lambda a: tf.matmul(a, b)))
    return max(0.0, with_product - timed(repeated(lambda a: a))) / times


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds of a compiled function."""
    import tensorflow as tf

    compiled = tf.function(work)
    return best(lambda: [t.numpy() for t in tf.nest.flatten(compiled())])


if __name__ == "__main__":
    main()
