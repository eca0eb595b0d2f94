import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.config.options import SamplingOptions
from seqgen.errors import ConfigError
from seqgen.generation import TextGenerator, load
from seqgen.generation.loops import (
    CHECK_EVERY,
    CHECK_EVERY_TO_AVOID,
    MAX_PERIOD,
    MIN_PERIOD,
    REPEATS,
    AvoidLoops,
    LoopDetector,
    find_period,
    prefix_tokens,
    repeated_length,
)

VERSE = "The river runs down to the sea, and the sea runs up. "


def detect(text: str, pieces: int = 1, every: int = CHECK_EVERY) -> LoopDetector:
    """Push a text to a detector, several characters at a time, up to the first loop."""
    detector = LoopDetector(every)
    for begin in range(0, len(text), pieces):
        detector.push(text[begin : begin + pieces])
        if detector.looping:
            break
    return detector


@pytest.mark.parametrize("pieces", [1, 5, 30])
@pytest.mark.parametrize(
    "passage",
    ["x", "ha ", VERSE, VERSE * 2 + "Then it rains. ", "".join(map(chr, range(100, 4100)))],
    ids=len,
)
def test_three_repetitions_are_a_loop(passage: str, pieces: int) -> None:
    before = "Once upon a time. "
    detector = detect(before + passage * (6 + 3 * MIN_PERIOD // len(passage)), pieces)
    assert detector.looping
    assert len(detector.passage) >= MIN_PERIOD
    assert detector.passage in passage * (2 + MIN_PERIOD // len(passage))


def test_repetitions_within_the_passage_do_not_hide_the_loop() -> None:
    """A verse with a repeated refrain: its latest occurrence is not one period back."""
    other = "Nobody asks it why, and nobody ever will answer. "
    assert detect((VERSE + other + VERSE + "So it goes on and on. ") * 5).looping


@pytest.mark.parametrize(
    "text",
    [
        VERSE + VERSE + "And so on. " * 3,  # twice, and a short passage three times
        "-" * (3 * MIN_PERIOD - 1),
        "".join(f"{VERSE}{number}. " for number in range(99)),
        "".join(random.Random(0).choices("abcd ", k=20_000)),
        "".join(map(chr, range(100, MAX_PERIOD + 109))) * 3,  # longer than the maximum period
    ],
    ids=["twice", "short", "counted", "random", "long"],
)
def test_other_texts_are_not_loops(text: str) -> None:
    assert not detect(text).looping


@settings(deadline=None)
@given(st.text("ab", max_size=6), st.text("abc", min_size=1, max_size=9), st.integers(1, 60))
def test_periods_and_runs_follow_their_definition(before, passage, times) -> None:
    text = before + passage * times
    period = find_period(text)
    periods = [
        n
        for n in range(MIN_PERIOD, len(text) // 2 + 1)
        if text[-n:] == text[-2 * n : len(text) - n]
    ]
    assert (period in periods) if periods else period == 0
    if period:
        run = repeated_length(text, period)
        assert all(text[-k] == text[-k - period] for k in range(1, run - period + 1))
        assert run == len(text) or text[-run - 1] != text[-run - 1 + period]


def test_memory_is_bounded() -> None:
    detector = LoopDetector()
    random_text = random.Random(1)
    for _ in range(3000):
        detector.push("".join(random_text.choices("abcdef", k=100)))
    assert len(detector._text) <= 2 * (REPEATS + 1) * MAX_PERIOD + CHECK_EVERY


def test_the_third_repetition_is_masked() -> None:
    letters = ["", *sorted(set(VERSE))]
    detectors = {7: LoopDetector(CHECK_EVERY_TO_AVOID)}
    avoid = AvoidLoops(detectors, letters)
    generated = ""
    for _ in range(9 * len(VERSE)):
        logits_1V = np.zeros((1, len(letters)), np.float32)
        next_id = letters.index(VERSE[len(generated) % len(VERSE)])
        logits_1V[0, next_id] = 9
        logits_1V[0, 0] = -np.inf
        id = int(avoid.process([7], logits_1V)[0].argmax())
        if id != next_id:
            break
        generated += letters[id]
        detectors[7].push(letters[id])
    assert 2 * len(VERSE) < len(generated) < 3 * len(VERSE)
    assert not detectors[7].looping


def test_the_only_possible_token_is_not_masked() -> None:
    detector = LoopDetector(CHECK_EVERY_TO_AVOID)
    detector.push("x" * 200)
    logits_1V = np.array([[-np.inf, 1.0]], np.float32)
    np.testing.assert_array_equal(
        AvoidLoops({0: detector}, ["", "x"]).process([0], logits_1V), logits_1V
    )


def test_prefix_tokens() -> None:
    assert prefix_tokens(["", "a", "ab", "b", "abcd"], "abc").tolist() == [1, 2]
    assert prefix_tokens([b"", b"\xc3", b"\xc3\xa9", b"e"], "é").tolist() == [1, 2]


@pytest.fixture
def monotonous(make: Callable[..., Path], tmp_path: Path) -> TextGenerator:
    """A model that almost always generates the same letter."""
    return load(make(tmp_path / "x", scale=0.01, bias={"x": 6.0}))


def test_repetitive_samples_end(monotonous: TextGenerator) -> None:
    text = "".join(monotonous.generate(length=2000, temperature=0.0))
    assert set(text) == {"x"}
    assert REPEATS * MIN_PERIOD <= len(text) <= REPEATS * MIN_PERIOD + CHECK_EVERY
    (loop,) = monotonous.loops
    assert (loop.sample, loop.passage) == (0, "x" * MIN_PERIOD)


def test_samples_end_independently(monotonous: TextGenerator) -> None:
    options = SamplingOptions(length=900, count=3, seed=1, temperature=1.0)
    texts = ["", "", ""]
    for index, text in monotonous.pieces("", options):
        texts[index] += text
    ended = {loop.sample for loop in monotonous.loops}
    assert ended == {index for index, text in enumerate(texts) if len(text) < 900}
    assert all(texts[index].endswith("x" * REPEATS * MIN_PERIOD) for index in ended)
    "".join(monotonous.generate(length=9, seed=1))
    assert monotonous.loops == []


@pytest.mark.parametrize("count", [1, 3])
def test_loops_false_avoids_repetition(monotonous: TextGenerator, count: int) -> None:
    options = SamplingOptions(length=1000, count=count, temperature=0.0, loops=False)
    texts = [""] * count
    for index, text in monotonous.pieces("", options):
        texts[index] += text
    assert monotonous.loops == []
    for text in texts:
        assert len(text) == 1000
        assert "x" * REPEATS * MIN_PERIOD not in text
        assert "x" * 2 * MIN_PERIOD in text


def test_subwords_of_several_bytes_are_avoided_too(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    text = "é東" * 400 + "ab" * 30
    path = make(tmp_path / "x", tokens="subword", text=text, scale=0.3)
    for seed in range(3):
        generated = "".join(
            load(path).generate("é", length=900, temperature=0.0, loops=False, seed=seed)
        )
        assert not detect(generated).looping


def test_loops_is_refused_for_tunes(tune_checkpoint: Path) -> None:
    with pytest.raises(ConfigError, match="`loops=False`"):
        load(tune_checkpoint).generate(loops=False)
