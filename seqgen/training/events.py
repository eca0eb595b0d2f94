"""The events of a training run."""

from dataclasses import dataclass
from pathlib import Path

from seqgen.checkpoint.config import Config
from seqgen.data.dataset import Preparing


@dataclass(frozen=True)
class Started:
    """The run is ready for its first step.

    Attributes:
        steps: Number of steps per epoch.
        resumed: Whether the run was interrupted before.
        notices: What the user should know about the corpus.
        reasons: A reason for each value that seqgen chose.
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
    """A training step.

    Attributes:
        epoch: Number of epochs done, with fraction.
        progress: Fraction of the run that is done.
        seconds: Time of training.
        remaining: Estimated seconds until the end of the run.
        loss: Training loss in nats per token.
        gradient_norm: Global norm before clipping.
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
    """An evaluation on the validation part; one line of ``metrics.jsonl``.

    Attributes:
        step, epoch, seconds, learning_rate, tokens_per_second: As in `Step`.
        tokens: Number of training tokens.
        training_loss, validation_loss: In nats per token.
        best: Whether the validation loss is the lowest so far.
        whole: Whether the whole validation part was read.
        read: Number of tokens read.
        bits_per_note: Validation loss per note of a tune.
        int8_loss: Increase of the loss by int8 weights; final evaluation only.
        unigram_loss: Loss of a unigram model on the whole validation part; final evaluation only.
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
        """Whether the model is known to be no better than a unigram model."""
        return self.unigram_loss is not None and not self.validation_loss < self.unigram_loss


@dataclass(frozen=True)
class Sampled:
    """A sample of the current network."""

    step: int
    text: str


@dataclass(frozen=True)
class Saved:
    """The run was saved at a step."""

    step: int


@dataclass(frozen=True)
class Unsaved:
    """Saving failed for a reason; training continues, and the next save tries again."""

    step: int
    reason: str


@dataclass(frozen=True)
class Recovered:
    """The loss exploded; the best weights were restored and the learning rate halved."""

    step: int
    times: int
    learning_rate: float
    loss: float


@dataclass(frozen=True)
class Finished:
    """The run has ended; the checkpoint contains the best weights.

    If they are no better than a unigram model, it contains the last weights too.

    Attributes:
        reason: "done", or "patience" for early stopping.
        result: Final evaluation of the best weights, on up to a million tokens.
    """

    path: Path
    reason: str
    result: Evaluated


Event = Preparing | Started | Step | Evaluated | Sampled | Saved | Unsaved | Recovered | Finished
