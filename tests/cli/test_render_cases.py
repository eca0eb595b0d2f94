"""Rendering of small ABC files of many styles: notes and graphics."""

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
    """Copy a file to the current folder and return its name."""

    def copy_case(name: str) -> str:
        return Path(shutil.copy(CASES / f"{name}.abc", here)).name

    return copy_case


def pitches(path: str) -> list[list[int]]:
    """Pitches of each track with notes, in the order of their onsets."""
    tracks = [
        [message.note for message in track if message.type == "note_on" and message.velocity]
        for track in mido.MidiFile(path).tracks
    ]
    return [track for track in tracks if track]


def texts(path: str) -> list[str]:
    """Texts of an SVG file in drawing order."""
    drawing = Path(path).read_text()
    elements = re.findall(r"<text[^>]*>(.*?)</text>", drawing, re.DOTALL)
    return [unescape("".join(re.sub("<[^>]*>|\n", "", text))).strip() for text in elements]


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
def test_the_midi_file_has_the_notes(
    seqgen: Run, case: Callable[[str], str], name: str, expected: list[int]
) -> None:
    status, _, _ = seqgen("render", case(name), "--midi", "t.mid", "--score", "t.svg")
    assert status == 0
    assert pitches("t.mid") == [expected]


def test_all_voices_are_in_score_and_midi(seqgen: Run, case: Callable[[str], str]) -> None:
    status, _, err = seqgen(
        "render", case("voices"), "--midi", "t.mid", "--score", "t.svg", "--html", "t.html"
    )
    assert (status, [line for line in err.splitlines() if not line.startswith("wrote")]) == (0, [])
    assert pitches("t.mid") == [[G, A, B, C, D], [55, 50, 55]]
    assert texts("t.svg") == ["C", "Fiddle"]
    clefs = re.findall('class="clef"[^>]*>\\s*<use xlink:href="#(E0..)', Path("t.svg").read_text())
    assert clefs == ["E050", "E062"]  # a G clef and an F clef
    assert "t1v2-0-0" in Path("t.html").read_text()


def test_the_terminal_view_has_the_first_voice(seqgen: Run, case: Callable[[str], str]) -> None:
    status, out, _ = seqgen("render", case("voices"))
    assert status == 0
    assert "voice 1 of 2" in out
    assert "G2A2 B2c2" in out


def test_attachments_are_drawn(seqgen: Run, case: Callable[[str], str]) -> None:
    status, _, err = seqgen("render", case("chords_grace_symbols"), "--score", "t.svg")
    assert (status, err) == (0, "wrote t.svg\n")
    labels = texts("t.svg")
    assert labels[0] == "Case"
    assert {"G", "Am7", "D/F♯", "Fine", "~"} <= set(labels)
    drawing = Path("t.svg").read_text()
    for name, count in (("graceGrp", 2), ("trill", 1), ("fermata", 1), ("chord", 2)):
        assert len(re.findall(f'class="{name}"', drawing)) == count
    # The slash of one of the grace notes, and the staccato dot.
    assert len(re.findall("#E1E7|#E4A[23]", drawing)) == 1


def test_attachments_that_are_not_played_are_counted(
    seqgen: Run, case: Callable[[str], str]
) -> None:
    _, _, err = seqgen("render", case("chords_grace_symbols"), "--midi", "t.mid")
    assert err.splitlines() == [
        "not played: 3 chord symbols", "not played: 3 decorations", "wrote t.mid",
    ]  # fmt: skip
    assert len(pitches("t.mid")[0]) == 1 + 1 + 3 + 1 + 1 + 3 + 4


def test_lyrics_are_drawn_below_the_notes(seqgen: Run, case: Callable[[str], str]) -> None:
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
    labels = {}
    for name in ("endings_12_3_4", "parts", "repeat_triple"):
        seqgen("render", case(name), "--score", "t.svg")
        labels[name] = texts("t.svg")[1:]
    assert labels == {
        "endings_12_3_4": ["1,2", "3", "4"],
        "parts": ["A", "B"],
        "repeat_triple": ["3x"],
    }


def test_an_empty_line_may_follow_the_header(seqgen: Run, case: Callable[[str], str]) -> None:
    assert seqgen("render", case("blank_after_head"), "--midi", "t.mid")[0] == 0
    assert pitches("t.mid") == [[G, A, B, C, D, 62, 64, 66, 69]]
