"""Run the network step by step on ONNX Runtime, the state going in and coming out."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from seqgen.checkpoint.graph import IDS, LOGITS, next_state
from seqgen.errors import CheckpointError

# Steps of a prompt that run at once: enough for full speed, few enough for small logits.
CHUNK = 256

# Below this a step is so short that handing half of it to another core costs more than it saves
# (two cores, LSTM of 2 layers: 128 units 31 µs on one and 40 on two; 512 units 190 and 110).
ONE_THREAD_BYTES = 2_000_000
MOST_THREADS = 8

States = Mapping[str, np.ndarray]


class Engine:
    """The network as a function of tokens and state, for any number of streams at once."""

    def __init__(self, graph: bytes, *, threads: int | None = None) -> None:
        """Make the session.

        graph: what `seqgen.checkpoint.graph.build` returns.
        threads: cores that a step may use; chosen by the network's size unless said.
        Raises CheckpointError if the graph cannot be run.
        """
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = threads or fitting_threads(len(graph))
        options.log_severity_level = 4  # what fails is raised; nothing else belongs on stderr
        try:
            self._session = ort.InferenceSession(graph, options, ["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no base but Exception
            raise CheckpointError(f"step.onnx cannot be run: {first_line(error)}") from error
        self._states = {i.name: i.shape[1:] for i in self._session.get_inputs() if i.name != IDS}
        self._outputs = [LOGITS, *(next_state(name) for name in self._states)]
        shapes = {o.name: o.shape for o in self._session.get_outputs()}
        if not set(self._outputs) <= set(shapes):
            raise CheckpointError("step.onnx is not the graph of a seqgen checkpoint; delete it")
        self.vocab: int = shapes[LOGITS][-1]

    def start(self, streams: int) -> dict[str, np.ndarray]:
        """The state before the first token: zeros, float32 [B, *state shape] by name."""
        return {n: np.zeros((streams, *shape), np.float32) for n, shape in self._states.items()}

    def run(self, ids_TB: np.ndarray, states: States) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Run T steps of B streams.

        ids_TB: tokens, int64 [T, B].
        states: as `start` or an earlier `run` returned them.
        Returns the logits, float32 [T, B, V], and the states after the last step.
        """
        outputs: Any = self._session.run(self._outputs, {IDS: ids_TB, **states})
        logits_TBV, *after = outputs
        return logits_TBV, dict(zip(self._states, after, strict=True))

    def read(
        self, ids_T: np.ndarray, states: States | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Read a prompt as one stream, in chunks, so that any length fits in memory.

        ids_T: tokens, at least one.
        Returns the logits after the last token, float32 [1, V], and the states there.
        """
        states = self.start(1) if states is None else states
        ids_T1 = np.asarray(ids_T, np.int64)[:, None]
        logits_TBV = np.empty((0, 1, self.vocab), np.float32)
        for begin in range(0, len(ids_T1), CHUNK):
            logits_TBV, states = self.run(ids_T1[begin : begin + CHUNK], states)
        return logits_TBV[-1], dict(states)


def fitting_threads(graph_bytes: int) -> int:
    """How many threads run a network of this size fastest on this machine."""
    if graph_bytes < ONE_THREAD_BYTES:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, MOST_THREADS)


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
