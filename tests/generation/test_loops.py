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


def watched(text: str, pieces: int = 1, every: int = CHECK_EVERY) -> LoopDetector:
    """A watch that saw a text, so many characters at a time, as far as it finds no loop."""
    watch = LoopDetector(every)
    for begin in range(0, len(text), pieces):
        watch.push(text[begin : begin + pieces])
        if watch.looping:
            break
    return watch


@pytest.mark.parametrize("pieces", [1, 5, 30])
@pytest.mark.parametrize(
    "passage",
    ["x", "ha ", VERSE, VERSE * 2 + "Then it rains. ", "".join(map(chr, range(100, 4100)))],
    ids=len,
)
def test_a_passage_three_times_is_a_loop(passage: str, pieces: int) -> None:
    before = "Once upon a time. "
    watch = watched(before + passage * (6 + 3 * MIN_PERIOD // len(passage)), pieces)
    assert watch.looping
    assert len(watch.passage) >= MIN_PERIOD
    assert watch.passage in passage * (2 + MIN_PERIOD // len(passage))


def test_what_is_repeated_within_a_passage_hides_no_loop() -> None:
    """A verse whose refrain comes twice: the latest place of its words is not a period before."""
    other = "Nobody asks it why, and nobody ever will answer. "
    assert watched((VERSE + other + VERSE + "So it goes on and on. ") * 5).looping


@pytest.mark.parametrize(
    "text",
    [
        VERSE + VERSE + "And so on. " * 3,  # twice is none, nor is a short one three times
        "-" * (3 * MIN_PERIOD - 1),
        "".join(f"{VERSE}{number}. " for number in range(99)),
        "".join(random.Random(0).choices("abcd ", k=20_000)),
        "".join(map(chr, range(100, MAX_PERIOD + 109))) * 3,  # too long to be looked for
    ],
    ids=["twice", "short", "counted", "random", "long"],
)
def test_other_text_is_none(text: str) -> None:
    assert not watched(text).looping


@settings(deadline=None)
@given(st.text("ab", max_size=6), st.text("abc", min_size=1, max_size=9), st.integers(1, 60))
def test_periods_and_runs_are_those_of_their_definition(before, passage, times) -> None:
    text = before + passage * times
    period = find_period(text)
    holds = [
        n
        for n in range(MIN_PERIOD, len(text) // 2 + 1)
        if text[-n:] == text[-2 * n : len(text) - n]
    ]
    assert (period in holds) if holds else period == 0
    if period:
        run = repeated_length(text, period)
        assert all(text[-k] == text[-k - period] for k in range(1, run - period + 1))
        assert run == len(text) or text[-run - 1] != text[-run - 1 + period]


def test_memory_is_bounded() -> None:
    watch = LoopDetector()
    random_text = random.Random(1)
    for _ in range(3000):
        watch.push("".join(random_text.choices("abcdef", k=100)))
    assert len(watch._text) <= 2 * (REPEATS + 1) * MAX_PERIOD + CHECK_EVERY


def test_the_third_time_is_masked() -> None:
    letters = ["", *sorted(set(VERSE))]
    watches = {7: LoopDetector(CHECK_EVERY_TO_AVOID)}
    avoid = AvoidLoops(watches, letters)
    written = ""
    for _ in range(9 * len(VERSE)):
        logits_1V = np.zeros((1, len(letters)), np.float32)
        wanted = letters.index(VERSE[len(written) % len(VERSE)])
        logits_1V[0, wanted] = 9
        logits_1V[0, 0] = -np.inf
        id = int(avoid.process([7], logits_1V)[0].argmax())
        if id != wanted:
            break
        written += letters[id]
        watches[7].push(letters[id])
    assert 2 * len(VERSE) < len(written) < 3 * len(VERSE)
    assert not watches[7].looping


def test_where_nothing_else_may_come_nothing_is_masked() -> None:
    watch = LoopDetector(CHECK_EVERY_TO_AVOID)
    watch.push("x" * 200)
    logits_1V = np.array([[-np.inf, 1.0]], np.float32)
    np.testing.assert_array_equal(
        AvoidLoops({0: watch}, ["", "x"]).process([0], logits_1V), logits_1V
    )


def test_tokens_that_a_text_begins_with() -> None:
    assert prefix_tokens(["", "a", "ab", "b", "abcd"], "abc").tolist() == [1, 2]
    assert prefix_tokens([b"", b"\xc3", b"\xc3\xa9", b"e"], "é").tolist() == [1, 2]


@pytest.fixture
def monotonous(make: Callable[..., Path], tmp_path: Path) -> TextGenerator:
    """A model that writes one letter for ever, or hardly ever another one."""
    return load(make(tmp_path / "x", scale=0.01, bias={"x": 6.0}))


def test_a_sample_that_repeats_itself_ends(monotonous: TextGenerator) -> None:
    text = "".join(monotonous.generate(length=2000, temperature=0.0))
    assert set(text) == {"x"}
    assert REPEATS * MIN_PERIOD <= len(text) <= REPEATS * MIN_PERIOD + CHECK_EVERY
    (loop,) = monotonous.loops
    assert (loop.sample, loop.passage) == (0, "x" * MIN_PERIOD)


def test_each_of_several_samples_ends_by_itself(monotonous: TextGenerator) -> None:
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
def test_without_loops_it_goes_on_with_something_else(
    monotonous: TextGenerator, count: int
) -> None:
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
        written = "".join(
            load(path).generate("é", length=900, temperature=0.0, loops=False, seed=seed)
        )
        assert not watched(written).looping


def test_it_is_an_option_of_text(tune_checkpoint: Path) -> None:
    with pytest.raises(ConfigError, match="`loops=False`"):
        load(tune_checkpoint).generate(loops=False)
