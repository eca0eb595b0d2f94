"""The lines that a tune begins with: rhythm, meter, outline if it has one, and key."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from seqgen.errors import ConfigError, unknown_name
from seqgen.music.grammar.accidentals import AccidentalRules
from seqgen.music.grammar.bar_automaton import NEVER, SHORTEST, within_bar
from seqgen.music.grammar.cost_to_go import CostToGo
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.grammar.states import GrammarState
from seqgen.music.grammar.token_classes import has_tonic
from seqgen.music.normal.tokens import WHOLE


class Heading(NamedTuple):
    """Before a line of the header.

    line: its letter. meters: ids that may follow the rhythm, before M. bar: in ticks, before P
        and K.
    """

    line: str
    meters: frozenset[int] = frozenset()
    bar: int = 0


class Header:
    """Which lines may come, under the conditions of a wish.

    start: before the first line.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        wish: TuneSpec,
        pairs: Collection[tuple[str, str]] | None,
        completion: CostToGo,
        spelling: AccidentalRules,
        kinds_KV: np.ndarray,
    ) -> None:
        """Raises ConfigError if nothing fulfils the wish; the message lists what is known."""
        self.start = Heading("R")
        self._completion = completion
        bars = {id: bar for id, token in enumerate(tokens) if (bar := bar_length(token))}
        meters = wished("meter", wish.meters, {tokens[id] for id in bars})
        rhythms = wished("rhythm", wish.rhythms, {t for t in tokens if t.startswith("R:")})
        self.bars = {
            id: bar for id, bar in bars.items() if tokens[id] in meters and self._cost(bar) < NEVER
        }
        if not self.bars:
            raise ConfigError("no tune is as long as asked for")
        self.rhythms = {
            id: frozenset(m for m in self.bars if pairs is None or (token, tokens[m]) in pairs)
            for id, token in enumerate(tokens)
            if token in rhythms
        }
        self.rhythms = {id: meters for id, meters in self.rhythms.items() if meters}
        if not self.rhythms:
            raise ConfigError(
                f"no {names(rhythms)} in {names(tokens[m] for m in self.bars)}; known: "
                + ", ".join(sorted(f"{names([r])} in {names([m])}" for r, m in pairs or ()))
            )
        # A vocabulary without outlines is fine: it was made for tunes that have none.
        self.outlines = [
            id
            for id, token in enumerate(tokens)
            if token.startswith("P:") and (token in wish.outlines or not wish.outlines)
        ]
        found = wished("key", wish.keys, {tokens[id] for id in spelling.keys})
        self.keys = {
            id: number if wish.tonic else 0
            for id, number in spelling.key_number.items()
            if tokens[id] in found and has_tonic(kinds_KV, spelling, number)
        }
        if not self.keys:
            raise ConfigError(f"the tonic of {names(found)} is not in the range asked for")

    def moves(self, heading: Heading) -> dict[int, "Heading | GrammarState"]:
        """What follows each line that may come, by the line's id."""
        if heading.line == "R":
            return {id: Heading("M", meters) for id, meters in self.rhythms.items()}
        if heading.line == "M":
            after = "P" if self.outlines else "K"
            return {id: Heading(after, bar=self.bars[id]) for id in heading.meters}
        if heading.line == "P":
            return {id: Heading("K", bar=heading.bar) for id in self.outlines}
        start = self._completion.course.start(heading.bar)
        moment = within_bar(heading.bar).start(False)
        return {id: GrammarState(key, start, moment) for id, key in self.keys.items()}

    def finish(self, heading: Heading) -> int:
        """Fewest tokens from a line of the header to the tune's end."""
        if heading.line == "K":
            return 1 + self._cost(heading.bar)
        if heading.line == "P":
            return 2 + self._cost(heading.bar)
        meters = heading.meters or frozenset().union(*self.rhythms.values())
        bars = {self.bars[id] for id in meters}
        after = "P" if self.outlines else "K"
        rest = min(self.finish(Heading(after, bar=bar)) for bar in bars)
        return rest + (1 if heading.line == "M" else 2)

    def _cost(self, bar: int) -> int:
        """Fewest tokens behind the header of a tune in bars of so many ticks."""
        return self._completion.begin(self._completion.course.start(bar), False)


def bar_length(token: str) -> int | None:
    """The length of a bar in ticks that an ``M:`` line means; None if no bar can be filled."""
    match = re.fullmatch(r"M:([1-9][0-9]{0,2})/([1-9][0-9]{0,2})\n", token)
    if not match:
        return None
    length, odd = divmod(int(match[1]) * WHOLE, int(match[2]))
    return length if not odd and length and length % SHORTEST == 0 else None


def wished(what: str, tokens: Collection[str], known: Collection[str]) -> Collection[str]:
    """The header lines that are asked for, all of the known ones if none is.

    Raises ConfigError if one is unknown, or none is known.
    """
    if not known:
        raise ConfigError(f"the vocabulary has no {what}; it is not that of tunes in normal form")
    for token in tokens:
        if token not in known:
            raise unknown_name(what, names([token]), [names([token]) for token in known])
    return tokens or known


def names(tokens: Iterable[str]) -> str:
    """Header lines as one reads them: "jig or reel"."""
    return " or ".join(sorted(token[2:].strip() for token in tokens))
