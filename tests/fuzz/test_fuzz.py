"""Fuzz targets accept all stored seeds."""

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_targets_accept_all_seeds(name: str) -> None:
    seeds = sorted((CORPUS / name).iterdir())
    assert len(seeds) > 10
    for seed in seeds:
        TARGETS[name](seed.read_bytes())
