"""What may come next in a tune in normal form, so that it can always be finished in time.

The rules: every bar adds up in the order in which it is played; a pickup is made up for where the
section closes; repeats and endings are closed; ties go on; signs are unmistakable (`spelling`);
rhythms can be drawn (`within_bar`); and the tokens that are left are enough (`course`).

A state is three numbers, so that all that a step needs is in tables:

- where the tune is, in its course and in the bar. For each such point, numbered when it is first
  come to, a row holds for every token 1 + the fewest tokens that finish the tune behind it;
- the key and the letters that have had a sign in the bar;
- the last pitch, and whether it is tied.
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from seqgen.errors import TuneError
from seqgen.music.grammar.accidentals import MASKS, AccidentalRules
from seqgen.music.grammar.bar_automaton import HEADER, KIND, KINDS
from seqgen.music.grammar.cost_to_go import completion
from seqgen.music.grammar.explain import reason
from seqgen.music.grammar.header import Header, Heading
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.grammar.states import GrammarState, GrammarStates
from seqgen.music.grammar.token_classes import kinds
from seqgen.music.normal.tokens import BAR, CLOSE, DOUBLE, FINAL, FIRST, SECOND

State = tuple[int, int, int]

# Rows of costs are int16; the largest means that a token may never come.
ILLEGAL = 32767
MOST = ILLEGAL - 1


class OutOfPlaceError(TuneError):
    """A token that cannot come where it stands.

    index: of the token among those that were followed.
    """

    def __init__(self, reason: str, index: int, where: str) -> None:
        super().__init__(reason, where)
        self.index = index


class Grammar:
    """The grammar for a vocabulary, under the conditions of a wish.

    start: the state before a tune's first token.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        wish: TuneSpec | None = None,
        pairs: Collection[tuple[str, str]] | None = None,
    ) -> None:
        """tokens: the vocabulary by id; 0 is the end of the tune.

        pairs: rhythms with meters that may come together, as tokens; any if it is None.
        Raises ConfigError if the wish cannot be fulfilled.
        """
        self.tokens = tuple(tokens)
        self.wish = wish or TuneSpec()
        self.completion = completion(self.wish)
        self.course = self.completion.course
        self.spots = GrammarStates(self.completion)
        self.spelling = AccidentalRules(self.tokens)
        self._kinds = kinds(self.tokens, self.wish, self.spelling)
        self.header = Header(
            self.tokens, self.wish, pairs, self.completion, self.spelling, self._kinds
        )
        self.signs, self.ties = self.spelling.signs, self.spelling.ties
        self._lists = self.spelling.lists()
        self._numbers: dict[GrammarState | Heading, int] = {}
        self._spots: list[GrammarState | Heading] = []
        self._costs = np.empty((64, len(self.tokens)), np.int16)
        self._next = np.empty((64, len(KINDS)), np.int32)
        self.start: State = (self._number(self.header.start), 0, 0)

    # One stream

    def allowed(self, state: State, left: int) -> np.ndarray:
        """Which tokens may come, bool [V].

        left: tokens that may still be written, the end included. As long as it is at least
            `cost` of the state, some token may come, and after each of them the same holds.
        """
        where, signs, last = state
        allowed = self._costs[where] <= min(left, MOST)
        allowed &= self.signs[signs]
        allowed &= self.ties[last]
        return allowed

    def step(self, state: State, id: int) -> State:
        """The state after a token that was allowed.

        Raises TuneError if the token has no place there at all; ties and signs are not looked at.
        """
        where, signs, last = state
        lists = self._lists
        after = int(self._next[where, self._kinds[signs // MASKS, id]])
        if after < 0:
            after = self._find_next(where, id)
        signs = signs & lists.keep[id] | lists.set[id] | lists.carried[last] & lists.bar[id]
        return after, signs, last * lists.stays[id] + lists.adds[id]

    def cost(self, state: State) -> int:
        """Fewest tokens that finish the tune, its end included."""
        return int(self._costs[state[0]].min())

    # Several streams

    def states(self, states: Iterable[State]) -> np.ndarray:
        """States of single streams as those of a batch, int64 [B, 3]."""
        return np.array(list(states), np.int64).reshape(-1, 3)

    def allowed_batch(self, states_B3: np.ndarray, left_B: np.ndarray) -> np.ndarray:
        """`allowed` for several streams, bool [B, V]."""
        left_B1 = np.minimum(left_B, MOST).astype(np.int16)[:, None]
        allowed_BV = self._costs.take(states_B3[:, 0], axis=0) <= left_B1
        allowed_BV &= self.signs.take(states_B3[:, 1], axis=0)
        allowed_BV &= self.ties.take(states_B3[:, 2], axis=0)
        return allowed_BV

    def step_batch(self, states_B3: np.ndarray, ids_B: np.ndarray) -> np.ndarray:
        """`step` for several streams, int64 [B, 3]."""
        table = self.spelling
        where_B, signs_B, last_B = states_B3.T
        after_B3 = np.empty_like(states_B3)
        after_B3[:, 0] = self._next[where_B, self._kinds[signs_B // MASKS, ids_B]]
        if after_B3[:, 0].min(initial=0) < 0:
            for row in np.flatnonzero(after_B3[:, 0] < 0):
                after_B3[row, 0] = self._find_next(int(where_B[row]), int(ids_B[row]))
        carried_B = table.carried[last_B] & table.bar[ids_B]
        after_B3[:, 1] = signs_B & table.keep[ids_B] | table.set[ids_B] | carried_B
        after_B3[:, 2] = last_B * table.stays[ids_B] + table.adds[ids_B]
        return after_B3

    # Prompts

    def follow(self, ids: Iterable[int], state: State | None = None) -> State:
        """The state after these tokens, from ``state`` or else the start.

        Raises OutOfPlaceError, a TuneError, for the first token that cannot come where it stands.
        """
        state = state or self.start
        bars = 1
        for index, id in enumerate(ids):
            if not self.allowed(state, MOST)[id]:
                where = f"token {index + 1}, {self.tokens[id].strip()!r}, in bar {bars}"
                raise OutOfPlaceError(self.why(state, id), index, where)
            bars += self.tokens[id] in BAR_ENDS
            state = self.step(state, id)
        return state

    def why(self, state: State, id: int) -> str:
        """Why a token may not come, in words; "" if it may."""
        return "" if self.allowed(state, MOST)[id] else reason(self, state, id)

    def spot(self, state: State) -> GrammarState | Heading:
        """Where in the tune a state is."""
        return self._spots[state[0]]

    def kind(self, state: State, id: int) -> int:
        """The kind of a token in the key of a state, a number of `within_bar.KINDS`."""
        return int(self._kinds[state[1] // MASKS, id])

    # Tables that grow

    def _number(self, spot: GrammarState | Heading) -> int:
        """The number of a spot; a new one gets its rows."""
        number = self._numbers.get(spot)
        if number is None:
            number = self._numbers[spot] = len(self._spots)
            self._spots.append(spot)
            if number == len(self._costs):
                self._costs = np.concatenate([self._costs, np.empty_like(self._costs)])
                self._next = np.concatenate([self._next, np.empty_like(self._next)])
            self._costs[number] = self._row(spot)
            self._next[number] = -1
        return number

    def _row(self, spot: GrammarState | Heading) -> np.ndarray:
        """For every token 1 + the fewest tokens that finish the tune after it."""
        if isinstance(spot, Heading):
            row = np.full(len(self.tokens), ILLEGAL)
            for id, after in self.header.moves(spot).items():
                row[id] = min(1 + self._finish(after), ILLEGAL)
            return row
        return np.minimum(self.spots.costs(spot), ILLEGAL)[self._kinds[spot.key]]

    def _finish(self, spot: GrammarState | Heading) -> int:
        """Fewest tokens from a spot of the header, or just behind it, to the tune's end."""
        if isinstance(spot, Heading):
            return self.header.finish(spot)
        return self.completion.begin(spot.point, False)

    def _find_next(self, where: int, id: int) -> int:
        """The number behind a token, looked up the first time and kept."""
        spot = self._spots[where]
        if isinstance(spot, Heading):
            after = self.header.moves(spot).get(id)
            kind = KIND[HEADER]
        else:
            kind = int(self._kinds[spot.key, id])
            after = self.spots.next_state(spot, KINDS[kind])
        if after is None or self._costs[where, id] == ILLEGAL:
            state = (where, 0, 0)
            raise TuneError(reason(self, state, id), repr(self.tokens[id].strip()))
        number = self._number(after)
        if kind != KIND[HEADER]:  # whose tokens lead to different places
            self._next[where, kind] = number
        return number


BAR_ENDS = frozenset((BAR, CLOSE, FIRST, SECOND, DOUBLE, FINAL))
