"""Constraints on a generated tune."""

import re
from dataclasses import dataclass

from seqgen.errors import ConfigError

MAX_BARS = 1000
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class TuneSpec:
    """Constraints on a tune; the model chooses everything else.

    Attributes:
        rhythms, meters, outlines, keys: Header lines that are allowed, as they are in the
            vocabulary (``"M:6/8\\n"``); empty for any. Outlines are not enforced.
        bars: Written bars in all; pickups and second endings are not counted.
        form: A letter for each section, twice if it is repeated: ``"AABB"``. With ``bars``, all
            sections have the same length.
        no_accidentals: Whether notes may have no sign.
        lowest, highest: Range of the notes, in steps as in `seqgen.music.core.key.Pitch`.
        tonic: Whether the last note must be the tonic, in any octave.

    Raises:
        ConfigError: If the form is invalid, or the bars cannot be divided by its sections.
    """

    rhythms: frozenset[str] = frozenset()
    meters: frozenset[str] = frozenset()
    outlines: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    bars: int | None = None
    form: str | None = None
    no_accidentals: bool = False
    lowest: int | None = None
    highest: int | None = None
    tonic: bool = False

    def __post_init__(self) -> None:
        if self.bars is not None and not 1 <= self.bars <= MAX_BARS:
            raise ConfigError(f"{self.bars} is not in 1 to {MAX_BARS}", option="bars")
        sections = self.sections
        if sections and self.bars is not None and self.bars % len(sections):
            raise ConfigError(
                f"{self.bars} cannot be divided equally among the {len(sections)} sections of"
                f" {self.form}; use a multiple of {len(sections)}",
                option="bars",
            )

    @property
    def sections(self) -> tuple[bool, ...]:
        """Whether each section of the form is repeated; empty without a form."""
        if self.form is None:
            return ()
        runs = [match[0] for match in re.finditer(r"(.)\1*", self.form)]
        letters = "".join(run[0] for run in runs)
        if not runs or letters != _ALPHABET[: len(letters)] or max(map(len, runs)) > 2:
            raise ConfigError(
                f"{self.form!r} is not a form; write a letter for each section in the order of the"
                " alphabet, twice where it is repeated: AABB, AAB, ABC",
                option="form",
            )
        return tuple(len(run) == 2 for run in runs)

    @property
    def section_bars(self) -> int | None:
        """Bars of each section; None unless both form and bars are given."""
        if self.bars is None or self.form is None:
            return None
        return self.bars // len(self.sections)
