"""The wheel holds what it needs and works away from the repository."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the wheel's content, as an installation lays it out."""
    built = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = built.glob("*.whl")
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(installed, folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "seqgen", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_shipped_corpora_are_inside(installed, tmp_path):
    done = run(installed, tmp_path, "corpora", "show", "sonnets")
    assert done.stdout.startswith("1\nFrom fairest creatures we desire increase,\n"), done.stderr


def test_the_shipped_checkpoints_sample_in_any_folder(installed, tmp_path, make):
    shipped = installed / "seqgen" / "checkpoint" / "shipped"
    names = {path.parent.name for path in (ROOT / "checkpoints" / "shipped").glob("*/config.json")}
    assert {path.parent.name for path in shipped.glob("*/config.json")} == names
    assert (shipped / "recipes.toml").exists()
    make(shipped / "fox", units=(8,))  # with or without those, the way to them is tried
    before = {path: path.stat().st_mtime_ns for path in shipped.rglob("*")}
    for name in ("fox", *names):
        done = run(installed, tmp_path, "sample", name, "--count", "2", "--seed", "1")
        assert done.returncode == 0, done.stderr
        assert len(done.stdout) > 100
    assert {path: path.stat().st_mtime_ns for path in shipped.rglob("*")} == before
    assert list(tmp_path.iterdir()) == []


def test_it_is_the_wheel_that_runs(installed, tmp_path):
    code = "import seqgen; print(seqgen.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == str(installed / "seqgen" / "__init__.py")


def test_it_is_typed_and_licensed(installed):
    assert (installed / "seqgen" / "py.typed").exists()
    assert list(installed.glob("seqgen_rnn-*.dist-info/licenses/LICENSE"))
    assert not (installed / "tests").exists()


def test_the_version_needs_no_distribution_of_the_name_seqgen(monkeypatch):
    """The distribution is named seqgen-rnn."""
    from seqgen import __version__
    from seqgen.training import run as training

    asked = []

    def version(name):
        asked.append(name)
        return "1"

    monkeypatch.setattr(training.metadata, "version", version)
    assert training._versions()["seqgen"] == __version__
    assert "numpy" in asked
    assert "seqgen" not in asked
