"""What several tests share: TensorFlow loaded once, and a short text of the project's own."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen import tokenizers
from seqgen.checkpoint import write
from seqgen.checkpoint.format import Config, CorpusFacts
from seqgen.config import StackOptions, TokenOptions, TrainingOptions

TEXT = (
    "The river runs down to the sea, and the sea runs up to the sky;\n"
    "the sky comes down as rain again, and no one asks it why.\n"
) * 40

FOX = "The quick brown fox jumps over the lazy dog.\n" * 20
TUNE = "M:6/8\nL:1/8\nK:D\nABc def|gab c3|]\n"


@pytest.fixture(scope="session")
def tf():
    """TensorFlow, as a run loads it."""
    from seqgen.stack import backend

    backend.load(TrainingOptions(batch=16))
    import tensorflow

    return tensorflow


@pytest.fixture
def text_file(tmp_path):
    """A file of 4,880 characters that repeat: quickly learned."""
    path = tmp_path / "river.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def plain_user() -> Callable[[], AbstractContextManager[None]]:
    """Acts as somebody without rights; root, who may run the tests, may read and write everywhere.

    Use paths relative to the current folder in it: the way to a temporary folder may be closed.
    """

    @contextmanager
    def acting() -> Iterator[None]:
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield
        finally:
            if root:
                os.seteuid(0)

    return acting


def make_checkpoint(
    path: Path,
    *,
    kind: str = "text",
    text: str = FOX,
    tokens: str = "char",
    cell: str = "lstm",
    units: tuple[int, ...] = (12, 8),
    documents: int = 1,
    scale: float = 0.5,
    bias: dict[str, float] | None = None,
) -> Path:
    """A checkpoint whose weights are drawn from a fixed seed.

    bias: added to the output of the token of each text, to make a network that says what a test
    needs; "" stands for the end of a document, and the key "*" for all others.
    """
    tokenizer = tokenizers.train(tokens, [text])
    stack = StackOptions(cell=cell, layers=len(units), units=units, embedding=6, dropout=0.0)
    config = Config(
        kind=kind,
        vocab=tokenizer.size,
        start=(0,) if kind == "tunes" else (1,),
        tokens=TokenOptions(tokens=tokens),
        stack=stack,
        training=TrainingOptions(window=8, batch=2, learning_rate=0.01),
        corpus=CorpusFacts(
            "fox [1]", kind, ("fox.txt",), documents, len(text), "abc", len(text) - 9, 9, 800, 9
        ),
        versions={"seqgen": "0.1.0"},
        tokenizer_sha256=write.tokenizer_sha256(tokenizer),
    )
    random = np.random.default_rng(0)
    weights = {
        name: (scale * random.standard_normal(shape)).astype(np.float32)
        for name, shape in config.weight_shapes().items()
    }
    for piece, value in (bias or {}).items():
        ids: Any = slice(None) if piece == "*" else tokenizer.encode(piece) if piece else [0]
        weights["output/bias"][ids] = value
    write.create(path, config, tokenizer)
    write.save_weights(path, config, weights)
    return path


@pytest.fixture
def make() -> Callable[..., Path]:
    return make_checkpoint


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint of a text model, two layers of LSTM."""
    return make_checkpoint(tmp_path / "checkpoints" / "fox")


@pytest.fixture
def tune_checkpoint(tmp_path: Path) -> Path:
    """A checkpoint of a tune model that writes notes and ends now and then, and no header."""
    bias = {"*": -30.0, "A": 2.0, "B": 2.0, "c": 2.0, "d": 2.0, "|": 1.0, "": 0.0}
    return make_checkpoint(
        tmp_path / "checkpoints" / "jig",
        kind="tunes", text=TUNE * 9, tokens="abc", documents=9, scale=0.1, bias=bias,
    )  # fmt: skip


RIVER = (
    "The river runs down to the sea, and the sea runs up to the sky;\n"
    "the sky comes down as rain again, and no one asks it why.\n"
) * 40
