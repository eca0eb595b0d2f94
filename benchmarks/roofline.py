"""What the machine can do at most, in a process of its own.

``python -m benchmarks.roofline [--side 2048] [--rows 16384]`` prints, as JSON, FLOP/s of a large
matrix product in float32, bfloat16 and int8, and bytes a second that a product of a matrix and a
vector reads: from memory, and, where the matrix has 4 MB, from the caches.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence

import numpy as np

from seqgen.privacy import keras_import


def best(work: Callable[[], object], times: int = 12) -> float:
    """Seconds of the fastest of several runs."""
    work()
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def int8_product(side: int) -> Callable[[], object]:
    """A product of two square matrices of 8-bit numbers, by ONNX Runtime, which samples."""
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


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, help="of the matrices; larger on a GPU by default")
    parser.add_argument("--rows", type=int, default=2**14, help="of the matrix in memory")
    asked = parser.parse_args(arguments)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with keras_import():
        import tensorflow as tf

    side = asked.side or (8192 if tf.config.list_physical_devices("GPU") else 2048)
    found = {}
    for dtype in (tf.float32, tf.bfloat16):
        a, b = (tf.cast(tf.random.normal((side, side)), dtype) for _ in range(2))
        seconds = best(lambda a=a, b=b: tf.matmul(a, b).numpy()[0, 0])
        found[dtype.name] = 2 * side**3 / seconds
    found["int8"] = 2 * side**3 / best(int8_product(side))
    vector = np.ones(4096, np.float32)
    for name, rows in (("memory", asked.rows), ("cache", 2**8)):
        matrix = np.ones((rows, len(vector)), np.float32)
        times = max(1, asked.rows // rows)
        seconds = best(lambda matrix=matrix, times=times: [matrix @ vector for _ in range(times)])
        found[name] = times * matrix.nbytes / seconds
    print(json.dumps(found))


if __name__ == "__main__":
    main()
