"""Fixtures of the inspection tests: checkpoints with weights set by a test."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.checkpoint import layout, write
from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.data.token_files import VALIDATION, encode_documents, write_rows

LINES = (
    "The river runs (down [to] the sea), and so on.\n"
    'He said: "It is a long way," and went.\n'
    "\n"
    "ROMEO:\n"
    "A rose by any other name;  # or so\n"
) * 20


@pytest.fixture
def lines() -> str:
    """A varied text of 3,080 characters."""
    return LINES


@pytest.fixture
def made(tmp_path: Path, make: Callable[..., Path]) -> Callable[..., Checkpoint]:
    """Make a checkpoint of `LINES` that has it as its validation part.

    set_: gets the weights by name and returns those to replace.
    options: Passed to `tests.conftest.make_checkpoint`.
    """

    def make_lines(
        set_: Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]] | None = None,
        validation: str = LINES,
        **options: Any,
    ) -> Checkpoint:
        number = len([*tmp_path.glob("checkpoints/*")])
        path = make(tmp_path / "checkpoints" / f"lines{number}", text=LINES, **options)
        checkpoint = open_checkpoint(path)
        if set_ is not None:
            weights = checkpoint.weights()
            write.save_weights(path, checkpoint.config, {**weights, **set_(weights)})
        (path / layout.RESUME).mkdir(exist_ok=True)
        rows = encode_documents([validation], checkpoint.tokenizer)
        for _ in write_rows(path / layout.RESUME / VALIDATION, rows):
            pass
        return checkpoint

    return make_lines
