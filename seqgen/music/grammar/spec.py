"""What a tune is asked to be."""

import re
from dataclasses import dataclass

from seqgen.errors import ConfigError


@dataclass(frozen=True)
class TuneSpec:
    """Conditions on a tune; what is left out the model chooses.

    rhythms, meters, outlines, keys: the lines of the header that are allowed, as they stand in
        the vocabulary (``"M:6/8\\n"``); none for any. No tune is held to its outline.
    bars: written bars in all; pickups and second endings are not counted.
    form: a letter for each section, twice if it is repeated: ``"AABB"``. With ``bars``, all
        sections are equally long.
    no_accidentals: no note carries a sign.
    lowest, highest: range of the notes, in steps as in `seqgen.music.core.key.Pitch`.
    tonic: the last note is the tonic, in any octave.

    Raises ConfigError if the form is none, or the bars cannot be shared out over it.
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
        if self.bars is not None and not 1 <= self.bars <= MOST_BARS:
            raise ConfigError(f"a tune of {self.bars} bars; it may have 1 to {MOST_BARS}")
        sections = self.sections
        if sections and self.bars is not None and self.bars % len(sections):
            raise ConfigError(
                f"{self.bars} bars cannot be shared out equally over the {len(sections)} sections"
                f" of {self.form}; ask for a multiple of {len(sections)}"
            )

    @property
    def sections(self) -> tuple[bool, ...]:
        """Whether each section of the form is repeated; empty if no form is asked for."""
        if self.form is None:
            return ()
        runs = [match[0] for match in re.finditer(r"(.)\1*", self.form)]
        letters = "".join(run[0] for run in runs)
        if not runs or letters != ALPHABET[: len(letters)] or max(map(len, runs)) > 2:
            raise ConfigError(
                f"{self.form!r} is no form; write a letter for each section in the order of the"
                " alphabet, twice where it is repeated: AABB, AAB, ABC"
            )
        return tuple(len(run) == 2 for run in runs)

    @property
    def section_bars(self) -> int | None:
        """Bars of each section, where form and bars are both asked for."""
        if self.bars is None or self.form is None:
            return None
        return self.bars // len(self.sections)


MOST_BARS = 1000
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
