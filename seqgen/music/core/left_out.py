"""Counts and reports of what a conversion of tunes leaves out, by kind."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from seqgen.music.core.tune import Bar, Tune

# The plural ending precedes these words: "lines of words", "syllables without a note".
MORE = re.compile(" (?:of|without|after|about|with|in|for) ")


@dataclass
class Tally:
    """Counts of what was left out of many tunes: of each kind, and of the tunes with it."""

    counts: Counter[str] = field(default_factory=Counter)
    tunes: Counter[str] = field(default_factory=Counter)

    def add(self, counts: Mapping[str, int]) -> None:
        """Count what one tune lost."""
        present = {kind: count for kind, count in counts.items() if count}
        self.counts.update(present)
        self.tunes.update(dict.fromkeys(present, 1))

    def lines(self) -> list[str]:
        """One line a kind, the most frequent first."""
        return summary_lines(self.counts, self.tunes)


def summary_lines(
    counts: Mapping[str, int], tunes: Mapping[str, int] | None = None, what: str = "left out"
) -> list[str]:
    """One line a kind: ``"left out: 1,204 grace notes in 310 tunes"``.

    Args:
        counts: Counts by kind in the singular; zeros are skipped.
        tunes: Number of tunes with each kind; None for a single tune.
        what: First words of each line, such as ``"not played"``.
    """
    lines = []
    for kind, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if not count:
            continue
        where = f" in {numbered(tunes[kind], 'tune')}" if tunes is not None else ""
        lines.append(f"{what}: {numbered(count, kind)}{where}")
    return lines


def numbered(count: int, noun: str) -> str:
    """``"1 slur"``, ``"1,204 grace notes"``, ``"2 lines of words"``."""
    if count != 1:
        more = MORE.search(noun)
        end = more.start() if more else len(noun)
        name, rest = noun[:end], noun[end:]
        noun = (name[:-1] + "ies" if re.search("[^aeiou]y$", name) else name + "s") + rest
    return f"{count:,} {noun}"


def attachments_left_out(tune: Tune) -> Counter[str]:
    """Count what the normal form drops from the first voice, and what the parser dropped.

    Of a chord, the notes below its top note count.
    """
    counts = Counter(tune.left_out)
    for bar in tune.bars:
        for kind in _kinds_in_bar(bar):
            counts[kind] += 1
    counts["voice"] += len(tune.voices)
    counts["line of words"] += len(tune.words)
    counts["tempo mark"] += tune.tempo is not None or bool(tune.tempo_text)
    return +counts


def _kinds_in_bar(bar: Bar) -> Iterator[str]:
    yield from ["overlay"] * len(bar.overlays)
    if bar.tempo is not None:
        yield "tempo mark"
    for note in bar.notes:
        attached = note.attached
        yield from ["lower chord note"] * max(0, len(note.pitches) - 1)
        yield from ["grace note"] * len(attached.grace)
        yield from ["decoration"] * len(attached.decorations)
        yield from ["annotation"] * len(attached.annotations)
        yield from ["slur"] * attached.slurs_begin
        yield from ["lyric syllable"] * sum(text is not None for text in attached.lyrics)
        if attached.chord_symbol:
            yield "chord symbol"
