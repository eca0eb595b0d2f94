import bz2
import lzma
import math
import random

import pytest

from seqgen.evaluation.text import compressors

SAYING = "the sea runs up to sky and river rain comes down again no one asks it why"
CHANCE = random.Random(0)
LEARNED = " ".join(CHANCE.choice(SAYING.split()) for _ in range(4000))
TEXT = " ".join(CHANCE.choice(SAYING.split()) for _ in range(800))


def bits(text: str, before: str | None, characters: int | None = None) -> dict[str, float]:
    rows = compressors.rows(text, characters or len(text), before)
    return {row.key: row.bits_per_character.value for row in rows}


def test_the_figures_are_those_of_the_compressed_sizes() -> None:
    def xz(text: str) -> int:
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
        return 8 * len(lzma.compress(text.encode(), filters=filters))

    def bzip2(text: str) -> int:
        return 8 * len(bz2.compress(text.encode(), compresslevel=9))

    assert bits(TEXT, LEARNED) == pytest.approx(
        {
            "xz": (xz(LEARNED + TEXT) - xz(LEARNED)) / len(TEXT),
            "xz_alone": xz(TEXT) / len(TEXT),
            "bzip2": (bzip2(LEARNED + TEXT) - bzip2(LEARNED)) / len(TEXT),
            "bzip2_alone": bzip2(TEXT) / len(TEXT),
        }
    )
    assert bits(TEXT, LEARNED)["xz"] < bits(TEXT, LEARNED)["xz_alone"]


def test_a_row_tells_nats_of_characters_and_none_of_tokens() -> None:
    row = next(iter(compressors.rows(TEXT, 2 * len(TEXT), None)))
    assert row.nats_per_token is None
    assert row.perplexity is None
    assert row.nats_per_character.value == pytest.approx(row.bits_per_character.value * math.log(2))
    assert row.bits_per_character.value == pytest.approx(bits(TEXT, None)["xz_alone"] / 2)


def test_without_a_training_part_they_read_the_text_alone() -> None:
    assert set(bits(TEXT, None)) == {"xz_alone", "bzip2_alone"}


def test_xz_remembers_what_lies_far_back() -> None:
    chance = random.Random(1)
    noise = "".join(chance.choices("abcdefghij", k=1_500_000))
    found = bits(TEXT, TEXT + noise)
    assert found["xz"] < 0.15 < 1 < found["bzip2"]


def test_bzip2_reads_what_shares_a_block_with_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressors, "BZIP2_BYTES", len(TEXT) + 1000)
    rows = {row.key: row for row in compressors.rows(TEXT, len(TEXT), LEARNED)}
    assert "1 kB" in rows["bzip2"].note
    assert "kB" not in rows["xz"].note
    monkeypatch.setattr(compressors, "BZIP2_BYTES", len(TEXT))
    assert "bzip2" not in bits(TEXT, LEARNED)


def test_of_a_few_words_they_tell_nothing() -> None:
    assert bits("To be, or not to be", LEARNED) == {}


def test_any_character_can_be_compressed() -> None:
    assert bits("é東\ud800" * 400, "é東\ud800")["xz"] < 4
