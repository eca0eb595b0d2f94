"""Detect evaluation text that occurs verbatim in the training text."""

from seqgen.evaluation.text.report import Overlap
from seqgen.evaluation.text.substring_match import longest_matches

# No 40 characters of the last tenth of tinyshakespeare occur in the rest; of 60 modules of Python's
# standard library, with their licences and idioms, 5% of the substrings of 50 characters do.
N = 50
MAX_SHARE = 0.01
MAX_LENGTH = 200


def find_overlap(text: str, training: str) -> Overlap | None:
    """Find what a text has in common with the training text; None for less than `N` characters."""
    if len(text) < N:
        return None
    matches = longest_matches(text, training)
    share = float((matches.lengths[: len(text) - N + 1] >= N).mean())
    start = int(matches.lengths.argmax())
    length, source = int(matches.lengths[start]), int(matches.starts[start])
    return Overlap(
        n=N,
        share=share,
        length=length,
        start=start,
        source=source,
        shared=text[start : start + length],
        line=training.count("\n", 0, source) + 1 if length else 0,
        warning=_warning(share, length),
    )


def _warning(share: float, length: int) -> str:
    if share < MAX_SHARE and length < MAX_LENGTH:
        return ""
    return (
        f"{share:.1%} of the evaluation text occurs verbatim in the training text (longest common "
        f"substring: {length:,} characters), so the results are better than on new text"
    )
