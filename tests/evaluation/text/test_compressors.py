import bz2
import lzma
import math
import random

import pytest

from seqgen.evaluation.text import compressors

WORDS = "the sea runs up to sky and river rain comes down again no one asks it why"
RNG = random.Random(0)
TRAINING = " ".join(RNG.choice(WORDS.split()) for _ in range(4000))
TEXT = " ".join(RNG.choice(WORDS.split()) for _ in range(800))


def bits(text: str, before: str | None, characters: int | None = None) -> dict[str, float]:
    rows = compressors.rows(text, characters or len(text), before)
    return {row.key: row.bits_per_character.value for row in rows}


@pytest.mark.slow
def test_figures_follow_from_compressed_sizes() -> None:
    def xz(text: str) -> int:
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
        return 8 * len(lzma.compress(text.encode(), filters=filters))

    def bzip2(text: str) -> int:
        return 8 * len(bz2.compress(text.encode(), compresslevel=9))

    assert bits(TEXT, TRAINING) == pytest.approx(
        {
            "xz": (xz(TRAINING + TEXT) - xz(TRAINING)) / len(TEXT),
            "xz_alone": xz(TEXT) / len(TEXT),
            "bzip2": (bzip2(TRAINING + TEXT) - bzip2(TRAINING)) / len(TEXT),
            "bzip2_alone": bzip2(TEXT) / len(TEXT),
        }
    )
    assert bits(TEXT, TRAINING)["xz"] < bits(TEXT, TRAINING)["xz_alone"]


def test_rows_have_figures_per_character_only() -> None:
    row = next(iter(compressors.rows(TEXT, 2 * len(TEXT), None)))
    assert row.nats_per_token is None
    assert row.perplexity is None
    assert row.nats_per_character.value == pytest.approx(row.bits_per_character.value * math.log(2))
    assert row.bits_per_character.value == pytest.approx(bits(TEXT, None)["xz_alone"] / 2)


def test_without_training_data_only_the_text_is_compressed() -> None:
    assert set(bits(TEXT, None)) == {"xz_alone", "bzip2_alone"}


@pytest.mark.slow
def test_xz_finds_distant_repetitions() -> None:
    rng = random.Random(1)
    noise = "".join(rng.choices("abcdefghij", k=1_500_000))
    result = bits(TEXT, TEXT + noise)
    assert result["xz"] < 0.15 < 1 < result["bzip2"]


def test_bzip2_uses_training_data_within_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressors, "BZIP2_BYTES", len(TEXT) + 1000)
    rows = {row.key: row for row in compressors.rows(TEXT, len(TEXT), TRAINING)}
    assert "1 kB" in rows["bzip2"].note
    assert "kB" not in rows["xz"].note
    monkeypatch.setattr(compressors, "BZIP2_BYTES", len(TEXT))
    assert "bzip2" not in bits(TEXT, TRAINING)


def test_short_texts_have_no_rows() -> None:
    assert bits("To be, or not to be", TRAINING) == {}


def test_any_character_can_be_compressed() -> None:
    assert bits("é東\ud800" * 400, "é東\ud800")["xz"] < 4
