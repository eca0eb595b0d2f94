"""The text that a network reads in the views of `seqgen inspect`."""

from typing import TYPE_CHECKING

from seqgen.cli.terminal import print_notice, strip_controls
from seqgen.inspection.options import TextOptions

if TYPE_CHECKING:
    from seqgen.checkpoint.read import Checkpoint
    from seqgen.inspection.text import Passage


def open_passage(checkpoint: "Checkpoint", options: TextOptions, characters: int) -> "Passage":
    """Open the text to read; prints which characters are skipped."""
    from seqgen.data.tokenizers.base import name_characters
    from seqgen.inspection import text

    passage = text.open_passage(checkpoint, options, characters)
    if passage.skipped:
        print_notice(f"skipped, not in the vocabulary: {name_characters(passage.skipped)}")
    return passage


def describe(passage: "Passage") -> str:
    """Return what was read: ``poem.txt: 1,200 characters, 1,210 tokens``."""
    return strip_controls(
        f"{passage.source}: {len(passage.text):,} characters, {len(passage.rows):,} tokens"
    )
