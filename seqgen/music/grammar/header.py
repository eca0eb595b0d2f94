"""The automaton of a tune's header, whose lines `seqgen.music.normal.outline` describes."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from seqgen.errors import ConfigError, unknown_name
from seqgen.music.core.key import Key, parse_key, transposition_between
from seqgen.music.grammar.accidentals import AccidentalRules
from seqgen.music.grammar.bar_automaton import SHORTEST, UNREACHABLE, closing_costs, fill_costs
from seqgen.music.grammar.cost_to_go import CostToGo
from seqgen.music.grammar.final_notes import FinalNotes
from seqgen.music.grammar.header_state import HeaderState
from seqgen.music.grammar.key_ranges import KeyRanges
from seqgen.music.grammar.outlines import Outlines
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.grammar.structure import SectionPlan
from seqgen.music.grammar.token_classes import Frame, letter_midi
from seqgen.music.normal import codec, outline
from seqgen.music.normal.outline import (
    FINAL,
    HIGHEST,
    LOWEST,
    PART,
    TONIC,
    Final,
    read_final,
)
from seqgen.music.normal.tokens import NATURALS, TICKS, WHOLE


class Start(NamedTuple):
    """What a header says of the music after it.

    Attributes:
        key: Id of the line of the key.
        bar: Length of a bar in ticks.
        frame: Which notes it may have.
        plan: Its sections; None for any number.
    """

    key: int
    bar: int
    frame: Frame
    plan: tuple[SectionPlan, ...] | None


class Header:
    """The header lines that satisfy a spec.

    start: the state before the first line.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        spec: TuneSpec,
        pairs: Collection[tuple[str, str]] | None,
        cost_to_go: CostToGo,
        accidentals: AccidentalRules,
    ) -> None:
        """Raises ConfigError if nothing satisfies the spec; the message lists what is known."""
        self._tokens, self._spec, self._cost_to_go = tokens, spec, cost_to_go
        self.start = HeaderState("R")
        self._steps: dict[tuple[str, str, int | None, int | None], dict[int, int | None]] = {}
        ids: dict[str, list[int]] = {}
        for id, token in enumerate(tokens):
            if token[1:2] == ":":
                ids.setdefault(token[0], []).append(id)
        self._lines = [letter for letter in "RMOLHPFK" if letter in "RMK" or letter in ids]
        self._values = {id: tokens[id][2:].rstrip("\n") for each in ids.values() for id in each}
        self._parts = {id: outline.read_parts(tokens[id]) for id in ids.get(PART, ())}
        known = set(self._parts.values())
        self._outlines = Outlines(spec, known, one_line=FINAL not in ids) if known else None
        keys = _requested("key", spec.keys, {tokens[id] for id in accidentals.keys})
        found = {id: key for id, key in accidentals.keys.items() if tokens[id] in keys}
        self._ranges = KeyRanges(spec, found)
        finals = {id: read_final(tokens[id]) for id in ids.get(FINAL, ())}
        self._finals = FinalNotes(spec, finals, self._ranges, self._outlines)
        self._find_tonics(ids)
        self._find_meters(ids)
        self._find_rhythms(ids, pairs)

    @property
    def keys(self) -> dict[int, Key]:
        """The keys that a tune may have, by the ids of their lines."""
        return self._ranges.keys

    def _find_tonics(self, ids: dict[str, list[int]]) -> None:
        """Find the tonics on which a tune can be as requested; the unknown one for want of others.

        Keys that are possible on none of them are left out.
        """
        spec, tokens = self._spec, self._tokens
        before = HeaderState(TONIC, shift=spec.shift or 0)
        tonics = {
            id: before._replace(tonic=self._tonic_name(id), shift=_shift(self._values[id], None))
            for id in ids.get(TONIC, ())
            if tokens[id] in spec.tonics or not spec.tonics
        }
        known = {id: state for id, state in tonics.items() if state.shift is not None}
        if spec.originals and tonics and not known:
            raise ConfigError("the model has no tunes in the keys of the instrument", option="for")
        unknown = dict.fromkeys(tonics, before)
        self._tonics = known or unknown
        self._ranges.keep(self._tonics.values() or [before])
        self._tonics = {id: s for id, s in self._tonics.items() if self._ranges.possible(s)}

    def _find_meters(self, ids: dict[str, list[int]]) -> None:
        """Find the meters in which a tune can be as requested."""
        lengths = {id: bar for id in ids.get("M", ()) if (bar := bar_length(self._tokens[id]))}
        meters = _requested("meter", self._spec.meters, {self._tokens[id] for id in lengths})
        self.bars: dict[int, int] = {}
        for id, bar in lengths.items():
            if self._tokens[id] in meters and self._cost_of_music(bar) < UNREACHABLE:
                self.bars[id] = bar
        if not self.bars:
            raise ConfigError("no tune has the requested length")

    def _find_rhythms(
        self, ids: dict[str, list[int]], pairs: Collection[tuple[str, str]] | None
    ) -> None:
        """Find the rhythms in these meters."""
        tokens = self._tokens
        rhythms = _requested("rhythm", self._spec.rhythms, {tokens[id] for id in ids.get("R", ())})
        found = {
            id: frozenset(m for m in self.bars if pairs is None or (tokens[id], tokens[m]) in pairs)
            for id in ids["R"]
            if tokens[id] in rhythms
        }
        self.rhythms = {id: meters for id, meters in found.items() if meters}
        if not self.rhythms:
            raise ConfigError(
                f"no {_names(rhythms)} in {_names(tokens[m] for m in self.bars)}; known: "
                + ", ".join(sorted(f"{_names([r])} in {_names([m])}" for r, m in pairs or ()))
            )

    def transitions(self, state: HeaderState) -> dict[int, "HeaderState | Start"]:
        """The next state for each line that may follow, by the line's id."""
        if state.line == "R":
            return {id: HeaderState("M", meters) for id, meters in self.rhythms.items()}
        if state.line == "M":
            first = HeaderState("", shift=self._spec.shift or 0)
            return {id: self._next("M", first._replace(bar=self.bars[id])) for id in state.meters}
        if state.line == TONIC:
            return {
                id: self._next(TONIC, state._replace(tonic=each.tonic, shift=each.shift))
                for id, each in self._tonics.items()
            }
        if state.line in (LOWEST, HIGHEST):
            return {id: self._next(state.line, after) for id, after in self._letters(state).items()}
        if state.line == FINAL:
            finals = self._finals.allowed(state)
            after = state._replace(line=PART)
            return {id: after._replace(finals=(*state.finals, f)) for id, f in finals.items()}
        following: dict[int, HeaderState | Start] = {}
        if state.line == PART:
            following |= self._sections(state)
        if state.line == "K" or self._complete(state):
            following |= {
                id: Start(id, state.bar, self._announced(state, self.keys[id]), self._plan(state))
                for id in self._ranges.possible(state)
            }
        return following

    def _next(self, line: str, state: HeaderState) -> HeaderState:
        """The state before the line after another one."""
        return state._replace(line=self._lines[self._lines.index(line) + 1])

    def _tonic_name(self, id: int) -> str:
        name = codec.read_tonic(self._values[id])[0]
        return name if parse_key(name) else ""

    def _letters(self, state: HeaderState) -> dict[int, HeaderState]:
        """The states with the letters that may be announced; the unknown one for want of others."""
        low = state.line == LOWEST
        place = state.line, state.tonic, state.shift, state.low
        if place not in self._steps:
            self._steps[place] = self._find_letters(state, low)
        return {
            id: state._replace(low=step) if low else state._replace(high=step)
            for id, step in self._steps[place].items()
        }

    def _find_letters(self, state: HeaderState, low: bool) -> dict[int, int | None]:
        """The steps of the letters, which depend on nothing but the tonic and the lowest one."""
        steps = {
            id: NATURALS.get(value)
            for id, value in self._values.items()
            if self._tokens[id].startswith(state.line)
        }
        after = {
            id: state._replace(low=step) if low else state._replace(high=step)
            for id, step in steps.items()
        }
        known = {
            id: steps[id]
            for id, each in after.items()
            if steps[id] is not None and (self._has_high(each) if low else self._is_possible(each))
        }
        return known or {id: step for id, step in steps.items() if step is None}

    def _has_high(self, state: HeaderState) -> bool:
        """Whether a highest letter may follow a lowest one, or need not."""
        if not self._is_possible(state):
            return False
        if HIGHEST not in self._lines:
            return True
        following = self._letters(state._replace(line=HIGHEST))
        return bool(following)

    def _is_possible(self, state: HeaderState) -> bool:
        """Whether the tune can have the announced range, as it is known so far."""
        frame, opening = self._ranges.frame(Key(0), state), self._spec.opening
        for step in (state.low, state.high):
            if step is not None and not frame.lowest <= letter_midi(step) <= frame.highest:
                return False
        if state.low is not None and opening.lowest is not None and state.low > opening.lowest:
            return False
        if state.high is not None and state.high < max(state.low or 0, opening.highest or 0):
            return False
        return bool(self._ranges.possible(state))

    def _sections(self, state: HeaderState) -> Iterator[tuple[int, HeaderState]]:
        """The states after the lines for the next section, or for all of them."""
        if self._outlines is None or state.parts is None:
            return
        after = "K" if self._outlines.one_line else FINAL
        for id, parts in self._parts.items():
            if parts and self._outlines.may_follow(state.parts, parts):
                yield id, state._replace(line=after, parts=(*state.parts, *parts))
            if not parts and not state.parts and self._may_be_unknown():
                yield id, state._replace(line="K", parts=None)

    def _may_be_unknown(self) -> bool:
        """Whether the unknown outline may be announced: if no other is as requested."""
        assert self._outlines is not None
        return not (self._outlines.any and (self._spec.form or self._spec.bars))

    def _complete(self, state: HeaderState) -> bool:
        """Whether the outline may end here."""
        if state.line != PART or self._outlines is None or not state.parts:
            return False
        return self._outlines.complete(state.parts) and self._ends(state)

    def _announced(self, state: HeaderState, key: Key) -> Frame:
        """The requested range within the announced one, and the degrees of the final notes."""
        degrees = tuple(final.degree if final else 0 for final in self._settled(state))
        return self._ranges.frame(key, state)._replace(degrees=degrees)

    def _settled(self, state: HeaderState) -> tuple[Final | None, ...]:
        """The final notes of the sections; those of one line, and a requested cadence, added."""
        count = len(self._plan_of_parts(state) or ())
        finals = state.finals or (None,) * count
        if self._spec.tonic and finals and finals[-1] is None:
            return (*finals[:-1], self._finals.cadence(state.bar))
        return finals

    def _plan_of_parts(self, state: HeaderState) -> tuple[SectionPlan, ...] | None:
        """The sections that are announced; if unknown, those that are requested, if any."""
        if state.parts:
            return tuple(SectionPlan(part.bars, part.repeated) for part in state.parts)
        return requested_plan(self._spec)

    def _plan(self, state: HeaderState) -> tuple[SectionPlan, ...] | None:
        """The sections with the least lengths of their final notes."""
        plan = self._plan_of_parts(state)
        if plan is None:
            return None
        return tuple(
            section._replace(final_ticks=final.eighths * TICKS if final else 0)
            for section, final in zip(plan, self._settled(state), strict=True)
        )

    def cost(self, state: "HeaderState | Start") -> int:
        """A number of tokens that suffices from a line of the header to the end of the tune.

        While it is in the budget, some line may follow, and after each of them the same holds.
        """
        if isinstance(state, Start):
            return _cost_without_pickups(state.plan, state.bar, self._cost_to_go)
        if state.line in "RM":
            meters = state.meters or frozenset().union(*self.rhythms.values())
            rest = min(self._cost_of_music(self.bars[id]) for id in meters)
            return rest + self._lines_before_outline("RM"[state.line == "M" :])
        if state.parts is None or self._outlines is None or state.line == "K":
            lines = self._lines_before_outline(state.line) if state.line != "K" else 0
            plan = self._plan(state)
            return lines + 1 + _cost_without_pickups(plan, state.bar, self._cost_to_go)
        if state.line == FINAL:
            likely = [
                self._finals.likely(state.finals, state.bar, last=last) for last in (False, True)
            ]
            after = (state._replace(line=PART, finals=finals) for finals in likely)
            return 1 + min(map(self._cost_of_outline, after))
        lines = len(self._lines[self._lines.index(state.line) : self._lines.index(PART)])
        return lines + self._cost_of_outline(state)

    def _lines_before_outline(self, lines: str) -> int:
        """The number of lines from one of these on, up to the outline or the key."""
        end = self._lines.index(PART if self._outlines else "K")
        return end - self._lines.index(lines[0])

    def _cost_of_music(self, bar: int) -> int:
        """`cost` of the outline, the key and the music in bars of a length in ticks."""
        return self._cost_of_outline(HeaderState(PART, bar=bar))

    def _cost_of_outline(self, state: HeaderState) -> int:
        """`cost` before the line of a section, or of the key where no outline is known."""
        lines, parts = 1, state.parts
        if self._outlines is not None and parts is not None:
            completed = self._complete_outline(state)
            if completed is not None:
                each = (
                    1 if self._outlines.one_line else 2 * len((completed.parts or ())[len(parts) :])
                )
                lines, state = 1 + each * (completed != state), completed
            elif parts or not self._may_be_unknown():
                return UNREACHABLE
            else:
                lines, state = 2, state._replace(parts=None)
        return lines + _cost_without_pickups(self._plan(state), state.bar, self._cost_to_go)

    def _complete_outline(self, state: HeaderState) -> HeaderState | None:
        """The state with the fewest further sections before the key; None if there is none."""
        assert self._outlines is not None
        assert state.parts is not None
        more = bool(state.parts) and not self._ends(state)
        while (rest := self._outlines.completion(state.parts, more=more)) is not None:
            finals = state.finals
            if not self._outlines.one_line:
                for number in range(len(rest)):
                    last = number == len(rest) - 1
                    finals = self._finals.likely(finals, state.bar, last=last)
            state = state._replace(parts=(*state.parts, *rest), finals=finals)
            if self._ends(state):
                return state
            more = True
        return None

    def _ends(self, state: HeaderState) -> bool:
        """Whether the final note of the last section may be that of the tune."""
        assert self._outlines is not None
        return self._outlines.one_line or self._finals.end(state.finals, state.bar)


