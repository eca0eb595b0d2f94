"""The wheel is complete and works outside the repository."""

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
    """A folder with the contents of the wheel, as installed."""
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
    make(shipped / "fox", units=(8,))  # also if no checkpoints are shipped
    before = {path: path.stat().st_mtime_ns for path in shipped.rglob("*")}
    for name in ("fox", *names):
        done = run(installed, tmp_path, "sample", name, "--count", "2", "--seed", "1")
        assert done.returncode == 0, done.stderr
        assert len(done.stdout) > 100
    assert {path: path.stat().st_mtime_ns for path in shipped.rglob("*")} == before
    assert list(tmp_path.iterdir()) == []


def test_the_installed_package_is_imported(installed, tmp_path):
    code = "import seqgen; print(seqgen.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == str(installed / "seqgen" / "__init__.py")


def test_the_wheel_is_typed_and_licensed(installed):
    assert (installed / "seqgen" / "py.typed").exists()
    assert list(installed.glob("seqgen_rnn-*.dist-info/licenses/LICENSE"))
    assert not (installed / "tests").exists()


def test_the_version_does_not_depend_on_a_distribution_named_seqgen(monkeypatch):
    """The distribution is named seqgen-rnn."""
    from seqgen import __version__
    from seqgen.training import run as training

    names = []

    def version(name):
        names.append(name)
        return "1"

    monkeypatch.setattr(training.metadata, "version", version)
    assert training._versions()["seqgen"] == __version__
    assert "numpy" in names
    assert "seqgen" not in names
