"""The automaton of a tune's header, whose lines `seqgen.music.normal.outline` describes."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from seqgen.errors import ConfigError, unknown_name
from seqgen.music.core.key import Key, parse_key, transposition_between
from seqgen.music.grammar.accidentals import AccidentalRules
from seqgen.music.grammar.bar_automaton import SHORTEST, UNREACHABLE, closing_costs, fill_costs
from seqgen.music.grammar.cost_to_go import CostToGo
from seqgen.music.grammar.outlines import Outlines
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.grammar.structure import SectionPlan
from seqgen.music.grammar.token_classes import Frame, TokenClasses, letter_midi
from seqgen.music.normal import codec, outline
from seqgen.music.normal.outline import (
    DEGREES,
    FINAL,
    HIGHEST,
    LOWEST,
    PART,
    TONIC,
    Final,
    Part,
    read_final,
)
from seqgen.music.normal.tokens import NATURALS, TICKS, WHOLE

OCTAVE = 7  # letters
# The shortest final note of a requested cadence, in eighths, where the bar has room for it.
CADENCE_EIGHTHS = 2


class HeaderState(NamedTuple):
    """State before a line of the header.

    Attributes:
        line: Letter of the line; P also before the key, if the tune may have no further section.
        meters: Ids of the meters that may follow the rhythm; before M.
        bar: Length of a bar in ticks; after M.
        tonic: The original tonic; "" if unknown.
        shift: Semitones from the notes as written to the original key; None if that is unknown.
        low, high: Lowest and highest letter as steps; None if unknown.
        parts: The sections so far; None for an unknown outline.
        finals: The final notes of the sections so far.
    """

    line: str
    meters: frozenset[int] = frozenset()
    bar: int = 0
    tonic: str = ""
    shift: int | None = 0
    low: int | None = None
    high: int | None = None
    parts: tuple[Part, ...] | None = ()
    finals: tuple[Final | None, ...] = ()


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
        classes: TokenClasses,
    ) -> None:
        """Raises ConfigError if nothing satisfies the spec; the message lists what is known."""
        self._tokens, self._spec, self._cost_to_go = tokens, spec, cost_to_go
        self.start = HeaderState("R")
        ids: dict[str, list[int]] = {}
        for id, token in enumerate(tokens):
            if token[1:2] == ":":
                ids.setdefault(token[0], []).append(id)
        self._lines = [letter for letter in "RMOLHPFK" if letter in "RMK" or letter in ids]
        self._values = {id: tokens[id][2:].rstrip("\n") for each in ids.values() for id in each}
        self._parts = {id: outline.read_parts(tokens[id]) for id in ids.get(PART, ())}
        self._finals = {id: read_final(tokens[id]) for id in ids.get(FINAL, ())}
        known = set(self._parts.values())
        self._outlines = Outlines(spec, known, one_line=FINAL not in ids) if known else None
        self._find_meters(ids)
        self._find_rhythms(ids, pairs)
        self._tonics = {
            id: _shift(self._values[id], spec.shift)
            for id in ids.get(TONIC, ())
            if tokens[id] in spec.tonics or not spec.tonics
        }
        keys = _requested("key", spec.keys, {tokens[id] for id in accidentals.keys})
        self.keys = {id: key for id, key in accidentals.keys.items() if tokens[id] in keys}
        if spec.originals:
            self._keep_originals()
        self._common = {(key.letter, key.alter) for key in self.keys.values()} == {(0, 0)}
        self._check_notes(accidentals, classes)

    def _keep_originals(self) -> None:
        """Leave out tonics on which no mode is allowed, and keys on no allowed tonic."""
        named = {id: self._tonic_name(id) for id in self._tonics}
        tonics = {
            id: self._tonics[id]
            for id, name in named.items()
            if name and any(self._is_original(name, key) for key in self.keys.values())
        }
        if tonics:
            self._tonics = tonics
            return
        keys = {id: k for id, k in self.keys.items() if self._is_original(k.tonic, k)}
        if self._tonics or not keys:
            raise ConfigError("the model has no tunes in the keys of the instrument", option="for")
        self.keys = keys

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

    def _check_notes(self, accidentals: AccidentalRules, classes: TokenClasses) -> None:
        """Leave out keys in which no note, or not the requested tonic, is in the range."""
        shifts = [shift for shift in self._tonics.values() if shift is not None]
        shifts = shifts or [self._spec.shift or 0]
        keys = {}
        any_note = False
        for id, key in self.keys.items():
            notes = [classes.notes(self._frame(key, shift)) for shift in shifts]
            any_note = any_note or any(each.any() for each in notes)
            tonic_V = accidentals.degree(key, 1) & (accidentals.signed == 0)
            if all((each & tonic_V).any() if self._spec.tonic else each.any() for each in notes):
                keys[id] = key
        if not any_note:
            raise ConfigError("no note is in the requested range")
        if not keys:
            names = _names(self._tokens[id] for id in self.keys)
            raise ConfigError(f"the tonic of {names} is not in the requested range")
        self.keys = keys

    def transitions(self, state: HeaderState) -> dict[int, "HeaderState | Start"]:
        """The next state for each line that may follow, by the line's id."""
        if state.line == "R":
            return {id: HeaderState("M", meters) for id, meters in self.rhythms.items()}
        if state.line == "M":
            first = HeaderState("", shift=self._spec.shift or 0)
            return {id: self._next("M", first._replace(bar=self.bars[id])) for id in state.meters}
        if state.line == TONIC:
            return {
                id: self._next(TONIC, state._replace(tonic=self._tonic_name(id), shift=shift))
                for id, shift in self._shifts()
            }
        if state.line == LOWEST:
            low = self._letters(LOWEST, state)
            return {id: self._next(LOWEST, state._replace(low=step)) for id, step in low.items()}
        if state.line == HIGHEST:
            high = self._letters(HIGHEST, state)
            return {id: self._next(HIGHEST, state._replace(high=step)) for id, step in high.items()}
        if state.line == FINAL:
            finals = self._allowed_finals(state)
            after = state._replace(line=PART)
            return {id: after._replace(finals=(*state.finals, f)) for id, f in finals.items()}
        following: dict[int, HeaderState | Start] = {}
        if state.line == PART:
            following |= self._sections(state)
        if state.line == "K" or self._complete(state):
            following |= {
                id: Start(id, state.bar, self._announced(state, key), self._plan(state))
                for id, key in self.keys.items()
                if self._is_original(state.tonic or key.tonic, key)
            }
        return following

    def _next(self, line: str, state: HeaderState) -> HeaderState:
        """The state before the line after another one."""
        return state._replace(line=self._lines[self._lines.index(line) + 1])

    def _tonic_name(self, id: int) -> str:
        name = codec.read_tonic(self._values[id])[0]
        return name if parse_key(name) else ""

    def _is_original(self, tonic: str, key: Key) -> bool:
        """Whether the tune may have a mode on a tonic. key: as it is written."""
        return not self._spec.originals or tonic + key.mode in self._spec.originals

    def _shifts(self) -> Iterator[tuple[int, int | None]]:
        """The tonics and their shifts; the unknown one only if there is no other."""
        known = {id: shift for id, shift in self._tonics.items() if shift is not None}
        yield from (known or self._tonics).items()

    def _letters(self, line: str, state: HeaderState) -> dict[int, int | None]:
        """The lowest or highest letters that may be announced; the unknown one if there is none."""
        steps = {
            id: NATURALS.get(value)
            for id, value in self._values.items()
            if self._tokens[id].startswith(line)
        }
        frame, opening = self._frame(Key(0), state.shift), self._spec.opening
        # A requested tonic must be within the range, whatever the key.
        span = OCTAVE if self._spec.tonic or not self._common else 1
        fitting: dict[int, int | None] = {}
        for id, step in steps.items():
            if step is None or not frame.lowest <= letter_midi(step) <= frame.highest:
                continue
            if line == LOWEST:
                fits = opening.lowest is None or step <= opening.lowest
            else:
                least = max(opening.highest or 0, (state.low or 0) + span - 1)
                fits = step >= least
            if fits:
                fitting[id] = step
        return fitting or {id: step for id, step in steps.items() if step is None}

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
        return self._outlines.complete(state.parts) and not self._must_end_on_tonic(state)

    def _must_end_on_tonic(self, state: HeaderState) -> bool:
        """Whether the tune must end on the tonic, and its last section so far does not."""
        if not self._spec.tonic or not self._cadences(state.bar):
            return False
        return not state.finals or state.finals[-1] not in self._cadences(state.bar).values()

    def _cadences(self, bar: int) -> dict[int, Final]:
        """The lines of final notes that a requested cadence may have."""
        tonics = {id: f for id, f in self._finals.items() if f and f.degree == 1 and _fits(f, bar)}
        longer = {id: f for id, f in tonics.items() if f.eighths >= CADENCE_EIGHTHS}
        return longer or tonics

    def _allowed_finals(self, state: HeaderState) -> dict[int, Final | None]:
        """The final notes that may be announced for the last section so far."""
        assert self._outlines is not None
        assert state.parts
        allowed = {
            id: final
            for id, final in self._finals.items()
            if final is None or (_fits(final, state.bar) and self._has_degree(final, state))
        }
        opening = self._spec.opening
        if len(state.parts) <= len(opening.finals):
            wanted = opening.finals[len(state.parts) - 1]
            exact = {id: final for id, final in allowed.items() if final == wanted}
            return exact or {id: final for id, final in allowed.items() if final is None}
        if (number := self._returns(state)) is not None:
            return {id: final for id, final in allowed.items() if final == state.finals[number]}
        if not self._spec.tonic or not (cadences := self._cadences(state.bar)):
            return allowed
        if self._outlines.may_go_on(state.parts):
            return allowed
        return dict(cadences)

    def _returns(self, state: HeaderState) -> int | None:
        """The number of the earlier section that the last one repeats, if any."""
        letters = [section.letter for section in self._spec.sections[: len(state.parts or ())]]
        first = letters.index(letters[-1]) if letters else 0
        return first if first < len(letters) - 1 else None

    def _has_degree(self, final: Final, state: HeaderState) -> bool:
        """Whether the announced range surely has a degree of the scale."""
        if state.low is None or state.high is None:
            return True
        if self._common:
            return self._is_inside(final, state)
        return state.high - state.low >= DEGREES - 1

    def _is_inside(self, final: Final, state: HeaderState) -> bool:
        """Whether a degree of the scale of C, perhaps lowered by its mode, is in the range."""
        frame = self._frame(Key(0), state.shift)
        return any(
            step % OCTAVE == final.degree - 1 and frame.lowest < letter_midi(step) <= frame.highest
            for step in range(state.low or 0, (state.high or 0) + 1)
        )

    def _frame(self, key: Key, shift: int | None) -> Frame:
        """The requested range in a key as written."""
        frame, shift = Frame(key, tonic=self._spec.tonic), shift or 0
        if self._spec.lowest is not None:
            frame = frame._replace(lowest=self._spec.lowest - shift)
        if self._spec.highest is not None:
            frame = frame._replace(highest=self._spec.highest - shift)
        return frame

    def _announced(self, state: HeaderState, key: Key) -> Frame:
        """The requested range within the announced one, and the degrees of the final notes."""
        frame = self._frame(key, state.shift)
        if state.low is not None:
            frame = frame._replace(low=state.low)
        if state.high is not None:
            frame = frame._replace(high=state.high)
        degrees = tuple(final.degree if final else 0 for final in self._settled(state))
        return frame._replace(degrees=degrees)

    def _settled(self, state: HeaderState) -> tuple[Final | None, ...]:
        """The final notes of the sections; those of one line, and a requested cadence, added."""
        count = len(self._plan_of_parts(state) or ())
        finals = state.finals or (None,) * count
        if self._spec.tonic and finals and finals[-1] is None:
            return (*finals[:-1], self._cadence(state.bar))
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
            return 1 + self._cost_of_outline(self._with_likely_final(state))
        lines = len(self._lines[self._lines.index(state.line) : self._lines.index(PART)])
        return lines + self._cost_of_outline(state)

    def _with_likely_final(self, state: HeaderState) -> HeaderState:
        """The state after the line of a final note: of the cadence if the tune may end here."""
        assert self._outlines is not None
        ends = self._spec.tonic and self._outlines.complete(state.parts or ())
        final = self._cadence(state.bar) if ends else None
        return state._replace(line=PART, finals=(*state.finals, final))

    def _cadence(self, bar: int) -> Final:
        """The shortest final note of a requested cadence."""
        return min(self._cadences(bar).values(), default=Final(1, 1))

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
            more = self._must_end_on_tonic(state) and bool(parts)
            rest = self._outlines.completion(parts, more=more)
            if rest is None and parts:
                return UNREACHABLE
            if rest is None:
                lines, state = 2, state._replace(parts=None)  # the unknown outline
            elif self._outlines.one_line:
                lines, state = 1 + bool(rest), state._replace(parts=parts + rest)
            else:
                finals = state.finals + (None,) * len(rest)
                if rest and self._spec.tonic:
                    finals = (*finals[:-1], self._cadence(state.bar))
                lines, state = 1 + 2 * len(rest), state._replace(parts=parts + rest, finals=finals)
        return lines + _cost_without_pickups(self._plan(state), state.bar, self._cost_to_go)


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


def _fits(final: Final, bar: int) -> bool:
    return closing_costs(bar, final.eighths * TICKS)[-1] < UNREACHABLE


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
