"""Every command and every Python example of the README, the tutorials and the guides runs.

The commands of a page run in its order in one folder, in this process, which loads TensorFlow once.
Training is shortened: another budget, fewer units, smaller corpora.
"""

import contextlib
import io
import itertools
import os
import re
import shlex
import subprocess
import sys
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from seqgen.cli import app
from seqgen.comparison import runner, worker
from tests.docs.pages import DOCS, PAGES, ROOT, Block, blocks, name_of

RIVER = "The river runs down to the sea, and the sea runs up to the sky;\n"
REELS = "".join(
    f"X:{number}\nT:Reel {number}\nR:reel\nM:4/4\nL:1/8\nK:D\n"
    f"|:{a}2CE GEcB|{b}GEG C4:||:cBAG FEDC|B,2D2 C4:|\n\n"
    for number, (a, b) in enumerate(((a, b) for a in "CDEFGA" for b in "GABcd"), start=1)
)
# The files that the pages call the reader's own, and a smaller corpus.
FILES = {
    "poems.txt": RIVER * 60,
    "latin.txt": "Café “quoted” prose.\n" * 60,
    "names.txt": "".join(f"{a}{b}{c}\n" for a in "BCDFG" for b in "aeiou" for c in ("n", "ra")) * 2,
    "songs.txt": "\n---\n".join(f"Song {n}\n{RIVER}" for n in range(30)) + "\n",
    "songs/one.txt": RIVER * 30,
    "songs/two.txt": RIVER * 30,
    "start.txt": "ROMEO:",
    "mine.abc": REELS,
    "few-sonnets.txt": (ROOT / "corpora" / "sonnets.txt").read_text(encoding="utf-8")[:8000],
}
# Commands that say what seqgen rejects.
REJECTED = ("A2d dAF|G2B B|A2d",)
# Commands that set up the machine; test_wheel.py installs the package.
SET_UP = ("pip install ", "git clone ")
# Other corpora that are quicker to read, by command.
SMALLER = {
    "train": {"oneills": "mine.abc", "tunes": "mine.abc", "sonnets": "few-sonnets.txt"},
    "compare": {"sonnets": "poems.txt"},
}
# Values of a short run.
SHORT = {"--units": "8", "--count": "2", "--samples": "1", "--characters": "500", "--steps": "5"}
WRITES = ("--html", "--score", "--midi", "--audio", "--output", "--plot")

# The source of a cell, which test_documented.py compares with its file.
SHOWN = {(ROOT / "seqgen" / "models" / "cells" / "mingru.py").read_text(encoding="utf-8")}

GUIDES = [
    page
    for page in PAGES
    if (page == ROOT / "README.md" or page.parent.name in ("tutorials", "how-to"))
    and any(b.commands() or b.language == "python" or b.title for b in blocks(page))
]


