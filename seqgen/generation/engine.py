"""Inference on ONNX Runtime, step by step, with explicit state."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from seqgen.config.options import FLOAT32, INT8
from seqgen.errors import CheckpointError
from seqgen.models.onnx.graph import FEATURES, IDS, LOGITS, next_state

if TYPE_CHECKING:
    import onnxruntime

# A step of a smaller graph is so short that a second thread costs more than it saves (two cores,
# LSTM of 2 layers in int8: 256 units, 1 MB, 40 µs on one and 56 on two; 512 units, 3.7 MB, 63 and
# 45).
SINGLE_THREAD_MAX_BYTES = 2_000_000
MAX_THREADS = 8

# Shorter prompts are read by the one-step graph: the sequence graph takes a third of a second to
# build, in which the one-step graph reads some thousands of tokens.
SEQUENCE_GRAPH_MIN_TOKENS = 2048
# Tokens per call of the sequence graph, which holds the input products of all of them in memory.
CHUNK_TOKENS = 512
# Chunks after which the number of threads is measured again.
RETUNE_EVERY = 16

# Tokens at the end of a long prompt that `Engine.read_suffix` tries.
SUFFIX_LENGTHS = (1024, 8192)

# Relative error of the states by rounding: twice what int8 adds in the shipped models.
ROUNDING = {INT8: 0.02, FLOAT32: 1e-5}

States = Mapping[str, np.ndarray]
OnProgress = Callable[[int, int], None]


class Engine:
    """The model as a function of tokens and state, for any number of streams.

    Attributes:
        vocab: Vocabulary size, V.
        feature_count: Number of position features per token, F. If it is not 0, a token is a row
            of 1 + F integers: ids [B] and [T, B] become [B, 1 + F] and [T, B, 1 + F].
    """

    def __init__(
        self,
        graph: bytes,
        *,
        threads: int | None = None,
        sequence_graph: Callable[[], bytes] | None = None,
        rounding: float = 1e-5,
    ) -> None:
        """Create the inference session.

        Args:
            graph: The one-step graph (`seqgen.models.onnx.graph.build`).
            threads: Number of threads; None to choose it by the size of the graph.
            sequence_graph: Returns the graph of the same network over a sequence
                (`seqgen.models.onnx.graph.build_sequence`); called for the first long prompt. If
                None, prompts are read token by token.
            rounding: Relative error of the states due to rounding, as a root mean square
                (`ROUNDING`).

        Raises:
            CheckpointError: If the graph cannot be run.
        """
        self._rounding = rounding
        self._threads = threads or choose_threads(len(graph))
        self._session = _create_session(graph, self._threads, "the one-step graph")
        self._sequence_graph = cache(sequence_graph) if sequence_graph else None
        self._sequences: dict[int, onnxruntime.InferenceSession] = {}  # by the number of threads
        inputs = {i.name: i.shape[1:] for i in self._session.get_inputs()}
        self.feature_count: int = inputs.get(FEATURES, [0])[0]
        self._states = {n: shape for n, shape in inputs.items() if n not in (IDS, FEATURES)}
        shapes = {o.name: o.shape for o in self._session.get_outputs()}
        if not {LOGITS, *map(next_state, self._states)} <= set(shapes):
            raise CheckpointError("this is not a one-step graph of a seqgen model")
        self.vocab: int = shapes[LOGITS][-1]

    def start(self, streams: int) -> dict[str, np.ndarray]:
        """Return the state before the first token: zeros, float32 [B, *state shape] by name."""
        return {n: np.zeros((streams, *shape), np.float32) for n, shape in self._states.items()}

    def streams(self, states: States) -> "Streams":
        """Create streams that continue from these states, one token of each per step.

        Args:
            states: As `start`, `run` or `read` returned them; they are copied.
        """
        return Streams(self._session, states, self.vocab, self.feature_count)

    def run(self, ids_TB: np.ndarray, states: States) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Run T steps of B streams, each as a call of the one-step graph.

        A Scan over 256 steps of one stream takes a third less time, but makes a single step, which
        generation consists of, a fifth slower.

        Args:
            ids_TB: Tokens, int64 [T, B].
            states: As `start` or an earlier `run` returned them; they are not changed.

        Returns:
            The logits, float32 [T, B, V], and the states after the last step.
        """
        streams = self.streams(states)
        logits_TBV = np.empty((*ids_TB.shape[:2], self.vocab), np.float32)
        for ids_B, logits_BV in zip(ids_TB, logits_TBV, strict=True):
            logits_BV[:] = streams.step(ids_B)
        return logits_TBV, streams.states

    def read(
        self, ids_T: np.ndarray, on_progress: OnProgress | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Read a prompt as one stream, from the zero state.

        Of a long prompt only the end is read if `read_suffix` shows that the rest has no influence.
        Other prompts of `SEQUENCE_GRAPH_MIN_TOKENS` tokens or more are read by the sequence graph,
        if there is one. The result is the same up to rounding (see
        `seqgen.models.onnx.graph.build_sequence`).

        Args:
            ids_T: Tokens, at least one.
            on_progress: Called now and then with the number of tokens read and the total.

        Returns:
            The logits after the last token, float32 [1, V], and the states there.
        """
        if len(ids_T) < SEQUENCE_GRAPH_MIN_TOKENS:
            return self.read_steps(ids_T, on_progress)
        for tokens in SUFFIX_LENGTHS:
            if len(ids_T) >= 2 * tokens:
                result = self.read_suffix(ids_T, tokens, on_progress)
                if result is not None:
                    return result
        return self.read_sequence(ids_T, on_progress)

    def read_suffix(
        self, ids_T: np.ndarray, tokens: int, on_progress: OnProgress | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]] | None:
        """Read the end of a prompt, if the final state does not depend on the rest.

        The state of a trained network is a function of its latest inputs (the echo state property,
        Jaeger 2001). Three streams read these tokens, from a state of zeros, from random signs and
        from the opposite signs, so that each unit begins at both extremes. If their states then
        differ by no more than rounding, the tokens before have no influence. For the float32 graph
        of ``shakespeare`` they are equal after 768 tokens.

        Args:
            ids_T: The whole prompt.
            tokens: Number of tokens at its end to read.
            on_progress: As in `read`; the tokens that are not read count as read.

        Returns:
            The result of `read` for the whole prompt; None if the states differ.
        """
        states, random = self.start(3), np.random.default_rng(0)
        for state in states.values():
            state[1] = random.choice((-1, 1), size=state.shape[1:])
            state[2] = -state[1]
        streams = self.streams(states)
        for number, id in enumerate(ids_T[-tokens:], max(1, len(ids_T) - tokens + 1)):
            streams.step(np.repeat(id[None], 3, axis=0))
            if on_progress and number % CHUNK_TOKENS == 0:
                on_progress(number, len(ids_T))
        for state in streams.states.values():
            error = np.sqrt(np.mean((state[1:] - state[0]) ** 2))
            # Not "greater": a state that is not finite must not pass.
            if not error <= self._rounding * np.sqrt(np.mean(state[0] ** 2)):
                return None
        if on_progress:
            on_progress(len(ids_T), len(ids_T))
        first = {name: state[:1].copy() for name, state in streams.states.items()}
        return streams.logits_BV[:1].copy(), first

    def read_steps(
        self, ids_T: np.ndarray, on_progress: OnProgress | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Read a prompt of any length token by token; otherwise like `read`."""
        streams = self.streams(self.start(1))
        for number, id in enumerate(ids_T, 1):
            streams.step(id[None])
            if on_progress and number % CHUNK_TOKENS == 0:
                on_progress(number, len(ids_T))
        return streams.logits_BV, streams.states

    def read_sequence(
        self, ids_T: np.ndarray, on_progress: OnProgress | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Read a prompt of any length by the sequence graph if there is one; otherwise like `read`.

        In a long prompt, every `RETUNE_EVERY` chunks one chunk is read by several threads and one
        by a single thread, and the following ones by the faster of the two: where other programs
        keep the cores busy, threads wait for each other. The result does not depend on it.
        """
        if self._sequence_graph is None:
            return self.read_steps(ids_T, on_progress)
        states = self.start(1)
        chunks = range(0, len(ids_T), CHUNK_TOKENS)
        candidates = [self._threads] + [1] * (self._threads > 1 and len(chunks) >= RETUNE_EVERY)
        seconds: dict[int, float] = {}
        for number, begin in enumerate(chunks):
            turn = number % RETUNE_EVERY
            chosen = candidates[turn : turn + 1] or sorted(seconds, key=lambda n: seconds[n])
            threads = chosen[0]
            if threads not in self._sequences:
                graph = self._sequence_graph()
                self._sequences[threads] = _create_session(graph, threads, "the sequence graph")
            began = time.perf_counter()
            part_T = ids_T[begin : begin + CHUNK_TOKENS]
            logits_1V, states = _read_chunk(self._sequences[threads], part_T, states)
            seconds[threads] = time.perf_counter() - began
            if on_progress:
                on_progress(begin + len(part_T), len(ids_T))
        return logits_1V, states


def _read_chunk(
    sequence: "onnxruntime.InferenceSession", ids_T: np.ndarray, states: States
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Run the sequence graph; return the logits after the last token, and the states there."""
    names = [output.name for output in sequence.get_outputs()]
    ids_T = np.asarray(ids_T, np.int64)
    tokens = {IDS: ids_T} if ids_T.ndim == 1 else {IDS: ids_T[:, 0], FEATURES: ids_T[:, 1:]}
    after = dict(zip(names, sequence.run(names, tokens | dict(states)), strict=True))
    return after[LOGITS], {name: after[next_state(name)] for name in states}


class Streams:
    """B streams that advance together, one token of each per step.

    Their states are in two sets of buffers; a step reads one and writes the other, so that it
    allocates and copies nothing (which was 10 to 25% of a step).

    Attributes:
        logits_BV: Logits after the latest step, float32 [B, V]; the next step overwrites them.
    """

    def __init__(
        self,
        session: "onnxruntime.InferenceSession",
        states: States,
        vocab: int,
        feature_count: int,
    ) -> None:
        streams = len(next(iter(states.values())))
        self._session = session
        self._ids_B = np.zeros(streams, np.int64)
        self._features_BF = np.zeros((streams, feature_count), np.int64)
        self.logits_BV = np.zeros((streams, vocab), np.float32)
        first = {name: np.array(state, np.float32, order="C") for name, state in states.items()}
        self._buffers = (first, {name: np.empty_like(state) for name, state in first.items()})
        self._bindings = (self._binding(*self._buffers), self._binding(*self._buffers[::-1]))
        self._turn = 0

    @property
    def states(self) -> dict[str, np.ndarray]:
        """The states after the latest step by name, float32 [B, *state shape].

        Valid until the next step, which reuses their buffers.
        """
        return self._buffers[self._turn]

    def step(self, ids_B: np.ndarray) -> np.ndarray:
        """Run one step.

        Args:
            ids_B: Tokens, integers [B] or [B, 1 + F].

        Returns:
            `logits_BV`.
        """
        if ids_B.ndim == 1:
            self._ids_B[:] = ids_B
        else:
            self._ids_B[:] = ids_B[:, 0]
            self._features_BF[:] = ids_B[:, 1:]
        self._session.run_with_iobinding(self._bindings[self._turn])
        self._turn = 1 - self._turn
        return self.logits_BV

    def select(self, rows: Sequence[int]) -> "Streams":
        """Create streams of these rows in this order; their logits come with the next step."""
        states = {name: state[rows] for name, state in self.states.items()}
        return Streams(self._session, states, self.logits_BV.shape[1], self._features_BF.shape[1])

    def reset(self, rows_B: np.ndarray) -> None:
        """Reset the streams selected by ``rows_B``, bool [B], to the zero state."""
        for state in self.states.values():
            state[rows_B] = 0

    def _binding(self, before: States, after: States) -> "onnxruntime.IOBinding":
        """Bind a step from the states in one set of buffers to those in another."""
        from onnxruntime import OrtValue

        binding = self._session.io_binding()
        binding.bind_ortvalue_input(IDS, OrtValue.ortvalue_from_numpy(self._ids_B))
        if self._features_BF.shape[1]:
            features = OrtValue.ortvalue_from_numpy(self._features_BF)
            binding.bind_ortvalue_input(FEATURES, features)
        binding.bind_ortvalue_output(LOGITS, OrtValue.ortvalue_from_numpy(self.logits_BV))
        for name in before:
            binding.bind_ortvalue_input(name, OrtValue.ortvalue_from_numpy(before[name]))
            after_value = OrtValue.ortvalue_from_numpy(after[name])
            binding.bind_ortvalue_output(next_state(name), after_value)
        return binding


def _create_session(graph: bytes, threads: int, name: str) -> "onnxruntime.InferenceSession":
    """Create a session of a graph; raise CheckpointError if it cannot be run."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # errors are raised; nothing else belongs on stderr
    try:
        return ort.InferenceSession(graph, options, ["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base but Exception
        raise CheckpointError(f"{name} cannot be run: {_first_line(error)}") from error


def choose_threads(graph_bytes: int) -> int:
    """Return the number of threads that run a graph of this size fastest on this machine."""
    if graph_bytes < SINGLE_THREAD_MAX_BYTES:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, MAX_THREADS)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
