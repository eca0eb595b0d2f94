"""How a batch is split over the cores."""

from seqgen.stack import backend


def test_the_parts_are_equal_and_none_too_small(monkeypatch):
    monkeypatch.setattr(backend, "cores", lambda: 4)
    assert [backend.shards(batch) for batch in (1, 7, 8, 16, 17, 24, 32, 64)] == [
        1, 1, 1, 2, 1, 3, 4, 4,
    ]  # fmt: skip
