"""Copies are printed with their position in the training data."""

import pytest

from seqgen.cli.evaluate_samples import told
from seqgen.evaluation.text.novelty import CopiedText


@pytest.mark.parametrize(
    ("document", "copied", "position"),
    [
        (1, "a line", "(line 7 of the training part)"),
        (1, "a line\nand more", "(lines 7 to 8 of the training part)"),
        (3, "a line", "(document 3, line 7 of the training part)"),
    ],
)
def test_copies_are_printed_with_their_position(document, copied, position):
    copy = CopiedText(0, 0, copied, 100, document, 7, "", "")
    assert (
        told("written", copy)
        == f"longest copy, written: {copied.replace(chr(10), ' / ')} {position}"
    )
