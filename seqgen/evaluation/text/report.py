"""The result of an evaluation of a model of text: plain values for tables, pages and JSON."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqgen.evaluation.text.samples import SampleMetrics


@dataclass(frozen=True)
class Figure:
    """A mean with its standard error, None if that is unknown."""

    value: float
    error: float | None = None

    def times(self, factor: float) -> "Figure":
        """Return the figure in another unit."""
        return Figure(self.value * factor, self.error and self.error * factor)


@dataclass(frozen=True)
class Row:
    """The likelihood of the evaluation text under one model.

    Attributes:
        key: Name in JSON: "float32", "int8", "uniform", "unigram", "2-gram" to "8-gram", "xz",
            "xz_alone", "bzip2" or "bzip2_alone".
        name: Name in tables.
        nats_per_character: Loss.
        nats_per_token: Loss; None for compressors.
        note: Remark in tables.
    """

    key: str
    name: str
    nats_per_character: Figure
    nats_per_token: Figure | None = None
    note: str = ""

    @property
    def bits_per_character(self) -> Figure:
        """Loss in bits."""
        return self.nats_per_character.times(1 / math.log(2))

    @property
    def perplexity(self) -> Figure | None:
        """Perplexity of a token, its error by the delta method; None for compressors."""
        if self.nats_per_token is None:
            return None
        value = math.exp(self.nats_per_token.value)
        return Figure(value, self.nats_per_token.error and value * self.nats_per_token.error)

    @property
    def is_network(self) -> bool:
        """Whether the model is the network in one of its precisions."""
        return self.key in ("float32", "int8")


@dataclass(frozen=True)
class Overlap:
    """Substrings of the evaluation text that occur in the training text.

    Attributes:
        n: Length of the substrings that are counted.
        share: Share of the substrings of that length that occur in the training text.
        length: Length of the longest common substring.
        start: Index of its first character in the evaluation text.
        source: Index of its first character in the training text.
        shared: The substring.
        line: Number of its line in the training text, from 1.
        warning: What to tell the user if the overlap is unusual, otherwise "".
    """

    n: int
    share: float
    length: int
    start: int
    source: int
    shared: str
    line: int
    warning: str = ""


@dataclass(frozen=True)
class Excerpt:
    """An excerpt of the evaluation text.

    Attributes:
        start: Index of its first character.
        text: The excerpt.
        nats: Loss of each character; that of a token is divided by its characters.
    """

    start: int
    text: str
    nats: tuple[float, ...]


@dataclass(frozen=True)
class TextReport:
    """All results of `seqgen evaluate` for a model of text.

    Attributes:
        name: Name of the checkpoint.
        corpus: Name of its training corpus.
        evaluated: Name of the evaluation text.
        tokens: Number of scored tokens.
        characters: Number of their characters.
        rows: Likelihood under the network and the baselines, best first.
        curve: The evaluations of the run (metrics.jsonl), in order; may be empty.
        overlap: None without training text, or if the evaluation text is too short.
        surprising: Excerpts with the highest loss in float32, the highest first.
        expected: Excerpts with the lowest loss, the lowest first.
        samples: None if no samples were generated.
        notices: What the user should know, such as what was left out.
        quantisation: Additional nats per character with int8 weights. Both precisions score the
            same text, so its error is far smaller than that of either loss.
    """

    name: str
    corpus: str
    evaluated: str
    tokens: int
    characters: int
    rows: tuple[Row, ...]
    curve: tuple[Mapping[str, Any], ...]
    overlap: Overlap | None
    surprising: tuple[Excerpt, ...]
    expected: tuple[Excerpt, ...]
    samples: "SampleMetrics | None" = None
    notices: tuple[str, ...] = ()
    quantisation: Figure | None = None
