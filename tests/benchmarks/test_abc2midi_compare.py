import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks import abc2midi_compare as compare
from benchmarks.abc2midi_compare import PlayedNote, difference, explicit_repeats

TUNES = """\
X:1
T:The same
M:4/4
L:1/8
K:Dmix
|:A2 f>e (3dcd [FA]2|1 d8:|2 =f8|]

X:2
T:A dot in a broken rhythm
M:4/4
L:1/8
K:G
G2>.A2 B2 c2|d8|]

X:3
T:Hornpipe with a trill
R:hornpipe
M:4/4
L:1/8
K:G
GABc Td2 BG|d8|]

X:4
T:Not read
M:4/4
L:1/8
K:G
GABc (9:0:0def|d8|]
"""


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="Debian's abcmidi is not installed")
def test_every_difference_has_its_reason(tmp_path: Path) -> None:
    book = tmp_path / "book.abc"
    book.write_text(TUNES)
    command = [sys.executable, "-m", "benchmarks.abc2midi_compare", str(book), "--list"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()]
    assert rows[0] == ["", "book"]
    assert dict(row for row in rows[2:] if row[1] != "0") == {
        "tunes": "4",
        "the same notes": "1",
        "staccato dots": "1",
        "other decorations": "1",
        "swing of hornpipes": "1",
        "seqgen leaves the tune out": "1",
    }
    assert len(done.stderr.splitlines()) == 3


def test_without_abc2midi_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "PROGRAM", "abc2midi-that-is-not-there")
    monkeypatch.setattr(sys, "argv", ["abc2midi_compare"])
    with pytest.raises(SystemExit, match="apt-get install abcmidi"):
        compare.main()


def test_what_counts_as_the_same() -> None:
    eighth, tick = Fraction(1, 8), Fraction(1, 1920)
    chord = [PlayedNote(Fraction(0), eighth, 60), PlayedNote(Fraction(0), eighth, 64)]
    spread = [PlayedNote(Fraction(0), eighth - tick, 64), PlayedNote(tick, eighth - 2 * tick, 60)]
    assert difference(chord, spread) == ""
    assert "pitch 60 and 61" in difference(chord, [chord[0]._replace(pitch=61), chord[1]])
    assert "duration" in difference(chord, [chord[0]._replace(duration=eighth / 2), chord[1]])
    assert difference(chord, chord[:1]) == "2 notes and 1"


@pytest.mark.parametrize(
    ("written", "explicit"),
    [
        ("A|B:|c|d:|", "|:A|B:||:c|d:|"),
        ("|:A|B:|c||d:|", "|:A|B:|c|||:d:|"),
        ("A|1 B:|2 c||d:|", "|:A|1 B:|2 c|||:d:|"),
        ("|:A:|:B:|", "|:A:|:B:|"),
        ('A|"C:|"B:|', '|:A|"C:|"B:|'),
    ],
)
def test_repeats_are_made_explicit(written: str, explicit: str) -> None:
    head = "X:1\nT::|\nK:C\n"
    assert explicit_repeats(head + written) == head + explicit
