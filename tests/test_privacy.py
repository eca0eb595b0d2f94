"""No command opens a socket or writes outside the folders that docs/reference/privacy.md lists.

Each command runs in a separate process with a new home and without the user's XDG folders. strace,
if available, records its system calls; it has no network where a namespace can be created.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TUNE = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:D\n|:DEFG ABcd|dcBA GFED:|\n"
TEXT = "The river runs down to the sea, and the sea runs up to the sky.\n" * 100
WRITES = "openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat"
NETWORK = ["unshare", "--user", "--map-user=54321", "--net"]  # a user without an entry in passwd

COMMANDS = {
    "sample a text": "sample sonnets --length 20",
    "sample tunes": "sample tunes --count 1 --score a.svg --midi a.mid --html a.html",
    "render": "render tune.abc --midi a.mid --score a.svg --score a.png --score a.pdf "
    "--audio a.wav --html a.html",
    "train": "train text.txt --tokenizer subword --epochs 0.1 --units 8 --embedding 4",
    "compare": "compare text.txt --cells gru,lstm --tokenizer subword --epochs 0.1 --units 4 "
    "--plot a.png",
    "evaluate a text": "evaluate fox text.txt",
    "inspect gates": "inspect gates fox --text text.txt --plot a.png",
    "inspect neurons": "inspect neurons fox --text text.txt --html a.html",
    "list checkpoints": "checkpoints",
    "list corpora": "corpora",
}  # fmt: skip
LIBRARY = {
    "load": "import seqgen; print(''.join(seqgen.load('sonnets').generate('Shall', length=20)))",
    "validate tunes": "from seqgen.music.abc.parser import parse_tune; "
    "from seqgen.evaluation.tunes.validators.music21 import music21_agrees; "
    "abc = open('tune.abc').read(); music21_agrees(abc, parse_tune(abc))",
}


@cache
def works(*command: str) -> bool:
    return bool(shutil.which(command[0])) and (
        subprocess.run([*command, "true"], capture_output=True).returncode == 0
    )


class Machine:
    """Runs commands without network and user folders, and reads their system calls."""

    def __init__(self, folder: Path) -> None:
        self.home, self.work, self.temporary, self.trace = (
            folder / name for name in ("home", "work", "temporary", "trace")
        )
        for path in (self.home, self.work, self.temporary, self.trace):
            path.mkdir()
        (self.work / "tune.abc").write_text(TUNE)
        (self.work / "text.txt").write_text(TEXT)

    def run(self, *python: str, **environment: str) -> str:
        """Standard error of a Python process that succeeds."""
        variables = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(self.temporary),
        }  # fmt: skip
        traced, apart = works("strace", "-f"), works(*NETWORK)
        if not traced and not apart:
            pytest.skip("neither strace nor a network namespace can be used here")
        command = NETWORK if apart else []
        if traced:
            fast = ["--seccomp-bpf"] if works("strace", "-f", "--seccomp-bpf") else []
            calls = f"trace=network,{WRITES}"
            command = [
                *command, "strace", "-ff", *fast, "-qq", "-y", "-e", calls, "-e", "signal=none",
                "-o", str(self.trace / "of"),
            ]  # fmt: skip
        done = subprocess.run(
            [*command, sys.executable, *python],
            cwd=self.work, env=variables | environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stderr

    def calls(self) -> Iterator[str]:
        for file in self.trace.iterdir():
            yield from file.read_text(errors="replace").splitlines()

    def sockets(self) -> list[str]:
        """Network sockets, and all attempted connections.

        The C library connects to the local daemon nscd to find the home of a user without HOME.
        """
        return [
            call
            for call in self.calls()
            if re.match(r"socket\((?!AF_UNIX)|(connect|bind|send(to|m?msg))\(", call)
            and "/nscd/socket" not in call
        ]

    def written(self) -> set[Path]:
        """Files and folders that were opened for writing, created or renamed to."""
        paths = set()
        for call in self.calls():
            if " = -1 " in call:
                continue
            if call.startswith(("open", "creat")):
                if re.search(r"O_WRONLY|O_RDWR|O_CREAT|creat\(", call):
                    paths.add(re.search(r" = \d+<([^>]*)>", call)[1])
            elif call.startswith(("mkdir", "rename", "link", "symlink")):
                paths.add(re.findall(r'"((?:[^"\\]|\\.)*)"', call)[-1])
        return {self.work / path for path in paths if not path.startswith(("/dev/", "/proc/"))}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "train"])  # as compare does
def test_commands_open_no_socket_and_write_only_to_documented_folders(
    machine: Machine, make, name: str
) -> None:
    make(machine.work / "checkpoints" / "fox", text=TEXT)
    machine.run("-m", "seqgen", *COMMANDS[name].split(), HOME=str(machine.home))
    assert_private(machine)


@pytest.mark.slow
@pytest.mark.parametrize("code", LIBRARY.values(), ids=LIBRARY)
def test_the_library_opens_no_socket_and_writes_only_to_documented_folders(
    machine: Machine, code: str
) -> None:
    machine.run("-c", code, HOME=str(machine.home), ORT_DISABLE_TELEMETRY="0")
    assert_private(machine)


def assert_private(machine: Machine) -> None:
    assert machine.sockets() == []
    cache = machine.home / ".cache" / "seqgen"
    allowed = (machine.work, machine.temporary, cache)
    assert [
        path
        for path in machine.written()
        if path not in cache.parents and not any(path.is_relative_to(folder) for folder in allowed)
    ] == []
    files = [path for path in machine.home.rglob("*") if path.is_file()]
    assert [path for path in files if not path.is_relative_to(cache)] == []
    assert list(machine.temporary.iterdir()) == []  # temporary files are removed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("sample a text", "missing"), ("sample a text", "read-only"), ("train", "missing"),
        ("render", "missing"), ("inspect gates", "missing"), ("inspect gates", "read-only"),
    ],
)  # fmt: skip
def test_commands_work_without_a_writable_home_and_without_warnings(
    machine: Machine, make, name: str, home: str
) -> None:
    if not works(*NETWORK):
        pytest.skip("no process of a user without an entry in passwd can be started here")
    make(machine.work / "checkpoints" / "fox", text=TEXT)
    machine.home.chmod(0o555)
    environment = {"HOME": str(machine.home)} if home == "read-only" else {}
    errors = machine.run("-m", "seqgen", *COMMANDS[name].split(), **environment)
    assert "\x1b" not in errors
    assert not re.search("warn|cannot|onnxruntime|matplotlib|keras", errors, re.IGNORECASE)
    assert not list(machine.home.iterdir())
    assert not (machine.work / "~").exists()
    assert_private(machine)


def test_telemetry_is_disabled_by_any_import(machine: Machine) -> None:
    for module in (
        "seqgen",
        "seqgen.generation.engine",
        "seqgen.music.core.tune",
        "benchmarks.roofline",
    ):
        code = f"import os, {module}; assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'"
        machine.run("-c", code)
