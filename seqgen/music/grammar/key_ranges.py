"""The keys in which a tune has its notes, in the requested range and the announced one."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from seqgen.errors import ConfigError
from seqgen.music.core.key import LETTERS, Key
from seqgen.music.grammar.header_state import HeaderState
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.grammar.token_classes import Frame, letter_midi
from seqgen.music.normal.tokens import NATURALS

_CACHED = 20_000  # ranges
_STEPS = sorted(NATURALS.values())


class KeyRanges:
    """The keys that satisfy a spec.

    Attributes:
        keys: By the id of their lines.
    """

    def __init__(self, spec: TuneSpec, keys: Mapping[int, Key]) -> None:
        self.keys = dict(keys)
        self._spec = spec
        self._find = lru_cache(_CACHED)(self._find_keys)

    def possible(self, state: HeaderState, degrees: Iterable[int] = ()) -> tuple[int, ...]:
        """The ids of the keys in which a tune can be as announced so far.

        degrees: further degrees of the scale, besides those of its final notes, that it must have.
        """
        needed = {final.degree for final in state.finals if final}.union(degrees)
        if self._spec.tonic:
            needed.add(1)
        return self._find(state.tonic, state.shift, state.low, state.high, frozenset(needed))

    def frame(self, key: Key, state: HeaderState) -> Frame:
        """The requested range in a key as written, within the announced one."""
        shift = state.shift or 0
        frame = Frame(key, tonic=self._spec.tonic)
        if self._spec.lowest is not None:
            frame = frame._replace(lowest=self._spec.lowest - shift)
        if self._spec.highest is not None:
            frame = frame._replace(highest=self._spec.highest - shift)
        if state.low is not None:
            frame = frame._replace(low=state.low)
        if state.high is not None:
            frame = frame._replace(high=state.high)
        return frame

    def is_original(self, tonic: str, key: Key) -> bool:
        """Whether the tune may have a mode on a tonic.

        Args:
            tonic: The original tonic; "" for that of the key.
            key: The key as it is written.
        """
        return not self._spec.originals or (tonic or key.tonic) + key.mode in self._spec.originals

    def keep(self, states: Iterable[HeaderState]) -> None:
        """Leave out keys that are possible after none of some states.

        Raises:
            ConfigError: If all are.
        """
        states = list(states)
        kept = {id for state in states for id in self.possible(state)}
        if not kept:
            self._raise(states)
        self.keys = {id: key for id, key in self.keys.items() if id in kept}
        self._find.cache_clear()

    def _raise(self, states: list[HeaderState]) -> None:
        keys = self.keys.values()
        if not any(self.is_original(state.tonic, key) for state in states for key in keys):
            raise ConfigError("the model has no tunes in the keys of the instrument", option="for")
        frames = [self.frame(key, state) for key in keys for state in states]
        if not any(self._has_note(frame) for frame in frames):
            raise ConfigError("no note is in the requested range")
        names = " or ".join(sorted(map(str, keys)))
        raise ConfigError(f"the tonic of {names} is not in the requested range")

    def _find_keys(
        self,
        tonic: str,
        shift: int | None,
        low: int | None,
        high: int | None,
        degrees: frozenset[int],
    ) -> tuple[int, ...]:
        state = HeaderState("K", tonic=tonic, shift=shift, low=low, high=high)
        frames = (
            (id, self.frame(key, state))
            for id, key in self.keys.items()
            if self.is_original(tonic, key)
        )
        return tuple(
            id
            for id, frame in frames
            if all(self._has_degree(frame, degree) for degree in degrees)
            and (degrees or self._has_note(frame))
        )

    def _has_note(self, frame: Frame) -> bool:
        alters = () if self._spec.no_accidentals else (-1, 0, 1)
        return any(
            frame.lowest <= letter_midi(step) + alter <= frame.highest
            for step in _STEPS
            if frame.low <= step <= frame.high
            for alter in (frame.key.signature[step % len(LETTERS)], *alters)
        )

    @staticmethod
    def _has_degree(frame: Frame, degree: int) -> bool:
        letter = (frame.key.letter + degree - 1) % len(LETTERS)
        return any(
            frame.lowest <= letter_midi(step) + frame.key.signature[letter] <= frame.highest
            for step in _STEPS
            if step % len(LETTERS) == letter and frame.low <= step <= frame.high
        )