def requested_plan(spec: TuneSpec) -> tuple[SectionPlan, ...] | None:
    """The sections of a requested form; None without one."""
    plan: tuple[SectionPlan, ...] = ()
    bars: tuple[int, ...] = ()
    for number, section in enumerate(spec.sections):
        allowed = spec.bars_of(number, bars)
        bars = (*bars, allowed[0])
        settled = spec.bars or spec.part_bars
        plan = (*plan, SectionPlan(allowed[0] if settled else None, section.repeated))
    return plan or None


def _cost_without_pickups(
    plan: tuple[SectionPlan, ...] | None, bar: int, cost_to_go: CostToGo
) -> int:
    """The minimum number of tokens of music without pickups, the end included."""
    if plan is None:
        return cost_to_go.cost(cost_to_go.structure.start(bar), False)
    full = fill_costs(bar)[-1] + 1
    cost = 1
    for section in plan:
        last = closing_costs(bar, section.final_ticks)[-1] + 1
        cost += ((section.bars or 1) - 1) * full + last + bool(section.repeated)
    return min(cost, UNREACHABLE)


def _shift(value: str, unknown: int | None) -> int | None:
    """Semitones from C to a tonic with its octave; ``unknown`` if it is not stated."""
    tonic, octaves = codec.read_tonic(value)
    key = parse_key(tonic)
    if key is None:
        return unknown
    return transposition_between(Key(0), key)[1] + 12 * octaves


def bar_length(token: str) -> int | None:
    """The length of a bar in ticks by an ``M:`` line; None if no bar can be filled."""
    match = re.fullmatch(r"M:([1-9][0-9]{0,2})/([1-9][0-9]{0,2})\n", token)
    if not match:
        return None
    length, remainder = divmod(int(match[1]) * WHOLE, int(match[2]))
    return length if not remainder and length and length % SHORTEST == 0 else None


def _requested(what: str, tokens: Collection[str], known: Collection[str]) -> Collection[str]:
    """The requested header lines, or all known ones if none is requested.

    Raises ConfigError if one is unknown, or none is known.
    """
    if not known:
        raise ConfigError(f"the vocabulary has no {what}; it is not that of tunes in normal form")
    for token in tokens:
        if token not in known:
            raise unknown_name(what, _names([token]), [_names([token]) for token in known])
    return tokens or known


def _names(tokens: Iterable[str]) -> str:
    """Header lines in words: "jig or reel"."""
    return " or ".join(sorted(token[2:].strip() for token in tokens))
