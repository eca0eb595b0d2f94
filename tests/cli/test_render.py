import io
import os
import subprocess
import sys
import time
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido
import pytest
from PIL import Image

from seqgen.cli import outputs
from seqgen.errors import ConfigError, TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.meter import Meter
from seqgen.music.core.tempo import usual
from seqgen.music.core.tune import Attachments
from seqgen.music.render.writers import RenderOptions

Run = Callable[..., tuple[int, str, str]]

BOOK = """\
X:3
T:The First
R:jig
M:6/8
K:G
D|GAB cBA|G3 G2:|

X:4
T:Unreadable
M:4/4
K:G
GABc }|

X:7
T:A third of a note
M:4/4
L:1/8
K:D
d1/3 e2 f2|

X:12
T:The Last
R:reel
M:4/4
K:Edor
|:E2BE dEBE|E2BE AFDF:|
"""


@pytest.fixture
def book(here: Path) -> Path:
    path = here / "book.abc"
    path.write_text(BOOK)
    return path


def test_writes_all_files_at_once(seqgen: Run, book: Path) -> None:
    status, out, err = seqgen(
        "render", "book.abc", "--midi", "t.mid", "--score", "t.svg", "--audio", "t.wav",
        "--html", "new/t.html", "--tempo", "100", "--instrument", "fiddle",
    )  # fmt: skip
    assert (status, out) == (0, "")
    assert err.splitlines() == [
        "left out: book.abc:4, line 5, column 6: unreadable music",
        "tune 7 (A third of a note) is left out: a note's length of 1/24, which notation cannot "
        "show",
        "wrote t.mid", "wrote t.svg", "wrote t.wav", "wrote new/t.html",
    ]  # fmt: skip
    midi = mido.MidiFile("t.mid")
    assert [m.text for t in midi.tracks for m in t if m.type == "marker"] == [
        "The First",
        "The Last",
    ]
    tempos = [mido.tempo2bpm(m.tempo) for t in midi.tracks for m in t if m.type == "set_tempo"]
    assert tempos == pytest.approx([150, 100], abs=0.01)
    assert "The First" in Path("t.svg").read_text()
    with wave.open("t.wav") as sound:
        assert sound.getnframes() / sound.getframerate() > 2 * 2 * 60 / 100 + 2 * 8 * 60 / 100
    page = Path("new/t.html").read_text()
    command = (
        "seqgen render book.abc --midi t.mid --score t.svg --audio t.wav --html new/t.html "
        "--tempo 100 --instrument fiddle"
    )
    assert f"<code>{command}</code>" in page
    assert "D|GAB cBA|G3 G2:|" in page


def test_midi_includes_tunes_that_cannot_be_engraved(seqgen: Run, book: Path) -> None:
    _, _, err = seqgen("render", "book.abc", "--midi", "t.mid")
    assert "tune 7" not in err
    midi = mido.MidiFile("t.mid")
    assert len([m for t in midi.tracks for m in t if m.type == "marker"]) == 3


@pytest.mark.parametrize("suffix", ["png", "PDF"])
def test_writes_scores_as_png_and_pdf(seqgen: Run, book: Path, suffix: str) -> None:
    status, _, _ = seqgen("render", "book.abc", "--score", f"t.{suffix}", "--tune", "12")
    assert status == 0
    data = Path(f"t.{suffix}").read_bytes()
    if suffix == "png":
        assert Image.open(io.BytesIO(data)).size[0] > 1000
    else:
        assert data.startswith(b"%PDF")


def test_prints_tunes(seqgen: Run, book: Path) -> None:
    status, out, err = seqgen("render", "book.abc", "--tune", "3")
    assert (status, err) == (0, "")
    assert out.splitlines()[:3] == [
        "The First", "jig  6/8  G major  AA  ♩. = 114  0:04", "A |: D | GAB cBA | G3 G2 :|",
    ]  # fmt: skip
    assert "\x1b" not in out
    _, out, err = seqgen("render", "book.abc")
    assert [name for name in ("The First", "A third of a note", "The Last") if name in out] == [
        "The First", "A third of a note", "The Last",
    ]  # fmt: skip
    assert "unreadable music" in err


def test_tunes_without_notes_are_left_out(seqgen: Run, here: Path) -> None:
    (here / "rest.abc").write_text("X:1\nT:Hush\nM:4/4\nK:C\nz8|]\n\n" + BOOK)
    for arguments in ((), ("--midi", "t.mid")):
        status, out, err = seqgen("render", "rest.abc", *arguments)
        assert status == 0
        assert "tune 1 (Hush)" in err
        assert "The First" in (out or Path("t.mid").read_bytes().decode("latin-1"))
    status, out, err = seqgen("render", "rest.abc", "--tune", "1")
    assert (status, out) == (1, "")
    assert "error: " in err