class Reader:
    """Follows a page."""

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        self.patched = patched
        self.epochs = 0.2
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def follow(self, block: Block) -> None:
        """Do what a code block says."""
        if block.title:
            Path(block.title).write_text(block.code, encoding="utf-8")
        elif block.language == "python" and block.code not in SHOWN:
            exec(compile(shortened_code(block.code), "<docs>", "exec"), self.names)
        for command in block.commands():
            self.run(command)

    def run(self, command: str) -> None:
        if command == "pip install ." and Path("pyproject.toml").exists():
            self.install()
        if command.startswith(SET_UP):
            return
        if command.startswith("make "):
            subprocess.run(["make", "-n", command[5:]], cwd=ROOT, check=True, capture_output=True)
            return
        words = shlex.split(command)
        if "|" in words:
            run_in_shell(command)
            return
        assert words[0] == "seqgen", command
        if words[1:3] == ["evaluate", "tunes"] and not Path("checkpoints/tunes").exists():
            # The model that comes with seqgen is compared with all books that it was trained on.
            self.run("seqgen train tunes")
        if words[1:2] == ["compare"] and "--dry-run" not in words:
            # Check all options; then fewer networks are trained.
            self.run(re.sub(r" --plot \S+", "", command) + " --dry-run")
        words = self.shortened(words[1:])
        expected = 2 if any(rejected in words for rejected in REJECTED) else 0
        status, errors = run_here(words)
        assert (status != 0) == (expected != 0), (command, words, errors)
        for option, value in itertools.pairwise(words):
            if option in WRITES and not expected:
                path = Path(value)
                assert list(path.parent.glob(f"{path.stem}*{path.suffix}")), (command, value)

    def install(self) -> None:
        """Make the entry points of the project in this folder known, as pip does."""
        project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
        info = Path(f"{project['name'].replace('-', '_')}-{project['version']}.dist-info")
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        )
        lines = []
        for group, entries in project["entry-points"].items():
            lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        self.patched.syspath_prepend(Path.cwd())

    def shortened(self, words: list[str]) -> list[str]:
        """The command with a small budget."""
        trains = words[0] in ("train", "compare") and "--dry-run" not in words
        short = []
        for before, word in zip(["", *words], words, strict=False):
            budget = ("--minutes", "--epochs", "--token-budget", "--preset", "--patience")
            if trains and (word in budget or before in budget):
                continue
            word = SHORT.get(before, word) if word != before else word
            if trains and words[0] == "compare" and before.startswith("--"):
                word = ",".join(word.split(",")[: 2 if before == "--cells" else 1])
            short.append(word)
        if words[0] in SMALLER and words[1] in SMALLER[words[0]]:
            short[1:2] = [SMALLER[words[0]][words[1]], "--name", words[1]]
        if words[0] == "inspect" and words[2] == "gradients":
            short += ["--streams", "4"] + ([] if "--steps" in words else ["--steps", "5"])
        elif words[0] == "inspect":
            short += ["--characters", "500"]
        if words[:2] == ["corpora", "show"]:
            short[2] = SMALLER["train"].get(words[2], words[2])
        if trains:
            self.epochs += 0.2 * ("--resume" in words)
            short += ["--epochs", f"{self.epochs:.2f}"]
            if "--units" not in short and "--resume" not in short:
                short += ["--units", "8"]
        return short


def shortened_code(code: str) -> str:
    code = re.sub(r"minutes=\d+", "epochs=0.02", code)
    code = re.sub(r'"epochs": [\d.]+', '"epochs": 0.02, "units": (8,)', code)
    code = re.sub(r"epochs=\d+(?!\.)\b", "epochs=0.5", code)
    return code.replace("units=(256,)", "units=(8,)")


def run_here(words: list[str]) -> tuple[object, str]:
    """The exit status and the error output of `seqgen` in this process."""
    output, errors = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["seqgen", *words])
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            try:
                app.main()
            except SystemExit as end:
                return end.code or 0, errors.getvalue()
    return 0, errors.getvalue()


def run_in_shell(command: str) -> None:
    """A pipeline, with this Python's `seqgen` in place of the one that is installed."""
    script = f'seqgen() {{ {shlex.quote(sys.executable)} -m seqgen "$@"; }}\n{command}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stderr)
    assert done.stdout, command


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_the_commands_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tf: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runner, "compare", partial(runner.compare, train=worker.resume_or_start))
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="cp1252" if name == "latin.txt" else "utf-8")
    reader = Reader(monkeypatch)
    for block in blocks(page):
        reader.follow(block)


def test_each_page_of_the_guides_is_followed() -> None:
    assert {page.name for page in GUIDES} >= {"README.md", "first-text-model.md", "first-tunes.md"}
    guides = {p for p in DOCS.rglob("*.md") if p.parent.name in ("tutorials", "how-to")}
    # It names fields and functions to write in files of the package, and no command.
    assert {page.name for page in guides - set(GUIDES)} == {"add-a-metric.md"}
