"""Constraints on a generated tune."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import NamedTuple, Self

from seqgen.errors import ConfigError
from seqgen.music.core.tune import Bar, NormalTune
from seqgen.music.normal.outline import Final, Part, final_of, split_sections
from seqgen.music.normal.tokens import TICKS, WHOLE

MAX_BARS = 1000
# The shortest final note of a requested cadence, in eighths, where the bar has room for it.
CADENCE_EIGHTHS = 2
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Section(NamedTuple):
    """A section of a form.

    Attributes:
        letter: Its letter; a section with the letter of one before is equal to it.
        repeated: Whether it is repeated.
    """

    letter: str
    repeated: bool


@dataclass(frozen=True)
class Opening:
    """The music that a tune begins with.

    Attributes:
        sections: The sections that are complete.
        finals: Their final notes.
        bars: Bars of the section after them so far, with the one that follows a last bar line; 0
            if it has not begun.
        complete: Whether that section has no further bars, as its second ending is under way.
        repeated: Whether it is repeated; None if unknown.
        longest: Ticks of a final note for which further sections surely have room: their last bars
            may lack a pickup.
        room: Ticks for a final note in the bar in which the music ends; None if that bar has not
            begun.
        ended: Whether the tune has no further section, as ``|]`` closes the last one.
        lowest, highest: Lowest and highest letter, as steps of `seqgen.music.core.key.Pitch`.
    """

    sections: tuple[Part, ...] = ()
    finals: tuple[Final | None, ...] = ()
    bars: int = 0
    complete: bool = False
    repeated: bool | None = None
    longest: int = MAX_BARS * WHOLE
    room: int | None = None
    ended: bool = False
    lowest: int | None = None
    highest: int | None = None

    def has_room(self, part: Part, eighths: int) -> bool:
        """Whether the section that has begun, with as many bars as a part, surely has a final note.

        eighths: length of the note.
        """
        if self.room is None or (part.bars > self.bars and not self.complete):
            return eighths * TICKS <= self.longest
        return eighths * TICKS <= min(self.room, self.longest)

    @classmethod
    def of(cls, tune: NormalTune) -> Self:
        """What is known of a tune that begins with this one."""
        sections, rest = split_sections(tune)
        steps = [note.pitches[0].step for bar in tune.bars for note in bar.notes if note.pitches]
        repeated = None
        if any(bar.left for bar in rest):
            repeated = True
        # Only the first bar of the tune, without a bar line, may be the lead-in of a repeat.
        elif rest and (sections or rest[0].right):
            repeated = False
        last = tune.bars[-1].right if tune.bars else ""
        pickup = bool(rest and rest[0].right) and rest[0].length < tune.meter.length
        count = sum(bar.ending != "2" for bar in rest) - pickup
        count += bool(rest) and rest[-1].right == "|" and rest[-1].ending != "2"
        return cls(
            sections=tuple(part for part, _ in sections),
            finals=tuple(final_of(bars, tune.key) for _, bars in sections),
            bars=max(1, count) if rest or last == "||" else 0,
            complete=any(bar.ending == "2" for bar in rest),
            repeated=repeated,
            longest=_whole_eighths(tune.meter.length - _pickup(tune, rest)),
            room=_room(rest, tune.meter.length) if rest and not last else None,
            ended=last == "|]",
            lowest=min(steps, default=None),
            highest=max(steps, default=None),
        )


@dataclass(frozen=True)
class TuneSpec:
    """Constraints on a tune; the model chooses everything else.

    Attributes:
        rhythms, meters, tonics, keys: Header lines that are allowed, as they are in the vocabulary
            (``"M:6/8\\n"``); empty for any.
        originals: Names of the keys that are allowed for the tune as people read it (``"Dmaj"``);
            empty for any.
        bars: Least and most written bars in all; pickups and second endings are not counted.
        form: A letter for each section, twice if it is repeated: ``"AABB"``; a letter that returns
            stands for the same section again: ``"ABAC"``. With ``bars``, all sections have the same
            length.
        part_bars: Bars of each letter of the form, or one number for all.
        shift: Semitones from the notes as written to the key that they are moved to, where the line
            of the tonic does not state it.
        no_accidentals: Whether notes may have no sign.
        lowest, highest: Range of the notes as MIDI numbers, in the tune's original key if the
            vocabulary has one, else as written.
        tonic: Whether the last note must be the tonic, in any octave, at least an eighth long, and
            approached by at most a fifth.
        opening: What the tune begins with.

    Raises:
        ConfigError: If the form is invalid, or the bars cannot be divided by its sections.
    """

    rhythms: frozenset[str] = frozenset()
    meters: frozenset[str] = frozenset()
    tonics: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    originals: frozenset[str] = frozenset()
    bars: tuple[int, int] | None = None
    form: str | None = None
    part_bars: tuple[int, ...] = ()
    shift: int | None = None
    no_accidentals: bool = False
    lowest: int | None = None
    highest: int | None = None
    tonic: bool = False
    opening: Opening = Opening()

    def __post_init__(self) -> None:
        sections = self.sections
        for number in (*(self.bars or ()), *self.part_bars):
            if not 1 <= number <= MAX_BARS:
                raise ConfigError(f"{number} is not in 1 to {MAX_BARS}", option="bars")
        if self.bars and self.bars[0] > self.bars[1]:
            raise ConfigError(f"{self.bars[0]} is more than {self.bars[1]}", option="bars")
        if sections and self.bars and not self.part_bars and not self._equal_bars():
            raise ConfigError(
                f"{_range(self.bars)} cannot be divided equally among the {len(sections)} sections"
                f" of {self.form}; use a multiple of {len(sections)}",
                option="bars",
            )
        self._check_part_bars()

    def _check_part_bars(self) -> None:
        if not self.part_bars:
            return
        letters = dict.fromkeys(section.letter for section in self.sections)
        if not letters:
            raise ConfigError("needs a form whose parts have these bars", option="part_bars")
        if len(self.part_bars) not in (1, len(letters)):
            raise ConfigError(
                f"{self.form} has the {len(letters)} parts {', '.join(letters)}; give one number "
                "for all or one for each",
                option="part_bars",
            )
        total = sum(min(self.bars_of(number, ())) for number in range(len(self.sections)))
        if self.bars and not self.bars[0] <= total <= self.bars[1]:
            raise ConfigError(
                f"these parts of {self.form} have {total} bars in all, not {_range(self.bars)}",
                option="part_bars",
            )

    def conflict(self, opening: Opening) -> str:
        """Why no tune with this opening is as requested, in words; "" if its parts allow one."""
        form, bars = self.sections, tuple(part.bars for part in opening.sections)
        unfinished = opening.bars > 0
        if form and len(bars) + unfinished > len(form):
            last = f"the {_ordinal(len(form) - 1)} part"
            return f"{self.form} ends with {last}, and the prompt goes on"
        for number, part in enumerate(opening.sections):
            if form and part.repeated != form[number].repeated:
                is_so = "is repeated" if part.repeated else "is not repeated"
                return f"your {_ordinal(number)} part {is_so}, {self.form} has it otherwise"
            if form and part.bars not in (asked := self.bars_of(number, bars[:number])):
                return f"your {_ordinal(number)} part has {_bars(part.bars)}, {_span(asked)} asked"
        if form and unfinished and opening.bars > (asked := self.bars_of(len(bars), bars))[-1]:
            count = _bars(opening.bars)
            return f"your {_ordinal(len(bars))} part has {count} already, {_span(asked)} asked"
        total = sum(bars) + opening.bars
        if self.bars and total > self.bars[1]:
            return f"the prompt takes {_bars(total)}, {_range(self.bars)} were asked"
        return ""

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections of the form; empty without a form."""
        if self.form is None:
            return ()
        runs = [match[0] for match in re.finditer(r"(.)\1*", self.form)]
        letters = "".join(dict.fromkeys(run[0] for run in runs))
        if not runs or letters != _ALPHABET[: len(letters)] or max(map(len, runs)) > 2:
            raise ConfigError(
                f"{self.form!r} is not a form; write a letter for each section, twice where it is "
                "repeated, and the same again where it returns: AABB, ABAC, AABBACCA",
                option="form",
            )
        return tuple(Section(run[0], len(run) == 2) for run in runs)

    @property
    def returns(self) -> bool:
        """Whether a section of the form returns."""
        letters = [section.letter for section in self.sections]
        return len(set(letters)) < len(letters)

    def bars_of(self, number: int, before: tuple[int, ...]) -> range:
        """The bars that a section of the form may have.

        Args:
            number: Number of the section.
            before: Bars of the sections before it.
        """
        letters = [section.letter for section in self.sections]
        first = letters.index(letters[number])
        if first < min(number, len(before)):
            return range(before[first], before[first] + 1)
        if self.part_bars:
            each = list(dict.fromkeys(letters)).index(letters[number])
            bars = self.part_bars[each if len(self.part_bars) > 1 else 0]
            return range(bars, bars + 1)
        if not self.bars:
            return range(1, MAX_BARS + 1)
        return range(before[0], before[0] + 1) if before else self._equal_bars()

    def _equal_bars(self) -> range:
        """The bars of each section if all have the same number, and all together are allowed."""
        least, most = self.bars or (1, MAX_BARS)
        count = len(self.sections)
        return range(-(-least // count), most // count + 1)


def _ordinal(number: int) -> str:
    return ("first", "second", "third", "fourth", "fifth", "sixth")[min(number, 5)]


def _bars(count: int) -> str:
    return f"{count} {'bar' if count == 1 else 'bars'}"


def _span(bars: range) -> str:
    return f"{_range((bars[0], bars[-1]))} {'was' if bars[-1] == 1 else 'were'}"


def _pickup(tune: NormalTune, rest: Sequence[Bar]) -> Fraction:
    """The length of the pickup of the section that has begun, or of the next one."""
    full = tune.meter.length
    if rest:
        return rest[0].length if rest[0].right and rest[0].length < full else Fraction(0)
    last = tune.bars[-1].length if tune.bars else full
    return max(Fraction(0), full - last)


def _whole_eighths(length: Fraction) -> int:
    """The ticks of the whole eighths in a length."""
    return max(0, int(8 * length)) * TICKS


def _room(bars: Sequence[Bar], full: Fraction) -> int:
    """Ticks from the next eighth of an incomplete bar on to where its section may close."""
    bar = bars[-1]
    last = bar.notes[-1]
    filled = bar.length
    if last.tuplet:
        filled += (last.tuplet.actual - 1 - last.tuplet.place) * last.length
    pickup = bars[0].length if len(bars) > 1 and bars[0].length < full else 0
    return _whole_eighths(full - pickup - Fraction(ceil(8 * filled), 8))


def _range(bars: tuple[int, int]) -> str:
    return str(bars[0]) if bars[0] == bars[1] else f"{bars[0]} to {bars[1]}"
