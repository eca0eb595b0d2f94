"""Small ABC files that people's own resemble, rendered: what sounds and what is drawn."""

import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path

import mido
import pytest

Run = Callable[..., tuple[int, str, str]]
CASES = Path(__file__).parents[1] / "excerpts" / "abc"


@pytest.fixture
def case(here: Path) -> Callable[[str], str]:
    """Copies a file to the current folder, and gives its name there."""

    def copied(name: str) -> str:
        return Path(shutil.copy(CASES / f"{name}.abc", here)).name

    return copied


def pitches(path: str) -> list[list[int]]:
    """Of each track with notes: the pitches as they begin."""
    tracks = [
        [message.note for message in track if message.type == "note_on" and message.velocity]
        for track in mido.MidiFile(path).tracks
    ]
    return [track for track in tracks if track]


def texts(path: str) -> list[str]:
    """The texts of a picture in the order in which they are drawn."""
    drawing = Path(path).read_text()
    found = re.findall(r"<text[^>]*>(.*?)</text>", drawing, re.DOTALL)
    return [unescape("".join(re.sub("<[^>]*>|\n", "", text))).strip() for text in found]


G, A, B, C, D, E, F, HIGH = 67, 69, 71, 72, 74, 76, 78, 79  # of G major


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("key_dm_glued_c", [62, 64, 65, 67, 69, 70, 73, 74]),
        ("key_octave", [55, 57, 59, 60, 62, 64, 66, 67]),
        ("key_unicode_flat", [70, 72, 74, 75, 77, 79, 81, 82]),
        ("escapes", [G, A, B, C, D, D]),
        ("percent_in_title", [G, A, B, C, D, D]),
        ("endings_12_3_4", [G, A, B, C, D, G, A, B, C, D, G, A, B, C, E, G, A, B, C, F]),
        ("repeat_triple", [G, A, B, C, D] * 3),
        ("parts", [G, A, B, C, D] * 2 + [E, F, HIGH, 81, 83] + [G, A, B, C, D]),
        ("voice_decl_only", [G, A, B, C, D]),
        ("spaces_in_length", [G, A, B, C, D, E, F, HIGH]),
        ("tuplet_11", [G, A, B, C, D, E, F, HIGH, 81, 83, 84, G]),
        ("lyrics", [G, A, B, C, D, E, F, HIGH]),
        ("html_page", [G, A, B, C, D]),
    ],
)
def test_the_notes_that_sound(
    seqgen: Run, case: Callable[[str], str], name: str, expected: list[int]
) -> None:
    status, _, _ = seqgen("render", case(name), "--midi", "t.mid", "--score", "t.svg")
    assert status == 0
    assert pitches("t.mid") == [expected]


def test_all_voices_are_drawn_and_sound(seqgen: Run, case: Callable[[str], str]) -> None:
    status, _, err = seqgen(
        "render", case("voices"), "--midi", "t.mid", "--score", "t.svg", "--html", "t.html"
    )
    assert (status, [line for line in err.splitlines() if not line.startswith("wrote")]) == (0, [])
    assert pitches("t.mid") == [[G, A, B, C, D], [55, 50, 55]]
    assert texts("t.svg") == ["C", "Fiddle"]
    clefs = re.findall('class="clef"[^>]*>\\s*<use xlink:href="#(E0..)', Path("t.svg").read_text())
    assert clefs == ["E050", "E062"]  # a G clef and an F clef
    assert "t1v2-0-0" in Path("t.html").read_text()


def test_the_first_of_several_voices_is_shown(seqgen: Run, case: Callable[[str], str]) -> None:
    status, out, _ = seqgen("render", case("voices"))
    assert status == 0
    assert "voice 1 of 2" in out
    assert "G2A2 B2c2" in out


def test_what_stands_at_notes_is_drawn(seqgen: Run, case: Callable[[str], str]) -> None:
    status, _, err = seqgen("render", case("chords_grace_symbols"), "--score", "t.svg")
    assert (status, err) == (0, "wrote t.svg\n")
    found = texts("t.svg")
    assert found[0] == "Case"
    assert {"G", "Am7", "D/F♯", "Fine", "~"} <= set(found)
    drawing = Path("t.svg").read_text()
    for name, count in (("graceGrp", 2), ("trill", 1), ("fermata", 1), ("chord", 2)):
        assert len(re.findall(f'class="{name}"', drawing)) == count
    # The slash of one of the grace notes, and the staccato dot.
    assert len(re.findall("#E1E7|#E4A[23]", drawing)) == 1


def test_what_is_not_played_is_counted(seqgen: Run, case: Callable[[str], str]) -> None:
    _, _, err = seqgen("render", case("chords_grace_symbols"), "--midi", "t.mid")
    assert err.splitlines() == [
        "not played: 3 chord symbols", "not played: 3 decorations", "wrote t.mid",
    ]  # fmt: skip
    assert len(pitches("t.mid")[0]) == 1 + 1 + 3 + 1 + 1 + 3 + 4


def test_words_are_drawn_below_their_notes(seqgen: Run, case: Callable[[str], str]) -> None:
    status, _, err = seqgen("render", case("lyrics"), "--score", "t.svg")
    assert status == 0
    assert "left out: 1 " in err  # the last syllable has no note
    assert texts("t.svg") == ["Case", "Down", "in", "the", "val", "ley", "so", "low"]
    _, out, _ = seqgen("render", case("lyrics"))
    assert "Down in the val-" in " ".join(out.split())


@pytest.mark.parametrize(
    ("name", "title"),
    [("escapes", "Bourrée über ça été Café Æ"), ("percent_in_title", "100% Proof")],
)
def test_titles_are_decoded_everywhere(
    seqgen: Run, case: Callable[[str], str], name: str, title: str
) -> None:
    file = case(name)
    seqgen("render", file, "--score", "t.svg", "--html", "t.html", "--midi", "t.mid")
    assert texts("t.svg")[0] == title
    assert f"<title>{title}</title>" in Path("t.html").read_text()
    markers = [
        message.text
        for track in mido.MidiFile("t.mid", charset="utf-8").tracks
        for message in track
        if message.type == "marker"
    ]
    assert markers == [title]
    assert seqgen("render", file)[1].splitlines()[0] == title


def test_endings_parts_and_repeat_counts_are_drawn(seqgen: Run, case: Callable[[str], str]) -> None:
    drawn = {}
    for name in ("endings_12_3_4", "parts", "repeat_triple"):
        seqgen("render", case(name), "--score", "t.svg")
        drawn[name] = texts("t.svg")[1:]
    assert drawn == {
        "endings_12_3_4": ["1,2", "3", "4"],
        "parts": ["A", "B"],
        "repeat_triple": ["3x"],
    }


def test_an_empty_line_may_stand_between_a_tunes_header_and_its_music(
    seqgen: Run, case: Callable[[str], str]
) -> None:
    assert seqgen("render", case("blank_after_head"), "--midi", "t.mid")[0] == 0
    assert pitches("t.mid") == [[G, A, B, C, D, 62, 64, 66, 69]]