def test_reads_standard_input_and_builtin_corpora(here: Path) -> None:
    command = [sys.executable, "-m", "seqgen", "render"]
    done = subprocess.run([*command, "-"], input=BOOK.encode(), capture_output=True, cwd=here)
    assert done.stdout.decode().startswith("The First\n")
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [*command, "oneills", "--tune", "1500"], capture_output=True, cwd=here, env=environment
    )
    assert b"A |" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("none.abc",), 1, "none.abc: no such file"),
        (("book.abc", "--score", "t.bmp"), 2, "--score: 't.bmp' does not end in .svg or .png or"),
        (("book.abc", "--midi", "t"), 2, "--midi: 't' does not end in .mid or .midi"),
        (("book.abc", "--audio", "t.mp3"), 2, "--audio: 't.mp3' does not end in .wav"),
        (("book.abc", "--score", ".svg"), 2, "--score: '.svg' does not end in .svg"),
        (("book.abc", "--html", ""), 2, "--html: '' does not end in .html"),
        (("book.abc", "--tempo", "0"), 2, "--tempo: 0.0 is too small"),
        (("book.abc", "--tempo", "fast"), 2, "--tempo: 'fast' is not a number"),
        (("book.abc", "--midi", "t.mid", "--instrument", "x"), 2, "unknown instrument 'x'"),
        (("book.abc", "--instrument", "fidle"), 2, "did you mean fiddle?"),
        (("book.abc", "--instrument", "129"), 2, "--instrument: 129"),
        (("book.abc", "--instrument", "fiddle"), 2, "--instrument: has no effect"),
        (("book.abc", "--instrument", "1", "--score", "t.svg"), 2, "--instrument: has no effect"),
        (("book.abc", "--tempo", "90", "--score", "t.svg"), 2, "--tempo: has no effect"),
        (
            ("book.abc", "--tune", "5"),
            1,
            "book.abc: no tune with X:5; its tunes are X:3 to X:12",
        ),
        (("book.abc", "--tune", "4"), 1, "book.abc: no tune can be read"),
        (("book.abc", "--tune", "7", "--score", "t.svg"), 1, "no tune could be rendered"),
        (("book.abc", "--midi", "book.abc/t.mid"), 1, "cannot write book.abc/t.mid"),
        (("book.abc", "--score", "folder.svg"), 1, "cannot write folder.svg"),
        (("prose.txt",), 1, "prose.txt"),
        (("empty.abc",), 1, "empty.abc: is empty"),
        (("broken.abc",), 1, "broken.abc: "),
        (("picture.abc",), 1, "looks binary"),
    ],
)
def test_errors_have_a_message_and_status(
    seqgen: Run, book: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    (book.parent / "folder.svg").mkdir()
    (book.parent / "prose.txt").write_text("The river runs down to the sea.\n")
    (book.parent / "empty.abc").write_text("")
    (book.parent / "broken.abc").write_text("X:1\nT:no key\nABc\n")
    (book.parent / "picture.abc").write_bytes(bytes(range(256)) * 9)
    before = set(book.parent.iterdir())
    code, _, err = seqgen("render", *arguments)
    assert code == status
    assert message in err
    assert "Traceback" not in err
    assert set(book.parent.iterdir()) == before


def test_one_failed_file_does_not_stop_the_others(seqgen: Run, book: Path) -> None:
    status, _, err = seqgen(
        "render", "book.abc", "--midi", "book.abc/t.mid", "--score", "book.abc/t.svg",
        "--html", "t.html",
    )  # fmt: skip
    assert status == 1
    assert Path("t.html").exists()
    assert "cannot write book.abc/t.mid" in err
    assert "error: cannot write book.abc/t.svg" in err


def test_plays_through_a_player(
    seqgen: Run, book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    status, _, err = seqgen("render", "book.abc", "--tune", "3", "--play")
    assert status == 1
    assert "no player of sound found" in err
    player = folder / "aplay"
    player.write_text(
        f"#!{sys.executable}\nimport sys, shutil\nshutil.copy(sys.argv[-1], 'heard')\n"
    )
    player.chmod(0o755)
    status, _, err = seqgen("render", "book.abc", "--tune", "3", "--play")
    assert (status, err) == (0, "playing through aplay; Ctrl-C stops\n")
    with wave.open("heard") as sound:
        assert 4 < sound.getnframes() / sound.getframerate() < 7


def test_control_characters_in_titles_are_escaped(seqgen: Run, here: Path) -> None:
    (here / "evil.abc").write_text("X:1\nT:a\x1b[2Jb\nR:\x1b]0;x\x07\nM:4/4\nK:C\nC8|\n")
    for arguments in ((), ("--score", "t.png"), ("--html", "t.html"), ("--score", "t.pdf")):
        status, out, err = seqgen("render", "evil.abc", *arguments)
        assert status == 0
        assert "\x1b" not in out + err


def test_outputs_render(here: Path) -> None:
    tune = parse_tune(BOOK.split("\n\n")[0])
    options = RenderOptions(html="a.html")
    assert [n.text for n in outputs.render([(tune, "X:3")], options, "made & by")] == [
        "wrote a.html"
    ]
    assert "<code>made &amp; by</code>" in Path("a.html").read_text()
    with pytest.raises(TuneError):
        list(outputs.render([], options))
    with pytest.raises(ConfigError, match="unknown instrument"):
        list(outputs.render([(tune, "")], RenderOptions(instrument="kazoo")))


def test_writes_a_page_of_four_tunes_in_five_seconds(here: Path) -> None:
    (here / "four.abc").write_text("\n".join([BOOK.split("\n\n")[0] + "\n"] * 4))
    start = time.perf_counter()
    command = [sys.executable, "-m", "seqgen", "render", "four.abc", "--html", "four.html"]
    subprocess.run(command, cwd=here, check=True, capture_output=True)
    assert time.perf_counter() - start < 5
    assert Path("four.html").read_text().count("<article") == 4


def test_tempo_applies_to_printed_tunes(seqgen: Run, book: Path) -> None:
    _, out, _ = seqgen("render", "book.abc", "--tune", "3", "--tempo", "90")
    assert "♩. = 90" in out


def test_tunes_with_the_same_error_are_counted(seqgen: Run, here: Path) -> None:
    bad = "X:{}\nM:4/4\nK:C\nABcd (11:0:0abc|\n\n"
    (here / "many").mkdir()
    (here / "many" / "bad.abc").write_text("".join(map(bad.format, range(1, 9))))
    (here / "many" / "good.abc").write_text(BOOK.split("\n\n")[0] + "\n")
    status, _, err = seqgen("render", "many", "--midi", "t.mid")
    assert status == 0
    assert [line for line in err.splitlines() if "left out" in line] == [
        "left out: 8 tunes: unreadable tuplet; the first: many/bad.abc:1, line 4, column 6"
    ]
    file = mido.MidiFile("t.mid")
    assert [m.text for t in file.tracks for m in t if m.type == "marker"] == ["The First"]


def test_left_out_parts_are_counted_by_kind(here: Path) -> None:
    tune = parse_tune("T:One\nM:4/4\nL:1/4\nK:C\nABcd|]")
    attached = Attachments("Am", decorations=("trill", "upbow", "xstem"))
    notes = tuple(note._replace(attached=attached) for note in tune.bars[0].notes)
    tune = replace(tune, bars=(replace(tune.bars[0], notes=notes),), left_out={"symbol line": 2})

    def lines(count: int, **options: Any) -> list[str]:
        notices = [
            n.text for n in outputs.render([(tune, "X:1")] * count, RenderOptions(**options))
        ]
        return [line for line in notices if not line.startswith("wrote ")]

    for_score = ["left out: 2 symbol lines", "not drawn: 4 decorations about layout"]
    for_midi = ["not played: 4 chord symbols", "not played: 4 decorations"]
    assert lines(1, score="a.svg") == for_score
    assert lines(1, midi="a.mid") == for_score[:1] + for_midi
    assert lines(1, html="a.html") == for_score + for_midi
    assert lines(2, midi="a.mid")[:2] == [
        "left out: 4 symbol lines in 2 tunes", "not played: 8 chord symbols in 2 tunes",
    ]  # fmt: skip


def test_missing_rhythms_come_from_headings_and_file_names(seqgen: Run, here: Path) -> None:
    tune = "X:{}\nT:Nameless\nM:4/4\nL:1/8\nK:C\nCDEF GABc|]\n"
    (here / "polkas.abc").write_text(f"{tune.format(1)}\n% Reels\n\n{tune.format(2)}")
    tempos = [
        {m.tempo for t in mido.MidiFile("t.mid").tracks for m in t if m.type == "set_tempo"}
        for number in ("1", "2")
        if seqgen("render", "polkas.abc", "--tune", number, "--midi", "t.mid")[0] == 0
    ]
    expected = [usual(rhythm, Meter(4, 4)) for rhythm in ("polka", "reel")]
    assert [{round(mido.tempo2bpm(t)) for t in each} for each in tempos] == [
        {round(tempo)} for tempo in expected
    ]
    assert expected[0] != expected[1]


def test_files_without_tunes_in_a_folder_are_left_out(seqgen: Run, here: Path) -> None:
    (here / "folder").mkdir()
    (here / "folder" / "inc.abc").write_text("%%staffwidth 18cm\n")
    (here / "folder" / "README.txt").write_text("Tunes of ours.\n")
    (here / "folder" / "tunes.abc").write_text(BOOK)
    status, _, err = seqgen("render", "folder", "--midi", "t.mid")
    assert status == 0
    assert "left out: folder/inc.abc" in err
    assert "left out: 1 file without tunes (folder/README.txt)" in err
