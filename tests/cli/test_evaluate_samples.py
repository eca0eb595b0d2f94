"""A copy is told with the place where it stands."""

import pytest

from seqgen.cli.evaluate_samples import told
from seqgen.evaluation.text.novelty import CopiedText


@pytest.mark.parametrize(
    ("document", "copied", "where"),
    [
        (1, "a line", "(line 7 of the training part)"),
        (1, "a line\nand more", "(lines 7 to 8 of the training part)"),
        (3, "a line", "(document 3, line 7 of the training part)"),
    ],
)
def test_a_copy_is_told_with_its_place(document, copied, where):
    copy = CopiedText(0, 0, copied, 100, document, 7, "", "")
    assert (
        told("written", copy) == f"longest copy, written: {copied.replace(chr(10), ' / ')} {where}"
    )
