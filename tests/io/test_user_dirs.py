"""The cache folder follows the XDG variable, and a user without a home has none."""

from pathlib import Path

import pytest

from seqgen.data.corpora.fetch import fetch
from seqgen.data.corpora.registry import get_entry
from seqgen.errors import CorpusError
from seqgen.io.user_dirs import cache_folder


def test_the_cache_folder_follows_xdg_cache_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert cache_folder() == tmp_path / "c" / "seqgen"
    assert list(tmp_path.iterdir()) == []  # it is not created


@pytest.mark.parametrize("failure", ["a path that begins with ~", "an error"])
def test_a_user_without_a_home_has_no_cache_folder(
    monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    def nowhere(*_: object, **__: object) -> Path:
        if failure == "an error":
            raise RuntimeError("no home")
        return Path("~/.cache/seqgen")

    monkeypatch.delenv("SEQGEN_CORPORA", raising=False)
    monkeypatch.setattr("platformdirs.user_cache_path", nowhere)
    assert cache_folder() is None
    with pytest.raises(CorpusError, match="HOME"):
        fetch(get_entry("tinyshakespeare"))
