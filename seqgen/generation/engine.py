"""Run the network step by step on ONNX Runtime, the state going in and coming out."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqgen.config.options import FLOAT32, INT8
from seqgen.errors import CheckpointError
from seqgen.models.onnx.graph import IDS, LOGITS, PLACES, next_state

if TYPE_CHECKING:
    import onnxruntime

# Below this a step is so short that handing half of it to another core costs more than it saves
# (two cores, LSTM of 2 layers in int8: 256 units, 1 MB, 40 µs on one and 56 on two; 512 units,
# 3.7 MB, 63 and 45).
ONE_THREAD_BYTES = 2_000_000
MOST_THREADS = 8

# Tokens of a prompt from which on the sequence graph is used. It takes a third of a second to
# build, in which the one-step graph reads some thousands.
LONG = 2048
# Tokens that the sequence graph reads in one call: the input products of all of them are in memory.
CHUNK = 512
# Chunks after which the number of threads is tried again.
TRIED_AGAIN = 16

# Tokens of the end of a long prompt that are read first (`Engine.read_end`).
ENDS = (1024, 8192)

# Relative error of the states by rounding: twice what int8 adds in the shipped models.
ROUNDING = {INT8: 0.02, FLOAT32: 1e-5}

States = Mapping[str, np.ndarray]
Progress = Callable[[int, int], None]


class Engine:
    """The network as a function of tokens and state, for any number of streams at once.

    vocab: how many tokens there are, V.
    places: how many numbers it reads beside each token, F. A token is then a row of 1 + F numbers:
        where tokens are [B] or [T, B] they are [B, 1 + F] or [T, B, 1 + F].
    """

    def __init__(
        self,
        graph: bytes,
        *,
        threads: int | None = None,
        sequence_graph: Callable[[], bytes] | None = None,
        rounding: float = 1e-5,
    ) -> None:
        """Make the session.

        graph: what `seqgen.models.onnx.graph.build` returns.
        threads: cores that a step may use; chosen by the network's size unless said.
        sequence_graph: returns what `seqgen.models.onnx.graph.build_sequence` does, of the same
            network; called when the first long prompt is read. Without it prompts are read token by
            token.
        rounding: relative error of the states that comes from the rounding of the graph's products,
            as a root mean square (`ROUNDING`).
        Raises CheckpointError if the graph cannot be run.
        """
        self._rounding = rounding
        self._threads = threads or fitting_threads(len(graph))
        self._session = session(graph, self._threads, "step.onnx")
        self._sequence_graph = sequence_graph
        self._sequence_bytes: bytes | None = None
        self._sequences: dict[int, onnxruntime.InferenceSession] = {}  # by the number of threads
        inputs = {i.name: i.shape[1:] for i in self._session.get_inputs()}
        self.places: int = inputs.get(PLACES, [0])[0]
        self._states = {n: shape for n, shape in inputs.items() if n not in (IDS, PLACES)}
        shapes = {o.name: o.shape for o in self._session.get_outputs()}
        if not {LOGITS, *map(next_state, self._states)} <= set(shapes):
            raise CheckpointError("step.onnx is not the graph of a seqgen checkpoint; delete it")
        self.vocab: int = shapes[LOGITS][-1]

    def start(self, streams: int) -> dict[str, np.ndarray]:
        """The state before the first token: zeros, float32 [B, *state shape] by name."""
        return {n: np.zeros((streams, *shape), np.float32) for n, shape in self._states.items()}

    def streams(self, states: States) -> "Streams":
        """Streams that go on from these states, one token of each at a time.

        states: as `start` or `run` returned them; they stay as they are.
        """
        return Streams(self._session, states, self.vocab, self.places)

    def run(self, ids_TB: np.ndarray, states: States) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Run T steps of B streams.

        One by one: the products of one step keep the processor as busy as a loop inside the graph
        does (measured: a Scan over 256 steps of one stream takes a third less time, and makes a
        single step take a fifth more, which is what generation lives on).

        ids_TB: tokens, int64 [T, B].
        states: as `start` or an earlier `run` returned them; they stay as they are.
        Returns the logits, float32 [T, B, V], and the states after the last step.
        """
        streams = self.streams(states)
        logits_TBV = np.empty((*ids_TB.shape[:2], self.vocab), np.float32)
        for ids_B, logits_BV in zip(ids_TB, logits_TBV, strict=True):
            logits_BV[:] = streams.step(ids_B)
        return logits_TBV, streams.states

    def read(
        self, ids_T: np.ndarray, progress: Progress | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Read a prompt as one stream, from the state before the first token.

        Of a long prompt only the end is read where `read_end` shows that the rest does not matter.
        Any other prompt of `LONG` tokens or more is read by the sequence graph, if there is one.
        The result is the same but for rounding (see `seqgen.models.onnx.graph.build_sequence`).

        ids_T: tokens, at least one.
        progress: called now and then with the number of tokens that were read, and of all.
        Returns the logits after the last token, float32 [1, V], and the states there.
        """
        if len(ids_T) < LONG:
            return self.read_steps(ids_T, progress)
        for tokens in ENDS:
            if len(ids_T) >= 2 * tokens and (found := self.read_end(ids_T, tokens, progress)):
                return found
        if self._sequence_graph:
            return self.read_sequence(ids_T, progress)
        return self.read_steps(ids_T, progress)

    def read_end(
        self, ids_T: np.ndarray, tokens: int, progress: Progress | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]] | None:
        """Read the end of a prompt, if the state after it does not depend on what came before.

        A trained network forgets: its state is a function of the latest inputs (the echo state
        property, Jaeger 2001). Three streams read these tokens, from a state of zeros, from random
        signs and from the opposite signs, so that each unit begins at both extremes. Where their
        states then differ by no more than rounding does, the state before these tokens does not
        matter. For the float32 graph of ``shakespeare`` they are equal after 768 tokens.

        ids_T: the whole prompt. tokens: how many of its last tokens are read.
        progress: as in `read`; the tokens that are not read count as read.
        Returns what `read` does for the whole prompt; None where the states differ.
        """
        states, random = self.start(3), np.random.default_rng(0)
        for state in states.values():
            state[1] = random.choice((-1, 1), size=state.shape[1:])
            state[2] = -state[1]
        streams = self.streams(states)
        for number, id in enumerate(ids_T[-tokens:], max(1, len(ids_T) - tokens + 1)):
            streams.step(np.repeat(id[None], 3, axis=0))
            if progress and number % CHUNK == 0:
                progress(number, len(ids_T))
        for state in streams.states.values():
            error = np.sqrt(np.mean((state[1:] - state[0]) ** 2))
            # Not "greater": a state that is not finite must not pass.
            if not error <= self._rounding * np.sqrt(np.mean(state[0] ** 2)):
                return None
        if progress:
            progress(len(ids_T), len(ids_T))
        first = {name: state[:1].copy() for name, state in streams.states.items()}
        return streams.logits_BV[:1].copy(), first

    def read_steps(
        self, ids_T: np.ndarray, progress: Progress | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """As `read`, token by token, however long the prompt is."""
        streams = self.streams(self.start(1))
        for number, id in enumerate(ids_T, 1):
            streams.step(id[None])
            if progress and number % CHUNK == 0:
                progress(number, len(ids_T))
        return streams.logits_BV, streams.states

    def read_sequence(
        self, ids_T: np.ndarray, progress: Progress | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """As `read`, by the sequence graph, however short the prompt is.

        Of a long prompt, chunks are read by several threads and by one in turn now and then, and
        the others as was faster: where other programs keep the cores busy, threads wait for each
        other. The result does not depend on it.
        """
        states = self.start(1)
        chunks = range(0, len(ids_T), CHUNK)
        candidates = [self._threads] + [1] * (self._threads > 1 and len(chunks) >= TRIED_AGAIN)
        seconds: dict[int, float] = {}
        for number, begin in enumerate(chunks):
            turn = number % TRIED_AGAIN
            chosen = candidates[turn : turn + 1] or sorted(seconds, key=lambda n: seconds[n])
            threads = chosen[0]
            sequence = self._sequence(threads)
            began = time.perf_counter()
            part_T = ids_T[begin : begin + CHUNK]
            logits_1V, states = read_chunk(sequence, part_T, states)
            seconds[threads] = time.perf_counter() - began
            if progress:
                progress(begin + len(part_T), len(ids_T))
        return logits_1V, states

    def _sequence(self, threads: int) -> "onnxruntime.InferenceSession":
        """What runs the sequence graph with so many threads."""
        if threads not in self._sequences:
            assert self._sequence_graph
            if self._sequence_bytes is None:
                self._sequence_bytes = self._sequence_graph()
            self._sequences[threads] = session(self._sequence_bytes, threads, "the sequence graph")
        return self._sequences[threads]


def read_chunk(
    sequence: "onnxruntime.InferenceSession", ids_T: np.ndarray, states: States
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Read some tokens by the sequence graph: the logits after the last, and the states there."""
    names = [output.name for output in sequence.get_outputs()]
    ids_T = np.asarray(ids_T, np.int64)
    tokens = {IDS: ids_T} if ids_T.ndim == 1 else {IDS: ids_T[:, 0], PLACES: ids_T[:, 1:]}
    after = dict(zip(names, sequence.run(names, tokens | dict(states)), strict=True))
    return after[LOGITS], {name: after[next_state(name)] for name in states}


class Streams:
    """Streams that go on side by side, one token of each at a time.

    Their states lie in two sets of buffers; a step reads one and writes the other, so that nothing
    is allocated or handed over on the way (it was 10 to 25% of a step).

    logits_BV: after the latest step, float32 [B, V]; the next step writes over them.
    """

    def __init__(
        self, session: "onnxruntime.InferenceSession", states: States, vocab: int, places: int
    ) -> None:
        streams = len(next(iter(states.values())))
        self._session = session
        self._ids_B = np.zeros(streams, np.int64)
        self._places_BF = np.zeros((streams, places), np.int64)
        self.logits_BV = np.zeros((streams, vocab), np.float32)
        first = {name: np.array(state, np.float32, order="C") for name, state in states.items()}
        self._buffers = (first, {name: np.empty_like(state) for name, state in first.items()})
        self._bindings = (self._binding(*self._buffers), self._binding(*self._buffers[::-1]))
        self._turn = 0

    @property
    def states(self) -> dict[str, np.ndarray]:
        """The states after the latest step by name, float32 [B, *state shape]; a step ends them."""
        return self._buffers[self._turn]

    def step(self, ids_B: np.ndarray) -> np.ndarray:
        """Run one step. ids_B: tokens, integers [B] or [B, 1 + F]. Returns `logits_BV`."""
        if ids_B.ndim == 1:
            self._ids_B[:] = ids_B
        else:
            self._ids_B[:] = ids_B[:, 0]
            self._places_BF[:] = ids_B[:, 1:]
        self._session.run_with_iobinding(self._bindings[self._turn])
        self._turn = 1 - self._turn
        return self.logits_BV

    def keep(self, rows: Sequence[int]) -> "Streams":
        """These streams only, in this order; their logits come with the next step."""
        kept = {name: state[rows] for name, state in self.states.items()}
        return Streams(self._session, kept, self.logits_BV.shape[1], self._places_BF.shape[1])

    def forget(self, rows_B: np.ndarray) -> None:
        """Put streams back to the state before the first token. rows_B: which ones, bool [B]."""
        for state in self.states.values():
            state[rows_B] = 0

    def _binding(self, before: States, after: States) -> "onnxruntime.IOBinding":
        """A step from the states in some buffers to those in others."""
        from onnxruntime import OrtValue

        binding = self._session.io_binding()
        binding.bind_ortvalue_input(IDS, OrtValue.ortvalue_from_numpy(self._ids_B))
        if self._places_BF.shape[1]:
            places = OrtValue.ortvalue_from_numpy(self._places_BF)
            binding.bind_ortvalue_input(PLACES, places)
        binding.bind_ortvalue_output(LOGITS, OrtValue.ortvalue_from_numpy(self.logits_BV))
        for name in before:
            binding.bind_ortvalue_input(name, OrtValue.ortvalue_from_numpy(before[name]))
            after_value = OrtValue.ortvalue_from_numpy(after[name])
            binding.bind_ortvalue_output(next_state(name), after_value)
        return binding


def session(graph: bytes, threads: int, what: str) -> "onnxruntime.InferenceSession":
    """What runs a graph. Raises CheckpointError if it cannot be run; what: its name."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what fails is raised; nothing else belongs on stderr
    try:
        return ort.InferenceSession(graph, options, ["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base but Exception
        raise CheckpointError(f"{what} cannot be run: {first_line(error)}") from error


def fitting_threads(graph_bytes: int) -> int:
    """How many threads run a network of this size fastest on this machine."""
    if graph_bytes < ONE_THREAD_BYTES:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, MOST_THREADS)


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
