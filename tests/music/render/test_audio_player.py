import sys
from pathlib import Path

import pytest

from seqgen.errors import SeqgenError
from seqgen.music.render.audio_player import HOW, PLAYERS, find_player, play


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that alone is searched for programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, code: str) -> Path:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\n{code}\n")
    path.chmod(0o755)
    return path


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs are scripts here")


def test_the_first_available_player_plays_the_file(programs: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    program(programs, "cvlc", "sys.exit(3)")
    program(programs, "aplay", f"open({str(log)!r}, 'w').write(' '.join(sys.argv[1:]))")
    player = find_player()
    assert player == (str(programs / "aplay"), "-q")
    play(tmp_path / "a tune.wav", player)
    assert log.read_text() == f"-q {tmp_path / 'a tune.wav'}"


def test_without_a_player_the_error_names_some(programs: Path) -> None:
    assert find_player() is None
    for command in PLAYERS:
        assert command[0] in HOW
    assert "audio=FILE.wav" in HOW


def test_a_player_that_fails_is_quoted(programs: Path, tmp_path: Path) -> None:
    path = program(programs, "aplay", "sys.exit('no sound card')")
    with pytest.raises(SeqgenError, match="aplay could not play the sound: no sound card"):
        play(tmp_path / "x.wav", [str(path)])
