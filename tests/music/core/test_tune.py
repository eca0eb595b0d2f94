import pytest

from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import join_ties


@pytest.mark.parametrize(
    ("music", "joined"),
    [
        ("A-AB-|Bc|", [(0, 2), (0, 2), (1, 1)]),
        ("A-zA|", [(0, 1), (0, 1)]),
        ("A-|A-|A|", [(0, 3)]),
        ("[CEG]-[CEG]G|", [(0, 2), (0, 1)]),
        ("zAz|", [(0, 1)]),
    ],
)
def test_tied_notes_are_joined_across_bars(music: str, joined: list[tuple[int, int]]) -> None:
    tune = parse_tune(f"X:1\nM:none\nL:1/8\nK:C\n{music}")
    assert [(tied.bar, len(tied.notes)) for tied in join_ties(tune.bars)] == joined


def test_all_notes_are_those_of_voices_and_overlays() -> None:
    tune = parse_tune("X:1\nM:4/4\nL:1/4\nK:C\nV:1\nCDEF&G4|\nV:2\nA4|\n")
    assert [note.pitches[0].midi for note in tune.all_notes()] == [60, 62, 64, 65, 67, 69]
    assert len(tune.all_voices) == 2
