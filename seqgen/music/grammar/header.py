"""The automaton of a tune's header: rhythm, meter, outline if the vocabulary has them, and key."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from seqgen.errors import ConfigError, unknown_name
from seqgen.music.grammar.accidentals import AccidentalRules
from seqgen.music.grammar.bar_automaton import SHORTEST, UNREACHABLE, automaton_for
from seqgen.music.grammar.cost_to_go import CostToGo
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.grammar.states import GrammarState
from seqgen.music.grammar.token_classes import has_tonic
from seqgen.music.normal.tokens import WHOLE


class HeaderState(NamedTuple):
    """State before a line of the header.

    Attributes:
        line: Letter of the line.
        meters: Ids of the meters that may follow the rhythm; before M.
        bar: Length of a bar in ticks; before P and K.
    """

    line: str
    meters: frozenset[int] = frozenset()
    bar: int = 0


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
        classes_KV: np.ndarray,
    ) -> None:
        """Raises ConfigError if nothing satisfies the spec; the message lists what is known."""
        self.start = HeaderState("R")
        self._cost_to_go = cost_to_go
        bars = {id: bar for id, token in enumerate(tokens) if (bar := bar_length(token))}
        meters = _requested("meter", spec.meters, {tokens[id] for id in bars})
        rhythms = _requested("rhythm", spec.rhythms, {t for t in tokens if t.startswith("R:")})
        self.bars = {
            id: bar
            for id, bar in bars.items()
            if tokens[id] in meters and self._cost_after(bar) < UNREACHABLE
        }
        if not self.bars:
            raise ConfigError("no tune has the requested length")
        self.rhythms = {
            id: frozenset(m for m in self.bars if pairs is None or (token, tokens[m]) in pairs)
            for id, token in enumerate(tokens)
            if token in rhythms
        }
        self.rhythms = {id: meters for id, meters in self.rhythms.items() if meters}
        if not self.rhythms:
            raise ConfigError(
                f"no {_names(rhythms)} in {_names(tokens[m] for m in self.bars)}; known: "
                + ", ".join(sorted(f"{_names([r])} in {_names([m])}" for r, m in pairs or ()))
            )
        # A vocabulary without outlines is fine: its tunes have none.
        self.outlines = [
            id
            for id, token in enumerate(tokens)
            if token.startswith("P:") and (token in spec.outlines or not spec.outlines)
        ]
        keys = _requested("key", spec.keys, {tokens[id] for id in accidentals.keys})
        self.keys = {
            id: number if spec.tonic else 0
            for id, number in accidentals.key_number.items()
            if tokens[id] in keys and has_tonic(classes_KV, accidentals, number)
        }
        if not self.keys:
            raise ConfigError(f"the tonic of {_names(keys)} is not in the requested range")

    def transitions(self, state: HeaderState) -> dict[int, HeaderState | GrammarState]:
        """The next state for each line that may follow, by the line's id."""
        if state.line == "R":
            return {id: HeaderState("M", meters) for id, meters in self.rhythms.items()}
        if state.line == "M":
            after = "P" if self.outlines else "K"
            return {id: HeaderState(after, bar=self.bars[id]) for id in state.meters}
        if state.line == "P":
            return {id: HeaderState("K", bar=state.bar) for id in self.outlines}
        start = self._cost_to_go.structure.start(state.bar)
        in_bar = automaton_for(state.bar).start(False)
        return {id: GrammarState(key, start, in_bar) for id, key in self.keys.items()}

    def cost(self, state: HeaderState) -> int:
        """Minimum number of tokens from a line of the header to the end of the tune."""
        if state.line == "K":
            return 1 + self._cost_after(state.bar)
        if state.line == "P":
            return 2 + self._cost_after(state.bar)
        meters = state.meters or frozenset().union(*self.rhythms.values())
        bars = {self.bars[id] for id in meters}
        after = "P" if self.outlines else "K"
        rest = min(self.cost(HeaderState(after, bar=bar)) for bar in bars)
        return rest + (1 if state.line == "M" else 2)

    def _cost_after(self, bar: int) -> int:
        """The cost-to-go after the header, for a length of a bar in ticks."""
        return self._cost_to_go.cost(self._cost_to_go.structure.start(bar), False)


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
