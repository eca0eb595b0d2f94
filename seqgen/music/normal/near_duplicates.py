"""Groups of near duplicates in a tune book."""

import itertools
from collections.abc import Sequence

from seqgen.music.core.tune import Tune
from seqgen.music.normal.normalize import SIGNATURE, joined_notes, signature

RUN = SIGNATURE  # notes in a row that unrelated tunes hardly ever share


def duplicate_groups(tunes: Sequence[Tune]) -> list[str]:
    """The name of each tune's group of variants; it does not depend on the order of the tunes.

    Tunes are variants if they begin with the same 16 notes, of any length, or share 16 notes in a
    row with their lengths, in any key, or have a variant in common.

    tunes: in normal form.
    """
    parents = list(range(len(tunes)))

    def eldest(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    first: dict[object, int] = {}
    names = [signature(tune) for tune in tunes]
    for number, tune in enumerate(tunes):
        for sign in (names[number], *runs(tune)):
            parents[eldest(number)] = eldest(first.setdefault(sign, number))
    words: dict[int, str] = {}
    for number, name in enumerate(names):
        parent = eldest(number)
        words[parent] = min(name, words.get(parent, name))
    return [words[eldest(number)] for number in range(len(tunes))]


def runs(tune: Tune) -> list[tuple[tuple[int, int], ...]]:
    """Every `RUN` notes in a row, as intervals with the length of the note before each."""
    notes = joined_notes(tune)
    steps = [(after[0] - note[0], note[1]) for note, after in itertools.pairwise(notes)]
    return [tuple(steps[n : n + RUN - 1]) for n in range(len(steps) - RUN + 2)]
