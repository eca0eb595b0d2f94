"""What the tests of the inspection share: checkpoints with weights that a test sets."""

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
    """A text that has a little of everything, 3,080 characters."""
    return LINES


@pytest.fixture
def made(tmp_path: Path, make: Callable[..., Path]) -> Callable[..., Checkpoint]:
    """Makes a checkpoint of `LINES`, which it holds as its validation part.

    set_: puts in place of its weights what it returns, given them by name.
    options: of `tests.conftest.make_checkpoint`.
    """

    def making(
        set_: Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]] | None = None,
        kept: str = LINES,
        **options: Any,
    ) -> Checkpoint:
        number = len([*tmp_path.glob("checkpoints/*")])
        path = make(tmp_path / "checkpoints" / f"lines{number}", text=LINES, **options)
        checkpoint = open_checkpoint(path)
        if set_ is not None:
            weights = checkpoint.weights()
            write.save_weights(path, checkpoint.config, {**weights, **set_(weights)})
        (path / layout.RESUME).mkdir(exist_ok=True)
        rows = encode_documents([kept], checkpoint.tokenizer)
        for _ in write_rows(path / layout.RESUME / VALIDATION, rows):
            pass
        return checkpoint

    return making
