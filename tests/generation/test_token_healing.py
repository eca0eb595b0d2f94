from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.config.options import SamplingOptions
from seqgen.data import tokenizers
from seqgen.data.tokenizers.base import Tokenizer
from seqgen.errors import TokenError
from seqgen.generation import load
from seqgen.generation.text_sample import TextSample
from seqgen.generation.token_healing import TokenHealing

TEXT = "The king and the kingdom. The kind queen, it's 3.14 or 1,000; naïve été कि — 東京!\n" * 30


@cache
def train(kind: str) -> Tokenizer:
    return tokenizers.train(kind, [TEXT])


@pytest.mark.parametrize(
    ("kind", "text", "unfinished"),
    [
        ("word", "The kin", " kin"),
        ("word", "The king", " king"),
        ("word", "kin", "kin"),
        ("word", "The ", " "),
        ("word", "the queen,", ","),
        ("word", "it'", "it'"),
        ("word", "or 3.", " 3."),
        ("word", "The king\n", ""),
        ("word", "", ""),
        ("word", "a" * 600, ""),
        ("subword", "The kin", " kin"),
        ("subword", "kin", "kin"),
        ("subword", "The ", " "),
        ("subword", "the queen,", ","),
        ("subword", "été", "été"),
        ("char", "The kin", ""),
    ],
)
def test_unfinished_is_the_last_incomplete_token(kind: str, text: str, unfinished: str) -> None:
    assert train(kind).unfinished(text) == unfinished


@pytest.mark.parametrize("kind", ["word", "subword"])
@settings(deadline=None)
@given(st.text(st.sampled_from(TEXT), max_size=30), st.text(st.sampled_from(TEXT), max_size=6))
def test_remaining_tokens_do_not_depend_on_what_follows(kind: str, text: str, more: str) -> None:
    tokenizer = train(kind)
    rest = text.removesuffix(tokenizer.unfinished(text))
    ids = tokenizer.encode(rest).tolist()
    assert tokenizer.encode(text + more).tolist()[: len(ids)] == ids


@pytest.mark.parametrize("kind", ["word", "subword"])
def test_only_tokens_that_complete_the_text_are_allowed(kind: str) -> None:
    tokenizer = train(kind)
    heal = TokenHealing(tokenizer.contents, " kin", [4, 9])
    logits_2V = np.zeros((2, tokenizer.size), np.float32)
    allowed = np.isfinite(heal.process([4, 9], logits_2V))[0]
    pieces = {tokenizer.decode([id]) for id in np.flatnonzero(allowed).tolist()}
    assert {" ", " king", " kingdom", " kind"} <= pieces
    assert all(" kin".startswith(piece) or piece.startswith(" kin") for piece in pieces)
    (space,), (king,) = tokenizer.encode(" "), tokenizer.encode(" king")
    heal.accept([4, 9], np.array([space, king]))
    masked_2V = heal.process([4, 9], logits_2V)
    assert np.isfinite(masked_2V[1]).all()
    pieces_after_space = {
        tokenizer.decode([id]) for id in np.flatnonzero(np.isfinite(masked_2V[0])).tolist()
    }
    assert "k" in pieces_after_space
    assert all("kin".startswith(piece) or piece.startswith("kin") for piece in pieces_after_space)


def make_biased(make: Callable[..., Path], path: Path, kind: str, **pieces: float) -> Path:
    """A checkpoint that mostly generates certain tokens."""
    return make(path, tokens=kind, text=TEXT, scale=0.01, bias={"*": 0.0, **pieces})


@pytest.mark.parametrize("kind", ["word", "subword"])
def test_a_prompt_that_ends_within_a_word_is_completed(
    make: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    path = make_biased(make, tmp_path / "x", kind, **{" king": 9.0})
    output = "".join(load(path).generate("The kin", length=1, seed=0))
    assert output == "g"


@pytest.mark.parametrize("kind", ["word", "subword"])
@settings(deadline=None)
@given(st.text(st.sampled_from(TEXT), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_samples_continue_the_prompt(kind: str, prompt: str, random: Any) -> None:
    """The output is the decoded text without the prompt."""
    tokenizer = train(kind)
    unfinished = tokenizer.unfinished(prompt)
    heal = TokenHealing(tokenizer.contents, unfinished, [0] if unfinished else [])
    sample = TextSample(0, tokenizer, SamplingOptions(), 9, given=unfinished)
    ids, output = [], ""
    while not sample.done:
        logits_1V = heal.process([0], np.zeros((1, tokenizer.size), np.float32))
        id = random.choice(np.flatnonzero(np.isfinite(logits_1V[0])).tolist()) or 1
        heal.accept([0], np.array([id]))
        ids.append(id)
        output += sample.take(id)[1]
    assert tokenizer.decode(ids) == unfinished + output
    assert len(ids) >= 9


def test_unknown_characters_are_refused_at_any_position(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    path = make(tmp_path / "x", tokens="word", text=TEXT)
    for prompt in ("☃ kin", "The ☃"):
        with pytest.raises(TokenError, match="☃"):
            "".join(load(path).generate(prompt, length=3))


def test_prompts_are_completed_to_the_most_likely_word(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_biased(make, tmp_path / "x", "word", **{" queen": 12.0, " kingdom": 9.0})
    assert "".join(load(path).generate("The king", length=1, temperature=0.0)) == "dom"
