"""The grammar of tunes in normal form: which tokens may follow, so that the tune can be finished.

Every bar adds up in the order of playing; a pickup is made up for where the section closes; repeats
and endings are closed; ties are resolved; accidentals are unambiguous (`accidentals`); rhythms can
be drawn (`bar_automaton`); and the budget of tokens suffices to finish the tune (`cost_to_go`).

A state is three integers, so that a step is a few table look-ups:

- the state of the tune (`states`, `header`). Each gets a number when it is first reached, and a row
  with 1 + the cost-to-go after every token;
- the key and the letters that have had a sign in the bar;
- the last pitch, and whether it is tied.
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from seqgen.errors import TuneError
from seqgen.music.grammar.accidentals import AccidentalRules
from seqgen.music.grammar.bar_automaton import (
    CLASS_IDS,
    FINAL_NOTE,
    HEADER,
    OTHER_NOTE,
    TOKEN_CLASSES,
)
from seqgen.music.grammar.cost_to_go import cost_to_go
from seqgen.music.grammar.explain import explain
from seqgen.music.grammar.header import Header, HeaderState, Start
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.grammar.states import GrammarState, TuneAutomaton
from seqgen.music.grammar.token_classes import ClassRow, Frame, TokenClasses
from seqgen.music.normal.tokens import BAR, BARS, CLOSE, DOUBLE, FINAL, FIRST, SECOND, TICKS

State = tuple[int, int, int]

# Rows of costs are int16; the largest value means that a token may never follow.
_ILLEGAL = 32767
_MAX_COST = _ILLEGAL - 1

MAX_COSTS = 200_000  # that are kept, about 100 MB

_BAR_ENDS = frozenset((BAR, CLOSE, FIRST, SECOND, DOUBLE, FINAL))


class OutOfPlaceError(TuneError):
    """A token that may not follow those before it.

    index: of the token in its sequence.
    """

    def __init__(self, reason: str, index: int, where: str) -> None:
        super().__init__(reason, where)
        self.index = index


class Grammar:
    """The grammar for a vocabulary and a spec.

    start: the state before a tune's first token.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        spec: TuneSpec | None = None,
        pairs: Collection[tuple[str, str]] | None = None,
    ) -> None:
        """Build the grammar; the rows of its tables are computed on demand.

        Args:
            tokens: The vocabulary by id; 0 is the end of the tune.
            spec: Constraints on the tune.
            pairs: Rhythms and meters that may be combined, as tokens; None for all.

        Raises:
            ConfigError: If no tune satisfies the spec.
        """
        self.tokens = tuple(tokens)
        self.spec = spec or TuneSpec()
        bars = self.spec.bars[0] if self.spec.bars and not self.spec.form else None
        self.cost_to_go = cost_to_go(
            bars, TICKS if self.spec.tonic else 0, same_pickup=self.spec.returns
        )
        self.structure = self.cost_to_go.structure
        self.accidentals = AccidentalRules(self.tokens)
        self._classes = TokenClasses(
            self.tokens, self.accidentals, no_accidentals=self.spec.no_accidentals
        )
        self.header = Header(self.tokens, self.spec, pairs, self.cost_to_go, self.accidentals)
        self._bar_lines = [self.tokens.index(line) for line in BARS]
        self.clear()

    def clear(self) -> None:
        """Forget all states but the start; no tune may be under way."""
        if self.cost_to_go.size > MAX_COSTS:
            self.cost_to_go.clear()
        self.automaton = TuneAutomaton(self.cost_to_go)
        self._frames: list[Frame] = []
        self._frame_numbers: dict[Frame, int] = {}
        self.signs, self.ties = self.accidentals.signs, self.accidentals.ties
        self._lists = self.accidentals.lists()
        self._numbers: dict[GrammarState | HeaderState, int] = {}
        self._following: dict[HeaderState, dict[int, HeaderState | Start]] = {}
        self._tune_states: list[GrammarState | HeaderState] = []
        self._rows: list[ClassRow] = []  # of each state
        self._other_costs: list[int] = []  # of each state, after a note not to end on
        self._costs = np.empty((64, len(self.tokens)), np.int16)
        self._next = np.empty((64, len(TOKEN_CLASSES)), np.int32)
        self._classes_NV = np.empty((64, len(self.tokens)), np.int8)
        self.start: State = (self._number(self.header.start), 0, 0)

    @property
    def size(self) -> int:
        """Number of the states that have been reached."""
        return len(self._tune_states)

    # One stream

    def allowed(self, state: State, left: int) -> np.ndarray:
        """Which tokens may follow, bool [V].

        Args:
            state: A state of one stream.
            left: Budget of tokens, the end included. While it is at least `cost` of the state,
                some token may follow, and after each of them the same holds.
        """
        number, signs, last = state
        left = min(left, _MAX_COST)
        allowed = self._costs[number] <= left
        if (others := self._others(number, last)) is not None:
            allowed[others] = self._other_costs[number] <= left
        allowed &= self.signs[signs]
        allowed &= self.ties[last]
        return allowed

    def step(self, state: State, id: int) -> State:
        """The state after an allowed token.

        Raises:
            TuneError: If the token may never follow; ties and accidentals are not checked.
        """
        number, signs, last = state
        lists = self._lists
        others = self._others(number, last)
        class_id = int(self._rows[number].classes[id])
        if others is not None and others[id]:
            class_id = CLASS_IDS[OTHER_NOTE]
        after = int(self._next[number, class_id])
        if after < 0:
            after = self._find_next(number, id, class_id)
        signs = signs & lists.keep[id] | lists.set[id] | lists.carried[last] & lists.bar[id]
        return after, signs, last * lists.stays[id] + lists.adds[id]

    def _others(self, number: int, last: int) -> np.ndarray | None:
        """Notes to end on that do not count as such after the last pitch, bool [V]; None of any.

        They are too far from it, or tied to a note that was.
        """
        row, tune_state = self._rows[number], self._tune_states[number]
        if row.far is None or isinstance(tune_state, HeaderState):
            return None
        if last >= len(self.tokens) and not self.automaton.in_bar_state(tune_state).final:
            others: np.ndarray = row.classes == CLASS_IDS[FINAL_NOTE]
            return others
        return row.far[last % len(self.tokens)]

    def cost(self, state: State) -> int:
        """Minimum number of tokens that finish the tune, its end included."""
        return int(self._costs[state[0]].min())

    def cheapest(self, state: State) -> int:
        """A token after which few are needed to finish the tune."""
        return int(self._costs[state[0]].argmin())

    # Several streams

    def states(self, states: Iterable[State]) -> np.ndarray:
        """Stack the states of single streams, int64 [B, 3]."""
        return np.array(list(states), np.int64).reshape(-1, 3)

    def allowed_batch(self, states_B3: np.ndarray, left_B: np.ndarray) -> np.ndarray:
        """`allowed` for several streams, bool [B, V]."""
        left_B1 = np.minimum(left_B, _MAX_COST).astype(np.int16)[:, None]
        allowed_BV = self._costs.take(states_B3[:, 0], axis=0) <= left_B1
        allowed_BV &= self.signs.take(states_B3[:, 1], axis=0)
        allowed_BV &= self.ties.take(states_B3[:, 2], axis=0)
        if self.spec.tonic:  # only then a row has a limit
            for row, (number, signs, last) in enumerate(states_B3.tolist()):
                allowed_BV[row] = self.allowed((number, signs, last), int(left_B[row]))
        return allowed_BV

    def step_batch(self, states_B3: np.ndarray, ids_B: np.ndarray) -> np.ndarray:
        """`step` for several streams, int64 [B, 3]."""
        if self.spec.tonic:
            pairs = zip(states_B3.tolist(), ids_B.tolist(), strict=True)
            return self.states(self.step((n, signs, last), id) for (n, signs, last), id in pairs)
        table = self.accidentals
        number_B, signs_B, last_B = states_B3.T
        after_B3 = np.empty_like(states_B3)
        after_B3[:, 0] = self._next[number_B, self._classes_NV[number_B, ids_B]]
        if after_B3[:, 0].min(initial=0) < 0:
            for row in np.flatnonzero(after_B3[:, 0] < 0):
                number, id = int(number_B[row]), int(ids_B[row])
                after_B3[row, 0] = self._find_next(number, id, int(self._classes_NV[number, id]))
        carried_B = table.carried[last_B] & table.bar[ids_B]
        after_B3[:, 1] = signs_B & table.keep[ids_B] | table.set[ids_B] | carried_B
        after_B3[:, 2] = last_B * table.stays[ids_B] + table.adds[ids_B]
        return after_B3

    # Prompts

    def follow(self, ids: Iterable[int], state: State | None = None) -> State:
        """The state after a sequence of tokens.

        Args:
            ids: The tokens.
            state: The state before them; the start by default.

        Raises:
            OutOfPlaceError: For the first token that may not follow those before it.
        """
        state = state or self.start
        bars = 1
        for index, id in enumerate(ids):
            if not self.allowed(state, _MAX_COST)[id]:
                where = f"token {index + 1}, {self.tokens[id].strip()!r}, in bar {bars}"
                raise OutOfPlaceError(self.explain(state, id), index, where)
            bars += self.tokens[id] in _BAR_ENDS
            state = self.step(state, id)
        return state

    def explain(self, state: State, id: int) -> str:
        """Why a token may not follow, in words; "" if it may."""
        return "" if self.allowed(state, _MAX_COST)[id] else explain(self, state, id)

    def tune_state(self, state: State) -> GrammarState | HeaderState:
        """The state of the tune, in its header or after it."""
        return self._tune_states[state[0]]

    def token_class(self, state: State, id: int) -> str:
        """The class of a token after a state."""
        return TOKEN_CLASSES[int(self._rows[state[0]].classes[id])]

    def can_copy(self, state: State, ids: Sequence[int], left: int) -> bool:
        """Whether the notes of a whole bar may follow at its beginning, and then a bar line.

        left: budget of tokens.
        """
        number, signs, _ = state
        row, tune_state = self._rows[number], self._tune_states[number]
        if row.far is not None or isinstance(tune_state, HeaderState):
            return self.can_follow(state, ids, left)
        lists = self._lists
        for id in ids:
            if not self.signs[signs, id]:
                return False
            signs = signs & lists.keep[id] | lists.set[id]
        return self.automaton.cost_of_bar(tune_state, row.classes[list(ids)].tolist()) <= left

    def can_follow(self, state: State, ids: Iterable[int], left: int) -> bool:
        """Whether some tokens may follow, and then a bar line. left: budget of tokens."""
        for id in ids:
            if not self.allowed(state, left)[id]:
                return False
            state, left = self.step(state, id), left - 1
        return bool(self.allowed(state, left)[self._bar_lines].any())

    # Tables that grow

    def _number(self, tune_state: GrammarState | HeaderState) -> int:
        """The number of a state of the tune; a new one gets its rows."""
        number = self._numbers.get(tune_state)
        if number is None:
            number = self._numbers[tune_state] = len(self._tune_states)
            self._tune_states.append(tune_state)
            if number == len(self._costs):
                self._costs = np.concatenate([self._costs, np.empty_like(self._costs)])
                self._next = np.concatenate([self._next, np.empty_like(self._next)])
                self._classes_NV = np.concatenate(
                    [self._classes_NV, np.empty_like(self._classes_NV)]
                )
            row, other_cost = self._class_row(tune_state), 0
            if isinstance(tune_state, HeaderState):
                self._costs[number] = self._header_costs(tune_state)
            else:
                costs = np.minimum(self.automaton.costs(tune_state), _ILLEGAL)
                self._costs[number] = costs[row.classes]
                other_cost = int(costs[CLASS_IDS[OTHER_NOTE]])
            self._rows.append(row)
            self._other_costs.append(other_cost)
            self._classes_NV[number] = row.classes
            self._next[number] = -1
        return number

    def _class_row(self, tune_state: GrammarState | HeaderState) -> ClassRow:
        if isinstance(tune_state, HeaderState):
            return self._classes.header
        plan = tune_state.bar_state.plan
        return self._classes.row(
            self._frames[tune_state.frame], None if plan is None else len(plan)
        )

    def _header_costs(self, state: HeaderState) -> np.ndarray:
        """For every token, 1 + the cost after it."""
        row = np.full(len(self.tokens), _ILLEGAL)
        following = self._following[state] = self.header.transitions(state)
        for id, after in following.items():
            row[id] = min(1 + self.header.cost(after), _ILLEGAL)
        return row

    def _start(self, start: Start) -> GrammarState:
        """The state after a header."""
        number = self._frame_numbers.setdefault(start.frame, len(self._frames))
        if number == len(self._frames):
            self._frames.append(start.frame)
        return self.automaton.start(number, start.bar, start.plan)

    def _find_next(self, number: int, id: int, class_id: int) -> int:
        """The number of the state after a token of a class, computed the first time."""
        tune_state = self._tune_states[number]
        after: HeaderState | GrammarState | None
        if isinstance(tune_state, HeaderState):
            following = self._following[tune_state].get(id)
            after = self._start(following) if isinstance(following, Start) else following
        else:
            after = self.automaton.next_state(tune_state, TOKEN_CLASSES[class_id])
        other = class_id == CLASS_IDS[OTHER_NOTE]
        cost = self._other_costs[number] if other else self._costs[number, id]
        if after is None or cost == _ILLEGAL:
            reason = explain(self, (number, 0, 0), id)
            raise TuneError(reason, repr(self.tokens[id].strip()))
        next_number = self._number(after)
        if class_id != CLASS_IDS[HEADER]:  # tokens of this class lead to different states
            self._next[number, class_id] = next_number
        return next_number
