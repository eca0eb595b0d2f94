"""Parts of texts in normal form."""

from seqgen.music.normal.codec import split_header
from seqgen.music.normal.tokens import COPIES, PATTERN


def header(text: str) -> str:
    """The lines before the music."""
    return text.removesuffix(split_header(text)[1])


def music(text: str) -> str:
    """The music without copy marks, as a person would write it."""
    tokens = PATTERN.findall(split_header(text)[1])
    return "".join(token for token in tokens if token not in COPIES)
