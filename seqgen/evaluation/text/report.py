"""What there is to say of how good a model of text is: plain figures, for a table or a page."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqgen.evaluation.text.samples import SampleFigures


@dataclass(frozen=True)
class Figure:
    """A mean with its standard error, which is None where it cannot be told."""

    value: float
    error: float | None = None

    def times(self, factor: float) -> "Figure":
        """The same in another unit."""
        return Figure(self.value * factor, self.error and self.error * factor)


@dataclass(frozen=True)
class Row:
    """How likely one model found the text that all were measured by.

    key: for programs: "float32", "int8", "uniform", "unigram", "2-gram" to "8-gram", "xz",
        "xz_alone", "bzip2", "bzip2_alone".
    name: for people. note: what it stands on, in a few words.
    nats_per_token: None for compressors, which know no tokens.
    """

    key: str
    name: str
    nats_per_character: Figure
    nats_per_token: Figure | None = None
    note: str = ""

    @property
    def bits_per_character(self) -> Figure:
        return self.nats_per_character.times(1 / math.log(2))

    @property
    def perplexity(self) -> Figure | None:
        """Of a token; its error by the delta method."""
        if self.nats_per_token is None:
            return None
        value = math.exp(self.nats_per_token.value)
        return Figure(value, self.nats_per_token.error and value * self.nats_per_token.error)

    @property
    def is_network(self) -> bool:
        return self.key in ("float32", "int8")


@dataclass(frozen=True)
class Overlap:
    """What the evaluated text shares word for word with the text that was learned from.

    n: characters of the stretches that are counted.
    share: of all stretches of n characters in the text, those that stand in the training part.
    length, place, source: of the longest shared stretch, characters, and where it begins in the
        evaluated text and in the training part, in characters from 0.
    shared: the stretch itself. line: its line in the training part, from 1.
    warning: a sentence if it is more than two texts of a kind share; "" otherwise.
    """

    n: int
    share: float
    length: int
    place: int
    source: int
    shared: str
    line: int
    warning: str = ""


@dataclass(frozen=True)
class Excerpt:
    """A passage of the evaluated text, and how the network was surprised by it.

    place: where it begins, in characters from 0.
    nats: of each character of the text; those of a token are spread over its characters.
    """

    place: int
    text: str
    nats: tuple[float, ...]


@dataclass(frozen=True)
class TextReport:
    """All that `seqgen evaluate` finds out about a model of text.

    name: of the checkpoint. corpus: what it learned from, as it is spoken of.
    evaluated: what it was measured by, in words.
    tokens, characters: that were counted.
    rows: the network and what it is compared with, the best first.
    curve: one object an evaluation of the run (metrics.jsonl), in order; may be empty.
    overlap: None where there is no training part to compare with, or the text is too short.
    surprising, expected: passages that surprised the network (float32) most and least, the
        extreme one first.
    samples: None where none were written.
    quantisation: what int8 weights cost the network, nats a character; the two read the same text,
        so that this is known far better than either.
    notices: what the reader has to know: what was left out, and why.
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
    samples: "SampleFigures | None" = None
    notices: tuple[str, ...] = ()
    quantisation: Figure | None = None
