import os
import subprocess
import sys
from inspect import cleandoc
from pathlib import Path

import pytest

from seqgen import __version__
from seqgen.cli import app
from seqgen.errors import ConfigError, CorpusError
from tests.cli.processes import HEAVY, run_and_list_imports


def test_help_names_the_commands_and_loads_nothing_heavy() -> None:
    out, _, modules = run_and_list_imports("--help")
    assert not modules & (HEAVY | {"onnx", "onnxruntime"})
    for word in ("train", "sample", "checkpoints", "corpora"):
        assert word in out


@pytest.mark.parametrize("name", app.COMMANDS)
def test_command_help_begins_with_the_summary_of_the_list(name: str) -> None:
    help_ = app.import_command(name).help
    assert cleandoc(help_).split("\n")[0] == app.COMMANDS[name]


def test_commands_do_not_import_others() -> None:
    _, _, modules = run_and_list_imports("sample", "--help")
    assert [name for name in app.COMMANDS if f"seqgen.cli.{name}" in modules] == ["sample"]


def test_version_lists_dependencies() -> None:
    command = [sys.executable, "-m", "seqgen", "--version"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0
    assert f"seqgen {__version__}\n" in done.stdout
    for name in ("tensorflow", "keras", "onnxruntime", "numpy", "tokenizers", "music21", "Python"):
        assert f"\n{name} " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("sample", "none"), 1, "there is no checkpoint 'none'"),
        (("sample", "none", "--temperature", "-1"), 2, "--temperature: -1.0 is too small"),
        (("sample", "none", "--top-p", "0"), 2, "--top-p: 0.0 is too small"),
        (("sample",), 2, "Missing argument"),
        (("smaple",), 2, "unknown command 'smaple'; did you mean sample? (known: checkpoints,"),
        (("inspect", "fox", "neurns"), 2, "unknown command 'neurns'; did you mean neurons?"),
        (("inspect", "neurns", "fox"), 2, "unknown command 'neurns'; did you mean neurons?"),
        (("checkpoints", "exprt"), 2, "unknown command 'exprt'; did you mean export?"),
        (("sample", "fox", "--tmeperature", "1"), 2, "--temperature"),
    ],
)
def test_usage_errors_have_a_message_and_status(
    tmp_path: Path, monkeypatch, capfd, arguments: tuple[str, ...], status: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["seqgen", *arguments])
    with pytest.raises(SystemExit) as end:
        app.main()
    assert end.value.code == status
    out, err = capfd.readouterr()
    assert out == ""
    assert message in err


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (ConfigError("wrong [bold]word[/bold]"), 2, "error: wrong [bold]word[/bold]\n"),
        (CorpusError("no text"), 1, "error: no text\n"),
        (MemoryError(), 1, "error: out of memory"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 1, ""),
    ],
)
def test_exceptions_become_a_message_and_status(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    message: str,
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(app, "app", fail)
    with pytest.raises(SystemExit) as end:
        app.main()
    assert end.value.code == status
    assert message in capsys.readouterr().err


def test_the_shell_completes_checkpoints(checkpoint: Path) -> None:
    environment = os.environ | {
        "_SEQGEN_COMPLETE": "complete_bash", "COMP_CWORD": "2", "COMP_WORDS": "seqgen sample f",
    }  # fmt: skip
    code = "from seqgen.cli.app import app; app(prog_name='seqgen')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=checkpoint.parents[1],
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["fox"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("sample", "fox", "--length", "5"),
        ("sample", "fox", "--length", "9000"),
        ("corpora",),
        ("checkpoints", "show", "fox"),
        ("--help",),
    ],
)
def test_full_standard_output_is_reported(
    checkpoint: Path, arguments: tuple[str, ...], unbuffered: str
) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "seqgen", *arguments], cwd=checkpoint.parents[1],
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert done.stderr == "error: cannot write to standard output: No space left on device\n"
    assert done.returncode == 1


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        ("corpora >&-", 1, "cannot write to standard output: Bad file descriptor"),
        ("sample fox --length 5 >&-", 1, "cannot write to standard output: Bad file descriptor"),
        ("sample fox --prompt - <&-", 2, "cannot read standard input: Bad file descriptor"),
        ("train - <&-", 1, "standard input: cannot be read: Bad file descriptor"),
    ],
)
def test_closed_standard_streams_are_reported(
    checkpoint: Path, command: str, status: int, message: str
) -> None:
    done = subprocess.run(
        f"exec '{sys.executable}' -m seqgen {command}", shell=True, cwd=checkpoint.parents[1],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert done.stderr.endswith(f"{message}\n")
    assert "Traceback" not in done.stderr
    assert done.returncode == status


def test_an_interrupt_during_imports_has_no_traceback() -> None:
    code = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'seqgen.cli.app':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from seqgen.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "")
