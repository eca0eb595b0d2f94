import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.evaluation.tunes.copying import CopiedRun, shared_runs
from seqgen.evaluation.tunes.features import Melody, melody


def make_melody(pitches, ticks):
    in_key = np.ones(len(pitches), bool)
    return Melody(np.array(pitches, int), np.array(ticks, int), in_key, (), (), (), 0, 0)


melodies = st.lists(st.tuples(st.integers(60, 63), st.integers(1, 2)), max_size=14).map(
    lambda notes: make_melody([p for p, _ in notes], [t for _, t in notes])
)
melody_lists = st.lists(melodies, max_size=4)


def slow_lengths(tunes, book):
    """Longest shared run from each interval of each tune, by comparing all positions."""

    def intervals_and_lengths(tune):
        return list(zip(np.diff(tune.pitches).tolist(), tune.ticks[1:].tolist(), strict=True))

    def common(one, other):
        length = 0
        while length < min(len(one), len(other)) and one[length] == other[length]:
            length += 1
        return length

    suffixes = [
        intervals_and_lengths(tune)[start:] for tune in book for start in range(len(tune.pitches))
    ]
    return [
        max((common(intervals_and_lengths(tune)[start:], other) for other in suffixes), default=0)
        for tune in tunes
        for start in range(len(tune.pitches) - 1)
    ]


@settings(deadline=None)
@given(melody_lists, melody_lists)
def test_runs_equal_a_slow_search(tunes, book):
    runs = shared_runs(tunes, book)
    expected = slow_lengths(tunes, book)
    assert runs.lengths.tolist() == expected
    assert runs.longest().notes == max(expected, default=0)
    for notes in (1, 3):
        whole = [
            length >= notes
            for length, left in zip(expected, runs.remaining.tolist(), strict=True)
            if left >= notes
        ]
        assert runs.share(notes) == (np.mean(whole) if whole else 0)


def test_copies_are_found_in_any_key(tune):
    ours = [tune("C6|D6|]", (3, 4)), tune("A6|^F2 G2 A2|B2 =c2 d2|G6|]", (3, 4))]
    other = [tune("z6|]", (3, 4)), tune("c2 C2 d2|B2 c2 d2|e2 f2 g2|c'6|]", (3, 4))]
    runs = shared_runs([*map(melody, ours)], [*map(melody, other)])
    # All but the first and the last note, which are reached by other intervals.
    assert runs.longest() == CopiedRun(tune=1, source=1, notes=6)
    assert runs.longest_per_tune().tolist() == [0, 6]


def test_different_rhythms_are_not_copies(tune):
    one, other = tune("C2 D2 E2|F6|]", (3, 4)), tune("C3 D1 E2|F2 z4|]", (3, 4))
    assert shared_runs([melody(one)], [melody(other)]).longest_per_tune().tolist() == [1]


def test_empty_books_share_nothing(tune):
    runs = shared_runs([melody(tune("C6|D6|]", (3, 4)))], [])
    assert runs.longest() == CopiedRun(-1, -1, 0)
    assert runs.share(1) == 0
    assert shared_runs([], []).share(1) == 0
