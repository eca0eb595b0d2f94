"""Samplers: a task's part in generation. How samples begin, what restricts them, how they end."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from seqgen.generation.constraint import Constraint
from seqgen.generation.loops import Loop


class Sample(Protocol):
    """A sample while it is generated: which tokens it takes, and what text they become.

    Attributes:
        index: Index of the sample.
        done: Whether it takes no more tokens.
        failed: Whether it is done without a result.
    """

    index: int
    done: bool
    failed: bool

    @property
    def document(self) -> str:
        """The whole document once it is done, as the model was trained on documents."""
        ...

    def take(self, drawn: int) -> tuple[int, str]:
        """Take a token that was drawn; return the one to continue with, and text to print now."""
        ...

    def features(self, id: int) -> tuple[int, ...]:
        """Return the input features of the token that was taken."""
        ...


S = TypeVar("S", bound=Sample)


class Sampler(ABC, Generic[S]):
    """Makes the samples of one call of `TextGenerator.pieces`.

    Attributes:
        prompt_ids: Tokens after which all samples begin, int [T].
        rows: The same with the network's input features, int [T] or [T, 1 + F].
        loops: Samples that ended because they repeated themselves, in the order of their ends.
        allowed_mass: Mean probability that the constraint left, in [0, 1]; None if not measured.
        prompt_left_out: How much of the prompt is not used, by kind.
    """

    prompt_ids: np.ndarray
    rows: np.ndarray

    def __init__(self) -> None:
        self.loops: list[Loop] = []
        self.allowed_mass: float | None = None
        self.prompt_left_out: Mapping[str, int] = {}

    @abstractmethod
    def sample(self, index: int) -> S:
        """Return the sample of that index before its first token."""

    @abstractmethod
    def constraint(self, samples: Sequence[S]) -> Constraint | None:
        """Return what restricts the tokens of samples that are generated side by side."""

    def render(self, index: int, text: str, document: str) -> str:
        """Return the text of a complete sample that is selected under another index."""
        return text

    def on_complete(self, sample: S) -> None:
        """Take note of the end of a sample."""

    def on_batch_end(self) -> None:
        """Take note of the end of all samples that were generated side by side."""
