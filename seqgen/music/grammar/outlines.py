"""Outlines of tunes: which sections may follow in the requested form and length."""

from collections.abc import Collection
from functools import cache

from seqgen.music.grammar.spec import CADENCE_EIGHTHS, MAX_BARS, TuneSpec
from seqgen.music.normal.outline import Part

MAX_SECTIONS = 12

Parts = tuple[Part, ...]


class Outlines:
    """The outlines that are made of known lines and satisfy a spec.

    Attributes:
        one_line: Whether one line of the header states all sections.
        any: Whether there is one at all.
    """

    def __init__(self, spec: TuneSpec, known: Collection[Parts], *, one_line: bool) -> None:
        """known: the sections of each line that is known; one for each unless ``one_line``."""
        self.one_line = one_line
        self._spec, self._form = spec, spec.sections
        self._known = sorted(filter(None, known), key=lambda parts: (len(parts), parts))
        self._bars = spec.bars or (1, MAX_BARS)
        self._find = cache(self._find_completion)
        self.any = self.completion(()) is not None

    def complete(self, parts: Parts) -> bool:
        """Whether a tune may have just these sections."""
        if not parts or not self._allowed(parts):
            return False
        opening = self._spec.opening
        least = len(opening.sections) + (opening.bars > 0)
        if len(parts) < least:
            return False
        if self._form:
            return len(parts) == len(self._form) and not self._lacks_cadence(parts)
        return not self._lacks_cadence(parts) and self._bars[0] <= sum(part.bars for part in parts)

    def may_follow(self, parts: Parts, line: Parts) -> bool:
        """Whether the sections of a line may follow others, and the outline can be completed."""
        if self.one_line:
            return not parts and self.complete(line)
        after = (*parts, *line)
        return self._allowed(after) and self.completion(after) is not None

    def may_go_on(self, parts: Parts) -> bool:
        """Whether further sections may follow, and the outline can be completed."""
        return self.completion(parts, more=True) is not None

    def completion(self, parts: Parts, *, more: bool = False) -> Parts | None:
        """The fewest sections that complete an outline; None if there are none.

        more: at least one.
        """
        if self.one_line:
            if parts:
                return ()
            return next((line for line in self._known if self.complete(line)), None)
        return self._find(parts, more)

    def _find_completion(self, parts: Parts, more: bool) -> Parts | None:
        if not more and self.complete(parts):
            return ()
        if len(parts) >= max(MAX_SECTIONS, len(self._form)):
            return None
        if not self._form:
            return self._shortest(parts)
        for line in self._known:
            after = (*parts, *line)
            if self._allowed(after):
                rest = self._find(after, False)
                if rest is not None:
                    return (*line, *rest)
        return None

    def _shortest(self, parts: Parts) -> Parts | None:
        """The fewest further sections, at least one, of an outline without a form.

        Breadth first over the number of bars; sections that the music begins with come first.
        """
        frontier: dict[tuple[int, int], tuple[Parts, Parts]] = {self._key(parts): ((), parts)}
        seen = set(frontier)
        for _ in range(MAX_SECTIONS - len(parts)):
            reached: dict[tuple[int, int], tuple[Parts, Parts]] = {}
            for rest, before in frontier.values():
                for line in self._known:
                    after = (*before, *line)
                    key = self._key(after)
                    if key in seen or not self._allowed(after):
                        continue
                    if self.complete(after):
                        return (*rest, *line)
                    seen.add(key)
                    reached[key] = (*rest, *line), after
            frontier = reached
        return None

    def _key(self, parts: Parts) -> tuple[int, int]:
        known = len(self._spec.opening.sections) + 1
        return min(len(parts), known), sum(part.bars for part in parts)

    def _allowed(self, parts: Parts) -> bool:
        """Whether sections are as the spec and the music that the tune begins with require."""
        if sum(part.bars for part in parts) > self._bars[1]:
            return False
        if self._form and (len(parts) > len(self._form) or not self._has_form(parts)):
            return False
        opening = self._spec.opening
        if any(a != b for a, b in zip(parts, opening.sections, strict=False)):
            return False
        if len(parts) <= len(opening.sections) or not opening.bars:
            return not opening.ended or len(parts) <= len(opening.sections)
        current = parts[len(opening.sections)]
        if current.bars < opening.bars or (opening.complete and current.bars > opening.bars):
            return False
        letters = [section.letter for section in self._form]
        ends = letters and letters[len(opening.sections)] == letters[-1]
        if ends and self._lacks_cadence(parts[: len(opening.sections) + 1]):
            return False
        return opening.repeated in (None, current.repeated)

    def _lacks_cadence(self, parts: Parts) -> bool:
        """Whether the last section cannot end on a requested tonic, because of how it begins."""
        opening, number = self._spec.opening, len(parts) - 1
        if not self._spec.tonic or number > len(opening.sections):
            return False
        if number == len(opening.sections):
            return not opening.has_room(parts[number], CADENCE_EIGHTHS)
        final = opening.finals[number]
        return final is None or final.degree != 1

    def _has_form(self, parts: Parts) -> bool:
        bars = tuple(part.bars for part in parts)
        return all(
            part.repeated == section.repeated and part.bars in self._spec.bars_of(n, bars[:n])
            for n, (part, section) in enumerate(zip(parts, self._form, strict=False))
        )
