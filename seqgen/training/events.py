"""What a training run tells: plain values, in order; whoever consumes them draws them."""

from dataclasses import dataclass
from pathlib import Path

from seqgen.checkpoint.config import Config
from seqgen.data.dataset import Preparing


@dataclass(frozen=True)
class Started:
    """The run is set up; the first step comes next.

    notices: what the user should know of the corpus; reasons: why what was chosen was chosen.
    steps: of an epoch. parameters: of the network.
    """

    path: Path
    config: Config
    parameters: int
    steps: int
    resumed: bool
    notices: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One window was learned from.

    progress: share of the run that is done; remaining: seconds until its end, estimated.
    loss: training loss of this window, nats a token. gradient_norm: before clipping.
    """

    step: int
    epoch: float
    progress: float
    seconds: float
    remaining: float
    loss: float
    gradient_norm: float
    learning_rate: float
    tokens_per_second: float


@dataclass(frozen=True)
class Evaluated:
    """The validation part, or an even share of it, was measured.

    validation_loss: nats a token. whole: whether all of the part was read. read: tokens of it.
    best: whether it is the lowest so far, whose weights are kept.
    bits_per_note: of a tune, all its tokens counted.
    int8_loss: what int8 weights, with which it writes, add to the loss; measured at the end.
    unigram_loss: of the unigram model, on all of the validation part; measured at the end.
    """

    step: int
    epoch: float
    seconds: float
    tokens: int
    training_loss: float
    validation_loss: float
    bits_per_character: float
    perplexity: float
    learning_rate: float
    tokens_per_second: float
    best: bool
    whole: bool
    read: int
    bits_per_note: float | None = None
    int8_loss: float | None = None
    unigram_loss: float | None = None

    @property
    def learned_nothing(self) -> bool:
        """Whether it is known to be no better than the unigram model."""
        return self.unigram_loss is not None and not self.validation_loss < self.unigram_loss


@dataclass(frozen=True)
class Sampled:
    """What the network writes now."""

    step: int
    text: str


@dataclass(frozen=True)
class Saved:
    """Everything that a resume needs is on disk."""

    step: int


@dataclass(frozen=True)
class Unsaved:
    """Something could not be written; training goes on, and the next save tries again.

    reason: what could not, and why.
    """

    step: int
    reason: str


@dataclass(frozen=True)
class Recovered:
    """The loss was not finite, or had exploded: back to the best weights, with half the step size.

    loss: training loss of the last window, nats a token.
    """

    step: int
    times: int
    learning_rate: float
    loss: float


@dataclass(frozen=True)
class Finished:
    """The run is over; the best weights are in the checkpoint.

    Where they are no better than the unigram model, the last weights are beside them.
    reason: "done", or "patience" where it stopped early.
    result: the best weights on the whole validation part, or on a million tokens of it.
    """

    path: Path
    reason: str
    result: Evaluated


Event = Preparing | Started | Step | Evaluated | Sampled | Saved | Unsaved | Recovered | Finished
