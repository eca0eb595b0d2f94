"""Roofline of the machine: speed of large products and bandwidth.

``python -m benchmarks.roofline [--side 2048] [--rows 16384]`` prints, as JSON, FLOP/s of a large
matrix product in float32, bfloat16 and int8, and the bandwidth of a matrix-vector product in bytes
per second: from memory, and from the caches with a matrix of 4 MB.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from seqgen.privacy import keras_import


def best(work: Callable[[], object], times: int = 12) -> float:
    """Return the seconds of the fastest of several runs."""
    work()
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def int8_product(side: int) -> Callable[[], object]:
    """Return a product of two square int8 matrices by ONNX Runtime, which sampling uses."""
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper

    a = np.ones((side, side), np.uint8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["c"])],
        "product",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, a.shape)],
        [helper.make_tensor_value_info("c", TensorProto.INT32, a.shape)],
        [numpy_helper.from_array(a.astype(np.int8), "b")],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"a": a})


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, help="of the matrices; larger on a GPU by default")
    parser.add_argument("--rows", type=int, default=2**14, help="of the matrix in memory")
    args = parser.parse_args(argv)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with keras_import():
        import tensorflow as tf

    side = args.side or (8192 if tf.config.list_physical_devices("GPU") else 2048)
    results = {}
    for dtype in (tf.float32, tf.bfloat16):
        a, b = (tf.cast(tf.random.normal((side, side)), dtype) for _ in range(2))
        seconds = best(partial(lambda a, b: tf.matmul(a, b).numpy()[0, 0], a, b))
        results[dtype.name] = 2 * side**3 / seconds
    results["int8"] = 2 * side**3 / best(int8_product(side))
    vector = np.ones(4096, np.float32)
    for name, rows in (("memory", args.rows), ("cache", 2**8)):
        matrix = np.ones((rows, len(vector)), np.float32)
        times = max(1, args.rows // rows)
        seconds = best(partial(lambda m, times: [m @ vector for _ in range(times)], matrix, times))
        results[name] = times * matrix.nbytes / seconds
    print(json.dumps(results))


if __name__ == "__main__":
    main()
