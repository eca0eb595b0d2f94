"""Facts about the tune book of a model, stored in its checkpoint."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqgen.music.core.key import parse_key
from seqgen.music.normal.tokens import NO_RHYTHM, PATTERN, PITCH_TOKENS

if TYPE_CHECKING:
    from seqgen.music.normal.tunebook import NormalizedTune

# Quantile of the tunes' lengths that limits sampled tunes: the longest ones are exceptions.
LONG_QUANTILE = 0.99


@dataclass(frozen=True)
class TuneFacts:
    """Facts about a tune book besides its vocabulary.

    Attributes:
        tonics: For each mode, the number of tunes with each tonic.
        meters: For each rhythm in the book, the meters of its tunes, the most frequent first.
        tunes: Number of tunes in both parts.
        validation_notes: Notes, without rests, of the validation part.
        long: The 99th percentile of the tokens of a tune.
    """

    tonics: dict[str, dict[str, int]]
    meters: dict[str, tuple[str, ...]]
    tunes: int
    validation_notes: int
    long: int

    @classmethod
    def of(cls, tunes: "Sequence[NormalizedTune]", validation: Sequence[str]) -> "TuneFacts":
        """Collect the facts of a book.

        Args:
            tunes: All tunes.
            validation: The validation part, in normal form.
        """
        notes = count_notes(validation)
        lengths = sorted(len(PATTERN.findall(tune.text)) + 1 for tune in tunes)
        long = lengths[int(LONG_QUANTILE * (len(lengths) - 1))]
        return cls(_tonics(tunes), _meters(tunes), len(tunes), notes, long)

    def invalid_key(self) -> str | None:
        """Return the first of `tonics` that is not a key, or None."""
        names = (tonic + mode for mode, counts in self.tonics.items() for tonic in counts)
        return next((name for name in names if parse_key(name) is None), None)


def _tonics(tunes: "Sequence[NormalizedTune]") -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for tune in tunes:
        counts.setdefault(tune.key.mode, Counter())[tune.key.tonic] += 1
    return {mode: dict(count.most_common()) for mode, count in sorted(counts.items())}


def _meters(tunes: "Sequence[NormalizedTune]") -> dict[str, tuple[str, ...]]:
    counts: dict[str, Counter[str]] = {}
    for tune in tunes:
        counts.setdefault(tune.rhythm or NO_RHYTHM, Counter())[str(tune.meter)] += 1
    return {rhythm: tuple(m for m, _ in c.most_common()) for rhythm, c in sorted(counts.items())}


def count_notes(tunes: Iterable[str]) -> int:
    """Count the notes, without rests, of tunes in normal form."""
    return sum(token in PITCH_TOKENS for text in tunes for token in PATTERN.findall(text))
