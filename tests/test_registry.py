import subprocess
import sys

import pytest

from seqgen.errors import ConfigError
from seqgen.registry import Registry

BUILTIN = {"zip": "zipfile:ZipFile", "csv": "csv:reader"}


def install(folder, package, *entries, group="seqgen.things"):
    """Make an installed package of a folder on sys.path, without its modules."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *entries, ""]))


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def things():
    return Registry[object]("thing", "seqgen.things", BUILTIN)


def test_built_in_entries_keep_their_order_and_are_loaded_by_name():
    import csv

    assert things().builtin_names() == things().names() == ("zip", "csv")
    assert things().load("csv") is csv.reader
    assert "csv" in things()
    assert "nothing" not in things()


def test_unknown_names_list_the_known_ones(site):
    install(site, "other", "mine = json:loads")
    with pytest.raises(ConfigError) as caught:
        things().load("mien")
    assert all(name in str(caught.value) for name in ("zip", "csv", "mine"))


def test_an_installed_package_adds_an_entry(site):
    import json

    install(site, "other", "mine = json:loads")
    registry = things()
    assert registry.names() == ("zip", "csv", "mine")
    assert "mine" in registry
    assert registry.load("mine") is json.loads
    assert dict(registry.items())["mine"] is json.loads


def test_broken_entries_are_errors_only_on_use(site, caplog):
    install(site, "broken-package", "bad = no_such_module_at_all:Thing", "worse = json:nothing")
    registry = things()
    assert set(registry.names()) == {"zip", "csv", "bad", "worse"}
    assert [name for name, _ in registry.items()] == ["zip", "csv"]
    assert len(caplog.records) == 2
    for name in ("bad", "worse"):
        with pytest.raises(ConfigError, match="broken-package"):
            registry.load(name)


def test_a_package_cannot_replace_a_built_in_entry(site):
    import csv

    install(site, "other", "csv = json:loads")
    assert things().names() == ("zip", "csv")
    assert things().load("csv") is csv.reader


def test_two_packages_with_one_name_are_an_error(site):
    install(site, "first", "mine = json:loads")
    install(site, "second", "mine = json:dumps")
    with pytest.raises(ConfigError, match=r"(?s)(?=.*first)(?=.*second)"):
        things().load("mine")


def test_built_in_names_need_no_metadata_of_packages():
    code = (
        "import sys; from seqgen.registry import Registry; "
        f"r = Registry('thing', 'seqgen.things', {BUILTIN!r}); "
        "r.builtin_names(); 'csv' in r; r.load('csv'); "
        "sys.exit('importlib.metadata' in sys.modules or 'zipfile' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
