"""Run a network over a text step by step and return its states and gates."""

from collections.abc import Iterator

import numpy as np

from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import FLOAT32
from seqgen.errors import CheckpointError
from seqgen.inspection.text import Passage
from seqgen.models.onnx.graph import FEATURES, GATE, IDS, LOGITS, build, next_state


class StateTrace:
    """Step-wise inference in one stream and float32.

    Attributes:
        states: Shape of each state by its name, ``layer/state``.
        gates: Name of each gate, ``layer/gate``, from the bottom layer to the top.
    """

    def __init__(self, checkpoint: Checkpoint, *, gates: bool = False) -> None:
        """Build the graph, with or without gates. Raises CheckpointError for damaged weights."""
        import onnxruntime as ort

        config = checkpoint.config
        weights = checkpoint.weights()
        graph = build(config.model, config.vocab, weights, FLOAT32, config.feature_sizes, gates)
        options = ort.SessionOptions()
        options.log_severity_level = 4
        try:
            self._session = ort.InferenceSession(graph, options, ["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no base but Exception
            raise CheckpointError(f"{checkpoint.path}: its network cannot be run") from error
        shapes = {i.name: tuple(i.shape[1:]) for i in self._session.get_inputs()}
        self.states = {n: shape for n, shape in shapes.items() if n not in (IDS, FEATURES)}
        outputs = [output.name for output in self._session.get_outputs()]
        self.gates = tuple(n.removeprefix(GATE) for n in outputs if n.startswith(GATE))
        self._outputs = [name for name in outputs if name != LOGITS]
        self._boundary = config.boundary

    def run(self, passage: Passage) -> Iterator[tuple[dict[str, np.ndarray], ...]]:
        """Yield states and gates by name after each token, float32 arrays."""
        zeros = {n: np.zeros((1, *shape), np.float32) for n, shape in self.states.items()}
        feeds = dict(zeros)
        for row, id in zip(passage.rows, passage.ids, strict=True):
            if id == self._boundary:
                feeds.update(zeros)
            features = np.atleast_1d(row).astype(np.int64)
            feeds[IDS] = features[:1]
            if len(features) > 1:
                feeds[FEATURES] = features[None, 1:]
            values = self._session.run(self._outputs, feeds)
            after = dict(zip(self._outputs, values, strict=True))
            feeds.update({name: after[next_state(name)] for name in self.states})
            states = {name: feeds[name][0] for name in self.states}
            yield states, {name: after[GATE + name][0] for name in self.gates}
