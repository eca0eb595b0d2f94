"""The final notes that the header of a tune may announce."""

from collections.abc import Mapping
from functools import lru_cache

from seqgen.music.grammar.bar_automaton import UNREACHABLE, closing_costs
from seqgen.music.grammar.header_state import HeaderState
from seqgen.music.grammar.key_ranges import KeyRanges
from seqgen.music.grammar.outlines import Outlines
from seqgen.music.grammar.spec import CADENCE_EIGHTHS, TuneSpec
from seqgen.music.normal.outline import Final
from seqgen.music.normal.tokens import TICKS

_CACHED = 1000

Finals = tuple[Final | None, ...]


class FinalNotes:
    """The lines of final notes that satisfy a spec."""

    def __init__(
        self,
        spec: TuneSpec,
        known: Mapping[int, Final | None],
        ranges: KeyRanges,
        outlines: Outlines | None,
    ) -> None:
        """known: the final note of each line by its id."""
        self._known = dict(known)
        self._tonic, self._opening = spec.tonic, spec.opening
        self._letters = [section.letter for section in spec.sections]
        self._ranges, self._outlines = ranges, outlines
        self.cadences = lru_cache(_CACHED)(self._find_cadences)

    def _find_cadences(self, bar: int) -> dict[int, Final]:
        """The lines of a requested cadence, in bars of a length in ticks; none without one."""
        tonics = {id: f for id, f in self._known.items() if f and f.degree == 1 and fits(f, bar)}
        longer = {id: f for id, f in tonics.items() if f.eighths >= CADENCE_EIGHTHS}
        return (longer or tonics) if self._tonic else {}

    def cadence(self, bar: int) -> Final:
        """The final note of a requested cadence that takes the fewest tokens."""
        return min(self.cadences(bar).values(), key=lambda f: _cost(f, bar), default=Final(1, 1))

    def end(self, finals: Finals, bar: int) -> bool:
        """Whether a tune may end with the last of some sections."""
        cadences = self.cadences(bar).values()
        return not cadences or (bool(finals) and finals[-1] in cadences)

    def allowed(self, state: HeaderState) -> dict[int, Final | None]:
        """The lines for the final note of the last section so far; at least one."""
        number = len(state.parts or ()) - 1
        if number < len(self._opening.finals):
            return self._usable(state, self._opening.finals[number]) or self._usable(state, None)
        finals = {id: f for id, f in self._known.items() if f is None or self._has_room(f, state)}
        cadences = self.cadences(state.bar)
        must_end = bool(cadences) and self._must_end(state, number)
        repeated = self._repeated(number)
        if repeated is not None:
            final = state.finals[repeated]
            if not must_end or final in cadences.values():
                return self._usable(state, final)
        if must_end:
            return {id: final for id, final in cadences.items() if id in finals} or dict(cadences)
        return {
            id: final
            for id, final in finals.items()
            if final is None
            or (fits(final, state.bar) and self._ranges.possible(state, [final.degree]))
        }

    def _has_room(self, final: Final, state: HeaderState) -> bool:
        """Whether the music that the tune begins with leaves room for a final note."""
        parts, opening = state.parts or (), self._opening
        if len(parts) == len(opening.sections) + 1:
            return opening.has_room(parts[-1], final.eighths)
        return final.eighths * TICKS <= opening.longest

    def _usable(self, state: HeaderState, final: Final | None) -> dict[int, Final | None]:
        """The line of a final note; none if no key has it in the range."""
        if final and not (fits(final, state.bar) and self._ranges.possible(state, [final.degree])):
            return {}
        return {id: each for id, each in self._known.items() if each == final}

    def _must_end(self, state: HeaderState, number: int) -> bool:
        """Whether a section ends the tune, or is equal to the one that does."""
        if self._letters:
            return self._letters[number] == self._letters[-1]
        assert self._outlines is not None
        # From the second section on any may be the last: else tunes would go on until one happens
        # to end on the tonic.
        return number > 0 or not self._outlines.may_go_on(state.parts or ())

    def _repeated(self, number: int) -> int | None:
        """The number of the earlier section to which a section is equal, if any."""
        first = self._letters.index(self._letters[number]) if self._letters else number
        return first if first < number else None

    def likely(self, finals: Finals, bar: int, *, last: bool) -> Finals:
        """Add the final note of a section that takes the fewest tokens, or more than it may need.

        Args:
            finals: Those of the sections before.
            bar: Length of a bar in ticks.
            last: Whether the tune ends with the section.
        """
        number = len(finals)
        if number < len(self._opening.finals):
            final = self._opening.finals[number]
            known = final in self._known.values() and final is not None and fits(final, bar)
            return (*finals, final if known else None)
        cadences = self.cadences(bar).values()
        ends = self._letters[number] == self._letters[-1] if self._letters else last or number > 0
        repeated = self._repeated(number)
        if repeated is not None and (not (cadences and ends) or finals[repeated] in cadences):
            return (*finals, finals[repeated])
        return (*finals, self.cadence(bar) if cadences and ends else None)


def fits(final: Final, bar: int) -> bool:
    """Whether a bar of a length in ticks has room for a final note."""
    return _cost(final, bar) < UNREACHABLE


def _cost(final: Final, bar: int) -> int:
    return closing_costs(bar, final.eighths * TICKS)[-1]
