"""A seal holds for the user who set it, and for what it was set on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from seqgen.checkpoint import signature as module
from seqgen.checkpoint.signature import BYTES, secret, sign, verify

FACTS = {"format": 2, "graph": "abc", "weights": "def"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the secret lies for this test."""
    monkeypatch.setattr(module, "secret_file", lambda: tmp_path / "state" / "seqgen" / "seal")
    secret.cache_clear()
    yield tmp_path
    secret.cache_clear()


def test_it_fits_only_what_it_was_set_on(home: Path) -> None:
    own = sign(FACTS)
    assert verify(dict(reversed(FACTS.items())), own)
    assert not verify(FACTS | {"graph": "abd"}, own)
    for by in (None, "", "0" * 64, "\u00e9" * 64, "\ud800", 7, ["a"]):
        assert not verify(FACTS, by)


def test_the_secret_is_kept_and_is_the_users_alone(home: Path) -> None:
    own = sign(FACTS)
    secret.cache_clear()
    assert verify(FACTS, own)
    file = home / "state" / "seqgen" / "seal"
    assert (len(file.read_bytes()), file.stat().st_mode & 0o077) == (BYTES, 0)
    assert [each.name for each in file.parent.iterdir()] == ["seal"]
    # Another user has another.
    file.unlink()
    secret.cache_clear()
    assert not verify(FACTS, own)


@pytest.mark.parametrize("wrong", ["a file is in the way", "it was cut short"])
def test_where_no_secret_can_be_kept_nothing_is_sealed(home: Path, wrong: str) -> None:
    if wrong == "it was cut short":
        (home / "state" / "seqgen").mkdir(parents=True)
        (home / "state" / "seqgen" / "seal").write_bytes(b"short")
    else:
        (home / "state").write_text("a file")
    assert sign(FACTS) is None
    assert not verify(FACTS, None)
