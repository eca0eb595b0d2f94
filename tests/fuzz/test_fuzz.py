"""Every seed that fuzzing has found goes through its target."""

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_is_taken(name: str) -> None:
    seeds = sorted((CORPUS / name).iterdir())
    assert len(seeds) > 10
    for seed in seeds:
        TARGETS[name](seed.read_bytes())
